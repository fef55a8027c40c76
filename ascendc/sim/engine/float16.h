// The compiler's own floating-point numbers of 16 bits, which a host compiler need not have: half and bfloat16_t.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rounding.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

// The format of a sign, exponent bits, and fraction bits: numbers, the two infinities, NaN. Bits, so that rounding
// carries from the fraction into the exponent by itself.
template <int exponent_bits, int fraction_bits>
struct Format {
    static constexpr uint16_t kInfinity = ((1 << exponent_bits) - 1) << fraction_bits;
    static constexpr uint16_t kLargest = kInfinity - 1;
    static constexpr uint16_t kNan = kInfinity | 1 << (fraction_bits - 1);
    static constexpr uint16_t kSign = 0x8000;
    static constexpr int kBias = (1 << (exponent_bits - 1)) - 1;
    static constexpr int kLeastPlace = 1 - kBias - fraction_bits; // of the smallest number, as a power of two

    // What is too large for the format is infinite, or the largest number where the mode leads there.
    // From a double, in which what these numbers are made of is exact: so there is one rounding, this one.
    static constexpr uint16_t from(double value, RoundMode mode)
    {
        const auto bits = __builtin_bit_cast(uint64_t, value);
        const bool negative = bits >> 63 != 0;
        const uint16_t sign = negative ? kSign : 0;
        const int field = static_cast<int>(bits >> 52 & 0x7ff);
        const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
        if (field == 0x7ff) {
            return sign | (fraction != 0 ? kNan : kInfinity);
        }
        const int exponent = (field == 0 ? 1 : field) - 1023;
        const uint64_t magnitude = field == 0 ? fraction : fraction | uint64_t{1} << 52;
        if (exponent > kBias) {
            const bool nearest =
                mode == RoundMode::CAST_NONE || mode == RoundMode::CAST_RINT || mode == RoundMode::CAST_ROUND;
            const bool away = nearest || mode == (negative ? RoundMode::CAST_FLOOR : RoundMode::CAST_CEIL);
            return sign | (away ? kInfinity : kLargest);
        }
        // The place of the last bit that is kept; subnormal numbers share the lowest there is.
        const int normal = exponent - fraction_bits;
        const int place = normal > kLeastPlace ? normal : kLeastPlace;
        const uint64_t kept = round_off(magnitude, place - (exponent - 52), negative, mode);
        // `kept` has the leading 1 of a normal number, which raises the exponent by the one that `place` lacks; a
        // subnormal has none, and has exponent 0. Rounding up past the largest fraction carries likewise.
        return static_cast<uint16_t>(sign | ((static_cast<uint64_t>(place - kLeastPlace) << fraction_bits) + kept));
    }

    static constexpr float value(uint16_t bits)
    {
        const uint32_t sign = static_cast<uint32_t>(bits & kSign) << 16;
        const uint32_t field = (bits & kInfinity) >> fraction_bits;
        const uint32_t fraction = bits & ((1 << fraction_bits) - 1);
        // Numbers of the least exponent have no leading 1; a float has one for them, unless its exponents are the same.
        if constexpr (exponent_bits < 8) {
            if (field == 0) {
                const float magnitude = static_cast<float>(fraction) / static_cast<float>(1 << -kLeastPlace);
                return sign != 0 ? -magnitude : magnitude;
            }
        }
        const uint32_t wide = field == (1 << exponent_bits) - 1 ? 255 : field + 127 - kBias;
        return __builtin_bit_cast(float, sign | wide << 23 | fraction << (23 - fraction_bits));
    }
};

// An element type of such a format.
template <typename T, typename = void>
constexpr bool kFloat16 = false;

template <typename T>
constexpr bool kFloat16<T, std::void_t<typename T::SimFormat>> = true;

template <typename T>
constexpr T float16_of(double value, RoundMode mode = RoundMode::CAST_RINT)
{
    return T::sim_of(T::SimFormat::from(value, mode));
}

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim

inline namespace ASCENDC_SIM_ARCH {

// Scalars of it convert to and from the other numbers, to the nearest and of two equally near ones to the even one.
struct half {
    using SimFormat = ascendc_sim::Format<5, 10>;
    static constexpr half sim_of(uint16_t bits)
    {
        half value{};
        value.sim_bits = bits;
        return value;
    }

    half() = default;
    template <typename N, std::enable_if_t<std::is_arithmetic_v<N>, bool> = true>
    constexpr half(N number) : sim_bits(SimFormat::from(static_cast<double>(number), ascendc_sim::RoundMode::CAST_RINT))
    {
    }
    constexpr operator float() const { return SimFormat::value(sim_bits); }

    constexpr half &operator+=(half other) { return *this = half(float{*this} + float{other}); }
    constexpr half &operator-=(half other) { return *this = half(float{*this} - float{other}); }
    constexpr half &operator*=(half other) { return *this = half(float{*this} * float{other}); }
    constexpr half &operator/=(half other) { return *this = half(float{*this} / float{other}); }

    uint16_t sim_bits;
};

// Of two halves a half; with a number of another type it is as with float. Templates, so that no operand is converted
// to fit. Rounding to float before rounding to half changes nothing.
#define ASCENDC_SIM_HALF_OPERATOR(symbol) \
    template <typename T, std::enable_if_t<std::is_same_v<T, half>, bool> = true> \
    constexpr half operator symbol(T a, T b) \
    { \
        return half(float{a} symbol float{b}); \
    }
ASCENDC_SIM_HALF_OPERATOR(+)
ASCENDC_SIM_HALF_OPERATOR(-)
ASCENDC_SIM_HALF_OPERATOR(*)
ASCENDC_SIM_HALF_OPERATOR(/)
#undef ASCENDC_SIM_HALF_OPERATOR

constexpr half operator-(half a)
{
    return half::sim_of(a.sim_bits ^ half::SimFormat::kSign);
}

// The documentation knows no immediate values of it, the headers say 0: so a literal 0 is all that it takes by itself.
// Other numbers are converted with Cast, or explicitly: public kernels that are built for 2201 convert constants so.
struct bfloat16_t {
    using SimFormat = ascendc_sim::Format<8, 7>;
    struct SimZero;
    static constexpr bfloat16_t sim_of(uint16_t bits)
    {
        bfloat16_t value{};
        value.sim_bits = bits;
        return value;
    }

    bfloat16_t() = default;
    // A literal 0 is a null pointer, too; no other number is.
    constexpr bfloat16_t(const SimZero *) : sim_bits(0) {}
    template <typename N, std::enable_if_t<std::is_arithmetic_v<N>, bool> = true>
    explicit constexpr bfloat16_t(N number)
        : sim_bits(SimFormat::from(static_cast<double>(number), ascendc_sim::RoundMode::CAST_RINT))
    {
    }

    uint16_t sim_bits;
};

} // namespace ASCENDC_SIM_ARCH
