// Calls that take the mask from the register, named "Add int32_t registered" and so on.
#include "image.h"

using namespace image;

namespace {

// Form 1: mask bits, 2: leading elements, 4: counter mode.
template <typename T>
void set_register(const Call &call)
{
    if (call.form == 1) {
        SetVectorMask<T, MaskMode::NORMAL>(call.mask[1], call.mask[0]);
    } else if (call.form == 2) {
        SetVectorMask<T>(static_cast<int32_t>(call.mask[0]));
    } else {
        SetMaskCount();
        SetVectorMask<T, MaskMode::COUNTER>(static_cast<int32_t>(call.count));
    }
}

void reset_register()
{
    SetMaskNorm();
    ResetMask();
}

} // namespace

// `...`: the call. T: what the mask counts.
#define REGISTERED(Name, T, ...) \
    static void Name##_##T##_registered(Call call); \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(Name##_##T##_registered, #Name " " #T " registered", Name##_##T##_registered) \
    static void Name##_##T##_registered(Call call) \
    { \
        Image image(call); \
        set_register<T>(call); \
        __VA_ARGS__; \
        reset_register(); \
    }
#define OF(T, operand) image.at<T>(call.operand)
#define ADD(T) \
    REGISTERED(Add, T, Add<T, false>(OF(T, dst), OF(T, src0), OF(T, src1), MASK_PLACEHOLDER, image.repeats(), image.binary()))
ADD(int16_t)
ADD(int32_t)
REGISTERED(Adds, float,
           Adds<float, false>(OF(float, dst), OF(float, src0), image.scalar<float>(), MASK_PLACEHOLDER, image.repeats(), image.unary()))
REGISTERED(Not, int16_t,
           Not<int16_t, false>(OF(int16_t, dst), OF(int16_t, src0), MASK_PLACEHOLDER, image.repeats(), image.unary()))
REGISTERED(Duplicate, uint32_t,
           Duplicate<uint32_t, false>(OF(uint32_t, dst), image.scalar<uint32_t>(), MASK_PLACEHOLDER, image.repeats(), STRIDED(call)))
REGISTERED(Cast, int64_t,
           Cast<int64_t, int32_t, false>(OF(int64_t, dst), OF(int32_t, src0), RoundMode::CAST_NONE, MASK_PLACEHOLDER_LIST, image.repeats(), image.unary()))
// The count says nothing.
REGISTERED(Muls, int32_t,
           Muls<int32_t, false>(OF(int32_t, dst), OF(int32_t, src0), image.scalar<int32_t>(), 1))
REGISTERED(Copy, int16_t,
           Copy<int16_t, false>(OF(int16_t, dst), OF(int16_t, src0), MASK_PLACEHOLDER, image.repeats(), image.copied()))
REGISTERED(Copy, float,
           Copy<float, false>(OF(float, dst), OF(float, src0), MASK_PLACEHOLDER_LIST, image.repeats(), image.copied()))
