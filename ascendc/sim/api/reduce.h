// Reductions of a repeat, of a block, of a pair, and ReduceSum over all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "arithmetic.h"
#include "forms.h"
#include "pipe.h"
#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class ReduceType { NONE = -1, SUM = 0, MAX, MIN };

enum class ReduceOrder : uint8_t { ORDER_VALUE_INDEX = 0, ORDER_INDEX_VALUE, ORDER_ONLY_VALUE, ORDER_ONLY_INDEX };

namespace sim {

// An element of a repeat that a mask has.
template <typename T>
struct Lane {
    uint32_t element;
    T value;
};

// Neighbours added two by two, as the device does; the places of `lanes` that are not there add nothing.
// The order decides the last bits of a float's sum, so it is kept; README.md warns against relying on them.
template <typename T>
T tree_sum(const std::vector<Lane<T>> &lanes, uint32_t first, uint32_t places)
{
    std::vector<T> sums(places, T{});
    for (const Lane<T> &lane : lanes) {
        if (lane.element >= first && lane.element - first < places) {
            sums[lane.element - first] = lane.value;
        }
    }
    for (uint32_t left = places; left > 1; left /= 2) {
        for (uint32_t i = 0; i < left / 2; ++i) {
            sums[i] = AddOp::of(sums[2 * i], sums[2 * i + 1]);
        }
    }
    return sums[0];
}

// The lane with the largest or smallest value, of equal ones the first.
template <typename Op, typename T>
Lane<T> extreme(const std::vector<Lane<T>> &lanes, uint32_t first, uint32_t places)
{
    Lane<T> found{~uint32_t{0}, T{}};
    for (const Lane<T> &lane : lanes) {
        const bool inside = lane.element >= first && lane.element - first < places;
        if (inside && (found.element == ~uint32_t{0} ||
                       (lane.value != found.value && Op::of(lane.value, found.value) == lane.value))) {
            found = lane;
        }
    }
    return found;
}

// What such an instruction writes: how far apart the results of two repeats are, and what the first must be aligned to.
struct Results {
    uint64_t pitch; // bytes
    uint32_t alignment;
};

// `of(lanes of a repeat, emit)` calls emit(byte offset, value) for each result of the repeat.
template <typename T, typename F>
void reduce(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
            const Results &results, int32_t src_block, int32_t src_repeat, Site site, F of)
{
    static_assert(kFloating<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no reduction for this element type");
    struct Result {
        uint64_t address;
        uint64_t bytes;
        uint32_t bits;
    };
    VectorInstruction it(name, site, lanes);
    // What the register of ReduceSum holds after another reduction is not documented.
    it.core.registers.summed = {};
    const Operand s = operand(src, static_cast<uint32_t>(src_block), static_cast<uint32_t>(src_repeat));
    const Operand d = operand(dst);
    it.reads(lanes, s);
    // All of the source before the first result, which may be stored where the source begins.
    std::vector<std::vector<Lane<T>>> repeats(lanes.repeats);
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const auto at = static_cast<uint32_t>(s.address(repeat, element));
        repeats[repeat].push_back({element, it.core.ub.template load<T>(at)});
    });
    std::vector<Result> all;
    Spans where;
    for (size_t r = 0; r < repeats.size(); ++r) {
        of(repeats[r], [&](uint64_t offset, auto value) {
            Result result{d.view.address + r * results.pitch + offset, sizeof(value), 0};
            std::memcpy(&result.bits, &value, sizeof(value));
            where.append(result.address, result.bytes);
            all.push_back(result);
        });
    }
    it.writes_less(where, d, results.alignment);
    if (it.ok) {
        for (const Result &result : all) {
            std::memcpy(it.core.ub.data(static_cast<uint32_t>(result.address)), &result.bits, result.bytes);
        }
    }
}

// What a float's index is stored as.
template <typename T>
using Index = std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>;

constexpr uint32_t kBlocks = kRepeatBytes / kBlockBytes;

// `dst_repeat` counts what a repeat gives, so its unit differs: a number here, with an index a pair; eight numbers of
// blocks; half a repeat of pairs.
template <typename T>
void whole_sum(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
               int32_t dst_repeat, int32_t src_block, int32_t src_repeat, Site site)
{
    reduce(name, dst, src, lanes, {static_cast<uint64_t>(dst_repeat) * sizeof(T), sizeof(T)}, src_block, src_repeat,
           site, [&](const std::vector<Lane<T>> &of, auto emit) { emit(0, tree_sum(of, 0, lanes.per_repeat)); });
}

template <typename Op, typename T>
void whole_extreme(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
                   int32_t dst_repeat, int32_t src_block, int32_t src_repeat, ReduceOrder order, Site site)
{
    const bool value = order != ReduceOrder::ORDER_ONLY_INDEX;
    const bool index = order != ReduceOrder::ORDER_ONLY_VALUE;
    // An index alone has 32 bits, whatever the type.
    const uint32_t unit = value ? static_cast<uint32_t>(sizeof(T)) * (index ? 2 : 1) : 4;
    reduce(name, dst, src, lanes, {static_cast<uint64_t>(dst_repeat) * unit, unit}, src_block, src_repeat, site,
           [&](const std::vector<Lane<T>> &of, auto emit) {
               const Lane<T> found = extreme<Op>(of, 0, lanes.per_repeat);
               if (!value) {
                   emit(0, found.element);
               } else if (!index) {
                   emit(0, found.value);
               } else {
                   const bool first = order == ReduceOrder::ORDER_VALUE_INDEX;
                   emit(first ? 0 : sizeof(T), found.value);
                   emit(first ? sizeof(T) : 0, static_cast<Index<T>>(found.element));
               }
           });
}

// One result a block; none for a block of which the mask has nothing.
template <typename T, typename F>
void block_wise(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
                int32_t dst_repeat, int32_t src_block, int32_t src_repeat, Site site, F of)
{
    constexpr uint32_t unit = kBlocks * sizeof(T);
    constexpr uint32_t places = kBlockBytes / sizeof(T);
    reduce(name, dst, src, lanes, {static_cast<uint64_t>(dst_repeat) * unit, unit}, src_block, src_repeat, site,
           [&](const std::vector<Lane<T>> &lanes_of, auto emit) {
               for (uint32_t b = 0; b < kBlocks; ++b) {
                   const auto in = [&](const Lane<T> &lane) { return lane.element / places == b; };
                   if (std::any_of(lanes_of.begin(), lanes_of.end(), in)) {
                       emit(b * sizeof(T), of(lanes_of, b * places, places));
                   }
               }
           });
}

template <ReduceType kind, typename T>
void block_of(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
              int32_t dst_repeat, int32_t src_block, int32_t src_repeat, Site site)
{
    block_wise(
        name, dst, src, lanes, dst_repeat, src_block, src_repeat, site,
        [](const std::vector<Lane<T>> &of, uint32_t first, uint32_t places) {
            if constexpr (kind == ReduceType::SUM) {
                return tree_sum(of, first, places);
            } else {
                return extreme<std::conditional_t<kind == ReduceType::MAX, MaxOp, MinOp>>(of, first, places).value;
            }
        });
}

// One result a pair; 0 for one of which the mask has nothing.
template <typename T>
void pair_sum(const char *name, const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
              int32_t dst_repeat, int32_t src_block, int32_t src_repeat, Site site)
{
    reduce(name, dst, src, lanes, {static_cast<uint64_t>(dst_repeat) * kRepeatBytes / 2, kBlockBytes}, src_block,
           src_repeat, site, [&](const std::vector<Lane<T>> &of, auto emit) {
               for (uint32_t p = 0; p < lanes.per_repeat / 2; ++p) {
                   emit(p * sizeof(T), tree_sum(of, 2 * p, 2));
               }
           });
}

// What the scalar pipe stores once V is through, before V and MTE3 go on.
// The library's own flags V_S, S_V and S_MTE3, as order alone (see create_vec_index). None to MTE2: a copy that comes
// into dst next needs its own.
template <typename T>
void store_result(const char *name, const LocalTensor<T> &dst, T value, Site site)
{
    auto &core = Core::current();
    auto &timeline = core.timeline;
    ::GetTPipePtr(site);
    timeline.receive(ascendc_sim::kS, timeline.signal(ascendc_sim::kV));
    const Instruction now = core.issue(ascendc_sim::kS, name, site);
    const auto &view = dst.sim_view();
    core.check_ub(now, view, view.address, sizeof(T), true);
    core.check_aligned(now, view.address, sizeof(T), true, sizeof(T));
    core.writes_ub(now, view.address, sizeof(T));
    core.ub.store<T>(view.address, value);
    timeline.receive(ascendc_sim::kV, timeline.signal(ascendc_sim::kS));
    timeline.receive(ascendc_sim::kMte3, timeline.signal(ascendc_sim::kS));
}

// The instruction adds up in a register, repeat by repeat; the temporary tensor is not used.
template <typename T>
void sum_of_all(const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes, Site site)
{
    static_assert(kFloating<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no reduction for this element type");
    VectorInstruction it("ReduceSum", site, lanes);
    const Operand s = operand(src);
    it.reads(lanes, s);
    std::vector<std::vector<Lane<T>>> repeats(lanes.iterations());
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const uint32_t n = repeat * lanes.per_repeat + element;
        const auto at = static_cast<uint32_t>(s.view.address + uint64_t{n} * sizeof(T));
        repeats[n / lanes.per_repeat].push_back({n % lanes.per_repeat, it.core.ub.template load<T>(at)});
    });
    T sum{};
    for (const auto &repeat : repeats) {
        sum = AddOp::of(sum, tree_sum(repeat, 0, lanes.per_repeat));
    }
    auto &summed = it.core.registers.summed;
    summed = {0, sizeof(T)};
    std::memcpy(&summed.bits, &sum, sizeof(T));
    if (it.ok) {
        store_result("ReduceSum", dst, sum, site);
    }
}

// In steps: a sum a repeat into the temporary tensor, then the sums of these.
template <typename T>
void sum_of_repeats(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &temporary,
                    const Lanes &lanes, int32_t src_repeat, Site site)
{
    const auto step = [&](const LocalTensor<T> &to, const LocalTensor<T> &from, const Lanes &of, int32_t stride) {
        whole_sum("ReduceSum", to, from, of, 1, 1, stride, site);
        Core::current().barrier(ascendc_sim::kV);
    };
    const auto counted = [&](uint64_t count) {
        mask_register() = {0, count, true};
        const Lanes of = Lanes::registered(1, sizeof(T));
        mask_register().counter = false;
        return of;
    };
    step(temporary, src, lanes, src_repeat);
    uint64_t left = lanes.repeats;
    // Of 255 repeats at most, it leaves four sums of floats, or two of halves; the next step one.
    if (left > 1) {
        const Lanes of = counted(left);
        step(temporary, temporary, of, 8);
        left = of.repeats;
    }
    if (left > 1) {
        step(dst, temporary, counted(left), 8);
    } else if (left == 1 && lanes.valid) {
        auto &core = Core::current();
        core.timeline.receive(ascendc_sim::kS, core.timeline.signal(ascendc_sim::kV));
        const Instruction now = core.issue(ascendc_sim::kS, "ReduceSum", site);
        core.reads_ub(now, temporary.sim_view().address, sizeof(T));
        store_result("ReduceSum", dst, core.ub.load<T>(temporary.sim_view().address), site);
    }
}

// What the register of sums holds. ReduceSum has waited for it.
inline uint32_t summed(const char *name, uint64_t bytes, Site site)
{
    auto &core = Core::current();
    const Instruction now = core.issue(ascendc_sim::kS, name, site);
    const auto &sum = core.registers.summed;
    if (sum.bytes == 0 || (bytes != 0 && sum.bytes != bytes)) {
        core.report(ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, now, {}, bytes, sum.bytes);
    }
    return sum.bits;
}

// A repeat time of the calls, of which the instruction has eight bits.
inline uint8_t repeats(int32_t repeat_time)
{
    return static_cast<uint8_t>(repeat_time);
}

} // namespace sim

// The two forms of a call on masked repeats; `call` sees `lanes` and the strides. The mask stands before
// the repeat time or behind it.
#define ASCENDC_SIM_REDUCE_FORM(Name, First, Second, Last, of, call) \
    template <typename T, bool isSetMask = true> \
    void Name(const LocalTensor<T> &dst, const LocalTensor<T> &src, First, Second, const int32_t dstRepStride, \
              const int32_t srcBlkStride, const int32_t srcRepStride ASCENDC_SIM_LIST Last, Site site = Site::here()) \
    { \
        const sim::Lanes lanes = sim::Lanes::of<isSetMask>(mask, sim::repeats(repeatTime), sizeof(T)); \
        call; \
    }
#define ASCENDC_SIM_WHOLE(Name, Last, call) \
    ASCENDC_SIM_REDUCE_FORM(Name, const uint64_t mask[], const int32_t repeatTime, Last, bits, call) \
    ASCENDC_SIM_REDUCE_FORM(Name, const int32_t mask, const int32_t repeatTime, Last, leading, call)
#define ASCENDC_SIM_PARTS(Name, call) \
    ASCENDC_SIM_REDUCE_FORM(Name, const int32_t repeatTime, const uint64_t mask[], (), bits, call) \
    ASCENDC_SIM_REDUCE_FORM(Name, const int32_t repeatTime, const int32_t mask, (), leading, call)

ASCENDC_SIM_WHOLE(WholeReduceSum, (),
                  (sim::whole_sum("WholeReduceSum", dst, src, lanes, dstRepStride, srcBlkStride, srcRepStride, site)))
ASCENDC_SIM_WHOLE(WholeReduceMax, (, ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX),
                  (sim::whole_extreme<MaxOp>("WholeReduceMax", dst, src, lanes, dstRepStride, srcBlkStride,
                                             srcRepStride, order, site)))
ASCENDC_SIM_WHOLE(WholeReduceMin, (, ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX),
                  (sim::whole_extreme<MinOp>("WholeReduceMin", dst, src, lanes, dstRepStride, srcBlkStride,
                                             srcRepStride, order, site)))
#define ASCENDC_SIM_BLOCKS(Name, kind) \
    ASCENDC_SIM_PARTS(Name, (sim::block_of<ReduceType::kind>(#Name, dst, src, lanes, dstRepStride, srcBlkStride, \
                                                             srcRepStride, site)))
ASCENDC_SIM_BLOCKS(BlockReduceSum, SUM)
ASCENDC_SIM_BLOCKS(BlockReduceMax, MAX)
ASCENDC_SIM_BLOCKS(BlockReduceMin, MIN)
#undef ASCENDC_SIM_BLOCKS
ASCENDC_SIM_PARTS(PairReduceSum,
                  (sim::pair_sum("PairReduceSum", dst, src, lanes, dstRepStride, srcBlkStride, srcRepStride, site)))
#undef ASCENDC_SIM_REDUCE_FORM
#undef ASCENDC_SIM_WHOLE
#undef ASCENDC_SIM_PARTS

template <typename T, bool isSetMask = true>
void ReduceSum(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &, const int32_t count,
               Site site = Site::here())
{
    sim::sum_of_all(dst, src, sim::Lanes::first<isSetMask>(count, sizeof(T)), site);
}

template <typename T>
void ReduceSum(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &sharedTmpBuffer,
               const uint64_t mask[], const int32_t repeatTime, const int32_t srcRepStride, Site site = Site::here())
{
    sim::sum_of_repeats(dst, src, sharedTmpBuffer, sim::Lanes::bits(mask, sim::repeats(repeatTime), sizeof(T)),
                        srcRepStride, site);
}

template <typename T>
void ReduceSum(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<T> &sharedTmpBuffer,
               const int32_t mask, const int32_t repeatTime, const int32_t srcRepStride, Site site = Site::here())
{
    sim::sum_of_repeats(dst, src, sharedTmpBuffer,
                        sim::Lanes::leading(static_cast<uint64_t>(mask), sim::repeats(repeatTime), sizeof(T)),
                        srcRepStride, site);
}

// The sum of the last ReduceSum of a count, of the same element type; and the name it had before.
#define ASCENDC_SIM_SUMMED(Name) \
    template <typename T> \
    T Name(Site site = Site::here()) \
    { \
        static_assert(sim::kFloating<T>, "ascendc/sim: " #Name " is of half and float"); \
        const uint32_t bits = sim::summed(#Name, sizeof(T), site); \
        T sum; \
        std::memcpy(&sum, &bits, sizeof(T)); \
        return sum; \
    } \
    inline int64_t Name(Site site = Site::here()) \
    { \
        return sim::summed(#Name, 0, site); \
    }
ASCENDC_SIM_SUMMED(GetReduceRepeatSumSpr)
ASCENDC_SIM_SUMMED(GetAccVal)
#undef ASCENDC_SIM_SUMMED

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
