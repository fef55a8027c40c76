// What two cores must not do to the same memory; run on two cores, in both orders.
#include "planted.h"

namespace planted {

template <bool mended>
void cores_write_same_bytes(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopy(b.out[mended ? GetBlockIdx() * 16 : GetBlockIdx() * 8], b.x, 16); // REPORT CoresWriteSameBytes DataCopy
}
PLANTED(cores_write_same_bytes)

template <bool mended>
void cores_write_same_line(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    DataCopyPad(b.out[GetBlockIdx() * (mended ? 16 : 15)], b.x, {1, 60, 0, 0, 0}); // REPORT CoresWriteSameLine DataCopyPad
}
PLANTED(cores_write_same_line)

template <bool mended>
void core_reads_written(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    if (GetBlockIdx() == 0) {
        DataCopy(b.out, b.x, 8); // REPORT CoreReadsWritten DataCopy
    } else {
        DataCopy(b.y, b.out[mended ? 8 : 0], 8); // REPORT CoreReadsWritten DataCopy
    }
}
PLANTED(core_reads_written)

template <bool mended>
void core_reads_written_scalar(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    if (GetBlockIdx() == 1) {
        DataCopy(b.out, b.x, 8); // REPORT CoreReadsWritten DataCopy
    } else {
        b.out.GetValue(mended ? 8 : 7); // REPORT CoreReadsWritten GlobalTensor::GetValue
    }
}
PLANTED(core_reads_written_scalar)

// One core adds, the other replaces.
template <bool mended>
void atomic_of_one(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(1);
    if (mended || GetBlockIdx() == 0) {
        SetAtomicAdd<int32_t>();
    }
    DataCopy(b.out, b.x, 16); // REPORT CoresWriteSameBytes DataCopy
    DisableDmaAtomic();
}
PLANTED(atomic_of_one)

// Operations of two kinds do not go together.
template <bool mended>
void atomic_of_two_kinds(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(1);
    if (mended || GetBlockIdx() == 0) {
        SetAtomicMax<int32_t>();
    } else {
        SetAtomicMin<int32_t>();
    }
    DataCopy(b.out, b.x, 16); // REPORT CoresWriteSameBytes DataCopy
    DisableDmaAtomic();
}
PLANTED(atomic_of_two_kinds)

// A new TPipe sets no atomic operation.
template <bool mended>
void atomic_reset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    SetAtomicAdd<int32_t>();
    Bench b(in, out);
    b.fill(1);
    if (mended) {
        SetAtomicAdd<int32_t>();
    }
    DataCopy(b.out, b.x, 16); // REPORT CoresWriteSameBytes DataCopy
}
PLANTED(atomic_reset)

// Scalar writes of two cores into one line, of which each writes back the whole.
template <bool mended>
void cores_set_same_line(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(GetBlockIdx() * (mended ? 16 : 1), 1); // REPORT CoresWriteSameLine GlobalTensor::SetValue
}
PLANTED(cores_set_same_line)

} // namespace planted
