// ReduceMax and ReduceMin over everything: the library's steps through a temporary tensor.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "reduce.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

// Elements of the temporary tensor that the steps overwrite, as the documentation counts them: the first step leaves a
// value and an index a repeat; to find the index, each later step needs room of its own.
// What a kernel must set aside (ReduceMax); the result itself is found in one step here.
inline uint64_t temporary_elements(uint64_t repeats, uint32_t element_bytes, bool index)
{
    const uint64_t per_repeat = kRepeatBytes / element_bytes;
    const uint64_t per_block = kBlockBytes / element_bytes;
    const auto blocks = [&](uint64_t elements) { return (elements + per_block - 1) / per_block * per_block; };
    if (repeats <= 1) {
        return index ? 0 : 2;
    }
    uint64_t step = 2 * repeats;
    uint64_t all = blocks(step);
    while (index && step > 2) {
        step = (step + per_repeat - 1) / per_repeat * 2;
        all += blocks(step);
    }
    return all;
}

// `place(repeat, element)` is the index of an element.
template <typename Op, typename T, typename Place>
void extreme_of_all(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src,
                    const LocalTensor<T> &temporary, const Lanes &lanes, uint32_t src_repeat, bool index, Site site,
                    Place place)
{
    static_assert(kFloating<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no reduction for this element type");
    VectorInstruction it(name, site, lanes);
    const Operand s = operand(src, 1, src_repeat);
    it.reads(lanes, s);
    Lane<T> found{0, T{}};
    bool any = false;
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const T value = it.core.ub.template load<T>(static_cast<uint32_t>(s.address(repeat, element)));
        // Of equal values the first, whose index is told.
        if (!any || (value != found.value && Op::of(value, found.value) == value)) {
            found = {place(repeat, element), value};
        }
        any = true;
    });
    if (!it.ok || !any) {
        return;
    }
    // A count is that of whole repeats, at least one; the rest is compared with their result.
    const uint64_t repeats = lanes.counted ? std::max<uint64_t>(lanes.count / lanes.per_repeat, 1) : lanes.repeats;
    const bool rest = lanes.counted && lanes.count > lanes.per_repeat && lanes.count % lanes.per_repeat != 0;
    const uint64_t elements = std::max<uint64_t>(temporary_elements(repeats, sizeof(T), index), rest ? 2 : 0);
    const auto used = static_cast<uint32_t>(elements * sizeof(T));
    if (used != 0) {
        const Operand t = operand(temporary);
        it.writes_less({t.view.address, used}, t, kBlockBytes);
        it.core.ub.mark(t.view.address, used, false); // what the steps leave is nobody's business
        std::memset(it.core.ub.data(t.view.address), 0xDB, used);
    }
    const LocalTensor<T> second = dst[1];
    if (index && found.element > std::numeric_limits<Index<T>>::max()) {
        it.core.report(ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, it.now, {}, found.element,
                       std::numeric_limits<Index<T>>::max());
    }
    const auto at = static_cast<Index<T>>(found.element);
    T stored;
    std::memcpy(&stored, &at, sizeof(T));
    if (repeats == 1 && !rest && index) {
        // One instruction gives both.
        const Operand d = operand(dst);
        it.writes_less({d.view.address, 2 * sizeof(T)}, d, 2 * sizeof(T));
        it.core.ub.store<T>(d.view.address, found.value);
        it.core.ub.store<T>(second.sim_view().address, stored);
        return;
    }
    store_result(name, dst, found.value, site);
    if (index) {
        store_result(name, second, stored, site);
    }
}

} // namespace sim

#define ASCENDC_SIM_EXTREME(Name, Op) \
    template <typename T> \
    void Name(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &sharedTmpBuffer, \
              const int32_t count, bool calIndex = 0, Site site = Site::here()) \
    { \
        sim::extreme_of_all<Op>(#Name, dst, src, sharedTmpBuffer, sim::Lanes::first(count, sizeof(T)), 8, calIndex, \
                                site, [](uint32_t, uint32_t element) { return element; }); \
    } \
    ASCENDC_SIM_EXTREME_MASKED(Name, Op, uint64_t mask[], bits) \
    ASCENDC_SIM_EXTREME_MASKED(Name, Op, int32_t mask, leading)
#define ASCENDC_SIM_EXTREME_MASKED(Name, Op, mask_parameter, of) \
    template <typename T> \
    void Name(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &sharedTmpBuffer, \
              const mask_parameter, const int32_t repeatTime, const int32_t srcRepStride, bool calIndex = 0, \
              Site site = Site::here()) \
    { \
        const sim::Lanes lanes = sim::Lanes::of(mask, sim::repeats(repeatTime), sizeof(T)); \
        const auto stride = static_cast<uint32_t>(srcRepStride); \
        sim::extreme_of_all<Op>(#Name, dst, src, sharedTmpBuffer, lanes, stride, calIndex, site, \
                                [stride](uint32_t repeat, uint32_t element) { \
                                    return repeat * stride * static_cast<uint32_t>(sim::kBlockBytes / sizeof(T)) + \
                                           element; \
                                }); \
    }
ASCENDC_SIM_EXTREME(ReduceMax, MaxOp)
ASCENDC_SIM_EXTREME(ReduceMin, MinOp)
#undef ASCENDC_SIM_EXTREME
#undef ASCENDC_SIM_EXTREME_MASKED

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
