// Constants of the arch, and the arithmetic on sizes that kernels do with them.
#pragma once

#include "qualifiers.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

constexpr uint16_t ONE_BLK_SIZE = 32; // bytes, as all sizes here
constexpr int32_t ONE_REPEAT_BYTE_SIZE = 256;
constexpr uint32_t TOTAL_UB_SIZE = ascendc_sim::kUbBytes;
constexpr int32_t TOTAL_VEC_LOCAL_SIZE = ascendc_sim::kUbReserved; // what Select and its like leave
constexpr int32_t DEFAULT_BLK_STRIDE = 1;                            // blocks
constexpr uint8_t DEFAULT_REPEAT_STRIDE = 8;                         // blocks

constexpr int16_t GetDataBlockSizeInBytes()
{
    return ONE_BLK_SIZE;
}

constexpr uint32_t DivCeil(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

constexpr uint32_t AlignUp(uint32_t a, uint32_t b)
{
    return DivCeil(a, b) * b;
}

inline int32_t CeilDivision(int32_t num1, int32_t num2)
{
    return num2 == 0 ? 0 : (num1 + num2 - 1) / num2;
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC

// The compiler's own names for where a core stands.
inline namespace ASCENDC_SIM_ARCH {

inline int64_t get_block_idx()
{
    return AscendC::GetBlockIdx();
}

inline int64_t get_block_num()
{
    return AscendC::GetBlockNum();
}

constexpr struct {
    operator int64_t() const { return get_block_idx(); }
} block_idx;

constexpr struct {
    operator int64_t() const { return get_block_num(); }
} block_num;

} // namespace ASCENDC_SIM_ARCH
