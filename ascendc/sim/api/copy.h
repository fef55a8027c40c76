// Data movement: DataCopy (whole 32-byte blocks) and DataCopyPad (exact bytes), GM to UB, UB to GM, and within UB.
#pragma once

#include <cstdint>
#include <cstring>

#include "tensor.h"

namespace AscendC {

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

using ascendc_sim::Core;
using ascendc_sim::Instruction;
using ascendc_sim::kBlockBytes;

// The blocks of one copy, all in bytes. In UB a block takes `left + bytes + right`, rounded up to 32.
struct CopyShape {
    uint32_t blocks;
    uint32_t bytes;
    uint64_t gm_pitch;
    uint64_t ub_pitch;
    uint32_t left = 0;
    uint32_t right = 0;
    bool padded = false; // left and right are filled with a value
};

// What a copy overwrites without giving it a value.
inline void spoil(Core &core, const Instruction &now, uint32_t address, uint32_t bytes)
{
    core.writes_ub(now, address, bytes, false);
    std::memset(core.ub.data(address), 0xDB, bytes);
}

inline Instruction issue_copy(Core &core, ascendc_sim::Pipe pipe, const char *name, Site site, const CopyShape &shape)
{
    const Instruction now = core.issue(pipe, name, site);
    auto &counters = core.counters.pipes[pipe];
    ++counters.dmas;
    counters.dma_blocks += shape.blocks;
    counters.dma_bytes += uint64_t{shape.blocks} * shape.bytes;
    return now;
}

// The conditions on both sides; false where nothing can be copied.
template <typename T>
bool copy_possible(Core &core, const Instruction &now, const LocalTensor<T> &local, const GlobalTensor<T> &global,
                   uint32_t gm_alignment)
{
    if (global.sim_base() == 0 || local.sim_view().buffer_end == 0) {
        core.report(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
        return false;
    }
    if (global.sim_address() % gm_alignment != 0) {
        core.report(ASCEND_CACHE_LOC_SIM_GM_MISALIGNED, now, core.in_gm(global.sim_address(), 0),
                    global.sim_address() % gm_alignment, gm_alignment);
    }
    return core.aligned(now, local.sim_view().address, kBlockBytes);
}

template <typename T>
void copy_in(Core &core, const Instruction &now, const LocalTensor<T> &dst, const GlobalTensor<T> &src,
             const CopyShape &shape, T value)
{
    const uint32_t taken = ascendc_sim::round_up(shape.left + shape.bytes + shape.right, kBlockBytes);
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const uint64_t from = src.sim_address() + b * shape.gm_pitch;
        const uint64_t to = dst.sim_view().address + b * shape.ub_pitch;
        if (!core.fits(now, dst.sim_view(), to, taken)) {
            return;
        }
        const auto *array = core.gm_array(now, src.sim_base(), from, shape.bytes, false);
        auto at = static_cast<uint32_t>(to);
        spoil(core, now, at, taken);
        const auto fill = [&](uint32_t bytes) {
            for (uint32_t i = 0; i < bytes && shape.padded; i += sizeof(T)) {
                core.ub.store<T>(at + i, value);
            }
            core.ub.mark(at, bytes, shape.padded);
            at += bytes;
        };
        fill(shape.left);
        const uint8_t *bytes = array == nullptr ? nullptr : core.storage(*array, from);
        if (bytes != nullptr) {
            std::memcpy(core.ub.data(at), bytes, shape.bytes);
        }
        // After a refused read one report is enough; an array without storage leaves the bytes unwritten.
        core.ub.mark(at, shape.bytes, array == nullptr || bytes != nullptr);
        at += shape.bytes;
        fill(shape.right);
    }
}

template <typename T>
void copy_out(Core &core, const Instruction &now, const GlobalTensor<T> &dst, const LocalTensor<T> &src,
              const CopyShape &shape)
{
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const uint64_t from = src.sim_view().address + b * shape.ub_pitch;
        const uint64_t to = dst.sim_address() + b * shape.gm_pitch;
        if (!core.fits(now, src.sim_view(), from, shape.bytes)) {
            return;
        }
        core.reads_ub(now, static_cast<uint32_t>(from), shape.bytes);
        const auto *array = core.gm_array(now, dst.sim_base(), to, shape.bytes, true);
        uint8_t *bytes = array == nullptr ? nullptr : core.storage(*array, to);
        if (bytes != nullptr) {
            std::memcpy(bytes, core.ub.data(static_cast<uint32_t>(from)), shape.bytes);
        }
    }
}

// DataCopy in 32-byte blocks; a count that is no multiple of them is cut, as on the device.
inline CopyShape whole_blocks(const DataCopyParams &params)
{
    const uint32_t bytes = uint32_t{params.blockLen} * kBlockBytes;
    return {params.blockCount, bytes, 0, 0};
}

inline CopyShape counted_blocks(uint32_t count, uint32_t element_bytes)
{
    const uint64_t bytes = uint64_t{count} * element_bytes / kBlockBytes * kBlockBytes;
    return {bytes == 0 ? 0u : 1u, static_cast<uint32_t>(bytes), 0, 0};
}

inline void check_count(Core &core, const Instruction &now, uint32_t count, uint32_t element_bytes)
{
    const uint64_t asked = uint64_t{count} * element_bytes;
    if (asked % kBlockBytes != 0) {
        core.report(ASCEND_CACHE_LOC_SIM_COPY_TRUNCATED, now, {}, asked, asked / kBlockBytes * kBlockBytes);
    }
}

constexpr uint32_t kMostBlocks = 4095;
constexpr uint32_t kMostBlockBytes = 2097151;

// The documented ranges; what is outside is reported, and false where the copy cannot be carried out as asked.
inline bool check_range(Core &core, const Instruction &now, uint64_t value, uint64_t most)
{
    if (value > most) {
        core.report(ASCEND_CACHE_LOC_SIM_COPY_PARAMETER, now, {}, value, most);
    }
    return value <= most;
}

template <typename T>
bool check_pad(Core &core, const Instruction &now, const DataCopyExtParams &params)
{
    const bool in_range = check_range(core, now, params.blockCount, kMostBlocks) &&
                          check_range(core, now, params.blockLen, kMostBlockBytes);
    if (params.blockLen % sizeof(T) != 0) {
        core.report(ASCEND_CACHE_LOC_SIM_COPY_PARAMETER, now, {}, params.blockLen, sizeof(T));
        return false;
    }
    return in_range;
}

} // namespace sim

// ---- DataCopy: GM to UB, MTE2 ----

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyParams &params,
              Site site = Site::here())
{
    auto &core = sim::Core::current();
    sim::CopyShape shape = sim::whole_blocks(params);
    shape.gm_pitch = shape.bytes + uint64_t{params.srcStride} * sim::kBlockBytes;
    shape.ub_pitch = shape.bytes + uint64_t{params.dstStride} * sim::kBlockBytes;
    const auto now = sim::issue_copy(core, ascendc_sim::kMte2, "DataCopy", site, shape);
    if (sim::check_range(core, now, params.blockCount, sim::kMostBlocks) && shape.bytes != 0 &&
        sim::copy_possible(core, now, dst, src, sizeof(T))) {
        sim::copy_in(core, now, dst, src, shape, T{});
    }
}

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    auto &core = sim::Core::current();
    const sim::CopyShape shape = sim::counted_blocks(count, sizeof(T));
    const auto now = sim::issue_copy(core, ascendc_sim::kMte2, "DataCopy", site, shape);
    sim::check_count(core, now, count, sizeof(T));
    if (sim::copy_possible(core, now, dst, src, sizeof(T))) {
        sim::copy_in(core, now, dst, src, shape, T{});
    }
}

// ---- DataCopy: UB to GM, MTE3 ----

template <typename T>
void DataCopy(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &params,
              Site site = Site::here())
{
    auto &core = sim::Core::current();
    sim::CopyShape shape = sim::whole_blocks(params);
    shape.ub_pitch = shape.bytes + uint64_t{params.srcStride} * sim::kBlockBytes;
    shape.gm_pitch = shape.bytes + uint64_t{params.dstStride} * sim::kBlockBytes;
    const auto now = sim::issue_copy(core, ascendc_sim::kMte3, "DataCopy", site, shape);
    if (sim::check_range(core, now, params.blockCount, sim::kMostBlocks) && shape.bytes != 0 &&
        sim::copy_possible(core, now, src, dst, sizeof(T))) {
        sim::copy_out(core, now, dst, src, shape);
    }
}

template <typename T>
void DataCopy(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    auto &core = sim::Core::current();
    const sim::CopyShape shape = sim::counted_blocks(count, sizeof(T));
    const auto now = sim::issue_copy(core, ascendc_sim::kMte3, "DataCopy", site, shape);
    sim::check_count(core, now, count, sizeof(T));
    if (sim::copy_possible(core, now, src, dst, sizeof(T))) {
        sim::copy_out(core, now, dst, src, shape);
    }
}

// ---- DataCopy: within UB, V ----

namespace sim {

template <typename T>
void copy_within(Core &core, const Instruction &now, const LocalTensor<T> &dst, const LocalTensor<T> &src,
                 const CopyShape &shape, uint64_t src_pitch, uint64_t dst_pitch)
{
    core.counters.pipes[ascendc_sim::kV].repeats += (uint64_t{shape.blocks} * shape.bytes + 255) / 256;
    const auto &from = src.sim_view();
    const auto &to = dst.sim_view();
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        if (!core.fits(now, from, from.address + b * src_pitch, shape.bytes) ||
            !core.fits(now, to, to.address + b * dst_pitch, shape.bytes)) {
            return;
        }
    }
    if ((from.buffer_end != 0 && !core.aligned(now, from.address, kBlockBytes)) ||
        (to.buffer_end != 0 && !core.aligned(now, to.address, kBlockBytes))) {
        return;
    }
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        core.reads_ub(now, static_cast<uint32_t>(from.address + b * src_pitch), shape.bytes);
    }
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const auto at = static_cast<uint32_t>(to.address + b * dst_pitch);
        core.writes_ub(now, at, shape.bytes);
        std::memmove(core.ub.data(at), core.ub.data(static_cast<uint32_t>(from.address + b * src_pitch)), shape.bytes);
    }
}

} // namespace sim

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &params,
              Site site = Site::here())
{
    auto &core = sim::Core::current();
    const sim::CopyShape shape = sim::whole_blocks(params);
    const auto now = core.issue(ascendc_sim::kV, "DataCopy", site);
    if (sim::check_range(core, now, params.blockCount, sim::kMostBlocks) && shape.bytes != 0) {
        sim::copy_within(core, now, dst, src, shape, shape.bytes + uint64_t{params.srcStride} * sim::kBlockBytes,
                         shape.bytes + uint64_t{params.dstStride} * sim::kBlockBytes);
    }
}

template <typename T>
void DataCopy(const LocalTensor<T> &dst, const LocalTensor<T> &src, const uint32_t count, Site site = Site::here())
{
    auto &core = sim::Core::current();
    const auto now = core.issue(ascendc_sim::kV, "DataCopy", site);
    sim::check_count(core, now, count, sizeof(T));
    sim::copy_within(core, now, dst, src, sim::counted_blocks(count, sizeof(T)), 0, 0);
}

// ---- DataCopyPad: GM to UB, MTE2 ----

template <typename T>
void DataCopyPad(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyExtParams &params,
                 const DataCopyPadExtParams<T> &padParams, Site site = Site::here())
{
    auto &core = sim::Core::current();
    sim::CopyShape shape{params.blockCount, params.blockLen, 0, 0};
    shape.left = padParams.leftPadding * static_cast<uint32_t>(sizeof(T));
    shape.right = padParams.rightPadding * static_cast<uint32_t>(sizeof(T));
    shape.padded = padParams.isPad;
    shape.gm_pitch = uint64_t{params.blockLen} + params.srcStride;
    shape.ub_pitch = ascendc_sim::round_up(shape.left + shape.bytes + shape.right, sim::kBlockBytes) +
                     uint64_t{params.dstStride} * sim::kBlockBytes;
    const auto now = sim::issue_copy(core, ascendc_sim::kMte2, "DataCopyPad", site, shape);
    const bool padding = sim::check_range(core, now, shape.left, sim::kBlockBytes) &&
                         sim::check_range(core, now, shape.right, sim::kBlockBytes) &&
                         (sizeof(T) < 8 || sim::check_range(core, now, padParams.paddingValue != T{} ? 1 : 0, 0));
    if (sim::check_pad<T>(core, now, params) && padding && params.blockLen != 0 &&
        sim::copy_possible(core, now, dst, src, 1)) {
        sim::copy_in(core, now, dst, src, shape, padParams.paddingValue);
    }
}

template <typename T>
void DataCopyPad(const LocalTensor<T> &dst, const GlobalTensor<T> &src, const DataCopyParams &params,
                 const DataCopyPadParams &padParams, Site site = Site::here())
{
    T value; // the low bits
    std::memcpy(&value, &padParams.paddingValue, sizeof(T));
    DataCopyPad(dst, src, DataCopyExtParams(params.blockCount, params.blockLen, params.srcStride, params.dstStride, 0),
                DataCopyPadExtParams<T>(padParams.isPad, padParams.leftPadding, padParams.rightPadding, value), site);
}

// ---- DataCopyPad: UB to GM, MTE3 ----

template <typename T>
void DataCopyPad(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyExtParams &params,
                 Site site = Site::here())
{
    auto &core = sim::Core::current();
    sim::CopyShape shape{params.blockCount, params.blockLen, 0, 0};
    shape.ub_pitch =
        ascendc_sim::round_up(params.blockLen, sim::kBlockBytes) + uint64_t{params.srcStride} * sim::kBlockBytes;
    shape.gm_pitch = uint64_t{params.blockLen} + params.dstStride;
    const auto now = sim::issue_copy(core, ascendc_sim::kMte3, "DataCopyPad", site, shape);
    if (sim::check_pad<T>(core, now, params) && params.blockLen != 0 && sim::copy_possible(core, now, src, dst, 1)) {
        sim::copy_out(core, now, dst, src, shape);
    }
}

template <typename T>
void DataCopyPad(const GlobalTensor<T> &dst, const LocalTensor<T> &src, const DataCopyParams &params,
                 Site site = Site::here())
{
    DataCopyPad(dst, src, DataCopyExtParams(params.blockCount, params.blockLen, params.srcStride, params.dstStride, 0),
                site);
}

} // namespace AscendC
