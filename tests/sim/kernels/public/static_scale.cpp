// Static tensors and raw flags, without a TPipe: out[i] = factor * in[i] + the bytes of three tiles, of 256 elements.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

constexpr uint32_t kTile = 256;

void static_scale(__gm__ int32_t *in_address, __gm__ int32_t *out_address, int32_t factor)
{
    GlobalTensor<int32_t> in, out;
    in.SetGlobalBuffer(in_address, kTile);
    out.SetGlobalBuffer(out_address, kTile);

    LocalMemAllocator<Hardware::UB> allocator;
    LocalTensor<int32_t> x = allocator.Alloc<TPosition::VECIN, int32_t, kTile>();
    LocalTensor<int32_t> y = allocator.Alloc<TPosition::VECOUT, int32_t>(kTile);
    LocalTensor<int32_t> bias = allocator.Alloc<int32_t>(kTile);
    const uint32_t behind = allocator.GetCurAddr();
    LocalTensor<int32_t> scaled(TPosition::VECCALC, behind, kTile);

    DataCopy(x, in, kTile);
    SetFlag<HardEvent::MTE2_V>(0); // MTE2 has filled x
    WaitFlag<HardEvent::MTE2_V>(0);
    Muls(scaled, x, factor, kTile);
    Duplicate(bias, static_cast<int32_t>(behind), kTile);
    PipeBarrier<PIPE_V>();
    Add(y, scaled, bias, kTile);
    SetFlag<HardEvent::V_MTE3>(0); // V has filled y
    WaitFlag<HardEvent::V_MTE3>(0);
    DataCopy(out, y, kTile);
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(static_scale)
