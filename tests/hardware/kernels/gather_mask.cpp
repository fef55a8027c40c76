// Packs int32 [count] at `in` into `out`, count a multiple of 64, and writes to `more` how many elements the instruction
// said that it kept (int64). By `mode`: 0 counter mode with the pattern at in[count] (one bit an element), 1 the same with
// the built-in pattern of odd elements, 2 and 3 the same in normal mode, where each repeat of 64 elements has a pattern of
// its own, 32 bytes apart.
#include "block.h"

namespace cache_loc {

static __aicore__ inline void PackedByMask(const AscendCacheLocRung &rung)
{
    constexpr uint32_t kMost = 1024;
    constexpr uint8_t kOdd = 2;
    TPipe pipe;
    Buffer<int32_t> source_buffer(pipe, kMost), packed_buffer(pipe, kMost);
    Buffer<uint32_t> pattern_buffer(pipe, kMost / 8);
    Buffer<int64_t> kept_buffer(pipe, 4);
    const LocalTensor<int32_t> source = source_buffer.Get(), packed = packed_buffer.Get();
    const LocalTensor<uint32_t> pattern = pattern_buffer.Get();
    const LocalTensor<int64_t> kept_word = kept_buffer.Get();
    const uint32_t count = rung.count;
    const bool counter = rung.mode < 2, built_in = rung.mode % 2 == 1;
    const uint32_t mask = counter ? count : 0;
    const auto repeats = static_cast<uint16_t>(counter ? 1 : count / 64);
    CopyIn(source, Global<int32_t>(rung.in), count);
    CopyIn(pattern, Global<uint32_t>(rung.in)[count], counter ? count / 32 : repeats * 8u);
    Duplicate(packed, -1, static_cast<int32_t>(kMost));
    Order<HardEvent::MTE2_V>(); // MTE2 has filled source and pattern before V reads them
    PipeBarrier<PIPE_V>();      // packed is filled before it is written again
    uint64_t kept = 0;
    if (built_in) {
        GatherMask(packed, source, kOdd, counter, mask, {1, repeats, 8, 0}, kept);
    } else {
        GatherMask(packed, source, pattern, counter, mask, {1, repeats, 8, 1}, kept);
    }
    Order<HardEvent::V_S>(); // V has packed before S reads how many
    kept_word.SetValue(0, static_cast<int64_t>(kept));
    Order<HardEvent::S_MTE3>(); // S has set kept_word before MTE3 stores it
    Order<HardEvent::V_MTE3>(); // V has written packed before MTE3 stores it
    CopyOut(Global<int32_t>(rung.out), packed, count);
    CopyOut(Global<int64_t>(rung.more), kept_word, 1);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_gather_mask(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::PackedByMask(rung);
}
