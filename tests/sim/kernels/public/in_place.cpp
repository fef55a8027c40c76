// Queues of depth 0, double-buffered: out[i] = in[i] + 1, of 2,048 elements.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

constexpr uint32_t kTile = 256, kTiles = 8;

void in_place(__gm__ int32_t *in_address, __gm__ int32_t *out_address)
{
    GlobalTensor<int32_t> in, out;
    in.SetGlobalBuffer(in_address, kTiles * kTile);
    out.SetGlobalBuffer(out_address, kTiles * kTile);
    TPipe pipe;
    TQue<TPosition::VECIN, 0> filled;
    TQue<TPosition::VECOUT, 0> drained;
    pipe.InitBuffer(filled, 2, kTile * sizeof(int32_t));
    pipe.InitBuffer(drained, 2, kTile * sizeof(int32_t));
    for (uint32_t tile = 0; tile < kTiles; ++tile) {
        LocalTensor<int32_t> x, y;
        filled.AllocTensor<int32_t>(x);
        DataCopy(x, in[tile * kTile], kTile);
        filled.EnQue(x);
        filled.DeQue<int32_t>(x);
        drained.AllocTensor<int32_t>(y);
        Adds(y, x, 1, kTile);
        filled.FreeTensor(x);
        drained.EnQue<int32_t>(y);
        drained.DeQue<int32_t>(y);
        DataCopy(out[tile * kTile], y, kTile);
        drained.FreeTensor(y);
    }
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(in_place)
