// TPipe, TQue, TQueBind, TBuf: who owns which part of UB, and the flags that queues set and await by themselves.
#pragma once

#include <algorithm>
#include <deque>
#include <exception>
#include <vector>

#include "sync.h"
#include "tensor.h"

namespace AscendC {

// The flags of a queue from `source` to `target`: filled, set by EnQue and awaited by DeQue, and freed, set by
// FreeTensor and awaited by AllocTensor.
struct QueueEvents {
    HardEvent filled;
    HardEvent freed;
};

constexpr QueueEvents queue_events(TPosition source, TPosition target)
{
    if (source == TPosition::VECIN && target == TPosition::VECOUT) {
        return {HardEvent::MTE2_MTE3, HardEvent::MTE3_MTE2};
    }
    if (source == TPosition::VECCALC) {
        return {HardEvent::V_V, HardEvent::V_V};
    }
    if (source == TPosition::VECOUT) {
        return {HardEvent::V_MTE3, HardEvent::MTE3_V};
    }
    return {HardEvent::MTE2_V, HardEvent::V_MTE2};
}

template <TPosition position>
class TBuf;

// Owns UB: hands it out in order, never twice until Reset.
class TPipe {
public:
    explicit TPipe(Site site = Site::here()) { Init(site); }
    TPipe(const TPipe &) = delete;
    TPipe &operator=(const TPipe &) = delete;

    ~TPipe()
    {
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
        for (Buffer &buffer : buffers_) {
            wait_freed(buffer, "TPipe", buffer.freed_site);
        }
        buffers_.clear();
        used_bytes_ = 0;
        ++generation_;
    }

    template <typename Queue>
    bool InitBuffer(Queue &queue, uint8_t num, uint32_t len, Site site = Site::here())
    {
        init(queue.sim_slot(), num, len, Queue::srcPosition, queue_events(Queue::srcPosition, Queue::dstPosition), true,
             site);
        return true;
    }

    template <TPosition position>
    bool InitBuffer(TBuf<position> &buffer, uint32_t len, Site site = Site::here())
    {
        init(buffer.sim_slot(), 1, len, position, {}, false, site);
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
        bool busy = false;   // between AllocTensor and FreeTensor
        int32_t filled = -1; // id of the flag that EnQue set
        int32_t freed = -1;  // id of the flag that FreeTensor set
        Site freed_site{};
    };

    // A queue's or TBuf's place among the buffers.
    struct Slot {
        uint32_t first = 0;
        uint32_t count = 0;
        uint32_t generation = 0; // of the TPipe; 0: never initialised
    };

    Buffer &buffer(uint32_t index) { return buffers_[index]; }

    bool holds(const Slot &slot) const { return slot.count != 0 && slot.generation == generation_; }

    template <typename T>
    LocalTensor<T> tensor(uint32_t index, uint32_t offset_bytes, uint32_t bytes) const
    {
        const Buffer &buffer = buffers_[index];
        const ascendc_sim::LocalView view{buffer.address + offset_bytes, buffer.address, buffer.address + buffer.bytes};
        return LocalTensor<T>(view, bytes / static_cast<uint32_t>(sizeof(T)), buffer.position,
                              static_cast<int32_t>(index));
    }

    void wait_freed(Buffer &buffer, const char *name, Site site)
    {
        if (buffer.freed >= 0) {
            auto &core = ascendc_sim::Core::current();
            const auto event = sim_event(buffer.events.freed);
            core.wait_flag(event, buffer.freed, name, site);
            if (buffer.freed < ascendc_sim::kEventIds) {
                core.release_event_id(event, buffer.freed, name, site);
            }
            buffer.freed = -1;
        }
    }

private:
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
        if (holds(slot)) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_INIT_AGAIN, 0, 0);
        }
        if (num == 0 || len == 0) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_EMPTY_BUFFER, num, len);
            throw ascendc_sim::Stop{};
        }
        const uint64_t bytes =
            (uint64_t{len} + ascendc_sim::kBlockBytes - 1) / ascendc_sim::kBlockBytes * ascendc_sim::kBlockBytes;
        const uint64_t total = used_bytes_ + num * bytes;
        if (total > ascendc_sim::kUbUsable) {
            report(ASCEND_CACHE_LOC_SIM_PIPE_UB_BUDGET, total, ascendc_sim::kUbUsable);
            throw ascendc_sim::Stop{};
        }
        slot = {static_cast<uint32_t>(buffers_.size()), num, generation_};
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
    uint32_t generation_ = 1;
    bool live_ = false;
};

// The live TPipe. Kernels that have none cannot go on.
inline TPipe *GetTPipePtr(Site site = Site::here())
{
    auto &core = ascendc_sim::Core::current();
    if (core.pipe == nullptr) {
        core.report_call(ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME, "GetTPipePtr", site, ascendc_sim::kS);
        throw ascendc_sim::Stop{};
    }
    return core.pipe;
}

// A queue of `depth` tensors between the pipe that fills them and the pipe that drains them.
template <TPosition source, TPosition target, int32_t depth, auto mask = 0>
class TQueBind {
    static_assert((source == TPosition::VECIN || source == TPosition::VECCALC || source == TPosition::VECOUT) &&
                      (target == TPosition::VECIN || target == TPosition::VECCALC || target == TPosition::VECOUT ||
                       target == TPosition::GM),
                  "ascendc/sim: a queue position that vector cores do not have");
    static_assert(depth > 0, "ascendc/sim: a queue of depth 0 is for the in-place calls, which are not covered");

public:
    static constexpr TPosition srcPosition = source;
    static constexpr TPosition dstPosition = target;

    template <typename T>
    LocalTensor<T> AllocTensor(Site site = Site::here())
    {
        TPipe &pipe = initialised("AllocTensor", site);
        for (uint32_t i = slot_.first; i < slot_.first + slot_.count; ++i) {
            TPipe::Buffer &buffer = pipe.buffer(i);
            if (!buffer.busy) {
                buffer.busy = true;
                pipe.wait_freed(buffer, "AllocTensor", site);
                // What the last user left there is nobody's data any more.
                ascendc_sim::Core::current().ub.mark(buffer.address, buffer.bytes, false);
                return pipe.tensor<T>(i, 0, buffer.bytes);
            }
        }
        // The device takes a buffer that is in use.
        report(ASCEND_CACHE_LOC_SIM_QUEUE_NO_BUFFER, "AllocTensor", site, slot_.count);
        return pipe.tensor<T>(slot_.first, 0, pipe.buffer(slot_.first).bytes);
    }

    template <typename T>
    bool EnQue(const LocalTensor<T> &tensor, Site site = Site::here())
    {
        TPipe &pipe = initialised("EnQue", site);
        if (!owns(tensor, pipe)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "EnQue", site, 0);
            return false;
        }
        if (queued_.size() >= static_cast<size_t>(depth)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FULL, "EnQue", site, static_cast<uint64_t>(depth));
        }
        TPipe::Buffer &buffer = pipe.buffer(static_cast<uint32_t>(tensor.sim_owner()));
        auto &core = ascendc_sim::Core::current();
        const auto event = sim_event(buffer.events.filled);
        buffer.filled = core.hold_event_id(event, "EnQue", site);
        core.set_flag(event, buffer.filled, "EnQue", site);
        queued_.push_back(tensor.sim_owner());
        return true;
    }

    template <typename T>
    LocalTensor<T> DeQue(Site site = Site::here())
    {
        TPipe &pipe = initialised("DeQue", site);
        if (queued_.empty()) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_EMPTY, "DeQue", site, 0);
            return pipe.tensor<T>(slot_.first, 0, pipe.buffer(slot_.first).bytes);
        }
        const auto index = static_cast<uint32_t>(queued_.front());
        queued_.pop_front();
        TPipe::Buffer &buffer = pipe.buffer(index);
        auto &core = ascendc_sim::Core::current();
        const auto event = sim_event(buffer.events.filled);
        core.wait_flag(event, buffer.filled, "DeQue", site);
        if (buffer.filled < ascendc_sim::kEventIds) {
            core.release_event_id(event, buffer.filled, "DeQue", site);
        }
        buffer.filled = -1;
        return pipe.tensor<T>(index, 0, buffer.bytes);
    }

    template <typename T>
    void FreeTensor(const LocalTensor<T> &tensor, Site site = Site::here())
    {
        TPipe &pipe = initialised("FreeTensor", site);
        if (!owns(tensor, pipe)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "FreeTensor", site, 0);
            return;
        }
        TPipe::Buffer &buffer = pipe.buffer(static_cast<uint32_t>(tensor.sim_owner()));
        auto &core = ascendc_sim::Core::current();
        const auto event = sim_event(buffer.events.freed);
        buffer.freed = core.hold_event_id(event, "FreeTensor", site);
        buffer.freed_site = site;
        core.set_flag(event, buffer.freed, "FreeTensor", site);
        buffer.busy = false;
    }

    TPipe::Slot &sim_slot() { return slot_; }

private:
    TPipe &initialised(const char *name, Site site)
    {
        TPipe *pipe = ascendc_sim::Core::current().pipe;
        if (pipe == nullptr || !pipe->holds(slot_)) {
            report(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, name, site, 0);
            throw ascendc_sim::Stop{};
        }
        return *pipe;
    }

    // Given by this queue and not yet freed.
    template <typename T>
    bool owns(const LocalTensor<T> &tensor, TPipe &pipe) const
    {
        const int64_t index = tensor.sim_owner();
        return index >= slot_.first && index < int64_t{slot_.first} + slot_.count &&
               pipe.buffer(static_cast<uint32_t>(index)).busy;
    }

    static void report(ascendc_sim::Kind kind, const char *name, Site site, uint64_t limit)
    {
        ascendc_sim::Core::current().report_call(kind, name, site, ascendc_sim::kS, 0, limit);
    }

    TPipe::Slot slot_;
    std::deque<int32_t> queued_; // buffer indices
};

template <TPosition position, int32_t depth, auto mask = 0>
using TQue = TQueBind<position, position == TPosition::VECOUT ? TPosition::GM : position, depth, mask>;

// A piece of UB without any synchronisation.
template <TPosition position = TPosition::VECCALC>
class TBuf {
    static_assert(position == TPosition::VECIN || position == TPosition::VECCALC || position == TPosition::VECOUT,
                  "ascendc/sim: a buffer position that vector cores do not have");

public:
    template <typename T>
    LocalTensor<T> Get(Site site = Site::here())
    {
        TPipe &pipe = initialised("TBuf::Get", site);
        return pipe.tensor<T>(slot_.first, 0, pipe.buffer(slot_.first).bytes);
    }

    template <typename T>
    LocalTensor<T> Get(uint32_t len, Site site = Site::here())
    {
        return GetWithOffset<T>(len, 0, site);
    }

    // `size` elements from byte `bufOffset` on.
    template <typename T>
    LocalTensor<T> GetWithOffset(uint32_t size, uint32_t bufOffset, Site site = Site::here())
    {
        TPipe &pipe = initialised("TBuf::Get", site);
        return pipe.tensor<T>(slot_.first, bufOffset, size * static_cast<uint32_t>(sizeof(T)));
    }

    TPipe::Slot &sim_slot() { return slot_; }

private:
    TPipe &initialised(const char *name, Site site)
    {
        auto &core = ascendc_sim::Core::current();
        if (core.pipe == nullptr || !core.pipe->holds(slot_)) {
            core.report_call(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, name, site, ascendc_sim::kS);
            throw ascendc_sim::Stop{};
        }
        return *core.pipe;
    }

    TPipe::Slot slot_;
};

} // namespace AscendC

using AscendC::GetTPipePtr; // kernels name it either way
