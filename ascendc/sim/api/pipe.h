// TPipe: who owns which part of UB, and the flags that queues set and await by themselves.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <vector>

#include "sync.h"
#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// The flags of a queue from `source` to `target`: filled, set by EnQue and awaited by DeQue, and freed, set by
// FreeTensor and awaited by AllocTensor.
struct QueueEvents {
    HardEvent filled;
    HardEvent freed;
};

// As kernel_event.h has them. Of one pipe at each end: MTE3 that reads a VECIN queue's buffer, say, is ordered by none.
constexpr QueueEvents queue_events(TPosition source, TPosition target)
{
    if (source == TPosition::GM) {
        return {HardEvent::MTE2_V, HardEvent::V_MTE2};
    }
    if (target == TPosition::GM) {
        return {HardEvent::V_MTE3, HardEvent::MTE3_V};
    }
    return {HardEvent::MTE2_MTE3, HardEvent::MTE3_MTE2};
}

template <TPosition position>
class TBuf;

// Owns UB: hands it out in order, never twice until Reset.
class TPipe {
public:
    TPipe(Site site = Site::here())
    {
        ascendc_sim::Core::current().registers.init();
        Init(site);
    }
    TPipe(const TPipe &) = delete;
    TPipe &operator=(const TPipe &) = delete;

    ~TPipe()
    {
        // A core that is stopped unwinds through here, and waits for nothing any more.
        if (std::uncaught_exceptions() == 0 && live_) {
            Destroy();
        }
    }

    void Init(Site site = Site::here())
    {
        auto &core = ascendc_sim::Core::current();
        if (core.pipe != nullptr && core.pipe != this) {
            core.report_call(ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME, "TPipe", site, ascendc_sim::kS);
        }
        core.pipe = this;
        // Ids only: a flag that an earlier TPipe left set is still set, and the next to set it is told.
        core.release_event_ids(); // each TPipe keeps its own
        live_ = true;
    }

    // Waits until every freed buffer is free, and for all pipes; queues and buffers are void afterwards.
    void Destroy()
    {
        Reset();
        auto &core = ascendc_sim::Core::current();
        core.barrier_all();
        if (core.pipe == this) {
            core.pipe = nullptr;
        }
        live_ = false;
    }

    void Reset()
    {
        // Not of a buffer that is in use: the library looks at the state too, and nothing has set that flag.
        for (Buffer &buffer : buffers_) {
            if (!buffer.busy) {
                wait_freed(buffer, "TPipe", buffer.freed_site);
            }
        }
        ascendc_sim::Core::current().release_event_ids();
        ascendc_sim::Core::current().registers.init();
        // Not what they hold: their marks in UB stay, and whoever has them next must be ordered after who had them.
        buffers_.clear();
        used_bytes_ = 0;
        // So that queues of before are known to be void, without a list of them.
        generation_ = next_generation();
    }

    template <typename Queue>
    bool InitBuffer(Queue &queue, uint8_t num, uint32_t len, Site site = Site::here())
    {
        const bool from_gm = Queue::srcPosition == TPosition::GM;
        // The position in UB: GM is only where the queue's other end is.
        init(queue.slot_, num, len, from_gm ? Queue::dstPosition : Queue::srcPosition,
             queue_events(Queue::srcPosition, Queue::dstPosition), true, site);
        if constexpr (Queue::queDepth == 0) {
            keep_flags(queue.slot_, site);
        }
        return true;
    }

    template <TPosition position>
    bool InitBuffer(TBuf<position> &buffer, uint32_t len, Site site = Site::here())
    {
        init(buffer.slot_, 1, len, position, {}, false, site);
        return true;
    }

    template <HardEvent event>
    TEventID AllocEventID(Site site = Site::here())
    {
        return static_cast<TEventID>(
            ascendc_sim::Core::current().hold_event_id(sim_event(event), "AllocEventID", site));
    }

    template <HardEvent event>
    void ReleaseEventID(TEventID id, Site site = Site::here())
    {
        ascendc_sim::Core::current().release_event_id(sim_event(event), id, "ReleaseEventID", site);
    }

    // An id that is free now; unlike AllocEventID it does not hold it.
    template <HardEvent event>
    TEventID FetchEventID()
    {
        return FetchEventID(event);
    }

    TEventID FetchEventID(HardEvent event)
    {
        return static_cast<TEventID>(ascendc_sim::Core::current().free_event_id(sim_event(event)));
    }

    // ---- for the queues of this emulation ----

    struct Buffer {
        uint32_t address;
        uint32_t bytes;
        TPosition position;
        QueueEvents events;
        bool queue;
        bool keeps_flags = false; // of a queue of depth 0: both ids are its own from InitBuffer on
        bool busy = false;        // between AllocTensor and FreeTensor
        int32_t filled = -1;      // id of the flag that EnQue set
        int32_t freed = -1;       // id of the flag that FreeTensor set
        Site freed_site{};
    };

    // A queue's or TBuf's place among the buffers.
    struct Slot {
        uint32_t first = 0;
        uint32_t count = 0;
        uint64_t generation = 0;    // of the TPipe; 0: never initialised
        uint32_t turn = 0;          // which buffer AllocTensor looks at next
        std::deque<int32_t> queued; // indices of buffers
    };

    Buffer &buffer(uint32_t index) { return buffers_[index]; }

    // Whether it was initialised by this TPipe, since the last Reset.
    bool holds(const Slot &slot) const { return slot.count != 0 && slot.generation == generation_; }

    template <typename T>
    LocalTensor<T> tensor(uint32_t index, uint32_t offset_bytes, uint32_t bytes) const
    {
        const Buffer &buffer = buffers_[index];
        const ascendc_sim::LocalView view{buffer.address + offset_bytes, buffer.address, buffer.address + buffer.bytes,
                                          true};
        return LocalTensor<T>(view, bytes / static_cast<uint32_t>(sizeof(T)), buffer.position,
                              static_cast<int32_t>(index));
    }

    // The flag of FreeTensor is awaited as late as that: by who needs the buffer again, not by who gave it back.
    void wait_freed(Buffer &buffer, const char *name, Site site)
    {
        if (buffer.freed >= 0) {
            auto &core = ascendc_sim::Core::current();
            const auto event = sim_event(buffer.events.freed);
            core.wait_flag(event, buffer.freed, name, site);
            // Set again by the next FreeTensor, with the same id.
            if (buffer.keeps_flags) {
                return;
            }
            // The id past the others was given when none was free, and is nobody's to give back.
            if (buffer.freed < ascendc_sim::kEventIds) {
                core.release_event_id(event, buffer.freed, name, site);
            }
            buffer.freed = -1;
        }
    }

private:
    // Of the program, never one twice: a queue may outlive its TPipe, and be used while there is another.
    static uint64_t next_generation()
    {
        static std::atomic<uint64_t> last{0};
        return ++last;
    }

    // The buffers of a queue of depth 0 begin free, by a flag.
    void keep_flags(const Slot &slot, Site site)
    {
        auto &core = ascendc_sim::Core::current();
        for (uint32_t i = slot.first; i < slot.first + slot.count; ++i) {
            Buffer &buffer = buffers_[i];
            buffer.keeps_flags = true;
            buffer.filled = core.hold_event_id(sim_event(buffer.events.filled), "InitBuffer", site);
            buffer.freed = core.hold_event_id(sim_event(buffer.events.freed), "InitBuffer", site);
            buffer.freed_site = site;
            core.set_flag(sim_event(buffer.events.freed), buffer.freed, "InitBuffer", site);
        }
    }

    // Documented (InitBuffer, TQue), and counted by nothing on a device.
    static constexpr uint32_t kMostBuffers = 64;
    static constexpr uint32_t kMostOnPosition = 8; // each may hold an event id

    void init(Slot &slot, uint32_t num, uint32_t len, TPosition position, QueueEvents events, bool queue, Site site)
    {
        auto &core = ascendc_sim::Core::current();
        const auto report = [&](Kind kind, uint64_t value, uint64_t limit) {
            core.report_call(kind, "InitBuffer", site, ascendc_sim::kS, value, limit);
        };
        if (!live_) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME, 0, 0);
            throw ascendc_sim::Stop{};
        }
        // Nothing is given back: a kernel that does so in a loop runs out of UB, and of event ids (TQue).
        if (holds(slot)) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_INIT_AGAIN, 0, 0);
        }
        if (num == 0) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_EMPTY_BUFFER, num, len);
            throw ascendc_sim::Stop{};
        }
        const uint64_t bytes =
            (uint64_t{len} + ascendc_sim::kBlockBytes - 1) / ascendc_sim::kBlockBytes * ascendc_sim::kBlockBytes;
        const uint64_t total = used_bytes_ + num * bytes;
        if (total > ascendc_sim::kUbUsable) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_UB_BUDGET, total, ascendc_sim::kUbUsable);
        }
        // UB's addresses have 32 bits here. Up to there buffers beyond UB exist, until they are used.
        if (total > UINT32_MAX) {
            throw ascendc_sim::Stop{};
        }
        slot = {static_cast<uint32_t>(buffers_.size()), num, generation_, 0, {}};
        for (uint32_t i = 0; i < num; ++i) {
            buffers_.push_back({used_bytes_, static_cast<uint32_t>(bytes), position, events, queue});
            used_bytes_ += static_cast<uint32_t>(bytes);
        }
        core.counters.ub_bytes = std::max<uint64_t>(core.counters.ub_bytes, used_bytes_);
        if (buffers_.size() > kMostBuffers) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_BUFFERS, buffers_.size(), kMostBuffers);
        }
        const auto on_position = std::count_if(buffers_.begin(), buffers_.end(),
                                               [&](const Buffer &b) { return b.queue && b.position == position; });
        if (queue && on_position > kMostOnPosition) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_POSITION_BUFFERS, static_cast<uint64_t>(on_position), kMostOnPosition);
        }
    }

    using Kind = ascendc_sim::Kind;

    std::vector<Buffer> buffers_;
    uint32_t used_bytes_ = 0;
    uint64_t generation_ = next_generation();
    bool live_ = false;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC

inline namespace ASCENDC_SIM_ARCH {

// The live TPipe. Kernels that have none cannot go on.
inline AscendC::TPipe *GetTPipePtr(ascendc_sim::Site site = ascendc_sim::Site::here())
{
    auto &core = ascendc_sim::Core::current();
    if (core.pipe == nullptr) {
        core.report_call(ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME, "GetTPipePtr", site, ascendc_sim::kS);
        throw ascendc_sim::Stop{};
    }
    return core.pipe;
}

} // namespace ASCENDC_SIM_ARCH
