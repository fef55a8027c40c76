// Modes that outlive a call: saturation, and the value that copies pad with.
#pragma once

#include <cstdint>
#include <cstring>

#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class SaturationMode : uint8_t { FLOAT, FLOAT8, INT, CAST };

namespace sim {

template <SaturationMode mode>
bool &saturation()
{
    static_assert(mode == SaturationMode::CAST || mode == SaturationMode::FLOAT,
                  "ascendc/sim: of the saturation modes, CAST and FLOAT are covered");
    auto &registers = ascendc_sim::Core::current().registers;
    return mode == SaturationMode::CAST ? registers.saturate_casts : registers.saturate_floats;
}

} // namespace sim

// Whether results saturate, as they do by default. CAST: casts to integers, which else keep the low bits. FLOAT: half
// and bfloat16, calculated or cast to, which else may be infinite or no number. Since 9.1.0.
template <SaturationMode mode>
void SetSaturationFlag(bool enableSat)
{
    sim::saturation<mode>() = enableSat;
}

template <SaturationMode mode>
bool GetSaturationFlag()
{
    return sim::saturation<mode>();
}

// The control register, of which the modes above are two bits.
namespace sim {

// A bit that is set is a mode that is off: cleared, both saturate.
inline constexpr int kTruncateCasts = 59;
inline constexpr int kUnboundFloats = 48;

inline uint64_t get_control()
{
    const auto &registers = ascendc_sim::Core::current().registers;
    return registers.control | uint64_t{!registers.saturate_casts} << kTruncateCasts |
           uint64_t{!registers.saturate_floats} << kUnboundFloats;
}

inline void set_control(uint64_t value)
{
    auto &registers = ascendc_sim::Core::current().registers;
    registers.saturate_casts = (value >> kTruncateCasts & 1) == 0;
    registers.saturate_floats = (value >> kUnboundFloats & 1) == 0;
    registers.control = value & ~(uint64_t{1} << kTruncateCasts | uint64_t{1} << kUnboundFloats);
}

} // namespace sim

// Of DataCopyPad without a padding of its own. One that brings its own changes it.
template <typename T, TPosition pos = TPosition::MAX>
void SetPadValue(T paddingValue)
{
    static_assert(kElement<T>, "ascendc/sim: an element type that is not covered");
    auto &registers = ascendc_sim::Core::current().registers;
    registers.pads = true;
    registers.padding = 0;
    std::memcpy(&registers.padding, &paddingValue, sizeof(T));
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC

// The compiler's own, which the modes above come to in the headers.
inline namespace ASCENDC_SIM_ARCH {

inline int64_t get_ctrl()
{
    return static_cast<int64_t>(AscendC::sim::get_control());
}

inline void set_ctrl(uint64_t value)
{
    AscendC::sim::set_control(value);
}

inline uint64_t sbitset0(uint64_t value, int64_t bit)
{
    return value & ~(uint64_t{1} << bit);
}

inline uint64_t sbitset1(uint64_t value, int64_t bit)
{
    return value | uint64_t{1} << bit;
}

} // namespace ASCENDC_SIM_ARCH
