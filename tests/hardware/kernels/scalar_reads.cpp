// Reads int32 [count] at `in` from UB one element at a time, `repeats` times over, and stores the sum of all (int64): each
// core to its own line of 64 bytes of `out`.
#include "block.h"

namespace cache_loc {

static __aicore__ inline void ScalarReads(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kMost = 1024;
    constexpr uint32_t kLine = 8; // int64 elements
    TPipe pipe;
    Buffer<int32_t> buffer(pipe, kMost);
    Buffer<int64_t> sum_buffer(pipe, kLine);
    const LocalTensor<int32_t> values = buffer.Get();
    const LocalTensor<int64_t> sum = sum_buffer.Get();
    CopyIn(values, Global<int32_t>(rung.in), rung.count);
    Order<HardEvent::MTE2_S>(); // MTE2 has filled values before S reads them
    int64_t total = 0;
    for (uint32_t r = 0; r < rung.repeats; ++r) {
        for (uint32_t i = 0; i < rung.count; ++i) {
            total += values.GetValue(i);
        }
    }
    sum.SetValue(0, total);
    Order<HardEvent::S_MTE3>(); // S has set sum before MTE3 stores it
    CopyOut(Global<int64_t>(rung.out)[static_cast<uint64_t>(GetBlockIdx()) * kLine], sum, 1);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_scalar_reads(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::ScalarReads(rung);
}
