// The slot of each row's next token, in a tile of a decode step: last + 1, or the first of a page of its own.
//
// Rows that need a page (page_needs.h) take those of the list in their order: the running sum of needs (running_sums.h)
// says which, so that a tile's pages are a stretch of the list, and one Gather gives each row its own. With both candidates
// clamped to what is surely in order, slot = spare * (last + 1) + (1 - spare) * page * page_size needs no select: spare is
// 0 or 1. What the candidate that counts, or the length, lost by being clamped is not 0 where S has to look at the row:
// GatherMask makes a list of those rows, which ends with a row that there is not.
//
// Contract: Open once; Take for a tile's lengths, Land the stretch of the list that covers its pages, Make. Slot is the
// same for one row, by S, whose page has landed. Last slots are those of the caller; V, or S, is ordered after who filled
// them and the pages.
//
// UB, for `most` rows: 14 vectors of int32 for 64 more, pages of S, and what running sums and needs have. Pipes: MTE2 lands,
// V computes, S reads and sets; Take and Make order V and S.
#pragma once

#include "fault_log.h"
#include "page_needs.h"
#include "running_sums.h"

namespace cache_loc {

template <typename L, typename S>
class DecodeSlots {
public:
    using Vector = LocalTensor<int32_t>;

    // Of a list of pages at an address; tiles of `most` rows, a power of two from 64 on.
    __aicore__ inline DecodeSlots(TPipe &pipe, uint64_t seq_lens, uint64_t free_pages, uint32_t page_size, uint32_t most)
        : needs(pipe, seq_lens, page_size, most), page_size_(page_size), sums_(pipe, most),
          pages_(pipe, free_pages, most), room_(most + kLanes)
    {
        pipe.InitBuffer(buffer_, kVectors * room_ * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, room_ / 8);
        slots = Room(kSlots);
    }

    // For tiles of up to `count` rows.
    __aicore__ inline void Open(uint32_t count)
    {
        sums_.Fit(count);
        const uint32_t lanes = sums_.Lanes() < Lanes(count) ? Lanes(count) : sums_.Lanes();
        CreateVecIndex(Room(kIndex), 0, lanes);
        PipeBarrier<PIPE_V>(); // the index is written before it is read
        sums_.Open(Room(kIndex));
    }

    // Looks at the lengths of a tile, no longer than Open says: how many of its rows need a page.
    __aicore__ inline uint32_t Take(const LocalTensor<L> &lens, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector need = Room(kNeed), spare = Room(kSpare);
        Duplicate(need, 0, static_cast<int32_t>(sums_.Lanes()));                  // behind the tile's rows
        Duplicate(Room(kWrong), 1, static_cast<int32_t>(Lanes(count))); // as is a row that there is not
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        needs.Spare(lens, spare, Room(kWrong), count);
        Muls(need, spare, -1, n);
        PipeBarrier<PIPE_V>();
        Adds(need, need, 1, n);
        PipeBarrier<PIPE_V>();
        return static_cast<uint32_t>(sums_.Make(Room(kSums), need, 0));
    }

    // Copies `count` pages of the list in, from the first-th on.
    __aicore__ inline void Land(uint64_t first, uint32_t count)
    {
        first_ = first;
        landed_ = count;
        if (count != 0) {
            pages_.Load(first, count);
        }
    }

    // slots[i] = the slot of row i, of the rows that were taken; the first of them that needs a page has the rank-th.
    template <typename T>
    __aicore__ inline void Make(const LocalTensor<T> &lasts, uint64_t rank, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector page = Room(0), offset = Room(1), clamped = Room(2), next_slot = Room(3), lost = Room(4);
        const Vector wrong = Room(kWrong), spare = Room(kSpare), need = Room(kNeed);
        const Vector last = Narrow(lasts, Room(5), count);
        const Vector landed = Narrow(pages_.tile, Room(6), landed_);
        if (landed_ == 0) { // no row needs one, but what is gathered has to have a value
            Duplicate(landed, 0, kLanes);
        }
        rank_ = rank;
        next_ = 0;
        Adds(offset, Room(kSums), static_cast<int32_t>(rank - first_) - 1, n);
        Maxs(clamped, last, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Maxs(offset, offset, 0, n); // of a row before the first that needs one
        Mins(clamped, clamped, kMostSlot - 2, n);
        PipeBarrier<PIPE_V>();
        Muls(offset, offset, static_cast<int32_t>(sizeof(int32_t)), n);
        Sub(lost, last, clamped, n);
        Adds(next_slot, clamped, 1, n);
        PipeBarrier<PIPE_V>();
        Gather(page, landed, offset.template ReinterpretCast<uint32_t>(), 0, count);
        Mul(lost, lost, spare, n);
        Mul(next_slot, next_slot, spare, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, lost, count);
        Maxs(clamped, page, 0, n);
        PipeBarrier<PIPE_V>();
        Mins(clamped, clamped, static_cast<int32_t>(Min(PageLimit(), kMostSlot) - 1), n);
        PipeBarrier<PIPE_V>();
        Sub(lost, page, clamped, n);
        Muls(offset, clamped, static_cast<int32_t>(page_size_), n);
        PipeBarrier<PIPE_V>();
        Mul(lost, lost, need, n);
        Mul(offset, offset, need, n);
        PipeBarrier<PIPE_V>();
        Add(slots, next_slot, offset, n);
        OrInto(wrong, lost, count);
        // The list, with the row behind the last at its end.
        ToFlags(wrong, count);
        const LocalTensor<uint8_t> bits = bits_buffer_.template Get<uint8_t>();
        CompareScalar(bits, wrong, 1, CMPMODE::EQ, Lanes(count));
        PipeBarrier<PIPE_V>();
        uint64_t kept = 0;
        GatherMask(Room(kList), Room(kIndex), bits.template ReinterpretCast<uint32_t>(), true, Lanes(count),
                   {1, 1, 8, 8}, kept);
        Order<HardEvent::V_S>(); // V has made slots, sums and list, and read what it made them of, before S reads any
    }

    // The next row that S has to look at; one that there is not where all are done.
    __aicore__ inline uint32_t Next() { return static_cast<uint32_t>(Room(kList).GetValue(next_++)); }

    // What is `rank` to a row that needs a page.
    __aicore__ inline uint64_t Rank(uint32_t i) const
    {
        return rank_ + static_cast<uint64_t>(Room(kSums).GetValue(i)) - 1;
    }

    // The slot of one row, which has the rank-th page of the list where it needs one; -1 of a bad one, which is reported.
    __aicore__ inline int64_t Slot(FaultLog &fault, uint64_t row, int64_t seq, int64_t last, uint64_t rank) const
    {
        if (!needs.IsLength(seq)) {
            fault.Report(row, ASCEND_CACHE_LOC_LENGTH_BELOW_PREFIX, seq, 1, 0);
        } else if (needs.Needs(seq)) {
            const int64_t page = pages_.Get(static_cast<uint32_t>(rank - first_)), limit = PageLimit();
            if (page >= 0 && page < limit) {
                return page * page_size_;
            }
            fault.Report(row, ASCEND_CACHE_LOC_BLOCK_OUT_OF_RANGE, page, limit, 0);
        } else if (last < 0 || last >= kMostSlot) {
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
    static constexpr uint32_t kLanes = 64; // elements that a comparison makes bits of
    static constexpr int32_t kMostSlot = 0x7fffffff;
    // Vectors; 0 to 6 are to work in.
    static constexpr uint32_t kSpare = 7, kNeed = 8, kWrong = 9, kSums = 10, kSlots = 11, kIndex = 12, kList = 13;
    static constexpr uint32_t kVectors = 14;

    // So many rows, and at least one that there is not, in whole comparisons.
    __aicore__ static inline uint32_t Lanes(uint32_t count) { return (count / kLanes + 1) * kLanes; }

    // One past the greatest page.
    __aicore__ inline uint32_t PageLimit() const { return 0x80000000u / page_size_; }

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * room_]; }

    uint32_t page_size_;
    RunningSums sums_;
    Column<S> pages_;
    uint32_t room_;       // elements of a vector
    uint64_t first_ = 0;  // the page of the list that landed first
    uint32_t landed_ = 0; // pages that have landed
    uint64_t rank_ = 0;
    uint32_t next_ = 0; // of the list of rows
    mutable TBuf<TPosition::VECCALC> buffer_, bits_buffer_;
};

} // namespace cache_loc
