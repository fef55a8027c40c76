// The numbers of 16 bits.
#include "planted.h"

namespace planted {

template <bool mended>
void half_to_int32_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_RINT : RoundMode::CAST_NONE;
    Cast(b.y, b.x.ReinterpretCast<half>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(half_to_int32_mode)

template <bool mended>
void half_to_float_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_RINT;
    Cast(b.y.ReinterpretCast<float>(), b.x.ReinterpretCast<half>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(half_to_float_mode)

template <bool mended>
void uint8_to_half_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_TRUNC;
    Cast(b.y.ReinterpretCast<half>(), b.x.ReinterpretCast<uint8_t>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(uint8_to_half_mode)

template <bool mended>
void half_to_int8_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_ODD;
    Cast(b.y.ReinterpretCast<int8_t>(), b.x.ReinterpretCast<half>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(half_to_int8_mode)

template <bool mended>
void float_to_bfloat16_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_CEIL : RoundMode::CAST_NONE;
    Cast(b.y.ReinterpretCast<bfloat16_t>(), b.x.ReinterpretCast<float>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(float_to_bfloat16_mode)

template <bool mended>
void bfloat16_to_float_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const RoundMode mode = mended ? RoundMode::CAST_NONE : RoundMode::CAST_FLOOR;
    Cast(b.y.ReinterpretCast<float>(), b.x.ReinterpretCast<bfloat16_t>(), mode, 8); // REPORT CastMode Cast
}
PLANTED(bfloat16_to_float_mode)

// A repeat has 128 of them: what is a whole count of floats is none of these.
template <bool mended>
void compare_half_count(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    const auto x = b.x.ReinterpretCast<half>();
    Compare(b.y.ReinterpretCast<uint8_t>(), x, x, CMPMODE::LT, mended ? 256 : 192); // REPORT VectorParameter Compare
}
PLANTED(compare_half_count)

// Results of a repeat lie on 16 bytes, not on 8.
template <bool mended>
void reduce_half_alignment(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(0);
    BlockReduceMax(b.y.ReinterpretCast<half>()[mended ? 8 : 4], b.x.ReinterpretCast<half>(), 1, 128, 1, 1, 8); // REPORT UbMisaligned BlockReduceMax
}
PLANTED(reduce_half_alignment)

// Widening reads half as many bytes as it writes, but not those behind.
template <bool mended>
void widen_unwritten(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const auto x = b.x.ReinterpretCast<half>();
    Duplicate(x, half(1), 64);
    PipeBarrier<PIPE_V>();
    Cast(b.y.ReinterpretCast<float>(), x, RoundMode::CAST_NONE, mended ? 64 : 65); // REPORT UbUnwritten Cast
}
PLANTED(widen_unwritten)

// An index that a half's 16 bits have no room for.
template <bool mended>
void reduce_half_index(__gm__ int32_t *, __gm__ int32_t *)
{
    constexpr uint32_t kCount = 66048;
    TPipe pipe;
    TBuf<TPosition::VECCALC> source, other;
    pipe.InitBuffer(source, kCount * sizeof(half));
    pipe.InitBuffer(other, 4096);
    const LocalTensor<half> x = source.Get<half>(), y = other.Get<half>();
    Duplicate(x, half(0), kCount);
    PipeBarrier<PIPE_ALL>();
    x.SetValue(mended ? 65535 : 65536, half(1));
    flag<HardEvent::S_V>();
    ReduceMax(y, x, y[16], kCount, true); // REPORT VectorParameter ReduceMax
}
PLANTED(reduce_half_index)

} // namespace planted
