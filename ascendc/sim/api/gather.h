// Gather (by byte offset) and GatherMask (by pattern).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <vector>

#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// Strides in 32-byte blocks.
struct GatherMaskParams {
    GatherMaskParams() = default;
    GatherMaskParams(uint8_t src0BlockStride, uint16_t repeatTimes, uint16_t src0RepeatStride, uint8_t src1RepeatStride)
        : src0BlockStride(src0BlockStride), repeatTimes(repeatTimes), src0RepeatStride(src0RepeatStride),
          src1RepeatStride(src1RepeatStride)
    {
    }
    uint8_t src0BlockStride = 1;
    uint16_t repeatTimes = 0;
    uint16_t src0RepeatStride = 0;
    uint8_t src1RepeatStride = 0;
};

namespace sim {

// dst[i] = the element at src + base + offsets[i] bytes. Offsets are taken in order, masked ones included.
template <typename T>
void gather(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<uint32_t> &offsets, uint32_t base,
            Lanes lanes, uint32_t repeat_stride, Site site)
{
    VectorInstruction it("Gather", site, lanes);
    if constexpr (sizeof(T) != 2 && sizeof(T) != 4) {
        it.wrong(ASCEND_CACHE_LOC_SIM_NOT_EXECUTED, sizeof(T));
        return;
    }
    if (lanes.counted && lanes.count != 0) {
        // The library does whole repeats, then the rest with a mask, which stays.
        const uint64_t rest = lanes.count % lanes.per_repeat;
        set_leading_mask(rest != 0 ? rest : lanes.per_repeat, lanes.per_repeat);
    }
    if (lanes.counted && lanes.count / lanes.per_repeat > 255) {
        // The library counts whole repeats in eight bits.
        const uint64_t done =
            (lanes.count / lanes.per_repeat & 255) * lanes.per_repeat + lanes.count % lanes.per_repeat;
        it.core.report(ASCEND_CACHE_LOC_SIM_REPEATS_WRAPPED, it.now, {}, lanes.count, done);
        lanes.count = done;
    }
    const Operand d = operand(dst, 1, repeat_stride);
    const Operand from = operand(offsets);
    const Operand s = operand(src);
    const uint64_t start = uint64_t{src.sim_view().address} + base;
    // Where each lane's offset lies, then where each lane's element lies.
    Spans offset_spans;
    // All are noted as read before the first is stored: where dst lies among them is told of as an overlap.
    std::vector<uint64_t> lane_offsets;
    lanes.each([&](uint32_t repeat, uint32_t element) {
        lane_offsets.push_back(from.view.address + uint64_t{repeat * lanes.per_repeat + element} * 4);
        offset_spans.append(lane_offsets.back(), 4);
    });
    it.reads(offset_spans, from);
    if (!it.ok) {
        return;
    }
    std::vector<uint32_t> elements;
    elements.reserve(lane_offsets.size());
    Spans where;
    for (const uint64_t at : lane_offsets) {
        const uint32_t offset = it.core.ub.load<uint32_t>(static_cast<uint32_t>(at));
        const bool straight = (uint64_t{base} + offset) % sizeof(T) == 0;
        if (start + offset + sizeof(T) > kUbBytes) {
            it.core.except(ASCEND_CACHE_LOC_SIM_GATHER_OFFSET, it.now, {}, offset, kUbBytes);
        }
        // One report is enough, and nothing is stored: what a device reads there is not documented.
        if (!straight) {
            it.wrong(ASCEND_CACHE_LOC_SIM_GATHER_OFFSET, offset, sizeof(T));
            return;
        }
        elements.push_back(static_cast<uint32_t>(start + offset));
        where.append(start + offset, sizeof(T));
    }
    it.reads(where, s);
    it.writes_apart(spans(lanes, d), d);
    if (it.ok) {
        size_t lane = 0;
        each_element(
            lanes, [&](uint32_t to) { it.core.ub.store<T>(to, it.core.ub.load<T>(elements[lane++])); }, d);
    }
}

// Packs the elements of src that `kept(iteration, element)` says yes to; the pattern's own reads are noted by the
// caller. An iteration is 256 bytes, or in counter mode `mask` elements.
// Iterations leave no gap between what they keep: it is how a tile is packed.
template <typename T, typename F>
void gather_mask(VectorInstruction &it, const LocalTensor<T> &dst, const LocalTensor<T> &src, uint32_t per_iteration,
                 const GatherMaskParams &params, uint64_t &kept_count, F kept)
{
    const Operand s = operand(src, params.src0BlockStride, params.src0RepeatStride);
    constexpr uint32_t kPerBlock = kBlockBytes / sizeof(T);
    Spans touched;
    std::vector<uint32_t> chosen;
    chosen.reserve(size_t{params.repeatTimes} * per_iteration);
    for (uint32_t r = 0; r < params.repeatTimes; ++r) {
        for (uint32_t first = 0; first < per_iteration; first += kPerBlock) {
            const uint64_t block = s.address(r, first);
            const uint32_t here = std::min(kPerBlock, per_iteration - first);
            touched.append(block, here * sizeof(T));
            for (uint32_t e = 0; e < here; ++e) {
                if (kept(r, first + e)) {
                    chosen.push_back(static_cast<uint32_t>(block + e * sizeof(T)));
                }
            }
        }
    }
    // What is not kept may have no value; mostly all has.
    Spans used;
    if (!it.has_value(touched)) {
        for (const uint32_t element : chosen) {
            used.append(element, sizeof(T));
        }
    }
    it.reads(touched, used, s);
    const Operand d = operand(dst);
    // In place it keeps behind its reads, as long as these go upwards.
    const bool behind = d.view.address == s.view.address &&
                        std::adjacent_find(chosen.begin(), chosen.end(), std::greater_equal<>()) == chosen.end();
    const Spans where{d.view.address, chosen.size() * sizeof(T)};
    behind ? it.writes_less(where, d, kBlockBytes) : it.writes_apart(where, d);
    if (it.ok) {
        std::vector<T> packed;
        packed.reserve(chosen.size());
        for (const uint32_t element : chosen) {
            packed.push_back(it.core.ub.load<T>(element));
        }
        for (size_t i = 0; i < packed.size(); ++i) {
            it.core.ub.store<T>(static_cast<uint32_t>(d.view.address + i * sizeof(T)), packed[i]);
        }
        // On a device a register of the vector unit: see the known limits in README.md.
        kept_count = chosen.size();
    }
}

// Elements of an iteration; 0 after a report. Types of other sizes have no instruction.
template <typename T>
uint32_t gather_mask_extent(VectorInstruction &it, bool counter_mode, uint32_t mask)
{
    // It restores the mode alone: the mask that stays is the call's number, in normal mode mostly 0.
    mask_register() = {0, mask}; // as the call leaves it
    if constexpr (sizeof(T) != 2 && sizeof(T) != 4) {
        it.wrong(ASCEND_CACHE_LOC_SIM_NOT_EXECUTED, sizeof(T));
        return 0;
    }
    if (!counter_mode) {
        return kRepeatBytes / sizeof(T);
    }
    it.require(mask >= 1 && mask <= kUbBytes / sizeof(T), mask, kUbBytes / sizeof(T));
    return it.ok ? mask : 0;
}

// For the counters and the cost: repeats of 256 bytes, of which an iteration in counter mode is several.
inline uint64_t gather_mask_repeats(bool counter_mode, uint32_t mask, uint32_t element_bytes, uint16_t repeats)
{
    const uint64_t bytes = counter_mode ? uint64_t{mask} * element_bytes : kRepeatBytes;
    return (bytes + kRepeatBytes - 1) / kRepeatBytes * repeats;
}

} // namespace sim

enum class GatherMaskMode : uint8_t { VERSION_V1 = 0, VERSION_V2 = 1 };
constexpr GatherMaskMode defaultGatherMaskMode = GatherMaskMode::VERSION_V1;

template <typename T>
void Gather(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<uint32_t> &srcOffset,
            const uint32_t srcBaseAddr, const uint32_t count, Site site = Site::here())
{
    sim::gather(dst, src, srcOffset, srcBaseAddr, sim::Lanes::first(count, sizeof(T)), 8, site);
}

template <typename T>
void Gather(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<uint32_t> &srcOffset,
            const uint32_t srcBaseAddr, const uint64_t mask[], const uint8_t repeatTime, const uint16_t dstRepStride,
            Site site = Site::here())
{
    sim::gather(dst, src, srcOffset, srcBaseAddr, sim::Lanes::bits(mask, repeatTime, sizeof(T)), dstRepStride, site);
}

template <typename T>
void Gather(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<uint32_t> &srcOffset,
            const uint32_t srcBaseAddr, const uint64_t mask, const uint8_t repeatTime, const uint16_t dstRepStride,
            Site site = Site::here())
{
    sim::gather(dst, src, srcOffset, srcBaseAddr, sim::Lanes::leading(mask, repeatTime, sizeof(T)), dstRepStride, site);
}

// A built-in pattern: 1 even elements, 2 odd ones, 3 to 6 the first to fourth of every four, 7 all.
template <typename T, GatherMaskMode mode = defaultGatherMaskMode>
void GatherMask(const LocalTensor<T> &dst, const LocalTensor<T> &src0, const uint8_t src1Pattern, const bool reduceMode,
                const uint32_t mask, const GatherMaskParams &gatherMaskParams, uint64_t &rsvdCnt,
                Site site = Site::here())
{
    sim::VectorInstruction it("GatherMask", site,
                              sim::gather_mask_repeats(reduceMode, mask, sizeof(T), gatherMaskParams.repeatTimes));
    it.require(src1Pattern >= 1 && src1Pattern <= 7, src1Pattern, 7);
    const uint32_t extent = sim::gather_mask_extent<T>(it, reduceMode, mask);
    if (it.ok) {
        sim::gather_mask(it, dst, src0, extent, gatherMaskParams, rsvdCnt, [&](uint32_t, uint32_t e) {
            return src1Pattern == 7 || (src1Pattern <= 2 ? e % 2 == src1Pattern - 1u : e % 4 == src1Pattern - 3u);
        });
    }
}

// A pattern of bits, lowest first: one a source element, each iteration from its own start on.
template <typename T, typename U, GatherMaskMode mode = defaultGatherMaskMode>
void GatherMask(const LocalTensor<T> &dst, const LocalTensor<T> &src0, const LocalTensor<U> &src1Pattern,
                const bool reduceMode, const uint32_t mask, const GatherMaskParams &gatherMaskParams, uint64_t &rsvdCnt,
                Site site = Site::here())
{
    static_assert(
        (std::is_same_v<U, uint16_t> || std::is_same_v<U, uint32_t>)&&(sizeof(U) == sizeof(T) ||
                                                                       (sizeof(T) != 2 && sizeof(T) != 4)),
        "ascendc/sim: GatherMask wants a uint16_t pattern for 16-bit data and a uint32_t one for 32-bit data");
    sim::VectorInstruction it("GatherMask", site,
                              sim::gather_mask_repeats(reduceMode, mask, sizeof(T), gatherMaskParams.repeatTimes));
    const uint32_t extent = sim::gather_mask_extent<T>(it, reduceMode, mask);
    if (!it.ok) {
        return;
    }
    const sim::Operand bits = sim::operand(src1Pattern, 1, gatherMaskParams.src1RepeatStride);
    sim::Spans words;
    for (uint32_t r = 0; r < gatherMaskParams.repeatTimes; ++r) {
        words.append(bits.address(r, 0), (uint64_t{extent} + 8 * sizeof(U) - 1) / (8 * sizeof(U)) * sizeof(U));
    }
    it.reads(words, bits);
    if (it.ok) {
        sim::gather_mask(it, dst, src0, extent, gatherMaskParams, rsvdCnt, [&](uint32_t r, uint32_t e) {
            const uint64_t at = bits.address(r, 0) + e / 8;
            return (it.core.ub.load<uint8_t>(static_cast<uint32_t>(at)) >> e % 8 & 1) != 0;
        });
    }
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
