// assign_req_to_token_pool: table[req_pool_indices[i], start_offsets[i] ..] = the row's part of locs, in place.
//
// Contract: see AscendCacheLocAssignReqToTokenPoolParams. R, L and S are int32 or int64. A row's part of locs begins at the
// sum of the places before it (place.h), whatever is wrong with those rows; a row with start == end is empty and valid. A
// bad row writes nothing and is reported; so is the first row that locs does not cover whole, of which what is covered is
// written, and a slot that is below 0 or no int32, which is not written.
//
// Split: by the addresses of the table's lines alone (stretches.h). Every core finds its rows by itself.
//
// UB, for the largest tiles: columns 24 KB, rows 73 + 17 KB, slots 53 KB, fault line 64 B: 166 KB.
//
//     for each tile of rows:
//         V     sums of the lengths, list of the rows that have lines of this core (owned_rows.h), while S is at the last
//         S     for each of those, or for every row where there is no list:
//               each of its stretches that is this core's: its slots, to their places (ragged_scatter.h)
//     if a slot must not be written, all of it again, row by row and slot by slot
//
// S has most to do, so nothing may keep it: while it stores the last slots of tile k, V begins with tile k + 2, whose
// columns MTE2 has read behind slots of k, and goes on with that while S has the slots of k + 1 fetched.
#pragma once

#include "../../prim/owned_rows.h"
#include "../../prim/place.h"
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
                params.n, {params.rows, params.row_stride, params.row_len}, stretches_, params.row_tile),
          scatter_(pipe, params.locs.address, params.table.address, params.copy_tile), fault_(pipe, params.head),
          lists_(params.n > kFew && rows_.Fits())
    {
    }

    __aicore__ inline void Process()
    {
        rows_.Read(0);
        if (lists_) {
            rows_.Open();
        }
        scatter_.Begin();
        const bool all = All();
        rows_.Drop();
        if (!all) {
            scatter_.Drop();
            Order<HardEvent::S_MTE2>(); // S has read the columns, and V the landings, before MTE2 fills them again
            fault_.Forget();
            lists_ = false;
            each_ = true;
            position_ = 0;
            All();
        }
        scatter_.Close();
        fault_.Write();
    }

private:
    // All rows, where there are lists the next tile's made meanwhile, and the one's behind it begun with; false once a slot
    // must not be written. No row behind one that is not covered is covered, or reported.
    __aicore__ inline bool All()
    {
        Look(0);
        Read(rows_.Most());
        rows_.List();
        Look(rows_.Most());
        for (uint64_t first = 0; first < params_.n && position_ <= params_.capacity; first += rows_.Most()) {
            if (lists_ && rows_.Listed() && position_ + rows_.Total() <= params_.capacity) {
                OwnedPieces pieces(stretches_, typename OwnedRows<R, L>::Walk(rows_, position_));
                position_ += rows_.Total();
                const auto go_on = [&] {
                    rows_.Read(first + 2 * rows_.Most());
                    rows_.List();
                };
                if (!scatter_.Run(pieces, go_on, [&] { Look(first + 2 * rows_.Most()); })) {
                    return false;
                }
            } else if (!Each(first)) {
                return false;
            }
        }
        return true;
    }

    // Has V begin with the list of a tile's rows, which were read, if there is such a tile and something left for it.
    __aicore__ inline void Look(uint64_t first)
    {
        if (lists_ && first < params_.n && position_ <= params_.capacity) {
            rows_.Look(first);
        }
    }

    // Reads a tile of rows for V.
    __aicore__ inline void Read(uint64_t first)
    {
        if (lists_) {
            rows_.Read(first);
        }
    }

    // The rows of a tile, looked at by S: read again, since others have been read.
    __aicore__ inline bool Each(uint64_t first)
    {
        PipeBarrier<PIPE_MTE2>();   // MTE2 has filled the columns before it fills them again
        rows_.Read(first);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
        OwnedPieces pieces(stretches_, Every{*this, first, position_, 0, true});
        if (each_) {
            scatter_.Each(pieces, [&](int64_t slot, uint64_t i) {
                fault_.Report(pieces.row.place, ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE, slot, RaggedScatter<S>::kSlotLimit, 0,
                              i - pieces.row.position);
            });
        } else if (!scatter_.Run(pieces, [] {}, [] {})) {
            return false;
        }
        position_ = pieces.rows.position;
        Order<HardEvent::S_MTE2>(); // S has read the columns before MTE2 fills them again
        if (lists_) {
            rows_.Read(first + 2 * rows_.Most());
            rows_.List();
            Look(first + 2 * rows_.Most());
        }
        return true;
    }

    // A walk over a tile's rows that write, each looked at by S; the first walk reports those that are bad.
    struct Every {
        __aicore__ inline Every Again() const { return {pool, first, position, i, false}; }

        __aicore__ inline bool Next(OwnedRow &row)
        {
            const uint64_t capacity = pool.params_.capacity;
            while (i < pool.rows_.Count(first) && position <= capacity) {
                const int64_t request = pool.rows_.Request(i), start = pool.rows_.Start(i), end = pool.rows_.End(i);
                row.place = first + i++;
                row.position = position;
                position += PlaceLength(start, end);
                const uint32_t kind = RangeFault(pool.Size(), request, start, end);
                if (reports && kind != 0) {
                    ReportRange(pool.fault_, pool.Size(), row.place, kind, request, start, end);
                } else if (reports && position > capacity) {
                    pool.fault_.Report(row.place, ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT, static_cast<int64_t>(position),
                                       static_cast<int64_t>(capacity), 0);
                }
                if (kind == 0 && start != end) {
                    row.begin = static_cast<uint64_t>(request) * pool.params_.row_stride +
                                static_cast<uint64_t>(start) + pool.stretches_.origin;
                    row.length = Min(position, capacity) - row.position;
                    return true;
                }
            }
            return false;
        }

        PoolLocs &pool;
        uint64_t first, position;
        uint32_t i;
        bool reports;
    };

    __aicore__ inline TableSize Size() const { return {params_.rows, params_.row_stride, params_.row_len}; }

    static constexpr uint32_t kFew = 12; // rows that S looks at sooner than V

    const AscendCacheLocAssignReqToTokenPoolParams &params_;
    Stretches stretches_;
    OwnedRows<R, L> rows_;
    RaggedScatter<S> scatter_;
    FaultLog fault_;
    bool lists_;
    bool each_ = false;     // whether slots are looked at one by one
    uint64_t position_ = 0; // of the next tile in locs
};

} // namespace cache_loc
