// One simulated vector core: what every API call goes through to issue instructions, check and touch memory, count.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <vector>

#include "findings.h"
#include "global_memory.h"
#include "local_memory.h"
#include "timeline.h"

namespace AscendC {
class TPipe;
}

namespace ascendc_sim {

using Counters = AscendCacheLocSimCoreCounters;
using Options = AscendCacheLocSimOptions;

constexpr uint64_t kDefaultInstructionLimit = uint64_t{1} << 22;
constexpr int32_t kEventIds = 8;     // per hard event
constexpr uint32_t kHardEvents = 13; // on vector cores

// A window into UB: where it begins, and the buffer that it must not leave.
struct LocalView {
    uint32_t address = 0;
    uint32_t buffer_begin = 0;
    uint32_t buffer_end = 0; // 0: no memory behind it
};

class Core {
public:
    Core(GlobalMemory &gm, Findings &findings, const Options &options, uint32_t blocks)
        : blocks(blocks), saturate(options.saturate != 0), timeline(options.auto_sync != 0), gm_(gm),
          findings_(findings),
          limit_(options.instruction_limit != 0 ? options.instruction_limit : kDefaultInstructionLimit)
    {
    }

    // The core that this thread simulates. Set for as long as a kernel runs.
    static Core *&slot()
    {
        thread_local Core *core = nullptr;
        return core;
    }

    static Core &current()
    {
        if (slot() == nullptr) {
            std::terminate(); // an AscendC call outside ascend_cache_loc_sim_launch
        }
        return *slot();
    }

    void start(uint32_t block)
    {
        index = block;
        counters = {};
        pipe = nullptr;
        events_ = {};
        held_ = {};
        ub.start_core();
        timeline.start_core();
    }

    // The core was stopped.
    void stop() { settle(); }

    // The kernel returned: flags that nobody waited for would leak into the next one.
    void finish()
    {
        settle();
        for (const auto &ids : events_) {
            for (size_t id = 0; id < ids.size(); ++id) {
                if (ids[id].pending) {
                    Report report = blank(ASCEND_CACHE_LOC_SIM_SET_NEVER_WAITED, ids[id].set);
                    report.value = id;
                    findings_.add(report);
                }
            }
        }
    }

    Instruction issue(Pipe on, const char *name, Site site)
    {
        settle();
        const Instruction now = timeline.issue(on, name, site);
        ++counters.pipes[on].instructions;
        if (timeline.issued_by_core() > limit_) {
            report(ASCEND_CACHE_LOC_SIM_INSTRUCTION_LIMIT, now, {}, 0, limit_);
            throw Stop{};
        }
        return now;
    }

    // What a report is about: a range of UB or GM, or nothing.
    struct Where {
        Space space = ASCEND_CACHE_LOC_SIM_SPACE_NONE;
        uint64_t address = 0;
        uint64_t bytes = 0;
    };

    static Where in_ub(uint64_t address, uint64_t bytes) { return {ASCEND_CACHE_LOC_SIM_SPACE_UB, address, bytes}; }
    static Where in_gm(uint64_t address, uint64_t bytes) { return {ASCEND_CACHE_LOC_SIM_SPACE_GM, address, bytes}; }

    void report(Kind kind, const Instruction &now, Where where, uint64_t value = 0, uint64_t limit = 0)
    {
        Report report = blank(kind, place_of(now));
        report.space = where.space;
        report.address = where.address;
        report.bytes = where.bytes;
        report.value = value;
        report.limit = limit;
        findings_.add(report);
    }

    // A report on a call that issues no instruction of its own (TPipe, TQue, flags).
    void report_call(Kind kind, const char *name, Site site, Pipe on, uint64_t value = 0, uint64_t limit = 0)
    {
        report(kind, {on, 0, name, site}, {}, value, limit);
    }

    // ---- UB ----

    // Whether `bytes` from `address` on lie in the view's buffer and in UB; what does not is reported, and not done.
    bool fits(const Instruction &now, const LocalView &view, uint64_t address, uint64_t bytes)
    {
        const uint64_t end = address + bytes;
        if (view.buffer_end == 0) {
            report(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
        } else if (end > kUbBytes) {
            report(ASCEND_CACHE_LOC_SIM_UB_OVERRUN, now, in_ub(address, bytes), end, kUbBytes);
        } else if (address < view.buffer_begin || end > view.buffer_end) {
            report(ASCEND_CACHE_LOC_SIM_UB_OUTSIDE_BUFFER, now, in_ub(address, bytes), end, view.buffer_end);
        } else {
            return true;
        }
        return false;
    }

    bool aligned(const Instruction &now, uint32_t address, uint32_t alignment)
    {
        if (address % alignment == 0) {
            return true;
        }
        report(ASCEND_CACHE_LOC_SIM_UB_MISALIGNED, now, in_ub(address, 0), address % alignment, alignment);
        return false;
    }

    void reads_ub(const Instruction &now, uint32_t address, uint32_t bytes)
    {
        needs_ub(now, address, bytes);
        touch_ub(now, address, bytes, false);
    }

    // The bytes must have a value.
    void needs_ub(const Instruction &now, uint32_t address, uint32_t bytes)
    {
        const uint32_t unwritten = ub.first_unwritten(address, bytes);
        if (unwritten < address + bytes) {
            report(ASCEND_CACHE_LOC_SIM_UB_UNWRITTEN, now, in_ub(unwritten, address + bytes - unwritten));
            ub.mark(address, bytes, true); // once is enough
        }
    }

    // The access must be ordered after earlier ones that conflict with it.
    void touch_ub(const Instruction &now, uint32_t address, uint32_t bytes, bool write)
    {
        ub.touch(timeline, now, address, bytes, write, [&](const Conflict &with) {
            conflicts_.push_back({now, in_ub(with.address, kBlockBytes - with.address % kBlockBytes), with.pipe,
                                  with.index, with.write, write});
        });
    }

    // `written`: the bytes have a value afterwards; else they are only overwritten, as the tail of a padded copy is.
    void writes_ub(const Instruction &now, uint32_t address, uint32_t bytes, bool written = true)
    {
        touch_ub(now, address, bytes, true);
        ub.mark(address, bytes, written);
    }

    // ---- GM ----

    // The declared array that an access lies in, or null after a report: then it must not be done.
    const Array *gm_array(const Instruction &now, uint64_t base, uint64_t address, uint64_t bytes, bool write)
    {
        const GlobalMemory::Found found = gm_.find(base, address, bytes);
        if (found.array == nullptr) {
            report(found.wrong, now, in_gm(found.address, address + bytes - found.address));
            return nullptr;
        }
        const uint32_t needed = write ? ASCEND_CACHE_LOC_SIM_WRITE : ASCEND_CACHE_LOC_SIM_READ;
        if ((found.array->access & needed) == 0) {
            report(ASCEND_CACHE_LOC_SIM_GM_FORBIDDEN, now, in_gm(address, bytes));
            return nullptr;
        }
        if (gm_.tracked(found.array)) {
            gm_.touch(
                timeline, now, index, address, bytes, write,
                [&](Pipe on, uint32_t earlier, bool wrote, uint64_t at) {
                    conflicts_.push_back({now, in_gm(at, 0), on, earlier, wrote, write});
                },
                [&](Kind kind, const Place &other, uint64_t at, uint64_t count) {
                    Report report = blank(kind, place_of(now));
                    report.place.writes = write;
                    report.space = ASCEND_CACHE_LOC_SIM_SPACE_GM;
                    report.address = at;
                    report.bytes = count;
                    report.other = other;
                    findings_.add(report);
                });
        }
        return found.array;
    }

    // The host bytes behind an address of an array, null where the array has none.
    static uint8_t *storage(const Array &array, uint64_t address)
    {
        return array.storage == nullptr ? nullptr : static_cast<uint8_t *>(array.storage) + (address - array.address);
    }

    // ---- flags ----

    struct Event {
        Pipe source;
        Pipe target;
        uint32_t number;
    };

    void set_flag(Event event, int32_t id, const char *name, Site site)
    {
        settle();
        ++counters.pipes[event.source].flags_set;
        if (Flag *flag = flag_at(event, id, name, site, event.source)) {
            if (flag->pending) {
                report_call(ASCEND_CACHE_LOC_SIM_EVENT_PENDING, name, site, event.source, static_cast<uint64_t>(id));
            }
            *flag = {true, timeline.signal(event.source), {name, site.file, site.line, event.source, index, 0}};
        }
    }

    void wait_flag(Event event, int32_t id, const char *name, Site site)
    {
        settle();
        ++counters.pipes[event.target].flags_waited;
        if (Flag *flag = flag_at(event, id, name, site, event.target)) {
            if (!flag->pending) {
                report_call(ASCEND_CACHE_LOC_SIM_WAIT_NEVER_SET, name, site, event.target, static_cast<uint64_t>(id));
                flag->clock = timeline.signal(event.source); // one report is enough
            }
            timeline.receive(event.target, flag->clock);
            flag->pending = false;
        }
    }

    void barrier(Pipe on)
    {
        settle();
        ++counters.pipes[on].barriers;
        timeline.barrier(on);
    }

    void barrier_all()
    {
        settle();
        for (auto &of_pipe : counters.pipes) {
            ++of_pipe.barriers;
        }
        timeline.barrier_all();
    }

    // The first id that nobody holds; kEventIds where all are held, as on the device.
    int32_t free_event_id(Event event) const
    {
        int32_t id = 0;
        while (id < kEventIds && (held_[event.number] >> id & 1) != 0) {
            ++id;
        }
        return id;
    }

    int32_t hold_event_id(Event event, const char *name, Site site)
    {
        const int32_t id = free_event_id(event);
        if (id == kEventIds) {
            report_call(ASCEND_CACHE_LOC_SIM_EVENT_IDS_SPENT, name, site, event.source, 0, kEventIds);
        } else {
            held_[event.number] |= 1u << id;
        }
        return id;
    }

    void release_event_id(Event event, int32_t id, const char *name, Site site)
    {
        if (id < 0 || id >= kEventIds || (held_[event.number] >> id & 1) == 0) {
            report_call(ASCEND_CACHE_LOC_SIM_EVENT_NOT_HELD, name, site, event.source, static_cast<uint64_t>(id));
        } else {
            held_[event.number] &= ~(1u << id);
        }
    }

    const uint32_t blocks;
    const bool saturate;
    uint32_t index = 0;
    Timeline timeline;
    LocalMemory ub;
    Counters counters{};
    AscendC::TPipe *pipe = nullptr; // the live one

private:
    struct Flag {
        bool pending;
        Clock clock;
        Place set;
    };

    // Two accesses that nothing orders so far.
    struct Conflicting {
        Instruction now;
        Where where;
        Pipe earlier_pipe;
        uint32_t earlier_index;
        bool earlier_write;
        bool write;
    };

    static Report blank(Kind kind, const Place &place)
    {
        Report report{};
        report.kind = kind;
        report.place = place;
        return report;
    }

    Place place_of(const Instruction &now) const
    {
        return {now.name, now.site.file, now.site.line, now.pipe, index, 0};
    }

    // The last instruction is through with all it touches: what is still not ordered is a race. Not before, since the
    // compiler's automatic synchronisation for one of its operands may order it for another.
    void settle()
    {
        for (const Conflicting &c : conflicts_) {
            if (!timeline.ordered(c.earlier_pipe, c.earlier_index, c.now.pipe)) {
                Report report = blank(ASCEND_CACHE_LOC_SIM_RACE, place_of(c.now));
                report.place.writes = c.write;
                report.space = c.where.space;
                report.address = c.where.address;
                report.bytes = c.where.bytes;
                report.other = timeline.place(c.earlier_pipe, c.earlier_index, index, c.earlier_write);
                findings_.add(report);
            }
        }
        conflicts_.clear();
    }

    // The device keeps no other ids; AllocEventID's answer when none is free still pairs up here.
    Flag *flag_at(Event event, int32_t id, const char *name, Site site, Pipe on)
    {
        if (id < 0 || id >= kEventIds) {
            report_call(ASCEND_CACHE_LOC_SIM_EVENT_ID_RANGE, name, site, on, static_cast<uint64_t>(id), kEventIds);
        }
        return id < 0 || id > kEventIds ? nullptr : &events_[event.number][static_cast<size_t>(id)];
    }

    GlobalMemory &gm_;
    Findings &findings_;
    std::vector<Conflicting> conflicts_; // of the last instruction
    uint64_t limit_;
    std::array<std::array<Flag, kEventIds + 1>, kHardEvents> events_{};
    std::array<uint32_t, kHardEvents> held_{};
};

} // namespace ascendc_sim
