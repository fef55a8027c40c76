// Rounding, in one place: what casts, and numbers of 16 bits, do with the bits that they have no room for.
#pragma once

#include <cstdint>

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

// CAST_NONE is CAST_RINT where something is lost.
enum class RoundMode : uint8_t { CAST_NONE, CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND, CAST_TRUNC, CAST_ODD };

// magnitude / 2^dropped as a whole number, which is that of a negative number or of a positive one. With 64 bits
// dropped or more, the magnitude is less than half of what is kept.
constexpr uint64_t round_off(uint64_t magnitude, int dropped, bool negative, RoundMode mode)
{
    if (dropped > 63) {
        magnitude = magnitude != 0 ? 1 : 0;
        dropped = 63;
    }
    const uint64_t kept = magnitude >> dropped;
    const uint64_t rest = magnitude - (kept << dropped);
    if (rest == 0) {
        return kept;
    }
    const uint64_t half = uint64_t{1} << (dropped - 1);
    const bool odd = (kept & 1) != 0;
    switch (mode) {
    // A magnitude grows away from 0: down for a negative number.
    case RoundMode::CAST_FLOOR:
        return kept + negative;
    case RoundMode::CAST_CEIL:
        return kept + !negative;
    case RoundMode::CAST_ROUND:
        return kept + (rest >= half);
    case RoundMode::CAST_TRUNC:
        return kept;
    // The last bit keeps that something was lost: to round again, to fewer bits, then gives what one rounding gives.
    case RoundMode::CAST_ODD:
        return kept | 1;
    default:
        return kept + (rest > half || (rest == half && odd));
    }
}

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
