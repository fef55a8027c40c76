// A pure copy through one queue bound to both ends, double-buffered; the new way to say "vector kernel".
#include "kernel_operator.h"

extern "C" __global__ __vector__ void copy_bind(__gm__ int64_t *x, __gm__ int64_t *y, uint32_t length)
{
    AscendC::TPipe pipe;
    AscendC::TQueBind<AscendC::TPosition::VECIN, AscendC::TPosition::VECOUT, 1> queue;
    constexpr uint32_t kTile = 64;
    pipe.InitBuffer(queue, 2, kTile * sizeof(int64_t));
    AscendC::GlobalTensor<int64_t> in, out;
    in.SetGlobalBuffer(x);
    out.SetGlobalBuffer(y);
    const uint32_t stride = kTile * AscendC::GetBlockNum();
    for (uint32_t at = kTile * AscendC::GetBlockIdx(); at < length; at += stride) {
        const uint32_t bytes = (length - at < kTile ? length - at : kTile) * sizeof(int64_t);
        AscendC::DataCopyExtParams params{1, bytes, 0, 0, 0};
        AscendC::DataCopyPadExtParams<int64_t> pad{false, 0, 0, 0};
        auto filled = queue.AllocTensor<int64_t>();
        AscendC::DataCopyPad(filled, in[at], params, pad);
        queue.EnQue(filled);
        auto ready = queue.DeQue<int64_t>();
        AscendC::DataCopyPad(out[at], ready, params);
        queue.FreeTensor(ready);
    }
}
