// assign_extend_cache_locs: the slices table[req_pool_indices[i], start_offsets[i] .. end_offsets[i]] laid end to end.
//
// Contract: see AscendCacheLocAssignExtendCacheLocsParams. R, L and O are int32 or int64. A row with start == end is
// empty and valid. A bad row does not read the table and is reported; it keeps its place in the output, filled with -1,
// where its offsets say how long that is (place.h), and has none otherwise. So where a row begins depends on offsets
// alone. The first row that does not fit whole into `capacity` is reported too, and what fits is written. The lowest
// such row of a core goes to the core's line of the fault log. n may be anything below 2^31 - 1, lengths anything up to
// 2^31 - 2, and the total anything.
//
// Split: by weight, a row weighing its elements and a constant beside. A core's share of the weight begins at a
// position in the output, moved up to the next 64-byte line: a long row is shared, many short ones are too. Every core
// finds both ends of its share by itself: from the sums of all lengths (scan.h) and a walk along the rows of its share.
//
// UB, for the largest tiles: lengths 32 KB, scan 16 + 32 + 4 KB, requests 8 KB, words 9 KB, gather 2 * 16 + 1 + 16 +
// 32 KB, fault line 64 B: 182 KB and 64 B.
//
//     on one core: the share is everything, walk from row 0 on. Else: total = scan
//     find the last checkpoint whose weight is not past the share's begin, by the lengths the first row that reaches
//     into the share, and walk from there on; of a batch of one tile all is in UB already,
//     of a larger one V tells which rows are in order (row_words.h), and of those within the share S reads one word:
//         S     request, start, end of the row; its fault, the length of its place, its weight and position
//         if the share begins in this row: begin = the position there, moved up to a line
//         if the row's weight begins in the share: report its fault, or that it does not fit
//         if the share ends in this row: end = the position there, moved up to a line
//         append the part of the row between begin and end: table entries, or -1 (ragged_gather.h)
//     until the position reaches end
//
// The walk is scalar work, and what a small batch costs beside its copies: three reads of UB a row, or one
// where V has looked at it, and no division.
#pragma once

#include "../../prim/place.h"
#include "../../prim/ragged_gather.h"
#include "../../prim/range_fault.h"
#include "../../prim/row_words.h"
#include "../../prim/rows.h"
#include "../../prim/scan.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename O>
class ExtendLocs {
public:
    static __aicore__ inline void Run(const AscendCacheLocAssignExtendCacheLocsParams &params)
    {
        TPipe pipe;
        ExtendLocs(pipe, params).Process();
    }

    __aicore__ inline ExtendLocs(TPipe &pipe, const AscendCacheLocAssignExtendCacheLocsParams &params)
        : params_(params), lengths_(pipe, params.start_offsets.address, params.end_offsets.address, kScanTile),
          scan_(pipe, lengths_, params.n, params.scan_tile, params.checkpoints),
          requests_(pipe, params.req_pool_indices.address, kScanTile),
          words_(pipe, {params.rows, params.row_stride, params.row_len}, ASCEND_CACHE_LOC_WALK_TILE_MAX),
          gather_(pipe, params.out.address, params.copy_tile), fault_(pipe, params.head),
          table_(Global<int32_t>(params.table.address)), row_weight_(params.row_cost_bytes / sizeof(O))
    {
    }

    __aicore__ inline void Process()
    {
        const auto core = static_cast<uint32_t>(GetBlockIdx());
        const auto cores = static_cast<uint32_t>(GetBlockNum());
        if (OneTile()) {
            requests_.Load(0, params_.n);
        }
        if (HasWords()) {
            words_.Open();
        }
        uint64_t row = 0;
        if (cores == 1) { // all of it is one share: no sums are needed
            if (OneTile()) {
                lengths_.Read(0, params_.n);
            }
            limit_ = params_.capacity;
            share_end_ = kUnknown;
        } else {
            const auto total = static_cast<uint64_t>(scan_.Run(core, cores));
            limit_ = Min(total, params_.capacity);
            const uint64_t weight = total + params_.n * row_weight_;
            share_begin_ = ShareBegin(weight, core, cores);
            share_end_ = ShareBegin(weight, core + 1, cores);
            if (share_begin_ == share_end_) {
                return;
            }
            row = FirstRow();
        }
        Walk(row);
        fault_.Write();
    }

private:
    static constexpr uint32_t kScanTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
    static constexpr uint64_t kUnknown = ~uint64_t{0};

    // A row at or before the share's begin: the very one where the scan keeps the lengths, else that of the last
    // checkpoint. Leaves position_ at its begin.
    __aicore__ inline uint64_t FirstRow()
    {
        uint64_t row = 0;
        uint32_t group = 0;
        for (; group + 1 < scan_.Checkpoints(); ++group) {
            const uint64_t position = position_ + static_cast<uint64_t>(scan_.Sum(group));
            const uint64_t next = row + scan_.Rows();
            if (position + next * row_weight_ > share_begin_) {
                break;
            }
            position_ = position;
            row = next;
        }
        return scan_.KeepsLengths() ? RowOfBegin(row, group) : row;
    }

    // The row in which the share begins, of the group of rows that begins with `row` at position_: found by the
    // lengths, two at a time, from the nearer end. Leaves position_ at its begin.
    __aicore__ inline uint64_t RowOfBegin(uint64_t row, uint32_t group)
    {
        uint64_t behind = (Min(row + scan_.Rows(), params_.n) + 1) / 2 * 2;
        const uint64_t next = position_ + static_cast<uint64_t>(scan_.Sum(group)); // position of row `behind`
        const uint64_t weight = position_ + row * row_weight_;
        if (share_begin_ - weight > next + behind * row_weight_ - share_begin_) {
            position_ = next;
            for (;;) {
                const uint64_t pair = scan_.Pair(behind / 2 - 1);
                if (Back(behind, pair >> 32) || Back(behind, static_cast<uint32_t>(pair))) {
                    return behind;
                }
            }
        }
        for (;; row += 2) {
            const uint64_t pair = scan_.Pair(row / 2);
            const uint64_t first = static_cast<uint32_t>(pair);
            if (position_ + first + (row + 1) * row_weight_ > share_begin_) {
                return row;
            }
            position_ += first;
            if (position_ + (pair >> 32) + (row + 2) * row_weight_ > share_begin_) {
                return row + 1;
            }
            position_ += pair >> 32;
        }
    }

    // Goes back by a row of that length; whether the share begins in it.
    __aicore__ inline bool Back(uint64_t &row, uint64_t length)
    {
        --row;
        position_ -= length;
        return position_ + row * row_weight_ <= share_begin_;
    }

    // Whether the scan reads the whole batch at a time, so that its rows are there for the walk too.
    __aicore__ inline bool OneTile() const { return params_.n <= params_.scan_tile; }

    // Whether V looks at rows before S does: where a core has enough of them.
    __aicore__ inline bool HasWords() const
    {
        return !OneTile() && RowWords::Fits(Size());
    }

    __aicore__ inline void Walk(uint64_t row)
    {
        for (bool more = true; more && row < params_.n;) {
            const uint64_t first = OneTile() ? 0 : row;
            const uint64_t end = OneTile() ? params_.n : Min(row + params_.walk_tile, params_.n);
            if (!OneTile()) {
                requests_.Load(first, static_cast<uint32_t>(end - first));
                lengths_.Read(first, static_cast<uint32_t>(end - first));
            }
            const bool words = HasWords();
            if (words) {
                Order<HardEvent::MTE2_V>(); // MTE2 has filled requests_ and what lengths_ reads before V reads them
                words_.Make(requests_.tile, lengths_.Starts(), lengths_.Ends(), static_cast<uint32_t>(end - first));
            }
            Order<HardEvent::MTE2_S>(); // MTE2 has filled requests_ and what lengths_ reads before S reads them
            for (; more && row < end; ++row) {
                const auto i = static_cast<uint32_t>(row - first);
                if (!words || !Inside(row, words_.Get(i))) {
                    more = Row(row, i);
                }
            }
            Order<HardEvent::S_MTE2>(); // S has read them before MTE2 copies the next rows in
        }
        if (begin_ != kUnknown) {
            gather_.Finish();
        }
    }

    // Handles a row that is in order and fits and lies wholly within the share; false where that is not sure.
    __aicore__ inline bool Inside(uint64_t row, uint64_t word)
    {
        const uint64_t row_end = position_ + (word >> 32);
        if (static_cast<int32_t>(word) < 0 || position_ < begin_ || row_end > limit_ ||
            row_end + (row + 1) * row_weight_ > share_end_) {
            return false;
        }
        gather_.Append(TableSlots{table_, static_cast<uint32_t>(word)}, word >> 32);
        position_ = row_end;
        return true;
    }

    // Handles one row; false once the rest of the batch is other cores' business.
    __aicore__ inline bool Row(uint64_t row, uint32_t i)
    {
        const int64_t request = requests_.Get(i);
        const int64_t start = lengths_.Start(i);
        const int64_t end = lengths_.End(i);
        const uint64_t weight = position_ + row * row_weight_; // where the row begins
        const bool owned = weight >= share_begin_ && weight < share_end_;
        const uint32_t kind = RangeFault(Size(), request, start, end);
        const uint64_t length = kind == 0 ? static_cast<uint64_t>(end - start) : PlaceLength(start, end);
        const uint64_t row_end = position_ + length;
        if (owned && kind != 0) {
            ReportRange(fault_, Size(), row, kind, request, start, end);
        } else if (owned && row_end > params_.capacity) {
            fault_.Report(row, ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT, static_cast<int64_t>(row_end),
                          static_cast<int64_t>(params_.capacity), 0);
        }
        if (begin_ == kUnknown && weight + row_weight_ + length > share_begin_) {
            begin_ = Meet(share_begin_, weight);
            gather_.Begin(begin_);
        }
        if (end_ == kUnknown && weight + row_weight_ + length > share_end_) {
            end_ = Meet(share_end_, weight);
        }
        if (begin_ != kUnknown) {
            const uint64_t from = position_ < begin_ ? begin_ : position_;
            const uint64_t to = Min(Min(row_end, end_), limit_);
            if (from < to && kind == 0) {
                const uint64_t first =
                    static_cast<uint64_t>(request) * params_.row_stride + static_cast<uint64_t>(start);
                gather_.Append(TableSlots{table_, first + (from - position_)}, to - from);
            } else if (from < to) {
                gather_.Append(NoSlots{}, to - from);
            }
        }
        position_ = row_end;
        return end_ == kUnknown || position_ < end_;
    }

    __aicore__ inline TableSize Size() const { return {params_.rows, params_.row_stride, params_.row_len}; }

    // The position in the output where a share's bound lies in the current row, moved up to a line.
    __aicore__ inline uint64_t Meet(uint64_t bound, uint64_t weight) const
    {
        if (bound == 0) {
            return 0;
        }
        const uint64_t in_row = bound - weight; // the constant comes first
        const uint64_t position = position_ + (in_row > row_weight_ ? in_row - row_weight_ : 0);
        return Min(AlignUp(params_.out.address, position, sizeof(O)), limit_);
    }

    const AscendCacheLocAssignExtendCacheLocsParams &params_;
    PlaceLengths<L> lengths_;
    LengthScan<PlaceLengths<L>> scan_;
    Column<R> requests_;
    RowWords words_;
    RaggedGather<O> gather_;
    FaultLog fault_;
    GlobalTensor<int32_t> table_;
    uint64_t row_weight_; // elements
    uint64_t limit_ = 0;  // elements that are written in all
    uint64_t share_begin_ = 0;
    uint64_t share_end_ = 0;
    uint64_t position_ = 0; // of the current row in the output
    uint64_t begin_ = kUnknown;
    uint64_t end_ = kUnknown;
};

} // namespace cache_loc
