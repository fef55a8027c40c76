// The forms of an elementwise instruction: the first `count` elements, and masked repeats by mask bits or by a number
// of leading elements. The macros serve the headers beside this one.
#pragma once

#include "vector.h"

// A form with its own template parameters and operands (in parentheses); `call` sees `lanes` and `repeatParams`.
// `set_mask`: whether the call sets the mask register; one that does not works on what the register says.
#define ASCENDC_SIM_COUNT_FORM(Name, Parameters, Operands, Strides, set_mask, supported, call) \
    template <ASCENDC_SIM_LIST Parameters> \
    void Name(ASCENDC_SIM_LIST Operands, const int32_t &count, Site site = Site::here()) \
    { \
        static_assert(supported, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no " #Name " for this element type"); \
        const Strides repeatParams; \
        const sim::Lanes lanes = sim::Lanes::first<set_mask>(count, sizeof(T)); \
        call; \
    }
#define ASCENDC_SIM_MASK_FORMS(Name, Parameters, Operands, Strides, Last, supported, call) \
    ASCENDC_SIM_MASK_FORM(Name, Parameters, Operands, uint64_t mask[], bits, Strides, Last, supported, call) \
    ASCENDC_SIM_MASK_FORM(Name, Parameters, Operands, uint64_t mask, leading, Strides, Last, supported, call)
// `Last`: parameters behind the strides, each with a comma before it.
#define ASCENDC_SIM_MASK_FORM(Name, Parameters, Operands, mask_parameter, of, Strides, Last, supported, call) \
    template <ASCENDC_SIM_LIST Parameters> \
    void Name(ASCENDC_SIM_LIST Operands, mask_parameter, const uint8_t repeatTime, \
              const Strides &repeatParams ASCENDC_SIM_LIST Last, Site site = Site::here()) \
    { \
        static_assert(supported, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no " #Name " for this element type"); \
        const sim::Lanes lanes = sim::Lanes::of<isSetMask>(mask, repeatTime, sizeof(T)); \
        call; \
    }
#define ASCENDC_SIM_LIST(...) __VA_ARGS__

// dst = f(src0, src1), one type; `call` does it.
#define ASCENDC_SIM_BINARY_FORMS(Name, counted, masked, call) \
    ASCENDC_SIM_COUNT_FORM(Name, (typename T), ASCENDC_SIM_TWO, BinaryRepeatParams, true, counted, call) \
    ASCENDC_SIM_MASK_FORMS(Name, (typename T, bool isSetMask = true), ASCENDC_SIM_TWO, BinaryRepeatParams, (), masked, \
                           call)
#define ASCENDC_SIM_TWO (const LocalTensor<T> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1)

// dst = formula of `value`, an element of src.
#define ASCENDC_SIM_UNARY_FORMS(Name, supported, formula) \
    ASCENDC_SIM_COUNT_FORM(Name, (typename T), ASCENDC_SIM_ONE, UnaryRepeatParams, true, supported, \
                           ASCENDC_SIM_UNARY(Name, formula)) \
    ASCENDC_SIM_MASK_FORMS(Name, (typename T, bool isSetMask = true), ASCENDC_SIM_ONE, UnaryRepeatParams, (), \
                           supported, ASCENDC_SIM_UNARY(Name, formula))
#define ASCENDC_SIM_ONE (const LocalTensor<T> &dst, const LocalTensor<T> &src)
#define ASCENDC_SIM_UNARY(Name, formula) \
    (sim::unary(#Name, dst, src, lanes, repeatParams, site, [&](T value) { return formula; }))

// With a scalar operand, of the element type or of a type U that is told and must be the same; `formula` uses `value`
// and `scalarValue`.
#define ASCENDC_SIM_SCALAR_FORMS(Name, Last, supported, formula) \
    ASCENDC_SIM_SCALAR_FORMS_OF(Name, T, (typename T, bool isSetMask = true), Last, supported, formula) \
    ASCENDC_SIM_SCALAR_FORMS_OF( \
        Name, U, (typename T, typename U, bool isSetMask = true, std::enable_if_t<std::is_same_v<T, U>, bool> = true), \
        Last, supported, formula)
#define ASCENDC_SIM_SCALAR_FORMS_OF(Name, Scalar, Parameters, Last, supported, formula) \
    ASCENDC_SIM_COUNT_FORM(Name, Parameters, ASCENDC_SIM_AND(Scalar), UnaryRepeatParams, isSetMask, supported, \
                           ASCENDC_SIM_UNARY(Name, formula)) \
    ASCENDC_SIM_MASK_FORMS(Name, Parameters, ASCENDC_SIM_AND(Scalar), UnaryRepeatParams, Last, supported, \
                           ASCENDC_SIM_UNARY(Name, formula))
#define ASCENDC_SIM_AND(Scalar) (const LocalTensor<T> &dst, const LocalTensor<T> &src, const Scalar &scalarValue)

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

// dst = f(src).
template <typename T, typename F>
void unary(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
           const UnaryRepeatParams &strides, Site site, F f)
{
    VectorInstruction it(name, site, lanes);
    const Operand s = operand(src, strides.srcBlkStride, strides.srcRepStride);
    const Operand d = operand(dst, strides.dstBlkStride, strides.dstRepStride);
    it.reads(lanes, s);
    it.writes(lanes, d);
    if (it.ok) {
        auto &ub = it.core.ub;
        each_element(
            lanes, [&](uint32_t to, uint32_t from) { ub.store<T>(to, f(ub.load<T>(from))); }, d, s);
    }
}

} // namespace sim
} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
