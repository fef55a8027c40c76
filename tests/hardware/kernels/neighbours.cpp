// Each core stores `repeats` pieces of `size` bytes, in turn with the other cores: piece r of core c of n at place r * n +
// c of `out`. `in`: for each core `repeats` lines of 64 bytes, a piece at the beginning of each.
#include "block.h"

namespace cache_loc {

static __aicore__ inline void Neighbours(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kLine = 16; // int32 elements
    TPipe pipe;
    Buffer<int32_t> buffer(pipe, rung.repeats * kLine);
    const LocalTensor<int32_t> pieces = buffer.Get();
    const auto core = static_cast<uint64_t>(GetBlockIdx());
    const auto cores = static_cast<uint64_t>(GetBlockNum());
    const uint32_t count = rung.size / sizeof(int32_t);
    const uint32_t all = rung.repeats * kLine;
    CopyIn(pieces, Global<int32_t>(rung.in)[core * all], all);
    Order<HardEvent::MTE2_MTE3>(); // MTE2 has filled pieces before MTE3 stores them
    const GlobalTensor<int32_t> out = Global<int32_t>(rung.out);
    for (uint32_t r = 0; r < rung.repeats; ++r) {
        CopyOut(out[(r * cores + core) * count], pieces[r * kLine], count);
    }
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_neighbours(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::Neighbours(rung);
}
