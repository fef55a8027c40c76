// Cast among int16, int32, int64 and float; and whether results out of range saturate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class RoundMode : uint8_t { CAST_NONE, CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND, CAST_TRUNC, CAST_ODD };

namespace sim {

using ascendc_sim::cast_pair;

// The documented round modes of a pair of types. What loses nothing, and integers among themselves, know none; int32 to
// float has them all.
template <typename To, typename From>
constexpr bool cast_mode(RoundMode mode)
{
    const bool rounds = mode != RoundMode::CAST_NONE && mode != RoundMode::CAST_ODD;
    if constexpr (std::is_integral_v<From> && (std::is_integral_v<To> || sizeof(From) == 2)) {
        return mode == RoundMode::CAST_NONE;
    } else if constexpr (std::is_same_v<From, int32_t>) {
        return rounds || mode == RoundMode::CAST_NONE;
    } else {
        return rounds;
    }
}

// Saturates, or keeps the low bits.
template <typename To>
To cast_integer(int64_t value)
{
    if (!Core::current().registers.saturate_casts) {
        return static_cast<To>(value);
    }
    return static_cast<To>(std::clamp<int64_t>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
}

// The nearest float in the direction of the mode; CAST_NONE is CAST_RINT where something is lost.
inline float integer_to_float(int64_t value, RoundMode mode)
{
    const bool negative = value < 0;
    const uint64_t magnitude = negative ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    const int bits = magnitude == 0 ? 0 : 64 - __builtin_clzll(magnitude);
    const int dropped = bits > 24 ? bits - 24 : 0;
    uint64_t kept = magnitude >> dropped;
    if (dropped > 0) {
        const uint64_t rest = magnitude - (kept << dropped);
        const uint64_t half = uint64_t{1} << (dropped - 1);
        bool up = false;
        switch (mode) {
        case RoundMode::CAST_FLOOR:
            up = negative && rest != 0;
            break;
        case RoundMode::CAST_CEIL:
            up = !negative && rest != 0;
            break;
        case RoundMode::CAST_ROUND:
            up = rest >= half;
            break;
        case RoundMode::CAST_TRUNC:
            break;
        default:
            up = rest > half || (rest == half && (kept & 1) != 0);
        }
        kept += up ? 1 : 0;
    }
    const float result = std::ldexp(static_cast<float>(kept), dropped);
    return negative ? -result : result;
}

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

template <typename To, typename From>
To cast_one(From value, RoundMode mode)
{
    if constexpr (std::is_same_v<To, float> && std::is_same_v<From, float>) {
        return static_cast<float>(rounded(value, mode));
    } else if constexpr (std::is_same_v<To, float>) {
        return integer_to_float(value, mode);
    } else if constexpr (std::is_same_v<From, float>) {
        return float_to_integer<To>(value, mode);
    } else {
        return cast_integer<To>(value);
    }
}

template <typename To, typename From>
void cast(const LocalTensor<To> &dst, const LocalTensor<From> &src, RoundMode mode, const Lanes &lanes,
          const UnaryRepeatParams &strides, Site site)
{
    static_assert(cast_pair<To, From>(),
                  "ascendc/sim: a Cast between types that is not covered (int16, int32, int64, float are)");
    VectorInstruction it("Cast", site, lanes);
    if (!cast_mode<To, From>(mode)) {
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

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
