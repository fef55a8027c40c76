// Flags between pipes and barriers on one.
#pragma once

#include "qualifiers.h"

enum pipe_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_ALL };
enum event_t { EVENT_ID0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

using TEventID = int8_t;

// SOURCE_TARGET: set by the source pipe once its earlier work is done, awaited by the target pipe.
// Those of vector cores, in the order of kEnds below.
enum class HardEvent : uint8_t {
    MTE2_V,
    V_MTE2,
    MTE3_V,
    V_MTE3,
    V_V,
    MTE3_MTE2,
    MTE2_MTE3,
    S_V,
    V_S,
    S_MTE2,
    MTE2_S,
    S_MTE3,
    MTE3_S,
    MAX,
};

constexpr ascendc_sim::Event sim_event(HardEvent event)
{
    using namespace ascendc_sim;
    constexpr struct {
        Pipe source;
        Pipe target;
    } kEnds[] = {{kMte2, kV}, {kV, kMte2}, {kMte3, kV}, {kV, kMte3}, {kV, kV},    {kMte3, kMte2}, {kMte2, kMte3},
                 {kS, kV},    {kV, kS},    {kS, kMte2}, {kMte2, kS}, {kS, kMte3}, {kMte3, kS}};
    static_assert(sizeof(kEnds) / sizeof(kEnds[0]) == kHardEvents &&
                  static_cast<uint32_t>(HardEvent::MAX) == kHardEvents);
    const auto number = static_cast<uint32_t>(event);
    return {kEnds[number].source, kEnds[number].target, number};
}

// V_V is no flag: setting it is a barrier on V, and there is nothing to wait for.
// Both return at once: the pipes stop for a flag, the core's program does not, but for WaitFlag of a target S.
template <HardEvent event>
void SetFlag(int32_t eventID, Site site = Site::here())
{
    static_assert(event < HardEvent::MAX);
    auto &core = ascendc_sim::Core::current();
    if constexpr (event == HardEvent::V_V) {
        core.barrier(ascendc_sim::kV);
    } else {
        core.set_flag(sim_event(event), eventID, "SetFlag", site);
    }
}

template <HardEvent event>
void WaitFlag(int32_t eventID, Site site = Site::here())
{
    static_assert(event < HardEvent::MAX);
    if constexpr (event != HardEvent::V_V) {
        ascendc_sim::Core::current().wait_flag(sim_event(event), eventID, "WaitFlag", site);
    }
}

namespace sim {

inline void barrier(pipe_t pipe)
{
    auto &core = ascendc_sim::Core::current();
    if (pipe == PIPE_ALL) {
        core.barrier_all();
    } else {
        core.barrier(pipe == PIPE_V ? ascendc_sim::kV : pipe == PIPE_MTE2 ? ascendc_sim::kMte2 : ascendc_sim::kMte3);
    }
}

// The event of two pipes of a vector core.
inline ascendc_sim::Event event_between(pipe_t source, pipe_t target)
{
    const auto pipe = [](pipe_t of) {
        return of == PIPE_V      ? ascendc_sim::kV
               : of == PIPE_MTE2 ? ascendc_sim::kMte2
               : of == PIPE_MTE3 ? ascendc_sim::kMte3
                                 : ascendc_sim::kS;
    };
    for (uint32_t number = 0; number < ascendc_sim::kHardEvents; ++number) {
        const ascendc_sim::Event event = sim_event(static_cast<HardEvent>(number));
        if (event.source == pipe(source) && event.target == pipe(target)) {
            return event;
        }
    }
    return sim_event(HardEvent::V_V);
}

} // namespace sim

template <pipe_t pipe>
void PipeBarrier()
{
    static_assert(pipe != PIPE_S, "ascendc/sim: PipeBarrier<PIPE_S> is a hardware error");
    static_assert(pipe == PIPE_V || pipe == PIPE_MTE2 || pipe == PIPE_MTE3 || pipe == PIPE_ALL || pipe == PIPE_S,
                  "ascendc/sim: PipeBarrier of a pipe that vector cores do not have");
    sim::barrier(pipe);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
