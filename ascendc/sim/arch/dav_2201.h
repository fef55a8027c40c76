// Arch 2201: the vector cores of Atlas A2 and A3 (Ascend 910B, 910_93). Sources: asc-devkit's headers of dav_c220 and its
// documents of each call; README.md says where they leave something open.
#pragma once

#include <cstdint>
#include <type_traits>

// For messages.
#define ASCENDC_SIM_ARCH_NAME "2201"

// What CANN's compiler defines, for kernels that ask.
#ifndef __CCE_AICORE__
#define __CCE_AICORE__ 220
#endif
#ifndef __NPU_ARCH__
#define __NPU_ARCH__ 2201
#endif
#ifndef __DAV_C220_VEC__
#define __DAV_C220_VEC__ 1
#endif

namespace ascendc_sim {
inline namespace dav_2201 {

constexpr uint32_t kArch = 2201;

// UB, bytes: all there is; what a kernel may have of it, the compiler's 256 bytes and Select's 8 KiB apart.
constexpr uint32_t kUbBytes = 192 * 1024;
constexpr uint32_t kUbUsable = kUbBytes - 256 - 8 * 1024;
// Where Select and its like keep what they need.
constexpr uint32_t kUbReserved = 184 * 1024;

// Flags between each two pipes; from kReservedIds on they are the library's and the compiler's own.
constexpr int32_t kEventIds = 8;
constexpr int32_t kReservedIds = 6;

// Which element types the vector unit has instructions for. Floating point: transcendental functions, reductions,
// comparisons, Select.
template <typename T>
constexpr bool kFloating = std::is_same_v<T, float>;

template <typename T>
constexpr bool kBits16 = std::is_same_v<T, int16_t> || std::is_same_v<T, uint16_t>;

template <typename T>
constexpr bool kBits32 = std::is_same_v<T, int32_t> || std::is_same_v<T, uint32_t>;

// Add, Sub, Mul, Max, Min, with a vector or a number; CreateVecIndex.
template <typename T>
constexpr bool kArithmetic = std::is_same_v<T, int16_t> || std::is_same_v<T, int32_t> || kFloating<T>;

// And, Or: the library takes 32-bit elements too in some forms, and has no instruction for them.
template <typename T>
constexpr bool kLogical = kBits16<T>;

template <typename T>
constexpr bool kShiftable = kBits16<T> || kBits32<T>;

// Comparisons for equality.
template <typename T>
constexpr bool kEquatable = kFloating<T> || std::is_same_v<T, int32_t>;

// Copies out that combine with what is there.
template <typename T>
constexpr bool kAtomic = std::is_same_v<T, int8_t> || kArithmetic<T>;

// Cast.
template <typename To, typename From>
constexpr bool cast_pair()
{
    constexpr auto any = [](auto... same) { return (same || ...); };
    if constexpr (std::is_same_v<From, float>) {
        return any(std::is_same_v<To, int16_t>, std::is_same_v<To, int32_t>, std::is_same_v<To, int64_t>,
                   std::is_same_v<To, float>);
    } else if constexpr (std::is_same_v<From, int32_t>) {
        return any(std::is_same_v<To, int16_t>, std::is_same_v<To, int64_t>, std::is_same_v<To, float>);
    } else if constexpr (std::is_same_v<From, int64_t>) {
        return any(std::is_same_v<To, int32_t>, std::is_same_v<To, float>);
    } else {
        return std::is_same_v<From, int16_t> && std::is_same_v<To, float>;
    }
}

} // namespace dav_2201
} // namespace ascendc_sim
