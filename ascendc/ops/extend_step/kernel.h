// extend_step: slots for the new tokens of each row, from paged memory, to out and into the table.
//
// Contract: see AscendCacheLocExtendStepParams. R, L and S are int32 or int64, out is S. The slots, where they lie in out and
// what is reported extend_slots.h says, with table[req, prefix - 1] for the last slot. A row with prefix == seq is empty and in
// order; any other row is a range of its request's tokens (range_fault.h), and bad where it is none: its part of out is -1. What
// has a slot and fits into `capacity` is in the table too; where there are too few pages nothing is. n may be anything below
// 2^31 - 1, and so may lengths.
//
// No core waits for another: what a core reads of the table, entries before the new ones, no core writes, and whose slots
// go where, and whether there are enough pages, it finds out by itself.
//
// Split: some cores make out, by weight (ragged_share.h), at its 64-byte lines; the others write the table, each the lines
// that are its own by their addresses alone (stretches.h), half of them at most. So slots are made twice, at the same time. One core alone does one
// after the other, and has UB for each anew.
//
// UB, of the former: extend_slots.h 173.25 KB and 160 B, requests 8 KB, last slots 1 KB: 182.25 KB and 160 B; of the latter: columns 12
// KB, rows 54 + 16 KB, last slots 1 KB, pages 22 KB, indices 8 KB, short pages 8 KB, landings 16 KB: 137 KB, or a scan's 90.5 KB
// before.
//
//     of the former: the core's part of out, as extend_slots.h says
//     of the latter, where there are several tiles, sum the tokens and pages of all rows (scan.h); of one the list tells
//     for each tile of rows:
//         V     pages before each row, list of the rows that have lines of this core (owned_rows.h)
//         S     for each of those, or for every row where there is no list:
//               MTE2  copy in the last slots of some rows
//               each of their stretches that is this core's: its slots, to their places (paged_scatter.h)
#pragma once

#include "../../prim/extend_slots.h"
#include "../../prim/owned_rows.h"
#include "../../prim/paged_scatter.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename S>
class ExtendStep {
public:
    using Params = AscendCacheLocExtendStepParams;

    static __aicore__ inline void Run(const Params &params)
    {
        const auto core = static_cast<uint32_t>(GetBlockIdx()), cores = static_cast<uint32_t>(GetBlockNum());
        const bool alone = cores == 1;
        const uint32_t owners = alone ? 1 : Owners(params.owners, cores / 2), makers = alone ? 1 : cores - owners;
        if (core < makers) {
            TPipe pipe;
            ExtendSlots<Params, Lasts, L, S, S>(pipe, params).Process(core, makers);
            pipe.Destroy();
        }
        if (core >= makers || alone) {
            WriteTable(params, core - (cores - owners), owners);
        }
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_STEP_TILE_MAX;
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block
    static constexpr uint32_t kFew = 12;  // rows that S looks at sooner than V
    static constexpr uint32_t kGroup = 32;

    using Rows = OwnedRows<R, L, PagesBeside, kTile>;

    static __aicore__ inline TableSize Size(const Params &params)
    {
        return {params.rows, params.row_stride, params.row_len};
    }

    // The last slots of rows that are ranges of the table, some rows' at a time.
    class Lasts {
    public:
        static constexpr bool kByVector = false;

        __aicore__ inline Lasts(TPipe &pipe, const Params &params, uint32_t most)
            : size_(Size(params)), table_(Global<int32_t>(params.table.address)),
              requests_(pipe, params.req_pool_indices.address, most), page_size_(params.page_size)
        {
            pipe.InitBuffer(buffer_, kAhead * kBlock * sizeof(int32_t));
            lasts_ = buffer_.template Get<int32_t>();
        }

        __aicore__ inline void Load(uint64_t first, uint32_t count AND_SIM_CALLER)
        {
            begin_ = end_ = 0;
            requests_.Load(first, count);
        }

        __aicore__ inline uint32_t Fault(uint32_t i, int64_t prefix, int64_t seq) const
        {
            return RangeFault(size_, requests_.Get(i), prefix, seq);
        }

        __aicore__ inline void Report(FaultLog &log, uint32_t kind, uint64_t row, uint32_t i, int64_t prefix,
                                      int64_t seq) const
        {
            ReportRange(log, size_, row, kind, requests_.Get(i), prefix, seq);
        }

        template <typename Lengths>
        __aicore__ inline int64_t Get(uint32_t i, uint32_t count, const Lengths &lengths)
        {
            if (i >= end_) {
                begin_ = i;
                end_ = static_cast<uint32_t>(Min(i + kAhead, count));
                Order<HardEvent::S_MTE2>(); // S has read the last slots before MTE2 copies others in
                for (uint32_t k = i; k < end_; ++k) {
                    const int64_t prefix = lengths.Start(k), seq = lengths.End(k);
                    if (prefix != seq && Fault(k, prefix, seq) == 0 && !page_size_.Starts(static_cast<uint64_t>(prefix))) {
                        const uint64_t begin = static_cast<uint64_t>(requests_.Get(k)) * size_.row_stride;
                        CopyIn(lasts_[(k - i) * kBlock], table_[begin + static_cast<uint64_t>(prefix) - 1], 1);
                    }
                }
                Order<HardEvent::MTE2_S>(); // MTE2 has filled lasts_ before S reads them
            }
            return lasts_.GetValue((i - begin_) * kBlock);
        }

    private:
        static constexpr uint32_t kAhead = 32;

        TableSize size_;
        GlobalTensor<int32_t> table_;
        Column<R> requests_;
        PageSize page_size_;
        TBuf<TPosition::VECCALC> buffer_;
        LocalTensor<int32_t> lasts_; // a block a row
        uint32_t begin_ = 0, end_ = 0;
    };

    // What the batch needs.
    struct Totals {
        uint64_t tokens = 0, pages = 0;
    };

    // What is a core's of the table, of so many.
    static __aicore__ inline void WriteTable(const Params &params, uint32_t core, uint32_t cores)
    {
        const Stretches stretches(params.table.address, params.stretch_bytes, core, cores);
        Totals totals;
        if (params.n > params.row_tile) {
            TPipe pipe;
            const PagesBeside pages{PageSize(params.page_size), Pages(params.page_size)};
            PlaceLengths<L, PagesBeside> lengths(pipe, params.prefix_lens.address, params.seq_lens.address,
                                                 ASCEND_CACHE_LOC_SCAN_TILE_MAX, pages);
            LengthScan<PlaceLengths<L, PagesBeside>> scan(pipe, lengths, params.n, params.scan_tile, params.checkpoints);
            scan.Begin(core, cores);
            scan.Run();
            totals = {static_cast<uint64_t>(scan.Total(0)), static_cast<uint64_t>(scan.Total(1))};
            pipe.Destroy();
        }
        TPipe pipe;
        ExtendStep(pipe, params, stretches).Process(totals);
    }

    __aicore__ inline ExtendStep(TPipe &pipe, const Params &params, const Stretches &stretches)
        : params_(params), size_(params.page_size), stretches_(stretches),
          rows_(pipe, params.req_pool_indices.address, params.prefix_lens.address, params.seq_lens.address, params.n,
                Size(params), stretches_, params.row_tile, {size_, Pages(params.page_size)}),
          scatter_(pipe, params.table.address, params.free_pages.address, params.free, params.page_size, params.copy_tile),
          table_(Global<int32_t>(params.table.address)), lists_(params.n > kFew && rows_.Fits())
    {
        pipe.InitBuffer(buffer_, kGroup * kBlock * sizeof(int32_t));
        lasts_ = buffer_.template Get<int32_t>();
    }

    __aicore__ inline void Process(Totals totals)
    {
        rows_.Read(0);
        if (lists_) {
            rows_.Open();
        }
        scatter_.Open();
        bool listed = Look(0);
        if (params_.n <= params_.row_tile) {
            totals = listed ? Totals{rows_.Total(0), rows_.Total(1)} : Sums();
        }
        if (totals.pages <= params_.free) {
            All(listed, totals.tokens <= params_.capacity);
        }
        scatter_.Close();
    }

    // All tiles, of which the first one's list was looked for.
    __aicore__ inline void All(bool listed, bool fits)
    {
        for (uint64_t first = 0; first < params_.n && position_ < params_.capacity; listed = Look(first)) {
            if (listed && fits) {
                typename Rows::Walk walk(rows_, page_);
                page_ += rows_.Total(1);
                Write(walk);
            } else {
                ReadAgain(first);
                Every walk{*this, first, 0};
                Write(walk);
                Order<HardEvent::S_MTE2>(); // S has read the columns before MTE2 fills them again
                rows_.Read(first + rows_.Most());
            }
            first += rows_.Most();
        }
    }

    // Has V make the list of a tile's rows, if there is such a tile; whether there is one.
    __aicore__ inline bool Look(uint64_t first)
    {
        if (!lists_ || first >= params_.n) {
            return false;
        }
        rows_.Look(first);
        rows_.Read(first + rows_.Most());
        rows_.List();
        return rows_.Listed();
    }

    // The columns of a tile, for S, where the next one has been read since.
    __aicore__ inline void ReadAgain(uint64_t first)
    {
        PipeBarrier<PIPE_MTE2>();   // MTE2 has filled the columns before it fills them again
        rows_.Read(first);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
    }

    // Of a batch of one tile that has no list, by S: pages alone, since only lists have to fit.
    __aicore__ inline Totals Sums()
    {
        ReadAgain(0);
        Totals totals;
        for (uint32_t i = 0; i < params_.n; ++i) {
            const int64_t start = rows_.Start(i), end = rows_.End(i);
            totals.pages += NewPages(start, end);
        }
        return totals;
    }

    __aicore__ inline uint64_t NewPages(int64_t start, int64_t end) const
    {
        return HasPlace(start, end)
            ? size_.Ceil(static_cast<uint64_t>(end)) - size_.Ceil(static_cast<uint64_t>(start))
            : 0;
    }

    // A walk over a tile's rows that have lines of this core, each looked at by S.
    struct Every {
        __aicore__ inline bool Next(OwnedRow &row)
        {
            const uint64_t capacity = step.params_.capacity;
            while (i < step.rows_.Count(first) && step.position_ < capacity) {
                const int64_t request = step.rows_.Request(i), start = step.rows_.Start(i), end = step.rows_.End(i);
                ++i;
                if (start == end) {
                    continue;
                }
                const uint64_t position = step.position_;
                row.position = step.page_;
                row.start = static_cast<uint64_t>(start);
                step.position_ += PlaceLength(start, end);
                step.page_ += step.NewPages(start, end);
                if (RangeFault(Size(step.params_), request, start, end) == 0) {
                    row.length = Min(step.position_, capacity) - position;
                    row.begin = static_cast<uint64_t>(request) * step.params_.row_stride + row.start + step.stretches_.origin;
                    if (step.stretches_.Own(row.begin) < row.begin + row.length) {
                        return true;
                    }
                }
            }
            return false;
        }

        ExtendStep &step;
        uint64_t first;
        uint32_t i;
    };

    // One row.
    struct One {
        __aicore__ inline bool Next(OwnedRow &next)
        {
            next = row;
            done = !done;
            return done;
        }

        OwnedRow row;
        bool done;
    };

    // What is this core's of the rows of a walk, so many at a time that their last slots are copied in together.
    template <typename Walk>
    __aicore__ inline void Write(Walk &walk)
    {
        OwnedRow group[kGroup];
        for (uint32_t many = kGroup; many == kGroup;) {
            Order<HardEvent::S_MTE2>(); // S has read lasts_ before MTE2 fills them again
            for (many = 0; many < kGroup && walk.Next(group[many]); ++many) {
                if (!size_.Starts(group[many].start)) {
                    CopyIn(lasts_[many * kBlock], table_[group[many].begin - stretches_.origin - 1], 1);
                }
            }
            Order<HardEvent::MTE2_S>(); // MTE2 has filled lasts_ before S reads them
            for (uint32_t i = 0; i < many; ++i) {
                const OwnedRow &row = group[i];
                const int64_t last = size_.Starts(row.start) ? -1 : lasts_.GetValue(i * kBlock);
                OwnedPieces<One> pieces(stretches_, One{row, false});
                for (Piece piece; pieces.Next(~uint32_t{0}, piece);) {
                    const uint64_t from = piece.from - row.position;
                    scatter_.Append(row.start, last, row.position, from, from + piece.count, piece.to);
                }
            }
        }
    }

    const Params &params_;
    PageSize size_;
    Stretches stretches_;
    Rows rows_;
    PagedScatter<S> scatter_;
    GlobalTensor<int32_t> table_;
    bool lists_;
    TBuf<TPosition::VECCALC> buffer_;
    LocalTensor<int32_t> lasts_; // a block a row of a group
    uint64_t page_ = 0;          // of the list of pages, the next row's first
    uint64_t position_ = 0;      // where it begins in out; of rows that S has looked at alone
};

} // namespace cache_loc
