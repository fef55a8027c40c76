// What one core has to tell: reports, each about a place in the kernel and what is there.
#pragma once

#include <cstdint>

#include "findings.h"
#include "global_memory.h"
#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

class Reporter {
public:
    explicit Reporter(Findings &findings) : findings_(findings) {}

    // What a report is about: a range of UB or GM that is read or written, or nothing.
    struct Where {
        Space space = ASCEND_CACHE_LOC_SIM_SPACE_NONE;
        uint64_t address = 0;
        uint64_t bytes = 0;
        bool write = false;
    };

    static Where in_ub(uint64_t address, uint64_t bytes, bool write)
    {
        return {ASCEND_CACHE_LOC_SIM_SPACE_UB, address, bytes, write};
    }
    static Where in_gm(uint64_t address, uint64_t bytes, bool write)
    {
        return {ASCEND_CACHE_LOC_SIM_SPACE_GM, address, bytes, write};
    }
    static Where in_gm(const Range &range, bool write) { return in_gm(range.begin, range.end - range.begin, write); }

    // What `value` and `limit` mean, AscendCacheLocSimKind says of each kind.
    void report(Kind kind, const Instruction &now, const Where &where, uint64_t value = 0, uint64_t limit = 0)
    {
        Report report = about(kind, now.place(index, where.write), where);
        report.value = value;
        report.limit = limit;
        findings_.add(report);
    }

    // A report on a call that issues no instruction of its own (TPipe, TQue, flags).
    void report_call(Kind kind, const char *name, Site site, Pipe on, uint64_t value = 0, uint64_t limit = 0)
    {
        told(on, name, site)(kind, value, limit);
    }

    // A report on what a device answers with an exception.
    // It ends the launch, not the core alone: the runtime gives up a kernel of which one core has an exception.
    [[noreturn]] void except(Kind kind, const Instruction &now, const Where &where, uint64_t value = 0,
                             uint64_t limit = 0)
    {
        report(kind, now, where, value, limit);
        throw Stop{true};
    }

    uint32_t index = 0; // of the core

protected:
    // A report on an access that meets an earlier one.
    void report_met(Kind kind, const Instruction &now, const Place &other, const Where &where)
    {
        Report report = about(kind, now.place(index, where.write), where);
        report.other = other;
        findings_.add(report);
    }

    // A report on a place that the kernel has passed.
    void report_past(Kind kind, const Place &place, uint64_t value)
    {
        Report report = about(kind, place, {});
        report.value = value;
        findings_.add(report);
    }

    // Reports what is wrong with a call that issues no instruction of its own.
    struct Told {
        Reporter *reporter;
        Instruction call;
        void operator()(Kind kind, uint64_t value, uint64_t limit) const
        {
            reporter->report(kind, call, {}, value, limit);
        }
    };

    // Index 0, which no instruction has: of the pipe it is told, in the pipe's count it is not.
    Told told(Pipe on, const char *name, Site site) { return {this, {on, 0, name, site, Caller::current()}}; }

private:
    static Report about(Kind kind, const Place &place, const Where &where)
    {
        Report report{};
        report.kind = kind;
        report.place = place;
        report.space = where.space;
        report.address = where.address;
        report.bytes = where.bytes;
        return report;
    }

    Findings &findings_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
