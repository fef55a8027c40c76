// Collects pieces of rows in UB and stores them end to end: what comes in ragged goes out in one copy a tile. A source
// says what a row is made of: entries of the table, or -1.
//
// Each piece lands on a 32-byte block of its own, as UB addresses must. Where a piece other than the last of a tile
// does not fill its blocks, one GatherMask closes the gaps: a pattern byte per block says which of its eight elements
// count. A tile without gaps (one long row, or rows of whole blocks) is stored from where it landed.
//
// Two landing areas take turns, so that a tile is copied in while the one before it is packed and stored.
#pragma once

#include "../../prim/split.h"
#include "params.h"

namespace cache_loc {

// Sources: Land puts elements `at`.. of the row's part into landing_, from the begin of a block on. The packer orders
// what MTE2 does there; a source that uses another pipe orders that itself.

// Entries of the table, from `from` on.
struct TableSlots {
    __aicore__ inline void Land(const LocalTensor<int32_t> &landing, uint64_t at, uint32_t count) const
    {
        CopyIn(landing, table[from + at], count);
    }

    const GlobalTensor<int32_t> &table;
    uint64_t from;
};

// -1: what a bad row has for slots.
struct NoSlots {
    __aicore__ inline void Land(const LocalTensor<int32_t> &landing, uint64_t, uint32_t count) const
    {
        Order<HardEvent::MTE2_V>(); // MTE3 has stored landing_, and MTE2 has waited for that, before V fills it again
        Duplicate(landing, -1, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>();      // landing_ is written before V packs it
        Order<HardEvent::V_MTE3>(); // V has written landing_ before MTE3 stores it
    }
};

template <typename O>
class Packer {
public:
    __aicore__ inline Packer(TPipe &pipe, uint64_t out, uint32_t tile) : out_(Global<O>(out)), blocks_(tile / kBlock)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_COPY_TILE_MAX;
        for (uint32_t i = 0; i < kSlots; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTile * sizeof(int32_t));
            pipe.InitBuffer(pattern_buffers_[i], kTile / kBlock);
            landing_[i] = landing_buffers_[i].template Get<int32_t>();
            pattern_[i] = pattern_buffers_[i].template Get<uint8_t>();
        }
        pipe.InitBuffer(packed_buffer_, kTile * sizeof(int32_t));
        packed_ = packed_buffer_.template Get<int32_t>();
        if constexpr (sizeof(O) == 8) {
            pipe.InitBuffer(widened_buffer_, kTile * sizeof(O));
            widened_ = widened_buffer_.template Get<O>();
        }
    }

    // `position` is where in `out` the first piece goes.
    __aicore__ inline void Begin(uint64_t position)
    {
        position_ = position;
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kSlots; ++i) {
            stored_[i] = pipe.AllocEventID<HardEvent::MTE3_MTE2>();
            filled_[i] = pipe.AllocEventID<HardEvent::V_S>();
            FillPattern(i);
            SetFlag<HardEvent::MTE3_MTE2>(stored_[i]); // landing_[i] is free
        }
        made_ = pipe.AllocEventID<HardEvent::MTE3_V>();
        SetFlag<HardEvent::MTE3_V>(made_); // packed_ and widened_ are free
        Open();
    }

    // Appends `count` elements of a source.
    template <typename Source>
    __aicore__ inline void Append(const Source &source, uint64_t count)
    {
        for (uint64_t at = 0; at < count;) {
            if (used_ == blocks_) {
                Store();
                slot_ ^= 1;
                Open();
            }
            gaps_ = gaps_ || used_ * kBlock != elements_; // the piece before leaves one
            const auto piece = static_cast<uint32_t>(Min(count - at, uint64_t{blocks_ - used_} * kBlock));
            source.Land(landing_[slot_][used_ * kBlock], at, piece);
            used_ += (piece + kBlock - 1) / kBlock;
            if (piece % kBlock != 0) {
                pattern_[slot_].SetValue(used_ - 1, static_cast<uint8_t>((1u << piece % kBlock) - 1));
            }
            elements_ += piece;
            at += piece;
        }
    }

    // Stores what is left and takes every flag back.
    __aicore__ inline void Finish()
    {
        Store();
        for (uint32_t i = 0; i < kSlots; ++i) {
            if (i != slot_ || elements_ != 0) {
                Await(i);
            }
        }
        WaitFlag<HardEvent::MTE3_V>(made_); // packed_ and widened_ are stored
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kSlots; ++i) {
            pipe.ReleaseEventID<HardEvent::MTE3_MTE2>(stored_[i]);
            pipe.ReleaseEventID<HardEvent::V_S>(filled_[i]);
        }
        pipe.ReleaseEventID<HardEvent::MTE3_V>(made_);
    }

private:
    static constexpr uint32_t kSlots = 2;
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block

    // Every element of every block counts, until a piece says otherwise.
    __aicore__ inline void FillPattern(uint32_t slot)
    {
        Duplicate(pattern_[slot].template ReinterpretCast<int16_t>(), static_cast<int16_t>(-1),
                  static_cast<int32_t>(blocks_ / 2));
        SetFlag<HardEvent::V_S>(filled_[slot]); // V has filled pattern_[slot] before S sets bytes in it
    }

    __aicore__ inline void Open()
    {
        used_ = 0;
        elements_ = 0;
        gaps_ = false;
        Await(slot_);
    }

    // landing_[slot] is stored or packed, its pattern is full again.
    __aicore__ inline void Await(uint32_t slot)
    {
        WaitFlag<HardEvent::MTE3_MTE2>(stored_[slot]); // landing_[slot] is stored or packed before MTE2 fills it again
        WaitFlag<HardEvent::V_S>(filled_[slot]);       // V has filled pattern_[slot] before S sets bytes in it
    }

    __aicore__ inline void Store()
    {
        if (elements_ == 0) {
            return;
        }
        const bool direct = !gaps_ && sizeof(O) == 4;
        if (direct) {
            Order<HardEvent::MTE2_MTE3>(); // MTE2 has filled landing_[slot_] before MTE3 stores it
            if constexpr (sizeof(O) == 4) {
                CopyOut(out_[position_], landing_[slot_], elements_);
            }
        } else {
            Order<HardEvent::MTE2_V>();         // MTE2 has filled landing_[slot_] before V packs it
            WaitFlag<HardEvent::MTE3_V>(made_); // MTE3 has stored packed_ and widened_ before V writes them
            const LocalTensor<int32_t> tight = Pack();
            if constexpr (sizeof(O) == 8) {
                Cast(widened_, tight, RoundMode::CAST_NONE, elements_);
                Order<HardEvent::V_MTE3>(); // V has made widened_ before MTE3 stores it
                CopyOut(out_[position_], widened_, elements_);
            } else {
                Order<HardEvent::V_MTE3>(); // V has made packed_ before MTE3 stores it
                CopyOut(out_[position_], tight, elements_);
            }
            SetFlag<HardEvent::MTE3_V>(made_); // MTE3 has stored packed_ and widened_ before V writes them
        }
        position_ += elements_;
        Order<HardEvent::S_V>(); // S has set its bytes of pattern_[slot_] before V overwrites them
        FillPattern(slot_);
        // MTE3 has stored landing_[slot_], or V, which MTE3 has waited for, has packed it, before MTE2 fills it again.
        SetFlag<HardEvent::MTE3_MTE2>(stored_[slot_]);
    }

    // The tile without gaps: in packed_, or as it landed.
    __aicore__ inline LocalTensor<int32_t> Pack()
    {
        if (!gaps_) {
            return landing_[slot_];
        }
        Order<HardEvent::S_V>(); // S has set its bytes of pattern_[slot_] before V reads them
        uint64_t kept = 0;
        GatherMask(packed_, landing_[slot_], pattern_[slot_].template ReinterpretCast<uint32_t>(), true, used_ * kBlock,
                   {1, 1, 8, 8}, kept);
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read
        return packed_;
    }

    GlobalTensor<O> out_;
    uint32_t blocks_; // of a tile
    uint64_t position_ = 0;
    uint32_t slot_ = 0;
    uint32_t used_ = 0;     // blocks of the tile
    uint32_t elements_ = 0; // of the tile
    bool gaps_ = false;
    // Ids of the flags that stay up from one tile to the next.
    TEventID stored_[kSlots] = {}; // MTE3_MTE2
    TEventID filled_[kSlots] = {}; // V_S
    TEventID made_ = 0;            // MTE3_V
    TBuf<TPosition::VECCALC> landing_buffers_[kSlots], pattern_buffers_[kSlots], packed_buffer_, widened_buffer_;
    LocalTensor<int32_t> landing_[kSlots], packed_;
    LocalTensor<uint8_t> pattern_[kSlots];
    LocalTensor<O> widened_;
};

} // namespace cache_loc
