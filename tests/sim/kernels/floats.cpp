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
UNARY(Exp, float)
UNARY(Ln, float)
UNARY(Sqrt, float)
UNARY(Rsqrt, float)
UNARY(Reciprocal, float)
UNARY(Relu, float)
UNARY(Relu, int32_t)

#define BINARY(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.binary(), AT(T, dst), AT(T, src0), AT(T, src1)) \
    }
BINARY(Div, float)
BINARY(AddRelu, float)
BINARY(AddRelu, int16_t)
BINARY(SubRelu, float)
BINARY(SubRelu, int16_t)
BINARY(MulAddDst, float)
BINARY(FusedMulAdd, float)

#define SCALAR(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.unary(), AT(T, dst), AT(T, src0), image.scalar<T>()) \
    }
SCALAR(LeakyRelu, float)
SCALAR(Axpy, float)

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
COMPARE(int32_t)
COMPARES(Compares, float)
COMPARES(CompareScalar, float)
COMPARES(Compares, int32_t)

// mode: where the second operand is from; the mask is at `scalar`, or with a scalar operand at src1.
INSTRUCTION(Select, float)
{
    Image image(call);
    const auto mode = static_cast<SELMODE>(call.mode);
    if (mode == SELMODE::VSEL_TENSOR_SCALAR_MODE) {
        FORMS(Select, image.binary(), AT(float, dst), AT(uint8_t, src1), AT(float, src0), image.scalar<float>(), mode)
    } else {
        FORMS(Select, image.binary(), AT(float, dst), AT(uint8_t, scalar), AT(float, src0), AT(float, src1), mode)
    }
}

// Through the register: the bits of a comparison, stored.
INSTRUCTION(CompareRegister, float)
{
    Image image(call);
    const auto mode = static_cast<CMPMODE>(call.mode);
    if (call.form == 1) {
        Compare(AT(float, src0), AT(float, src1), mode, image.mask(), image.binary());
    } else {
        Compare(AT(float, src0), AT(float, src1), mode, call.mask[0], image.binary());
    }
    PipeBarrier<PIPE_V>();
    GetCmpMask(AT(uint8_t, dst));
}

#define STRIDES static_cast<int32_t>(call.dst_repeat), static_cast<int32_t>(call.src0_block), static_cast<int32_t>(call.src0_repeat)
#define WHOLE(Name, ...) \
    INSTRUCTION(Name, float) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        if (call.form == 1) { \
            Name(AT(float, dst), AT(float, src0), image.mask(), repeats, STRIDES __VA_ARGS__); \
        } else { \
            Name(AT(float, dst), AT(float, src0), static_cast<int32_t>(call.mask[0]), repeats, STRIDES __VA_ARGS__); \
        } \
    }
#define ORDER , static_cast<ReduceOrder>(call.mode)
WHOLE(WholeReduceSum, )
WHOLE(WholeReduceMax, ORDER)
WHOLE(WholeReduceMin, ORDER)

#define PARTS(Name) \
    INSTRUCTION(Name, float) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        if (call.form == 1) { \
            Name(AT(float, dst), AT(float, src0), repeats, image.mask(), STRIDES); \
        } else { \
            Name(AT(float, dst), AT(float, src0), repeats, static_cast<int32_t>(call.mask[0]), STRIDES); \
        } \
    }
PARTS(BlockReduceSum)
PARTS(BlockReduceMax)
PARTS(BlockReduceMin)
PARTS(PairReduceSum)

// The temporary tensor is at src1.
INSTRUCTION(ReduceSum, float)
{
    Image image(call);
    const auto repeats = static_cast<int32_t>(call.repeats);
    const auto stride = static_cast<int32_t>(call.src0_repeat);
    if (call.form == 0) {
        ReduceSum(AT(float, dst), AT(float, src0), AT(float, src1), static_cast<int32_t>(call.count));
    } else if (call.form == 1) {
        ReduceSum(AT(float, dst), AT(float, src0), AT(float, src1), image.mask(), repeats, stride);
    } else {
        ReduceSum(AT(float, dst), AT(float, src0), AT(float, src1), static_cast<int32_t>(call.mask[0]), repeats, stride);
    }
}

// mode: with the index. The temporary tensor is at src1.
#define EXTREME(Name) \
    INSTRUCTION(Name, float) \
    { \
        Image image(call); \
        const auto repeats = static_cast<int32_t>(call.repeats); \
        const auto stride = static_cast<int32_t>(call.src0_repeat); \
        const bool index = call.mode == 1; \
        if (call.form == 0) { \
            Name(AT(float, dst), AT(float, src0), AT(float, src1), static_cast<int32_t>(call.count), index); \
        } else if (call.form == 1) { \
            Name(AT(float, dst), AT(float, src0), AT(float, src1), image.mask(), repeats, stride, index); \
        } else { \
            Name(AT(float, dst), AT(float, src0), AT(float, src1), static_cast<int32_t>(call.mask[0]), repeats, stride, index); \
        } \
        if (call.form == 0 && call.count == 0) { \
            return; \
        } \
        PipeBarrier<PIPE_V>(); /* what the steps leave has no value */ \
        Duplicate(AT(float, src1), 0.0f, 1024); \
    }
EXTREME(ReduceMax)
EXTREME(ReduceMin)
