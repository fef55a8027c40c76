// What the last instruction's accesses meet, run of bytes by run of bytes, put together as it is reported: accesses of
// its core that nothing orders, so far, and of other cores.
#pragma once

#include <vector>

#include "findings.h"
#include "global_memory.h"
#include "local_memory.h"
#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

class Conflicts {
public:
    // Not ordered when it was met. Whether it is a race shows when the instruction is through: see Core::settle.
    struct Pending {
        Instruction now;
        Conflict with;
        Space space;
        bool write;
    };

    // One for each earlier instruction, about the first run of bytes.
    // An instruction meets an earlier one once a block, at times thousands of times; a reader wants the pair of lines.
    void add(const Instruction &now, const Conflict &with, Space space, bool write)
    {
        for (Pending &known : pending_) {
            Conflict &first = known.with;
            if (first.pipe == with.pipe && first.index == with.index && first.write == with.write &&
                known.space == space && known.write == write) {
                first.bytes += first.address + first.bytes == with.address ? with.bytes : 0;
                return;
            }
        }
        pending_.push_back({now, with, space, write});
    }

    // f(pending) for each that is still not ordered.
    template <typename F>
    void settle(Timeline &timeline, F f)
    {
        for (const Pending &pending : pending_) {
            if (!timeline.ordered(pending.with.pipe, pending.with.index, pending.now.pipe)) {
                f(pending);
            }
        }
        pending_.clear();
    }

private:
    // A list and no map: an instruction has a handful of earlier ones that it meets unordered, mostly none.
    std::vector<Pending> pending_;
};

// Of one access with other cores. Final at once: nothing that is covered orders two cores of a launch.
class Meetings {
public:
    struct Met {
        Kind kind;
        Place other;
        Range common;
    };

    // One for each place, about the first run of bytes.
    void add(Kind kind, const Place &other, const Range &common)
    {
        for (Met &met : all_) {
            const Place &known = met.other;
            if (met.kind == kind && known.core == other.core && known.file == other.file && known.line == other.line &&
                known.caller_line == other.caller_line) {
                met.common.end = met.common.end == common.begin ? common.end : met.common.end;
                return;
            }
        }
        all_.push_back({kind, other, common});
    }

    const std::vector<Met> &all() const { return all_; }

private:
    std::vector<Met> all_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
