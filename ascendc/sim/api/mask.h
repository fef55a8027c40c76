// The mask register, for calls that do not set it themselves (isSetMask = false).
#pragma once

#include <cstdint>

#include "qualifiers.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class MaskMode : uint8_t { NORMAL = 0, COUNTER };

// Stands for the mask in such a call.
constexpr uint64_t MASK_PLACEHOLDER = 0;
constexpr uint64_t MASK_PLACEHOLDER_LIST[2] = {0, 0};

namespace sim {

// Its setters are of the scalar pipe, and the hardware orders them with V: no flag, no instruction here.
inline auto &mask_register()
{
    return ascendc_sim::Core::current().registers.mask;
}

inline void set_mask(uint64_t high, uint64_t low)
{
    mask_register().high = high;
    mask_register().low = low;
}

// The first `count` elements of a repeat of `per_repeat`.
inline void set_leading_mask(uint64_t count, uint32_t per_repeat)
{
    const auto ones = [](uint64_t n) { return n >= 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1; };
    // As the library sets it: 64 are the low word alone, also where they are a whole repeat of 32-bit elements.
    if (count != 64 && (count == per_repeat || count >= 128)) {
        set_mask(ones(64), ones(64));
    } else {
        set_mask(count > 64 ? ones(count - 64) : 0, ones(count));
    }
}

} // namespace sim

inline void SetMaskCount()
{
    sim::mask_register().counter = true;
}

inline void SetMaskNorm()
{
    sim::mask_register().counter = false;
}

// The mode is that of the register, SetMaskCount and SetMaskNorm set it; here it tells what the numbers mean.
template <typename T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(const uint64_t maskHigh, const uint64_t maskLow)
{
    sim::set_mask(maskHigh, maskLow);
}

template <typename T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(int32_t len)
{
    if constexpr (mode == MaskMode::COUNTER) {
        sim::set_mask(0, static_cast<uint64_t>(len));
    } else {
        sim::set_leading_mask(static_cast<uint64_t>(len), 256 / sizeof(T));
    }
}

// All elements, or in counter mode as many as the register can say.
inline void ResetMask()
{
    sim::set_mask(~uint64_t{0}, ~uint64_t{0});
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
