// With the compiler's automatic synchronisation on: what it orders is silent without flags (the mended ones rely on it),
// what it never orders is reported (the planted ones).
#include "planted.h"

namespace planted {

template <bool mended>
void auto_mte2_v(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (mended) flag<HardEvent::MTE2_V>();
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
    Adds(b.y, b.y, 1, 8);
}
PLANTED(auto_mte2_v)

template <bool mended>
void auto_mte3_mte2(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    for (uint32_t i = 0; i < 8; ++i) {
        b.x.SetValue(i, 1);
    }
    DataCopy(b.out, b.x, 8);
    if (mended) flag<HardEvent::MTE3_MTE2>();
    DataCopy(b.x, b.in, 8); // REPORT Race DataCopy
}
PLANTED(auto_mte3_mte2)

template <bool mended>
void auto_mte2_mte2(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (mended) PipeBarrier<PIPE_MTE2>();
    DataCopy(b.x, b.in[8], 8); // REPORT Race DataCopy
    b.x.GetValue(0);
}
PLANTED(auto_mte2_mte2)

// V -> MTE3 is the queue's business, not the compiler's.
template <bool mended>
void auto_v_mte3(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, 8);
    Muls(b.x, b.x, 3, 8);
    b.y.SetValue(0, b.x.GetValue(0));
    Adds(b.x, b.x, 1, 8);
    if (mended) flag<HardEvent::V_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(auto_v_mte3)

// The inserted flag passes on what the earlier instruction had waited for, and no more.
template <bool mended>
void auto_transitive(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    DataCopy(b.x, b.in, 8);
    if (!mended) Duplicate(b.y, 1, 8); // does not wait for the copy
    flag<HardEvent::MTE2_V>();
    if (mended) Duplicate(b.y, 1, 8);
    b.y.GetValue(0);
    flag<HardEvent::S_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
}
PLANTED(auto_transitive)

// What orders one operand may order another: V waits for S, which had waited for the copy.
template <bool mended>
void auto_through_another_operand(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    for (uint32_t i = 0; i < 8; ++i) {
        b.x.SetValue(i, 1);
    }
    DataCopy(b.y, b.in, 8);
    if (mended) b.y.GetValue(0); // S waits for the copy, then V for S
    Add(b.y, b.y, b.x, 8);       // REPORT Race Add
}
PLANTED(auto_through_another_operand)

} // namespace planted
