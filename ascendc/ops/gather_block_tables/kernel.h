// gather_block_tables: of each request the pages of its tokens, table[req_pool_indices[b], p * page_size] / page_size, row by
// row of the output, `repeat` rows a request, with `pad` behind them and in the rows that are no request's.
//
// Contract: see AscendCacheLocGatherBlockTablesParams. R, L and S are int32 or int64, out is int32. A request with no tokens
// has no pages. One that is none of the table's, or has more tokens than a row, or more pages than there are columns, does
// not read the table: its rows are -1, and it is reported. So is a slot that the map has nothing for or whose page is no
// int32, unless the lengths are one number of the host's; its column is -1. The lowest of a core goes to the core's line
// of the fault log. Gaps between the rows of the output are not touched.
//
// Split: the elements that are written, those of requests' rows counting more (split.h); a row is cut where a share ends, so
// that long rows are shared.
//
// UB: requests and lengths 16 KB, pages 41.5 KB, map 20.5 KB and 64 B, fillers 16 KB, fault line 64 B: 94 KB and 128 B, less
// with narrower elements.
//
//     for each tile of the requests that the share has rows of:
//         MTE2  copy in the tile's request indices and lengths
//         S     for each of their rows, the part in the core's share: how many pages; those to page_gather.h (MTE2 copies
//               in, V divides, MTE3 copies out), the rest to filler.h (MTE3 copies out)
//     fill the share's part of the other rows
#pragma once

#include "../../prim/fault_log.h"
#include "../../prim/filler.h"
#include "../../prim/page_gather.h"
#include "../../prim/rows.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename S>
class BlockTables {
public:
    using Params = AscendCacheLocGatherBlockTablesParams;

    static __aicore__ inline void Run(const Params &params)
    {
        TPipe pipe;
        BlockTables(pipe, params).Process();
    }

    __aicore__ inline BlockTables(TPipe &pipe, const Params &params)
        : params_(params), live_(uint64_t{params.n} * params.repeat),
          share_(params.out.address, params.capacity, params.columns, params.out_stride, live_, sizeof(int32_t)),
          requests_(pipe, params.req_pool_indices.address, kRows), lens_(pipe, params.lens.address, kRows),
          map_(pipe, params.map.address, params.map.bytes / sizeof(S), ASCEND_CACHE_LOC_PAGE_TILE_MAX),
          gather_(pipe, params.table.address, params.out.address, params.page_size, params.page_tile,
                  params.has_map != 0 ? &map_ : nullptr),
          pads_(pipe, params.out.address, static_cast<int32_t>(params.pad)), none_(pipe, params.out.address, -1), fault_(pipe, params.head)
    {
    }

    __aicore__ inline void Process()
    {
        const uint64_t stride = params_.out_stride;
        const uint64_t end_row = share_.EndRow();
        const uint64_t live_end = Min(end_row, live_);
        uint64_t row = share_.FirstRow();
        if (share_.begin == share_.end) {
            return;
        }
        if (row < live_end) {
            const uint64_t end_request = (live_end - 1) / params_.repeat + 1;
            for (bool begun = false; row < live_end; begun = true) {
                const uint64_t first = row / params_.repeat;
                const auto count = static_cast<uint32_t>(Min(params_.walk_tile, end_request - first));
                Load(first, count);
                if (!begun) {
                    gather_.Begin(); // while MTE2 copies in
                }
                Order<HardEvent::MTE2_S>(); // MTE2 has filled requests_ and lens_ before S reads them
                for (; row < Min(live_end, (first + count) * params_.repeat); ++row) {
                    Row(row, static_cast<uint32_t>(row / params_.repeat - first));
                }
                Order<HardEvent::S_MTE2>(); // S has read requests_ and lens_ before MTE2 fills them again
            }
            gather_.Finish(Bad{*this});
            fault_.Write();
        }
        if (params_.columns == stride && row < end_row) { // they lie end to end
            const uint64_t begin = Max(share_.begin, row * stride);
            pads_.Fill(begin, share_.end - begin);
            return;
        }
        for (; row < end_row; ++row) {
            const Part part = share_.PartOf(row);
            pads_.Fill(row * stride + part.begin, part.end - part.begin);
        }
    }

private:
    static constexpr uint32_t kRows = ASCEND_CACHE_LOC_ROW_TILE_MAX;

    using Part = GridShare::Part;

    __aicore__ inline void Load(uint64_t first, uint32_t count)
    {
        requests_.Load(first, count);
        if (params_.has_lens != 0) {
            lens_.Load(first, count);
        }
    }

    // A row of the i-th request of the tile.
    __aicore__ inline void Row(uint64_t row, uint32_t i)
    {
        const Part part = share_.PartOf(row);
        const uint64_t place = row * params_.out_stride;
        const int64_t tokens = params_.has_lens != 0 ? lens_.Get(i) : params_.until;
        if (tokens > 0) {
            const int64_t request = requests_.Get(i);
            const int64_t room = int64_t{params_.columns} * params_.page_size;
            if (request < 0 || request >= params_.rows) {
                None(row, part, ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE, request, params_.rows);
            } else if (tokens > params_.row_len) {
                None(row, part, ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE, tokens, params_.row_len);
            } else if (tokens > room) {
                None(row, part, ASCEND_CACHE_LOC_POSITION_OUT_OF_RANGE, tokens - 1, room);
            } else {
                const uint64_t pages = (static_cast<uint64_t>(tokens) + params_.page_size - 1) / params_.page_size;
                const uint64_t end = Min(part.end, Max(part.begin, pages));
                const uint64_t from = static_cast<uint64_t>(request) * params_.row_stride;
                gather_.Append(place + part.begin, from + part.begin * params_.page_size, end - part.begin, Bad{*this});
                pads_.Fill(place + end, part.end - end);
            }
        } else {
            pads_.Fill(place + part.begin, part.end - part.begin);
        }
    }

    // A bad row.
    __aicore__ inline void None(uint64_t row, const Part &part, uint32_t kind, int64_t a, int64_t b)
    {
        if (part.begin == part.end) {
            return;
        }
        if (params_.has_map != 0) {
            gather_.Flush(Bad{*this}); // the slots of rows before it are reported first
        }
        fault_.Report(row / params_.repeat, kind, a, b, 0);
        none_.Fill(row * params_.out_stride + part.begin, part.end - part.begin);
    }

    // What a bad slot is to the gather, at an element of the output.
    struct Bad {
        BlockTables &tables;

        __aicore__ inline void operator()(uint64_t to, int64_t slot, int64_t limit) const
        {
            const Params &params = tables.params_;
            if (params.has_lens != 0) {
                tables.fault_.Report(to / params.out_stride / params.repeat, ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE, slot,
                                     limit, 0, to % params.out_stride);
            }
        }
    };

    const Params &params_;
    uint64_t live_; // rows of requests
    GridShare share_;
    Column<R> requests_;
    Column<L> lens_;
    SlotMap<S> map_;
    PageGather<S> gather_;
    Filler pads_, none_;
    FaultLog fault_;
};

} // namespace cache_loc
