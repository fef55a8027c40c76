// On int32 [count] at `in` and as many after it: `out` gets the results one after the other. By `mode`: 0 their bits
// or-ed, as 16-bit elements; 1 their sum, difference and product.
#include "block.h"

namespace cache_loc {

static __aicore__ inline void Arithmetic(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kMost = 1024;
    TPipe pipe;
    Buffer<int32_t> a_buffer(pipe, kMost), b_buffer(pipe, kMost), sum_buffer(pipe, kMost),
        difference_buffer(pipe, kMost), product_buffer(pipe, kMost);
    const LocalTensor<int32_t> a = a_buffer.Get(), b = b_buffer.Get(), sum = sum_buffer.Get(),
                               difference = difference_buffer.Get(), product = product_buffer.Get();
    const GlobalTensor<int32_t> in = Global<int32_t>(rung.in), out = Global<int32_t>(rung.out);
    const uint32_t count = rung.count;
    const auto n = static_cast<int32_t>(count);
    CopyIn(a, in, count);
    CopyIn(b, in[count], count);
    Order<HardEvent::MTE2_V>(); // MTE2 has filled a and b before V reads them
    if (rung.mode == 0) {
        const auto a16 = a.ReinterpretCast<int16_t>();
        Or(sum.ReinterpretCast<int16_t>(), a16, b.ReinterpretCast<int16_t>(), 2 * n);
        Order<HardEvent::V_MTE3>(); // V has written sum before MTE3 stores it
        CopyOut(out, sum, count);
    } else {
        Add(sum, a, b, n);
        Sub(difference, a, b, n);
        Mul(product, a, b, n);
        Order<HardEvent::V_MTE3>(); // V has written all three before MTE3 stores them
        CopyOut(out, sum, count);
        CopyOut(out[count], difference, count);
        CopyOut(out[uint64_t{count} * 2], product, count);
    }
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_arithmetic(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::Arithmetic(rung);
}
