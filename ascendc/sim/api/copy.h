// Data movement: DataCopy (whole 32-byte blocks) and DataCopyPad (exact bytes), GM to UB, UB to GM, and within UB.
#pragma once

#include <cstdint>
#include <cstring>

#include "transfer.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// DataCopy: lengths and gaps in 32-byte blocks; a gap is from the end of a block to the start of the next.
struct DataCopyParams {
    DataCopyParams() = default;
    DataCopyParams(uint16_t blockCount, uint16_t blockLen, uint16_t srcStride, uint16_t dstStride)
        : blockCount(blockCount), blockLen(blockLen), srcStride(srcStride), dstStride(dstStride)
    {
    }
    uint16_t blockCount = 1;
    uint16_t blockLen = 0;
    union {
        uint16_t srcStride = 0;
        uint16_t srcGap;
    };
    union {
        uint16_t dstStride = 0;
        uint16_t dstGap;
    };
};

// DataCopyPad: `blockLen` in bytes; the gap on the GM side in bytes, on the UB side in 32-byte blocks.
// The two change roles with the direction: srcStride is bytes on the way in, blocks on the way out.
struct DataCopyExtParams {
    DataCopyExtParams() = default;
    DataCopyExtParams(uint16_t blockCount, uint32_t blockLen, uint32_t srcStride, uint32_t dstStride, uint32_t rsv)
        : blockCount(blockCount), blockLen(blockLen), srcStride(srcStride), dstStride(dstStride), rsv(rsv)
    {
    }
    uint16_t blockCount = 1;
    uint32_t blockLen = 0;
    uint32_t srcStride = 0;
    uint32_t dstStride = 0;
    uint32_t rsv = 0;
};

struct DataCopyPadParams {
    DataCopyPadParams() = default;
    DataCopyPadParams(bool isPad, uint8_t leftPadding, uint8_t rightPadding, uint64_t paddingValue)
        : isPad(isPad), leftPadding(leftPadding), rightPadding(rightPadding), paddingValue(paddingValue)
    {
    }
    bool isPad = false;
    uint8_t leftPadding = 0;
    uint8_t rightPadding = 0;
    uint64_t paddingValue = 0;
};

template <typename T>
struct DataCopyPadExtParams {
    DataCopyPadExtParams() = default;
    DataCopyPadExtParams(bool isPad, uint8_t leftPadding, uint8_t rightPadding, T paddingValue)
        : isPad(isPad), leftPadding(leftPadding), rightPadding(rightPadding), paddingValue(paddingValue)
    {
    }
    bool isPad = false;
    uint8_t leftPadding = 0;  // elements
    uint8_t rightPadding = 0; // elements
    T paddingValue{};
};

namespace sim {

// 12, 21 and 6 bits of the instruction. Padding is in the instruction's own elements.
constexpr uint32_t kMostBlocks = 4095;
constexpr uint32_t kMostBlockBytes = 2097151;
constexpr uint32_t kMostPadding = 63;

// The instruction has so many bits for a field; what does not fit is cut off, silently on a device.
inline uint32_t cut(uint64_t value, uint32_t most)
{
    return static_cast<uint32_t>(value & most);
}

inline void check_range(Core &core, const Instruction &now, uint64_t value, uint64_t most)
{
    if (value > most) {
        core.report(ASCEND_CACHE_LOC_SIM_COPY_PARAMETER, now, {}, value, most);
    }
}

// DataCopy in 32-byte blocks.
// From gaps, between an end and a begin, to pitches, from begin to begin; here and below.
inline CopyShape whole_blocks(const DataCopyParams &params, uint16_t gm_gap, uint16_t ub_gap)
{
    const uint32_t bytes = uint32_t{params.blockLen} * kBlockBytes;
    return {cut(params.blockCount, kMostBlocks), bytes, bytes + uint64_t{gm_gap} * kBlockBytes,
            bytes + uint64_t{ub_gap} * kBlockBytes};
}

// What the checks report has the instruction in it: they run when it is issued, not when its shape is made.
inline auto check_blocks(const DataCopyParams &params)
{
    return [&params](Core &core, const Instruction &now) { check_range(core, now, params.blockCount, kMostBlocks); };
}

// DataCopy of a count; one that is no multiple of 32-byte blocks is cut, as on the device.
inline CopyShape counted_blocks(uint32_t count, uint32_t element_bytes)
{
    const uint64_t bytes = uint64_t{count} * element_bytes / kBlockBytes * kBlockBytes;
    return {bytes == 0 ? 0u : 1u, static_cast<uint32_t>(bytes), 0, 0};
}

inline auto check_count(uint32_t count, uint32_t element_bytes)
{
    return [asked = uint64_t{count} * element_bytes](Core &core, const Instruction &now) {
        if (asked % kBlockBytes != 0) {
            core.report(ASCEND_CACHE_LOC_SIM_COPY_TRUNCATED, now, {}, asked, asked / kBlockBytes * kBlockBytes);
        }
    };
}

// DataCopyPad: the lengths are bytes, the gap is bytes in GM and blocks in UB.
inline CopyShape exact_blocks(const DataCopyExtParams &params, uint32_t gm_gap, uint32_t ub_gap, uint32_t left = 0,
                              uint32_t right = 0)
{
    CopyShape shape{cut(params.blockCount, kMostBlocks), cut(params.blockLen, kMostBlockBytes), 0, 0, left, right};
    shape.gm_pitch = uint64_t{shape.bytes} + gm_gap;
    shape.ub_pitch = shape.taken() + uint64_t{ub_gap} * kBlockBytes;
    return shape;
}

template <typename T>
void check_exact(Core &core, const Instruction &now, const DataCopyExtParams &params)
{
    check_range(core, now, params.blockCount, kMostBlocks);
    check_range(core, now, params.blockLen, kMostBlockBytes);
    if (params.blockLen % sizeof(T) != 0) {
        core.report(ASCEND_CACHE_LOC_SIM_COPY_PARAMETER, now, {}, params.blockLen, sizeof(T));
    }
}

// The bytes that a padding of so many elements takes: 64-bit data is copied by the instruction for 32-bit data, with
// paddings of twice the number.
template <typename T>
uint32_t padding_bytes(uint8_t elements)
{
    constexpr uint32_t unit = sizeof(T) == 8 ? 4 : sizeof(T);
    return cut(elements * (sizeof(T) / unit), kMostPadding) * unit;
}

} // namespace sim

// ---- DataCopy ----

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyParams &repeatParams,
              Site site = Site::here())
{
    const auto shape = sim::whole_blocks(repeatParams, repeatParams.srcStride, repeatParams.dstStride);
    sim::load("DataCopy", site, dst, src, shape, sizeof(T), sim::no_fill, sim::check_blocks(repeatParams));
}

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    const auto shape = sim::counted_blocks(count, sizeof(T));
    sim::load("DataCopy", site, dst, src, shape, sizeof(T), sim::no_fill, sim::check_count(count, sizeof(T)));
}

template <typename T>
void DataCopy(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &repeatParams,
              Site site = Site::here())
{
    const auto shape = sim::whole_blocks(repeatParams, repeatParams.dstStride, repeatParams.srcStride);
    sim::store("DataCopy", site, dst, src, shape, sizeof(T), sim::check_blocks(repeatParams));
}

template <typename T>
void DataCopy(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    const auto shape = sim::counted_blocks(count, sizeof(T));
    sim::store("DataCopy", site, dst, src, shape, sizeof(T), sim::check_count(count, sizeof(T)));
}

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &repeatParams,
              Site site = Site::here())
{
    const auto shape = sim::whole_blocks(repeatParams, repeatParams.srcStride, repeatParams.dstStride);
    sim::move(site, dst, src, shape, shape.gm_pitch, shape.ub_pitch, sim::check_blocks(repeatParams));
}

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    sim::move(site, dst, src, sim::counted_blocks(count, sizeof(T)), 0, 0, sim::check_count(count, sizeof(T)));
}

// ---- DataCopyPad ----

template <typename T>
void DataCopyPad(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyExtParams &dataCopyParams,
                 const DataCopyPadExtParams<T> &padParams, Site site = Site::here())
{
    auto shape =
        sim::exact_blocks(dataCopyParams, dataCopyParams.srcStride, dataCopyParams.dstStride,
                          sim::padding_bytes<T>(padParams.leftPadding), sim::padding_bytes<T>(padParams.rightPadding));
    auto &registers = sim::Core::current().registers;
    // Padding that nothing gives a value is whatever a device leaves there: it counts as unwritten.
    shape.padded = padParams.isPad || registers.pads;
    uint64_t value = 0;
    std::memcpy(&value, &padParams.paddingValue, sizeof(T));
    // There is one register for it, and both ways set it.
    if (padParams.isPad && registers.pads) {
        registers.padding = value;
    }
    const uint64_t padding = padParams.isPad ? value : registers.padding;
    const auto fill = [&](ascendc_sim::LocalMemory &ub, uint32_t at, uint32_t bytes) {
        constexpr uint32_t unit = sizeof(T) == 8 ? 4 : sizeof(T);
        for (uint32_t i = 0; i < bytes; i += unit) {
            std::memcpy(ub.data(at + i), &padding, unit); // the low bytes
        }
    };
    sim::load("DataCopyPad", site, dst, src, shape, 1, fill, [&](sim::Core &core, const sim::Instruction &now) {
        sim::check_range(core, now, padParams.leftPadding * sizeof(T), sim::kBlockBytes);
        sim::check_range(core, now, padParams.rightPadding * sizeof(T), sim::kBlockBytes);
        // The instruction for 32-bit data would fill each half with the low one: only 0 comes out right.
        if constexpr (sizeof(T) == 8) {
            sim::check_range(core, now, padParams.isPad && padParams.paddingValue != T{} ? 1 : 0, 0);
        }
        sim::check_exact<T>(core, now, dataCopyParams);
    });
}

template <typename T>
void DataCopyPad(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyParams &dataCopyParams,
                 const DataCopyPadParams &padParams, Site site = Site::here())
{
    T value; // the low bits
    std::memcpy(&value, &padParams.paddingValue, sizeof(T));
    const DataCopyExtParams params(dataCopyParams.blockCount, dataCopyParams.blockLen, dataCopyParams.srcStride,
                                   dataCopyParams.dstStride, 0);
    DataCopyPad(dst, src, params,
                DataCopyPadExtParams<T>(padParams.isPad, padParams.leftPadding, padParams.rightPadding, value), site);
}

template <typename T>
void DataCopyPad(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyExtParams &dataCopyParams,
                 Site site = Site::here())
{
    const auto shape = sim::exact_blocks(dataCopyParams, dataCopyParams.dstStride, dataCopyParams.srcStride);
    sim::store("DataCopyPad", site, dst, src, shape, 1,
               [&](sim::Core &core, const sim::Instruction &now) { sim::check_exact<T>(core, now, dataCopyParams); });
}

template <typename T>
void DataCopyPad(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &dataCopyParams,
                 Site site = Site::here())
{
    const DataCopyExtParams params(dataCopyParams.blockCount, dataCopyParams.blockLen, dataCopyParams.srcStride,
                                   dataCopyParams.dstStride, 0);
    DataCopyPad(dst, src, params, site);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
