// Cast among int32, int64 and float.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "vector.h"

namespace AscendC {

enum class RoundMode : uint8_t { CAST_NONE, CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND, CAST_TRUNC, CAST_ODD };

namespace sim {

// The documented round modes of a pair of types. The integer pairs know none; float to int32 has no CAST_NONE.
template <typename To, typename From>
constexpr bool cast_mode(RoundMode mode)
{
    const bool rounds = mode != RoundMode::CAST_NONE && mode != RoundMode::CAST_ODD;
    if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
        return mode == RoundMode::CAST_NONE;
    } else if constexpr (std::is_same_v<From, int32_t>) {
        return rounds || mode == RoundMode::CAST_NONE;
    } else {
        return rounds;
    }
}

template <typename T>
constexpr bool kCastType = std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t> || std::is_same_v<T, float>;

inline int64_t cast_integer(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value; // saturates
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

// Saturates; what is not a number becomes 0.
template <typename To>
To float_to_integer(float value, RoundMode mode)
{
    double rounded = value;
    switch (mode) {
    case RoundMode::CAST_FLOOR:
        rounded = std::floor(rounded);
        break;
    case RoundMode::CAST_CEIL:
        rounded = std::ceil(rounded);
        break;
    case RoundMode::CAST_ROUND:
        rounded = std::round(rounded);
        break;
    case RoundMode::CAST_TRUNC:
        rounded = std::trunc(rounded);
        break;
    default:
        rounded = std::nearbyint(rounded);
    }
    if (std::isnan(rounded)) {
        return 0;
    }
    // -2^31 and -2^63 are exact as double, and so is the number past the largest.
    const double least = static_cast<double>(std::numeric_limits<To>::min());
    if (rounded < least) {
        return std::numeric_limits<To>::min();
    }
    return rounded >= -least ? std::numeric_limits<To>::max() : static_cast<To>(rounded);
}

template <typename To, typename From>
To cast_one(From value, RoundMode mode)
{
    if constexpr (std::is_same_v<To, float>) {
        return integer_to_float(value, mode);
    } else if constexpr (std::is_same_v<From, float>) {
        return float_to_integer<To>(value, mode);
    } else {
        return static_cast<To>(cast_integer(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
    }
}

template <typename To, typename From>
void cast(const LocalTensor<To> &dst, const LocalTensor<From> &src, RoundMode mode, const Lanes &lanes,
          const UnaryRepeatParams &strides, Site site)
{
    static_assert(kCastType<To> && kCastType<From> && !std::is_same_v<To, From>,
                  "ascendc/sim: a Cast between types that is not covered (int32, int64, float are)");
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
    sim::cast(dst, src, roundMode, sim::Lanes::bits<isSetMask>(mask, repeatTime, sim::kWider<T, U>), repeatParams, site);
}

template <typename T, typename U, bool isSetMask = true>
void Cast(const LocalTensor<T> &dst, const LocalTensor<U> &src, const RoundMode &roundMode, const uint64_t mask,
          const uint8_t repeatTime, const UnaryRepeatParams &repeatParams, Site site = Site::here())
{
    sim::cast(dst, src, roundMode, sim::Lanes::leading<isSetMask>(mask, repeatTime, sim::kWider<T, U>), repeatParams, site);
}

} // namespace AscendC
