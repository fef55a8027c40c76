// Which rows of a decode step need a page: those whose new token is the first of one, (seq - 1) % page_size == 0.
//
// That is where the tokens before it fill one page less, need = floor((seq - 1) / page_size) - floor((seq - 2) / page_size), 0
// or 1. A row whose length is none, below 1 or from 2^31 - 1 on, needs none: seq - 1 and seq - 2 are clamped to -1 and 2^31 -
// 3, which makes one of the two.
//
// Contract: V is ordered after who filled the lengths, and has made what it says when Make returns. Needs is the same for
// one row, by S. Count loads rows by itself, and orders itself.
//
// UB, for `most` rows of L: lengths, 8 vectors of int32. Pipes: MTE2 loads, V computes, S reads sums.
#pragma once

#include "int32.h"
#include "pages.h"
#include "rows.h"
#include "split.h"

namespace cache_loc {

template <typename L>
class PageNeeds {
public:
    using Vector = LocalTensor<int32_t>;

    // Of lengths at an address; tiles of `most` rows, a power of two.
    __aicore__ inline PageNeeds(TPipe &pipe, uint64_t seq_lens, uint32_t page_size, uint32_t most)
        : page_size_(page_size), pages_(page_size), lens_(pipe, seq_lens, most), most_(most)
    {
        pipe.InitBuffer(buffer_, kVectors * most * sizeof(int32_t));
        SaturateCasts();
    }

    __aicore__ static inline bool IsLength(int64_t seq) { return seq >= 1 && seq <= kMostLength; }

    __aicore__ inline bool Needs(int64_t seq) const
    {
        return IsLength(seq) && static_cast<uint64_t>(seq - 1) % page_size_ == 0;
    }

    // need[i] = whether row i needs a page; wrong[i] = 0 where its length is one.
    __aicore__ inline void Make(const LocalTensor<L> &lens, const Vector &need, const Vector &wrong, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const Vector length = Room(1), token = Room(2), before = Room(3), scratch = Room(4);
        const Vector seq = Narrow(lens, Room(0), count);
        Maxs(length, seq, 0, n);
        Maxs(wrong, seq, 1, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Adds(token, length, -1, n);
        Adds(before, length, -2, n);
        Mins(wrong, wrong, kMostLength, n);
        PipeBarrier<PIPE_V>();
        Mins(token, token, kMostLength - 1, n);
        Maxs(before, before, -1, n);
        Sub(wrong, seq, wrong, n);
        PipeBarrier<PIPE_V>();
        pages_.Between(need, before, token, scratch, count);
    }

    // How many of rows first..end need a page.
    __aicore__ inline uint64_t Count(uint64_t first, uint64_t end)
    {
        if (first >= end) {
            return 0;
        }
        const Vector sum = Room(5), need = Room(6), wrong = Room(7);
        Duplicate(sum, 0, static_cast<int32_t>(most_));
        for (uint64_t row = first; row < end; row += most_) {
            const auto count = static_cast<uint32_t>(Min(most_, end - row));
            lens_.Load(row, count);
            Order<HardEvent::MTE2_V>(); // MTE2 has filled lens_ before V reads it
            Make(lens_.tile, need, wrong, count);
            Order<HardEvent::V_MTE2>(); // V has read lens_ before MTE2 fills it again
            Add(sum, sum, need, static_cast<int32_t>(count));
            PipeBarrier<PIPE_V>(); // sum is written before it is read, need read before it is written again
        }
        for (uint32_t left = most_ / 2; left >= kBlock; left /= 2) {
            Add(sum, sum, sum[left], static_cast<int32_t>(left));
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        }
        Order<HardEvent::V_S>(); // V has made the sums before S reads them
        uint64_t needs = 0;
        for (uint32_t i = 0; i < kBlock; ++i) {
            needs += static_cast<uint64_t>(sum.GetValue(i));
        }
        Order<HardEvent::S_V>(); // S has read the sums before V makes others
        return needs;
    }

private:
    static constexpr int32_t kMostLength = 0x7ffffffe;
    static constexpr uint32_t kBlock = 8; // elements of a 32-byte block
    static constexpr uint32_t kVectors = 8;

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * most_]; }

    uint32_t page_size_;
    Pages pages_;
    Column<L> lens_;
    uint32_t most_;
    mutable TBuf<TPosition::VECCALC> buffer_;
};

} // namespace cache_loc
