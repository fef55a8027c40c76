// UB and GM accesses out of bounds, misaligned, forbidden, or of bytes that nothing wrote.
#include "planted.h"

namespace planted {

template <bool mended>
void ub_overrun(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x[mended ? 0 : 49144], 1, 16); // REPORT UbOverrun Duplicate
}
PLANTED(ub_overrun)

template <bool mended>
void ub_outside_buffer(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, mended ? 1024 : 1025); // REPORT UbOutsideBuffer Duplicate
}
PLANTED(ub_outside_buffer)

template <bool mended>
void ub_outside_buffer_copy(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    // 4,092 bytes more fill the buffer, 4,096 reach into the next one.
    DataCopyPad(b.x[8], b.in, {1, mended ? 4064u : 4068u, 0, 0, 0}, {false, 0, 0, 0}); // REPORT UbOutsideBuffer DataCopyPad
}
PLANTED(ub_outside_buffer_copy)

template <bool mended>
void ub_outside_buffer_scalar(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.x.SetValue(mended ? 1023 : 1024, 1); // REPORT UbOutsideBuffer LocalTensor::SetValue
}
PLANTED(ub_outside_buffer_scalar)

template <bool mended>
void ub_misaligned(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x[mended ? 8 : 1], 1, 8); // REPORT UbMisaligned Duplicate
}
PLANTED(ub_misaligned)

template <bool mended>
void ub_misaligned_copy(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out, b.x[mended ? 8 : 4], {1, 4, 0, 0, 0}); // REPORT UbMisaligned DataCopyPad
}
PLANTED(ub_misaligned_copy)

template <bool mended>
void ub_unwritten(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, mended ? 9 : 8);
    PipeBarrier<PIPE_V>();
    Adds(b.y, b.x, 1, 9); // REPORT UbUnwritten Adds
}
PLANTED(ub_unwritten)

// Twelve bytes are copied; what fills the 32-byte block up is nobody's.
template <bool mended>
void ub_unwritten_tail(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.x, b.in, {1, 12, 0, 0, 0}, {false, 0, 0, 0});
    flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, mended ? 3 : 4); // REPORT UbUnwritten Adds
}
PLANTED(ub_unwritten_tail)

// Padding that is asked for has a value, what is left of the block has not.
template <bool mended>
void ub_unwritten_after_padding(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in, {1, 12, 0, 0, 0}, {true, 1, 2, 9});
    flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, mended ? 6 : 7); // REPORT UbUnwritten Adds
}
PLANTED(ub_unwritten_after_padding)

// What GatherMask drops may have no value; what it keeps must have one.
template <bool mended>
void ub_unwritten_gather_mask(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in, {4, 4, 0, 0, 0}, {false, 0, 0, 0});
    Duplicate(b.y.ReinterpretCast<uint32_t>(), mended ? 0x01010101u : 0x01010103u, 8);
    PipeBarrier<PIPE_ALL>();
    uint64_t kept = 0;
    GatherMask(b.y[64], b.x, b.y.ReinterpretCast<uint32_t>(), true, 32, {1, 1, 8, 8}, kept); // REPORT UbUnwritten GatherMask
}
PLANTED(ub_unwritten_gather_mask)

template <bool mended>
void ub_unwritten_out(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in, {1, 12, 0, 0, 0}, {false, 0, 0, 0});
    flag<HardEvent::MTE2_MTE3>();
    if (mended) {
        DataCopyPad(b.out, b.x, {1, 12, 0, 0, 0});
    } else {
        DataCopy(b.out, b.x, 8); // REPORT UbUnwritten DataCopy
    }
}
PLANTED(ub_unwritten_out)

// A queue's buffer is nobody's data after AllocTensor.
template <bool mended>
void ub_unwritten_stale(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 256);
    for (int i = 0; i < 2; ++i) {
        LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
        if (mended || i == 0) DataCopy(x, b.in, 8);
        queue.EnQue(x);
        x = queue.DeQue<int32_t>();
        Adds(b.y, x, 1, 8); // REPORT UbUnwritten Adds
        PipeBarrier<PIPE_V>();
        queue.FreeTensor(x);
    }
}
PLANTED(ub_unwritten_stale)

template <bool mended>
void operands_overlap(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.x[mended ? 16 : 8], b.x, 1, 16); // REPORT OperandsOverlap Adds
}
PLANTED(operands_overlap)

// Widening in place reads what it has overwritten.
template <bool mended>
void operands_overlap_widening(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Cast((mended ? b.y : b.x).ReinterpretCast<int64_t>(), b.x, RoundMode::CAST_NONE, 16); // REPORT OperandsOverlap Cast
}
PLANTED(operands_overlap_widening)

template <bool mended>
void tensor_unset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    LocalTensor<int32_t> nothing;
    Duplicate(mended ? b.x : nothing, 1, 8); // REPORT TensorUnset Duplicate
}
PLANTED(tensor_unset)

template <bool mended>
void buffer_unset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> buffer;
    if (mended) b.pipe.InitBuffer(buffer, 32);
    buffer.Get<int32_t>(); // REPORT TensorUnset TBuf::Get
}
PLANTED(buffer_unset)

template <bool mended>
void gm_read_past_array(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in[kElements - 8], {1, mended ? 32u : 36u, 0, 0, 0}, {false, 0, 0, 0}); // REPORT GmOutsideArray DataCopyPad
}
PLANTED(gm_read_past_array)

template <bool mended>
void gm_read_before_allocation(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.in.SetGlobalBuffer(mended ? in : in - 1);
    DataCopyPad(b.x, b.in, {1, 32, 0, 0, 0}, {false, 0, 0, 0}); // REPORT GmOutsideAllocation DataCopyPad
}
PLANTED(gm_read_before_allocation)

template <bool mended>
void gm_read_scalar_past_array(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.in.GetValue(mended ? kElements - 1 : kElements); // REPORT GmOutsideArray GlobalTensor::GetValue
}
PLANTED(gm_read_scalar_past_array)

template <bool mended>
void gm_write_past_array(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out[mended ? kElements - 1 : kElements], b.x, {1, 4, 0, 0, 0}); // REPORT GmOutsideArray DataCopyPad
}
PLANTED(gm_write_past_array)

// The second block of a strided copy, not the first.
template <bool mended>
void gm_write_block_past_array(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out, b.x, {2, 4, 0, kElements * 4 - (mended ? 8 : 4), 0}); // REPORT GmOutsideArray DataCopyPad
}
PLANTED(gm_write_block_past_array)

// Behind each array lie 1,024 elements of its allocation.
template <bool mended>
void gm_read_past_allocation(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in[mended ? kElements - 1 : kElements + 1024], {1, 4, 0, 0, 0}, {false, 0, 0, 0}); // REPORT GmOutsideAllocation DataCopyPad
}
PLANTED(gm_read_past_allocation)

template <bool mended>
void gm_write_past_allocation(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out[mended ? kElements - 1 : kElements + 1024], b.x, {1, 4, 0, 0, 0}); // REPORT GmOutsideAllocation DataCopyPad
}
PLANTED(gm_write_past_allocation)

// The address wraps around 2^64.
template <bool mended>
void gm_read_wrapped(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.in.SetGlobalBuffer(mended ? in : reinterpret_cast<__gm__ int32_t *>(~uintptr_t{0} - 15));
    DataCopy(b.x, b.in, 8); // REPORT GmOutsideAllocation DataCopy
}
PLANTED(gm_read_wrapped)

template <bool mended>
void gm_forbidden(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(mended ? b.out : b.in, b.x, 8); // REPORT GmForbidden DataCopy
}
PLANTED(gm_forbidden)

template <bool mended>
void gm_misaligned(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.in.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t *>(reinterpret_cast<__gm__ uint8_t *>(in) + (mended ? 4 : 2)));
    DataCopy(b.x, b.in, 8); // REPORT GmMisaligned DataCopy
}
PLANTED(gm_misaligned)

template <bool mended>
void gm_misaligned_scalar(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.in.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t *>(reinterpret_cast<__gm__ uint8_t *>(in) + (mended ? 4 : 2)));
    b.in.GetValue(0); // REPORT GmMisaligned GlobalTensor::GetValue
}
PLANTED(gm_misaligned_scalar)

template <bool mended>
void gm_unset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    GlobalTensor<int32_t> nothing;
    DataCopy(b.x, mended ? b.in : nothing, 8); // REPORT TensorUnset DataCopy
}
PLANTED(gm_unset)

// A padding that the copy does not bring has a value once SetPadValue was called.
template <bool mended>
void padding_unset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    if (mended) {
        SetPadValue(7);
    }
    DataCopyPad(b.x, b.in, {1, 4, 0, 0, 0}, {false, 0, 7, 0});
    flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, 8); // REPORT UbUnwritten Adds
}
PLANTED(padding_unset)

} // namespace planted
