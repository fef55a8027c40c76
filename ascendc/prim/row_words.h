// Where the slots of each row are, in one word: what S needs of a row that is in order, in one read of UB.
//
// V makes the words of a tile of rows: in the low half where the row begins in the table, in the high half how many
// slots it has; the low half is negative where the row is not surely in order, and S looks at it by itself. So S pays a
// read and a branch for a row in place of three reads and the checks, which V does for 64 rows an instruction.
//
// In order is a row with 0 <= request < rows and 0 <= start <= end <= row_len. value - clamp(value) is 0 for each of
// the three, or-ed together as D, and -clamp(D, -1, 1)^2 is then 0, or -1 in every bit, which is or-ed to the begin. An
// empty row is not surely in order: its request may be any. No step depends on how int32 overflows.
//
// Contract: Fits says whether the table is small enough for int32; Open once; Make with columns that MTE2 has filled
// and V is ordered after; when it returns, Get may be called for each of the `count` rows, and whoever fills the
// columns again has S to wait for.
//
// UB, for `most` rows: 9 vectors of int32. Pipes: V, and S behind it.
#pragma once

#include "int32.h"
#include "range_fault.h"
#include "split.h"

namespace cache_loc {

class RowWords {
public:
    // Whether every entry's place in the storage is an int32.
    __aicore__ static inline bool Fits(const TableSize &table)
    {
        return uint64_t{table.rows} * table.row_stride <= 0x7fffffff;
    }

    __aicore__ inline RowWords(TPipe &pipe, const TableSize &table, uint32_t most) : table_(table), most_(most)
    {
        pipe.InitBuffer(buffer_, kVectors * most * sizeof(int32_t));
    }

    // Where in `pairs_` the halves of each word are: begin of row i, length of row i, and so on, in bytes.
    __aicore__ inline void Open()
    {
        const auto n = static_cast<int32_t>(2 * most_);
        const Vector row = Room(0), odd = Room(2), offsets = Room(kOffsets);
        CreateVecIndex(odd, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        ShiftRight(row, odd, 1, n);
        PipeBarrier<PIPE_V>();
        Muls(offsets, row, 2, n);
        PipeBarrier<PIPE_V>();
        Sub(odd, odd, offsets, n);
        Muls(row, row, static_cast<int32_t>(sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
        Muls(odd, odd, static_cast<int32_t>(most_ * sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
        Add(offsets, row, odd, n);
        PipeBarrier<PIPE_V>();
    }

    template <typename R, typename L>
    __aicore__ inline void Make(const LocalTensor<R> &requests, const LocalTensor<L> &starts,
                                const LocalTensor<L> &ends, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector wrong = Room(0), scratch = Room(1), begin = Room(kPairs), length = Room(kPairs + 1);
        const Vector request = Narrow(requests, Room(2), count);
        const Vector start = Narrow(starts, Room(3), count);
        const Vector end = Narrow(ends, Room(4), count);
        // 0 <= request < rows.
        Maxs(scratch, request, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Mins(scratch, scratch, static_cast<int32_t>(table_.rows) - 1, n);
        Muls(begin, request, static_cast<int32_t>(table_.row_stride), n);
        PipeBarrier<PIPE_V>();
        Sub(wrong, request, scratch, n);
        Add(begin, begin, start, n);
        PipeBarrier<PIPE_V>();
        // 0 <= start <= end.
        Maxs(scratch, start, 0, n);
        Sub(length, end, start, n);
        PipeBarrier<PIPE_V>();
        Min(scratch, scratch, end, n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, start, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);
        // end <= row_len.
        Mins(scratch, end, static_cast<int32_t>(table_.row_len), n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, end, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);
        // begin |= -clamp(wrong, -1, 1)^2
        ToFlags(wrong, count);
        Muls(wrong, wrong, -1, n);
        PipeBarrier<PIPE_V>();
        OrInto(begin, wrong, count);
        Gather(Room(kWords), begin, Room(kOffsets).ReinterpretCast<uint32_t>(), 0, 2 * count);
        Order<HardEvent::V_S>(); // V has made the words, and has read the columns, before S reads the words
    }

    // The word of row i; negative in the low half where the row is not surely in order.
    __aicore__ inline uint64_t Get(uint32_t i) const
    {
        return static_cast<uint64_t>(Room(kWords).ReinterpretCast<int64_t>().GetValue(i));
    }

private:
    using Vector = LocalTensor<int32_t>;

    // Vectors of `most` elements: 0 to 4 to work in, of which two hold the words at the end.
    static constexpr uint32_t kWords = 0;   // 2
    static constexpr uint32_t kPairs = 5;   // begins and lengths, 2
    static constexpr uint32_t kOffsets = 7; // 2
    static constexpr uint32_t kVectors = 9;

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * most_]; }

    TableSize table_;
    uint32_t most_;
    mutable TBuf<TPosition::VECCALC> buffer_;
};

} // namespace cache_loc
