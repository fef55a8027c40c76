// Which page a token is on: floor(x / page_size) of vectors of int32, for any page size, exactly.
//
// A power of two is a shift. Otherwise, since 2201 divides no integers, the quotient comes from float32, which is wrong by
// hundreds for the largest x and small pages, and is put right in int32:
//
//     q = trunc(trunc(float(x)) * inverse), left = x - q * page_size        an estimate that is never too large
//     q += trunc(trunc(float(left)) * inverse), left likewise               the same of what it has left
//     q += 1 where left >= page_size
//
// Proof, for x >= 0. Let M = 2^k / page_size with 2^23 < M < 2^24, and inverse = (floor(M) - 1) / 2^k, which float32 has.
// floor(M) - 1 is at most M - 1 and more than M - 2, so inverse = (1 - d) / page_size with 2^-24 < 1 / M <= d < 2 / M <
// 2^-22. float(x), rounded towards 0, is between x * (1 - 2^-23) and x, and the product is rounded by a factor between
// 1 - 2^-24 and 1 + 2^-24. So
//   - the estimate is at most (x / page_size) * (1 - 2^-24) * (1 + 2^-24) < x / page_size: q is never too large, left is
//     never below 0, q * page_size never above x, and nothing passes int32;
//   - it is at least (x / page_size) * (1 - 7 * 2^-24): too small by no more than (x / page_size) * 7 / 2^24, and by less
//     than 1 more for what trunc takes off. Where x / page_size <= 2^24 / 7 that makes q right or 1 too small, which the
//     last step puts right. x < 2^31, so one estimate does for pages of 897 tokens and more (kOneEstimate). For smaller
//     pages left is below 2 pages and 7 * 2^7 = 896 tokens after the first estimate, so left / page_size is below 898, and
//     the second estimate leaves q right or 1 too small.
// x = -1 has the estimates 0 (inverse < 1/2), and is added as it is: its floor is -1, in both forms.
//
// Contract: x from -1 to 2^31 - 1, or what is written is anything; page_size from 1 to 2^31 - 2. `pages` is apart from x, `left` and `scratch` from both, but
// that `left` may be x, which is then overwritten. What is written V has written when this returns, and V was the last to
// write x, or is ordered after who was. UB: none. Pipes: S computes the inverse once, V does the rest.
#pragma once

#include "sync.h"

namespace cache_loc {

class Pages {
public:
    using Vector = LocalTensor<int32_t>;

    __aicore__ inline explicit Pages(uint32_t page_size) : page_size_(static_cast<int32_t>(page_size))
    {
        uint32_t bits = 0;
        float unit = 1.0f / (1u << 23); // 2^-k
        for (; page_size >> bits != 0; ++bits) {
            unit *= 0.5f;
        }
        if ((page_size & (page_size - 1)) == 0) {
            shift_ = bits - 1;
        } else {
            const auto m = static_cast<int32_t>((uint64_t{1} << (23 + bits)) / page_size); // floor(M)
            inverse_ = static_cast<float>(m - 1) * unit;
        }
    }

    // pages = floor(x / page_size), of the first `count` elements.
    __aicore__ inline void Divide(const Vector &pages, const Vector &x, const Vector &left, const Vector &scratch,
                                  uint32_t count) const
    {
        const auto n = static_cast<int32_t>(count);
        if (inverse_ == 0) {
            Shift(pages, x, n);
            PipeBarrier<PIPE_V>(); // pages is written before it is read
            return;
        }
        Estimate(pages, x, scratch, count);
        Muls(scratch, pages, page_size_, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Sub(left, x, scratch, n);
        PipeBarrier<PIPE_V>();
        if (page_size_ < kOneEstimate) {
            Estimate(scratch, left, scratch, count);
            Add(pages, pages, scratch, n);
            PipeBarrier<PIPE_V>();
            Muls(scratch, scratch, page_size_, n);
            PipeBarrier<PIPE_V>();
            Sub(left, left, scratch, n);
            PipeBarrier<PIPE_V>();
        }
        // 1 where left >= page_size, -1 where it is -1
        Adds(scratch, left, 1 - page_size_, n);
        PipeBarrier<PIPE_V>();
        Maxs(scratch, scratch, 0, n);
        Mins(left, left, 0, n);
        PipeBarrier<PIPE_V>();
        Mins(scratch, scratch, 1, n);
        Add(pages, pages, left, n);
        PipeBarrier<PIPE_V>();
        Add(pages, pages, scratch, n);
        PipeBarrier<PIPE_V>();
    }

    // pages = floor(to / page_size) - floor(from / page_size). All four vectors are apart, and but for `pages` hold nothing
    // afterwards.
    __aicore__ inline void Between(const Vector &pages, const Vector &from, const Vector &to, const Vector &scratch,
                                   uint32_t count) const
    {
        const auto n = static_cast<int32_t>(count);
        if (inverse_ == 0) { // both at a time
            Shift(pages, to, n);
            Shift(scratch, from, n);
            PipeBarrier<PIPE_V>(); // both are written before they are read
            Sub(pages, pages, scratch, n);
        } else {
            Divide(pages, to, to, scratch, count);
            Divide(to, from, from, scratch, count);
            Sub(pages, pages, to, n);
        }
        PipeBarrier<PIPE_V>(); // pages is written before it is read
    }

private:
    static constexpr int32_t kOneEstimate = 897; // 2^31 / 897 <= 2^24 / 7

    // pages = floor(x / page_size), of a power of two.
    __aicore__ inline void Shift(const Vector &pages, const Vector &x, int32_t n) const
    {
        if (shift_ == 0) {
            Adds(pages, x, 0, n);
        } else {
            ShiftRight(pages, x, shift_, n);
        }
    }

    // pages = trunc(trunc(float(x)) * inverse)
    __aicore__ inline void Estimate(const Vector &pages, const Vector &x, const Vector &scratch, uint32_t count) const
    {
        const auto real = scratch.ReinterpretCast<float>();
        Cast(real, x, RoundMode::CAST_TRUNC, count);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Muls(real, real, inverse_, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>();
        Cast(pages, real, RoundMode::CAST_TRUNC, count);
        PipeBarrier<PIPE_V>();
    }

    int32_t page_size_;
    int32_t shift_ = 0;
    float inverse_ = 0; // of a power of two: none
};

} // namespace cache_loc
