// Compare, Compares (also called CompareScalar), Select, and the register between them.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "arithmetic.h"
#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class CMPMODE : uint8_t { LT = 0, GT, EQ, LE, GE, NE };
enum class SELMODE : uint8_t { VSEL_CMPMASK_SPR = 0, VSEL_TENSOR_SCALAR_MODE, VSEL_TENSOR_TENSOR_MODE };

namespace sim {

template <typename T>
bool compared(T a, T b, CMPMODE mode)
{
    switch (mode) {
    case CMPMODE::LT:
        return a < b;
    case CMPMODE::GT:
        return a > b;
    case CMPMODE::EQ:
        return a == b;
    case CMPMODE::LE:
        return a <= b;
    case CMPMODE::GE:
        return a >= b;
    default:
        return a != b;
    }
}

// All elements of so many repeats: the comparisons into UB take no mask.
// The headers take one all the same, and A2 and A3 pass it over (Compare, Compares).
inline Lanes whole(uint64_t repeats, uint32_t element_bytes)
{
    Lanes lanes{false};
    lanes.low = lanes.high = ~uint64_t{0};
    lanes.repeats = repeats;
    lanes.per_repeat = kRepeatBytes / element_bytes;
    return lanes;
}

// dst: a bit an element, lowest first, the repeats one after the other. `with` makes the second operand of each element
// from the instruction: with(it) notes what it reads and gives a function of (repeat, element).
// `left_out`: elements of a count behind the last whole repeat.
template <typename T, typename U, typename With>
void compare(const char *name, const LocalTensor<U> &dst, const LocalTensor<T> &src0, CMPMODE mode, const Lanes &lanes,
             uint32_t block_stride, uint32_t repeat_stride, uint32_t left_out, Site site, With with)
{
    static_assert(ascendc_sim::kEquatable<T>,
                  "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no comparison for this element type");
    static_assert(std::is_same_v<U, uint8_t> || std::is_same_v<U, int8_t>,
                  "ascendc/sim: a comparison's destination is uint8_t or int8_t");
    VectorInstruction it(name, site, lanes);
    if (left_out != 0) {
        // The library does whole repeats and nothing more.
        it.core.report(ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, it.now, {}, left_out, lanes.per_repeat);
    }
    if (std::is_same_v<T, int32_t> && mode != CMPMODE::EQ) {
        it.core.report(ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, it.now, {}, static_cast<uint64_t>(mode),
                       static_cast<uint64_t>(CMPMODE::EQ));
        mode = CMPMODE::EQ; // the one instruction that there is
    }
    const Operand s = operand(src0, block_stride, repeat_stride);
    const Operand d = operand(dst);
    it.reads(lanes, s);
    const auto other = with(it);
    // All bits before the first is stored: they may go where src0 begins.
    std::vector<uint8_t> bits(lanes.repeats * lanes.per_repeat / 8);
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const uint64_t n = uint64_t{repeat} * lanes.per_repeat + element;
        const T value = it.core.ub.template load<T>(static_cast<uint32_t>(s.address(repeat, element)));
        bits[n / 8] |= static_cast<uint8_t>(compared(value, other(repeat, element), mode) << n % 8);
    });
    it.writes_less({d.view.address, bits.size()}, d, kBlockBytes);
    if (it.ok && !bits.empty()) {
        std::memcpy(it.core.ub.data(d.view.address), bits.data(), bits.size());
    }
}

template <typename T, typename U>
void compare_tensors(const LocalTensor<U> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1, CMPMODE mode,
                     const Lanes &lanes, const BinaryRepeatParams &strides, uint32_t left_out, Site site)
{
    const Operand b = operand(src1, strides.src1BlkStride, strides.src1RepStride);
    compare("Compare", dst, src0, mode, lanes, strides.src0BlkStride, strides.src0RepStride, left_out, site,
            [&](VectorInstruction &it) {
                it.reads(lanes, b);
                return [&](uint32_t repeat, uint32_t element) {
                    return it.core.ub.template load<T>(static_cast<uint32_t>(b.address(repeat, element)));
                };
            });
}

template <typename T, typename U>
void compare_scalar(const char *name, const LocalTensor<U> &dst, const LocalTensor<T> &src0, T scalar, CMPMODE mode,
                    const Lanes &lanes, const UnaryRepeatParams &strides, uint32_t left_out, Site site)
{
    compare(name, dst, src0, mode, lanes, strides.srcBlkStride, strides.srcRepStride, left_out, site,
            [&](VectorInstruction &) { return [=](uint32_t, uint32_t) { return scalar; }; });
}

// Into the register: the elements of one repeat that the mask has; the others are 0.
template <typename T>
void compare_to_register(const LocalTensor<T> &src0, const LocalTensor<T> &src1, CMPMODE mode, const Lanes &lanes,
                         const BinaryRepeatParams &strides, Site site)
{
    static_assert(kFloating<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no comparison for this element type");
    VectorInstruction it("Compare", site, lanes);
    const Operand a = operand(src0, strides.src0BlkStride, strides.src0RepStride);
    const Operand b = operand(src1, strides.src1BlkStride, strides.src1RepStride);
    it.reads(lanes, a);
    it.reads(lanes, b);
    auto &found = it.core.registers.compared;
    found[0] = found[1] = 0;
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const auto at = [&](const Operand &of) {
            return it.core.ub.template load<T>(static_cast<uint32_t>(of.address(repeat, element)));
        };
        found[element / 64] |= uint64_t{compared(at(a), at(b), mode)} << element % 64;
    });
}

constexpr uint32_t kComparedBytes = 16; // of the register

// Select uses as many bits as a repeat has elements, and loads the register whole.
template <typename T>
void load_compared(const char *name, const LocalTensor<T> &src, uint32_t used_bytes, Site site)
{
    VectorInstruction it(name, site, 0);
    const Operand s = operand(src);
    it.reads(Spans{s.view.address, kComparedBytes}, Spans{s.view.address, used_bytes}, s);
    std::memcpy(it.core.registers.compared, it.core.ub.data(s.view.address), kComparedBytes);
}

// dst = a bit of the mask ? src0 : src1. `with` as for compare, of (lane's repeat, element).
template <typename T, typename U, typename With>
void select(const LocalTensor<T> &dst, const LocalTensor<U> &bits, const LocalTensor<T> &src0, SELMODE mode,
            bool known_mode, const Lanes &lanes, const BinaryRepeatParams &strides, Site site, With with)
{
    static_assert(kFloating<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no Select for this element type");
    static_assert(std::is_unsigned_v<U>, "ascendc/sim: Select's mask is of unsigned integers");
    auto &core = Core::current();
    // In steps of the library, with barriers on V between them.
    if (mode == SELMODE::VSEL_CMPMASK_SPR) {
        load_compared("Select", bits, lanes.per_repeat / 8, site);
    } else if (known_mode) {
        const Instruction now = core.issue(ascendc_sim::kV, "Select", site);
        // The other modes hand an address or a scalar to the instruction through the end of UB that TPipe does not give
        // out. That something is written there matters to who uses all of UB; what, to nobody.
        core.writes_ub(now, ascendc_sim::kUbReserved, 32 * sizeof(T), false);
    }
    core.barrier(ascendc_sim::kV);
    VectorInstruction it("Select", site, lanes);
    it.require(known_mode, static_cast<uint64_t>(mode), static_cast<uint64_t>(SELMODE::VSEL_TENSOR_TENSOR_MODE));
    const Operand m = operand(bits);
    const auto number = [&](uint32_t repeat, uint32_t element) {
        return uint64_t{repeat} * lanes.per_repeat + element;
    };
    if (mode != SELMODE::VSEL_CMPMASK_SPR) {
        Spans bytes;
        lanes.each([&](uint32_t repeat, uint32_t element) {
            const uint64_t at = m.view.address + number(repeat, element) / 8;
            if (bytes.size() == 0 || at >= bytes[bytes.size() - 1].address + bytes[bytes.size() - 1].bytes) {
                bytes.append(at, 1);
            }
        });
        it.reads(bytes, m);
    }
    // The register has one repeat's bits, which serve each repeat; a tensor goes on from repeat to repeat.
    const auto chosen = [&](uint32_t repeat, uint32_t element) {
        if (mode == SELMODE::VSEL_CMPMASK_SPR) {
            const uint64_t n = number(repeat, element) % lanes.per_repeat;
            return (core.registers.compared[n / 64] >> n % 64 & 1) != 0;
        }
        const uint64_t n = number(repeat, element);
        return (core.ub.load<uint8_t>(static_cast<uint32_t>(m.view.address + n / 8)) >> n % 8 & 1) != 0;
    };
    // What is not chosen may have no value.
    const Operand s = operand(src0, strides.src0BlkStride, strides.src0RepStride);
    const Operand d = operand(dst, strides.dstBlkStride, strides.dstRepStride);
    const auto notes = [&](const Operand &of, bool when) {
        Spans used;
        lanes.each([&](uint32_t repeat, uint32_t element) {
            if (chosen(repeat, element) == when) {
                used.append(of.address(repeat, element), sizeof(T));
            }
        });
        it.reads(spans(lanes, of), used, of);
    };
    notes(s, true);
    const auto other = with([&](const Operand &of) { notes(of, false); });
    // All before the first is stored: dst may be a source.
    std::vector<T> results;
    lanes.each([&](uint32_t repeat, uint32_t element) {
        const T value = core.ub.load<T>(static_cast<uint32_t>(s.address(repeat, element)));
        results.push_back(chosen(repeat, element) ? value : other(repeat, element));
    });
    it.writes(lanes, d);
    if (it.ok) {
        size_t next = 0;
        each_element(
            lanes, [&](uint32_t to) { core.ub.store<T>(to, results[next++]); }, d);
    }
}

template <typename T, typename U>
void select_tensors(const LocalTensor<T> &dst, const LocalTensor<U> &bits, const LocalTensor<T> &src0,
                    const LocalTensor<T> &src1, SELMODE mode, const Lanes &lanes, const BinaryRepeatParams &strides,
                    Site site)
{
    const Operand b = operand(src1, strides.src1BlkStride, strides.src1RepStride);
    const bool known = mode == SELMODE::VSEL_CMPMASK_SPR || mode == SELMODE::VSEL_TENSOR_TENSOR_MODE;
    select(dst, bits, src0, mode, known, lanes, strides, site, [&](auto note) {
        note(b);
        return [&](uint32_t repeat, uint32_t element) {
            return Core::current().ub.load<T>(static_cast<uint32_t>(b.address(repeat, element)));
        };
    });
}

template <typename T, typename U>
void select_scalar(const LocalTensor<T> &dst, const LocalTensor<U> &bits, const LocalTensor<T> &src0, T scalar,
                   SELMODE mode, const Lanes &lanes, const BinaryRepeatParams &strides, Site site)
{
    select(dst, bits, src0, mode, mode == SELMODE::VSEL_TENSOR_SCALAR_MODE, lanes, strides, site,
           [&](auto) { return [=](uint32_t, uint32_t) { return scalar; }; });
}

} // namespace sim

template <typename T, typename U>
void Compare(const LocalTensor<U> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1, CMPMODE cmpMode,
             uint32_t count, Site site = Site::here())
{
    const sim::Lanes lanes = sim::whole(uint64_t{count} * sizeof(T) / sim::kRepeatBytes, sizeof(T));
    sim::compare_tensors(dst, src0, src1, cmpMode, lanes, {}, count % lanes.per_repeat, site);
}

// The scalar forms, under both names. A mask says nothing.
#define ASCENDC_SIM_COMPARE_SCALAR(Name) \
    template <typename T, typename U> \
    void Name(const LocalTensor<U> &dst, const LocalTensor<T> &src0, const T src1Scalar, CMPMODE cmpMode, \
              uint32_t count, Site site = Site::here()) \
    { \
        const sim::Lanes lanes = sim::whole(uint64_t{count} * sizeof(T) / sim::kRepeatBytes, sizeof(T)); \
        sim::compare_scalar(#Name, dst, src0, src1Scalar, cmpMode, lanes, {}, count % lanes.per_repeat, site); \
    } \
    ASCENDC_SIM_COMPARE_SCALAR_MASKED(Name, const uint64_t[]) \
    ASCENDC_SIM_COMPARE_SCALAR_MASKED(Name, const uint64_t)
#define ASCENDC_SIM_COMPARE_SCALAR_MASKED(Name, Mask) \
    template <typename T, typename U, bool isSetMask = true> \
    void Name(const LocalTensor<U> &dst, const LocalTensor<T> &src0, const T src1Scalar, CMPMODE cmpMode, \
              std::decay_t<Mask>, uint8_t repeatTime, const UnaryRepeatParams &repeatParams, Site site = Site::here()) \
    { \
        sim::compare_scalar(#Name, dst, src0, src1Scalar, cmpMode, sim::whole(repeatTime, sizeof(T)), repeatParams, 0, \
                            site); \
    }
ASCENDC_SIM_COMPARE_SCALAR(Compares)
ASCENDC_SIM_COMPARE_SCALAR(CompareScalar)
#undef ASCENDC_SIM_COMPARE_SCALAR
#undef ASCENDC_SIM_COMPARE_SCALAR_MASKED

// The forms with a mask, by its bits or by a number of leading elements.
#define ASCENDC_SIM_MASKED(Mask, of) \
    template <typename T, typename U, bool isSetMask = true> \
    void Compare(const LocalTensor<U> &dst, const LocalTensor<T> &src0, const LocalTensor<T> &src1, CMPMODE cmpMode, \
                 const std::decay_t<const Mask>, uint8_t repeatTime, const BinaryRepeatParams &repeatParams, \
                 Site site = Site::here()) \
    { \
        sim::compare_tensors(dst, src0, src1, cmpMode, sim::whole(repeatTime, sizeof(T)), repeatParams, 0, site); \
    } \
    template <typename T, bool isSetMask = true> \
    void Compare(const LocalTensor<T> &src0, const LocalTensor<T> &src1, CMPMODE cmpMode, \
                 const std::decay_t<const Mask> mask, const BinaryRepeatParams &repeatParams, \
                 Site site = Site::here()) \
    { \
        sim::compare_to_register(src0, src1, cmpMode, sim::Lanes::of<isSetMask>(mask, 1, sizeof(T)), repeatParams, \
                                 site); \
    } \
    template <typename T, typename U, bool isSetMask = true> \
    void Select(const LocalTensor<T> &dst, const LocalTensor<U> &selMask, const LocalTensor<T> &src0, \
                const LocalTensor<T> &src1, SELMODE selMode, std::decay_t<Mask> mask, uint8_t repeatTime, \
                const BinaryRepeatParams &repeatParams, Site site = Site::here()) \
    { \
        sim::select_tensors(dst, selMask, src0, src1, selMode, sim::Lanes::of(mask, repeatTime, sizeof(T)), \
                            repeatParams, site); \
    } \
    template <typename T, typename U, bool isSetMask = true> \
    void Select(const LocalTensor<T> &dst, const LocalTensor<U> &selMask, const LocalTensor<T> &src0, T src1, \
                SELMODE selMode, std::decay_t<Mask> mask, uint8_t repeatTime, const BinaryRepeatParams &repeatParams, \
                Site site = Site::here()) \
    { \
        sim::select_scalar(dst, selMask, src0, src1, selMode, sim::Lanes::of(mask, repeatTime, sizeof(T)), \
                           repeatParams, site); \
    }
ASCENDC_SIM_MASKED(uint64_t[], bits)
ASCENDC_SIM_MASKED(uint64_t, leading)
#undef ASCENDC_SIM_MASKED

template <typename T, typename U>
void Select(const LocalTensor<T> &dst, const LocalTensor<U> &selMask, const LocalTensor<T> &src0,
            const LocalTensor<T> &src1, SELMODE selMode, uint32_t count, Site site = Site::here())
{
    sim::select_tensors(dst, selMask, src0, src1, selMode, sim::Lanes::first(count, sizeof(T)), {}, site);
    // The library ends this form with a barrier, and the one with a number without.
    sim::Core::current().barrier(ascendc_sim::kV);
}

template <typename T, typename U>
void Select(const LocalTensor<T> &dst, const LocalTensor<U> &selMask, const LocalTensor<T> &src0, T src1,
            SELMODE selMode, uint32_t count, Site site = Site::here())
{
    sim::select_scalar(dst, selMask, src0, src1, selMode, sim::Lanes::first(count, sizeof(T)), {}, site);
}

template <typename T>
void SetCmpMask(const LocalTensor<T> &src, Site site = Site::here())
{
    sim::load_compared("SetCmpMask", src, sim::kComparedBytes, site);
}

template <typename T>
void GetCmpMask(const LocalTensor<T> &dst, Site site = Site::here())
{
    sim::VectorInstruction it("GetCmpMask", site, 0);
    const sim::Operand d = sim::operand(dst);
    it.writes_less({d.view.address, sim::kComparedBytes}, d, sim::kComparedBytes);
    std::memcpy(it.core.ub.data(d.view.address), it.core.registers.compared, sim::kComparedBytes);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
