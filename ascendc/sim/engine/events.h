// The flags between pipes of one core, and the ids that TPipe gives out for them.
#pragma once

#include <array>
#include <cstdint>

#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

constexpr uint32_t kHardEvents = 13; // on vector cores

// A hard event: the pipe that sets its flags, the pipe that awaits them.
// `number` is that of HardEvent: the same id of two events is two flags.
struct Event {
    Pipe source;
    Pipe target;
    uint32_t number;
};

// What is wrong with a call is told to its last argument, `report(kind, value, limit)`.
// Flags and held ids are apart, as on the device: flags are the hardware's, and SetFlag takes any id; who holds which
// is TPipe's bookkeeping, which sets nothing.
class Events {
public:
    void start_core()
    {
        // What the core before left set was reported when it ended; on a device it would be taken for this one's.
        flags_ = {};
        given_ = {};
        release_all();
    }

    // A flag is one bit: to set it twice is undefined (SetFlag/WaitFlag(ISASI)). Here the later one counts.
    template <typename Report>
    void set(Event event, int32_t id, const Clock &clock, const Place &place, Report report)
    {
        if (Flag *flag = at(event, id, report)) {
            if (flag->pending) {
                report(ASCEND_CACHE_LOC_SIM_EVENT_PENDING, static_cast<uint64_t>(id), 0);
            }
            *flag = {true, clock, place};
        }
    }

    // What the awaited flag passes on; `now` where it was never set: one report is enough.
    template <typename Report>
    Clock wait(Event event, int32_t id, const Clock &now, Report report)
    {
        Flag *flag = at(event, id, report);
        if (flag == nullptr) {
            return {};
        }
        if (!flag->pending) {
            report(ASCEND_CACHE_LOC_SIM_WAIT_NEVER_SET, static_cast<uint64_t>(id), 0);
            return now;
        }
        flag->pending = false;
        return flag->clock;
    }

    // f(id, place of the SetFlag) for each flag that nothing waited for.
    template <typename F>
    void each_pending(F f) const
    {
        for (const auto &ids : flags_) {
            for (size_t id = 0; id < ids.size(); ++id) {
                if (ids[id].pending) {
                    f(id, ids[id].set);
                }
            }
        }
    }

    // The first id that nobody holds; kEventIds where all are held, as on the device.
    // For FetchEventID and AllocEventID alike: who was told an id may use it, be it 6 or 7.
    int32_t free_id(Event event)
    {
        int32_t id = 0;
        while (id < kEventIds && (held_[event.number] >> id & 1) != 0) {
            ++id;
        }
        given_[event.number] |= 1u << id;
        return id;
    }

    // The device goes on with the 8 that it finds where none is free; so does this, after a report.
    template <typename Report>
    int32_t hold(Event event, Report report)
    {
        const int32_t id = free_id(event);
        if (id == kEventIds) {
            report(ASCEND_CACHE_LOC_SIM_EVENT_IDS_SPENT, 0, kEventIds);
        } else {
            held_[event.number] |= 1u << id;
        }
        return id;
    }

    template <typename Report>
    void release(Event event, int32_t id, Report report)
    {
        if (id < 0 || id >= kEventIds || (held_[event.number] >> id & 1) == 0) {
            report(ASCEND_CACHE_LOC_SIM_EVENT_NOT_HELD, static_cast<uint64_t>(id), 0);
        } else {
            held_[event.number] &= ~(1u << id);
        }
    }

    // A TPipe begins, or begins again.
    void release_all() { held_ = {}; }

private:
    struct Flag {
        bool pending;
        Clock clock;
        Place set;
    };

    // The device keeps no other ids; AllocEventID's answer when none is free still pairs up here.
    template <typename Report>
    Flag *at(Event event, int32_t id, Report report)
    {
        if (id < 0 || id >= kEventIds) {
            report(ASCEND_CACHE_LOC_SIM_EVENT_ID_RANGE, static_cast<uint64_t>(id), kEventIds);
        } else if (id >= kReservedIds && (given_[event.number] >> id & 1) == 0) {
            report(ASCEND_CACHE_LOC_SIM_EVENT_ID_RESERVED, static_cast<uint64_t>(id), 0);
        }
        return id < 0 || id > kEventIds ? nullptr : &flags_[event.number][static_cast<size_t>(id)];
    }

    // One more than there are, for that answer.
    std::array<std::array<Flag, kEventIds + 1>, kHardEvents> flags_{};
    std::array<uint32_t, kHardEvents> held_{};
    std::array<uint32_t, kHardEvents> given_{}; // since the core began
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
