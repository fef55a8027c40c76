// alloc_decode: out[i] = the slot of row i's next token: last_locs[i] + 1, or the first of a page from free_pages.
//
// Contract: see AscendCacheLocAllocDecodeParams. L, S and O are int32 or int64. A row needs a page where (seq_lens[i] - 1) %
// page_size == 0, and takes the one behind those that the rows before it take. A bad row, whose length is none, or whose
// last slot or page, whichever it takes, has no slot for it, is -1 and reported; the lowest such row of a core goes to the
// core's line of the fault log. Where there are fewer pages than rows need, every row is -1 and nothing else is reported than
// the first that has none: each core counts all rows by itself. n may be anything below 2^31 - 1.
//
// Split: the 64-byte lines of the output, as evenly as they go.
//
// UB, for tiles of 1,024 rows: lengths and last slots 16 KB, needs 8 + 32 KB, sums 20 KB and 32 B, pages 8 KB, slots 60 KB,
// widened 8 KB, fault line 64 B: 153 KB, less with narrower elements.
//
//     few rows: S looks at each. Else:
//     count the rows that need a page before the core's, among its first tile's, and behind that (page_needs.h)
//     if those are more than there are pages: all of the core's rows are -1
//     else for each tile of its rows:
//         MTE2  copy in the lengths and last slots, and the stretch of pages that its rows take; all of them at the begin
//               where the batch is one tile
//         V     make the slots (decode_slots.h); S looks at rows that are not surely in order
//         MTE3  copy out
#pragma once

#include "../../prim/decode_slots.h"
#include "params.h"

namespace cache_loc {

template <typename L, typename S, typename O>
class DecodeLocs {
public:
    static __aicore__ inline void Run(const AscendCacheLocAllocDecodeParams &params)
    {
        TPipe pipe;
        DecodeLocs(pipe, params).Process();
    }

    __aicore__ inline DecodeLocs(TPipe &pipe, const AscendCacheLocAllocDecodeParams &params)
        : params_(params), share_(params.out.address, params.n, sizeof(O)), lens_(pipe, params.seq_lens.address, kTile),
          lasts_(pipe, params.last_locs.address, kTile),
          slots_(pipe, params.seq_lens.address, params.free_pages.address, params.page_size, kTile),
          fault_(pipe, params.head), out_(Global<O>(params.out.address))
    {
        if constexpr (sizeof(O) == 8) {
            pipe.InitBuffer(widened_buffer_, kTile * sizeof(O));
            widened_ = widened_buffer_.template Get<O>();
        } else {
            widened_ = slots_.slots;
        }
    }

    __aicore__ inline void Process()
    {
        if (share_.begin == share_.end) {
            return;
        }
        if (params_.n <= kFew) {
            Few();
        } else {
            Many();
        }
        fault_.Write();
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_ROW_TILE_MAX;
    static constexpr uint32_t kFew = 16; // rows that S looks at sooner than V does

    // Every core looks at all rows, for the pages that they take, and gives those of its share their slots.
    __aicore__ inline void Few()
    {
        lens_.Load(0, params_.n);
        lasts_.Load(0, params_.n);
        slots_.Land(0, static_cast<uint32_t>(Min(params_.free, params_.n)));
        Order<HardEvent::MTE2_S>(); // MTE2 has filled lens_, lasts_ and the pages before S reads them
        uint64_t rank = 0, first_rank = params_.free + uint64_t{1}; // of the share, whose rows have none until it begins
        for (uint32_t row = 0; row < params_.n; ++row) {
            const int64_t seq = lens_.Get(row);
            const bool needs = slots_.needs.Needs(seq);
            if (row == share_.begin) {
                first_rank = rank;
            }
            if (needs && rank == params_.free) {
                return Exhausted(first_rank);
            }
            if (row >= share_.begin && row < share_.end) {
                Set(row - share_.begin, slots_.Slot(fault_, row, seq, lasts_.Get(row), rank));
            }
            rank += needs ? 1 : 0;
        }
        Store(share_.begin, static_cast<uint32_t>(share_.end - share_.begin));
    }

    __aicore__ inline void Many()
    {
        uint32_t count = Load(share_.begin);
        const bool at_once = params_.n <= kTile; // all pages that rows can take
        if (at_once) {
            slots_.Land(0, static_cast<uint32_t>(Min(params_.free, params_.n)));
        }
        slots_.Open(count);
        uint64_t rank = slots_.needs.Count(0, share_.begin);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled lens_, lasts_, and the pages if all are there, before V reads them
        uint32_t taken = slots_.Take(lens_.tile, count);
        if (rank + taken + slots_.needs.Count(share_.begin + count, params_.n) > params_.free) {
            return Exhausted(rank);
        }
        for (uint64_t row = share_.begin;;) {
            if (!at_once) {
                slots_.Land(rank, taken);
                Order<HardEvent::MTE2_V>(); // MTE2 has filled the pages before V reads them
            }
            Order<HardEvent::MTE3_V>(); // MTE3 has stored the tile before, before V makes others in its place
            slots_.Make(lasts_.tile, rank, count);
            for (uint32_t i = slots_.Next(); i < count; i = slots_.Next()) {
                Set(i, slots_.Slot(fault_, row + i, lens_.Get(i), lasts_.Get(i), slots_.Rank(i)));
            }
            Store(row, count);
            rank += taken;
            row += count;
            if (row == share_.end) {
                return;
            }
            Order<HardEvent::S_MTE2>(); // S, and V, which it waited for, have read lens_, lasts_ and the pages before MTE2
                                        // copies others in
            count = Load(row);
            Order<HardEvent::MTE2_V>(); // MTE2 has filled lens_ and lasts_ before V reads them
            taken = slots_.Take(lens_.tile, count);
        }
    }

    // Copies the rows of a tile of the share in: how many they are.
    __aicore__ inline uint32_t Load(uint64_t row)
    {
        const auto count = static_cast<uint32_t>(Min(params_.tile, share_.end - row));
        lens_.Load(row, count);
        lasts_.Load(row, count);
        return count;
    }

    __aicore__ inline void Set(uint64_t i, int64_t slot)
    {
        slots_.slots.SetValue(static_cast<uint32_t>(i), static_cast<int32_t>(slot));
    }

    // Copies the tile's slots out.
    __aicore__ inline void Store(uint64_t row, uint32_t count)
    {
        Order<HardEvent::S_V>(); // S has set its slots before V widens them
        if constexpr (sizeof(O) == 8) {
            Cast(widened_, slots_.slots, RoundMode::CAST_NONE, count);
        }
        Order<HardEvent::V_MTE3>(); // V has made widened_, and S, which it waited for, its slots, before MTE3 stores them
        CopyOut(out_[row], widened_, count);
    }

    // More pages are needed than there are: the whole share is -1. The row that is without a page is reported by the core
    // that has it, if the rank-th page is the first that the share's rows take.
    __aicore__ inline void Exhausted(uint64_t rank)
    {
        fault_.Forget();
        Order<HardEvent::S_V>(); // S has read and set slots before V overwrites them
        Duplicate(slots_.slots, -1, static_cast<int32_t>(kTile));
        PipeBarrier<PIPE_V>(); // the slots are written before they are widened
        for (uint64_t row = share_.begin; row < share_.end; row += kTile) {
            Order<HardEvent::MTE3_V>(); // MTE3 has stored widened_ before V makes it again
            Store(row, static_cast<uint32_t>(Min(kTile, share_.end - row)));
        }
        for (uint64_t row = share_.begin; row < share_.end && rank <= params_.free;) {
            Order<HardEvent::S_MTE2>(); // S has read lens_ and lasts_ before MTE2 copies others in
            const uint32_t count = Load(row);
            Order<HardEvent::MTE2_S>(); // MTE2 has filled lens_ before S reads it
            for (uint32_t i = 0; i < count && rank <= params_.free; ++i, ++row) {
                if (slots_.needs.Needs(lens_.Get(i)) && rank++ == params_.free) {
                    fault_.Report(row, ASCEND_CACHE_LOC_PAGES_EXHAUSTED, static_cast<int64_t>(rank), params_.free, 0);
                }
            }
        }
    }

    const AscendCacheLocAllocDecodeParams &params_;
    LineShare share_;
    Column<L> lens_;
    Column<S> lasts_;
    DecodeSlots<L, S> slots_;
    FaultLog fault_;
    GlobalTensor<O> out_;
    TBuf<TPosition::VECCALC> widened_buffer_;
    LocalTensor<O> widened_; // the slots
};

} // namespace cache_loc
