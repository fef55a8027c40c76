// What a map in GM has for each slot of a tile, one after another: int32 or int64.
//
// Each value is a copy of its own and lands in a 32-byte block; -1 stands where there was none. Then one GatherMask packs
// them, and a Cast narrows them to int32: one past it becomes the greatest int32, and whether there is such a one V finds by
// a comparison, so that S looks at values only where there is.
//
// Contract: for each tile Open, then Load for any of its places in any order, then Pack, once each; Get after Pack. The map
// is read inside its length alone.
//
// UB, for `most` slots: 33 bytes each; for int64 8 more, and a bit. Pipes: S walks, MTE2 fills, V packs.
#pragma once

#include "dma.h"
#include "int32.h"

namespace cache_loc {

// The pattern by which GatherMask takes from each block of `step` int32, a power of two up to 32, what `taken` has bits for.
// Whoever reads it in V has waited for MTE2, which has waited for V, since.
__aicore__ inline void FillPattern(const LocalTensor<uint32_t> &pattern, uint32_t step, uint32_t taken,
                                   uint32_t elements)
{
    uint32_t word = 0;
    for (uint32_t bit = 0; bit < 32; bit += step) {
        word |= taken << bit;
    }
    Duplicate(pattern, word, static_cast<int32_t>(elements / 32));
}

template <typename S>
class SlotMap {
public:
    // Of so many slots, in tiles of up to `most`, a multiple of 64.
    __aicore__ inline SlotMap(TPipe &pipe, uint64_t map, uint64_t length, uint32_t most)
        : length(length), map_(Global<S>(map)), most_(most)
    {
        pipe.InitBuffer(landing_buffer_, most * kBlockBytes);
        pipe.InitBuffer(pattern_buffer_, most * kInts / 8);
        landing_ = landing_buffer_.template Get<int32_t>();
        pattern_ = pattern_buffer_.template Get<uint32_t>();
        if constexpr (sizeof(S) == 8) {
            pipe.InitBuffer(wide_buffer_, most * sizeof(S));
            pipe.InitBuffer(bits_buffer_, most / 8);
            wide_ = wide_buffer_.template Get<int32_t>();
        }
    }

    // Once, before the first tile.
    __aicore__ inline void Begin()
    {
        SaturateCasts();
        FillPattern(pattern_, kInts, sizeof(S) == 8 ? 3 : 1, most_ * kInts);
    }

    // All of a tile's places have -1. V is ordered after whoever filled or read the last one.
    __aicore__ inline void Open()
    {
        Duplicate(landing_, -1, static_cast<int32_t>(most_ * kInts));
        Order<HardEvent::V_MTE2>(); // V has set landing_ before MTE2 fills it
    }

    // Place i has what the map has for a slot from 0 on; false where that is past the map's end.
    __aicore__ inline bool Load(uint32_t i, int64_t slot)
    {
        if (static_cast<uint64_t>(slot) >= length) {
            return false;
        }
        CopyIn(landing_[i * kInts].template ReinterpretCast<S>(), map_[static_cast<uint64_t>(slot)], 1);
        return true;
    }

    // The first `count` as int32, the nearest where they are not; whether some may be past the greatest.
    __aicore__ inline bool Pack(const LocalTensor<int32_t> &packed, uint32_t count)
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled landing_ before V reads it
        uint64_t kept = 0;
        if constexpr (sizeof(S) == 4) {
            GatherMask(packed, landing_, pattern_, true, count * kInts, {1, 1, 8, 8}, kept);
            PipeBarrier<PIPE_V>(); // packed is written before it is read
            return false;
        } else {
            const uint32_t lanes = (count + kLanes - 1) / kLanes;
            GatherMask(wide_, landing_, pattern_, true, lanes * kLanes * kInts, {1, 1, 8, 8}, kept);
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            Cast(packed, wide_.template ReinterpretCast<S>(), RoundMode::CAST_NONE, lanes * kLanes);
            PipeBarrier<PIPE_V>();
            const LocalTensor<uint8_t> bits = bits_buffer_.template Get<uint8_t>();
            CompareScalar(bits, packed, kGreatest, CMPMODE::EQ, lanes * kLanes);
            Order<HardEvent::V_S>(); // V has made the bits before S reads them
            const LocalTensor<int64_t> words = bits.template ReinterpretCast<int64_t>();
            bool past = false;
            for (uint32_t i = 0; i < lanes; ++i) {
                past = past || words.GetValue(i) != 0;
            }
            Order<HardEvent::S_V>(); // S has read the bits before V makes others
            return past;
        }
    }

    // What place i has, for S, which is ordered after V's packing.
    __aicore__ inline int64_t Get(uint32_t i) const
    {
        return landing_[i * kInts].template ReinterpretCast<S>().GetValue(0);
    }

    static constexpr int32_t kGreatest = 0x7fffffff;

    const uint64_t length;

private:
    static constexpr uint32_t kBlockBytes = 32;
    static constexpr uint32_t kInts = kBlockBytes / sizeof(int32_t);
    static constexpr uint32_t kLanes = 64; // elements that a comparison makes bits of

    GlobalTensor<S> map_;
    uint32_t most_;
    TBuf<TPosition::VECCALC> landing_buffer_, pattern_buffer_, wide_buffer_, bits_buffer_;
    LocalTensor<int32_t> landing_; // a block each, as words
    LocalTensor<uint32_t> pattern_;
    LocalTensor<int32_t> wide_; // for int64, as words
};

} // namespace cache_loc
