// assign_req_to_token_pool: table[req_pool_indices[i], start_offsets[i] ..] = the row's part of locs, in place.
//
// Contract: see AscendCacheLocAssignReqToTokenPoolParams. R, L and S are int32 or int64. A row's part of locs begins at the
// sum of the places before it (place.h), whatever is wrong with those rows; a row with start == end is empty and valid. A
// bad row writes nothing and is reported; so is the first row that locs does not cover whole, of which what is covered is
// written, and a slot that is below 0 or no int32, which is not written.
//
// Split: by the addresses of the table's lines alone (owned_rows.h), so that no two cores write into one line, whatever the
// row stride is, where the table begins, or how many rows are one request's. Every core finds its rows by itself.
//
// UB, for the largest tiles: columns 24 KB, rows 56 + 12 KB, slots 40 KB, fault line 64 B: 132 KB and 64 B.
//
//     for each tile of rows:
//         V     sums of the lengths, list of the rows that have lines of this core (owned_rows.h)
//         S     for each of those, or for every row where there is no list or but one core:
//               each of its stretches that is this core's: its slots, to their places (ragged_scatter.h)
//     if a slot must not be written, all of it again, row by row and slot by slot
#pragma once

#include "../../prim/owned_rows.h"
#include "../../prim/place.h"
#include "../../prim/ragged_scatter.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename S>
class PoolLocs {
public:
    static __aicore__ inline void Run(const AscendCacheLocAssignReqToTokenPoolParams &params)
    {
        TPipe pipe;
        PoolLocs(pipe, params).Process();
    }

    __aicore__ inline PoolLocs(TPipe &pipe, const AscendCacheLocAssignReqToTokenPoolParams &params)
        : params_(params), stretches_(params.table.address, params.stretch_bytes,
                                      static_cast<uint32_t>(GetBlockIdx()), static_cast<uint32_t>(GetBlockNum())),
          rows_(pipe, params.req_pool_indices.address, params.start_offsets.address, params.end_offsets.address,
                {params.rows, params.row_stride, params.row_len}, stretches_, params.row_tile),
          scatter_(pipe, params.locs.address, params.table.address, params.copy_tile), fault_(pipe, params.head)
    {
    }

    __aicore__ inline void Process()
    {
        scatter_.Begin();
        if (!All() || !scatter_.Finish()) {
            scatter_.Drop();
            fault_.Forget();
            each_ = true;
            position_ = 0;
            All();
        }
        fault_.Write();
    }

private:
    // All rows; false once a slot must not be written.
    __aicore__ inline bool All()
    {
        const bool lists = stretches_.cores > 1 && !each_ && rows_.Fits();
        if (lists) {
            rows_.Open();
        }
        for (uint64_t first = 0; first < params_.n && position_ < kCovered; first += rows_.Most()) {
            const auto count = static_cast<uint32_t>(Min(params_.n - first, rows_.Most()));
            if (!lists) {
                Order<HardEvent::S_MTE2>(); // S has read the columns before MTE2 fills them again
                rows_.Read(first, count);
                Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
            }
            const bool list = lists && rows_.Make(first, count) && position_ + rows_.Total() <= params_.capacity;
            if (!(list ? Listed(count) : Every(first, count))) {
                return false;
            }
        }
        return true;
    }

    // The rows of the list: they are in order, and covered.
    __aicore__ inline bool Listed(uint32_t count)
    {
        for (auto row = rows_.Next(); row.place < count; row = rows_.Next()) {
            if (!Write(0, row.begin, position_ + rows_.Before(row), row.length)) {
                return false;
            }
        }
        position_ += rows_.Total();
        return true;
    }

    __aicore__ inline bool Every(uint64_t first, uint32_t count)
    {
        for (uint32_t i = 0; i < count; ++i) {
            if (!Row(first + i, rows_.Request(i), rows_.Start(i), rows_.End(i))) {
                return false;
            }
            if (position_ > params_.capacity) { // no row behind it is covered, or reported
                position_ = kCovered;
                return true;
            }
        }
        return true;
    }

    __aicore__ inline bool Row(uint64_t row, int64_t request, int64_t start, int64_t end)
    {
        const uint64_t position = position_;
        position_ += PlaceLength(start, end);
        const uint32_t kind = RangeFault(Size(), request, start, end);
        if (kind != 0) {
            ReportRange(fault_, Size(), row, kind, request, start, end);
        } else if (position_ > params_.capacity) {
            fault_.Report(row, ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT, static_cast<int64_t>(position_),
                          static_cast<int64_t>(params_.capacity), 0);
        }
        if (kind != 0 || start == end || position >= params_.capacity) {
            return true;
        }
        const uint64_t begin = static_cast<uint64_t>(request) * params_.row_stride + static_cast<uint64_t>(start);
        return Write(row, begin + stretches_.origin, position, Min(position_, params_.capacity) - position);
    }

    // Writes what lies in this core's stretches of `length` elements that begin so far from the stretches' origin; their
    // slots are those at `position`.
    __aicore__ inline bool Write(uint64_t row, uint64_t begin, uint64_t position, uint64_t length)
    {
        const uint32_t shift = stretches_.shift, cores = stretches_.cores;
        if (cores == 1) {
            return Piece(row, begin, position, 0, length);
        }
        const uint64_t first = begin >> shift, last = (begin + length - 1) >> shift;
        for (uint64_t stretch = first + ((stretches_.core - first) & (cores - 1)); stretch <= last; stretch += cores) {
            const uint64_t from = stretch == first ? begin : stretch << shift;
            const uint64_t to = Min(begin + length, (stretch + 1) << shift);
            if (!Piece(row, from, position, from - begin, to - from)) {
                return false;
            }
        }
        return true;
    }

    // Tokens at.. of a row, `count` of them, to an element so far from the stretches' origin.
    __aicore__ inline bool Piece(uint64_t row, uint64_t to, uint64_t position, uint64_t at, uint64_t count)
    {
        if (!each_) {
            return scatter_.Append(to - stretches_.origin, position + at, count);
        }
        scatter_.Each(to - stretches_.origin, position + at, count, [&](int64_t slot, uint64_t i) {
            fault_.Report(row, ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE, slot, RaggedScatter<S>::kSlotLimit, 0, at + i);
        });
        return true;
    }

    __aicore__ inline TableSize Size() const { return {params_.rows, params_.row_stride, params_.row_len}; }

    static constexpr uint64_t kCovered = ~uint64_t{0}; // a position behind all of locs

    const AscendCacheLocAssignReqToTokenPoolParams &params_;
    Stretches stretches_;
    OwnedRows<R, L> rows_;
    RaggedScatter<S> scatter_;
    FaultLog fault_;
    uint64_t position_ = 0; // of the next row in locs
    bool each_ = false;     // whether slots are looked at one by one
};

} // namespace cache_loc
