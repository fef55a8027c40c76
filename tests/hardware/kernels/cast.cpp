// `out` gets the elements [count] at `in` in the other width. By `mode`: 0 int32 to int64, 1 int64 to int32.
#include "block.h"

namespace cache_loc {

template <typename From, typename To>
static __aicore__ inline void CastTo(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kMost = 1024;
    TPipe pipe;
    Buffer<From> from_buffer(pipe, kMost);
    Buffer<To> to_buffer(pipe, kMost);
    const LocalTensor<From> from = from_buffer.Get();
    const LocalTensor<To> to = to_buffer.Get();
    CopyIn(from, Global<From>(rung.in), rung.count);
    Order<HardEvent::MTE2_V>(); // MTE2 has filled from before V reads it
    Cast(to, from, RoundMode::CAST_NONE, rung.count);
    Order<HardEvent::V_MTE3>(); // V has written to before MTE3 stores it
    CopyOut(Global<To>(rung.out), to, rung.count);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_cast(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    if (rung.mode == 0) {
        cache_loc::CastTo<int32_t, int64_t>(rung);
    } else {
        cache_loc::CastTo<int64_t, int32_t>(rung);
    }
}
