// An arch that there is not: half as much UB as 2201, two flags fewer, no shifts. It shows that a program can simulate
// cores of two arches, and that each keeps to its own.
#pragma once

#include <cstdint>
#include <type_traits>

#define ASCENDC_SIM_ARCH_NAME "9999"
#define __NPU_ARCH__ 9999

namespace ascendc_sim {
inline namespace dav_9999 {

constexpr uint32_t kArch = 9999;
constexpr uint32_t kUbBytes = 96 * 1024;
constexpr uint32_t kUbUsable = 90 * 1024;
constexpr uint32_t kUbReserved = 92 * 1024;
constexpr int32_t kEventIds = 6;
constexpr int32_t kReservedIds = 4;

template <typename T>
constexpr bool kFloating = std::is_same_v<T, float>;

template <typename T>
constexpr bool kBits32 = false;

template <typename T>
constexpr bool kArithmetic = std::is_same_v<T, int32_t>;

template <typename T>
constexpr bool kLogical = false;

template <typename T>
constexpr bool kShiftable = std::is_same_v<T, int32_t>;

template <typename T>
constexpr bool kDuplicable = kShiftable<T> || kFloating<T>;

template <typename T>
constexpr bool kEquatable = kFloating<T>;

template <typename T>
constexpr bool kAtomic = kArithmetic<T>;

template <typename To, typename From>
inline constexpr uint32_t kCastModes = 0;
template <>
inline constexpr uint32_t kCastModes<int64_t, int32_t> = 1;

} // namespace dav_9999
} // namespace ascendc_sim
