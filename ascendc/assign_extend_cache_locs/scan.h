// The sums of the row lengths, over the whole batch and up to checkpoints in it: what a core needs to find its share.
//
//     for each tile of rows, beginning with a tile of the core's own:
//         MTE2  copy in requests, starts and ends
//         V     length[i] = ends[i] - starts[i], 0 where the row is invalid
//         V     group[g] = sum of 64 lengths
//         S     sums[g >> shift] += group[g]
//
// Lengths without 64-bit arithmetic, which 2201 has not: the high words of the three values must be 0 for a valid row,
// and so must low - clamp(low) be, for each of them in turn. Whatever is not 0 in any of these is or-ed together as D;
// b = clamp(D, -1, 1)^2 is then 1 for an invalid row and 0 for a valid one, and length = d - d * b with d = end -
// start. start == end gives 0 by itself, as it should, whatever the rest. No step depends on how int32 overflows.
#pragma once

#include "../common/split.h"
#include "rows.h"

namespace cache_loc {

template <typename R, typename L>
class LengthScan {
public:
    __aicore__ inline LengthScan(TPipe &pipe, const AscendCacheLocExtendLocsParams &params)
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
        if (params_.rows == 0) {
            return 0; // no row is valid, and rows - 1 is no bound
        }
        const uint64_t tiles = (uint64_t{params_.n} + params_.scan_tile - 1) / params_.scan_tile;
        const uint64_t own = ShareBegin(tiles, core, cores);
        int64_t total = 0;
        for (uint64_t i = 0; i < tiles; ++i) {
            const uint64_t tile = own + i < tiles ? own + i : own + i - tiles;
            const uint64_t first = tile * params_.scan_tile;
            const auto count = static_cast<uint32_t>(Min(params_.scan_tile, params_.n - first));
            Lengths(first, count);
            total += params_.row_len < kMostSummable ? AddGroups(first, count) : AddRows(first, count);
        }
        return total;
    }

private:
    static constexpr uint32_t kGroup = 64;              // rows
    static constexpr uint32_t kWork = 6;                // int32 vectors of a tile
    static constexpr uint32_t kMostSummable = 1u << 25; // 64 lengths below this sum up in int32
    static constexpr uint32_t kInt32Block = 8;          // elements of a 32-byte block

    using Vector = LocalTensor<int32_t>;

    __aicore__ inline uint64_t Groups() const { return (uint64_t{params_.n} + kGroup - 1) / kGroup; }

    // The low words of a vector, and its high words or-ed into `wrong` (int64), or the vector itself (int32).
    template <typename T>
    __aicore__ inline Vector Low(const LocalTensor<T> &values, const Vector &low, const Vector &high,
                                 const Vector &wrong, uint32_t count)
    {
        if constexpr (sizeof(T) == 4) {
            return values;
        } else {
            const Vector words = values.template ReinterpretCast<int32_t>();
            uint64_t kept = 0;
            GatherMask(low, words, static_cast<uint8_t>(1), true, 2 * count, {1, 1, 8, 0}, kept);
            GatherMask(high, words, static_cast<uint8_t>(2), true, 2 * count, {1, 1, 8, 0}, kept);
            PipeBarrier<PIPE_V>(); // low and high are written before they are read
            OrInto(wrong, high, count);
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

    // work_[kLength][..count] = the lengths of rows first.., zeros up to a whole group.
    __aicore__ inline void Lengths(uint64_t first, uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        rows_.Load(params_, first, count);
        const Vector wrong = work_[0], scratch = work_[1], high = work_[2], length = work_[kLength];
        Duplicate(wrong, 0, n);
        Duplicate(length, 0, static_cast<int32_t>((count + kGroup - 1) / kGroup * kGroup));
        Order<HardEvent::MTE2_V>(); // MTE2 has filled rows_ before V reads them

        // 0 <= request < rows: request - clamp(request, 0, rows - 1) is 0.
        const Vector request = Low(rows_.requests, work_[4], high, wrong, count);
        Maxs(scratch, request, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Mins(scratch, scratch, static_cast<int32_t>(params_.rows - 1), n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, request, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);

        // end <= row_len: end - min(end, row_len) is 0. A negative end has a start that is wrong, or equal to it.
        const Vector end = Low(rows_.ends, work_[4], high, wrong, count);
        Mins(scratch, end, static_cast<int32_t>(params_.row_len), n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, end, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, count);

        // 0 <= start <= end: start - min(max(start, 0), end) is 0.
        const Vector start = Low(rows_.starts, work_[5], high, wrong, count);
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
        Mins(wrong, wrong, 1, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, wrong, wrong, n);
        PipeBarrier<PIPE_V>();
        Mul(wrong, scratch, wrong, n);
        PipeBarrier<PIPE_V>();
        Sub(length, scratch, wrong, n);
        Order<HardEvent::V_MTE2>(); // V has read rows_ before MTE2 copies the next tile in
        PipeBarrier<PIPE_V>();      // length is written before it is read
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
        const Vector length = work_[kLength], a = work_[0], b = work_[1], c = work_[2];
        // 64 -> 32 -> 16 -> 8 elements a group, by halves.
        Add(a, length, length[32], uint64_t{32}, repeats, {1, 1, 1, 4, 8, 8});
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
        Order<HardEvent::V_S>(); // V has made the sums (work_[0]) before S reads them
        int64_t total = 0;
        for (uint32_t g = 0; g < groups; ++g) {
            total += AddTo(first + uint64_t{g} * kGroup, a.GetValue(g));
        }
        Order<HardEvent::S_V>(); // S has read the sums before V uses the vector again
        return total;
    }

    // The same one row at a time, for lengths whose sums outgrow int32.
    __aicore__ inline int64_t AddRows(uint64_t first, uint32_t count)
    {
        Order<HardEvent::V_S>(); // V has made the lengths before S reads them
        int64_t total = 0;
        for (uint32_t i = 0; i < count; ++i) {
            total += AddTo(first + i, work_[kLength].GetValue(i));
        }
        Order<HardEvent::S_V>(); // S has read the lengths before V uses the vector again
        return total;
    }

    __aicore__ inline int64_t AddTo(uint64_t row, int64_t length)
    {
        const auto i = static_cast<uint32_t>(row / kGroup >> shift_);
        sums_.SetValue(i, sums_.GetValue(i) + length);
        return length;
    }

    static constexpr uint32_t kLength = 3; // of work_

    const AscendCacheLocExtendLocsParams &params_;
    uint32_t shift_ = 0;
    RowTile<R, L> rows_;
    TBuf<TPosition::VECCALC> work_buffers_[kWork], sums_buffer_;
    Vector work_[kWork];
    LocalTensor<int64_t> sums_; // S only
};

} // namespace cache_loc
