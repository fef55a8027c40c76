// TQue, TQueBind and TBuf: the buffers of a TPipe as kernels use them.
#pragma once

#include "pipe.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

namespace sim {

// The TPipe that a queue or TBuf has its memory from; without one the core is stopped.
inline TPipe &initialised(const TPipe::Slot &slot, const char *name, Site site)
{
    auto &core = ascendc_sim::Core::current();
    if (core.pipe == nullptr || !core.pipe->holds(slot)) {
        core.report_call(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, name, site, ascendc_sim::kS);
        throw ascendc_sim::Stop{};
    }
    return *core.pipe;
}

} // namespace sim

// A queue of `depth` tensors between the pipe that fills them and the pipe that drains them. One of depth 0 has no
// order: the kernel keeps its tensors itself, and their flags keep their ids.
template <TPosition source, TPosition target, int32_t depth, auto mask = 0>
class TQueBind {
    static_assert((source == TPosition::GM || sim::vector_position(source)) &&
                      (target == TPosition::GM || sim::vector_position(target)) &&
                      !(source == TPosition::GM && target == TPosition::GM),
                  "ascendc/sim: a queue position that vector cores do not have");
    static_assert(depth >= 0, "ascendc/sim: a queue of negative depth");

public:
    template <typename T>
    LocalTensor<T> AllocTensor(Site site = Site::here())
    {
        static_assert(kQueues<T>, "ascendc/sim: a queue of depth 0 has AllocTensor(tensor)");
        return alloc<T>(site);
    }

    template <typename T>
    void AllocTensor(LocalTensor<T> &tensor, Site site = Site::here())
    {
        static_assert(!kQueues<T>, "ascendc/sim: AllocTensor(tensor) is for queues of depth 0");
        tensor = alloc<T>(site);
    }

    // The flag behind all that the source pipe was given so far, not behind what concerns the tensor.
    template <typename T>
    bool EnQue(const LocalTensor<T> &tensor, Site site = Site::here())
    {
        return enqueue(tensor, kEvents.filled, site);
    }

    // From and to positions of the kernel's choice: of a tensor that passes several pipes. DeQue must say the same.
    template <TPosition from, TPosition to, typename T>
    bool EnQue(const LocalTensor<T> &tensor, Site site = Site::here())
    {
        static_assert(depth != 0, "ascendc/sim: a queue of depth 0 has no EnQue between positions");
        return enqueue(tensor, passed<from, to>(), site);
    }

    template <typename T>
    LocalTensor<T> DeQue(Site site = Site::here())
    {
        static_assert(kQueues<T>, "ascendc/sim: a queue of depth 0 has DeQue(tensor)");
        return dequeue<T>(kEvents.filled, site);
    }

    template <TPosition from, TPosition to, typename T>
    LocalTensor<T> DeQue(Site site = Site::here())
    {
        static_assert(kQueues<T>, "ascendc/sim: a queue of depth 0 has DeQue(tensor)");
        return dequeue<T>(passed<from, to>(), site);
    }

    template <typename T>
    void DeQue(LocalTensor<T> &tensor, Site site = Site::here())
    {
        static_assert(!kQueues<T>, "ascendc/sim: DeQue(tensor) is for queues of depth 0");
        TPipe &pipe = sim::initialised(slot_, "DeQue", site);
        if (!owns(tensor, pipe)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "DeQue", site, 0);
            return;
        }
        const TPipe::Buffer &buffer = pipe.buffer(static_cast<uint32_t>(tensor.sim_owner()));
        ascendc_sim::Core::current().wait_flag(sim_event(buffer.events.filled), buffer.filled, "DeQue", site);
    }

    // It sets a flag and waits for nothing; AllocTensor does when the buffer's turn comes.
    template <typename T>
    void FreeTensor(LocalTensor<T> &tensor, Site site = Site::here())
    {
        TPipe &pipe = sim::initialised(slot_, "FreeTensor", site);
        if (!owns(tensor, pipe)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "FreeTensor", site, 0);
            return;
        }
        TPipe::Buffer &buffer = pipe.buffer(static_cast<uint32_t>(tensor.sim_owner()));
        auto &core = ascendc_sim::Core::current();
        const auto event = sim_event(buffer.events.freed);
        if (!buffer.keeps_flags) {
            buffer.freed = core.hold_event_id(event, "FreeTensor", site);
        }
        buffer.freed_site = site;
        core.set_flag(event, buffer.freed, "FreeTensor", site);
        buffer.busy = false;
    }

    // Whether EnQue has room, DeQue finds something, AllocTensor finds a buffer.
    bool VacantInQue() { return GetTensorCountInQue() < depth; }
    bool HasTensorInQue() { return GetTensorCountInQue() > 0; }
    bool HasIdleBuffer(Site site = Site::here())
    {
        static_assert(depth != 0, "ascendc/sim: a queue of depth 0 has no HasIdleBuffer");
        TPipe &pipe = sim::initialised(slot_, "HasIdleBuffer", site);
        bool idle = false;
        each_buffer(pipe, [&](TPipe::Buffer &buffer) { idle = idle || !buffer.busy; });
        return idle;
    }
    int32_t GetTensorCountInQue()
    {
        static_assert(depth != 0, "ascendc/sim: a queue of depth 0 counts nothing");
        return static_cast<int32_t>(slot_.queued.size());
    }

    // Waits until every freed buffer is free.
    void FreeAllEvent(Site site = Site::here())
    {
        static_assert(depth != 0, "ascendc/sim: a queue of depth 0 has no FreeAllEvent");
        TPipe &pipe = sim::initialised(slot_, "FreeAllEvent", site);
        each_buffer(pipe, [&](TPipe::Buffer &buffer) { pipe.wait_freed(buffer, "FreeAllEvent", site); });
    }

protected:
    static constexpr TPosition srcPosition = source;
    static constexpr TPosition dstPosition = target;
    static constexpr int32_t queDepth = depth;

private:
    friend class TPipe;

    template <typename T> // asserted when a call is compiled, not the class
    static constexpr bool kQueues = depth != 0;

    static constexpr QueueEvents kEvents = queue_events(source, target);

    // What orders a step of the kernel's choice: within UB V's barrier, which is no flag.
    template <TPosition from, TPosition to>
    static constexpr HardEvent passed()
    {
        static_assert((from == TPosition::GM || sim::vector_position(from)) &&
                          (to == TPosition::GM || sim::vector_position(to)) &&
                          !(from == TPosition::GM && to == TPosition::GM),
                      "ascendc/sim: positions that a queue of a vector core does not have");
        const bool within = from != TPosition::GM && to != TPosition::GM;
        return within ? HardEvent::V_V : queue_events(from, to).filled;
    }

    template <typename T>
    bool enqueue(const LocalTensor<T> &tensor, HardEvent by, Site site)
    {
        TPipe &pipe = sim::initialised(slot_, "EnQue", site);
        if (!owns(tensor, pipe)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "EnQue", site, 0);
            return false;
        }
        TPipe::Buffer &buffer = pipe.buffer(static_cast<uint32_t>(tensor.sim_owner()));
        auto &core = ascendc_sim::Core::current();
        if constexpr (depth == 0) {
            core.set_flag(sim_event(by), buffer.filled, "EnQue", site);
            return true;
        }
        // Reported and done: on a device nothing but a debug build counts them.
        if (slot_.queued.size() >= static_cast<size_t>(depth)) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_FULL, "EnQue", site, static_cast<uint64_t>(depth));
        }
        // A barrier has no id to keep; 0 only says that the buffer is filled.
        if (by == HardEvent::V_V) {
            core.barrier(ascendc_sim::kV);
            buffer.filled = 0;
        } else {
            buffer.filled = core.hold_event_id(sim_event(by), "EnQue", site);
            core.set_flag(sim_event(by), buffer.filled, "EnQue", site);
        }
        slot_.queued.push_back(tensor.sim_owner());
        return true;
    }

    template <typename T>
    LocalTensor<T> dequeue(HardEvent by, Site site)
    {
        TPipe &pipe = sim::initialised(slot_, "DeQue", site);
        // Some tensor has to be given, so that whatever else is wrong with the kernel is found, too.
        if (slot_.queued.empty()) {
            report(ASCEND_CACHE_LOC_SIM_QUEUE_EMPTY, "DeQue", site, 0);
            return pipe.tensor<T>(slot_.first, 0, pipe.buffer(slot_.first).bytes);
        }
        const auto index = static_cast<uint32_t>(slot_.queued.front());
        slot_.queued.pop_front();
        TPipe::Buffer &buffer = pipe.buffer(index);
        auto &core = ascendc_sim::Core::current();
        if (by != HardEvent::V_V && buffer.filled >= 0) {
            core.wait_flag(sim_event(by), buffer.filled, "DeQue", site);
            if (buffer.filled < ascendc_sim::kEventIds) {
                core.release_event_id(sim_event(by), buffer.filled, "DeQue", site);
            }
        }
        buffer.filled = -1;
        return pipe.tensor<T>(index, 0, buffer.bytes);
    }

    // In turn, as the library's cursor goes round, not the first that is free: with two buffers a kernel works on one
    // while the other is on its way.
    template <typename T>
    LocalTensor<T> alloc(Site site)
    {
        TPipe &pipe = sim::initialised(slot_, "AllocTensor", site);
        for (uint32_t looked = 0; looked < slot_.count; ++looked) {
            const uint32_t index = slot_.first + slot_.turn;
            slot_.turn = (slot_.turn + 1) % slot_.count;
            TPipe::Buffer &buffer = pipe.buffer(index);
            if (!buffer.busy) {
                buffer.busy = true;
                pipe.wait_freed(buffer, "AllocTensor", site);
                // What the last user left there is nobody's data any more.
                ascendc_sim::Core::current().ub.mark(buffer.address, buffer.bytes, false);
                return pipe.tensor<T>(index, 0, buffer.bytes);
            }
        }
        // The device looks for a free one for ever.
        report(ASCEND_CACHE_LOC_SIM_QUEUE_NO_BUFFER, "AllocTensor", site, slot_.count);
        throw ascendc_sim::Stop{};
    }

    template <typename F>
    void each_buffer(TPipe &pipe, F f) const
    {
        for (uint32_t i = slot_.first; i < slot_.first + slot_.count; ++i) {
            f(pipe.buffer(i));
        }
    }

    // Given by this queue and not yet freed.
    // Views of it are it: they keep the index.
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

    // Made void by the TPipe, see TPipe::generation_; the queue itself keeps no memory.
    TPipe::Slot slot_;
};

// A queue at one position: VECIN is filled from GM, VECOUT drained to GM. There is none at VECCALC.
template <TPosition position, int32_t depth, auto mask = 0>
class TQue : public TQueBind<position == TPosition::VECOUT ? position : TPosition::GM,
                             position == TPosition::VECOUT ? TPosition::GM : position, depth, mask> {
    static_assert(position == TPosition::VECIN || position == TPosition::VECOUT,
                  "ascendc/sim: a queue position that vector cores do not have");
    friend class TPipe;
};

// A piece of UB without any synchronisation.
template <TPosition position = TPosition::LCM>
class TBuf {
    static_assert(sim::vector_position(position), "ascendc/sim: a buffer position that vector cores do not have");

public:
    template <typename T>
    LocalTensor<T> Get(Site site = Site::here())
    {
        TPipe &pipe = sim::initialised(slot_, "TBuf::Get", site);
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
        TPipe &pipe = sim::initialised(slot_, "TBuf::Get", site);
        return pipe.tensor<T>(slot_.first, bufOffset, size * static_cast<uint32_t>(sizeof(T)));
    }

private:
    friend class TPipe;

    TPipe::Slot slot_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
