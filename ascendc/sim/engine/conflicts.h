// Accesses of the last instruction that nothing orders, so far, after earlier ones.
#pragma once

#include <vector>

#include "findings.h"
#include "local_memory.h"
#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

class Conflicts {
public:
    struct Pending {
        Instruction now;
        Conflict with;
        Space space;
        bool write;
    };

    // One for each earlier instruction, about the first run of bytes.
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
    std::vector<Pending> pending_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
