// Rows in UB, a tile at a time, and the place that a row has in the output.
#pragma once

#include "params.h"
#include "../../prim/entry.h"

namespace cache_loc {

// The end offset from which on a row has no place: no table has that many entries a row.
inline constexpr int64_t kEndLimit = 0x7fffffff;

// The length of a row's place: what its offsets say, whatever else is wrong with it; 0 where they say nothing.
__aicore__ inline constexpr uint64_t PlaceLength(int64_t start, int64_t end)
{
    return 0 <= start && start <= end && end < kEndLimit ? static_cast<uint64_t>(end - start) : 0;
}

// Start and end offsets.
template <typename L>
struct RangeTile {
    // Room for `most` rows.
    __aicore__ inline RangeTile(TPipe &pipe, uint32_t most)
    {
        pipe.InitBuffer(starts_buffer, most * sizeof(L));
        pipe.InitBuffer(ends_buffer, most * sizeof(L));
        starts = starts_buffer.template Get<L>();
        ends = ends_buffer.template Get<L>();
    }

    // Copies rows first..first + count in; whoever reads them orders that after MTE2, and MTE2 after that.
    __aicore__ inline void Load(const AscendCacheLocAssignExtendCacheLocsParams &params, uint64_t first, uint32_t count)
    {
        CopyIn(starts, Global<L>(params.start_offsets.address)[first], count);
        CopyIn(ends, Global<L>(params.end_offsets.address)[first], count);
    }

    TBuf<TPosition::VECCALC> starts_buffer, ends_buffer;
    LocalTensor<L> starts, ends;
};

// The same, and request indices.
template <typename R, typename L>
struct RowTile : RangeTile<L> {
    __aicore__ inline RowTile(TPipe &pipe, uint32_t most) : RangeTile<L>(pipe, most)
    {
        pipe.InitBuffer(requests_buffer, most * sizeof(R));
        requests = requests_buffer.template Get<R>();
    }

    __aicore__ inline void Load(const AscendCacheLocAssignExtendCacheLocsParams &params, uint64_t first, uint32_t count)
    {
        CopyIn(requests, Global<R>(params.req_pool_indices.address)[first], count);
        RangeTile<L>::Load(params, first, count);
    }

    TBuf<TPosition::VECCALC> requests_buffer;
    LocalTensor<R> requests;
};

} // namespace cache_loc
