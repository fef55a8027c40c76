// Elementwise instructions: Add, Sub, Mul, Max, Min, And, Or, Not, Adds, Muls, Maxs, Mins, ShiftLeft, ShiftRight,
// Duplicate, CreateVecIndex.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "forms.h"
#include "pipe.h"
#include "result.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

namespace sim {

using ascendc_sim::kArithmetic;
using ascendc_sim::kBits32;
using ascendc_sim::kFloating;
using ascendc_sim::kShiftable;

template <typename T, typename Op>
constexpr bool kSupported = Op::kLogical ? ascendc_sim::kLogical<T> : kArithmetic<T>;

// The count forms of And and Or also take 32-bit elements, and get them wrong.
template <typename T, typename Op>
constexpr bool kCounted = kSupported<T, Op> || (Op::kLogical && kBits32<T>);

} // namespace sim

// Which table of the arch says what element types the operation has.
struct ArithmeticOp {
    static constexpr bool kLogical = false;
};

struct LogicalOp {
    static constexpr bool kLogical = true;
};

struct AddOp : ArithmeticOp {
    static constexpr const char *kName = "Add";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(a) + sim::wide(b));
    }
};

struct SubOp : ArithmeticOp {
    static constexpr const char *kName = "Sub";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(a) - sim::wide(b));
    }
};

struct MulOp : ArithmeticOp {
    static constexpr const char *kName = "Mul";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(a) * sim::wide(b));
    }
};

struct MaxOp : ArithmeticOp {
    static constexpr const char *kName = "Max";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(a) < sim::wide(b) ? sim::wide(b) : sim::wide(a));
    }
};

struct MinOp : ArithmeticOp {
    static constexpr const char *kName = "Min";
    template <typename T>
    static T of(T a, T b)
    {
        return sim::result<T>(sim::wide(b) < sim::wide(a) ? sim::wide(b) : sim::wide(a));
    }
};

struct AndOp : LogicalOp {
    static constexpr const char *kName = "And";
    template <typename T>
    static T of(T a, T b)
    {
        return static_cast<T>(a & b);
    }
};

struct OrOp : LogicalOp {
    static constexpr const char *kName = "Or";
    template <typename T>
    static T of(T a, T b)
    {
        return static_cast<T>(a | b);
    }
};

namespace sim {

// Element by element in order, and each read before it is written: so dst may be a source, wholly.
template <typename Op, typename T>
void binary_on(VectorInstruction &it, const Lanes &lanes, const LocalTensor<T> &dst, const LocalTensor<T> &src0,
               const LocalTensor<T> &src1, const BinaryRepeatParams &strides)
{
    const Operand a = operand(src0, strides.src0BlkStride, strides.src0RepStride);
    const Operand b = operand(src1, strides.src1BlkStride, strides.src1RepStride);
    const Operand d = operand(dst, strides.dstBlkStride, strides.dstRepStride);
    it.reads(lanes, a);
    it.reads(lanes, b);
    it.writes(lanes, d);
    if (it.ok) {
        auto &ub = it.core.ub;
        each_element(
            lanes,
            [&](uint32_t to, uint32_t from0, uint32_t from1) {
                ub.store<T>(to, Op::of(ub.load<T>(from0), ub.load<T>(from1)));
            },
            d, a, b);
    }
}

// dst = Op(src0, src1).
template <typename Op, typename T>
void binary(const LocalTensor<T> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1, const Lanes &lanes,
            const BinaryRepeatParams &strides, Site site)
{
    static_assert(kCounted<T, Op>,
                  "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no such instruction for this element type");
    VectorInstruction it(Op::kName, site, lanes);
    if constexpr (Op::kLogical && kBits32<T>) {
        // A 16-bit instruction with the count of the call.
        using U = uint16_t;
        it.core.report(ASCEND_CACHE_LOC_SIM_ELEMENTS_HALVED, it.now,
                       it.core.in_ub(dst.sim_view().address, lanes.count * sizeof(U), true), lanes.count, lanes.count);
        Lanes as16 = lanes;
        as16.per_repeat = kRepeatBytes / sizeof(U);
        binary_on<Op>(it, as16, dst.template ReinterpretCast<U>(), src0.template ReinterpretCast<U>(),
                      src1.template ReinterpretCast<U>(), strides);
    } else {
        binary_on<Op>(it, lanes, dst, src0, src1, strides);
    }
}

template <typename T>
T invert(T value)
{
    return static_cast<T>(~value);
}

// By the width or more nothing is left; C++ leaves that undefined, hence the cases.
template <typename T>
T shift_left(T value, uint32_t by)
{
    return by >= sizeof(T) * 8 ? T{0} : static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << by);
}

// Arithmetic for signed types, logical for unsigned ones. `round` adds the last bit shifted out, of signed types only.
template <typename T>
T shift_right(T value, T scalar, bool round)
{
    const auto by = static_cast<uint32_t>(scalar);
    const uint32_t most = sizeof(T) * 8;
    const bool up = round && std::is_signed_v<T> && by > 0 && by <= most && (value >> (by - 1) & 1) != 0;
    const T shifted = by >= most ? (value < T{0} ? static_cast<T>(-1) : T{0}) : static_cast<T>(value >> by);
    return static_cast<T>(shifted + (up ? 1 : 0));
}

} // namespace sim

#define ASCENDC_SIM_BINARY(Name) \
    ASCENDC_SIM_BINARY_FORMS(Name, (sim::kCounted<T, Name##Op>), (sim::kSupported<T, Name##Op>), \
                             (sim::binary<Name##Op>(dst, src0, src1, lanes, repeatParams, site)))
ASCENDC_SIM_BINARY(Add)
ASCENDC_SIM_BINARY(Sub)
ASCENDC_SIM_BINARY(Mul)
ASCENDC_SIM_BINARY(Max)
ASCENDC_SIM_BINARY(Min)
ASCENDC_SIM_BINARY(And)
ASCENDC_SIM_BINARY(Or)
#undef ASCENDC_SIM_BINARY

ASCENDC_SIM_SCALAR_FORMS(Adds, (), sim::kArithmetic<T>, AddOp::of(value, scalarValue))
ASCENDC_SIM_SCALAR_FORMS(Muls, (), sim::kArithmetic<T>, MulOp::of(value, scalarValue))
ASCENDC_SIM_SCALAR_FORMS(Maxs, (), sim::kArithmetic<T>, MaxOp::of(value, scalarValue))
ASCENDC_SIM_SCALAR_FORMS(Mins, (), sim::kArithmetic<T>, MinOp::of(value, scalarValue))
ASCENDC_SIM_SCALAR_FORMS(ShiftLeft, (), sim::kShiftable<T>, sim::shift_left(value, static_cast<uint32_t>(scalarValue)))
// Only the masked forms can round; with a type U that is told, they must say whether.
#define ASCENDC_SIM_SHIFT_RIGHT(Scalar, Parameters, Last) \
    ASCENDC_SIM_COUNT_FORM(ShiftRight, Parameters, ASCENDC_SIM_AND(Scalar), UnaryRepeatParams, isSetMask, \
                           sim::kShiftable<T>, \
                           ASCENDC_SIM_UNARY(ShiftRight, sim::shift_right<T>(value, scalarValue, false))) \
    ASCENDC_SIM_MASK_FORMS(ShiftRight, Parameters, ASCENDC_SIM_AND(Scalar), UnaryRepeatParams, Last, \
                           sim::kShiftable<T>, \
                           ASCENDC_SIM_UNARY(ShiftRight, sim::shift_right<T>(value, scalarValue, roundEn)))
ASCENDC_SIM_SHIFT_RIGHT(T, (typename T, bool isSetMask = true), (, bool roundEn = false))
ASCENDC_SIM_SHIFT_RIGHT(U,
                        (typename T, typename U, bool isSetMask = true,
                         std::enable_if_t<std::is_same_v<T, U>, bool> = true),
                        (, bool roundEn))
#undef ASCENDC_SIM_SHIFT_RIGHT
ASCENDC_SIM_UNARY_FORMS(Not, ascendc_sim::kLogical<T>, sim::invert(value))

// `c = a + b` works on the whole length of `c`.
#define ASCENDC_SIM_OPERATOR(Op) \
    template <typename T> \
    void LocalTensor<T>::operator=(const AtSite<TensorExpression<T, Op>> &e) \
    { \
        sim::binary<Op>(*this, e.value.left, e.value.right, sim::Lanes::first(size_, sizeof(T)), {}, e.site); \
    }
ASCENDC_SIM_OPERATOR(AddOp)
ASCENDC_SIM_OPERATOR(SubOp)
ASCENDC_SIM_OPERATOR(MulOp)
ASCENDC_SIM_OPERATOR(AndOp)
ASCENDC_SIM_OPERATOR(OrOp)
#undef ASCENDC_SIM_OPERATOR

namespace sim {

template <typename T>
void duplicate(const LocalTensor<T> &dst, T value, const Lanes &lanes, uint32_t block_stride, uint32_t repeat_stride,
               Site site)
{
    static_assert(ascendc_sim::kDuplicable<T>,
                  "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no Duplicate for this element type");
    VectorInstruction it("Duplicate", site, lanes);
    const Operand d = operand(dst, block_stride, repeat_stride);
    it.writes(lanes, d);
    if (it.ok) {
        each_element(
            lanes, [&](uint32_t to) { it.core.ub.store<T>(to, value); }, d);
    }
}

// first, first + 1, ...; in a masked call the numbering goes on over the elements that are masked out.
//
// 2201 has no instruction for this: the library sets `on_s` elements one by one on the scalar pipe, of them those that
// are worked on, flags the vector pipe, and extends them by additions. What it touches from which pipe is modelled so.
// `on_s` is a block; of a mask given as bits the first repeat.
template <typename T>
void create_vec_index(const LocalTensor<T> &dst, T first, Lanes lanes, uint32_t on_s, uint32_t block_stride,
                      uint32_t repeat_stride, Site site)
{
    static_assert(kArithmetic<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no CreateVecIndex for this element type");
    // The library takes the id of its flag from the TPipe: without one a kernel cannot call this.
    ::GetTPipePtr(site);
    auto &core = Core::current();
    // The first repeat is not counted by the library.
    if (!lanes.counted && lanes.count == 0) {
        lanes.repeats = std::max<uint64_t>(lanes.repeats, 1);
    }
    const uint32_t per_block = kBlockBytes / sizeof(T);
    for (uint32_t i = 0; i < on_s && lanes.valid; ++i) {
        if ((lanes.taken(0, i) & 1) != 0) {
            dst.SetValue(i / per_block * per_block * block_stride + i % per_block, result<T>(wide(first) + i), site);
        }
    }
    // The library's flag S_V, with an id that it fetches, set and awaited at once: as order alone, so that it is not
    // counted as one of the kernel's.
    core.timeline.receive(ascendc_sim::kV, core.timeline.signal(ascendc_sim::kS));
    Operand d = operand(dst, block_stride, repeat_stride);
    // V has the repeats behind the one that is done; no instruction where there are none.
    uint32_t done = 0;
    if (lanes.valid && on_s == lanes.per_repeat && lanes.count == 0) {
        if (lanes.repeats == 1) {
            return;
        }
        done = 1;
        --lanes.repeats;
        d.view.address += kBlockBytes * repeat_stride;
    }
    VectorInstruction it("CreateVecIndex", site, lanes);
    it.writes(lanes, d);
    if (!it.ok) {
        return;
    }
    // By additions of a block's elements, then of a repeat's: each rounds where the type has no room.
    std::vector<T> values(lanes.counted ? lanes.count : (done + lanes.repeats) * lanes.per_repeat);
    for (size_t n = 0; n < values.size(); ++n) {
        const uint32_t by = n < lanes.per_repeat ? per_block : lanes.per_repeat;
        values[n] = n < on_s ? result<T>(wide(first) + static_cast<uint32_t>(n))
                             : AddOp::of(values[n - by], static_cast<T>(by));
    }
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const uint64_t to = d.address(repeat, element); // counted lanes have the strides of a dense walk
        core.ub.store<T>(static_cast<uint32_t>(to), values[(done + repeat) * lanes.per_repeat + element]);
    });
}

} // namespace sim

template <typename T>
void Duplicate(const LocalTensor<T> &dst, const T &scalarValue, const int32_t &count, Site site = Site::here())
{
    sim::duplicate(dst, scalarValue, sim::Lanes::first(count, sizeof(T)), 1, 8, site);
}

template <typename T, bool isSetMask = true>
void Duplicate(const LocalTensor<T> &dst, const T &scalarValue, uint64_t mask[], const uint8_t repeatTime,
               const uint16_t dstBlockStride, const uint8_t dstRepeatStride, Site site = Site::here())
{
    sim::duplicate(dst, scalarValue, sim::Lanes::bits<isSetMask>(mask, repeatTime, sizeof(T)), dstBlockStride,
                   dstRepeatStride, site);
}

template <typename T, bool isSetMask = true>
void Duplicate(const LocalTensor<T> &dst, const T &scalarValue, uint64_t mask, const uint8_t repeatTime,
               const uint16_t dstBlockStride, const uint8_t dstRepeatStride, Site site = Site::here())
{
    sim::duplicate(dst, scalarValue, sim::Lanes::leading<isSetMask>(mask, repeatTime, sizeof(T)), dstBlockStride,
                   dstRepeatStride, site);
}

template <typename T>
void CreateVecIndex(LocalTensor<T> dst, const T &firstValue, uint32_t count, Site site = Site::here())
{
    const uint32_t block = ascendc_sim::kBlockBytes / sizeof(T);
    sim::create_vec_index(dst, firstValue, sim::Lanes::first(count, sizeof(T)), block, 1, 8, site);
}

template <typename T>
void CreateVecIndex(LocalTensor<T> &dst, const T &firstValue, uint64_t mask[], uint8_t repeatTime,
                    uint16_t dstBlkStride, uint8_t dstRepStride, Site site = Site::here())
{
    const sim::Lanes lanes = sim::Lanes::bits(mask, repeatTime, sizeof(T));
    sim::create_vec_index(dst, firstValue, lanes, lanes.per_repeat, dstBlkStride, dstRepStride, site);
}

template <typename T>
void CreateVecIndex(LocalTensor<T> &dst, const T &firstValue, uint64_t mask, uint8_t repeatTime, uint16_t dstBlkStride,
                    uint8_t dstRepStride, Site site = Site::here())
{
    const uint32_t block = ascendc_sim::kBlockBytes / sizeof(T);
    sim::Lanes lanes = sim::Lanes::leading(mask, repeatTime, sizeof(T));
    // Of less than a block the library then adds to what lies a block before `dst`.
    if (lanes.valid && mask < block) {
        lanes.check(false, mask, block);
    }
    sim::create_vec_index(dst, firstValue, lanes, block, dstBlkStride, dstRepStride, site);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
