// The place of a row in a ragged output: how long it is.
//
// A row [start, end) has its place, as long as its offsets say, where 0 <= start <= end < 2^31 - 1, whatever else is
// wrong with it; otherwise it has none. So where a row begins depends on offsets alone, and a bad row moves nobody.
// Every ragged operation has this one rule, so that what one writes another can read.
//
// PlaceLength is the rule for one row, PlaceLengths the same for many at a time, without 64-bit arithmetic, which the
// vector unit of 2201 has not: of a row with a place the high words of both offsets must be 0, and so must low -
// clamp(low) be, for each of them in turn. Whatever is not 0 in any of these is or-ed together as D; b = clamp(D, -1,
// 1)^2 is then 1 for a row without a place and 0 for one with, and length = d - d * b with d = end - start. start ==
// end gives 0 by itself, as it should. No step depends on how int32 overflows.
//
// UB, for `most` rows of L: two of L; five vectors of int32 are lent. Pipes: MTE2 loads, V computes; Fill orders the
// two both ways, so that what it loaded last can be read by S too, and anything be loaded behind it.
#pragma once

#include "rows.h"

namespace cache_loc {

// The end offset from which on a row has no place: no table has that many entries a row.
inline constexpr int64_t kEndLimit = 0x7fffffff;

__aicore__ inline constexpr uint64_t PlaceLength(int64_t start, int64_t end)
{
    return 0 <= start && start <= end && end < kEndLimit ? static_cast<uint64_t>(end - start) : 0;
}

// Lengths for a scan (scan.h): those of the rows' places.
template <typename L>
class PlaceLengths {
public:
    using Vector = LocalTensor<int32_t>;
    static constexpr uint32_t kLent = 5; // vectors that Fill needs to work in

    Column<L> starts, ends;

    // Of offsets in two arrays, so many rows at a time at most.
    __aicore__ inline PlaceLengths(TPipe &pipe, uint64_t starts, uint64_t ends, uint32_t most)
        : starts(pipe, starts, most), ends(pipe, ends, most)
    {
    }

    // Copies rows first..first + count in. Whoever reads them orders that after MTE2, and the next Load after the
    // reads.
    __aicore__ inline void Load(uint64_t first, uint32_t count AND_SIM_CALLER)
    {
        starts.Load(first, count);
        ends.Load(first, count);
    }

    // The length of the row that is i-th of those loaded, for S.
    __aicore__ inline uint64_t Get(uint32_t i AND_SIM_CALLER) const { return PlaceLength(starts.Get(i), ends.Get(i)); }

    // Loads, and length[i] = the length of row first + i. The vectors lent hold nothing afterwards.
    __aicore__ inline void Fill(uint64_t first, uint32_t count, const Vector &length, const Vector (&lent)[kLent])
    {
        const auto n = static_cast<int32_t>(count);
        const Vector wrong = lent[0], scratch = lent[1], high = lent[2];
        Load(first, count);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled starts and ends before V reads them

        // end < kEndLimit: end - min(end, kEndLimit - 1) is 0. A negative end has a start that is wrong, or equal to
        // it.
        const Vector end = Low(ends.tile, lent[3], high, count);
        Mins(wrong, end, static_cast<int32_t>(kEndLimit - 1), n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Sub(wrong, end, wrong, n);
        PipeBarrier<PIPE_V>();
        OrHighInto(wrong, high, count);

        // 0 <= start <= end: start - min(max(start, 0), end) is 0.
        const Vector start = Low(starts.tile, lent[4], high, count);
        OrHighInto(wrong, high, count);
        Maxs(scratch, start, 0, n);
        PipeBarrier<PIPE_V>();
        Min(scratch, scratch, end, n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, start, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);

        // b = clamp(D, -1, 1)^2; d = end - start; length = d - d * b.
        Maxs(wrong, wrong, -1, n);
        Sub(scratch, end, start, n);
        PipeBarrier<PIPE_V>();
        Order<HardEvent::V_MTE2>(); // V has read starts and ends before MTE2 copies the next rows in
        Mins(wrong, wrong, 1, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, wrong, wrong, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, scratch, wrong, n);
        PipeBarrier<PIPE_V>();
        Sub(length, scratch, wrong, n);
        PipeBarrier<PIPE_V>();
    }

private:
    // The low words of a vector, and its high words in `high` (int64); or the vector itself (int32).
    __aicore__ inline Vector Low(const LocalTensor<L> &values, const Vector &low, const Vector &high, uint32_t count)
    {
        if constexpr (sizeof(L) == 4) {
            return values;
        } else {
            const Vector words = values.template ReinterpretCast<int32_t>();
            uint64_t kept = 0;
            GatherMask(low, words, static_cast<uint8_t>(1), true, 2 * count, {1, 1, 8, 0}, kept);
            GatherMask(high, words, static_cast<uint8_t>(2), true, 2 * count, {1, 1, 8, 0}, kept);
            PipeBarrier<PIPE_V>(); // low and high are written before they are read
            return low;
        }
    }

    // Or of int32 vectors: 2201 has it for 16-bit elements only.
    __aicore__ inline void OrInto(const Vector &wrong, const Vector &bits, uint32_t count)
    {
        const auto wrong16 = wrong.template ReinterpretCast<int16_t>();
        Or(wrong16, wrong16, bits.template ReinterpretCast<int16_t>(), static_cast<int32_t>(2 * count));
        PipeBarrier<PIPE_V>(); // wrong is written before it is read, bits read before they are overwritten
    }

    __aicore__ inline void OrHighInto(const Vector &wrong, const Vector &high, uint32_t count)
    {
        if constexpr (sizeof(L) == 8) {
            OrInto(wrong, high, count);
        }
    }
};

} // namespace cache_loc
