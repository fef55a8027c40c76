// The pages of requests' tokens: one entry of the table a page, divided by the page size, end to end to where they belong.
//
// The entries of a row lie a page apart. One strided copy brings many, each into a 32-byte block of UB. Of pages of few
// tokens, a power of two, the row comes as it lies: up to kTightMost the cost model has that faster on one core and on
// many, wherever rows begin; of 32 tokens it is on many cores alone, of 64 nowhere. Either way an entry stands at every step-th element, and one GatherMask takes those of a whole tile together.
// Then V divides (pages.h), and the pieces are stored one by one. Where a map is given, S takes each entry through it first
// (slot_map.h).
//
// A piece begins at an entry that is a multiple of 8, so that its pages begin at a block of UB, as copies out must; what is
// between two pieces is anything that has been written. S keeps of each piece where it goes and how long it is, in one word.
//
// Two tiles take turns: one is divided and stored when the next is full, while MTE2 fills that.
//
// Contract: Begin once, Append as often as wanted, Finish once; Flush in between stores what is there. The table is read
// inside the rows alone, from an entry to the last one of a piece. bad(to, slot, limit) is called for a slot that the map has
// nothing for, or whose page is no int32, in the order of the appended; its page is -1, as that of an entry below 0.
//
// UB, for tiles of T pages: landings 2 * 32 T, words 2 * T, a pattern of T, and 4 vectors of T. Pipes: MTE2 fills, V packs
// and divides, S walks, MTE3 stores. Flags that stay up, one a tile: MTE2_V, V_MTE2 and MTE3_V.
#pragma once

#include "../abi/sizes.h"
#include "pages.h"
#include "slot_map.h"
#include "split.h"

namespace cache_loc {

template <typename S>
class PageGather {
public:
    // From a table to an output, in tiles of up to so many pages, a multiple of 8; map: nullptr where there is none.
    __aicore__ inline PageGather(TPipe &pipe, uint64_t table, uint64_t out, uint32_t page_size, uint32_t tile,
                                 SlotMap<S> *map)
        : table_(Global<int32_t>(table)), out_(Global<int32_t>(out)), page_size_(page_size), pages_(page_size),
          map_(map), step_(page_size <= kTightMost && (page_size & (page_size - 1)) == 0 ? page_size : kBlock),
          tile_(static_cast<uint32_t>(Min(tile, kElements / step_))),
          most_(page_size <= kStridedMost ? tile_ : 1)
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kElements * sizeof(int32_t));
            pipe.InitBuffer(piece_buffers_[i], kTile / kBlock * sizeof(int64_t));
            pipe.InitBuffer(divided_buffers_[i], kTile * sizeof(int32_t));
            landing_[i] = landing_buffers_[i].template Get<int32_t>();
            pieces_[i] = piece_buffers_[i].template Get<int64_t>();
            divided_[i] = divided_buffers_[i].template Get<int32_t>();
        }
        pipe.InitBuffer(pattern_buffer_, kElements / 8);
        pipe.InitBuffer(work_buffer_, 2 * kTile * sizeof(int32_t));
        packed_ = work_buffer_.template Get<int32_t>();
        scratch_ = packed_[kTile];
    }

    __aicore__ inline void Begin()
    {
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kTiles; ++i) {
            filled_[i] = pipe.AllocEventID<HardEvent::MTE2_V>();
            freed_[i] = pipe.AllocEventID<HardEvent::V_MTE2>();
            stored_[i] = pipe.AllocEventID<HardEvent::MTE3_V>();
            // What no entry comes to is taken too, and has a value.
            Duplicate(landing_[i], 0, static_cast<int32_t>(tile_ * step_));
        }
        FillPattern(pattern_buffer_.template Get<uint32_t>(), step_, 1, kElements);
        if (map_ != nullptr) {
            map_->Begin();
        }
        Order<HardEvent::V_MTE2>(); // V has set the landings before MTE2 fills them
    }

    // The pages of entries from, from + page_size, .. of the table, `count` of them, to element `to` of the output and on.
    template <typename Bad>
    __aicore__ inline void Append(uint64_t to, uint64_t from, uint64_t count, const Bad &bad)
    {
        for (uint64_t at = 0; at < count;) {
            if (used_[turn_] == tile_) {
                Turn(bad);
            }
            const uint32_t used = used_[turn_];
            const auto piece = static_cast<uint32_t>(Min(Min(count - at, most_), tile_ - used));
            Land(landing_[turn_][used * step_], table_[from + at * page_size_], piece);
            pieces_[turn_].SetValue(many_[turn_], static_cast<int64_t>((to + at) << kCountBits | piece));
            ++many_[turn_];
            used_[turn_] = used + Whole(piece);
            at += piece;
        }
    }

    // Whether so many entries end to end fit behind what is there, so that Append leaves V alone.
    __aicore__ inline bool Holds(uint64_t count) const
    {
        const uint32_t other = many_[turn_ ^ 1] == 0 ? tile_ : 0;
        return (count + kBlock) * (most_ == 1 ? kBlock : 1) <= tile_ - used_[turn_] + other;
    }

    // Stores what is there.
    template <typename Bad>
    __aicore__ inline void Flush(const Bad &bad)
    {
        Turn(bad);
        Turn(bad);
    }

    template <typename Bad>
    __aicore__ inline void Finish(const Bad &bad)
    {
        Flush(bad);
        TPipe &pipe = *GetTPipePtr();
        for (uint32_t i = 0; i < kTiles; ++i) {
            if (busy_[i]) {
                WaitFlag<HardEvent::MTE3_V>(stored_[i]); // taken back: MTE3 has stored divided_[i]
            }
            pipe.ReleaseEventID<HardEvent::MTE2_V>(filled_[i]);
            pipe.ReleaseEventID<HardEvent::V_MTE2>(freed_[i]);
            pipe.ReleaseEventID<HardEvent::MTE3_V>(stored_[i]);
        }
    }

private:
    static constexpr uint32_t kTiles = 2;
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_PAGE_TILE_MAX;
    static constexpr uint32_t kBlock = 8;                  // int32 elements of a 32-byte block
    static constexpr uint32_t kElements = kTile * kBlock;  // of a landing
    static constexpr uint32_t kTightMost = 16;             // tokens of a page whose rows come as they lie
    static constexpr uint32_t kStridedMost = 1u << 30;     // tokens: the gap between two entries has 32 bits, in bytes
    static constexpr uint32_t kCountBits = 10;             // of a word of pieces_, the rest says where to
    static_assert(kTile < 1 << kCountBits, "a piece is not longer than a tile");

    // Entries with those that fill up their last block.
    __aicore__ static inline uint32_t Whole(uint32_t entries) { return (entries + kBlock - 1) / kBlock * kBlock; }

    // `count` entries to every step-th element of a landing.
    __aicore__ inline void Land(const LocalTensor<int32_t> &to, const GlobalTensor<int32_t> &from, uint32_t count)
    {
        constexpr auto kEntry = static_cast<uint32_t>(sizeof(int32_t));
        if (step_ == page_size_ && page_size_ <= kTightMost) {
            const uint32_t elements = (count - 1) * page_size_ + 1;
            const auto tail = static_cast<uint8_t>(Whole(elements) - elements);
            DataCopyPad(to, from, DataCopyExtParams(1, elements * kEntry, 0, 0, 0),
                        DataCopyPadExtParams<int32_t>(true, 0, tail, 0));
        } else {
            const uint32_t gap = count > 1 ? (page_size_ - 1) * kEntry : 0;
            DataCopyPad(to, from, DataCopyExtParams(static_cast<uint16_t>(count), kEntry, gap, 0, 0),
                        DataCopyPadExtParams<int32_t>(false, 0, 0, 0));
        }
    }

    // The tile is full: the one before it is stored, and then filled.
    template <typename Bad>
    __aicore__ inline void Turn(const Bad &bad)
    {
        if (many_[turn_] != 0) {
            SetFlag<HardEvent::MTE2_V>(filled_[turn_]); // MTE2 has filled landing_[turn_] before V reads it
        }
        turn_ ^= 1;
        if (many_[turn_] != 0) {
            Store(turn_, bad);
            WaitFlag<HardEvent::V_MTE2>(freed_[turn_]); // V has read landing_[turn_] before MTE2 fills it again
            used_[turn_] = 0;
            many_[turn_] = 0;
        }
    }

    // Divides and stores a tile.
    template <typename Bad>
    __aicore__ inline void Store(uint32_t turn, const Bad &bad)
    {
        const uint32_t count = used_[turn];
        WaitFlag<HardEvent::MTE2_V>(filled_[turn]); // MTE2 has filled landing_[turn] before V reads it
        const bool look = map_ != nullptr ? Mapped(turn) : Packed(turn);
        Maxs(packed_, packed_, -1, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read
        if (busy_[turn]) {
            WaitFlag<HardEvent::MTE3_V>(stored_[turn]); // MTE3 has stored divided_[turn] before V writes it
        }
        pages_.Divide(divided_[turn], packed_, packed_, scratch_, count);
        if (look) {
            Order<HardEvent::V_S>(); // V has made divided_[turn] before S sets elements of it
            Look(turn, bad);
            // S has read the landings, and set elements of divided_[turn], before V lets MTE2 fill the one and MTE3 store
            // the other.
            Order<HardEvent::S_V>();
        }
        SetFlag<HardEvent::V_MTE2>(freed_[turn]); // V, and S before it, has read landing_[turn] before MTE2 fills it again
        Order<HardEvent::V_MTE3>();               // V has made divided_[turn] before MTE3 stores it
        for (uint32_t i = 0, at = 0; i < many_[turn]; ++i) {
            const auto [to, piece] = Piece(turn, i);
            CopyOut(out_[to], divided_[turn][at], piece);
            at += Whole(piece);
        }
        SetFlag<HardEvent::MTE3_V>(stored_[turn]); // MTE3 has stored divided_[turn] before V writes it again
        busy_[turn] = true;
    }

    // packed_ = the entries of a tile. None is to be looked at.
    __aicore__ inline bool Packed(uint32_t turn)
    {
        uint64_t kept = 0;
        GatherMask(packed_, landing_[turn], pattern_buffer_.template Get<uint32_t>(), true, used_[turn] * step_,
                   {1, 1, 8, 8}, kept);
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read
        return false;
    }

    // packed_ = what the map has for the entries of a tile; whether S has to look at them one by one.
    __aicore__ inline bool Mapped(uint32_t turn)
    {
        Order<HardEvent::MTE2_S>(); // MTE2 has filled landing_[turn] before S reads it
        map_->Open();
        bool look = false;
        for (uint32_t i = 0, at = 0; i < many_[turn]; ++i) {
            const uint32_t piece = Piece(turn, i).count;
            for (uint32_t j = 0; j < piece; ++j) {
                const int32_t slot = landing_[turn].GetValue((at + j) * step_);
                look = (slot >= 0 && !map_->Load(at + j, slot)) || look;
            }
            at += Whole(piece);
        }
        Order<HardEvent::S_V>(); // S has read landing_[turn] before V lets MTE2 fill it again
        const bool past = map_->Pack(packed_, used_[turn]);
        return look || past;
    }

    // Reports the slots of a tile that are bad, and divides what V could not.
    template <typename Bad>
    __aicore__ inline void Look(uint32_t turn, const Bad &bad)
    {
        const uint64_t limit = uint64_t{page_size_} << 31;
        for (uint32_t i = 0, at = 0; i < many_[turn]; ++i) {
            const auto [to, piece] = Piece(turn, i);
            for (uint32_t j = 0; j < piece; ++j) {
                const int32_t slot = landing_[turn].GetValue((at + j) * step_);
                if (slot < 0) {
                    continue;
                }
                if (static_cast<uint64_t>(slot) >= map_->length) {
                    bad(to + j, slot, static_cast<int64_t>(map_->length));
                    continue;
                }
                const int64_t found = map_->Get(at + j);
                if (found >= SlotMap<S>::kGreatest) {
                    const auto value = static_cast<uint64_t>(found);
                    divided_[turn].SetValue(at + j, value < limit ? static_cast<int32_t>(value / page_size_) : -1);
                    if (value >= limit) {
                        bad(to + j, found, static_cast<int64_t>(limit));
                    }
                }
            }
            at += Whole(piece);
        }
    }

    struct Part {
        uint64_t to;
        uint32_t count;
    };

    __aicore__ inline Part Piece(uint32_t turn, uint32_t i) const
    {
        const auto word = static_cast<uint64_t>(pieces_[turn].GetValue(i));
        return {word >> kCountBits, static_cast<uint32_t>(word & ((1u << kCountBits) - 1))};
    }

    GlobalTensor<int32_t> table_, out_;
    uint32_t page_size_;
    Pages pages_;
    SlotMap<S> *map_;
    uint32_t step_; // elements of a landing from one entry to the next
    uint32_t tile_; // entries of a tile
    uint32_t most_; // entries of a copy
    uint32_t turn_ = 0;          // whose landing is filled
    uint32_t used_[kTiles] = {}; // entries of it
    uint32_t many_[kTiles] = {}; // pieces in it
    bool busy_[kTiles] = {};     // whether stored_ is up
    // Ids of the flags that stay up from one tile to the next.
    TEventID filled_[kTiles] = {}; // MTE2_V, from when a tile is full until it is packed
    TEventID freed_[kTiles] = {};  // V_MTE2
    TEventID stored_[kTiles] = {}; // MTE3_V
    TBuf<TPosition::VECCALC> landing_buffers_[kTiles], piece_buffers_[kTiles], divided_buffers_[kTiles];
    TBuf<TPosition::VECCALC> pattern_buffer_, work_buffer_;
    LocalTensor<int32_t> landing_[kTiles];
    LocalTensor<int64_t> pieces_[kTiles];
    LocalTensor<int32_t> divided_[kTiles];
    LocalTensor<int32_t> packed_, scratch_;
};

} // namespace cache_loc
