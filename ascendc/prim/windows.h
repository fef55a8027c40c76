// Rows that are windows of equally many tokens: which are in order, where each begins in the table, and its first
// position, all by the vector unit.
//
// In order is a row with 0 <= request < rows and 0 <= start <= last = row_len - tokens: none of request, rows - 1 -
// request, start and last - start is below 0. Where the least of them is, its sign shifted down is m = -1, and m = 0
// elsewhere. A row's word is where it begins in the table, or negative where that is not sure: S then looks at the row
// by itself, and at every row of a table whose places are no int32. Its first position is start, or so far below 0
// where it is not in order that each position is max(first + j, -1).
//
// Contract: Make with columns that MTE2 has filled and V is ordered after; when it returns, Word may be called for each
// of the `count` rows, and whoever fills the columns again has S to wait for. Where first positions are wanted, Open
// once and Firsts after each Make: V may read them when it returns, in whole blocks.
//
// UB, for `most` rows: 6 vectors of int32. Pipes: V, and S behind it.
#pragma once

#include "int32.h"
#include "range_fault.h"

namespace cache_loc {

class Windows {
public:
    using Vector = LocalTensor<int32_t>;

    // Of so many tokens.
    __aicore__ inline Windows(TPipe &pipe, const TableSize &table, uint32_t tokens, uint32_t most)
        : table_(table), most_(most),
          last_(table.row_len < tokens ? -1 : static_cast<int32_t>(table.row_len - tokens))
    {
        pipe.InitBuffer(rows_buffer_, kVectors * most * sizeof(int32_t));
        SaturateCasts();
    }

    template <typename R, typename L>
    __aicore__ inline void Make(const LocalTensor<R> &requests, const LocalTensor<L> &starts, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector word = Room(kWords), least = Room(kWrong), of_start = Room(kFirsts), of_both = Room(3);
        const Vector request = StartNarrow(requests, Room(4), count);
        const Vector start = StartNarrow(starts, Room(kStarts), count);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Muls(word, request, static_cast<int32_t>(table_.row_stride), n);
        Muls(least, request, -1, n);
        Muls(of_start, start, -1, n);
        Min(of_both, request, start, n);
        PipeBarrier<PIPE_V>();
        Add(word, word, start, n);
        Adds(least, least, static_cast<int32_t>(table_.rows) - 1, n);
        Adds(of_start, of_start, last_, n);
        PipeBarrier<PIPE_V>();
        Mins(Room(kStarts), start, last_, n);
        Min(least, least, of_start, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, of_both, n);
        PipeBarrier<PIPE_V>();
        ShiftRight(least, least, 31, n); // m
        PipeBarrier<PIPE_V>();
        if (table_.FitsInt32()) { // word = (request * row_stride + start) | m
            OrInto(word, least, count);
        } else {
            Duplicate(word, -1, n);
        }
        Order<HardEvent::V_S>(); // V has made the words, and has read the columns, before S reads the words
    }

    // Where the i-th row begins in the table; negative where that is not sure.
    __aicore__ inline int32_t Word(uint32_t i) const { return Room(kWords).GetValue(i); }

    // Before the first Firsts: what is behind the last row of a block has a value, too.
    __aicore__ inline void Open() { Duplicate(Room(kFirsts), 0, static_cast<int32_t>(most_)); }

    // The first positions of the rows of the last Make, once.
    __aicore__ inline Vector Firsts(uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector first = Room(kFirsts), start = Room(kStarts), wrong = Room(kWrong);
        // first = clamp(start, 0, last) | m << 31
        Maxs(start, start, 0, n);
        ShiftLeft(first, wrong, 31, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        OrInto(first, start, count);
        return first;
    }

private:
    // Vectors of `most` elements; the others are to work in.
    static constexpr uint32_t kWords = 0;
    static constexpr uint32_t kFirsts = 1;
    static constexpr uint32_t kWrong = 2;  // m
    static constexpr uint32_t kStarts = 5; // up to last_
    static constexpr uint32_t kVectors = 6;

    __aicore__ inline Vector Room(uint32_t i) const { return rows_buffer_.template Get<int32_t>()[i * most_]; }

    TableSize table_;
    uint32_t most_;
    int32_t last_; // start of a row in order; -1 where there is none
    mutable TBuf<TPosition::VECCALC> rows_buffer_;
};

} // namespace cache_loc
