// Takes slots made of pages to their places in the table.
//
// What V makes of a row lands at the begin of a block, since what is stored from UB must begin at one: numbers that count up
// from the row's last slot, or in a page, and the slots of short pages (paged_slots.h), many at a time. When a landing is full
// its pieces are stored one by one, while V fills the other. A token whose slot is none is left out: who reports it is
// elsewhere.
//
// Contract: Open once, then Append for tokens of rows, in any order, and Close. Pages that rows have are in the list. No two
// tokens are one element of the table's.
//
// UB, for tiles of up to T slots: landings 2 * 4 T, indices 4 T, short pages 8 KB, and the list's. Pipes: V fills, S walks, MTE3
// stores. Flags that stay up: MTE3_V, one a landing.
#pragma once

#include "../abi/sizes.h"
#include "paged_slots.h"
#include "ragged_gather.h"

namespace cache_loc {

template <typename S>
class PagedScatter {
public:
    // To a table, with pages from a list of `free`, in tiles of so many slots, a multiple of 64.
    __aicore__ inline PagedScatter(TPipe &pipe, uint64_t table, uint64_t free_pages, uint64_t free, uint32_t page_size,
                                   uint32_t tile)
        : table_(Global<int32_t>(table)), maker_(pipe, free_pages, free, page_size, kTile), blocks_(tile / kBlock)
    {
        for (uint32_t i = 0; i < kLandings; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTile * sizeof(int32_t));
            landing_[i] = landing_buffers_[i].template Get<int32_t>();
        }
    }

    __aicore__ inline void Open()
    {
        maker_.Open();
        for (TEventID &stored : stored_) {
            stored = GetTPipePtr()->AllocEventID<HardEvent::MTE3_V>();
            SetFlag<HardEvent::MTE3_V>(stored); // its landing is free: MTE3 has stored nothing yet
        }
        WaitFlag<HardEvent::MTE3_V>(stored_[turn_]); // as said
    }

    // Tokens from..to of a row with `prefix` tokens, whose new pages begin with page `page` of the list: token `from` is
    // element `element` of the table.
    __aicore__ inline void Append(uint64_t prefix, int64_t last, uint64_t page, uint64_t from, uint64_t to, uint64_t element)
    {
        const uint64_t head = maker_.Head(prefix), begin = element - from; // of token 0
        if (from < head && last >= 0) {
            const uint64_t good = Min(Min(to, head), static_cast<uint64_t>(maker_.kMostSlot - last)); // tokens with a slot
            if (from < good) {
                Land(CountingUp{maker_.indices, static_cast<uint64_t>(last) + 1 + from}, begin + from, good - from);
            }
        }
        for (uint64_t at = Max(from, head); at < to;) {
            at += Paged(page + maker_.size.Pages(at - head), maker_.size.Rest(at - head), to - at, begin + at);
        }
    }

    __aicore__ inline void Close()
    {
        Store();
        WaitFlag<HardEvent::MTE3_V>(stored_[turn_ ^ 1]); // MTE3 has stored the last landing
        for (const TEventID stored : stored_) {
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_V>(stored);
        }
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_PAGED_TILE_MAX;
    static constexpr uint32_t kLandings = 2;
    static constexpr uint32_t kBlock = 8;   // int32 elements of a 32-byte block
    static constexpr uint32_t kPieces = 64; // of a landing

    // What is stored as one: slots from block `block` of the landing on.
    struct Landed {
        uint64_t element;
        uint32_t block, count;
    };

    // Up to `count` tokens from token `phase` of a page of the list on; returns how many.
    __aicore__ inline uint64_t Paged(uint64_t page, uint64_t phase, uint64_t count, uint64_t element)
    {
        const PageSize &size = maker_.size;
        maker_.Reach(page);
        if (!maker_.IsLong() && !maker_.list.has_none) {
            count = Min(Min(count, ShortPages<S>::kPiece), maker_.InWindow(page, phase));
            Land(maker_.ShortFrom(page, phase), element, count);
            return count;
        }
        count = Min(count, size.tokens - phase);
        const int64_t of_list = maker_.list.Page(page);
        if (size.Has(of_list)) {
            Land(CountingUp{maker_.indices, static_cast<uint64_t>(of_list) * size.tokens + phase}, element, count);
        }
        return count;
    }

    template <typename Source>
    __aicore__ inline void Land(const Source &source, uint64_t element, uint64_t count)
    {
        for (uint64_t at = 0; at < count;) {
            if (used_ == blocks_ || many_ == kPieces) {
                Store();
            }
            const auto piece = static_cast<uint32_t>(Min(count - at, uint64_t{blocks_ - used_} * kBlock));
            source.Fill(landing_[turn_][used_ * kBlock], at, piece);
            landed_[many_++] = {element + at, used_, piece};
            used_ += (piece + kBlock - 1) / kBlock;
            at += piece;
        }
    }

    // Stores what has landed, and goes on with the other landing.
    __aicore__ inline void Store()
    {
        Order<HardEvent::V_MTE3>(); // V has filled landing_[turn_] before MTE3 stores it
        for (uint32_t i = 0; i < many_; ++i) {
            CopyOut(table_[landed_[i].element], landing_[turn_][landed_[i].block * kBlock], landed_[i].count);
        }
        SetFlag<HardEvent::MTE3_V>(stored_[turn_]); // MTE3 has stored landing_[turn_] before V fills it again
        turn_ ^= 1;
        WaitFlag<HardEvent::MTE3_V>(stored_[turn_]); // the same of the other one
        used_ = 0;
        many_ = 0;
    }

    GlobalTensor<int32_t> table_;
    SlotMaker<S> maker_;
    uint32_t blocks_;   // of a tile
    uint32_t turn_ = 0; // whose landing is filled
    uint32_t used_ = 0; // blocks of it
    uint32_t many_ = 0; // pieces in it
    Landed landed_[kPieces] = {};
    TEventID stored_[kLandings] = {}; // MTE3_V
    TBuf<TPosition::VECCALC> landing_buffers_[kLandings];
    LocalTensor<int32_t> landing_[kLandings];
};

} // namespace cache_loc
