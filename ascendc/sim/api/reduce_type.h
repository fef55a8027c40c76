// The reductions of a repeat, a block and a pair under the names that take what to do as a template argument.
#pragma once

#include <cstdint>
#include <type_traits>

#include "reduce.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

template <ReduceType kind, typename T>
void reduce_repeat(const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes, int32_t dst_repeat,
                   int32_t src_block, int32_t src_repeat, ReduceOrder order, Site site)
{
    static_assert(kind != ReduceType::NONE, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no ReduceRepeat<NONE>");
    if constexpr (kind == ReduceType::SUM) {
        whole_sum("ReduceRepeat", dst, src, lanes, dst_repeat, src_block, src_repeat, site);
    } else {
        using Op = std::conditional_t<kind == ReduceType::MAX, MaxOp, MinOp>;
        whole_extreme<Op>("ReduceRepeat", dst, src, lanes, dst_repeat, src_block, src_repeat, order, site);
    }
}

template <ReduceType kind, typename T>
void reduce_block(const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes, int32_t dst_repeat,
                  int32_t src_block, int32_t src_repeat, Site site)
{
    static_assert(kind != ReduceType::NONE, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no ReduceDataBlock<NONE>");
    block_of<kind>("ReduceDataBlock", dst, src, lanes, dst_repeat, src_block, src_repeat, site);
}

template <ReduceType kind, typename T>
void reduce_pair(const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes, int32_t dst_repeat,
                 int32_t src_block, int32_t src_repeat, Site site)
{
    static_assert(kind == ReduceType::SUM, "ascendc/sim: ReducePairElem adds up and does nothing else");
    pair_sum("ReducePairElem", dst, src, lanes, dst_repeat, src_block, src_repeat, site);
}

} // namespace sim

// U is the source's type: another than T is of other arches.
#define ASCENDC_SIM_REDUCE_FORM(Name, function, mask_parameter, of, Order, order) \
    template <ReduceType reduceType, typename T, typename U, bool isSetMask = true> \
    void Name(const LocalTensor<T> &dst, const LocalTensor<U> &src, const mask_parameter, const int32_t repeatTime, \
              const int32_t dstRepStride, const int32_t srcBlkStride, \
              const int32_t srcRepStride ASCENDC_SIM_LIST Order, Site site = Site::here()) \
    { \
        static_assert(std::is_same_v<T, U>, \
                      "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no " #Name " from one type to another"); \
        const sim::Lanes lanes = sim::Lanes::of<isSetMask>(mask, sim::repeats(repeatTime), sizeof(T)); \
        sim::function<reduceType, T>(dst, src, lanes, dstRepStride, srcBlkStride, srcRepStride ASCENDC_SIM_LIST order, \
                                     site); \
    }
#define ASCENDC_SIM_REDUCE_FORMS(Name, function, Order, order) \
    ASCENDC_SIM_REDUCE_FORM(Name, function, uint64_t mask[], bits, Order, order) \
    ASCENDC_SIM_REDUCE_FORM(Name, function, int32_t mask, leading, Order, order)
ASCENDC_SIM_REDUCE_FORMS(ReduceRepeat, reduce_repeat, (, ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX), (, order))
ASCENDC_SIM_REDUCE_FORMS(ReduceDataBlock, reduce_block, (), ())
ASCENDC_SIM_REDUCE_FORMS(ReducePairElem, reduce_pair, (), ())
#undef ASCENDC_SIM_REDUCE_FORM
#undef ASCENDC_SIM_REDUCE_FORMS

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
