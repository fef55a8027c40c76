// assign_extend_cache_locs: the slices table[req_pool_indices[i], start_offsets[i] .. end_offsets[i]] laid end to end.
//
// Contract: see AscendCacheLocAssignExtendCacheLocsParams. R, L and O are int32 or int64. A row with start == end is
// empty and valid. A bad row does not read the table and is reported; it keeps its place in the output, filled with -1,
// where its offsets say how long that is (place.h), and has none otherwise. So where a row begins depends on offsets
// alone. The first row that does not fit whole into `capacity` is reported too, and what fits is written. The lowest
// such row of a core goes to the core's line of the fault log. n may be anything below 2^31 - 1, lengths anything up to
// 2^31 - 2, and the total anything.
//
// Split: by weight (ragged_share.h), at 64-byte lines of the output; on one core without sums.
//
// UB, for the largest tiles: lengths 32 KB, scan 16 + 32 + 4.5 KB, requests 8 KB, gather 2 * 16 + 1 + 16 + 32 KB, fault line
// 64 B: 173.5 KB and 96 B.
//
//     on one core: the share is everything. Else: sum the lengths (scan.h), find the share
//     for each row of the share, of a batch of one tile all in UB already; V tells which rows are in order (row_walk.h), and of
//     those whole within the share S reads one word:
//         S     request, start, end of the row; its fault, the length of its place, and what of it is the core's
//         report its fault, or that it does not fit, if it is the core's to report
//         append what of the row is the core's: table entries, or -1 (ragged_gather.h)
//     until the share ends
//
// The walk is scalar work, and what a small batch costs beside its copies: three reads of UB a row, or one
// where V has looked at it, and no division.
#pragma once

#include "../../prim/place.h"
#include "../../prim/ragged_gather.h"
#include "../../prim/range_fault.h"
#include "../../prim/row_walk.h"
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
          share_(scan_, {params.out.address, params.capacity, sizeof(O)}, params.n, params.row_cost_bytes / sizeof(O)),
          requests_(pipe, params.req_pool_indices.address, kScanTile),
          gather_(pipe, params.out.address, params.copy_tile), fault_(pipe, params.head),
          table_(Global<int32_t>(params.table.address))
    {
    }

    __aicore__ inline void Process()
    {
        const auto core = static_cast<uint32_t>(GetBlockIdx());
        const auto cores = static_cast<uint32_t>(GetBlockNum());
        const bool sums = cores > 1; // or all of it is one share
        if (sums) {
            scan_.Begin(core, cores); // ahead of all that S does meanwhile
        } else if (OneTile()) {
            lengths_.Read(0, params_.n);
        }
        if (OneTile()) {
            requests_.Load(0, params_.n);
        }
        uint64_t row = 0;
        if (!sums) {
            share_.All();
        } else {
            ahead_ = ScanRows(scan_, {params_.n, params_.walk_tile, OneTile(), HasWords()}, core,
                              [&](uint64_t, uint32_t i, uint32_t count) { Words(i, count); });
            row = share_.Find(core, cores);
            if (row == params_.n) {
                return;
            }
        }
        Walk(row);
        fault_.Write();
    }

private:
    static constexpr uint32_t kScanTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;

    // Whether the scan reads the whole batch at a time, so that its rows are there for the walk too.
    __aicore__ inline bool OneTile() const { return params_.n <= params_.scan_tile; }

    // Whether V looks at rows before S does: where a core has enough of them.
    __aicore__ inline bool HasWords() const { return Size().FitsInt32() && WorthWords(params_.n); }

    __aicore__ inline void Walk(uint64_t row)
    {
        const auto read = [&](uint64_t first, uint32_t count) {
            requests_.Load(first, count);
            lengths_.Read(first, count);
        };
        WalkRows({params_.n, params_.walk_tile, OneTile(), HasWords(), ahead_}, row, share_, words_, begun_, read,
                 [&](uint64_t, uint32_t i, uint32_t count) { Words(i, count); },
                 [&](uint64_t at, uint32_t i, uint32_t) { Row(at, i); },
                 [&](uint32_t place, uint64_t length) { gather_.Append(TableSlots{table_, place}, length); });
        if (begun_) {
            gather_.Finish();
        }
    }

    // What V sees of rows whose columns are elements i.. of what is there.
    __aicore__ inline void Words(uint32_t i, uint32_t count)
    {
        words_.Make(Size(), requests_.tile[i], lengths_.Starts()[i], lengths_.Ends()[i], scan_.template Spare<SliceWords>(),
                    count);
    }

    __aicore__ inline void Row(uint64_t row, uint32_t i)
    {
        const int64_t request = requests_.Get(i);
        const int64_t start = lengths_.Start(i);
        const int64_t end = lengths_.End(i);
        const uint32_t kind = RangeFault(Size(), request, start, end);
        const uint64_t length = kind == 0 ? static_cast<uint64_t>(end - start) : PlaceLength(start, end);
        const auto part = share_.Next(row, length);
        const uint64_t row_end = part.position + length;
        if (part.owned && kind != 0) {
            ReportRange(fault_, Size(), row, kind, request, start, end);
        } else if (part.owned && row_end > params_.capacity) {
            fault_.Report(row, ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT, static_cast<int64_t>(row_end),
                          static_cast<int64_t>(params_.capacity), 0);
        }
        if (part.from >= part.to) {
            return;
        }
        if (!begun_) {
            begun_ = true;
            gather_.Begin(part.from);
        }
        if (kind == 0) {
            const uint64_t first = static_cast<uint64_t>(request) * params_.row_stride + static_cast<uint64_t>(start);
            gather_.Append(TableSlots{table_, first + (part.from - part.position)}, part.to - part.from);
        } else {
            gather_.Append(NoSlots{}, part.to - part.from);
        }
    }

    __aicore__ inline TableSize Size() const { return {params_.rows, params_.row_stride, params_.row_len}; }

    const AscendCacheLocAssignExtendCacheLocsParams &params_;
    PlaceLengths<L> lengths_;
    LengthScan<PlaceLengths<L>> scan_;
    RaggedShare<PlaceLengths<L>> share_;
    Column<R> requests_;
    SliceWords words_;
    RaggedGather<O> gather_;
    FaultLog fault_;
    GlobalTensor<int32_t> table_;
    bool begun_ = false;
    bool ahead_ = false; // whether the first tile's words are made before the share is known
};

} // namespace cache_loc
