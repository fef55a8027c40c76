// What a result becomes in the element type that it is written in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../engine/float16.h"
#include "qualifiers.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

using ascendc_sim::Core;
using ascendc_sim::kFloat16;
using ascendc_sim::RoundMode;

// An element in a type in which sums and products of two are exact.
template <typename T>
constexpr auto wide(T value)
{
    if constexpr (std::is_integral_v<T>) {
        return static_cast<int64_t>(value);
    } else if constexpr (kFloat16<T>) {
        return static_cast<double>(T::SimFormat::value(value.sim_bits));
    } else {
        return static_cast<double>(value);
    }
}

// A number in 16 bits; where the mode is on, one that is too large becomes the largest, and what is no number becomes
// 0.
template <typename T>
T to_float16(double value, RoundMode mode)
{
    using Format = typename T::SimFormat;
    const uint16_t bits = Format::from(value, mode);
    const uint16_t magnitude = bits & ~Format::kSign;
    if (!Core::current().registers.saturate_floats || magnitude < Format::kInfinity) {
        return T::sim_of(bits);
    }
    return T::sim_of(magnitude == Format::kInfinity ? (bits & Format::kSign) | Format::kLargest : 0);
}

// To nearest, with one rounding: a double has more than twice the bits of a float, so that the rounding to it, of a
// sum, a product, a quotient or a root, changes nothing.
// No saturation of a float: the control register's mode is for 16 bits.
template <typename T>
T result(double value)
{
    if constexpr (kFloat16<T>) {
        return to_float16<T>(value, RoundMode::CAST_RINT);
    } else {
        return static_cast<T>(value);
    }
}

// Integers as the device forms them: wrapped, or saturated where the launch asks for it (the documentation does not say
// which of the two a device does).
template <typename T>
T result(int64_t value)
{
    if (Core::current().saturate) {
        return static_cast<T>(std::clamp<int64_t>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(value));
}

} // namespace sim
} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
