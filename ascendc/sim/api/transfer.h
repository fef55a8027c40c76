// Blocks that move: between GM and UB on the two copy pipes, and within UB on the vector pipe; with all checks of
// theirs.
#pragma once

#include <cstdint>
#include <cstring>

#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
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

    bool nothing() const { return blocks == 0 || bytes == 0; }
    uint32_t taken() const { return ascendc_sim::round_up(left + bytes + right, kBlockBytes); }
};

// What a copy overwrites without giving it a value.
// With a byte that nobody would take for data, so that a kernel that uses it is wrong on every run.
inline void spoil(Core &core, const Instruction &now, uint32_t address, uint32_t bytes)
{
    core.writes_ub(now, address, bytes, false);
    std::memset(core.ub.data(address), 0xDB, bytes);
}

inline Instruction issue_copy(Core &core, ascendc_sim::Pipe pipe, const char *name, Site site, const CopyShape &shape,
                              uint64_t gm)
{
    const Instruction now = core.issue(pipe, name, site);
    core.steps.moves(gm, shape.blocks, shape.bytes, shape.gm_pitch);
    auto &counters = core.counters.pipes[pipe];
    ++counters.dmas;
    counters.dma_blocks += shape.blocks;
    counters.dma_bytes += uint64_t{shape.blocks} * shape.bytes;
    return now;
}

// Addresses on both sides; `in`: from GM to UB.
// In GM the element for DataCopy, any byte for DataCopyPad; in UB 32 bytes for both. Of the first block: the others are
// as many whole blocks of UB away.
template <typename T>
void check_addresses(Core &core, const Instruction &now, const LocalTensor<T> &local, const GlobalTensor<T> &global,
                     const CopyShape &shape, bool in, uint32_t gm_alignment)
{
    if (global.sim_base() == 0 || !local.sim_view().set) {
        core.except(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
    }
    if (global.sim_address() % gm_alignment != 0) {
        core.report(ASCEND_CACHE_LOC_SIM_GM_MISALIGNED, now, core.in_gm(global.sim_address(), shape.bytes, !in),
                    global.sim_address() % gm_alignment, gm_alignment);
    }
    core.check_aligned(now, local.sim_view().address, in ? shape.taken() : shape.bytes, in, kBlockBytes);
}

// GM to UB, on MTE2. `fill(address, bytes)` gives padding its value; `check(core, now)` reports on the parameters.
template <typename T, typename Fill, typename Check>
void load(const char *name, Site site, const LocalTensor<T> &dst, const GlobalTensor<T> &src, const CopyShape &shape,
          uint32_t gm_alignment, Fill fill, Check check)
{
    auto &core = Core::current();
    const Instruction now = issue_copy(core, ascendc_sim::kMte2, name, site, shape, src.sim_address());
    check(core, now);
    if (shape.nothing()) {
        return;
    }
    check_addresses(core, now, dst, src, shape, true, gm_alignment);
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const uint64_t to = dst.sim_view().address + b * shape.ub_pitch;
        core.check_ub(now, dst.sim_view(), to, shape.taken(), true);
        auto at = static_cast<uint32_t>(to);
        // Then what has a value. The tail up to 32 bytes has the block's first element, says the page; a kernel that
        // needs that is wrong more often than right, so here it has none.
        spoil(core, now, at, shape.taken());
        const auto pad = [&](uint32_t bytes) {
            if (shape.padded) {
                fill(core.ub, at, bytes);
                core.ub.mark(at, bytes, true);
            }
            at += bytes;
        };
        pad(shape.left);
        core.access_gm(now, src.sim_base(), src.sim_address() + b * shape.gm_pitch, shape.bytes, false,
                       [&](const uint8_t *host, uint64_t offset, uint64_t bytes) {
                           // Memory without storage leaves the bytes unwritten.
                           if (host != nullptr) {
                               const uint32_t here = at + static_cast<uint32_t>(offset);
                               std::memcpy(core.ub.data(here), host, bytes);
                               core.ub.mark(here, static_cast<uint32_t>(bytes), true);
                           }
                       });
        at += shape.bytes;
        pad(shape.right);
    }
}

// UB to GM, on MTE3.
template <typename T, typename Check>
void store(const char *name, Site site, const GlobalTensor<T> &dst, const LocalTensor<T> &src, const CopyShape &shape,
           uint32_t gm_alignment, Check check)
{
    auto &core = Core::current();
    const Instruction now = issue_copy(core, ascendc_sim::kMte3, name, site, shape, dst.sim_address());
    check(core, now);
    if (shape.nothing()) {
        return;
    }
    check_addresses(core, now, src, dst, shape, false, gm_alignment);
    const auto combine = core.registers.atomic;
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const uint64_t from = src.sim_view().address + b * shape.ub_pitch;
        core.check_ub(now, src.sim_view(), from, shape.bytes, false);
        core.reads_ub(now, static_cast<uint32_t>(from), shape.bytes);
        // Exactly the block's bytes: a ragged end touches none of what lies behind it in GM.
        core.access_gm(now, dst.sim_base(), dst.sim_address() + b * shape.gm_pitch, shape.bytes, true,
                       [&](uint8_t *host, uint64_t offset, uint64_t bytes) {
                           const uint8_t *ub = core.ub.data(static_cast<uint32_t>(from + offset));
                           if (host != nullptr && combine != nullptr) {
                               combine(host, ub, bytes);
                           } else if (host != nullptr) {
                               std::memcpy(host, ub, bytes);
                           }
                       });
    }
}

// Within UB, on V.
// On no copy pipe: V's barriers order it, and its flags are V's.
template <typename T, typename Check>
void move(Site site, const LocalTensor<T> &dst, const LocalTensor<T> &src, const CopyShape &shape, uint64_t src_pitch,
          uint64_t dst_pitch, Check check)
{
    auto &core = Core::current();
    const Instruction now = core.issue(ascendc_sim::kV, "DataCopy", site);
    core.count_repeats((uint64_t{shape.blocks} * shape.bytes + 255) / 256);
    check(core, now);
    if (shape.nothing()) {
        return;
    }
    const auto &from = src.sim_view();
    const auto &to = dst.sim_view();
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        core.check_ub(now, from, from.address + b * src_pitch, shape.bytes, false);
        core.check_ub(now, to, to.address + b * dst_pitch, shape.bytes, true);
    }
    core.check_aligned(now, from.address, shape.bytes, false, kBlockBytes);
    core.check_aligned(now, to.address, shape.bytes, true, kBlockBytes);
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        core.reads_ub(now, static_cast<uint32_t>(from.address + b * src_pitch), shape.bytes);
    }
    for (uint32_t b = 0; b < shape.blocks; ++b) {
        const auto at = static_cast<uint32_t>(to.address + b * dst_pitch);
        core.writes_ub(now, at, shape.bytes);
        std::memmove(core.ub.data(at), core.ub.data(static_cast<uint32_t>(from.address + b * src_pitch)), shape.bytes);
    }
}

inline void no_fill(ascendc_sim::LocalMemory &, uint32_t, uint32_t) {}

} // namespace sim
} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
