// What a core did, step by step, for a cost model to read. Nothing is kept, and nothing costs time, where the launch
// does not ask for it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

using Step = AscendCacheLocSimStep;

class Steps {
public:
    explicit Steps(const AscendCacheLocSimObserver *observer)
        : observer_(observer != nullptr && observer->take != nullptr ? observer : nullptr)
    {
    }

    void start_core() { steps_.clear(); }

    // An instruction. What it waits for is known when the core is done, by the timeline's own log.
    // Automatic synchronisation may yet teach it more, while its operands are looked at.
    void issue(const Instruction &now)
    {
        if (observer_ != nullptr) {
            add(now.pipe, ASCEND_CACHE_LOC_SIM_STEP_INSTRUCTION, now.name, now.site, {});
        }
    }

    // What the last instruction is, beside an instruction of its pipe.
    // To be said before anything else is issued, as the two below: the last step is the one that is meant.
    void is(AscendCacheLocSimStepKind kind)
    {
        if (observer_ != nullptr) {
            steps_.back().kind = kind;
        }
    }

    // The last instruction works on so many repeats.
    void repeats(uint64_t repeats)
    {
        if (observer_ != nullptr) {
            steps_.back().repeats += static_cast<uint32_t>(repeats);
        }
    }

    // The last instruction moves blocks of GM, whose begins are `pitch` bytes apart.
    void moves(uint64_t address, uint32_t blocks, uint32_t block_bytes, uint64_t pitch)
    {
        if (observer_ != nullptr) {
            Step &step = steps_.back();
            step.address = address;
            step.blocks = blocks;
            step.block_bytes = block_bytes;
            step.pitch = pitch;
        }
    }

    // A flag or barrier on a pipe, after which so much is known there.
    void orders(Pipe on, AscendCacheLocSimStepKind kind, const char *name, Site site, const Clock &known)
    {
        if (observer_ != nullptr) {
            add(on, kind, name, site, known);
        }
    }

    // The core is done: hands over what it did.
    void hand_over(uint32_t core, const Timeline &timeline)
    {
        if (observer_ == nullptr) {
            return;
        }
        Clock next{};
        for (Step &step : steps_) {
            Clock known{};
            if (step.kind < ASCEND_CACHE_LOC_SIM_STEP_SET_FLAG) {
                known = timeline.known_by(static_cast<Pipe>(step.pipe), next[step.pipe]++);
            } else {
                std::copy_n(step.known, kPipes, known.begin());
            }
            // Counted from the core's first instruction on: the reader sees one core.
            known = timeline.of_core(known);
            std::copy_n(known.begin(), kPipes, step.known);
        }
        observer_->take(observer_->context, core, steps_.data(), steps_.size());
    }

private:
    void add(Pipe on, AscendCacheLocSimStepKind kind, const char *name, Site site, const Clock &known)
    {
        Step step{};
        step.name = name;
        step.file = site.file;
        step.line = site.line;
        step.pipe = on;
        step.kind = kind;
        std::copy_n(known.begin(), kPipes, step.known);
        steps_.push_back(step);
    }

    const AscendCacheLocSimObserver *observer_;
    std::vector<Step> steps_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
