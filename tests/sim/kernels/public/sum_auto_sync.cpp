// A kernel that leaves what it can to the compiler's automatic synchronisation: V to V, V to S, S to V, S to MTE3.
#include "kernel_operator.h"

using namespace AscendC;

extern "C" __global__ __aicore__ void sum_auto_sync(GM_ADDR x, GM_ADDR y, uint32_t length)
{
    if (GetBlockIdx() != 0) {
        return;
    }
    TPipe pipe;
    TQue<QuePosition::VECIN, 1> inQueue;
    TBuf<> workBuf, sumBuf;
    pipe.InitBuffer(inQueue, 2, 1024);
    pipe.InitBuffer(workBuf, 1024);
    pipe.InitBuffer(sumBuf, 32);
    GlobalTensor<int32_t> in, out;
    in.SetGlobalBuffer((__gm__ int32_t *)x, length);
    out.SetGlobalBuffer((__gm__ int32_t *)y, 8);
    LocalTensor<int32_t> work = workBuf.Get<int32_t>();
    Duplicate(work, 0, 256);
    for (uint32_t at = 0; at < length; at += 256) {
        LocalTensor<int32_t> tile = inQueue.AllocTensor<int32_t>();
        DataCopy(tile, in[at], 256);
        inQueue.EnQue(tile);
        tile = inQueue.DeQue<int32_t>();
        work = work + tile;
        inQueue.FreeTensor(tile);
    }
    for (uint32_t half = 128; half >= 8; half /= 2) {
        Add(work, work, work[half], half);
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        sum += static_cast<uint32_t>(work.GetValue(i));
    }
    LocalTensor<int32_t> result = sumBuf.Get<int32_t>();
    Duplicate(result, 0, 8);
    result.SetValue(0, sum);
    DataCopy(out, result, 8);
}
