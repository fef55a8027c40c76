// The names that kernels compute sizes and places with.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

static_assert(ONE_BLK_SIZE == 32 && ONE_REPEAT_BYTE_SIZE == 256 && TOTAL_UB_SIZE == 196608);
static_assert(GetDataBlockSizeInBytes() == 32);
static_assert(DivCeil(0, 32) == 0 && DivCeil(1, 32) == 1 && DivCeil(32, 32) == 1 && DivCeil(33, 32) == 2);
static_assert(AlignUp(0, 32) == 0 && AlignUp(1, 32) == 32 && AlignUp(64, 32) == 64);

static_assert(IsSameType<half, half>::value && !IsSameType<half, bfloat16_t>::value);
static_assert(IsSameType<Conditional<true, half, float>::type, half>::value);
static_assert(IsSameType<Conditional<false, half, float>::type, float>::value);

// Explicitly, numbers become bfloat16, to the nearest.
static_assert(static_cast<bfloat16_t>(-__builtin_inff()).sim_bits == 0xff80 && bfloat16_t(0).sim_bits == 0);
static_assert(static_cast<bfloat16_t>(3.14159f).sim_bits == 0x4049 && static_cast<bfloat16_t>(-6).sim_bits == 0xc0c0);

// Scalars of half: what they become, and what is calculated with them.
constexpr half kLargest = 65504.0f, kThird = 1.0 / 3;
static_assert(kLargest == 65504.0f && kLargest + half(15) == kLargest && kLargest * half(2) > kLargest);
static_assert(kThird != 1.0 / 3 && kThird.sim_bits == 0x3555 && -kThird < 0 && kThird - kThird == 0);
static_assert(half(2049) == 2048 && half(2051) == 2052 && half(65519) == kLargest && half(1e-8f) == 0);
static_assert(static_cast<int32_t>(half(-2.5f)) == -2 && half() == 0 && half(5) / half(2) == 2.5f);
static_assert(std::is_same_v<decltype(half() * half()), half> && std::is_same_v<decltype(half() * 2.0f), float>);

// Each core writes where it stands, in its own line.
void numbers(__gm__ int32_t *out_address)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, ONE_BLK_SIZE);
    const LocalTensor<int32_t> x = buffer.Get<int32_t>();
    GlobalTensor<int32_t> out;
    out.SetGlobalBuffer(out_address);
    x.SetValue(0, static_cast<int32_t>(block_idx));
    x.SetValue(1, static_cast<int32_t>(get_block_idx()));
    x.SetValue(2, static_cast<int32_t>(block_num + get_block_num()));
    x.SetValue(3, CeilDivision(7, 2) + CeilDivision(7, 0));
    // Numbers of 16 bits, exactly one rounding each.
    half sum = 1;
    sum += 0.25f;
    const bool right = sum == 1.25f && ToFloat(ToBfloat16(3.14159f)) == 3.140625f && Cast(Cast(-1.00390625f)) == -1 &&
                       Cast<float, half, RoundMode::CAST_ODD>(3.14159f) == 3.142578125f &&
                       ScalarCast<float, int32_t, RoundMode::CAST_RINT>(2.5f) == 2 &&
                       Cast<float, int32_t, RoundMode::CAST_ROUND>(2.5f) == 3;
    assert(right);
    SetFlag<HardEvent::S_MTE3>(0);
    WaitFlag<HardEvent::S_MTE3>(0);
    if ASCEND_IS_NOT_AIC {
        DataCopyPad(out[block_idx * 16], x, {1, 16, 0, 0, 0});
    }
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(numbers)
