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
// UB, for tiles of 1,024 rows: lengths and last slots 16 KB, needs 8 + 32 KB, slots 30 KB and 1 KB more, pages 8 KB, widened
// 8 KB, fault line 64 B: 102 KB and 1.2 KB, less with narrower elements.
//
//     count the pages that the rows before the share take (page_needs.h)
//     for each tile of the share:
//         MTE2  copy in the lengths and last slots, and the stretch of pages that so many rows can take
//         V     make the slots of rows that take none; of few rows nothing
//         S     give a slot to those that take one, or are not surely in order; to each of few rows (decode_slots.h)
//         behind the first one, count the pages that all rows behind it take: if there are fewer, the whole share is -1
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
        const bool few = params_.n <= kFew;
        uint32_t count = Load(share_.begin);
        if (!few) {
            slots_.Open(count);
        }
        const uint64_t first_rank = slots_.needs.Count(0, share_.begin);
        rank_ = first_rank;
        for (uint64_t row = share_.begin; row < share_.end;) {
            slots_.Land(rank_, rank_ < params_.free ? Min(params_.free - rank_, count) : 0);
            Tile(row, count, few);
            if (row == share_.begin && rank_ + slots_.needs.Count(row + count, params_.n) > params_.free) {
                Exhausted(first_rank);
                break;
            }
            Store(row, count);
            row += count;
            if (row < share_.end) {
                Order<HardEvent::S_MTE2>(); // S, and V, which it has waited for, have read the columns and the pages before
                                            // MTE2 copies others in
                count = Load(row);
            }
        }
        fault_.Write();
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_ROW_TILE_MAX;
    static constexpr uint32_t kFew = 16; // rows that S looks at sooner than V does

    // The slots of the tile that was loaded, whose first row that needs a page takes the rank_-th. Where there is none for a
    // row it gets no slot: Exhausted is for that.
    __aicore__ inline void Tile(uint64_t first, uint32_t count, bool few)
    {
        uint32_t i = 0;
        if (!few) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
            Order<HardEvent::MTE3_V>(); // MTE3 has stored the slots before V makes others
            slots_.Make(lens_.tile, lasts_.tile, count);
            i = slots_.Next();
        }
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns and the pages before S reads them
        for (; i < count; i = few ? i + 1 : slots_.Next()) {
            const int64_t seq = lens_.Get(i);
            const bool needs = slots_.needs.Needs(seq);
            if (!needs || rank_ < params_.free) {
                const int64_t slot = slots_.Slot(fault_, first + i, seq, lasts_.Get(i), rank_);
                slots_.slots.SetValue(i, static_cast<int32_t>(slot));
            }
            rank_ += needs ? 1 : 0;
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

    // More pages are needed than there are: the whole share is -1. The row that is without one is reported by the core that
    // has it; `rank` is that of the first row of the share that needs one.
    __aicore__ inline void Exhausted(uint64_t rank)
    {
        fault_.Forget();
        Order<HardEvent::S_V>(); // S has set slots before V overwrites them
        Duplicate(slots_.slots, -1, static_cast<int32_t>(kTile));
        PipeBarrier<PIPE_V>(); // the slots are written before they are widened
        for (uint64_t row = share_.begin; row < share_.end; row += kTile) {
            Order<HardEvent::MTE3_V>(); // MTE3 has stored widened_ before V makes it again
            Store(row, static_cast<uint32_t>(Min(kTile, share_.end - row)));
        }
        for (uint64_t row = share_.begin; row < share_.end && rank <= params_.free;) {
            Order<HardEvent::S_MTE2>(); // S, and V, which it has waited for, have read the columns before MTE2 copies others in
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
    uint64_t rank_ = 0; // in the list of pages, of the next that is taken
    TBuf<TPosition::VECCALC> widened_buffer_;
    LocalTensor<O> widened_; // the slots
};

} // namespace cache_loc
