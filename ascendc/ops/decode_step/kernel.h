// decode_step: of each row of a decode step the slot of its new token, to out and into the table, and its block table with
// the new token's page in it.
//
// Contract: see AscendCacheLocDecodeStepParams. R, L and S are int32 or int64, out is S. What a row's slot is and when a row
// is bad decode_rows.h says; a bad row has slot -1 and a block table of -1, nothing is written for it, and it is reported, as
// is the first row that has no page where there are too few: then all rows have slot -1 and block tables of -1. An idle row,
// of length 0, has slot -1 and a block table of pads. n may be 0, or anything below 2^31 - 1.
//
// No core waits for another: each looks at all rows' lengths, and what it reads of the table no core writes. It writes
// entries seq - 1, and reads entries before them: a new page comes from free_pages to the block table.
//
// Split: some cores make the 64-byte lines of out, and the elements of the block tables that are written (split.h); the others,
// half of them at most, write the table, each the lines that are its own by their addresses alone (stretches.h). One core
// alone does all.
//
// UB, for tiles of 512 rows: decode_slots.h 39 KB, decode_rows.h 45 KB, page_gather.h 46.5 KB, fillers 16 KB, new pages
// 16 KB, out 6 KB, fault line 64 B: 169 KB.
//
//     where there are several tiles, count the pages that the rows before take, and if there may be too few that all rows
//     take (page_needs.h); of one tile the slots tell
//     for each tile of rows, all of them for who writes the table:
//         MTE2  copy in request indices and lengths, and the pages that it can take
//         V     where new tokens go, the list of those that are this core's to write, if any are (decode_rows.h)
//         MTE2  copy in the last slots of the rows that the core writes anything of
//         MTE2  copy in the pages of the core's part of the block tables, as many as UB holds
//         V     make the slots; S gives theirs to rows that take a page, and looks at those that are bad or idle
//         MTE3  copy out the core's part of out, its entries of the table, and its part of the block tables, for which
//               MTE2 copies in the other pages and V divides (page_gather.h), or which are fills (filler.h)
//         MTE3  fill the block tables of rows that came out bad behind what was copied in for them
//     fill the core's part of the block tables that are no row's
#pragma once

#include "../../prim/decode_rows.h"
#include "../../prim/filler.h"
#include "../../prim/page_gather.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename S>
class DecodeStep {
public:
    using Params = AscendCacheLocDecodeStepParams;

    static __aicore__ inline void Run(const Params &params)
    {
        const auto core = static_cast<uint32_t>(GetBlockIdx()), cores = static_cast<uint32_t>(GetBlockNum());
        const uint32_t owners = cores == 1 ? 1 : Owners(params.owners, cores / 2);
        const uint32_t makers = cores == 1 ? 1 : cores - owners;
        TPipe pipe;
        // One behind the makers makes nothing; one behind the owners owns nothing.
        DecodeStep(pipe, params, core, makers, cores == 1 ? 0 : core < makers ? owners : core - makers, owners).Process();
    }

    // The maker-th of so many that make out and block tables, and the owner-th of so many that write the table.
    __aicore__ inline DecodeStep(TPipe &pipe, const Params &params, uint32_t maker, uint32_t makers, uint32_t owner,
                                 uint32_t owners)
        : params_(params), out_share_(params.out.address, params.n, sizeof(S), maker, makers),
          tables_(params.block_tables.address, params.capacity, params.columns, params.block_stride, params.n,
                  sizeof(int32_t), maker, makers),
          rows_(pipe, params, {params.table.address, params.stretch_bytes, owner, owners}, kTile),
          gather_(pipe, params.table.address, params.block_tables.address, params.page_size, params.page_tile, nullptr),
          pads_(pipe, params.block_tables.address, static_cast<int32_t>(params.pad)),
          none_(pipe, params.block_tables.address, -1), fault_(pipe, params.head),
          block_tables_(Global<int32_t>(params.block_tables.address)),
          out_(Global<S>(params.out.address)), end_(params.n)
    {
        // One that writes no part of the table has to do with the rows of its own parts alone, where they are not one tile.
        if (owner >= owners && params.n > params.row_tile) {
            const uint64_t begin = Min(params.n, tables_.FirstRow()), end = Min(params.n, tables_.EndRow());
            const bool some = begin < end, none = out_share_.begin == out_share_.end;
            begin_ = !some ? out_share_.begin : none ? begin : Min(begin, out_share_.begin);
            end_ = !some ? out_share_.end : none ? end : Max(end, out_share_.end);
        }
        pipe.InitBuffer(new_buffer_, kTile * kBlock * sizeof(int32_t));
        pipe.InitBuffer(moved_buffer_, kTile * sizeof(int32_t));
        new_ = new_buffer_.template Get<int32_t>();
        moved_ = moved_buffer_.template Get<int32_t>();
        if constexpr (sizeof(S) == 8) {
            pipe.InitBuffer(widened_buffer_, kTile * sizeof(S));
            widened_ = widened_buffer_.template Get<S>();
        } else {
            widened_ = moved_;
        }
    }

    __aicore__ inline void Process()
    {
        if (params_.n != 0) {
            Rows();
            fault_.Write();
        }
        for (uint64_t row = Max(params_.n, tables_.FirstRow()); Every() && row < tables_.EndRow(); ++row) {
            FillRow(pads_, row);
        }
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_STEP_TILE_MAX;
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block

    // Rows of the tile.
    struct Span {
        __aicore__ inline bool Has(uint32_t i) const { return i >= begin && i < end; }

        uint32_t begin, end;
    };

    // A page of the table's rows is any number.
    struct NoneBad {
        __aicore__ inline void operator()(uint64_t, int64_t, int64_t) const {}
    };

    // Whether all columns are written.
    __aicore__ inline bool Every() const { return params_.new_columns == 0; }

    __aicore__ inline void Rows()
    {
        const bool several = params_.n > params_.row_tile;
        uint64_t rank = several ? rows_.slots.needs.Count(0, begin_) : 0;
        // Where each row may take one there are enough, and none is counted.
        if (several && params_.free < params_.n && rank + rows_.slots.needs.Count(begin_, params_.n) > params_.free) {
            return Exhausted();
        }
        if (begin_ == end_) {
            return;
        }
        Load(begin_, rank);
        rows_.Open(static_cast<uint32_t>(Min(params_.n, params_.row_tile))); // while MTE2 copies in
        gather_.Begin();
        for (uint64_t first = begin_;;) {
            rank = Tile(first, Count(first), rank);
            if (rank > params_.free) { // of a batch of one tile, of which the pages alone are under way
                gather_.Finish(NoneBad{}); // V waits for what is stored, and what is filled over it for V
                return Exhausted();
            }
            first += params_.row_tile;
            if (first >= end_) {
                break;
            }
            Order<HardEvent::S_MTE2>(); // S, and V, which it has waited for, have read the tile before MTE2 copies another in
            // MTE3 has stored slots before V makes others in their place, and new_ before S, which waits for V, sets it again.
            Order<HardEvent::MTE3_V>();
            Load(first, rank);
        }
        gather_.Finish(NoneBad{});
    }

    // Rows of the tile that begins at `first`.
    __aicore__ inline uint32_t Count(uint64_t first) const
    {
        return static_cast<uint32_t>(Min(end_ - first, params_.row_tile));
    }

    // Copies a tile in, and the pages that it can take, the first one the rank-th.
    __aicore__ inline void Load(uint64_t first, uint64_t rank)
    {
        rows_.Load(first, Count(first));
        rows_.slots.Land(rank, Min(params_.free - rank, Count(first)));
    }

    // The core's part of a tile, whose first row that needs a page takes the rank-th; returns that of the next tile's.
    __aicore__ inline uint64_t Tile(uint64_t first, uint32_t count, uint64_t rank)
    {
        const Span out = Within(first, count, out_share_.begin, out_share_.end);
        const Span tables = Within(first, count, tables_.FirstRow(), tables_.EndRow());
        rows_.Take();
        for (uint32_t i = tables.begin; i < tables.end; ++i) {
            rows_.Fetch(i);
        }
        for (uint32_t i = out.begin; i < out.end; ++i) {
            if (!tables.Has(i)) {
                rows_.Fetch(i);
            }
        }
        for (uint32_t at = 0, i = rows_.NextOwn(at); i < count; i = rows_.NextOwn(at)) {
            if (!tables.Has(i) && !out.Has(i)) {
                rows_.Fetch(i);
            }
        }
        rows_.Fetched();
        const uint32_t under_way = Begin(first, tables);
        rank = rows_.Make(fault_, rank, params_.free, [&](uint32_t i, int32_t slot) { NewPage(tables, i, slot); });
        if (rank > params_.free) {
            return rank;
        }
        for (uint32_t i = tables.begin; !Every() && i < tables.end; ++i) {
            NewPage(tables, i, rows_.Slot(i));
        }
        // V has made the table's entries, and S, which has waited for it, set others, and new_, before MTE3 stores them.
        Order<HardEvent::S_MTE3>();
        for (uint32_t at = 0, i = rows_.NextOwn(at); i < count; i = rows_.NextOwn(at)) {
            rows_.Store(i);
        }
        if (out.begin < out.end) {
            Order<HardEvent::S_V>(); // S has set its slots before V moves them
            // To a block's begin, where copies out begin.
            Gather(moved_, rows_.slots.slots, rows_.Offsets(), out.begin * static_cast<uint32_t>(sizeof(int32_t)),
                   out.end - out.begin);
            PipeBarrier<PIPE_V>(); // moved_ is written before it is widened
            StoreMoved(first + out.begin, out.end - out.begin);
        }
        bool wrong = false;
        for (uint32_t i = tables.begin; i < tables.end; ++i) {
            wrong = !BlockTable(first + i, i, i < under_way) || wrong;
        }
        gather_.Flush(NoneBad{});
        if (wrong) {
            PipeBarrier<PIPE_MTE3>(); // block tables are stored before others are stored over them
            for (uint32_t i = tables.begin; i < under_way; ++i) {
                const auto known = rows_.Get(i);
                if (!known.placed && known.seq != 0) {
                    FillRow(none_, first + i);
                }
            }
        }
        return rank;
    }

    // Has the pages copied in of the rows that will have a block table if nothing comes up, as long as V need not divide any
    // for it; returns the first row for which that was not done.
    __aicore__ inline uint32_t Begin(uint64_t first, const Span &tables)
    {
        uint32_t i = tables.begin;
        for (; Every() && i < tables.end; ++i) {
            const auto known = rows_.Get(i);
            if (known.placed) {
                const auto part = Pages(first + i, known.seq);
                if (!gather_.Holds(part.end - part.begin)) {
                    break;
                }
                Append(first + i, known.begin, part);
            }
        }
        return i;
    }

    // The page of a row's slot, where the core writes of its block table.
    __aicore__ inline void NewPage(const Span &tables, uint32_t i, int32_t slot)
    {
        if (tables.Has(i)) {
            new_.SetValue(i * kBlock, static_cast<int32_t>(static_cast<uint32_t>(slot) / params_.page_size));
        }
    }

    __aicore__ inline Span Within(uint64_t first, uint32_t count, uint64_t begin, uint64_t end) const
    {
        const uint64_t from = Max(begin, first), to = Min(end, first + count);
        return from < to ? Span{static_cast<uint32_t>(from - first), static_cast<uint32_t>(to - first)} : Span{0, 0};
    }

    __aicore__ inline void StoreMoved(uint64_t row, uint32_t count)
    {
        if constexpr (sizeof(S) == 8) {
            Cast(widened_, moved_, RoundMode::CAST_NONE, count);
        }
        Order<HardEvent::V_MTE3>(); // V has made widened_ before MTE3 stores it
        CopyOut(out_[row], widened_, count);
    }

    // The columns of a row in order that the core writes pages of the table to: those that begin before the new token.
    __aicore__ inline GridShare::Part Pages(uint64_t row, int64_t seq) const
    {
        const auto part = tables_.PartOf(row);
        const uint64_t pages = (static_cast<uint64_t>(seq) - 2 + params_.page_size) / params_.page_size;
        return {part.begin, Min(part.end, Max(part.begin, pages))};
    }

    // Those, of a row that begins there in the table.
    __aicore__ inline void Append(uint64_t row, uint64_t begin, const GridShare::Part &part)
    {
        gather_.Append(row * params_.block_stride + part.begin, begin + part.begin * params_.page_size,
                       part.end - part.begin, NoneBad{});
    }

    __aicore__ inline void FillRow(Filler &filler, uint64_t row)
    {
        const auto part = tables_.PartOf(row);
        filler.Fill(row * params_.block_stride + part.begin, part.end - part.begin);
    }

    // The core's part of a row's block table, whose pages may be under way; false where they are and it is -1.
    __aicore__ inline bool BlockTable(uint64_t row, uint32_t i, bool under_way)
    {
        const auto known = rows_.Get(i);
        if (!known.placed) {
            if (known.seq != 0) {
                if (under_way) {
                    return false;
                }
                FillRow(none_, row);
            } else if (Every()) {
                FillRow(pads_, row);
            }
            return true;
        }
        const auto part = tables_.PartOf(row);
        const uint64_t place = row * params_.block_stride;
        const uint64_t position = static_cast<uint64_t>(known.seq) - 1, column = position / params_.page_size;
        if (Every()) {
            if (!under_way) {
                Append(row, known.begin, Pages(row, known.seq));
            }
            const uint64_t behind = Min(part.end, Max(part.begin, column + 1));
            pads_.Fill(place + behind, part.end - behind);
            if (column * params_.page_size != position) {
                return true;
            }
        }
        if (column >= part.begin && column < part.end) {
            CopyOut(block_tables_[place + column], new_[i * kBlock], 1);
        }
        return true;
    }

    // More pages are needed than there are: no row has a slot. The first core tells the row that is without a page.
    __aicore__ inline void Exhausted()
    {
        fault_.Forget();
        Duplicate(moved_, -1, static_cast<int32_t>(kTile));
        PipeBarrier<PIPE_V>(); // moved_ is written before it is widened
        for (uint64_t row = out_share_.begin; row < out_share_.end; row += kTile) {
            Order<HardEvent::MTE3_V>(); // MTE3 has stored widened_ before V makes it again
            StoreMoved(row, static_cast<uint32_t>(Min(kTile, out_share_.end - row)));
        }
        for (uint64_t row = tables_.FirstRow(); row < Min(params_.n, tables_.EndRow()); ++row) {
            FillRow(none_, row);
        }
        uint64_t rank = 0;
        for (uint64_t first = 0; GetBlockIdx() == 0 && rank <= params_.free; first += params_.row_tile) {
            Order<HardEvent::S_MTE2>(); // S, and V, which it has waited for, have read the lengths before MTE2 copies others in
            const auto count = static_cast<uint32_t>(Min(params_.n - first, params_.row_tile));
            rows_.Load(first, count);
            Order<HardEvent::MTE2_S>(); // MTE2 has filled the lengths before S reads them
            for (uint32_t i = 0; i < count && rank <= params_.free; ++i) {
                if (rows_.slots.needs.Needs(rows_.Length(i)) && rank++ == params_.free) {
                    fault_.Report(first + i, ASCEND_CACHE_LOC_PAGES_EXHAUSTED, static_cast<int64_t>(rank), params_.free, 0);
                }
            }
        }
    }

    const Params &params_;
    LineShare out_share_;
    GridShare tables_;
    DecodeRows<R, L, S> rows_;
    PageGather<S> gather_;
    Filler pads_, none_;
    FaultLog fault_;
    GlobalTensor<int32_t> block_tables_;
    GlobalTensor<S> out_;
    uint64_t begin_ = 0, end_; // the rows that the core looks at
    TBuf<TPosition::VECCALC> new_buffer_, moved_buffer_, widened_buffer_;
    LocalTensor<int32_t> new_, moved_; // new pages, a block a row; slots at a block's begin
    LocalTensor<S> widened_;           // those
};

} // namespace cache_loc
