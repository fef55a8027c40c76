// Flags between pipes and barriers on one.
#pragma once

#include <optional>

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

// None: vector cores do not have it.
constexpr std::optional<ascendc_sim::Pipe> vector_pipe(pipe_t pipe)
{
    switch (pipe) {
    case PIPE_S: return ascendc_sim::kS;
    case PIPE_V: return ascendc_sim::kV;
    case PIPE_MTE2: return ascendc_sim::kMte2;
    case PIPE_MTE3: return ascendc_sim::kMte3;
    default: return std::nullopt;
    }
}

// Of pipes that PipeBarrier would not be compiled for it is told, and orders nothing.
inline void barrier(pipe_t pipe, const char *name, Site site)
{
    auto &core = ascendc_sim::Core::current();
    const auto on = vector_pipe(pipe);
    if (pipe == PIPE_ALL) {
        core.barrier_all();
    } else if (on && *on != ascendc_sim::kS) {
        core.barrier(*on);
    } else {
        core.report_call(ASCEND_CACHE_LOC_SIM_EVENT_PIPES, name, site, ascendc_sim::kS);
    }
}

// The event of two pipes of a vector core; none, and told, where there is no such flag. V to V is none either, be it
// in HardEvent: see SetFlag.
inline std::optional<ascendc_sim::Event> event_between(pipe_t source, pipe_t target, const char *name, Site site)
{
    const auto from = vector_pipe(source);
    const auto to = vector_pipe(target);
    for (uint32_t number = 0; from && to && *from != *to && number < ascendc_sim::kHardEvents; ++number) {
        const ascendc_sim::Event event = sim_event(static_cast<HardEvent>(number));
        if (event.source == *from && event.target == *to) {
            return event;
        }
    }
    ascendc_sim::Core::current().report_call(ASCEND_CACHE_LOC_SIM_EVENT_PIPES, name, site, ascendc_sim::kS);
    return std::nullopt;
}

} // namespace sim

template <pipe_t pipe>
void PipeBarrier()
{
    static_assert(pipe != PIPE_S, "ascendc/sim: PipeBarrier<PIPE_S> is a hardware error");
    static_assert(pipe == PIPE_V || pipe == PIPE_MTE2 || pipe == PIPE_MTE3 || pipe == PIPE_ALL || pipe == PIPE_S,
                  "ascendc/sim: PipeBarrier of a pipe that vector cores do not have");
    sim::barrier(pipe, "PipeBarrier", {}); // nothing to tell, of these
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
