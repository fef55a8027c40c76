// Arch 2201: the vector cores of Atlas A2 and A3 (Ascend 910B, 910_93). Sources: asc-devkit's headers of dav_c220 and
// its documents of each call; README.md says where they leave something open.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../engine/float16.h"

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
// Nothing on the device holds a kernel to it: what lies beyond is overwritten when Select or the compiler comes by.
constexpr uint32_t kUbUsable = kUbBytes - 256 - 8 * 1024;
// Where Select and its like keep what they need.
constexpr uint32_t kUbReserved = 184 * 1024;

// Flags between each two pipes; from kReservedIds on they are the library's and the compiler's own.
constexpr int32_t kEventIds = 8;
constexpr int32_t kReservedIds = 6;

// Which element types the vector unit has instructions for. Floating point: transcendental functions, reductions,
// comparisons, Select.
template <typename T>
constexpr bool kFloating = std::is_same_v<T, float> || std::is_same_v<T, half>;

template <typename T>
constexpr bool kBits16 = std::is_same_v<T, int16_t> || std::is_same_v<T, uint16_t>;

template <typename T>
constexpr bool kBits32 = std::is_same_v<T, int32_t> || std::is_same_v<T, uint32_t>;

// Add, Sub, Mul, Max, Min, with a vector or a number; CreateVecIndex.
// 64-bit integers are in none of these lists: 2201 copies and casts them, the scalar pipe calculates with them.
template <typename T>
constexpr bool kArithmetic = std::is_same_v<T, int16_t> || std::is_same_v<T, int32_t> || kFloating<T>;

// And, Or: the library takes 32-bit elements too in some forms, and has no instruction for them.
template <typename T>
constexpr bool kLogical = kBits16<T>;

template <typename T>
constexpr bool kShiftable = kBits16<T> || kBits32<T>;

// Duplicate: whatever has 16 or 32 bits.
template <typename T>
constexpr bool kDuplicable = kBits16<T> || kBits32<T> || kFloating<T> || std::is_same_v<T, bfloat16_t>;

// Comparisons for equality.
// For int32 there is no other comparison, whatever mode the headers take.
template <typename T>
constexpr bool kEquatable = kFloating<T> || std::is_same_v<T, int32_t>;

// Copies out that combine with what is there.
template <typename T>
constexpr bool kAtomic = std::is_same_v<T, int8_t> || std::is_same_v<T, bfloat16_t> || kArithmetic<T>;

// The round modes of a Cast, a bit each; none: there is no such Cast. int32 to half has an instruction too, which
// multiplies by a register of its own, and int4 has: neither is covered.
constexpr uint32_t kCastNone = 1u << static_cast<int>(RoundMode::CAST_NONE);
constexpr uint32_t kCastOdd = 1u << static_cast<int>(RoundMode::CAST_ODD);
constexpr uint32_t kCastFive = kCastOdd - 2 * kCastNone; // what lies between these two

template <typename To, typename From>
inline constexpr uint32_t kCastModes = 0;
template <>
inline constexpr uint32_t kCastModes<half, int8_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<half, uint8_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<half, int16_t> = kCastFive | kCastNone;
template <>
inline constexpr uint32_t kCastModes<half, float> = kCastFive | kCastOdd | kCastNone;
template <>
inline constexpr uint32_t kCastModes<bfloat16_t, float> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<float, half> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<float, bfloat16_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<float, int16_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<float, int32_t> = kCastFive | kCastNone;
template <>
inline constexpr uint32_t kCastModes<float, int64_t> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<float, float> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int8_t, half> = kCastFive | kCastNone;
template <>
inline constexpr uint32_t kCastModes<uint8_t, half> = kCastFive | kCastNone;
template <>
inline constexpr uint32_t kCastModes<int16_t, half> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int16_t, int32_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<int16_t, float> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int32_t, half> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int32_t, bfloat16_t> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int32_t, int64_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<int32_t, float> = kCastFive;
template <>
inline constexpr uint32_t kCastModes<int64_t, int32_t> = kCastNone;
template <>
inline constexpr uint32_t kCastModes<int64_t, float> = kCastFive;

} // namespace dav_2201
} // namespace ascendc_sim
