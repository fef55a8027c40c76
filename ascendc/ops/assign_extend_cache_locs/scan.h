// The sums of the row lengths, over the whole batch and up to checkpoints in it: what a core needs to find its share.
//
//     for each tile of rows, beginning with a tile of the core's own:
//         MTE2  copy in starts and ends
//         V     length[i] = ends[i] - starts[i], 0 where the row has no place (PlaceLength, rows.h)
//         V     small[i] = length[i], far below 0 where that is long
//         V     group[g] = sum of 64 small
//         S     group[g] = sum of 64 length instead, where it is below 0
//         S     sums[g >> shift] += group[g]
//
// Lengths without 64-bit arithmetic, which 2201 has not: of a row with a place the high words of both offsets must be 0,
// and so must low - clamp(low) be, for each of them in turn. Whatever is not 0 in any of these is or-ed together as D;
// b = clamp(D, -1, 1)^2 is then 1 for a row without a place and 0 for one with, and length = d - d * b with d = end -
// start. start == end gives 0 by itself, as it should. No step depends on how int32 overflows.
//
// Sums in int32: 64 lengths up to kShort add up to less than kLong, and where one of them is longer and counts as kShort
// - kLong, the sum is below 0 whatever the others are.
#pragma once

#include "../../prim/split.h"
#include "params.h"
#include "rows.h"

namespace cache_loc {

template <typename L>
class LengthScan {
public:
    __aicore__ inline LengthScan(TPipe &pipe, const AscendCacheLocAssignExtendCacheLocsParams &params)
        : params_(params), rows_(pipe, ASCEND_CACHE_LOC_SCAN_TILE_MAX)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
        for (auto &buffer : work_buffers_) {
            pipe.InitBuffer(buffer, kTile * sizeof(int32_t));
        }
        pipe.InitBuffer(sums_buffer_, ASCEND_CACHE_LOC_CHECKPOINTS_MAX * sizeof(int64_t));
        for (uint32_t i = 0; i < kWork; ++i) {
            work_[i] = work_buffers_[i].template Get<int32_t>();
        }
        sums_ = sums_buffer_.template Get<int64_t>();
        while ((Groups() - 1) >> shift_ >= params.checkpoints) {
            ++shift_;
        }
    }

    // Rows between two checkpoints.
    __aicore__ inline uint64_t Rows() const { return uint64_t{kGroup} << shift_; }

    __aicore__ inline uint32_t Checkpoints() const { return static_cast<uint32_t>((Groups() - 1) >> shift_) + 1; }

    // The sum of the lengths between checkpoint i and the next.
    __aicore__ inline int64_t Sum(uint32_t i) const { return sums_.GetValue(i); }

    // Fills the sums; returns the sum of all.
    __aicore__ inline int64_t Run(uint32_t core, uint32_t cores)
    {
        for (uint32_t i = 0; i < Checkpoints(); ++i) {
            sums_.SetValue(i, 0);
        }
        const uint64_t tiles = (uint64_t{params_.n} + params_.scan_tile - 1) / params_.scan_tile;
        const uint64_t own = ShareBegin(tiles, core, cores);
        int64_t total = 0;
        for (uint64_t i = 0; i < tiles; ++i) {
            const uint64_t tile = own + i < tiles ? own + i : own + i - tiles;
            const uint64_t first = tile * params_.scan_tile;
            const auto count = static_cast<uint32_t>(Min(params_.scan_tile, params_.n - first));
            Lengths(first, count);
            total += AddGroups(first, count);
        }
        return total;
    }

private:
    static constexpr int32_t kGroup = 64;            // rows
    static constexpr uint32_t kWork = 6;             // int32 vectors of a tile
    static constexpr uint32_t kInt32Block = 8;       // elements of a 32-byte block
    static constexpr int32_t kShort = (1 << 19) - 1; // the longest row that is not long
    static constexpr int32_t kLong = kGroup * (kShort + 1);
    static_assert(int64_t{kGroup} * kShort < kLong, "one long row makes the sum of a group negative");
    static_assert(int64_t{kGroup} * (kShort - kLong) >= -(int64_t{1} << 31), "as many as there can be fit in int32");

    using Vector = LocalTensor<int32_t>;

    __aicore__ inline uint64_t Groups() const { return (uint64_t{params_.n} + kGroup - 1) / kGroup; }

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

    // work_[kLength] and work_[kSmall] = the lengths of rows first.., zeros up to a whole group.
    __aicore__ inline void Lengths(uint64_t first, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        const int32_t padded = (n + kGroup - 1) / kGroup * kGroup;
        rows_.Load(params_, first, count);
        const Vector wrong = work_[0], scratch = work_[1], high = work_[2], length = work_[kLength];
        const Vector small = work_[kSmall];
        Duplicate(length, 0, padded);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled rows_ before V reads them

        // end < kEndLimit: end - min(end, kEndLimit - 1) is 0. A negative end has a start that is wrong, or equal to it.
        const Vector end = Low(rows_.ends, work_[4], high, count);
        Mins(wrong, end, static_cast<int32_t>(kEndLimit - 1), n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Sub(wrong, end, wrong, n);
        PipeBarrier<PIPE_V>();
        OrHighInto(wrong, high, count);

        // 0 <= start <= end: start - min(max(start, 0), end) is 0.
        const Vector start = Low(rows_.starts, work_[5], high, count);
        OrHighInto(wrong, high, count);
        Maxs(scratch, start, 0, n);
        PipeBarrier<PIPE_V>();
        Min_(scratch, scratch, end, n);
        Sub(scratch, start, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);

        // b = clamp(D, -1, 1)^2; d = end - start; length = d - d * b.
        Maxs(wrong, wrong, -1, n);
        Sub(scratch, end, start, n);
        PipeBarrier<PIPE_V>();
        Order<HardEvent::V_MTE2>(); // V has read rows_ before MTE2 copies the next tile in
        Mins(wrong, wrong, 1, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, wrong, wrong, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, scratch, wrong, n);
        PipeBarrier<PIPE_V>();
        Sub(length, scratch, wrong, n);
        PipeBarrier<PIPE_V>();

        // small = min(length, kShort), less kLong where that is not the length.
        Mins(small, length, kShort, padded);
        PipeBarrier<PIPE_V>();
        Sub(scratch, small, length, padded);
        PipeBarrier<PIPE_V>();
        Maxs(scratch, scratch, -1, padded);
        PipeBarrier<PIPE_V>();
        Muls(scratch, scratch, kLong, padded);
        PipeBarrier<PIPE_V>();
        Add(small, small, scratch, padded);
        PipeBarrier<PIPE_V>();
    }

    __aicore__ inline void Min_(const Vector &dst, const Vector &a, const Vector &b, int32_t n)
    {
        Min(dst, a, b, n);
        PipeBarrier<PIPE_V>(); // dst is written before it is read
    }

    // Sums of 64 lengths each, added to the checkpoints they belong to; returns the sum of the tile.
    __aicore__ inline int64_t AddGroups(uint64_t first, uint32_t count)
    {
        const uint32_t groups = (count + kGroup - 1) / kGroup;
        const auto repeats = static_cast<uint8_t>(groups);
        const Vector small = work_[kSmall], a = work_[0], b = work_[1], c = work_[2];
        // 64 -> 32 -> 16 -> 8 elements a group, by halves.
        Add(a, small, small[32], uint64_t{32}, repeats, {1, 1, 1, 4, 8, 8});
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Add(b, a, a[16], uint64_t{16}, repeats, {1, 1, 1, 2, 4, 4});
        PipeBarrier<PIPE_V>();
        Add(a, b, b[8], uint64_t{8}, repeats, {1, 1, 1, 1, 2, 2});
        PipeBarrier<PIPE_V>();
        // 8 -> 4 -> 2 -> 1, by even and odd elements.
        for (uint32_t left = groups * kInt32Block; left > groups; left /= 2) {
            uint64_t kept = 0;
            GatherMask(b, a, static_cast<uint8_t>(1), true, left, {1, 1, 8, 0}, kept);
            GatherMask(c, a, static_cast<uint8_t>(2), true, left, {1, 1, 8, 0}, kept);
            PipeBarrier<PIPE_V>();
            Add(a, b, c, static_cast<int32_t>(left / 2));
            PipeBarrier<PIPE_V>();
        }
        Order<HardEvent::V_S>(); // V has made the sums (work_[0]) and the lengths before S reads them
        int64_t total = 0;
        for (uint32_t g = 0; g < groups; ++g) {
            int64_t sum = a.GetValue(g);
            if (sum < 0) {
                sum = SumOfLong(g);
            }
            const auto i = static_cast<uint32_t>((first / kGroup + g) >> shift_);
            sums_.SetValue(i, sums_.GetValue(i) + sum);
            total += sum;
        }
        Order<HardEvent::S_V>(); // S has read the sums and the lengths before V uses the vectors again
        return total;
    }

    // The sum of a group that has a long row.
    __aicore__ inline int64_t SumOfLong(uint32_t group)
    {
        int64_t sum = 0;
        for (uint32_t i = group * kGroup; i < (group + 1) * kGroup; ++i) {
            sum += work_[kLength].GetValue(i);
        }
        return sum;
    }

    // Of work_.
    static constexpr uint32_t kLength = 3;
    static constexpr uint32_t kSmall = 4; // where the low words of the ends were

    const AscendCacheLocAssignExtendCacheLocsParams &params_;
    uint32_t shift_ = 0;
    RangeTile<L> rows_;
    TBuf<TPosition::VECCALC> work_buffers_[kWork], sums_buffer_;
    Vector work_[kWork];
    LocalTensor<int64_t> sums_; // S only
};

} // namespace cache_loc
