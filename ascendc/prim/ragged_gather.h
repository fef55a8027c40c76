// Collects pieces of any length in UB and stores them end to end: what comes in ragged goes out in one copy a tile.
//
// A piece's slots come from a source, one of three: entries of the table, numbers that count up, -1. Each piece lands at
// the begin of a 32-byte block; where one other than the last of its tile does not fill its blocks, the gaps are closed
// (packing.h) by a pattern of one byte a block, which says which of its eight elements count. A tile without gaps (one
// long row, or rows of whole blocks) is stored from where it landed. Or V lands many rows at a time, a block each, and makes
// their pattern (block_rows.h): a tile has rows of either kind.
//
// Two landings take turns, so that one is filled while the other is packed and stored: MTE2 works on the next tile while V
// and MTE3 work on this one, which is the one overlap that a kernel of copies has.
//
// Contract: Begin once, then Append in the output's order, Finish once. The output is written from the position given to
// Begin on, as many elements as were appended.
//
// UB, for tiles of T slots: landings 2 * 4 T, patterns 2 * T / 8, packing 4 T and for int64 8 T more. Pipes: MTE2 or V
// fills, S sets pattern bytes, V packs, MTE3 stores. Flags that stay up, one a landing: MTE3_MTE2 and V_S, and packing's.
#pragma once

#include "../abi/sizes.h"
#include "packing.h"
#include "split.h"

namespace cache_loc {

// Sources. Fill puts elements `at`.. of the piece into dst, which begins at a block; kByVector says whether V does that, or
// MTE2. The gather orders either, but for what a source that V fills by several instructions has beside dst.

// Entries of the table, from element `from` of it on.
struct TableSlots {
    static constexpr bool kByVector = false;

    __aicore__ inline void Fill(const LocalTensor<int32_t> &dst, uint64_t at, uint32_t count) const
    {
        CopyIn(dst, table[from + at], count);
    }

    const GlobalTensor<int32_t> &table;
    uint64_t from;
};

// from, from + 1, ...: `indices` counts up from 0, as far as a tile is long.
struct CountingUp {
    static constexpr bool kByVector = true;

    __aicore__ inline void Fill(const LocalTensor<int32_t> &dst, uint64_t at, uint32_t count) const
    {
        Adds(dst, indices, static_cast<int32_t>(from + at), static_cast<int32_t>(count));
    }

    const LocalTensor<int32_t> &indices;
    uint64_t from;
};

// -1: what a bad row has for slots.
struct NoSlots {
    static constexpr bool kByVector = true;

    __aicore__ inline void Fill(const LocalTensor<int32_t> &dst, uint64_t, uint32_t count) const
    {
        Duplicate(dst, -1, static_cast<int32_t>(count));
    }
};

// Blocks of a landing, and their bytes of its pattern.
struct Blocks {
    LocalTensor<int32_t> landing;
    LocalTensor<uint8_t> pattern;
};

// In tiles of up to kTile slots.
template <typename O, uint32_t kTile = ASCEND_CACHE_LOC_COPY_TILE_MAX>
class RaggedGather {
public:
    // Into an output at an address, in tiles of so many slots, a multiple of 32 up to kTile.
    __aicore__ inline RaggedGather(TPipe &pipe, uint64_t out, uint32_t tile)
        : packing_(pipe, out, kTile), blocks_(tile / kBlock)
    {
        for (uint32_t i = 0; i < kLandings; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTile * sizeof(int32_t));
            pipe.InitBuffer(pattern_buffers_[i], kTile / kBlock);
            landing_[i] = landing_buffers_[i].template Get<int32_t>();
            pattern_[i] = pattern_buffers_[i].template Get<uint8_t>();
        }
    }

    // `position` is where in the output the first piece goes.
    __aicore__ inline void Begin(uint64_t position)
    {
        position_ = position;
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kLandings; ++i) {
            stored_[i] = pipe.AllocEventID<HardEvent::MTE3_MTE2>();
            filled_[i] = pipe.AllocEventID<HardEvent::V_S>();
            FillPattern(i);
            SetFlag<HardEvent::MTE3_MTE2>(stored_[i]); // landing_[i] is free: MTE3 has stored nothing yet
        }
        packing_.Begin();
        Open();
    }

    // Appends `count` elements of a source.
    template <typename Source>
    __aicore__ inline void Append(const Source &source, uint64_t count)
    {
        for (uint64_t at = 0; at < count;) {
            if (used_ == blocks_ || has_rows_) {
                Turn();
            }
            gaps_ = gaps_ || used_ * kBlock != elements_; // the piece before leaves one
            const auto piece = static_cast<uint32_t>(Min(count - at, uint64_t{blocks_ - used_} * kBlock));
            Land(source, at, piece);
            used_ += (piece + kBlock - 1) / kBlock;
            if (piece % kBlock != 0) {
                pattern_[turn_].SetValue(used_ - 1, static_cast<uint8_t>((1u << piece % kBlock) - 1));
            }
            elements_ += piece;
            at += piece;
        }
    }

    // Blocks that there is room for in a tile of rows: a multiple of kRows of them, where a tile has so many.
    __aicore__ inline uint32_t Room()
    {
        if (has_rows_ ? used_ % kRows != 0 || used_ + kRows > blocks_ : used_ != 0) {
            Turn();
        }
        return (blocks_ - used_) / kRows * kRows;
    }

    // Appends so many blocks, no more than there is room for, of so many elements in all: V fills them, and the bytes of the
    // pattern for them, up to a multiple of eight of both.
    __aicore__ inline Blocks Take(uint32_t blocks, uint32_t elements)
    {
        ByVector();
        const Blocks taken{landing_[turn_][used_ * kBlock], pattern_[turn_][used_]};
        used_ += blocks;
        elements_ += elements;
        gaps_ = has_rows_ = true;
        return taken;
    }

    // Stores what is left and takes every flag back.
    __aicore__ inline void Finish()
    {
        Store();
        for (uint32_t i = 0; i < kLandings; ++i) {
            if (i != turn_ || elements_ != 0) {
                Await(i);
            }
        }
        packing_.Finish();
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kLandings; ++i) {
            pipe.ReleaseEventID<HardEvent::MTE3_MTE2>(stored_[i]);
            pipe.ReleaseEventID<HardEvent::V_S>(filled_[i]);
        }
    }

    // Rows whose pattern begins where V can write.
    static constexpr uint32_t kRows = 32;

private:
    static constexpr uint32_t kLandings = 2;
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block

    template <typename Source>
    __aicore__ inline void Land(const Source &source, uint64_t at, uint32_t count)
    {
        const LocalTensor<int32_t> dst = landing_[turn_][used_ * kBlock];
        if constexpr (Source::kByVector) {
            ByVector();
        }
        source.Fill(dst, at, count); // by MTE2: Open has waited, and Packing does
    }

    // V fills something of the tile.
    __aicore__ inline void ByVector()
    {
        if (!by_vector_) {
            Order<HardEvent::MTE2_V>(); // MTE3 has stored the landing, and MTE2 has waited for that, before V fills it
            by_vector_ = true;
        }
    }

    // Goes on with the other landing.
    __aicore__ inline void Turn()
    {
        Store();
        turn_ ^= 1;
        Open();
    }

    // Every element of every block counts, until a piece says otherwise.
    __aicore__ inline void FillPattern(uint32_t turn)
    {
        Duplicate(pattern_[turn].template ReinterpretCast<int16_t>(), static_cast<int16_t>(-1),
                  static_cast<int32_t>(blocks_ / 2));
        SetFlag<HardEvent::V_S>(filled_[turn]); // V has filled pattern_[turn] before S sets bytes in it
    }

    __aicore__ inline void Open()
    {
        used_ = 0;
        elements_ = 0;
        gaps_ = false;
        has_rows_ = false;
        by_vector_ = false;
        Await(turn_);
    }

    // landing_[turn] is stored or packed, its pattern is full again.
    __aicore__ inline void Await(uint32_t turn)
    {
        WaitFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
        WaitFlag<HardEvent::V_S>(filled_[turn]);       // V has filled pattern_[turn] before S sets bytes in it
    }

    __aicore__ inline void Store()
    {
        if (elements_ == 0) {
            return;
        }
        if (by_vector_) {
            PipeBarrier<PIPE_V>();      // V has written its pieces before it packs them
            Order<HardEvent::V_MTE3>(); // and before MTE3 stores them
        }
        if (gaps_) {
            Order<HardEvent::S_V>(); // S has set its bytes of pattern_[turn_] before V reads them
            packing_.Store(position_, landing_[turn_], used_ * kBlock,
                           pattern_[turn_].template ReinterpretCast<uint32_t>(), elements_);
        } else {
            packing_.Store(position_, landing_[turn_], elements_);
        }
        position_ += elements_;
        Order<HardEvent::S_V>(); // S has set its bytes of pattern_[turn_] before V overwrites them
        FillPattern(turn_);
        // MTE3 has stored landing_[turn_], or V, which MTE3 has waited for, has packed it, before MTE2 fills it again.
        SetFlag<HardEvent::MTE3_MTE2>(stored_[turn_]);
    }

    Packing<O> packing_;
    uint32_t blocks_; // of a tile
    uint64_t position_ = 0;
    uint32_t turn_ = 0;     // whose landing is filled
    uint32_t used_ = 0;     // blocks of it
    uint32_t elements_ = 0; // of it
    bool gaps_ = false;
    bool has_rows_ = false;  // which V has landed many at a time
    bool by_vector_ = false; // whether V has filled pieces of it
    // Ids of the flags that stay up from one tile to the next.
    TEventID stored_[kLandings] = {}; // MTE3_MTE2
    TEventID filled_[kLandings] = {}; // V_S
    TBuf<TPosition::VECCALC> landing_buffers_[kLandings], pattern_buffers_[kLandings];
    LocalTensor<int32_t> landing_[kLandings];
    LocalTensor<uint8_t> pattern_[kLandings];
};

} // namespace cache_loc
