// The instructions of floating-point numbers, comparisons and reductions, named as in instructions.cpp.
#include "image.h"

using namespace image;

#define AT(T, operand) image.at<T>(call.operand)

#define UNARY(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.unary(), AT(T, dst), AT(T, src0)) \
    }
UNARY(Abs, float)
UNARY(Abs, half)
UNARY(Exp, float)
UNARY(Exp, half)
UNARY(Ln, float)
UNARY(Ln, half)
UNARY(Sqrt, float)
UNARY(Sqrt, half)
UNARY(Rsqrt, float)
UNARY(Rsqrt, half)
UNARY(Reciprocal, float)
UNARY(Reciprocal, half)
UNARY(Relu, float)
UNARY(Relu, half)
UNARY(Relu, int32_t)

#define BINARY(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.binary(), AT(T, dst), AT(T, src0), AT(T, src1)) \
    }
BINARY(Div, float)
BINARY(Div, half)
BINARY(AddRelu, float)
BINARY(AddRelu, half)
BINARY(AddRelu, int16_t)
BINARY(SubRelu, float)
BINARY(SubRelu, half)
BINARY(SubRelu, int16_t)
BINARY(MulAddDst, float)
BINARY(MulAddDst, half)
BINARY(FusedMulAdd, float)
BINARY(FusedMulAdd, half)

#define SCALAR(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.unary(), AT(T, dst), AT(T, src0), image.scalar<T>()) \
    }
SCALAR(LeakyRelu, float)
SCALAR(LeakyRelu, half)
SCALAR(Axpy, float)
SCALAR(Axpy, half)

// Sources of half, a destination of float; the scalar is a half.
INSTRUCTION(AxpyOfHalf, float)
{
    Image image(call);
    FORMS(Axpy, image.unary(), AT(float, dst), AT(half, src0), image.scalar<half>())
}
INSTRUCTION(MulAddDstOfHalf, float)
{
    Image image(call);
    FORMS(MulAddDst, image.binary(), AT(float, dst), AT(half, src0), AT(half, src1))
}

// mode: which comparison.
#define COMPARE(T) \
    INSTRUCTION(Compare, T) \
    { \
        Image image(call); \
        const auto mode = static_cast<CMPMODE>(call.mode); \
        FORMS(Compare, image.binary(), AT(uint8_t, dst), AT(T, src0), AT(T, src1), mode) \
    }
#define COMPARES(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto mode = static_cast<CMPMODE>(call.mode); \
        FORMS(Name, image.unary(), AT(uint8_t, dst), AT(T, src0), image.scalar<T>(), mode) \
    }
COMPARE(float)
COMPARE(half)
COMPARE(int32_t)
COMPARES(Compares, float)
COMPARES(Compares, half)
COMPARES(CompareScalar, float)
COMPARES(CompareScalar, half)
COMPARES(Compares, int32_t)

// mode: where the second operand is from; the mask is at `scalar`, or with a scalar operand at src1.
#define SELECT(T) \
    INSTRUCTION(Select, T) \
    { \
        Image image(call); \
        const auto mode = static_cast<SELMODE>(call.mode); \
        if (mode == SELMODE::VSEL_TENSOR_SCALAR_MODE) { \
            FORMS(Select, image.binary(), AT(T, dst), AT(uint8_t, src1), AT(T, src0), image.scalar<T>(), mode) \
        } else { \
            FORMS(Select, image.binary(), AT(T, dst), AT(uint8_t, scalar), AT(T, src0), AT(T, src1), mode) \
        } \
    }
SELECT(float)
SELECT(half)

// Through the register: the bits of a comparison, stored.
#define COMPARE_REGISTER(T) \
    INSTRUCTION(CompareRegister, T) \
    { \
        Image image(call); \
        const auto mode = static_cast<CMPMODE>(call.mode); \
        if (call.form == 1) { \
            Compare(AT(T, src0), AT(T, src1), mode, image.mask(), image.binary()); \
        } else { \
            Compare(AT(T, src0), AT(T, src1), mode, call.mask[0], image.binary()); \
        } \
        PipeBarrier<PIPE_V>(); \
        GetCmpMask(AT(uint8_t, dst)); \
    }
COMPARE_REGISTER(float)
COMPARE_REGISTER(half)

#define STRIDES static_cast<int32_t>(call.dst_repeat), static_cast<int32_t>(call.src0_block), static_cast<int32_t>(call.src0_repeat)
#define WHOLE(Name, T, ...) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        if (call.form == 1) { \
            Name(AT(T, dst), AT(T, src0), image.mask(), repeats, STRIDES __VA_ARGS__); \
        } else { \
            Name(AT(T, dst), AT(T, src0), static_cast<int32_t>(call.mask[0]), repeats, STRIDES __VA_ARGS__); \
        } \
    }
#define ORDER , static_cast<ReduceOrder>(call.mode)
#define WHOLES(T) WHOLE(WholeReduceSum, T, ) WHOLE(WholeReduceMax, T, ORDER) WHOLE(WholeReduceMin, T, ORDER)
WHOLES(float)
WHOLES(half)

#define PARTS(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        if (call.form == 1) { \
            Name(AT(T, dst), AT(T, src0), repeats, image.mask(), STRIDES); \
        } else { \
            Name(AT(T, dst), AT(T, src0), repeats, static_cast<int32_t>(call.mask[0]), STRIDES); \
        } \
    }
#define ALL_PARTS(T) PARTS(BlockReduceSum, T) PARTS(BlockReduceMax, T) PARTS(BlockReduceMin, T) PARTS(PairReduceSum, T)
ALL_PARTS(float)
ALL_PARTS(half)

// The same by their newer names, as "ReduceRepeatSUM float" and so on.
#define TYPED(Name, kind, T, ...) \
    INSTRUCTION(Name##kind, T) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        if (call.form == 1) { \
            Name<ReduceType::kind, T>(AT(T, dst), AT(T, src0), image.mask(), repeats, STRIDES __VA_ARGS__); \
        } else { \
            Name<ReduceType::kind, T>(AT(T, dst), AT(T, src0), static_cast<int32_t>(call.mask[0]), repeats, STRIDES __VA_ARGS__); \
        } \
    }
#define ALL_TYPED(T) \
    TYPED(ReduceRepeat, SUM, T, ) TYPED(ReduceRepeat, MAX, T, ORDER) TYPED(ReduceRepeat, MIN, T, ORDER) \
    TYPED(ReduceDataBlock, SUM, T, ) TYPED(ReduceDataBlock, MAX, T, ) TYPED(ReduceDataBlock, MIN, T, ) \
    TYPED(ReducePairElem, SUM, T, )
ALL_TYPED(float)
ALL_TYPED(half)

// The register of the sum goes to the last bytes of the image, the temporary tensor is at src1.
#define SUMMED(T) \
    INSTRUCTION(GetReduceRepeatSumSpr, T) \
    { \
        Image image(call); \
        ReduceSum(AT(T, dst), AT(T, src0), AT(T, src1), static_cast<int32_t>(call.count)); \
        const T sum = GetReduceRepeatSumSpr<T>(); \
        uint64_t bits = 0; \
        memcpy(&bits, &sum, sizeof(T)); \
        image.note(bits | static_cast<uint64_t>(GetAccVal()) << 32); \
    }
SUMMED(float)
SUMMED(half)

// The temporary tensor is at src1.
#define REDUCE_SUM(T) \
    INSTRUCTION(ReduceSum, T) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        const auto stride = static_cast<int32_t>(call.src0_repeat); \
        if (call.form == 0) { \
            ReduceSum(AT(T, dst), AT(T, src0), AT(T, src1), static_cast<int32_t>(call.count)); \
        } else if (call.form == 1) { \
            ReduceSum(AT(T, dst), AT(T, src0), AT(T, src1), image.mask(), repeats, stride); \
        } else { \
            ReduceSum(AT(T, dst), AT(T, src0), AT(T, src1), static_cast<int32_t>(call.mask[0]), repeats, stride); \
        } \
    }
REDUCE_SUM(float)
REDUCE_SUM(half)

// mode: with the index. The temporary tensor is at src1.
#define EXTREME(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        const auto stride = static_cast<int32_t>(call.src0_repeat); \
        const bool index = call.mode == 1; \
        if (call.form == 0) { \
            Name(AT(T, dst), AT(T, src0), AT(T, src1), static_cast<int32_t>(call.count), index); \
        } else if (call.form == 1) { \
            Name(AT(T, dst), AT(T, src0), AT(T, src1), image.mask(), repeats, stride, index); \
        } else { \
            Name(AT(T, dst), AT(T, src0), AT(T, src1), static_cast<int32_t>(call.mask[0]), repeats, stride, index); \
        } \
        if (call.form == 0 && call.count == 0) { \
            return; \
        } \
        PipeBarrier<PIPE_V>(); /* what the steps leave has no value */ \
        Duplicate(AT(T, src1), static_cast<T>(0.0f), 4096 / sizeof(T)); \
    }
EXTREME(ReduceMax, float)
EXTREME(ReduceMin, float)
EXTREME(ReduceMax, half)
EXTREME(ReduceMin, half)
