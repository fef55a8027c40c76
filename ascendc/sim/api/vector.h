// How a vector instruction walks its operands: the first `count` elements, or masked repeats with strides.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "mask.h"
#include "spans.h"
#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// Strides in 32-byte blocks: between the blocks of a repeat, and between repeats.
// A repeat is 256 bytes: eight blocks a stride apart, so 1 and 8 are without gaps.
struct UnaryRepeatParams {
    UnaryRepeatParams() = default;
    UnaryRepeatParams(uint16_t dstBlkStride, uint16_t srcBlkStride, uint8_t dstRepStride, uint8_t srcRepStride)
        : dstBlkStride(dstBlkStride), srcBlkStride(srcBlkStride), dstRepStride(dstRepStride), srcRepStride(srcRepStride)
    {
    }
    uint16_t dstBlkStride = 1;
    uint16_t srcBlkStride = 1;
    uint8_t dstRepStride = 8;
    uint8_t srcRepStride = 8;
};

struct BinaryRepeatParams {
    BinaryRepeatParams() = default;
    BinaryRepeatParams(uint8_t dstBlkStride, uint8_t src0BlkStride, uint8_t src1BlkStride, uint8_t dstRepStride,
                       uint8_t src0RepStride, uint8_t src1RepStride)
        : dstBlkStride(dstBlkStride), src0BlkStride(src0BlkStride), src1BlkStride(src1BlkStride),
          dstRepStride(dstRepStride), src0RepStride(src0RepStride), src1RepStride(src1RepStride)
    {
    }
    uint8_t dstBlkStride = 1;
    uint8_t src0BlkStride = 1;
    uint8_t src1BlkStride = 1;
    uint8_t dstRepStride = 8;
    uint8_t src0RepStride = 8;
    uint8_t src1RepStride = 8;
};

namespace sim {

using ascendc_sim::Core;
using ascendc_sim::Instruction;
using ascendc_sim::kBlockBytes;
using ascendc_sim::kUbBytes;

constexpr uint32_t kRepeatBytes = 256;

// Which elements an instruction works on, from one of the forms of a call. Each leaves the mask register as the call
// does.
struct Lanes {
    bool counted;       // the first `count`, contiguous; else masked repeats
    uint64_t count = 0; // of repeats: counter mode's elements in all, without a mask
    uint64_t low = 0;   // bit e: element e of a repeat
    uint64_t high = 0;  // bit e - 64
    uint64_t repeats = 0;
    uint32_t per_repeat = 0; // elements
    bool whole = false;      // of repeats: all elements, without a mask
    // Whether the parameter is in its documented range, and if not, what it is and what it may be.
    bool valid = true;
    uint64_t value = 0;
    uint64_t limit = 0;

    // (dst, ..., count)
    template <bool set_mask = true>
    static Lanes first(int64_t count, uint32_t element_bytes)
    {
        // Then the count says nothing: as many elements as the register has are worked on.
        if constexpr (!set_mask) {
            return registered(1, element_bytes);
        }
        Lanes lanes{true};
        lanes.count = static_cast<uint64_t>(std::clamp<int64_t>(count, 0, UINT32_MAX));
        lanes.per_repeat = kRepeatBytes / element_bytes;
        lanes.check(count >= 0, static_cast<uint64_t>(count), 0);
        // The library counts in counter mode, then sets normal mode and a full mask, whatever was there before.
        mask_register() = {};
        return lanes;
    }

    // (dst, ..., uint64_t mask[], repeatTime, strides); elements of 4 and 8 bytes have one mask word
    template <bool set_mask = true>
    static Lanes bits(const uint64_t mask[], uint8_t repeats, uint32_t element_bytes)
    {
        if constexpr (set_mask) {
            sim::set_mask(mask[1], mask[0]);
        }
        Lanes lanes = registered(repeats, element_bytes);
        const uint64_t beyond = lanes.per_repeat < 64 ? mask[0] >> lanes.per_repeat : 0;
        if (set_mask && beyond != 0 && !mask_register().counter) {
            lanes.check(false, mask[0], lanes.per_repeat);
        }
        return lanes;
    }

    // (dst, ..., uint64_t mask, repeatTime, strides): the first `mask` elements of each repeat
    template <bool set_mask = true>
    static Lanes leading(uint64_t mask, uint8_t repeats, uint32_t element_bytes)
    {
        if constexpr (set_mask) {
            set_leading_mask(mask, kRepeatBytes / element_bytes);
        }
        Lanes lanes = registered(repeats, element_bytes);
        if (set_mask && !(mask >= 1 && mask <= lanes.per_repeat)) {
            lanes.check(false, mask, lanes.per_repeat);
        }
        return lanes;
    }

    // What the mask register says.
    static Lanes registered(uint8_t repeats, uint32_t element_bytes)
    {
        const auto &mask = mask_register();
        Lanes lanes{false};
        lanes.per_repeat = kRepeatBytes / element_bytes;
        lanes.repeats = repeats;
        if (mask.counter) {
            lanes.count = std::min<uint64_t>(mask.low, UINT32_MAX);
            lanes.repeats = (lanes.count + lanes.per_repeat - 1) / lanes.per_repeat;
            return lanes;
        }
        lanes.low = lanes.per_repeat < 64 ? mask.low & ((uint64_t{1} << lanes.per_repeat) - 1) : mask.low;
        lanes.high = lanes.per_repeat > 64 ? mask.high : 0;
        lanes.check((lanes.low | lanes.high) != 0, mask.low, lanes.per_repeat);
        return lanes;
    }

    // The same of a call to which counter mode tells the elements of each repeat, be they more than 256 bytes.
    Lanes counting_each(uint8_t asked) const
    {
        Lanes lanes = *this;
        if (const auto &mask = mask_register(); mask.counter) {
            lanes.count = 0;
            lanes.repeats = asked;
            lanes.per_repeat = static_cast<uint32_t>(std::min<uint64_t>(mask.low, kUbBytes)); // more do not fit anyway
            lanes.whole = true;
        }
        return lanes;
    }

    // Told by the instruction, once it is issued: there is no place in a kernel to report before.
    void check(bool holds, uint64_t what, uint64_t most)
    {
        valid = holds;
        value = what;
        limit = most;
    }

    bool on(uint32_t element) const
    {
        return whole || ((element < 64 ? low >> element : high >> (element - 64)) & 1) != 0;
    }

    // Of masked repeats: bit e tells whether element `first` + e of a repeat is worked on, for 32 of them at least.
    uint64_t taken(uint32_t repeat, uint32_t first) const
    {
        if (count == 0 && !whole) {
            return first < 64 ? low >> first : high >> (first - 64);
        }
        const uint64_t before = whole ? first : uint64_t{repeat} * per_repeat + first;
        const uint64_t end = whole ? per_repeat : count;
        const uint64_t left = end > before ? end - before : 0;
        return left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    }

    uint64_t iterations() const { return counted ? (count + per_repeat - 1) / per_repeat : repeats; }

    // f(repeat, element of the repeat) for each element worked on. Those of a count are one repeat.
    template <typename F>
    void each(F f) const
    {
        if (counted) {
            for (uint32_t e = 0; e < count; ++e) {
                f(0u, e);
            }
            return;
        }
        for (uint32_t r = 0; r < repeats; ++r) {
            for (uint32_t e = 0; e < per_repeat; ++e) {
                if (count != 0 ? uint64_t{r} * per_repeat + e < count : on(e)) {
                    f(r, e);
                }
            }
        }
    }
};

// One operand: its view and its strides in blocks.
struct Operand {
    ascendc_sim::LocalView view;
    uint32_t element_bytes;
    uint32_t block_stride = 1;
    uint32_t repeat_stride = 8;

    uint64_t address(uint32_t repeat, uint32_t element) const
    {
        const uint32_t per_block = kBlockBytes / element_bytes;
        return view.address +
               uint64_t{kBlockBytes} *
                   (uint64_t{repeat} * repeat_stride + uint64_t{element / per_block} * block_stride) +
               uint64_t{element % per_block} * element_bytes;
    }

    // Whether element by element they are the same bytes: in place is then no overlap.
    bool same_walk(const Operand &other) const
    {
        return view.address == other.view.address && element_bytes == other.element_bytes &&
               block_stride == other.block_stride && repeat_stride == other.repeat_stride;
    }
};

inline Spans spans(const Lanes &lanes, const Operand &operand)
{
    // Dense, in one step: a count that the mask register had from elsewhere may be four thousand million.
    const bool dense = operand.block_stride == 1 && operand.repeat_stride == kRepeatBytes / kBlockBytes;
    if (lanes.counted || (lanes.count != 0 && dense)) {
        return {operand.view.address, lanes.count * operand.element_bytes};
    }
    Spans all;
    const uint32_t per_block = kBlockBytes / operand.element_bytes;
    const uint64_t whole = (uint64_t{1} << per_block) - 1;
    for (uint32_t r = 0; r < lanes.repeats; ++r) {
        for (uint32_t first = 0; first < lanes.per_repeat; first += per_block) {
            const uint64_t block = operand.address(r, first);
            const uint64_t on = lanes.taken(r, first) & whole;
            if (on == whole) {
                all.append(block, kBlockBytes);
                continue;
            }
            for (uint64_t left = on; left != 0; left &= left - 1) {
                const auto element = static_cast<uint64_t>(__builtin_ctzll(left));
                all.append(block + element * operand.element_bytes, operand.element_bytes);
            }
        }
    }
    return all;
}

template <typename T>
Operand operand(const LocalTensor<T> &tensor, uint32_t block_stride = 1, uint32_t repeat_stride = 8)
{
    return {tensor.sim_view(), sizeof(T), block_stride, repeat_stride};
}

// A vector instruction being issued. `reads` and `writes` check and note an operand; where a parameter is wrong, `ok`
// becomes false and the instruction must have no effect. All reads are noted before the write.
// Reads first: the write of an instruction in place must find its own read, and pass it over (LocalMemory::touch).
class VectorInstruction {
public:
    VectorInstruction(const char *name, Site site, uint64_t repeats)
        : core(Core::current()), now(core.issue(ascendc_sim::kV, name, site))
    {
        core.count_repeats(repeats);
    }

    VectorInstruction(const char *name, Site site, const Lanes &lanes)
        : VectorInstruction(name, site, lanes.iterations())
    {
        require(lanes.valid, lanes.value, lanes.limit);
    }

    void require(bool holds, uint64_t value, uint64_t limit)
    {
        if (!holds) {
            wrong(ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, value, limit);
        }
    }

    void wrong(ascendc_sim::Kind kind, uint64_t value = 0, uint64_t limit = 0)
    {
        core.report(kind, now, {}, value, limit);
        ok = false;
    }

    void reads(const Lanes &lanes, const Operand &source) { reads(spans(lanes, source), source); }

    void reads(const Spans &exact, const Operand &source) { reads(exact, exact, source); }

    // Whether every byte has a value.
    bool has_value(const Spans &spans) const
    {
        return std::all_of(spans.begin(), spans.end(), [&](const Span &span) {
            const uint64_t end = span.address + span.bytes;
            return end <= kUbBytes &&
                   core.ub.first(false, static_cast<uint32_t>(span.address), static_cast<uint32_t>(span.bytes)) == end;
        });
    }

    // Reads all of `touched`, of which only `used` matters: the rest may have no value.
    void reads(const Spans &touched, const Spans &used, const Operand &source)
    {
        check(touched, source, false, kBlockBytes);
        for (const Span &span : used) {
            core.needs_ub(now, static_cast<uint32_t>(span.address), static_cast<uint32_t>(span.bytes));
        }
        for (const Span &span : touched) {
            core.touch_ub(now, static_cast<uint32_t>(span.address), static_cast<uint32_t>(span.bytes), false);
        }
        // For the write, which must not lie across them.
        sources_.at(read_++) = {source, touched};
    }

    // A block stride of 0 would write block over block, which is undefined; a source may have it: one block, repeated.
    void writes(const Lanes &lanes, const Operand &target)
    {
        require(lanes.counted || target.block_stride != 0 || lanes.repeats == 0, 0, 1);
        written(spans(lanes, target), target, true, kBlockBytes);
    }

    // A destination that may not coincide with a source either.
    // Gather and Brcb say so; what takes its blocks in no order would find them written.
    void writes_apart(const Spans &exact, const Operand &target) { written(exact, target, false, kBlockBytes); }

    // A destination smaller than its source, which keeps behind the reads where both begin at one address.
    void writes_less(const Spans &exact, const Operand &target, uint32_t alignment)
    {
        written(exact, target, true, alignment, true);
    }

    Core &core;
    const Instruction now;
    bool ok = true;

private:
    struct Source {
        Operand operand{};
        Spans where{};
    };

    void check(const Spans &where, const Operand &of, bool write, uint32_t alignment)
    {
        uint64_t bytes = 0;
        bool inside = true;
        for (const Span &span : where) {
            bytes = bytes == 0 ? span.bytes : bytes;
            // The first that leaves the buffer tells all; one past the end of UB ends the launch.
            const uint64_t end = span.address + span.bytes;
            if (span.bytes != 0 && (inside || end > kUbBytes)) {
                inside = span.address >= of.view.buffer_begin && end <= of.view.buffer_end;
                core.check_ub(now, of.view, span.address, span.bytes, write);
            }
        }
        if (bytes != 0) {
            core.check_aligned(now, of.view.address, bytes, write, alignment);
        }
    }

    // The general rule on overlap: wholly or not at all, and no repeat may read what one before it wrote.
    void written(const Spans &where, const Operand &target, bool may_coincide, uint32_t alignment, bool less = false)
    {
        check(where, target, true, alignment);
        for (uint32_t r = 0; r < read_; ++r) {
            const Source &source = sources_[r];
            const bool coincide = may_coincide && source.operand.same_walk(target);
            // Narrowing in place keeps behind its reads; anything else that overlaps may read what it wrote.
            const bool narrows = may_coincide && source.operand.view.address == target.view.address &&
                                 (less || source.operand.element_bytes > target.element_bytes);
            const Span both = coincide || narrows ? Span{0, 0} : overlap(source.where, where);
            if (both.bytes != 0) {
                core.report(ASCEND_CACHE_LOC_SIM_OPERANDS_OVERLAP, now, core.in_ub(both.address, both.bytes, true));
            }
        }
        if (!ok) {
            return;
        }
        for (const Span &span : where) {
            core.writes_ub(now, static_cast<uint32_t>(span.address), static_cast<uint32_t>(span.bytes));
        }
    }

    std::array<Source, 4> sources_; // no instruction reads more
    uint32_t read_ = 0;
};

// The elementwise loop: `f(address of element in each operand...)`, in order.
// All operands have the lanes' elements and their own strides; of a count, none have strides.
template <typename F, typename... Operands>
void each_element(const Lanes &lanes, F f, const Operands &...operands)
{
    lanes.each([&](uint32_t repeat, uint32_t element) {
        if (lanes.counted) {
            f(static_cast<uint32_t>(operands.view.address + element * operands.element_bytes)...);
        } else {
            f(static_cast<uint32_t>(operands.address(repeat, element))...);
        }
    });
}

} // namespace sim
} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
