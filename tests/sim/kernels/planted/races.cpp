// Instructions that touch the same bytes and that nothing orders.
#include "planted.h"

namespace planted {

template <bool mended>
void race_mte2_v(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (mended) flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_mte2_v)

template <bool mended>
void race_v_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 7, 8);
    if (mended) flag<HardEvent::V_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(race_v_mte3)

template <bool mended>
void race_mte2_s(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (mended) flag<HardEvent::MTE2_S>();
    b.x.GetValue(3); // REPORT Race LocalTensor::GetValue
}
PLANTED(race_mte2_s)

template <bool mended>
void race_s_v(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    b.x.SetValue(5, 1);
    if (mended) flag<HardEvent::S_V>();
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_s_v)

template <bool mended>
void race_v_s(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 7, 8);
    if (mended) flag<HardEvent::V_S>();
    b.x.GetValue(0); // REPORT Race LocalTensor::GetValue
}
PLANTED(race_v_s)

template <bool mended>
void race_s_mte2(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    b.x.GetValue(0);
    if (mended) flag<HardEvent::S_MTE2>();
    DataCopy(b.x, b.in, 8); // REPORT Race DataCopy
}
PLANTED(race_s_mte2)

template <bool mended>
void race_s_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    b.x.SetValue(0, 1);
    if (mended) flag<HardEvent::S_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(race_s_mte3)

template <bool mended>
void race_mte3_mte2_reuse(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_MTE2>();
    DataCopy(b.x, b.in, 8); // REPORT Race DataCopy
}
PLANTED(race_mte3_mte2_reuse)

template <bool mended>
void race_v_mte2_reuse(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, 8);
    if (mended) flag<HardEvent::V_MTE2>();
    DataCopy(b.x, b.in, 8); // REPORT Race DataCopy
}
PLANTED(race_v_mte2_reuse)

template <bool mended>
void race_mte3_v_reuse(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_V>();
    Duplicate(b.x, 1, 8); // REPORT Race Duplicate
}
PLANTED(race_mte3_v_reuse)

template <bool mended>
void race_mte3_s_reuse(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_S>();
    b.x.SetValue(0, 1); // REPORT Race LocalTensor::SetValue
}
PLANTED(race_mte3_s_reuse)

template <bool mended>
void race_mte2_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (mended) flag<HardEvent::MTE2_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(race_mte2_mte3)

template <bool mended>
void race_v_v(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, 8);
    if (mended) PipeBarrier<PIPE_V>();
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_v_v)

// A later vector instruction overwrites what an earlier one may still read.
template <bool mended>
void race_v_v_reuse(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, 8);
    if (mended) PipeBarrier<PIPE_V>();
    Duplicate(b.x, 1, 8); // REPORT Race Duplicate
}
PLANTED(race_v_v_reuse)

// In place: its own read of x does not hide the earlier one.
template <bool mended>
void race_v_v_in_place(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, 8);
    if (mended) PipeBarrier<PIPE_V>();
    Adds(b.x, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_v_v_in_place)

template <bool mended>
void race_mte2_mte2(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 16);
    if (mended) PipeBarrier<PIPE_MTE2>();
    DataCopy(b.x[8], b.in, 8); // REPORT Race DataCopy
}
PLANTED(race_mte2_mte2)

template <bool mended>
void race_mte3_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 16);
    if (mended) PipeBarrier<PIPE_MTE3>();
    DataCopyPad(b.out[15], b.x, {1, 4, 0, 0, 0}); // REPORT Race DataCopyPad
}
PLANTED(race_mte3_mte3)

// The same, but side by side in one 32-byte block: nothing to report either way, so the planted one overlaps by a byte.
template <bool mended>
void race_mte3_mte3_neighbours(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out[0], b.x, {1, 4, 0, 0, 0});
    DataCopyPad(b.out[mended ? 1 : 0], b.x, {1, 4, 0, 0, 0}); // REPORT Race DataCopyPad
}
PLANTED(race_mte3_mte3_neighbours)

// A copy beside it in the same line does not make the first one forgotten.
template <bool mended>
void race_mte3_mte3_third(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out[0], b.x, {1, 4, 0, 0, 0});
    DataCopyPad(b.out[4], b.x, {1, 4, 0, 0, 0});
    DataCopyPad(b.out[mended ? 8 : 0], b.x, {1, 4, 0, 0, 0}); // REPORT Race DataCopyPad
}
PLANTED(race_mte3_mte3_third)

template <bool mended>
void race_gm_mte3_mte2(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_MTE2>();
    DataCopy(b.y, b.out, 8); // REPORT Race DataCopy
}
PLANTED(race_gm_mte3_mte2)

template <bool mended>
void race_gm_mte2_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.y, b.out, 8);
    if (mended) flag<HardEvent::MTE2_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(race_gm_mte2_mte3)

template <bool mended>
void race_gm_mte3_s(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_S>();
    b.out.GetValue(0); // REPORT Race GlobalTensor::GetValue
}
PLANTED(race_gm_mte3_s)

// The flag goes up before the copy it should tell of.
template <bool mended>
void race_flag_set_early(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    if (!mended) SetFlag<HardEvent::MTE2_V>(0);
    DataCopy(b.x, b.in, 8);
    if (mended) SetFlag<HardEvent::MTE2_V>(0);
    WaitFlag<HardEvent::MTE2_V>(0);
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_flag_set_early)

// The flag is between the wrong pipes.
template <bool mended>
void race_flag_wrong_pipe(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    flag<mended ? HardEvent::MTE2_V : HardEvent::MTE2_S>();
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(race_flag_wrong_pipe)

// MTE2 -> V -> MTE3 -> MTE2: a wait on the last flag implies the ones before it.
template <bool mended>
void race_chain(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, 8);
    flag<HardEvent::V_MTE3>();
    DataCopy(b.out, b.y, 8);
    if (mended) flag<HardEvent::MTE3_MTE2>();
    DataCopy(b.x, b.in[8], 8); // REPORT Race DataCopy
}
PLANTED(race_chain)

// Gather reads single elements: the race is with the one block that holds the element.
template <bool mended>
void race_gather_source(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    LocalTensor<uint32_t> offsets = b.y.ReinterpretCast<uint32_t>();
    Duplicate(offsets, 512u, 8);
    PipeBarrier<PIPE_V>();
    DataCopy(b.x[mended ? 256 : 128], b.in, 8);
    Gather(b.y[64], b.x, b.y.ReinterpretCast<uint32_t>(), 0u, 8u); // REPORT Race Gather
}
PLANTED(race_gather_source)

// CreateVecIndex sets its first elements on the scalar pipe.
template <bool mended>
void race_create_vec_index(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, 64);
    if (mended) PipeBarrier<PIPE_ALL>();
    CreateVecIndex(b.x, 0, 64u); // REPORT Race LocalTensor::SetValue // REPORT Race CreateVecIndex
}
PLANTED(race_create_vec_index)

// Of a mask given as bits it sets the first repeat there, what is masked out is left alone.
template <bool mended>
void race_create_vec_index_bits(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    Adds(b.y, b.x, 1, 8);
    uint64_t mask[2] = {mended ? 0xff00u : 0x1u, 0};
    CreateVecIndex(b.x, 0, mask, 1, 1, 8); // REPORT Race LocalTensor::SetValue
    flag<HardEvent::S_MTE3>();
    DataCopy(b.out, b.x[8], 8);
}
PLANTED(race_create_vec_index_bits)

// Atomic or not, a copy that reads what they wrote comes after.
template <bool mended>
void race_atomic(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(1);
    SetAtomicAdd<int32_t>();
    DataCopy(b.out, b.x, 8);
    DataCopy(b.out, b.x, 8);
    SetAtomicNone();
    if (mended) {
        flag<HardEvent::MTE3_MTE2>();
    }
    DataCopy(b.y, b.out, 8); // REPORT Race DataCopy
}
PLANTED(race_atomic)

} // namespace planted
