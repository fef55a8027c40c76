// alloc_extend: slots for the tokens prefix_lens[i] .. seq_lens[i] of each row, from paged memory, laid end to end.
//
// Contract: see AscendCacheLocAllocExtendParams. L, S and O are int32 or int64. The slots, where they lie and what is reported
// extend_slots.h says; last slots are an array, and a row whose lengths are none is reported beside. n may be anything below
// 2^31 - 1, and so may lengths.
//
// Split: by weight (ragged_share.h), at 64-byte lines of the output.
//
// UB, for the largest tiles: extend_slots.h 173.25 KB and 160 B, last slots 8 KB: 181.25 KB and 160 B.
//
//     sum the tokens and pages of all rows (scan.h); find the share by the tokens, and the pages before it
//     for each row of the share:
//         S     lengths and last slot of the row; its fault, where it begins, and the first of its pages
//         append what of the row is the core's (ragged_gather.h): numbers that count up from the last slot, and pages, as
//         many at a time as are in the window of the list (page_list.h, paged_slots.h); or -1
//     until the share ends; of many rows of at most a block, and few with a page, V appends those that are wholly the core's,
//     and S what is in pages (block_rows.h)
#pragma once

#include "../../prim/extend_slots.h"
#include "params.h"

namespace cache_loc {

template <typename L, typename S, typename O>
class AllocExtend {
public:
    using Params = AscendCacheLocAllocExtendParams;

    static __aicore__ inline void Run(const Params &params)
    {
        TPipe pipe;
        ExtendSlots<Params, Lasts, L, S, O>(pipe, params)
            .Process(static_cast<uint32_t>(GetBlockIdx()), static_cast<uint32_t>(GetBlockNum()));
    }

private:
    struct Lasts {
        static constexpr bool kByVector = true;

        __aicore__ inline Lasts(TPipe &pipe, const Params &params, uint32_t most)
            : slots(pipe, params.last_locs.address, most)
        {
        }

        __aicore__ inline void Load(uint64_t first, uint32_t count AND_SIM_CALLER) { slots.Load(first, count); }

        __aicore__ inline uint32_t Fault(uint32_t, int64_t prefix, int64_t seq) const
        {
            return HasPlace(prefix, seq) ? 0 : ASCEND_CACHE_LOC_LENGTH_BELOW_PREFIX;
        }

        __aicore__ inline void Report(FaultLog &log, uint32_t kind, uint64_t row, uint32_t, int64_t prefix,
                                      int64_t seq) const
        {
            log.Report(row, kind, seq, prefix, 0);
        }

        template <typename Lengths>
        __aicore__ inline int64_t Get(uint32_t i, uint32_t, const Lengths &) const
        {
            return slots.Get(i);
        }

        Column<S> slots;
    };
};

} // namespace cache_loc
