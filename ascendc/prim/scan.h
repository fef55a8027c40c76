// The sums of the row lengths, over the whole batch and up to checkpoints in it: what a core needs to find its share.
//
// Each core sums all lengths by itself, since cores cannot wait for each other; it begins with a tile of its own, since
// cores that read one address at once are served in turn. Kept are the sums between checkpoints and, of batches that
// are not very large, the lengths: so that a core goes from the checkpoint next to its share to the row where it begins in a
// loop of one addition a row.
//
//     few rows: S sums them. Else, for each tile of rows, beginning with a tile of the core's own:
//         length[i] = what Lengths says, zeros up to a whole chunk
//         V     8 sums for each group of rows, by adding blocks of 8 lengths two by two; the longest of each 64 rows
//     and at the end, or of a batch that is very large after each tile:
//         V     group[g] = sum of those 8; the longest row
//         S     group[g] = sum of its lengths instead, if a row is long
//         S     sums[g >> shift] += group[g]; where a checkpoint is a group, the groups are the sums
//
// Groups of few rows are more sums for S to add up, of many rows more rows to go along: how many there are goes by n.
//
// Sums in int32: of 128 rows that are not long they are below 2^31. Which rows are long is asked of float32, to which
// rows are rounded down: all up to 2^24 it has, so that it says of each row whether it is longer or not. Everything from there
// on is in 64 bits.
//
// S reads and writes lengths in pairs, as one word of 64 bits: what it waits for in a loop of additions is UB.
//
// Rows may have lengths of several kinds, each summed by itself: all are made of one load.
//
// Contract: lengths are 0 to 2^31 - 1, of kKinds kinds, none longer than the first. Lengths has a method Fill(count, length,
// lent): V sets length[kind][0..count) to the lengths of the rows that were loaded, works in the kLent vectors lent, and
// leaves V with nothing undone; and Read(first, count) (MTE2), after which Get(i, length) gives those of row first + i (S).
// Begin once, and then Run: what S does between the two costs nothing while the rows are on their way. Where the batch is
// one tile, its rows are loaded once.
//
// UB, for tiles of T rows (ASCEND_CACHE_LOC_SCAN_TILE_MAX), K lengths (ASCEND_CACHE_LOC_LENGTHS_MAX) and C checkpoints
// (ASCEND_CACHE_LOC_CHECKPOINTS_MAX): vectors 4 * 4 T + 4 K + K / 4 + K / 16 + 32, sums 8 C a kind; and what Lengths has. Pipes:
// MTE2, V and S, which order themselves here.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "split.h"

namespace cache_loc {

template <typename Lengths>
class LengthScan {
    struct Nothing {
        __aicore__ inline void operator()() const {}
    };

public:
    // Over n rows, `tile` at a time (a multiple of 128), with at most so many checkpoints.
    __aicore__ inline LengthScan(TPipe &pipe, Lengths &lengths, uint32_t n, uint32_t tile, uint32_t checkpoints)
        : lengths_(lengths), n_(n), tile_(tile), chunk_groups_(n <= kFineRows ? 4 : n <= kMiddleRows ? 2 : 1)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
        for (auto &buffer : lent_buffers_) {
            pipe.InitBuffer(buffer, kTile * sizeof(int32_t));
        }
        pipe.InitBuffer(length_buffer_, ASCEND_CACHE_LOC_LENGTHS_MAX * sizeof(int32_t));
        pipe.InitBuffer(partial_buffer_, kPartial * sizeof(int32_t));
        pipe.InitBuffer(longest_buffer_, (kLongest + kBlock) * sizeof(float));
        pipe.InitBuffer(sums_buffer_, kKinds * kCheckpoints * sizeof(int64_t));
        for (uint32_t i = 0; i < Lengths::kLent; ++i) {
            lent_[i] = lent_buffers_[i].template Get<int32_t>();
        }
        kept_ = length_buffer_.template Get<int32_t>();
        partial_ = partial_buffer_.template Get<int32_t>();
        longest_ = longest_buffer_.template Get<float>();
        sums_ = sums_buffer_.template Get<int64_t>();
        while ((Groups() - 1) >> shift_ >= checkpoints) {
            ++shift_;
        }
    }

    // Rows between two checkpoints.
    __aicore__ inline uint64_t Rows() const { return uint64_t{GroupRows()} << shift_; }

    __aicore__ inline uint32_t Checkpoints() const { return static_cast<uint32_t>((Groups() - 1) >> shift_) + 1; }

    // The sum of the lengths between checkpoint i and the next.
    __aicore__ inline int64_t Sum(uint32_t i, uint32_t kind = 0) const
    {
        return groups_are_sums_ ? int64_t{partial_.GetValue(kind * PartialStride() + i)}
                                : sums_.GetValue(kind * kCheckpoints + i);
    }

    // The sum of all, once it has run.
    __aicore__ inline int64_t Total(uint32_t kind) const { return totals_[kind]; }

    // Whether every row's length is there, once it has run.
    __aicore__ inline bool KeepsLengths() const { return n_ <= ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds; }

    // The lengths of row 2 i, in the low half, and of the next; 0 of a row that there is not.
    __aicore__ inline uint64_t Pair(uint64_t i, uint32_t kind = 0) const
    {
        return PairOf(kept_, kind * (Stride() / 2) + static_cast<uint32_t>(i));
    }

    // The length of a row.
    __aicore__ inline uint64_t Length(uint64_t row) const
    {
        return static_cast<uint32_t>(kept_.GetValue(static_cast<uint32_t>(row)));
    }

    // The lengths of the rows from one on, a multiple of a block, where they are kept.
    __aicore__ inline LocalTensor<int32_t> Kept(uint64_t row, uint32_t kind) const
    {
        return kept_[kind * Stride() + static_cast<uint32_t>(row)];
    }

    // The sum of the lengths before a row of the batch: any where the lengths are kept, else one with a checkpoint. That before
    // row `at`, one with a checkpoint, is `sum`.
    __aicore__ inline uint64_t SumBefore(uint64_t row, uint32_t kind, uint64_t at = 0, uint64_t sum = 0) const
    {
        auto i = static_cast<uint32_t>(at / Rows());
        for (; at + Rows() <= row; ++i, at += Rows()) {
            sum += static_cast<uint64_t>(Sum(i, kind));
        }
        const uint64_t next = (Min(at + Rows(), n_) + 1) / 2 * 2;
        if (row - at <= next - row) {
            for (; at < row; at += 2) {
                const uint64_t pair = Pair(at / 2, kind);
                sum += static_cast<uint32_t>(pair) + (at + 1 < row ? pair >> 32 : 0);
            }
            return sum;
        }
        sum += static_cast<uint64_t>(Sum(i, kind));
        for (at = next; at > row; at -= 2) { // back from the next checkpoint
            const uint64_t pair = Pair(at / 2 - 1, kind);
            sum -= (pair >> 32) + (at - 1 > row ? static_cast<uint32_t>(pair) : 0);
        }
        return sum;
    }

    // The longest row of 128, those of a batch that a row is among, where V has summed and the lengths are kept: the bits of it
    // as float32, which go up as it does.
    __aicore__ inline uint32_t LongestBits(uint64_t row) const { return LongestOf(longest_, static_cast<uint32_t>(row / kChunk)); }

    // Whether V has summed the lengths, or S has.
    __aicore__ inline bool ByVector() const { return n_ > kFew; }

    // Vectors for words (row_words.h) to work in, where it has run or does not.
    template <typename Words>
    __aicore__ inline const LocalTensor<int32_t> *Spare() const
    {
        static_assert(Words::kLent <= Lengths::kLent, "no more than there are");
        return lent_;
    }

    // Copies the first rows in.
    __aicore__ inline void Begin(uint32_t core, uint32_t cores)
    {
        if (n_ <= kFew) {
            lengths_.Read(0, n_);
            return;
        }
        own_ = ShareBegin(Tiles(), core, cores);
        lengths_.Open();
        Load(own_);
    }

    // Fills the sums. While S adds up what V has summed of a batch whose lengths are kept, V does what `meanwhile` gives it.
    template <typename Meanwhile = Nothing>
    __aicore__ inline void Run(const Meanwhile &meanwhile = {})
    {
        if (n_ <= kFew) {
            SumFew();
            return;
        }
        for (uint32_t i = 0; shift_ != 0 && i < Checkpoints(); ++i) {
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                sums_.SetValue(kind * kCheckpoints + i, 0);
            }
        }
        // Of groups and rows that there are not. Fill puts a barrier behind both.
        Duplicate(partial_, 0, static_cast<int32_t>(kPartial));
        Duplicate(longest_, 0.0f, static_cast<int32_t>(kLongest));
        const uint64_t tiles = Tiles();
        const bool at_once = KeepsLengths(); // all groups are finished together
        for (uint64_t i = 0, tile = own_; i < tiles; ++i) {
            const uint64_t first = tile * tile_;
            const uint32_t count = Count(tile);
            tile = tile + 1 < tiles ? tile + 1 : 0;
            if (i + 1 < tiles) {
                Load(tile); // while this one is summed
            }
            const uint32_t chunks = (count + kChunk - 1) / kChunk;
            const auto row = static_cast<uint32_t>(at_once ? first : 0); // of those whose lengths are there
            Vector length[kKinds];
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                length[kind] = kept_[kind * Stride() + row];
                if (count % kChunk != 0) {
                    Duplicate(length[kind], 0, static_cast<int32_t>(chunks * kChunk));
                }
            }
            lengths_.Fill(count, length, lent_);
            SumTo8(length, row, chunks);
            if (!at_once) {
                Finish(first / GroupRows(), (count + GroupRows() - 1) / GroupRows(), Nothing{});
            }
        }
        lengths_.Close();
        if (at_once) {
            groups_are_sums_ = shift_ == 0;
            Finish(0, static_cast<uint32_t>(Groups()), meanwhile);
        }
    }

private:
    static constexpr uint32_t kKinds = Lengths::kKinds;
    static constexpr uint32_t kCheckpoints = ASCEND_CACHE_LOC_CHECKPOINTS_MAX;
    static constexpr uint32_t kFew = 16;                          // rows that S sums sooner than V does
    static constexpr uint32_t kFineRows = 512, kMiddleRows = 2048; // of batches whose groups are of 32 rows, and of 64
    static constexpr uint32_t kChunk = 128;                       // rows: 16 blocks, which are added two by two
    static constexpr uint32_t kBlock = 8;                         // elements of a 32-byte block
    static constexpr uint32_t kPartial = ASCEND_CACHE_LOC_LENGTHS_MAX / kChunk * kBlock;
    static constexpr uint32_t kLanes = 64; // rows of which the longest is one element
    static constexpr uint32_t kLongest = ASCEND_CACHE_LOC_LENGTHS_MAX / kLanes;
    static constexpr uint32_t kLongBits = 0x4b800000; // 2^24, the shortest row that is long, as float32 has it
    static_assert(int64_t{kChunk} * ((1 << 24) - 1) < int64_t{1} << 31, "the sum of a group without a long row is an int32");
    static_assert(kLongest == 2 * kLanes, "two repeats, and a pair of results");
    static_assert(kKinds <= 2, "half of a vector lent has a kind's first sums");
    static_assert(kMiddleRows / 64 * kBlock <= kPartial && kFineRows / 32 * kBlock * 2 <= kPartial, "room for fine groups");
    static_assert(ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds % (2 * kChunk) == 0 &&
                  ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds >= ASCEND_CACHE_LOC_SCAN_TILE_MAX, "room for a tile of any batch");
    static_assert(Lengths::kLent >= 4, "what SumTo8 and Finish work in");

    using Vector = LocalTensor<int32_t>;

    __aicore__ inline uint64_t Tiles() const { return (uint64_t{n_} + tile_ - 1) / tile_; }

    __aicore__ inline uint32_t GroupRows() const { return kChunk / chunk_groups_; }
    __aicore__ inline uint64_t Groups() const { return (uint64_t{n_} + GroupRows() - 1) / GroupRows(); }

    // Elements from the lengths of one kind to those of the next, and from the sums of one to those of the next.
    __aicore__ inline uint32_t Stride() const { return (KeepsLengths() ? n_ + kChunk - 1 : tile_) / kChunk * kChunk; }
    __aicore__ inline uint32_t PartialStride() const { return (Stride() / kChunk * chunk_groups_ + 1) / 2 * 2; }

    __aicore__ inline uint32_t Count(uint64_t tile) const
    {
        return static_cast<uint32_t>(Min(tile_, n_ - tile * tile_));
    }

    __aicore__ inline void Load(uint64_t tile) { lengths_.Load(tile * tile_, Count(tile)); }

    // All of a small batch, by S.
    __aicore__ inline void SumFew()
    {
        Order<HardEvent::MTE2_S>(); // MTE2 has filled what Lengths reads before S reads it
        const LocalTensor<int64_t> pairs = kept_.template ReinterpretCast<int64_t>();
        for (uint32_t i = 0; i < n_; i += 2) {
            uint64_t length[kKinds], next[kKinds] = {};
            lengths_.Get(i, length);
            if (i + 1 < n_) {
                lengths_.Get(i + 1, next);
            }
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                pairs.SetValue(kind * (Stride() / 2) + i / 2, static_cast<int64_t>(next[kind] << 32 | length[kind]));
                totals_[kind] += static_cast<int64_t>(length[kind] + next[kind]);
            }
        }
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            sums_.SetValue(kind * kCheckpoints, totals_[kind]);
        }
        Order<HardEvent::S_V>(); // S has set the lengths before V reads them
    }

    // Of the chunks of rows from `row` on, of those whose lengths are there: eight sums a group that make up the sum of its
    // lengths, wrong where one of them is long; and the longest of each 64.
    __aicore__ inline void SumTo8(const Vector (&length)[kKinds], uint32_t row, uint32_t chunks)
    {
        const auto repeats = static_cast<uint8_t>(chunks);
        const LocalTensor<float> real = lent_[3].template ReinterpretCast<float>();
        Cast(real, length[0], RoundMode::CAST_TRUNC, chunks * kChunk);
        for (uint32_t blocks = kChunk / kBlock / 2, turn = 0; blocks >= chunk_groups_; blocks /= 2, turn ^= 1) {
            const auto stride = static_cast<uint8_t>(blocks);
            const BinaryRepeatParams by_two(1, 2, 2, stride, static_cast<uint8_t>(2 * blocks), static_cast<uint8_t>(2 * blocks));
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                const uint32_t half = kind * ASCEND_CACHE_LOC_SCAN_TILE_MAX / 2;
                const Vector from = blocks == kChunk / kBlock / 2 ? length[kind] : lent_[turn ^ 1][half];
                const Vector to = blocks == chunk_groups_
                    ? partial_[(kind * PartialStride() + row / GroupRows()) * kBlock]
                    : lent_[turn][half];
                Add(to, from, from[kBlock], uint64_t{blocks * kBlock}, repeats, by_two);
            }
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            if (blocks == kChunk / kBlock / 2) {
                WholeReduceMax(longest_[row / kLanes], real, static_cast<int32_t>(kLanes),
                               static_cast<int32_t>(chunks * kChunk / kLanes), 1, 1, 8, ReduceOrder::ORDER_ONLY_VALUE);
            }
        }
    }

    // Adds the sums of the groups whose lengths are there, `groups` of each kind, to the checkpoints they belong to;
    // `first` is the first of them.
    template <typename Meanwhile>
    __aicore__ inline void Finish(uint64_t first, uint32_t groups, const Meanwhile &meanwhile)
    {
        const Vector a = partial_, b = lent_[1], c = lent_[2];
        const uint32_t all = kKinds * PartialStride();
        const LocalTensor<float> longest = longest_[kLongest];
        WholeReduceMax(longest, longest_, static_cast<int32_t>(kLanes), 2, 1, 1, 8, ReduceOrder::ORDER_ONLY_VALUE);
        // 8 -> 4 -> 2 -> 1, by even and odd elements.
        for (uint32_t left = all * kBlock; left > all; left /= 2) {
            uint64_t kept = 0;
            GatherMask(b, a, static_cast<uint8_t>(1), true, left, {1, 1, 8, 0}, kept);
            GatherMask(c, a, static_cast<uint8_t>(2), true, left, {1, 1, 8, 0}, kept);
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            Add(a, b, c, static_cast<int32_t>(left / 2));
            PipeBarrier<PIPE_V>();
        }
        const TEventID made = GetTPipePtr()->AllocEventID<HardEvent::V_S>();
        SetFlag<HardEvent::V_S>(made); // V has made the sums (partial_, longest_) and the lengths (kept_) before S reads them
        meanwhile();
        WaitFlag<HardEvent::V_S>(made); // and S reads them now
        GetTPipePtr()->ReleaseEventID<HardEvent::V_S>(made);
        const bool has_long = LongestOf(longest, 0) >= kLongBits;
        groups_are_sums_ = groups_are_sums_ && !has_long;
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            for (uint32_t g = 0; groups_are_sums_ && g < groups; g += 2) {
                const uint64_t pair = PairOf(partial_, (kind * PartialStride() + g) / 2);
                totals_[kind] += static_cast<int64_t>(static_cast<uint32_t>(pair) + (pair >> 32));
            }
            for (uint32_t g = 0; !groups_are_sums_ && g < groups; ++g) {
                const int64_t sum = has_long ? SumOfLong(kind * Stride() + g * GroupRows())
                                             : int64_t{partial_.GetValue(kind * PartialStride() + g)};
                const auto i = kind * kCheckpoints + static_cast<uint32_t>((first + g) >> shift_);
                sums_.SetValue(i, shift_ == 0 ? sum : sums_.GetValue(i) + sum); // of several groups, or of one
                totals_[kind] += sum;
            }
        }
        Order<HardEvent::S_V>(); // S has read the sums and the lengths before V uses the vectors again
    }

    // The longer of the i-th two, as bits.
    __aicore__ static inline uint32_t LongestOf(const LocalTensor<float> &longest, uint32_t i)
    {
        const uint64_t two = PairOf(longest.template ReinterpretCast<int32_t>(), i);
        return static_cast<uint32_t>(Max(static_cast<uint32_t>(two), two >> 32));
    }

    // The sum of a group of a batch that has a long row, whose lengths begin there.
    __aicore__ inline int64_t SumOfLong(uint32_t begin)
    {
        int64_t sum = 0;
        for (uint32_t i = 0; i < GroupRows(); ++i) {
            sum += kept_.GetValue(begin + i);
        }
        return sum;
    }

    Lengths &lengths_;
    uint32_t n_;
    uint32_t tile_;
    uint32_t chunk_groups_;        // groups of a chunk
    uint32_t shift_ = 0;           // log2 of the groups between two checkpoints
    uint64_t own_ = 0;             // the tile that this core begins with
    bool groups_are_sums_ = false; // in partial_
    TBuf<TPosition::VECCALC> lent_buffers_[Lengths::kLent], length_buffer_, partial_buffer_, longest_buffer_, sums_buffer_;
    Vector lent_[Lengths::kLent];
    Vector partial_;             // eight sums a group, and then one
    Vector kept_;                // the lengths of the batch, or of a tile
    LocalTensor<float> longest_; // row of each 64; and behind them of both halves of those
    LocalTensor<int64_t> sums_;  // S only
    int64_t totals_[kKinds] = {};
};

} // namespace cache_loc
