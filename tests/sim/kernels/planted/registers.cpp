// The mask register: what a call leaves in it, and what another takes from it.
#include "planted.h"

namespace planted {

// A masked call that takes the register as it is.
inline void doubled(Bench &b, uint8_t repeats, Site site = Site::here())
{
    Add<int32_t, false>(b.y, b.x, b.x, MASK_PLACEHOLDER, repeats, {1, 1, 1, 8, 8, 8}, site);
}

template <bool mended>
void mask_empty(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    SetVectorMask<int32_t>(~uint64_t{0}, mended ? 1 : 0);
    doubled(b, 1); // REPORT VectorParameter Add
}
PLANTED(mask_empty)

// The count form leaves a full mask.
template <bool mended>
void mask_lost(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    if (mended) {
        Duplicate(b.x, 1, 8);
        SetVectorMask<int32_t>(8);
    } else {
        SetVectorMask<int32_t>(8);
        Duplicate(b.x, 1, 8);
    }
    PipeBarrier<PIPE_V>();
    doubled(b, 1); // REPORT UbUnwritten Add
}
PLANTED(mask_lost)

// A masked call leaves its mask.
template <bool mended>
void mask_left(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, uint64_t{32}, 1, 1, 8);
    if (mended) {
        ResetMask();
    }
    Duplicate<int32_t, false>(b.y, 1, MASK_PLACEHOLDER, 1, 1, 8);
    PipeBarrier<PIPE_V>();
    Adds(b.x, b.y, 1, 64); // REPORT UbUnwritten Adds
}
PLANTED(mask_left)

// In counter mode a mask is a number of elements.
template <bool mended>
void mask_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    SetMaskCount();
    SetVectorMask<int32_t, MaskMode::COUNTER>(8);
    doubled(b, 1);
    if (mended) {
        SetMaskNorm();
    }
    SetVectorMask<int32_t>(32); // 2^32 - 1
    PipeBarrier<PIPE_V>();
    doubled(b, 1); // REPORT UbOverrun Add
}
PLANTED(mask_mode)

// But of Copy it is the number of each repeat, and all repeats are done.
template <bool mended>
void mask_of_copy(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, 144);
    PipeBarrier<PIPE_V>();
    SetMaskCount();
    SetVectorMask<int32_t, MaskMode::COUNTER>(144);
    Copy<int32_t, false>(b.y, b.x, MASK_PLACEHOLDER, mended ? 1 : 3, {1, 1, 18, 18}); // REPORT UbUnwritten Copy
    SetMaskNorm();
    ResetMask();
}
PLANTED(mask_of_copy)

// GatherMask leaves its mask, and normal mode.
template <bool mended>
void mask_of_gather_mask(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    uint64_t kept = 0;
    GatherMask(b.y, b.x, static_cast<uint8_t>(7), true, 256, {1, 1, 8, 0}, kept);
    PipeBarrier<PIPE_V>();
    SetVectorMask<int32_t>(mended ? 64 : 0);
    doubled(b, 1); // REPORT VectorParameter Add
}
PLANTED(mask_of_gather_mask)

} // namespace planted
