// Rows that are windows of equally many tokens: which are in order, where each begins in the table, and the positions
// of its tokens, all by the vector unit.
//
// In order is a row with 0 <= request < rows and 0 <= start <= row_len - tokens. value - max(value, 0) and value -
// min(value, last) are 0 for both, or-ed together as D, and b = clamp(D, -1, 1)^2 is 0 for such a row, 1 for another.
// A row's word is where it begins in the table, or negative where that is not sure: S then looks at the row by itself,
// and at every row of a table whose places are no int32. Its first position is start, or the least int32 where it is
// not in order, so that each position is max(first + j, -1).
//
// Positions lie as tight as the output wants them. Element k of a piece that begins `phase` tokens into a row is token
// x = phase + k, of row x / tokens, which is (x * factor) >> shift with factor = ceil(2^shift / tokens): exact while
// x * tokens <= 2^shift, and below 2^26. Where a row is longer than a piece can be, a piece lies within one row, and
// factor is 0.
//
// Contract: Open once, where positions are wanted. Make with columns that MTE2 has filled and V is ordered after; when
// it returns, Word may be called for each of the `count` rows, and whoever fills the columns again has S to wait for.
// Positions makes up to kPiece elements of the rows of the last Make, from what V has made; V may read them when it
// returns, and the next call overwrites them.
//
// UB, for `most` rows: 6 vectors of int32; for positions 4 of kPiece. Pipes: V, and S behind it.
#pragma once

#include "int32.h"
#include "split.h"

namespace cache_loc {

class Windows {
public:
    using Vector = LocalTensor<int32_t>;

    struct Shape {
        uint32_t rows, row_stride, row_len, tokens;
    };

    // Elements of a piece of positions, at most.
    static constexpr uint32_t kPiece = 2048;

    __aicore__ inline Windows(TPipe &pipe, const Shape &shape, uint32_t most) : shape_(shape), most_(most)
    {
        pipe.InitBuffer(rows_buffer_, kVectors * most * sizeof(int32_t));
        pipe.InitBuffer(piece_buffer_, 4 * kPiece * sizeof(int32_t));
        if (shape.tokens <= kPiece) {
            while (1u << shift_ < 2 * kPiece * shape.tokens) {
                ++shift_;
            }
            factor_ = static_cast<int32_t>(((1u << shift_) + shape.tokens - 1) / shape.tokens);
        }
        SaturateCasts();
    }

    // Before the first positions.
    __aicore__ inline void Open() { CreateVecIndex(piece_buffer_.Get<int32_t>()[3 * kPiece], 0, kPiece); }

    template <typename R, typename L>
    __aicore__ inline void Make(const LocalTensor<R> &requests, const LocalTensor<L> &starts, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector wrong = Room(2), scratch = Room(3), word = Room(kWords), first = Room(kFirsts);
        const Vector request = Narrow(requests, Room(4), count);
        const Vector start = Narrow(starts, Room(5), count);
        // What D has of either is 0 where it is in order: in range of 0 to last, which is -1 where nothing is.
        const int32_t last_start =
            shape_.row_len < shape_.tokens ? -1 : static_cast<int32_t>(shape_.row_len - shape_.tokens);
        Maxs(wrong, request, 0, n);
        Maxs(first, start, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Sub(wrong, request, wrong, n);
        Sub(first, start, first, n);
        Mins(scratch, request, static_cast<int32_t>(shape_.rows) - 1, n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, request, scratch, n);
        Mins(word, start, last_start, n);
        PipeBarrier<PIPE_V>();
        Sub(word, start, word, n);
        OrInto(wrong, scratch, count);
        OrInto(wrong, first, count);
        OrInto(wrong, word, count);
        // b = clamp(D, -1, 1)^2
        ToFlags(wrong, count);
        if (Fits()) { // word = (request * row_stride + start) | -b
            Muls(word, request, static_cast<int32_t>(shape_.row_stride), n);
            Muls(scratch, wrong, -1, n);
            PipeBarrier<PIPE_V>();
            Add(word, word, start, n);
            PipeBarrier<PIPE_V>();
            OrInto(word, scratch, count);
        } else {
            Duplicate(word, -1, n);
        }
        // first = start - start * b + least * b
        Mul(first, start, wrong, n);
        Muls(scratch, wrong, kLeast, n);
        PipeBarrier<PIPE_V>();
        Sub(first, start, first, n);
        PipeBarrier<PIPE_V>();
        Add(first, first, scratch, n);
        Order<HardEvent::V_S>(); // V has made the words, and has read the columns, before S reads the words
    }

    // Where the i-th row begins in the table; negative where that is not sure.
    __aicore__ inline int32_t Word(uint32_t i) const { return Room(kWords).GetValue(i); }

    // The positions of `count` tokens, the first of them token `phase` of the i-th row.
    __aicore__ inline Vector Positions(uint32_t i, uint32_t phase, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const auto piece = piece_buffer_.Get<int32_t>();
        const Vector token = piece[kPiece], row = piece[2 * kPiece];
        Adds(token, piece[3 * kPiece], static_cast<int32_t>(phase), n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote; and Make has made the firsts
        Muls(row, token, factor_, n);
        PipeBarrier<PIPE_V>();
        ShiftRight(row, row, static_cast<int32_t>(shift_), n);
        PipeBarrier<PIPE_V>();
        Muls(piece, row, static_cast<int32_t>(shape_.tokens), n);
        PipeBarrier<PIPE_V>();
        Sub(token, token, piece, n); // of its row
        Muls(row, row, static_cast<int32_t>(sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
        Gather(piece, Room(kFirsts), row.ReinterpretCast<uint32_t>(), i * sizeof(int32_t), count);
        PipeBarrier<PIPE_V>();
        Add(piece, piece, token, n);
        PipeBarrier<PIPE_V>();
        Maxs(piece, piece, -1, n);
        PipeBarrier<PIPE_V>();
        return piece;
    }

private:
    static constexpr int32_t kLeast = -0x7fffffff - 1;
    // Vectors of `most` elements; the others are to work in.
    static constexpr uint32_t kWords = 0;
    static constexpr uint32_t kFirsts = 1;
    static constexpr uint32_t kVectors = 6;

    // Whether every entry's place in the storage is an int32.
    __aicore__ inline bool Fits() const { return uint64_t{shape_.rows} * shape_.row_stride <= 0x7fffffff; }

    __aicore__ inline Vector Room(uint32_t i) const { return rows_buffer_.template Get<int32_t>()[i * most_]; }

    Shape shape_;
    uint32_t most_;
    uint32_t shift_ = 0;
    int32_t factor_ = 0;
    mutable TBuf<TPosition::VECCALC> rows_buffer_;
    TBuf<TPosition::VECCALC> piece_buffer_;
};

} // namespace cache_loc
