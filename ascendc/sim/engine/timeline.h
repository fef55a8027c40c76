// The order of instructions on the four pipes of one core: vector clocks, flags and barriers.
//
// Instructions run in program order for their effect. What the device promises about their order is less, and is kept
// here: each pipe starts its instructions in order but may overlap them, and an instruction knows another one to be
// complete only through a flag, a barrier, or the scalar pipe's own order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "findings.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

enum Pipe : uint32_t {
    kS = ASCEND_CACHE_LOC_SIM_PIPE_S,
    kV = ASCEND_CACHE_LOC_SIM_PIPE_V,
    kMte2 = ASCEND_CACHE_LOC_SIM_PIPE_MTE2,
    kMte3 = ASCEND_CACHE_LOC_SIM_PIPE_MTE3,
};
constexpr uint32_t kPipes = ASCEND_CACHE_LOC_SIM_PIPES;

// clock[p] = n: the first n instructions of pipe p are known to be complete.
// A number a pipe is enough: a pipe starts in order, and what waits for a pipe waits for all that it was given so far.
using Clock = std::array<uint32_t, kPipes>;

inline void join(Clock &into, const Clock &other)
{
    for (uint32_t p = 0; p < kPipes; ++p) {
        into[p] = into[p] < other[p] ? other[p] : into[p];
    }
}

// An instruction in flight. `index` counts from 1 on its pipe.
// 0 is none, which every clock knows. Counted through the launch, not from the core on.
struct Instruction {
    Pipe pipe;
    uint32_t index;
    const char *name;
    Site site;
    Site caller;

    Place place(uint32_t core, bool writes) const
    {
        return {name, site.file, caller.file, site.line, caller.line, pipe, core, writes, 0};
    }
};

// The rules are those of the pages on synchronisation within a core: SetFlag/WaitFlag(ISASI), PipeBarrier(ISASI), and
// its overview. They promise order, not time; how long an instruction takes is no matter here.
class Timeline {
public:
    explicit Timeline(bool auto_sync) : auto_sync_(auto_sync) {}

    // A new core: it knows everything earlier to be complete, so marks of earlier cores need no clearing.
    void start_core()
    {
        done_before_ = issued_;
        known_.fill(issued_);
        for (auto &log : log_) {
            log.clear();
        }
    }

    Instruction issue(Pipe pipe, const char *name, Site site)
    {
        const Instruction now{pipe, ++issued_[pipe], name, site, Caller::current()};
        // A pipe waits in its own order: what it knows when an instruction is issued, the instruction has waited for.
        log_[pipe].push_back({now, known_[pipe]});
        return now;
    }

    // Instructions issued by the current core on all pipes.
    uint64_t issued_by_core() const
    {
        uint64_t sum = 0;
        for (uint32_t p = 0; p < kPipes; ++p) {
            sum += issued_[p] - done_before_[p];
        }
        return sum;
    }

    // Whether what `later` issues next finds instruction `index` of `earlier` complete. With automatic
    // synchronisation on, a dependency that the compiler handles becomes known here.
    bool ordered(Pipe earlier, uint32_t index, Pipe later)
    {
        // The scalar pipe does one after the other, which is why there is no PipeBarrier<PIPE_S>.
        if (known_[later][earlier] >= index || (earlier == kS && later == kS)) {
            return true;
        }
        if (auto_sync_ && compiler_orders(earlier, later)) {
            // The inserted flag follows the earlier instruction and passes on what that one knew.
            join(known_[later], log_[earlier][index - done_before_[earlier] - 1].known);
            known_[later][earlier] = index;
            if (!log_[later].empty()) {
                log_[later].back().known = known_[later]; // it is the last one issued there, and waits for the flag
            }
            return true;
        }
        return false;
    }

    // What a flag set now on `pipe` passes on: everything issued there so far, and what that waited for.
    // Hence chains: V that awaits MTE2 and then flags MTE3 lets MTE3 know what MTE2 has done.
    Clock signal(Pipe pipe) const
    {
        Clock clock = known_[pipe];
        clock[pipe] = issued_[pipe];
        return clock;
    }

    void receive(Pipe pipe, const Clock &clock) { join(known_[pipe], clock); }

    // Of one pipe it says nothing about the others, so copies in and out around it are as unordered as before.
    void barrier(Pipe pipe) { known_[pipe][pipe] = issued_[pipe]; }

    void barrier_all() { known_.fill(issued_); }

    // What is known on a pipe now, and what its instruction `number` (from 0, of this core) waited for.
    const Clock &known(Pipe pipe) const { return known_[pipe]; }
    const Clock &known_by(Pipe pipe, uint32_t number) const { return log_[pipe][number].known; }

    // Of a clock, the instructions of this core alone.
    Clock of_core(Clock clock) const
    {
        for (uint32_t p = 0; p < kPipes; ++p) {
            clock[p] = clock[p] > done_before_[p] ? clock[p] - done_before_[p] : 0;
        }
        return clock;
    }

    Place place(Pipe pipe, uint32_t index, uint32_t core, bool writes) const
    {
        return log_[pipe][index - done_before_[pipe] - 1].instruction.place(core, writes);
    }

private:
    // The compiler's documented automatic synchronisation on vector cores: V<->S, MTE2<->S, MTE3<->S, V->V. Never
    // MTE2->V, MTE3->MTE2, nor two copies on one pipe.
    static bool compiler_orders(Pipe earlier, Pipe later)
    {
        return earlier == kS || later == kS || (earlier == kV && later == kV);
    }

    // `known` is what it waited for: a flag that automatic synchronisation puts behind it passes that on.
    struct Logged {
        Instruction instruction;
        Clock known;
    };

    bool auto_sync_;
    // In numbers of the launch: issued so far on each pipe; by the cores before this one; what each pipe knows of each.
    Clock issued_{};
    Clock done_before_{};
    std::array<Clock, kPipes> known_{};
    std::array<std::vector<Logged>, kPipes> log_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
