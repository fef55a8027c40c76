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
