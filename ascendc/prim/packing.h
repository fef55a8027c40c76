// From where slots landed to the output: gaps closed, widened, stored.
//
// Slots come into UB in pieces, each at the begin of a 32-byte block, since UB addresses must be; the output wants them
// end to end. One GatherMask closes all gaps of a tile: a pattern of one bit an element says which ones count, and those
// come out in their order. For an int64 output a Cast widens them, by sign extension, so that -1 stays -1, half a tile at a time:
// V widens the one half while MTE3 stores the other.
//
// Contract: `landing` begins at a block and MTE2 was the last to fill it, or another pipe that MTE2 and MTE3 are ordered
// after; a tile has at most as many elements as there is room for. When Store returns, landing may be filled again by
// whoever waits for MTE3 (or is V itself): the copy out is queued, and V has read landing before it.
//
// UB, for `most` elements: 4 bytes each, and 8 more for an int64 output. Pipes: V packs and widens, MTE3 stores. Flags that stay
// up from one store to the next, between Begin and Finish: MTE3_V, one, or one a half.
#pragma once

#include "dma.h"
#include "split.h"

namespace cache_loc {

template <typename O>
class Packing {
public:
    // For an output at an address, in tiles of at most so many elements.
    __aicore__ inline Packing(TPipe &pipe, uint64_t out, uint32_t most) : out_(Global<O>(out)), half_(most / 2)
    {
        pipe.InitBuffer(packed_buffer_, most * sizeof(int32_t));
        packed_ = packed_buffer_.template Get<int32_t>();
        if constexpr (sizeof(O) == 8) {
            pipe.InitBuffer(widened_buffer_, most * sizeof(O));
            widened_ = widened_buffer_.template Get<O>();
        }
    }

    __aicore__ inline void Begin()
    {
        for (TEventID &stored : stored_) {
            stored = GetTPipePtr()->AllocEventID<HardEvent::MTE3_V>();
        }
    }

    // The first `count` elements of landing, which has no gaps, to `position` of the output.
    __aicore__ inline void Store(uint64_t position, const LocalTensor<int32_t> &landing, uint32_t count)
    {
        if constexpr (sizeof(O) == 4) {
            Order<HardEvent::MTE2_MTE3>(); // MTE2 has filled landing before MTE3 stores it
            CopyOut(out_[position], landing, count);
        } else {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled landing before V reads it
            StoreTight(position, landing, count);
        }
    }

    // The elements of landing's first `landed` ones that the pattern has a bit for, `count` in all.
    __aicore__ inline void Store(uint64_t position, const LocalTensor<int32_t> &landing, uint32_t landed,
                                 const LocalTensor<uint32_t> &pattern, uint32_t count)
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled landing before V reads it
        if constexpr (sizeof(O) == 4) {
            Await(); // packed_ is what MTE3 stores
        } else {
            PipeBarrier<PIPE_V>(); // V has widened packed_ before it packs the next tile there
        }
        uint64_t kept = 0;
        GatherMask(packed_, landing, pattern, true, landed, {1, 1, 8, 8}, kept);
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read, landing read before V fills it again
        StoreTight(position, packed_, count);
    }

    __aicore__ inline void Finish()
    {
        for (turn_ = 0; turn_ < kTurns; ++turn_) {
            Await(); // nothing else waits for the last stores
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_V>(stored_[turn_]);
        }
    }

private:
    static constexpr uint32_t kTurns = sizeof(O) / 4; // int64 is widened a half at a time, while MTE3 stores the other

    // V may write packed_, or the half of widened_ whose turn it is.
    __aicore__ inline void Await()
    {
        if (busy_[turn_]) {
            WaitFlag<HardEvent::MTE3_V>(stored_[turn_]); // MTE3 has stored packed_, or the half, before V writes it again
        }
        busy_[turn_] = false;
    }

    __aicore__ inline void StoreTight(uint64_t position, const LocalTensor<int32_t> &tight, uint32_t count)
    {
        if constexpr (sizeof(O) == 4) {
            StoreMade(position, tight, count);
        } else {
            for (uint32_t at = 0; at < count; at += half_) {
                const auto n = static_cast<uint32_t>(Min(half_, count - at));
                const LocalTensor<O> half = widened_[turn_ * half_];
                Await();
                Cast(half, tight[at], RoundMode::CAST_NONE, n);
                StoreMade(position + at, half, n);
                turn_ ^= 1;
            }
        }
    }

    __aicore__ inline void StoreMade(uint64_t position, const LocalTensor<O> &made, uint32_t count)
    {
        Order<HardEvent::V_MTE3>(); // V has made what MTE3 stores
        CopyOut(out_[position], made, count);
        SetFlag<HardEvent::MTE3_V>(stored_[turn_]); // MTE3 has stored it before V writes the next one there
        busy_[turn_] = true;
    }

    GlobalTensor<O> out_;
    TBuf<TPosition::VECCALC> packed_buffer_, widened_buffer_;
    LocalTensor<int32_t> packed_;
    LocalTensor<O> widened_;
    uint32_t half_;                // elements of half of it
    uint32_t turn_ = 0;            // of the halves
    TEventID stored_[kTurns] = {}; // MTE3_V, up while busy_
    bool busy_[kTurns] = {};
};

} // namespace cache_loc
