// One kernel per instruction and element type, named "Add int32_t" and so on: loads a UB image from GM, executes one call
// on it in one of its forms, and stores the whole image back. tests/truth computes what must be in it.
#include "image.h"

using namespace image;

#define BINARY(Name, T, symbol) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        LocalTensor<T> dst = image.at<T>(call.dst), src0 = image.at<T>(call.src0), src1 = image.at<T>(call.src1); \
        if (call.form == 3) { \
            dst.SetSize(static_cast<uint32_t>(call.count)); \
            BINARY_##symbol(dst, src0, src1); \
        } else { \
            FORMS(Name, image.binary(), dst, src0, src1) \
        } \
    }
#define BINARY_plus(dst, a, b) dst = a + b
#define BINARY_minus(dst, a, b) dst = a - b
#define BINARY_times(dst, a, b) dst = a *b
#define BINARY_and(dst, a, b) dst = a & b
#define BINARY_or(dst, a, b) dst = a | b
#define BINARY_none(dst, a, b) (void)0

#define FOR_ARITHMETIC(M, Name, ...) M(Name, int16_t, __VA_ARGS__) M(Name, int32_t, __VA_ARGS__) M(Name, float, __VA_ARGS__) M(Name, half, __VA_ARGS__)
FOR_ARITHMETIC(BINARY, Add, plus)
FOR_ARITHMETIC(BINARY, Sub, minus)
FOR_ARITHMETIC(BINARY, Mul, times)
FOR_ARITHMETIC(BINARY, Max, none)
FOR_ARITHMETIC(BINARY, Min, none)
BINARY(And, int16_t, and)
BINARY(And, uint16_t, and)
BINARY(Or, int16_t, or)
BINARY(Or, uint16_t, or)

// 32-bit And and Or have the count form alone.
#define BINARY_COUNTED(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        Name(image.at<T>(call.dst), image.at<T>(call.src0), image.at<T>(call.src1), static_cast<int32_t>(call.count)); \
    }
BINARY_COUNTED(And, int32_t)
BINARY_COUNTED(Or, uint32_t)

#define SCALAR(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.unary(), image.at<T>(call.dst), image.at<T>(call.src0), image.scalar<T>()) \
    }
#define FOR_SHIFTS(M, Name) M(Name, int16_t, ) M(Name, uint16_t, ) M(Name, int32_t, ) M(Name, uint32_t, )
FOR_ARITHMETIC(SCALAR, Adds, )
FOR_ARITHMETIC(SCALAR, Muls, )
FOR_ARITHMETIC(SCALAR, Maxs, )
FOR_ARITHMETIC(SCALAR, Mins, )
FOR_SHIFTS(SCALAR, ShiftLeft)
FOR_SHIFTS(SCALAR, ShiftRight)

// mode 1: rounding; without a count form.
#define ROUNDED(Name, T, unused) \
    INSTRUCTION(Rounded##Name, T) \
    { \
        Image image(call); \
        if (call.form == 1) { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), image.scalar<T>(), image.mask(), image.repeats(), image.unary(), call.mode == 1); \
        } else { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), image.scalar<T>(), call.mask[0], image.repeats(), image.unary(), call.mode == 1); \
        } \
    }
FOR_SHIFTS(ROUNDED, ShiftRight)

#define NOT(T) \
    INSTRUCTION(Not, T) \
    { \
        Image image(call); \
        FORMS(Not, image.unary(), image.at<T>(call.dst), image.at<T>(call.src0)) \
    }
NOT(int16_t)
NOT(uint16_t)

#define DUPLICATE(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, STRIDED(call), image.at<T>(call.dst), image.scalar<T>()) \
    }
FOR_SHIFTS(DUPLICATE, Duplicate)
DUPLICATE(Duplicate, float, )
DUPLICATE(Duplicate, half, )
DUPLICATE(Duplicate, bfloat16_t, )

#define INDEX(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        LocalTensor<T> dst = image.at<T>(call.dst); \
        if (call.form == 0) { \
            Name(dst, image.scalar<T>(), static_cast<uint32_t>(call.count)); \
        } else if (call.form == 1) { \
            Name(dst, image.scalar<T>(), image.mask(), image.repeats(), STRIDED(call)); \
        } else { \
            Name(dst, image.scalar<T>(), call.mask[0], image.repeats(), STRIDED(call)); \
        } \
    }
FOR_ARITHMETIC(INDEX, CreateVecIndex, )

#define CAST(Name, To, From) \
    INSTRUCTION(Name, To) \
    { \
        Image image(call); \
        const auto mode = static_cast<RoundMode>(call.mode & 15); \
        FORMS(Cast, image.unary(), image.at<To>(call.dst), image.at<From>(call.src0), mode) \
    }
CAST(Cast_int32_t, int64_t, int32_t)
CAST(Cast_int64_t, int32_t, int64_t)
CAST(Cast_int32_t, float, int32_t)
CAST(Cast_float, int32_t, float)
CAST(Cast_int64_t, float, int64_t)
CAST(Cast_float, int64_t, float)
CAST(Cast_float, int16_t, float)
CAST(Cast_float, float, float)
CAST(Cast_int16_t, float, int16_t)
CAST(Cast_int32_t, int16_t, int32_t)
CAST(Cast_float, half, float)
CAST(Cast_float, bfloat16_t, float)
CAST(Cast_int8_t, half, int8_t)
CAST(Cast_uint8_t, half, uint8_t)
CAST(Cast_int16_t, half, int16_t)
CAST(Cast_half, float, half)
CAST(Cast_half, int8_t, half)
CAST(Cast_half, uint8_t, half)
CAST(Cast_half, int16_t, half)
CAST(Cast_half, int32_t, half)
CAST(Cast_bfloat16_t, float, bfloat16_t)
CAST(Cast_bfloat16_t, int32_t, bfloat16_t)

#define GATHER(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto base = static_cast<uint32_t>(call.mode); \
        const auto stride = static_cast<uint16_t>(call.dst_repeat); \
        const LocalTensor<uint32_t> offsets = image.at<uint32_t>(call.src1); \
        FORMS(Name, stride, image.at<T>(call.dst), image.at<T>(call.src0), offsets, base) \
    }
GATHER(Gather, int16_t)
GATHER(Gather, uint16_t)
GATHER(Gather, int32_t)
GATHER(Gather, uint32_t)
GATHER(Gather, float)
GATHER(Gather, half)
GATHER(Gather, bfloat16_t)
GATHER(Gather, int64_t)

// mode: 1 to 7 a built-in pattern, 0 the tensor at src1; form 0: normal mode, 1: counter mode of `count` elements.
#define GATHER_MASK(Name, T, U) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const GatherMaskParams params{static_cast<uint8_t>(call.src0_block), static_cast<uint16_t>(call.repeats), \
                                      static_cast<uint16_t>(call.src0_repeat), static_cast<uint8_t>(call.src1_repeat)}; \
        const bool counter = call.form == 1; \
        const auto mask = static_cast<uint32_t>(counter ? call.count : 0); \
        uint64_t kept = 0; \
        if (call.mode == 0) { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), image.at<U>(call.src1), counter, mask, params, kept); \
        } else { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), static_cast<uint8_t>(call.mode), counter, mask, params, kept); \
        } \
        PipeBarrier<PIPE_ALL>(); \
        image.note(kept); \
    }
GATHER_MASK(GatherMask, int16_t, uint16_t)
GATHER_MASK(GatherMask, uint16_t, uint16_t)
GATHER_MASK(GatherMask, int32_t, uint32_t)
GATHER_MASK(GatherMask, uint32_t, uint32_t)
GATHER_MASK(GatherMask, float, uint32_t)
GATHER_MASK(GatherMask, half, uint16_t)
GATHER_MASK(GatherMask, bfloat16_t, uint16_t)

// Within UB. form 0: count, 1: blocks of `src1_block` times 32 bytes.
#define COPY_UB(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto u16 = [](uint64_t value) { return static_cast<uint16_t>(value); }; \
        if (call.form == 0) { \
            DataCopy(image.at<T>(call.dst), image.at<T>(call.src0), static_cast<uint32_t>(call.count)); \
        } else { \
            const DataCopyParams params(u16(call.repeats), u16(call.src1_block), u16(call.src0_repeat), u16(call.dst_repeat)); \
            DataCopy(image.at<T>(call.dst), image.at<T>(call.src0), params); \
        } \
    }
COPY_UB(CopyUb, int32_t)
COPY_UB(CopyUb, int64_t)
COPY_UB(CopyUb, bfloat16_t)
