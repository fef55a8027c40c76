// Where the slots of each row are, and how many, as S reads them of two rows at a time.
//
// V makes two vectors of a tile of rows: where each row's slots begin, negative where the row is not surely in order, which S
// then looks at by itself, and how many there are. So S pays a read and a branch for a row in place of three reads and the
// checks, which V does for 64 rows an instruction, and meanwhile S does something else. Which sign says that a row is not in
// order: the least of numbers each of which is negative where one thing is wrong; its sign, in all bits, is or-ed to the begin.
// No step depends on how int32 overflows: end - start does where start or end is below 0, which the least says by itself.
//
// Contract: Make with columns that MTE2 has filled and V is ordered after, of up to kMost rows, that begin at a block, of a table
// whose places are int32; once S is ordered behind V, Get, or GetBegin alone, for rows that go up. `lent` are the kLent vectors
// of 4 kMost elements to work in, which hold what Get reads until the next Make.
//
// UB: none but what is lent. Pipes: V fills, S reads.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "place.h"
#include "range_fault.h"
#include "split.h"

namespace cache_loc {

class RowWords {
public:
    static constexpr uint32_t kMost = ASCEND_CACHE_LOC_WALK_TILE_MAX;
    static_assert(4 * kMost <= ASCEND_CACHE_LOC_SCAN_TILE_MAX, "a scan may lend its vectors");

    // Row i: where its slots begin, negative where the row is not surely in order, in the low half, and how many there are.
    __aicore__ inline uint64_t Get(uint32_t i)
    {
        if (i / 2 != pair_) {
            lengths_of_pair_ = PairOf(length_, i / 2);
        }
        const auto begin = static_cast<uint32_t>(GetBegin(i));
        return lengths_of_pair_ >> i % 2 * 32 << 32 | begin;
    }

    // The low half of it.
    __aicore__ inline int32_t GetBegin(uint32_t i)
    {
        if (i / 2 != pair_) {
            pair_ = i / 2;
            begins_of_pair_ = PairOf(begin_, pair_);
        }
        return static_cast<int32_t>(begins_of_pair_ >> i % 2 * 32);
    }

protected:
    using Vector = LocalTensor<int32_t>;

    __aicore__ inline void Begin(const Vector *lent)
    {
        begin_ = Room(lent, 0);
        length_ = Room(lent, 1);
        Duplicate(begin_, 0, static_cast<int32_t>(2 * kMost)); // a pair's second row may be one that there is not
        pair_ = ~uint32_t{0};
    }

    // To begin_, the sign of the least.
    __aicore__ inline void End(const Vector &least, uint32_t count) const
    {
        ShiftRight(least, least, 31, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        StartOr(begin_, least, count);
    }

    __aicore__ static inline Vector Room(const Vector *lent, uint32_t i) { return lent[i / 4][i % 4 * kMost]; }

    Vector begin_, length_;

private:
    uint32_t pair_ = 0;
    uint64_t begins_of_pair_ = 0, lengths_of_pair_ = 0;
};

// Of slices of the table: in order is a row with 0 <= request < rows and 0 <= start <= end <= row_len. An empty row may be.
class SliceWords : public RowWords {
public:
    static constexpr uint32_t kLent = 2;

    template <typename R, typename L>
    __aicore__ inline void Make(const TableSize &table, const LocalTensor<R> &requests, const LocalTensor<L> &starts,
                                const LocalTensor<L> &ends, const Vector *lent, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector over = Room(lent, 2), least = Room(lent, 3), shortest = Room(lent, 4);
        Begin(lent);
        const Vector request = StartNarrow(requests, Room(lent, 5), count);
        const Vector start = StartNarrow(starts, Room(lent, 6), count);
        const Vector end = StartNarrow(ends, Room(lent, 7), count);
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Mins(least, request, static_cast<int32_t>(table.rows) - 1, n);
        Mins(over, end, static_cast<int32_t>(table.row_len), n);
        Sub(length_, end, start, n);
        Muls(begin_, request, static_cast<int32_t>(table.row_stride), n);
        PipeBarrier<PIPE_V>();
        Sub(least, least, request, n); // below 0 where request >= rows
        Sub(over, over, end, n);       // below 0 where end > row_len
        Min(shortest, end, length_, n);
        Add(begin_, begin_, start, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, request, n);
        Min(over, over, start, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, over, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, shortest, n);
        PipeBarrier<PIPE_V>();
        End(least, count);
    }
};

// Of an entry of the table each: in order is a row with 0 <= request < rows and 1 <= length <= row_len.
class EntryWords : public RowWords {
public:
    static constexpr uint32_t kLent = 2;

    template <typename R, typename L>
    __aicore__ inline void Make(const TableSize &table, const LocalTensor<R> &requests, const LocalTensor<L> &lengths,
                                const Vector *lent, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector entry = Room(lent, 2), over = Room(lent, 3), least = Room(lent, 4);
        Begin(lent);
        const Vector request = StartNarrow(requests, Room(lent, 5), count);
        const Vector length = StartNarrow(lengths, Room(lent, 6), count);
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Mins(least, request, static_cast<int32_t>(table.rows) - 1, n);
        Mins(over, length, static_cast<int32_t>(table.row_len), n);
        Muls(begin_, request, static_cast<int32_t>(table.row_stride), n);
        Maxs(entry, length, 0, n);
        PipeBarrier<PIPE_V>();
        Sub(least, least, request, n); // below 0 where request >= rows
        Sub(over, over, length, n);    // below 0 where length > row_len
        Adds(entry, entry, -1, n);     // below 0 where length < 1
        PipeBarrier<PIPE_V>();
        Min(least, least, request, n);
        Min(over, over, entry, n);
        Add(begin_, begin_, entry, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, over, n);
        PipeBarrier<PIPE_V>();
        End(least, count);
    }
};

// Of slots behind a row's last one: in order is a row with a place (place.h) that needs no page, and whose slots are some.
class SlotWords : public RowWords {
public:
    static constexpr uint32_t kLent = 3;

    // Slots go up to `most`; `pages` are those that rows need.
    template <typename S, typename L>
    __aicore__ inline void Make(const LocalTensor<S> &lasts, const LocalTensor<L> &starts, const LocalTensor<L> &ends,
                                const Vector &pages, int32_t most, const Vector *lent, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector over = Room(lent, 2), least = Room(lent, 3), left = Room(lent, 4), none = Room(lent, 5);
        firsts = Room(lent, 9);
        odd = least;
        Begin(lent);
        Duplicate(firsts, 0, static_cast<int32_t>(kMost)); // they are read by whole blocks
        const Vector last = StartNarrow(lasts, Room(lent, 6), count);
        const Vector start = StartNarrow(starts, Room(lent, 7), count);
        const Vector end = StartNarrow(ends, Room(lent, 8), count);
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Mins(over, end, static_cast<int32_t>(kEndLimit - 1), n);
        Min(least, start, end, n);
        Muls(left, last, -1, n);
        Muls(none, pages, -1, n); // below 0 where pages are needed
        Sub(length_, end, start, n);
        Adds(begin_, last, 1, n);
        Adds(firsts, last, 1, n);
        PipeBarrier<PIPE_V>();
        Sub(over, over, end, n); // below 0 where end is kEndLimit
        Adds(left, left, most, n);
        Min(least, least, length_, n);
        Min(none, none, last, n);
        PipeBarrier<PIPE_V>();
        Sub(left, left, length_, n); // below 0 where there are fewer slots behind the last
        Min(least, least, over, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, none, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, left, n);
        PipeBarrier<PIPE_V>();
        End(least, count);
    }

    // Of the rows that words were made of last, as V has them: the slot behind each row's last one, and -1 for each row that is
    // not surely in order, 0 for the others.
    Vector firsts, odd;
};

} // namespace cache_loc
