// The slot of each row's next token, in a tile of a decode step: last + 1, or the first of a page of its own.
//
// Most rows go on in the page that they have: V makes last + 1 for all of them. Of the others, those that need a page
// (page_needs.h), one in page_size of them, and those that are not surely in order are listed (row_list.h). S gives each its
// slot: it counts the pages that are taken as it comes to them, in the order of
// the rows. Not surely in order is what is not what it is clamped to: a length by page_needs.h, a last slot to 0 and 2^31 - 3.
//
// Contract: Open once; Land the pages that a tile can take, Make, and then for each row that Next gives, until it is none of
// the tile, Slot. Of few rows S may look at all instead. V, and S, are ordered after who filled lengths and last slots, and S
// after MTE2, which lands the pages.
//
// UB, for `most` rows: 4 vectors of int32, pages of S, what needs have and the list. Pipes: MTE2 lands, V computes, S reads;
// Make orders V and S.
#pragma once

#include "fault_log.h"
#include "page_needs.h"
#include "row_list.h"

namespace cache_loc {

template <typename L, typename S>
class DecodeSlots {
public:
    using Vector = LocalTensor<int32_t>;

    // Of lengths and a list of pages at addresses; tiles of `most` rows, a power of two from 64 on.
    __aicore__ inline DecodeSlots(TPipe &pipe, uint64_t seq_lens, uint64_t free_pages, uint32_t page_size, uint32_t most)
        : needs(pipe, seq_lens, page_size, most), page_size_(page_size), pages_(pipe, free_pages, most),
          list_(pipe, most), most_(most)
    {
        pipe.InitBuffer(buffer_, kVectors * most * sizeof(int32_t));
        slots = Room(kSlots);
    }

    // For tiles of up to `count` rows.
    __aicore__ inline void Open(uint32_t count) { list_.Open(count); }

    // Copies `count` pages of the list in, from the first-th on.
    __aicore__ inline void Land(uint64_t first, uint64_t count)
    {
        first_ = first;
        if (count != 0) {
            pages_.Load(first, static_cast<uint32_t>(count));
        }
    }

    // slots[i] = the slot of row i, but for the rows that Next gives.
    template <typename T>
    __aicore__ inline void Make(const LocalTensor<L> &lens, const LocalTensor<T> &lasts, uint32_t count)
    {
        Mark(lens, lasts, count);
        List(count);
    }

    // Make in two: between them the caller may mark further rows, in what the first one returns.
    template <typename T>
    __aicore__ inline Vector Mark(const LocalTensor<L> &lens, const LocalTensor<T> &lasts, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector need = Room(0), lost = Room(1), look = list_.Marks(count);
        const Vector last = Narrow(lasts, Room(2), count);
        Maxs(slots, last, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        Mins(slots, slots, kMostSlot - 2, n);
        PipeBarrier<PIPE_V>();
        Sub(lost, last, slots, n);
        needs.Make(lens, need, look, count);
        Adds(slots, slots, 1, n);
        OrInto(look, lost, count);
        OrInto(look, need, count);
        return look;
    }

    __aicore__ inline void List(uint32_t count) { list_.Make(count); }

    // The next row of the list.
    __aicore__ inline uint32_t Next() { return list_.Next(); }

    // Whether there is a slot behind a last one.
    __aicore__ static inline bool IsLast(int64_t last) { return last >= 0 && last < kMostSlot; }

    // The slot of a row, by S, which has the rank-th page of the list where it needs one; -1 of a bad one, which is reported.
    __aicore__ inline int64_t Slot(FaultLog &fault, uint64_t row, int64_t seq, int64_t last, uint64_t rank) const
    {
        if (needs.Needs(seq)) {
            const int64_t page = pages_.Get(static_cast<uint32_t>(rank - first_)), limit = 0x80000000u / page_size_;
            if (page >= 0 && page < limit) {
                return page * page_size_;
            }
            fault.Report(row, ASCEND_CACHE_LOC_BLOCK_OUT_OF_RANGE, page, limit, 0);
        } else if (!needs.IsLength(seq)) {
            fault.Report(row, ASCEND_CACHE_LOC_LENGTH_BELOW_PREFIX, seq, 1, 0);
        } else if (!IsLast(last)) {
            const int64_t slot = last == kMostSlot ? last + 1 : last;
            fault.Report(row, ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE, slot, int64_t{kMostSlot} + 1, 0);
        } else {
            return last + 1;
        }
        return -1;
    }

    PageNeeds<L> needs;
    Vector slots;

private:
    static constexpr int32_t kMostSlot = 0x7fffffff;
    static constexpr uint32_t kSlots = 3, kVectors = 4; // 0 to 2 are to work in

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * most_]; }

    uint32_t page_size_;
    Column<S> pages_;
    RowList list_;
    uint32_t most_;
    uint64_t first_ = 0; // the page of the list that landed first
    mutable TBuf<TPosition::VECCALC> buffer_;
};

} // namespace cache_loc
