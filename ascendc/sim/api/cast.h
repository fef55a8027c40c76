// Cast: of tensors, among integers and floating-point numbers; of scalars.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "result.h"
#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

using ascendc_sim::RoundMode;

namespace sim {

using ascendc_sim::kCastModes;
using ascendc_sim::round_off;

// Saturates, or keeps the low bits.
template <typename To>
To cast_integer(int64_t value)
{
    if (!Core::current().registers.saturate_casts) {
        return static_cast<To>(value);
    }
    return static_cast<To>(std::clamp<int64_t>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
}

// By hand: C++ rounds to nearest and nothing else, and through a double an int64 would be rounded twice.
inline float integer_to_float(int64_t value, RoundMode mode)
{
    const bool negative = value < 0;
    const uint64_t magnitude = negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    const int bits = magnitude == 0 ? 0 : 64 - __builtin_clzll(magnitude);
    const int dropped = bits > 24 ? bits - 24 : 0;
    const uint64_t kept = round_off(magnitude, dropped, negative, mode);
    const float result = std::ldexp(static_cast<float>(kept), dropped);
    return negative ? -result : result;
}

// CAST_RINT is the host's own mode, to the nearest and the even one of two, which nothing here changes.
inline double rounded(float value, RoundMode mode)
{
    const double exact = value;
    switch (mode) {
    case RoundMode::CAST_FLOOR:
        return std::floor(exact);
    case RoundMode::CAST_CEIL:
        return std::ceil(exact);
    case RoundMode::CAST_ROUND:
        return std::round(exact);
    case RoundMode::CAST_TRUNC:
        return std::trunc(exact);
    default:
        return std::nearbyint(exact);
    }
}

// What is not a number becomes 0; past int64 it saturates in any case.
template <typename To>
To float_to_integer(float value, RoundMode mode)
{
    const double whole = rounded(value, mode);
    if (std::isnan(whole)) {
        return 0;
    }
    constexpr double kEnd = 9223372036854775808.0; // 2^63
    if (whole < -kEnd) {
        return std::numeric_limits<To>::min();
    }
    return whole >= kEnd ? std::numeric_limits<To>::max() : cast_integer<To>(static_cast<int64_t>(whole));
}

// Of 16 bits to a float, and among integers, the mode has nothing to decide.
template <typename To, typename From>
To cast_one(From value, RoundMode mode)
{
    if constexpr (kFloat16<To>) {
        return to_float16<To>(static_cast<double>(wide(value)), mode);
    } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, float>) {
        return static_cast<float>(rounded(value, mode));
    } else if constexpr (std::is_same_v<To, float> && kFloat16<From>) {
        return static_cast<float>(wide(value));
    } else if constexpr (std::is_same_v<To, float>) {
        return integer_to_float(value, mode);
    } else if constexpr (!std::is_integral_v<From>) {
        return float_to_integer<To>(static_cast<float>(wide(value)), mode);
    } else {
        return cast_integer<To>(value);
    }
}

template <typename To, typename From>
void cast(const LocalTensor<To> &dst, const LocalTensor<From> &src, RoundMode mode, const Lanes &lanes,
          const UnaryRepeatParams &strides, Site site)
{
    static_assert(kCastModes<To, From> != 0, "ascendc/sim: a Cast between types that is not covered");
    VectorInstruction it("Cast", site, lanes);
    // The header takes any mode of any pair, so it is a report of the run and no error of the compiler.
    if ((kCastModes<To, From> >> static_cast<int>(mode) & 1) == 0) {
        it.wrong(ASCEND_CACHE_LOC_SIM_CAST_MODE, static_cast<uint64_t>(mode));
    }
    const Operand s = operand(src, strides.srcBlkStride, strides.srcRepStride);
    const Operand d = operand(dst, strides.dstBlkStride, strides.dstRepStride);
    it.reads(lanes, s);
    it.writes(lanes, d);
    if (it.ok) {
        auto &ub = it.core.ub;
        each_element(
            lanes, [&](uint32_t to, uint32_t from) { ub.store<To>(to, cast_one<To>(ub.load<From>(from), mode)); }, d,
            s);
    }
}

// Half as many elements a repeat as the narrower type has: both operands then take as many repeats.
template <typename To, typename From>
constexpr uint32_t kWider = sizeof(To) > sizeof(From) ? sizeof(To) : sizeof(From); // what a mask counts in

} // namespace sim

template <typename T, typename U>
void Cast(const LocalTensor<T> &dst, const LocalTensor<U> &src, const RoundMode &roundMode, const uint32_t count,
          Site site = Site::here())
{
    sim::cast(dst, src, roundMode, sim::Lanes::first(count, sim::kWider<T, U>), {}, site);
}

template <typename T, typename U, bool isSetMask = true>
void Cast(const LocalTensor<T> &dst, const LocalTensor<U> &src, const RoundMode &roundMode, const uint64_t mask[],
          const uint8_t repeatTime, const UnaryRepeatParams &repeatParams, Site site = Site::here())
{
    sim::cast(dst, src, roundMode, sim::Lanes::bits<isSetMask>(mask, repeatTime, sim::kWider<T, U>), repeatParams,
              site);
}

template <typename T, typename U, bool isSetMask = true>
void Cast(const LocalTensor<T> &dst, const LocalTensor<U> &src, const RoundMode &roundMode, const uint64_t mask,
          const uint8_t repeatTime, const UnaryRepeatParams &repeatParams, Site site = Site::here())
{
    sim::cast(dst, src, roundMode, sim::Lanes::leading<isSetMask>(mask, repeatTime, sim::kWider<T, U>), repeatParams,
              site);
}

// Scalars. To and from bfloat16 there is no other way.
inline bfloat16_t Cast(const float &fVal)
{
    return ascendc_sim::float16_of<bfloat16_t>(fVal);
}

inline float Cast(const bfloat16_t &bVal)
{
    return bfloat16_t::SimFormat::value(bVal.sim_bits);
}

template <typename T, typename U, RoundMode roundMode>
U Cast(T valueIn)
{
    // What the scalar unit has: float to half to odd, and float to int32 in four modes.
    constexpr bool to_half = std::is_same_v<U, half> && roundMode == RoundMode::CAST_ODD;
    constexpr bool to_integer =
        std::is_same_v<U, int32_t> && roundMode >= RoundMode::CAST_RINT && roundMode <= RoundMode::CAST_ROUND;
    static_assert(std::is_same_v<T, float> && (to_half || to_integer),
                  "ascendc/sim: a scalar Cast that does not exist on " ASCENDC_SIM_ARCH_NAME);
    return sim::cast_one<U>(valueIn, roundMode);
}

// Their older names.
inline bfloat16_t ToBfloat16(const float &fVal)
{
    return Cast(fVal);
}

inline float ToFloat(const bfloat16_t &bVal)
{
    return Cast(bVal);
}

template <typename T, typename U, RoundMode roundMode>
U ScalarCast(T valueIn)
{
    return Cast<T, U, roundMode>(valueIn);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
