// Copies elements of `size` bytes (4 or 8), `count` of them, from `in` through UB to `out`, neither of them aligned. `more`
// gets int32 [1024]: what UB holds around the copy, which must be what it was filled with.
#include "block.h"

namespace cache_loc {

template <typename T>
static __aicore__ inline void CopyThrough(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kWords = 1024; // of UB
    constexpr uint32_t kBefore = 8;   // words before the copy: one 32-byte block
    constexpr uint32_t kBlock = 32 / sizeof(T);
    TPipe pipe;
    Buffer<int32_t> buffer(pipe, kWords);
    const LocalTensor<int32_t> words = buffer.Get();
    const LocalTensor<T> copied = words[kBefore].template ReinterpretCast<T>();
    Duplicate(words, 0x5a5a5a5a, static_cast<int32_t>(kWords));
    Order<HardEvent::V_MTE2>(); // V has filled words before MTE2 copies into them
    CopyIn(copied, Global<T>(rung.in), rung.count);
    Order<HardEvent::MTE2_MTE3>(); // MTE2 has copied (and V, which it has waited for, filled) before MTE3 stores
    CopyOut(Global<T>(rung.out), copied, rung.count);
    // The copy's last block has a tail without a value: what is around whole blocks.
    const uint32_t after = kBefore + (rung.count + kBlock - 1) / kBlock * 8;
    const GlobalTensor<int32_t> around = Global<int32_t>(rung.more);
    CopyOut(around, words, kBefore);
    CopyOut(around[after], words[after], kWords - after);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_copy(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    if (rung.size == 4) {
        cache_loc::CopyThrough<int32_t>(rung);
    } else {
        cache_loc::CopyThrough<int64_t>(rung);
    }
}
