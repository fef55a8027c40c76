// Within UB: Copy (masked), Brcb (an element to a block), Gatherb (whole blocks by byte offset).
#pragma once

#include <cstdint>
#include <vector>

#include "vector.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// Strides in blocks: of the blocks of a repeat, and of repeats.
struct CopyRepeatParams {
    CopyRepeatParams() = default;
    CopyRepeatParams(const uint16_t dstStride, const uint16_t srcStride, uint16_t dstRepeatSize, uint16_t srcRepeatSize)
        : dstStride(dstStride), srcStride(srcStride), dstRepeatSize(dstRepeatSize), srcRepeatSize(srcRepeatSize)
    {
    }
    uint16_t dstStride = 1;
    uint16_t srcStride = 1;
    uint16_t dstRepeatSize = 8;
    uint16_t srcRepeatSize = 8;
};

// Strides in blocks. The fields behind them are without effect.
struct BrcbRepeatParams {
    BrcbRepeatParams() = default;
    BrcbRepeatParams(const uint16_t dstBlkStride, const uint16_t dstRepStride)
        : dstRepStride(dstRepStride), dstBlkStride(dstBlkStride)
    {
    }
    uint32_t blockNumber = 8;
    uint16_t dstRepStride = 8;
    uint16_t dstBlkStride = 1;
};

struct GatherRepeatParams {
    GatherRepeatParams() = default;
    GatherRepeatParams(const uint8_t dstBlkStride, const uint8_t dstRepStride)
        : dstRepStride(dstRepStride), dstBlkStride(dstBlkStride)
    {
    }
    uint32_t blockNumber = 8;
    uint16_t dstRepStride = 8;
    uint8_t dstBlkStride = 1;
};

namespace sim {

// Whether there is such an instruction: for elements of 2 and 4 bytes; else it says so.
template <typename T>
bool executed(VectorInstruction &it)
{
    if (sizeof(T) != 2 && sizeof(T) != 4) {
        it.wrong(ASCEND_CACHE_LOC_SIM_NOT_EXECUTED, sizeof(T));
    }
    return it.ok;
}

template <typename T>
void copy_lanes(const LocalTensor<T> &dst, const LocalTensor<T> &src, const Lanes &lanes,
                const CopyRepeatParams &strides, Site site)
{
    constexpr uint32_t kMostRepeat = 4095;
    VectorInstruction it("Copy", site, lanes);
    it.require(strides.dstRepeatSize <= kMostRepeat, strides.dstRepeatSize, kMostRepeat);
    it.require(strides.srcRepeatSize <= kMostRepeat, strides.srcRepeatSize, kMostRepeat);
    if (!executed<T>(it)) {
        return;
    }
    const Operand s = operand(src, strides.srcStride, strides.srcRepeatSize);
    const Operand d = operand(dst, strides.dstStride, strides.dstRepeatSize);
    it.reads(lanes, s);
    it.writes(lanes, d);
    if (it.ok) {
        auto &ub = it.core.ub;
        each_element(
            lanes, [&](uint32_t to, uint32_t from) { ub.store<T>(to, ub.load<T>(from)); }, d, s);
    }
}

// Where the blocks of a destination lie: eight a repeat.
inline std::vector<uint64_t> destination_blocks(const Operand &d, uint32_t repeats)
{
    std::vector<uint64_t> where;
    for (uint32_t n = 0; n < 8 * repeats; ++n) {
        const uint64_t block = uint64_t{n / 8} * d.repeat_stride + uint64_t{n % 8} * d.block_stride;
        where.push_back(d.view.address + block * kBlockBytes);
    }
    return where;
}

inline Spans whole_blocks(const std::vector<uint64_t> &where)
{
    Spans spans;
    for (const uint64_t address : where) {
        spans.append(address, kBlockBytes);
    }
    return spans;
}

} // namespace sim

template <typename T, bool isSetMask = true>
void Copy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const uint64_t mask[], const uint8_t repeatTime,
          const CopyRepeatParams &repeatParams, Site site = Site::here())
{
    const auto lanes = sim::Lanes::bits<isSetMask>(mask, repeatTime, sizeof(T)).counting_each(repeatTime);
    sim::copy_lanes(dst, src, lanes, repeatParams, site);
}

template <typename T, bool isSetMask = true>
void Copy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const uint64_t mask, const uint8_t repeatTime,
          const CopyRepeatParams &repeatParams, Site site = Site::here())
{
    const auto lanes = sim::Lanes::leading<isSetMask>(mask, repeatTime, sizeof(T)).counting_each(repeatTime);
    sim::copy_lanes(dst, src, lanes, repeatParams, site);
}

// Block n of dst is filled with element n of src, eight a repeat.
template <typename T>
void Brcb(const LocalTensor<T> &dst, const LocalTensor<T> &src, const uint8_t repeatTime,
          const BrcbRepeatParams &repeatParams, Site site = Site::here())
{
    sim::VectorInstruction it("Brcb", site, repeatTime);
    // The instruction takes no mask; the library fills the register first, and leaves it so.
    ResetMask();
    it.require(repeatTime == 0 || repeatParams.dstBlkStride != 0, 0, 1);
    if (!sim::executed<T>(it)) {
        return;
    }
    const sim::Operand s = sim::operand(src);
    const sim::Operand d = sim::operand(dst, repeatParams.dstBlkStride, repeatParams.dstRepStride);
    it.reads(sim::Spans{s.view.address, 8 * sizeof(T) * repeatTime}, s);
    std::vector<T> values;
    for (uint32_t n = 0; n < 8u * repeatTime; ++n) {
        values.push_back(it.core.ub.load<T>(s.view.address + n * static_cast<uint32_t>(sizeof(T))));
    }
    const std::vector<uint64_t> where = sim::destination_blocks(d, repeatTime);
    it.writes_apart(sim::whole_blocks(where), d);
    for (size_t n = 0; n < where.size() && it.ok; ++n) {
        for (uint32_t byte = 0; byte < sim::kBlockBytes; byte += sizeof(T)) {
            it.core.ub.store<T>(static_cast<uint32_t>(where[n]) + byte, values[n]);
        }
    }
}

// Block n of dst is the block at src + offset[n] bytes.
template <typename T>
void Gatherb(const LocalTensor<T> &dst, const LocalTensor<T> &src, const LocalTensor<uint32_t> &offset,
             const uint8_t repeatTime, const GatherRepeatParams &repeatParams, Site site = Site::here())
{
    sim::VectorInstruction it("Gatherb", site, repeatTime);
    ResetMask();
    if (!sim::executed<T>(it)) {
        return;
    }
    const sim::Operand s = sim::operand(src);
    const sim::Operand from = sim::operand(offset);
    const uint8_t block_stride = repeatParams.dstBlkStride == 0 ? 1 : repeatParams.dstBlkStride;
    const sim::Operand d = sim::operand(dst, block_stride, repeatParams.dstRepStride);
    it.reads(sim::Spans{from.view.address, uint64_t{32} * repeatTime}, from);
    std::vector<uint64_t> blocks;
    for (uint32_t n = 0; n < 8u * repeatTime; ++n) {
        const uint32_t by = it.core.ub.load<uint32_t>(from.view.address + 4 * n);
        const uint64_t at = uint64_t{s.view.address} + by;
        if (at + sim::kBlockBytes > sim::kUbBytes) {
            it.core.except(ASCEND_CACHE_LOC_SIM_GATHER_OFFSET, it.now, {}, by, sim::kUbBytes);
        }
        if (at % sim::kBlockBytes != 0) {
            it.wrong(ASCEND_CACHE_LOC_SIM_GATHER_OFFSET, by, sim::kBlockBytes);
            return;
        }
        blocks.push_back(at);
    }
    it.reads(sim::whole_blocks(blocks), s);
    const std::vector<uint64_t> where = sim::destination_blocks(d, repeatTime);
    it.writes_apart(sim::whole_blocks(where), d);
    for (size_t n = 0; n < where.size() && it.ok; ++n) {
        std::memcpy(it.core.ub.data(static_cast<uint32_t>(where[n])), it.core.ub.data(static_cast<uint32_t>(blocks[n])),
                    sim::kBlockBytes);
    }
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
