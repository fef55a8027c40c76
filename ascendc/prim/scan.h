// The sums of the row lengths, over the whole batch and up to checkpoints in it: what a core needs to find its share.
//
// Each core sums all lengths by itself, since cores cannot wait for each other; it begins with a tile of its own, since
// cores that read one address at once are served in turn. Kept are the sums between checkpoints and, of batches that
// are not very large, the lengths: so that a core goes from the last checkpoint before its share to the row where it
// begins in a loop of one addition a row.
//
//     few rows: S sums them. Else, for each tile of rows, beginning with a tile of the core's own:
//         length[i] = what Lengths says, zeros up to a whole group
//         V     small[i] = length[i], far below 0 where that is long
//         V     8 sums of small for each group of 128
//     and at the end, or of a batch that is very large after each tile:
//         V     group[g] = sum of those 8
//         S     group[g] = sum of 128 length instead, where it is below 0
//         S     sums[g >> shift] += group[g]
//
// Sums in int32: 128 lengths up to kShort add up to less than kLong, and where one of them is longer and counts as
// (kShort - kLong), the sum is below 0 whatever the others are. Everything from there on is in 64 bits.
//
// S reads and writes lengths in pairs, as one word of 64 bits: what it waits for in a loop of additions is UB.
//
// Rows may have lengths of several kinds, each summed by itself: all are made of one load, and few are summed at one go.
//
// Contract: lengths are 0 to 2^31 - 1, of kKinds kinds. Lengths has a method Fill(count, length, lent): V sets length[kind]
// [0..count) to the lengths of the rows that were loaded, works in the kLent vectors lent, and leaves V with nothing undone;
// and Read(first, count) (MTE2), after which Get(i, length) gives those of row first + i
// (S). Where the batch is one tile, its
// rows are loaded once.
//
// UB, for tiles of T rows (ASCEND_CACHE_LOC_SCAN_TILE_MAX), K lengths (ASCEND_CACHE_LOC_LENGTHS_MAX) and C checkpoints
// (ASCEND_CACHE_LOC_CHECKPOINTS_MAX): vectors 4 * 4 T + 4 K + K / 4, sums 8 C; and what Lengths has. Pipes: MTE2, V and
// S, which order themselves here.
#pragma once

#include "../abi/sizes.h"
#include "split.h"
#include "sync.h"

namespace cache_loc {

template <typename Lengths>
class LengthScan {
public:
    // Over n rows, `tile` at a time (a multiple of 128), with at most so many checkpoints.
    __aicore__ inline LengthScan(TPipe &pipe, Lengths &lengths, uint32_t n, uint32_t tile, uint32_t checkpoints)
        : lengths_(lengths), n_(n), tile_(tile)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
        for (auto &buffer : lent_buffers_) {
            pipe.InitBuffer(buffer, kTile * sizeof(int32_t));
        }
        pipe.InitBuffer(length_buffer_, ASCEND_CACHE_LOC_LENGTHS_MAX * sizeof(int32_t));
        pipe.InitBuffer(partial_buffer_, ASCEND_CACHE_LOC_LENGTHS_MAX / kGroup * kInt32Block * sizeof(int32_t));
        pipe.InitBuffer(sums_buffer_, kKinds * kCheckpoints * sizeof(int64_t));
        for (uint32_t i = 0; i < Lengths::kLent; ++i) {
            lent_[i] = lent_buffers_[i].template Get<int32_t>();
        }
        kept_ = length_buffer_.template Get<int32_t>();
        partial_ = partial_buffer_.template Get<int32_t>();
        pairs_ = length_buffer_.template Get<int64_t>();
        sums_ = sums_buffer_.template Get<int64_t>();
        while ((Groups() - 1) >> shift_ >= checkpoints) {
            ++shift_;
        }
    }

    // Rows between two checkpoints.
    __aicore__ inline uint64_t Rows() const { return uint64_t{kGroup} << shift_; }

    __aicore__ inline uint32_t Checkpoints() const { return static_cast<uint32_t>((Groups() - 1) >> shift_) + 1; }

    // The sum of the lengths between checkpoint i and the next.
    __aicore__ inline int64_t Sum(uint32_t i, uint32_t kind = 0) const { return sums_.GetValue(kind * kCheckpoints + i); }

    // The sum of all, once it has run.
    __aicore__ inline int64_t Total(uint32_t kind) const { return totals_[kind]; }

    // Whether every row's length is there, once it has run.
    __aicore__ inline bool KeepsLengths() const { return n_ <= ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds; }

    // The lengths of row 2 i, in the low half, and of the next; 0 of a row that there is not.
    __aicore__ inline uint64_t Pair(uint64_t i, uint32_t kind = 0) const
    {
        return static_cast<uint64_t>(pairs_.GetValue(kind * (Stride() / 2) + static_cast<uint32_t>(i)));
    }

    // The sum of the lengths before a row: any where the lengths are kept, else one with a checkpoint.
    __aicore__ inline uint64_t SumBefore(uint64_t row, uint32_t kind) const
    {
        uint64_t sum = 0, at = 0;
        for (uint32_t i = 0; at + Rows() <= row; ++i, at += Rows()) {
            sum += static_cast<uint64_t>(Sum(i, kind));
        }
        for (; at < row; at += 2) {
            const uint64_t pair = Pair(at / 2, kind);
            sum += static_cast<uint32_t>(pair) + (at + 1 < row ? pair >> 32 : 0);
        }
        return sum;
    }

    // Fills the sums; returns the sum of all lengths of the first kind.
    __aicore__ inline int64_t Run(uint32_t core, uint32_t cores)
    {
        if (n_ <= kFew) {
            return SumFew();
        }
        const uint64_t tiles = (uint64_t{n_} + tile_ - 1) / tile_;
        const uint64_t own = ShareBegin(tiles, core, cores);
        lengths_.Open();
        Load(own);
        for (uint32_t i = 0; shift_ != 0 && i < Checkpoints(); ++i) {
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                sums_.SetValue(kind * kCheckpoints + i, 0);
            }
        }
        const bool at_once = KeepsLengths(); // all groups are finished together
        for (uint64_t i = 0, tile = own; i < tiles; ++i) {
            const uint64_t first = tile * tile_;
            const uint32_t count = Count(tile);
            tile = tile + 1 < tiles ? tile + 1 : 0;
            if (i + 1 < tiles) {
                Load(tile); // while this one is summed
            }
            const uint32_t groups = (count + kGroup - 1) / kGroup;
            const auto row = static_cast<uint32_t>(at_once ? first : 0); // of those whose lengths are there
            Vector length[kKinds];
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                length[kind] = kept_[kind * Stride() + row];
                if (count % kGroup != 0) {
                    Duplicate(length[kind], 0, static_cast<int32_t>(groups * kGroup));
                }
            }
            lengths_.Fill(count, length, lent_);
            if (tiles == 1 && kKinds * groups * kGroup <= tile_) {
                SumTo8(length[0], partial_, kKinds * groups); // those of the other kinds are behind them
            } else {
                const auto of_kind = static_cast<uint32_t>(at_once ? Groups() : groups);
                for (uint32_t kind = 0; kind < kKinds; ++kind) {
                    SumTo8(length[kind], partial_[(kind * of_kind + row / kGroup) * kInt32Block], groups);
                }
            }
            if (!at_once) {
                Finish(first / kGroup, groups);
            }
        }
        lengths_.Close();
        if (at_once) {
            Finish(0, static_cast<uint32_t>(Groups()));
        }
        return totals_[0];
    }

private:
    static constexpr uint32_t kKinds = Lengths::kKinds;
    static constexpr uint32_t kCheckpoints = ASCEND_CACHE_LOC_CHECKPOINTS_MAX;
    static constexpr uint32_t kFew = 16;             // rows that S sums sooner than V does
    static constexpr int32_t kGroup = 128;           // rows
    static constexpr uint32_t kInt32Block = 8;       // elements of a 32-byte block
    static constexpr int32_t kShort = (1 << 17) - 1; // the longest row that is not long
    static constexpr int32_t kLong = kGroup * (kShort + 1);
    static_assert(int64_t{kGroup} * kShort < kLong, "one long row makes the sum of a group negative");
    static_assert(int64_t{kGroup} * (kShort - kLong) >= -(int64_t{1} << 31), "as many as there can be fit in int32");
    static_assert(ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds % kGroup == 0 &&
                  ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds >= ASCEND_CACHE_LOC_SCAN_TILE_MAX, "room for a tile of any batch");
    static_assert(Lengths::kLent >= 4, "what SumGroups works in");

    using Vector = LocalTensor<int32_t>;

    __aicore__ inline uint64_t Groups() const { return (uint64_t{n_} + kGroup - 1) / kGroup; }

    // Elements from the lengths of one kind to those of the next.
    __aicore__ inline uint32_t Stride() const
    {
        return KeepsLengths() ? static_cast<uint32_t>(Groups()) * kGroup : tile_;
    }

    __aicore__ inline uint32_t Count(uint64_t tile) const
    {
        return static_cast<uint32_t>(Min(tile_, n_ - tile * tile_));
    }

    __aicore__ inline void Load(uint64_t tile) { lengths_.Load(tile * tile_, Count(tile)); }

    // All of a small batch, by S.
    __aicore__ inline int64_t SumFew()
    {
        lengths_.Read(0, n_);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled what Lengths reads before S reads it
        for (uint32_t i = 0; i < n_; i += 2) {
            uint64_t length[kKinds], next[kKinds] = {};
            lengths_.Get(i, length);
            if (i + 1 < n_) {
                lengths_.Get(i + 1, next);
            }
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                pairs_.SetValue(kind * (Stride() / 2) + i / 2, static_cast<int64_t>(next[kind] << 32 | length[kind]));
                totals_[kind] += static_cast<int64_t>(length[kind] + next[kind]);
            }
        }
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            sums_.SetValue(kind * kCheckpoints, totals_[kind]);
        }
        return totals_[0];
    }

    // Eight sums a group that make up the sum of its lengths; or less than 0 in all where one of them is long.
    __aicore__ inline void SumTo8(const Vector &length, const Vector &sums, uint32_t groups)
    {
        const auto padded = static_cast<int32_t>(groups * kGroup);
        const auto repeats = static_cast<uint8_t>(groups);
        const Vector a = lent_[0], b = lent_[1], small = lent_[3];
        // small = min(length, kShort), less kLong where that is not the length.
        Mins(small, length, kShort, padded);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Sub(b, small, length, padded);
        PipeBarrier<PIPE_V>();
        Maxs(b, b, -1, padded);
        PipeBarrier<PIPE_V>();
        Muls(b, b, kLong, padded);
        PipeBarrier<PIPE_V>();
        Add(small, small, b, padded);
        PipeBarrier<PIPE_V>();
        // 128 -> 64 -> 32 -> 16 -> 8 elements a group, by halves.
        Add(b, small, small[64], uint64_t{64}, repeats, {1, 1, 1, 8, 16, 16});
        PipeBarrier<PIPE_V>();
        Add(a, b, b[32], uint64_t{32}, repeats, {1, 1, 1, 4, 8, 8});
        PipeBarrier<PIPE_V>();
        Add(b, a, a[16], uint64_t{16}, repeats, {1, 1, 1, 2, 4, 4});
        PipeBarrier<PIPE_V>();
        Add(sums, b, b[8], uint64_t{8}, repeats, {1, 1, 1, 1, 2, 2});
        PipeBarrier<PIPE_V>();
    }

    // Adds the sums of the groups whose lengths are there, `groups` of each kind, to the checkpoints they belong to;
    // `first` is the first of them.
    __aicore__ inline void Finish(uint64_t first, uint32_t groups)
    {
        const Vector a = partial_, b = lent_[1], c = lent_[2];
        // 8 -> 4 -> 2 -> 1, by even and odd elements.
        for (uint32_t left = kKinds * groups * kInt32Block; left > kKinds * groups; left /= 2) {
            uint64_t kept = 0;
            GatherMask(b, a, static_cast<uint8_t>(1), true, left, {1, 1, 8, 0}, kept);
            GatherMask(c, a, static_cast<uint8_t>(2), true, left, {1, 1, 8, 0}, kept);
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            Add(a, b, c, static_cast<int32_t>(left / 2));
            PipeBarrier<PIPE_V>();
        }
        Order<HardEvent::V_S>(); // V has made the sums (partial_) and the lengths (kept_) before S reads them
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            for (uint32_t g = 0; g < groups; ++g) {
                int64_t sum = partial_.GetValue(kind * groups + g);
                if (sum < 0) {
                    sum = SumOfLong(kind * Stride() + g * kGroup);
                }
                const auto i = kind * kCheckpoints + static_cast<uint32_t>((first + g) >> shift_);
                sums_.SetValue(i, shift_ == 0 ? sum : sums_.GetValue(i) + sum); // of several groups, or of one
                totals_[kind] += sum;
            }
        }
        Order<HardEvent::S_V>(); // S has read the sums and the lengths before V uses the vectors again
    }

    // The sum of a group that has a long row, whose lengths begin there.
    __aicore__ inline int64_t SumOfLong(uint32_t begin)
    {
        int64_t sum = 0;
        for (uint32_t i = 0; i < kGroup; ++i) {
            sum += kept_.GetValue(begin + i);
        }
        return sum;
    }

    Lengths &lengths_;
    uint32_t n_;
    uint32_t tile_;
    uint32_t shift_ = 0; // log2 of the groups between two checkpoints
    TBuf<TPosition::VECCALC> lent_buffers_[Lengths::kLent], length_buffer_, partial_buffer_, sums_buffer_;
    Vector lent_[Lengths::kLent];
    Vector partial_;             // eight sums a group, and then one
    Vector kept_;                // the lengths of the batch, or of a tile
    LocalTensor<int64_t> pairs_; // kept_, for S
    LocalTensor<int64_t> sums_;  // S only
    int64_t totals_[kKinds] = {};
};

} // namespace cache_loc
