// One simulated vector core: what every API call goes through to issue instructions, check and touch memory, count.
// What it finds wrong goes to its reporter.
#pragma once

#include <array>
#include <cstdint>
#include <exception>

#include "conflicts.h"
#include "data_cache.h"
#include "events.h"
#include "global_memory.h"
#include "local_memory.h"
#include "registers.h"
#include "reporter.h"
#include "steps.h"
#include "timeline.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
class TPipe;
}
} // namespace AscendC

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

using Counters = AscendCacheLocSimCoreCounters;
using Options = AscendCacheLocSimOptions;

// Of a core. A loop that bad data never ends must end here, where a device would hang.
constexpr uint64_t kDefaultInstructionLimit = uint64_t{1} << 22;

// A window into UB: where it begins, and the buffer that it should not leave.
// The buffer's bounds, not the tensor's length, which limits nothing on a device. Views of a view keep them, so an
// operand may begin anywhere in its buffer.
struct LocalView {
    uint32_t address = 0;
    uint32_t buffer_begin = 0;
    uint32_t buffer_end = 0;
    bool set = false; // it has memory behind it
};

class Core : public Reporter {
public:
    Core(GlobalMemory &gm, Findings &findings, const Options &options, uint32_t blocks)
        : Reporter(findings), blocks(blocks), tiling_key(options.tiling_key), saturate(options.saturate != 0),
          casts_truncate(options.casts_truncate != 0), timeline(options.auto_sync != 0), steps(options.observer),
          gm_(gm), shared_lines_(options.shared_lines != 0),
          limit_(options.instruction_limit != 0 ? options.instruction_limit : kDefaultInstructionLimit)
    {
    }

    // The core that this thread simulates. Set for as long as a kernel runs.
    // Of the thread, since the API is free functions that have nowhere to be given a core, and since several threads
    // may launch at a time.
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

    // One Core is all cores of a launch in turn. What UB and GM noted of the one before stays: Timeline::start_core
    // makes it harmless without a walk over 6,144 blocks a core.
    void start(uint32_t block)
    {
        index = block;
        counters = {};
        registers = {};
        // The one mode that a kernel may not find as documented: the kernel before it can have left the other.
        registers.saturate_casts = !casts_truncate;
        cache_.start_core();
        pipe = nullptr;
        events_.start_core();
        ub.start_core();
        timeline.start_core();
        steps.start_core();
    }

    // The core was stopped.
    // No SET_NEVER_WAITED: what was cut short had no chance to wait.
    void stop()
    {
        settle();
        cache_.clean_all(gm_);
        steps.hand_over(index, timeline);
    }

    // The kernel returned: flags that nobody waited for would leak into the next one.
    void finish()
    {
        settle();
        // A SetValue that nothing cleans arrives late rather than never (documented of 3510, assumed of 2201).
        cache_.clean_all(gm_); // as the compiler has it
        events_.each_pending(
            [&](uint64_t id, const Place &set) { report_past(ASCEND_CACHE_LOC_SIM_SET_NEVER_WAITED, set, id); });
        steps.hand_over(index, timeline);
    }

    // Whoever touches memory comes through here first. Flags and barriers do not: they are no instructions in the
    // counters, and no clock counts them.
    Instruction issue(Pipe on, const char *name, Site site)
    {
        settle();
        const Instruction now = timeline.issue(on, name, site);
        steps.issue(now);
        ++counters.pipes[on].instructions;
        if (timeline.issued_by_core() > limit_) {
            report(ASCEND_CACHE_LOC_SIM_INSTRUCTION_LIMIT, now, {}, 0, limit_);
            throw Stop{};
        }
        return now;
    }

    // The last instruction, of V, works on so many repeats.
    void count_repeats(uint64_t repeats)
    {
        counters.pipes[kV].repeats += repeats;
        steps.repeats(repeats);
    }

    // ---- UB ----

    // Reports an access that leaves its buffer; past the end of UB is an exception.
    // An access that is outside both is told of once, as the exception: it is the one that a device would notice.
    void check_ub(const Instruction &now, const LocalView &view, uint64_t address, uint64_t bytes, bool write)
    {
        const uint64_t end = address + bytes;
        if (!view.set) {
            except(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
        }
        if (end > kUbBytes) {
            const uint64_t first = std::max<uint64_t>(address, kUbBytes);
            except(ASCEND_CACHE_LOC_SIM_UB_OVERRUN, now, in_ub(first, end - first, write), end, kUbBytes);
        }
        if (bytes != 0 && (address < view.buffer_begin || end > view.buffer_end)) {
            const uint64_t first = address < view.buffer_begin ? address : std::max<uint64_t>(address, view.buffer_end);
            const uint64_t last = address < view.buffer_begin ? std::min<uint64_t>(end, view.buffer_begin) : end;
            report(ASCEND_CACHE_LOC_SIM_UB_OUTSIDE_BUFFER, now, in_ub(first, last - first, write), end,
                   view.buffer_end);
        }
    }

    // Of an access to `bytes` from `address` on. Misaligned is an exception.
    // `alignment`: 32 for operands of vector instructions and copies, the element for scalars and for single results.
    void check_aligned(const Instruction &now, uint64_t address, uint64_t bytes, bool write, uint32_t alignment)
    {
        if (address % alignment != 0) {
            except(ASCEND_CACHE_LOC_SIM_UB_MISALIGNED, now, in_ub(address, bytes, write), address % alignment,
                   alignment);
        }
    }

    void reads_ub(const Instruction &now, uint32_t address, uint32_t bytes)
    {
        needs_ub(now, address, bytes);
        touch_ub(now, address, bytes, false);
    }

    // The bytes must have a value.
    void needs_ub(const Instruction &now, uint32_t address, uint32_t bytes)
    {
        const uint32_t end = address + bytes;
        const uint32_t unwritten = ub.first(false, address, bytes);
        if (unwritten < end) {
            const uint32_t written = ub.first(true, unwritten, end - unwritten);
            report(ASCEND_CACHE_LOC_SIM_UB_UNWRITTEN, now, in_ub(unwritten, written - unwritten, false));
            ub.mark(address, bytes, true); // once is enough
        }
    }

    // The access must be ordered after earlier ones that conflict with it.
    // Reported by settle, not here.
    void touch_ub(const Instruction &now, uint32_t address, uint32_t bytes, bool write)
    {
        ub.touch(timeline, now, address, bytes, write,
                 [&](const Conflict &with) { conflicts_.add(now, with, ASCEND_CACHE_LOC_SIM_SPACE_UB, write); });
    }

    // `written`: the bytes have a value afterwards; else they are only overwritten, as the tail of a padded copy is.
    // Bytes without a value still were written: whoever writes there next must be ordered after it.
    void writes_ub(const Instruction &now, uint32_t address, uint32_t bytes, bool written = true)
    {
        touch_ub(now, address, bytes, true);
        ub.mark(address, bytes, written);
    }

    // ---- GM ----

    // An access through a tensor set to `base`: move(host, offset, bytes) for each piece of it that exists; `host` is
    // null where the launch gave no storage. An access outside the tensor's array is reported and done all the same;
    // outside every allocation it is an exception.
    template <typename F>
    void access_gm(const Instruction &now, uint64_t base, uint64_t address, uint64_t bytes, bool write, F move)
    {
        const Range range{address, address + bytes < address ? UINT64_MAX : address + bytes};
        const GlobalMemory::Found found = gm_.find(base, range);
        if (found.array != nullptr) {
            const uint32_t needed = write ? ASCEND_CACHE_LOC_SIM_WRITE : ASCEND_CACHE_LOC_SIM_READ;
            const bool allowed = (found.array->access & needed) != 0;
            if (!allowed) {
                report(ASCEND_CACHE_LOC_SIM_GM_FORBIDDEN, now, in_gm(address, bytes, write));
            }
            // What is forbidden is told of already; noted, it would come back as a race with every rightful access.
            if (allowed && gm_.tracked(found.array)) {
                touch_gm(now, range, write);
            }
        } else {
            report(found.wrong, now, in_gm(found.where, write));
        }
        bool outside = false;
        gm_.each_piece(range, [&](const Range &piece, const GlobalMemory::Allocation *allocation) {
            outside = outside || allocation == nullptr;
            if (allocation != nullptr) {
                // Outside its own array it may be in another's, whose accesses it then meets.
                if (found.array == nullptr) {
                    touch_gm(now, piece, write);
                }
                move(allocation->host(piece.begin, write), piece.begin - address, piece.end - piece.begin);
            }
        });
        // After the pieces that exist: how far a device gets is not known; here it gets as far as there is memory.
        if (outside) {
            throw Stop{true};
        }
        // Copies do not use the data cache (the page on its coherence): they find memory, and it does not hear of them.
        if (now.pipe != kS) {
            cache_.bypass(range, now.place(index, write), [&](const Place &other, const Range &part) {
                report_met(ASCEND_CACHE_LOC_SIM_CACHE_DIRTY, now, other, in_gm(part, write));
            });
        }
    }

    // Scalar reads and writes go through the data cache.
    void get_gm(const Instruction &now, uint64_t base, uint64_t address, uint64_t bytes, uint8_t *to)
    {
        steps.is(ASCEND_CACHE_LOC_SIM_STEP_GM_GET);
        steps.moves(address, 1, static_cast<uint32_t>(bytes), bytes);
        // To check and to note alone: the bytes are the cache's, and these may be older than memory's.
        access_gm(now, base, address, bytes, false, [](const uint8_t *, uint64_t, uint64_t) {});
        cache_.read(gm_, {address, address + bytes}, to, [&](const Place &other, const Range &part) {
            report_met(ASCEND_CACHE_LOC_SIM_CACHE_STALE, now, other, in_gm(part, false));
        });
    }

    void set_gm(const Instruction &now, uint64_t base, uint64_t address, uint64_t bytes, const uint8_t *from)
    {
        steps.is(ASCEND_CACHE_LOC_SIM_STEP_GM_SET);
        steps.moves(address, 1, static_cast<uint32_t>(bytes), bytes);
        access_gm(now, base, address, bytes, true, [](const uint8_t *, uint64_t, uint64_t) {});
        cache_.write(gm_, {address, address + bytes}, from, now.place(index, true));
    }

    void clean_cache(const Range &range)
    {
        steps.is(ASCEND_CACHE_LOC_SIM_STEP_CACHE_CLEAN);
        cache_.clean(gm_, range);
    }

    // ---- flags ----

    // The instruction before is judged first, here and below: a flag or a barrier orders what comes after it.
    void set_flag(Event event, int32_t id, const char *name, Site site)
    {
        settle();
        ++counters.pipes[event.source].flags_set;
        const Told tell = told(event.source, name, site);
        events_.set(event, id, timeline.signal(event.source), tell.call.place(index, false), tell);
        steps.orders(event.source, ASCEND_CACHE_LOC_SIM_STEP_SET_FLAG, name, site, timeline.known(event.source));
    }

    void wait_flag(Event event, int32_t id, const char *name, Site site)
    {
        settle();
        ++counters.pipes[event.target].flags_waited;
        const Clock now = timeline.signal(event.source);
        timeline.receive(event.target, events_.wait(event, id, now, told(event.target, name, site)));
        steps.orders(event.target, ASCEND_CACHE_LOC_SIM_STEP_WAIT_FLAG, name, site, timeline.known(event.target));
    }

    void barrier(Pipe on)
    {
        settle();
        ++counters.pipes[on].barriers;
        timeline.barrier(on);
        steps.orders(on, ASCEND_CACHE_LOC_SIM_STEP_BARRIER, "PipeBarrier", {}, timeline.known(on));
    }

    void barrier_all()
    {
        settle();
        for (auto &of_pipe : counters.pipes) {
            ++of_pipe.barriers;
        }
        timeline.barrier_all();
        steps.orders(kS, ASCEND_CACHE_LOC_SIM_STEP_BARRIER, "PipeBarrier", {}, timeline.known(kS));
    }

    int32_t free_event_id(Event event) { return events_.free_id(event); }

    int32_t hold_event_id(Event event, const char *name, Site site)
    {
        return events_.hold(event, told(event.source, name, site));
    }

    void release_event_id(Event event, int32_t id, const char *name, Site site)
    {
        events_.release(event, id, told(event.source, name, site));
    }

    void release_event_ids() { events_.release_all(); }

    // What calls of the API use themselves; what must be checked or ordered goes through the functions above.
    const uint32_t blocks;
    const uint64_t tiling_key;
    const bool saturate;
    const bool casts_truncate;
    Timeline timeline;
    Steps steps;
    LocalMemory ub;
    Registers registers;
    Counters counters{};
    AscendC::TPipe *pipe = nullptr; // the live one

private:
    void touch_gm(const Instruction &now, const Range &range, bool write)
    {
        Meetings meetings;
        // Only copies out combine. MTE2 reads and the scalar pipe writes as ever, whatever mode is on.
        gm_.touch(
            timeline, now, index, range, write, write && now.pipe == kMte3 ? registers.atomic : nullptr,
            [&](const Conflict &with) { conflicts_.add(now, with, ASCEND_CACHE_LOC_SIM_SPACE_GM, write); },
            [&](Kind kind, const Place &other, const Range &common) {
                // A line of the data cache is written back whole, the neighbour's bytes with it.
                const bool whole = now.pipe == kS || other.pipe == kS;
                if (!shared_lines_ || kind != ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_LINE || whole) {
                    meetings.add(kind, other, common);
                }
            });
        // Only now: a range is walked line by line, and runs of bytes that go on over lines are one report.
        for (const Meetings::Met &met : meetings.all()) {
            report_met(met.kind, now, met.other, in_gm(met.common, write));
        }
    }

    // The last instruction is through with all it touches: what is still not ordered is a race. Not before, since the
    // compiler's automatic synchronisation for one of its operands may order it for another.
    void settle()
    {
        conflicts_.settle(timeline, [&](const Conflicts::Pending &c) {
            report_met(ASCEND_CACHE_LOC_SIM_RACE, c.now, timeline.place(c.with.pipe, c.with.index, index, c.with.write),
                       {c.space, c.with.address, c.with.bytes, c.write});
        });
    }

    GlobalMemory &gm_;
    Events events_;
    DataCache cache_;
    Conflicts conflicts_; // of the last instruction
    bool shared_lines_;
    uint64_t limit_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
