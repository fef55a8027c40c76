// A tile of rows in UB: request indices, start offsets, end offsets.
#pragma once

#include "../cache_loc.h"
#include "../common/entry.h"

namespace cache_loc {

template <typename R, typename L>
struct RowTile {
    // Room for `most` rows.
    __aicore__ inline RowTile(TPipe &pipe, uint32_t most)
    {
        pipe.InitBuffer(requests_buffer, most * sizeof(R));
        pipe.InitBuffer(starts_buffer, most * sizeof(L));
        pipe.InitBuffer(ends_buffer, most * sizeof(L));
        requests = requests_buffer.template Get<R>();
        starts = starts_buffer.template Get<L>();
        ends = ends_buffer.template Get<L>();
    }

    // Copies rows first..first + count in; whoever reads them orders that after MTE2, and MTE2 after that.
    __aicore__ inline void Load(const AscendCacheLocExtendLocsParams &params, uint64_t first, uint32_t count)
    {
        CopyIn(requests, Global<R>(params.req_pool_indices)[first], count);
        CopyIn(starts, Global<L>(params.start_offsets)[first], count);
        CopyIn(ends, Global<L>(params.end_offsets)[first], count);
    }

    TBuf<TPosition::VECCALC> requests_buffer, starts_buffer, ends_buffer;
    LocalTensor<R> requests;
    LocalTensor<L> starts, ends;
};

} // namespace cache_loc
