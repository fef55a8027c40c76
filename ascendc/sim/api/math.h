// Elementwise instructions on floating-point numbers: Abs, Relu, Exp, Ln, Sqrt, Rsqrt, Reciprocal, Div, LeakyRelu,
// Axpy, MulAddDst, FusedMulAdd; and AddRelu, SubRelu.
//
// Each result is the number nearest to what the formula gives. A device's Exp, Ln, Rsqrt and Reciprocal are
// approximate.
#pragma once

#include <cmath>
#include <cstdint>

#include "arithmetic.h"
#include "forms.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

template <typename T>
T relu(T value)
{
    return value > T{} ? value : T{};
}

} // namespace sim

#define ASCENDC_SIM_FLOAT(Name, formula) \
    ASCENDC_SIM_UNARY_FORMS(Name, sim::kFloating<T>, sim::result<T>([](double x) { return formula; }(sim::wide(value))))
ASCENDC_SIM_FLOAT(Abs, std::fabs(x))
ASCENDC_SIM_FLOAT(Exp, std::exp(x))
ASCENDC_SIM_FLOAT(Ln, std::log(x))
ASCENDC_SIM_FLOAT(Sqrt, std::sqrt(x))
ASCENDC_SIM_FLOAT(Rsqrt, 1 / std::sqrt(x))
ASCENDC_SIM_FLOAT(Reciprocal, 1 / x)
#undef ASCENDC_SIM_FLOAT
ASCENDC_SIM_UNARY_FORMS(Relu, (sim::kFloating<T> || std::is_same_v<T, int32_t>), sim::relu(value))
ASCENDC_SIM_SCALAR_FORMS(LeakyRelu, (), sim::kFloating<T>, (value < T{} ? MulOp::of(value, scalarValue) : value))

struct DivOp : ArithmeticOp {
    static constexpr const char *kName = "Div";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(a) / sim::wide(b));
    }
};

struct AddReluOp : ArithmeticOp {
    static constexpr const char *kName = "AddRelu";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::relu(AddOp::of(a, b));
    }
};

struct SubReluOp : ArithmeticOp {
    static constexpr const char *kName = "SubRelu";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::relu(SubOp::of(a, b));
    }
};

#define ASCENDC_SIM_BINARY(Name, supported) \
    ASCENDC_SIM_BINARY_FORMS(Name, (supported), (supported), \
                             (sim::binary<Name##Op>(dst, src0, src1, lanes, repeatParams, site)))
ASCENDC_SIM_BINARY(Div, sim::kFloating<T>)
ASCENDC_SIM_BINARY(AddRelu, (sim::kFloating<T> || std::is_same_v<T, int16_t>))
ASCENDC_SIM_BINARY(SubRelu, (sim::kFloating<T> || std::is_same_v<T, int16_t>))
#undef ASCENDC_SIM_BINARY

namespace sim {

// Halves into floats, too, which keep the sum's bits.
template <typename T, typename U = T>
constexpr bool kAccumulates = kFloating<T> && kFloating<U> && sizeof(T) >= sizeof(U);

// dst = f(dst, src0[, src1]), where dst may be wider than the sources: a mask counts its elements.
template <typename T, typename U, typename F, typename... Sources>
void accumulate(const char *name, const LocalTensor<T> &dst, uint32_t dst_block, uint32_t dst_repeat,
                const Lanes &lanes, Site site, F f, const Sources &...sources)
{
    VectorInstruction it(name, site, lanes);
    const Operand d = operand(dst, dst_block, dst_repeat);
    (it.reads(lanes, sources), ...);
    it.reads(lanes, d);
    it.writes(lanes, d);
    if (it.ok) {
        auto &ub = it.core.ub;
        each_element(
            lanes, [&](uint32_t to, auto... from) { ub.store<T>(to, f(ub.load<T>(to), ub.load<U>(from)...)); }, d,
            sources...);
    }
}

// One rounding, as of a fused instruction. A double has room for a product of halves and all of a sum that matters.
template <typename T>
T multiply_add(float a, float b, float c)
{
    if constexpr (kFloat16<T>) {
        return result<T>(static_cast<double>(a) * b + c);
    } else {
        return std::fma(a, b, c);
    }
}

template <typename T, typename U>
void axpy(const LocalTensor<T> &dst, const LocalTensor<U> &src, U scalar, const Lanes &lanes,
          const UnaryRepeatParams &strides, Site site)
{
    accumulate<T, U>(
        "Axpy", dst, strides.dstBlkStride, strides.dstRepStride, lanes, site,
        [&](T sum, U value) { return multiply_add<T>(value, scalar, sum); },
        operand(src, strides.srcBlkStride, strides.srcRepStride));
}

// dst = src0 * src1 + dst.
template <typename T, typename U>
void mul_add_dst(const LocalTensor<T> &dst, const LocalTensor<U> &src0, const LocalTensor<U> &src1, const Lanes &lanes,
                 const BinaryRepeatParams &strides, Site site)
{
    accumulate<T, U>(
        "MulAddDst", dst, strides.dstBlkStride, strides.dstRepStride, lanes, site,
        [](T sum, U a, U b) { return multiply_add<T>(a, b, sum); },
        operand(src0, strides.src0BlkStride, strides.src0RepStride),
        operand(src1, strides.src1BlkStride, strides.src1RepStride));
}

// dst = src0 * dst + src1.
template <typename T>
void fused_mul_add(const LocalTensor<T> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1,
                   const Lanes &lanes, const BinaryRepeatParams &strides, Site site)
{
    accumulate<T, T>(
        "FusedMulAdd", dst, strides.dstBlkStride, strides.dstRepStride, lanes, site,
        [](T product, T a, T b) { return multiply_add<T>(a, product, b); },
        operand(src0, strides.src0BlkStride, strides.src0RepStride),
        operand(src1, strides.src1BlkStride, strides.src1RepStride));
}

} // namespace sim

ASCENDC_SIM_COUNT_FORM(Axpy, (typename T, typename U),
                       (const LocalTensor<T> &dst, const LocalTensor<U> &src, const U &scalarValue), UnaryRepeatParams,
                       true, (sim::kAccumulates<T, U>), (sim::axpy(dst, src, scalarValue, lanes, repeatParams, site)))
ASCENDC_SIM_MASK_FORMS(Axpy, (typename T, typename U, bool isSetMask = true),
                       (const LocalTensor<T> &dst, const LocalTensor<U> &src, const U &scalarValue), UnaryRepeatParams,
                       (), (sim::kAccumulates<T, U>), (sim::axpy(dst, src, scalarValue, lanes, repeatParams, site)))
ASCENDC_SIM_COUNT_FORM(MulAddDst, (typename T, typename U),
                       (const LocalTensor<T> &dst, const LocalTensor<U> &src0, const LocalTensor<U> &src1),
                       BinaryRepeatParams, true, (sim::kAccumulates<T, U>),
                       (sim::mul_add_dst(dst, src0, src1, lanes, repeatParams, site)))
ASCENDC_SIM_MASK_FORMS(MulAddDst, (typename T, typename U, bool isSetMask = true),
                       (const LocalTensor<T> &dst, const LocalTensor<U> &src0, const LocalTensor<U> &src1),
                       BinaryRepeatParams, (), (sim::kAccumulates<T, U>),
                       (sim::mul_add_dst(dst, src0, src1, lanes, repeatParams, site)))
ASCENDC_SIM_BINARY_FORMS(FusedMulAdd, sim::kAccumulates<T>, sim::kAccumulates<T>,
                         (sim::fused_mul_add(dst, src0, src1, lanes, repeatParams, site)))

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
