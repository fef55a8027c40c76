// From where slots landed to the output: gaps closed, widened, stored in one copy.
//
// Slots come into UB in pieces, each at the begin of a 32-byte block, since UB addresses must be; the output wants them
// end to end. One GatherMask closes all gaps of a tile: a pattern of one bit an element says which ones count, and those
// come out in their order. For an int64 output one Cast widens them, by sign extension, so that -1 stays -1.
//
// Contract: `landing` begins at a block and MTE2 was the last to fill it, or another pipe that MTE2 and MTE3 are ordered
// after; a tile has at most as many elements as there is room for. When Store returns, landing may be filled again by
// whoever waits for MTE3 (or is V itself): the copy out is queued, and V has read landing before it.
//
// UB, for `most` elements: 4 bytes each, and 8 more for an int64 output. Pipes: V packs and widens, MTE3 stores. One flag
// MTE3_V stays up from one store to the next, between Begin and Finish.
#pragma once

#include "dma.h"

namespace cache_loc {

template <typename O>
class Packing {
public:
    // For an output at an address, in tiles of at most so many elements.
    __aicore__ inline Packing(TPipe &pipe, uint64_t out, uint32_t most) : out_(Global<O>(out))
    {
        pipe.InitBuffer(packed_buffer_, most * sizeof(int32_t));
        packed_ = packed_buffer_.template Get<int32_t>();
        if constexpr (sizeof(O) == 8) {
            pipe.InitBuffer(widened_buffer_, most * sizeof(O));
            widened_ = widened_buffer_.template Get<O>();
        }
    }

    __aicore__ inline void Begin() { stored_ = GetTPipePtr()->AllocEventID<HardEvent::MTE3_V>(); }

    // The first `count` elements of landing, which has no gaps, to `position` of the output.
    __aicore__ inline void Store(uint64_t position, const LocalTensor<int32_t> &landing, uint32_t count)
    {
        if constexpr (sizeof(O) == 4) {
            Order<HardEvent::MTE2_MTE3>(); // MTE2 has filled landing before MTE3 stores it
            CopyOut(out_[position], landing, count);
        } else {
            Await();
            StoreTight(position, landing, count);
        }
    }

    // The elements of landing's first `landed` ones that the pattern has a bit for, `count` in all.
    __aicore__ inline void Store(uint64_t position, const LocalTensor<int32_t> &landing, uint32_t landed,
                                 const LocalTensor<uint32_t> &pattern, uint32_t count)
    {
        Await();
        uint64_t kept = 0;
        GatherMask(packed_, landing, pattern, true, landed, {1, 1, 8, 8}, kept);
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read, landing read before V fills it again
        StoreTight(position, packed_, count);
    }

    __aicore__ inline void Finish()
    {
        if (busy_) {
            WaitFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored packed_ or widened_; none but Await waits for it
        }
        GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_V>(stored_);
    }

private:
    // V may read landing, and write packed_ and widened_.
    __aicore__ inline void Await()
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled landing before V reads it
        if (busy_) {
            WaitFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored packed_ or widened_ before V writes it
        }
        busy_ = true;
    }

    __aicore__ inline void StoreTight(uint64_t position, const LocalTensor<int32_t> &tight, uint32_t count)
    {
        if constexpr (sizeof(O) == 8) {
            Cast(widened_, tight, RoundMode::CAST_NONE, count);
        } else {
            widened_ = tight;
        }
        Order<HardEvent::V_MTE3>(); // V has made widened_ (or packed_, for int32) before MTE3 stores it
        CopyOut(out_[position], widened_, count);
        SetFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored it before V writes the next one
    }

    GlobalTensor<O> out_;
    TBuf<TPosition::VECCALC> packed_buffer_, widened_buffer_;
    LocalTensor<int32_t> packed_;
    LocalTensor<O> widened_;
    TEventID stored_ = 0; // MTE3_V, up while busy_
    bool busy_ = false;
};

} // namespace cache_loc
