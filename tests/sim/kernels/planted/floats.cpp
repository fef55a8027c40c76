// Comparisons, selections and reductions.
#include "planted.h"

namespace planted {

// x holds zeros, y what the call is to give; as floats.
struct FloatBench : Bench {
    using Bench::Bench;
    LocalTensor<float> from()
    {
        fill(0);
        return x.ReinterpretCast<float>();
    }
    LocalTensor<float> to() const { return y.ReinterpretCast<float>(); }
    LocalTensor<uint8_t> bits() const { return y.ReinterpretCast<uint8_t>(); }
};

// The rest behind whole repeats is left out.
template <bool mended>
void compare_count(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    Compare(b.bits(), x, x, CMPMODE::LT, mended ? 128 : 130); // REPORT VectorParameter Compare
}
PLANTED(compare_count)

// There is one comparison of int32.
template <bool mended>
void compare_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    b.fill(0);
    CompareScalar(b.bits(), b.x, 1, mended ? CMPMODE::EQ : CMPMODE::LT, 64); // REPORT VectorParameter CompareScalar
}
PLANTED(compare_mode)

// A comparison writes all bits, whatever its mask.
template <bool mended>
void compare_mask(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    Duplicate(b.x, 0, mended ? 64 : 32);
    PipeBarrier<PIPE_V>();
    Compares(b.bits(), b.x.ReinterpretCast<float>(), 0.0f, CMPMODE::EQ, uint64_t{32}, 1, {1, 1, 8, 8}); // REPORT UbUnwritten Compares
}
PLANTED(compare_mask)

template <bool mended>
void select_mode(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    const auto mode = mended ? SELMODE::VSEL_TENSOR_SCALAR_MODE : SELMODE::VSEL_TENSOR_TENSOR_MODE;
    Select(b.to(), b.x.ReinterpretCast<uint32_t>(), x, 1.0f, mode, 64); // REPORT VectorParameter Select
}
PLANTED(select_mode)

// The register is loaded before anything orders it.
template <bool mended>
void select_race(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    const auto bits = b.x[512].ReinterpretCast<uint8_t>();
    Compare(bits, x, x, CMPMODE::EQ, 64);
    if (mended) {
        PipeBarrier<PIPE_V>();
    }
    Select(b.to(), bits, x, x, SELMODE::VSEL_CMPMASK_SPR, 64); // REPORT Race Select
}
PLANTED(select_race)

// What is chosen must have a value, what is not need not.
template <bool mended>
void select_unwritten(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    Select(b.to(), b.x.ReinterpretCast<uint8_t>(), mended ? b.to() : x, mended ? x : b.to(), SELMODE::VSEL_TENSOR_TENSOR_MODE, 64); // REPORT UbUnwritten Select
}
PLANTED(select_unwritten)

template <bool mended>
void reduce_race(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    WholeReduceSum(b.to(), x, 64, 1, 1, 1, 8);
    if (mended) {
        flag<HardEvent::V_S>();
    }
    b.to().GetValue(0); // REPORT Race LocalTensor::GetValue
}
PLANTED(reduce_race)

// The library flags V, MTE3, and no more.
template <bool mended>
void reduce_sum_race(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceSum(b.to(), x, x, 100);
    DataCopyPad(b.out, b.y, {1, 4, 0, 0, 0});
    if (mended) {
        flag<HardEvent::MTE3_MTE2>();
    }
    DataCopy(b.y, b.in, 8); // REPORT Race DataCopy
}
PLANTED(reduce_sum_race)

template <bool mended>
void reduce_pair_alignment(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    WholeReduceMax(b.to()[mended ? 2 : 1], x, 64, 1, 1, 1, 8); // REPORT UbMisaligned WholeReduceMax
}
PLANTED(reduce_pair_alignment)

template <bool mended>
void reduce_block_alignment(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    BlockReduceSum(b.to()[mended ? 8 : 4], x, 1, 64, 1, 1, 8); // REPORT UbMisaligned BlockReduceSum
}
PLANTED(reduce_block_alignment)

template <bool mended>
void reduce_overlap(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    BlockReduceSum(x[mended ? 0 : 64], x, 2, 64, 1, 1, 8); // REPORT OperandsOverlap BlockReduceSum
}
PLANTED(reduce_overlap)

// dst is read, too.
template <bool mended>
void accumulate_unwritten(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    Duplicate(b.to(), 0.0f, mended ? 64 : 56);
    PipeBarrier<PIPE_V>();
    Axpy(b.to(), x, 2.0f, 64); // REPORT UbUnwritten Axpy
}
PLANTED(accumulate_unwritten)

// The steps overwrite the temporary tensor.
template <bool mended>
void reduce_temporary(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceMax(b.to(), x, mended ? b.to()[64] : x, 1024);
    Adds(b.to()[512], x, 1.0f, 64); // REPORT UbUnwritten Adds
}
PLANTED(reduce_temporary)

// With the index, they need more of it.
template <bool mended>
void reduce_temporary_size(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceMin(b.to(), x, b.to()[mended ? 984 : 992], 1024, true); // REPORT UbOutsideBuffer ReduceMin
}
PLANTED(reduce_temporary_size)

// The register of the sum is that of a count.
template <bool mended>
void reduce_sum_register(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceSum(b.to(), x, b.to()[64], 100);
    if (!mended) {
        WholeReduceSum(b.to()[64], x, 64, 1, 1, 1, 8);
    }
    GetReduceRepeatSumSpr<float>(); // REPORT VectorParameter GetReduceRepeatSumSpr
}
PLANTED(reduce_sum_register)

// It has the element type of that count.
template <bool mended>
void reduce_sum_register_type(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceSum(b.to(), x, b.to()[64], 100);
    if (mended) {
        GetAccVal<float>();
    } else {
        GetAccVal<half>(); // REPORT VectorParameter GetAccVal
    }
}
PLANTED(reduce_sum_register_type)

// By their newer names, reductions are alignment-checked alike.
template <bool mended>
void reduce_block_alignment_typed(__gm__ int32_t *in, __gm__ int32_t *out)
{
    FloatBench b(in, out);
    const auto x = b.from();
    ReduceDataBlock<ReduceType::MAX, float>(b.to()[mended ? 8 : 4], x, 64, 1, 1, 1, 8); // REPORT UbMisaligned ReduceDataBlock
}
PLANTED(reduce_block_alignment_typed)

} // namespace planted
