// Copies `count` single int32 elements, `size` elements apart in `in`, each to a 32-byte block of UB, all of it `repeats`
// times; then each core stores them, packed, from element `mode` times its index of `out` on.
#include "block.h"

namespace cache_loc {

static __aicore__ inline void SmallCopies(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kMost = 1024;
    constexpr uint32_t kBlock = 8;
    TPipe pipe;
    Buffer<int32_t> landing_buffer(pipe, kMost * kBlock), packed_buffer(pipe, kMost);
    Buffer<uint32_t> pattern_buffer(pipe, kMost / 4);
    const LocalTensor<int32_t> landing = landing_buffer.Get(), packed = packed_buffer.Get();
    const LocalTensor<uint32_t> pattern = pattern_buffer.Get();
    const GlobalTensor<int32_t> in = Global<int32_t>(rung.in);
    const uint32_t count = rung.count;
    Duplicate(pattern, 0x01010101u, static_cast<int32_t>(kMost / 4));
    Duplicate(landing, -1, static_cast<int32_t>(kMost * kBlock));
    Order<HardEvent::V_MTE2>(); // V has filled landing before MTE2 copies into it
    for (uint32_t r = 0; r < rung.repeats; ++r) {
        for (uint32_t i = 0; i < count; ++i) {
            CopyIn(landing[i * kBlock], in[uint64_t{i} * rung.size], 1);
        }
        PipeBarrier<PIPE_MTE2>(); // landing is written before it is written again
    }
    Order<HardEvent::MTE2_V>(); // MTE2 has filled landing before V packs it; V itself has filled pattern
    PipeBarrier<PIPE_V>();
    uint64_t kept = 0;
    GatherMask(packed, landing, pattern, true, count * kBlock, {1, 1, 8, 8}, kept);
    Order<HardEvent::V_MTE3>(); // V has packed before MTE3 stores it
    CopyOut(Global<int32_t>(rung.out)[static_cast<uint64_t>(GetBlockIdx()) * rung.mode], packed, count);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_small_copies(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::SmallCopies(rung);
}
