// Parameters out of their documented ranges, and calls that the headers accept and the device carries out otherwise.
#include "planted.h"

namespace planted {

template <bool mended>
void copy_truncated_in(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, mended ? 16 : 15); // REPORT CopyTruncated DataCopy
}
PLANTED(copy_truncated_in)

template <bool mended>
void copy_truncated_out(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, mended ? 8 : 7); // REPORT CopyTruncated DataCopy
}
PLANTED(copy_truncated_out)

template <bool mended>
void copy_truncated_within(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.y, b.x, mended ? 8 : 9); // REPORT CopyTruncated DataCopy
}
PLANTED(copy_truncated_within)

template <bool mended>
void copy_block_count(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.out, b.x, {static_cast<uint16_t>(mended ? 0 : 4096), 4, 0, 0, 0}); // REPORT CopyParameter DataCopyPad
}
PLANTED(copy_block_count)

template <bool mended>
void copy_block_length(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.out, b.x, {1, mended ? 0u : 2097152u, 0, 0, 0}); // REPORT CopyParameter DataCopyPad
}
PLANTED(copy_block_length)

// Each instruction has the fields: what does not fit in one is cut off.
template <bool mended>
void copy_blocks_whole(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, {static_cast<uint16_t>(mended ? 1 : 4097), 1, 0, 0}); // REPORT CopyParameter DataCopy
}
PLANTED(copy_blocks_whole)

template <bool mended>
void copy_part_of_element(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in, {1, mended ? 4u : 6u, 0, 0, 0}, {false, 0, 0, 0}); // REPORT CopyParameter DataCopyPad
}
PLANTED(copy_part_of_element)

template <bool mended>
void copy_padding(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopyPad(b.x, b.in, {1, 4, 0, 0, 0}, {true, 0, static_cast<uint8_t>(mended ? 8 : 9), 0}); // REPORT CopyParameter DataCopyPad
}
PLANTED(copy_padding)

template <bool mended>
void copy_padding_value(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    GlobalTensor<int64_t> in64;
    in64.SetGlobalBuffer(reinterpret_cast<__gm__ int64_t *>(in));
    const DataCopyPadExtParams<int64_t> padding{true, 0, 1, mended ? 0 : 1};
    DataCopyPad(b.x.ReinterpretCast<int64_t>(), in64, {1, 8, 0, 0, 0}, padding); // REPORT CopyParameter DataCopyPad
}
PLANTED(copy_padding_value)

template <bool mended>
void vector_count(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, mended ? 0 : -1); // REPORT VectorParameter Duplicate
}
PLANTED(vector_count)

template <bool mended>
void vector_mask(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, static_cast<uint64_t>(mended ? 64 : 65), 1, {1, 1, 8, 8}); // REPORT VectorParameter Adds
}
PLANTED(vector_mask)

template <bool mended>
void vector_mask_empty(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t mask[2] = {mended ? 1u : 0u, 1};
    Adds(b.y, b.x, 1, mask, 1, {1, 1, 8, 8}); // REPORT VectorParameter Adds
}
PLANTED(vector_mask_empty)

template <bool mended>
void vector_mask_beyond(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t mask[2] = {uint64_t{1} << (mended ? 31 : 32), 0};
    Cast(b.y.ReinterpretCast<int64_t>(), b.x, RoundMode::CAST_NONE, mask, 1, {1, 1, 8, 4}); // REPORT VectorParameter Cast
}
PLANTED(vector_mask_beyond)

template <bool mended>
void vector_stride(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, static_cast<uint64_t>(64), 1, {static_cast<uint16_t>(mended ? 1 : 0), 1, 8, 8}); // REPORT VectorParameter Adds
}
PLANTED(vector_stride)

template <bool mended>
void gather_mask_pattern(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t kept = 0;
    GatherMask(b.y, b.x, static_cast<uint8_t>(mended ? 7 : 8), false, 0, {1, 1, 8, 0}, kept); // REPORT VectorParameter GatherMask
}
PLANTED(gather_mask_pattern)

template <bool mended>
void gather_mask_64(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t kept = 0;
    if (mended) {
        GatherMask(b.y, b.x, static_cast<uint8_t>(1), false, 0, {1, 1, 8, 0}, kept);
    } else {
        GatherMask(b.y.ReinterpretCast<int64_t>(), b.x.ReinterpretCast<int64_t>(), static_cast<uint8_t>(1), false, 0, {1, 1, 8, 0}, kept); // REPORT NotExecuted GatherMask
    }
}
PLANTED(gather_mask_64)

template <bool mended>
void gather_64(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    if (mended) {
        Gather(b.y, b.x, b.x.ReinterpretCast<uint32_t>(), 0u, 8u);
    } else {
        Gather(b.y.ReinterpretCast<int64_t>(), b.x.ReinterpretCast<int64_t>(), b.x.ReinterpretCast<uint32_t>(), 0u, 8u); // REPORT NotExecuted Gather
    }
}
PLANTED(gather_64)

template <bool mended>
void gather_offset_odd(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(mended ? 4 : 2);
    Gather(b.y, b.x, b.x.ReinterpretCast<uint32_t>(), 0u, 8u); // REPORT GatherOffset Gather
}
PLANTED(gather_offset_odd)

template <bool mended>
void gather_offset_far(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(mended ? 4092 : -4);
    Gather(b.y, b.x, b.x.ReinterpretCast<uint32_t>(), 0u, 8u); // REPORT GatherOffset Gather
}
PLANTED(gather_offset_far)

template <bool mended>
void gather_many(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> offsets, elements;
    b.pipe.InitBuffer(offsets, 16384 * 4);
    b.pipe.InitBuffer(elements, 16384 * 4);
    b.fill(0);
    Duplicate(offsets.Get<uint32_t>(), 0u, 16384);
    PipeBarrier<PIPE_V>();
    Gather(elements.Get<int32_t>(), b.x, offsets.Get<uint32_t>(), 0u, mended ? 16320u : 16384u); // REPORT RepeatsWrapped Gather
}
PLANTED(gather_many)

template <bool mended>
void cast_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_RINT : RoundMode::CAST_NONE;
    Cast(b.y, b.x.ReinterpretCast<float>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(cast_mode)

template <bool mended>
void cast_mode_integers(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_RINT;
    Cast(b.y.ReinterpretCast<int64_t>(), b.x, mode, 8); // REPORT CastMode Cast
}
PLANTED(cast_mode_integers)

template <bool mended>
void and_of_int32(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    if (mended) {
        And(b.y.ReinterpretCast<int16_t>(), b.x.ReinterpretCast<int16_t>(), b.x.ReinterpretCast<int16_t>(), 16);
    } else {
        And(b.y, b.x, b.x, 8); // REPORT ElementsHalved And
    }
}
PLANTED(and_of_int32)

template <bool mended>
void instruction_limit(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    for (int64_t i = 0; mended ? i < 10 : i >= 0; ++i) {
        b.x.SetValue(0, 1); // REPORT InstructionLimit LocalTensor::SetValue
    }
}
PLANTED(instruction_limit)

template <bool mended>
void copy_lanes_stride(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Copy(b.y, b.x, 64, 1, {1, 1, static_cast<uint16_t>(mended ? 4095 : 4096), 8}); // REPORT VectorParameter Copy
}
PLANTED(copy_lanes_stride)

template <bool mended>
void brcb_stride(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Brcb(b.y, b.x, 1, {static_cast<uint16_t>(mended ? 1 : 0), 8}); // REPORT VectorParameter Brcb
}
PLANTED(brcb_stride)

template <bool mended>
void brcb_overlap(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Brcb(mended ? b.y : b.x, b.x, 1, {1, 8}); // REPORT OperandsOverlap Brcb
}
PLANTED(brcb_overlap)

template <bool mended>
void gatherb_offset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(mended ? 32 : 16);
    const LocalTensor<uint32_t> x = b.x.ReinterpretCast<uint32_t>();
    Gatherb(b.y.ReinterpretCast<uint32_t>(), x, x, 1, {1, 8}); // REPORT GatherOffset Gatherb
}
PLANTED(gatherb_offset)

template <bool mended>
void cast_mode_int16(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_RINT;
    Cast(b.y.ReinterpretCast<float>(), b.x.ReinterpretCast<int16_t>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(cast_mode_int16)

// In place is allowed, a little behind it is not; nor is it where the iterations overlap, so that they read what others
// wrote.
template <bool mended>
void gather_mask_overlap(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t kept = 0;
    GatherMask(b.x[mended ? 0 : 8], b.x, static_cast<uint8_t>(2), false, 0, {1, 4, 8, 0}, kept); // REPORT OperandsOverlap GatherMask
}
PLANTED(gather_mask_overlap)

template <bool mended>
void gather_mask_over_iterations(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t kept = 0;
    const uint16_t stride = mended ? 8 : 4;
    GatherMask(b.x, b.x, static_cast<uint8_t>(7), false, 0, {1, 2, stride, 0}, kept); // REPORT OperandsOverlap GatherMask
}
PLANTED(gather_mask_over_iterations)

// Of less than a block the library adds to what lies before the destination.
template <bool mended>
void create_vec_index_part_of_a_block(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    CreateVecIndex(b.x, 0, uint64_t{mended ? 8 : 7}, 1, 1, 8); // REPORT VectorParameter CreateVecIndex
}
PLANTED(create_vec_index_part_of_a_block)

} // namespace planted
