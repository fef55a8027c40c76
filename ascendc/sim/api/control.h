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
    static_assert(mode == SaturationMode::CAST, "ascendc/sim: of the saturation modes, CAST alone is covered");
    return ascendc_sim::Core::current().registers.saturate_casts;
}

} // namespace sim

// Whether casts to integers saturate, as they do by default, or keep the low bits. Since 9.1.0.
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
