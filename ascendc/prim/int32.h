// What vectors of int32 need beside arithmetic: values of int64 narrowed to them, Or, flags, and pairs of them for S.
//
// Narrowed, what does not fit becomes the nearest value that does. One Cast does it where casts saturate: a mode of the
// core, a bit of its control register, which the documentation calls on by default and which the kernel before may have
// left off. So a kernel that narrows says SaturateCasts first. The bit is set by the compiler's own functions, which
// SetSaturationFlag<SaturationMode::CAST>(true) comes to: 8.5.0 and 9.0.0 have no SetSaturationFlag.
//
// Contract: SaturateCasts once, then the others as often as wanted; what they write V has written when they return, but for
// those that say Start. UB: none. Pipes: S sets the mode and reads pairs, V does the rest.
#pragma once

#include "sync.h"

namespace cache_loc {

__aicore__ inline void SaturateCasts()
{
    constexpr int64_t kCastsTruncate = 59;
    set_ctrl(sbitset0(get_ctrl(), kCastsTruncate));
}

// The first `count` values as int32: in `narrow`, or where they are if they are that already. Whoever reads them puts a
// barrier before that, so that several may be narrowed at a time.
template <typename T>
__aicore__ inline LocalTensor<int32_t> StartNarrow(const LocalTensor<T> &values, const LocalTensor<int32_t> &narrow,
                                                   uint32_t count)
{
    if constexpr (sizeof(T) == 4) {
        return values;
    } else {
        Cast(narrow, values, RoundMode::CAST_NONE, count);
        return narrow;
    }
}

// The same, to be read when it returns.
template <typename T>
__aicore__ inline LocalTensor<int32_t> Narrow(const LocalTensor<T> &values, const LocalTensor<int32_t> &narrow,
                                              uint32_t count)
{
    const LocalTensor<int32_t> narrowed = StartNarrow(values, narrow, count);
    if constexpr (sizeof(T) != 4) {
        PipeBarrier<PIPE_V>(); // narrow is written before it is read
    }
    return narrowed;
}

// to |= bits: 2201 has Or for 16-bit elements only. As with StartNarrow, whoever goes on with them puts a barrier before.
__aicore__ inline void StartOr(const LocalTensor<int32_t> &to, const LocalTensor<int32_t> &bits, uint32_t count)
{
    const auto to16 = to.ReinterpretCast<int16_t>();
    Or(to16, to16, bits.ReinterpretCast<int16_t>(), static_cast<int32_t>(2 * count));
}

// The same, done when it returns.
__aicore__ inline void OrInto(const LocalTensor<int32_t> &to, const LocalTensor<int32_t> &bits, uint32_t count)
{
    StartOr(to, bits, count);
    PipeBarrier<PIPE_V>(); // to is written before it is read, bits read before they are overwritten
}

// Elements 2 i and 2 i + 1 as one word, the first in its low half: S waits for UB, not for how much it reads.
__aicore__ inline uint64_t PairOf(const LocalTensor<int32_t> &values, uint32_t i)
{
    return static_cast<uint64_t>(values.ReinterpretCast<int64_t>().GetValue(i));
}

// 1 for each value that is not 0: clamp(value, -1, 1)^2.
__aicore__ inline void ToFlags(const LocalTensor<int32_t> &values, uint32_t count)
{
    const auto n = static_cast<int32_t>(count);
    Maxs(values, values, -1, n);
    PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
    Mins(values, values, 1, n);
    PipeBarrier<PIPE_V>();
    Mul(values, values, values, n);
    PipeBarrier<PIPE_V>();
}

} // namespace cache_loc
