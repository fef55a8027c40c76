// Static tensors: LocalMemAllocator, and LocalTensor at an address, without a TPipe.
#include "planted.h"

namespace planted {

template <bool mended>
void static_outside_tensor(__gm__ int32_t *, __gm__ int32_t *)
{
    LocalMemAllocator allocator;
    const auto x = allocator.Alloc<TPosition::VECIN, int32_t, 64>();
    allocator.Alloc<TPosition::VECIN, int32_t, 64>();
    Duplicate(x, 1, mended ? 64 : 65); // REPORT UbOutsideBuffer Duplicate
}
PLANTED(static_outside_tensor)

template <bool mended>
void static_outside_ub(__gm__ int32_t *, __gm__ int32_t *)
{
    LocalMemAllocator<Hardware::UB> allocator;
    allocator.Alloc<float>(49152u - 64);
    const auto last = allocator.Alloc<int32_t>(mended ? 64u : 72u);
    Duplicate(last, 1, static_cast<int32_t>(last.GetSize())); // REPORT UbOverrun Duplicate
}
PLANTED(static_outside_ub)

// The end of this one does not fit in 32 bits.
template <bool mended>
void static_far_outside_ub(__gm__ int32_t *, __gm__ int32_t *)
{
    const LocalTensor<int32_t> x(TPosition::VECCALC, mended ? 0 : 4294967264u, 64);
    x.SetValue(8, 1); // REPORT UbOverrun LocalTensor::SetValue
}
PLANTED(static_far_outside_ub)

// Nothing rounds a size up.
template <bool mended>
void static_misaligned(__gm__ int32_t *, __gm__ int32_t *)
{
    LocalMemAllocator allocator;
    allocator.Alloc<int32_t>(mended ? 8u : 9u);
    Duplicate(allocator.Alloc<int32_t, 8>(), 1, 8); // REPORT UbMisaligned Duplicate
}
PLANTED(static_misaligned)

// A vector core has no L1.
template <bool mended>
void static_elsewhere(__gm__ int32_t *, __gm__ int32_t *)
{
    const LocalTensor<int32_t> x(mended ? TPosition::VECOUT : TPosition::A1, 0, 64);
    Duplicate(x, 1, 64); // REPORT TensorUnset Duplicate
}
PLANTED(static_elsewhere)

template <bool mended>
void static_unwritten(__gm__ int32_t *, __gm__ int32_t *)
{
    const LocalTensor<int32_t> x(TPosition::VECCALC, 256, 64), y(TPosition::VECCALC, 512, 64);
    Duplicate(x, 1, mended ? 64 : 63);
    PipeBarrier<PIPE_V>();
    Adds(y, x, 1, 64); // REPORT UbUnwritten Adds
}
PLANTED(static_unwritten)

// Two tensors over the same bytes: no defect, as long as their uses are ordered.
template <bool mended>
void static_overlap(__gm__ int32_t *in, __gm__ int32_t *)
{
    GlobalTensor<int32_t> from;
    from.SetGlobalBuffer(in, kElements);
    const LocalTensor<int32_t> x(TPosition::VECIN, 0, 64);
    const LocalTensor<float> over_half(TPosition::VECCALC, 128, 64);
    Duplicate(over_half, 1.0f, 64);
    if (mended) flag<HardEvent::V_MTE2>();
    DataCopy(x, from, 64); // REPORT Race DataCopy
}
PLANTED(static_overlap)

} // namespace planted
