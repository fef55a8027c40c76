// The data cache of the scalar pipe.
#include "planted.h"

namespace planted {

inline void clean(const GlobalTensor<int32_t> &line)
{
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(line);
}

// Read, overwritten by a copy, read again.
template <bool mended>
void cache_stale(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(5);
    b.out.GetValue(3);
    flag<HardEvent::S_MTE3>();
    DataCopy(b.out, b.x, 8);
    flag<HardEvent::MTE3_S>();
    if (mended) {
        clean(b.out);
    }
    b.out.GetValue(0); // REPORT CacheStale GlobalTensor::GetValue
}
PLANTED(cache_stale)

// Set, and copied before it is in memory.
template <bool mended>
void cache_dirty_read(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(0, 1);
    if (mended) {
        clean(b.out);
    }
    flag<HardEvent::S_MTE2>();
    DataCopy(b.x, b.out, 8); // REPORT CacheDirty DataCopy
}
PLANTED(cache_dirty_read)

// The line that is written back has old bytes for those that the copy wrote.
template <bool mended>
void cache_dirty_write(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(5);
    b.out.SetValue(mended ? 16 : 15, 1);
    flag<HardEvent::S_MTE3>();
    DataCopy(b.out, b.x, 8); // REPORT CacheDirty DataCopy
}
PLANTED(cache_dirty_write)

// From the tensor's address on, not from the line's.
template <bool mended>
void cache_part_of_line(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(0, 1);
    clean(b.out[mended ? 0 : 8]);
    flag<HardEvent::S_MTE2>();
    DataCopy(b.x, b.out, 8); // REPORT CacheDirty DataCopy
}
PLANTED(cache_part_of_line)

// One line, not the next.
template <bool mended>
void cache_next_line(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(16, 1);
    if (mended) {
        DataCacheCleanAndInvalid<int32_t, CacheLine::ENTIRE_DATA_CACHE>(b.out);
    } else {
        clean(b.out);
    }
    flag<HardEvent::S_MTE2>();
    DataCopy(b.x, b.out[16], 8); // REPORT CacheDirty DataCopy
}
PLANTED(cache_next_line)

// UB is no destination of what GM tensors hold.
template <bool mended>
void cache_destination(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(0, 1);
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, mended ? DcciDst::CACHELINE_ALL : DcciDst::CACHELINE_UB>(b.out);
    flag<HardEvent::S_MTE2>();
    DataCopy(b.x, b.out, 8); // REPORT CacheDirty DataCopy
}
PLANTED(cache_destination)

// Written back is not ordered: the copy may still be earlier.
template <bool mended>
void cache_race(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.out.SetValue(0, 1);
    clean(b.out);
    if (mended) {
        flag<HardEvent::S_MTE2>();
    }
    DataCopy(b.x, b.out, 8); // REPORT Race DataCopy
}
PLANTED(cache_race)

template <bool mended>
void set_read_only(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    (mended ? b.out : b.in).SetValue(0, 1); // REPORT GmForbidden GlobalTensor::SetValue
}
PLANTED(set_read_only)

} // namespace planted
