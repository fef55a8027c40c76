// fill: out[i] = values[i], or -1 where that is negative or fits no int32.
//
// Split: the 64-byte lines of the output. UB: values and output of a tile, 8 KB, and the fault line.
#pragma once

#include "../../prim/fault_log.h"
#include "../../prim/split.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename O>
class Fill {
public:
    static __aicore__ inline void Run(const AscendCacheLocFillParams &params)
    {
        TPipe pipe;
        TBuf<TPosition::VECCALC> values_buffer, out_buffer;
        pipe.InitBuffer(values_buffer, ASCEND_CACHE_LOC_FILL_TILE_MAX * sizeof(L));
        pipe.InitBuffer(out_buffer, ASCEND_CACHE_LOC_FILL_TILE_MAX * sizeof(O));
        FaultLog fault(pipe, params.head);
        const LocalTensor<L> values = values_buffer.Get<L>();
        const LocalTensor<O> out = out_buffer.Get<O>();
        const LineShare share(params.out.address, params.n, sizeof(O));
        for (uint64_t row = share.begin; row < share.end; row += params.tile) {
            const auto count = static_cast<uint32_t>(Min(params.tile, share.end - row));
            CopyIn(values, Global<L>(params.values.address)[row], count);
            Order<HardEvent::MTE2_S>(); // MTE2 has filled values before S reads them
            Order<HardEvent::MTE3_S>(); // MTE3 has stored the tile before, before S overwrites out
            for (uint32_t i = 0; i < count; ++i) {
                const int64_t value = values.GetValue(i);
                const bool bad = value < 0 || value > 0x7fffffff;
                if (bad) {
                    fault.Report(row + i, ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE, value, 0x80000000, 0);
                }
                out.SetValue(i, bad ? -1 : static_cast<O>(value));
            }
            Order<HardEvent::S_MTE2>(); // S has read values before MTE2 copies the next tile in
            Order<HardEvent::S_MTE3>(); // S has made out before MTE3 stores it
            CopyOut(Global<O>(params.out.address)[row], out, count);
        }
        fault.Write();
    }
};

} // namespace cache_loc
