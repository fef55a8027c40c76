// What a kernel has around its instructions: the tiling struct and key of its launch, its workspace, assertions,
// printing, and the compiler's own names.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include "sync.h"

// ---- tiling ----

// Tells the struct behind GET_TILING_DATA. Without it, as where the host's side registers the struct, a user gives the
// name before the kernel's source is included.
#define REGISTER_TILING_DEFAULT(type) [[maybe_unused]] typedef type TilingOfRegisterTilingDefault

// A struct of the given name with what is in GM, read by the scalar pipe through its cache.
#define GET_TILING_DATA_WITH_STRUCT(type, name, address) \
    type name; \
    ::AscendC::sim::read_tiling(&name, address, 0, sizeof(name))
#define GET_TILING_DATA(name, address) GET_TILING_DATA_WITH_STRUCT(TilingOfRegisterTilingDefault, name, address)
#define GET_TILING_DATA_MEMBER(type, member, name, address) \
    decltype(type::member) name; \
    ::AscendC::sim::read_tiling(&name, address, offsetof(type, member), sizeof(name))

// Whether the launch has the key; a launch that gives none has 0.
#define TILING_KEY_IS(key) (::ascendc_sim::Core::current().tiling_key == static_cast<uint64_t>(key))

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

using ascendc_sim::Core;

namespace sim {

inline void read_tiling(void *to, const void *address, uint64_t offset, uint64_t bytes, Site site = Site::here())
{
    auto &core = Core::current();
    // One access, though the device's scalar pipe loads word by word.
    const auto now = core.issue(ascendc_sim::kS, "GET_TILING_DATA", site);
    const auto base = reinterpret_cast<uintptr_t>(address);
    if (base == 0) {
        core.except(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
    }
    core.get_gm(now, base, base + offset, bytes, static_cast<uint8_t *>(to));
}

inline void assertion_failed(bool trap, Site site)
{
    auto &core = Core::current();
    const auto now = core.issue(ascendc_sim::kS, "assert", site);
    if (trap) {
        core.except(ASCEND_CACHE_LOC_SIM_ASSERT_FAILED, now, {});
    }
    core.report(ASCEND_CACHE_LOC_SIM_ASSERT_FAILED, now, {});
}

// No instruction where it holds: assertions cost nothing in a build without them, and are not to be counted here.
template <typename T>
void check(bool trap, const T &holds, Site site)
{
    if (!static_cast<bool>(holds)) {
        assertion_failed(trap, site);
    }
}

} // namespace sim

// On a device the part that the framework keeps lies before it.
inline GM_ADDR GetUserWorkspace(GM_ADDR workspace)
{
    return workspace;
}

inline void SetSysWorkspace(GM_ADDR) {}

// ---- printing ----

using ::printf;

template <typename... A>
void PRINTF(const char *format, A... arguments)
{
    if constexpr (sizeof...(A) == 0) {
        std::fputs(format, stdout);
    } else {
        std::printf(format, arguments...);
    }
}

constexpr int32_t AIC = 1;
constexpr int32_t AIV = 2;

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC

constexpr int32_t g_coreType = AscendC::AIV;

// ---- assertions ----

// A device stops at a failed assertion, and goes on at a failed ASSERT.
#undef assert
#define assert(...) ASCENDC_SIM_ASSERT(true, __VA_ARGS__, "")
#define ascendc_assert(...) ASCENDC_SIM_ASSERT(true, __VA_ARGS__, "")
#ifndef ASSERT
#define ASSERT(holds) ASCENDC_SIM_ASSERT(false, holds, "")
#endif
#define ASCENDC_SIM_ASSERT(trap, holds, ...) ::AscendC::sim::check(trap, holds, ::AscendC::Site::here())

// ---- the compiler's names ----

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

template <typename A, typename B>
constexpr std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>, std::common_type_t<A, B>> min(A a, B b)
{
    using T = std::common_type_t<A, B>;
    return static_cast<T>(b) < static_cast<T>(a) ? static_cast<T>(b) : static_cast<T>(a);
}

template <typename A, typename B>
constexpr std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>, std::common_type_t<A, B>> max(A a, B b)
{
    using T = std::common_type_t<A, B>;
    return static_cast<T>(a) < static_cast<T>(b) ? static_cast<T>(b) : static_cast<T>(a);
}

// What SetFlag, WaitFlag and PipeBarrier come to, with the pipes as parameters: what these refuse is reported here.
inline namespace ASCENDC_SIM_ARCH {

inline void pipe_barrier(pipe_t pipe, AscendC::Site site = AscendC::Site::here())
{
    AscendC::sim::barrier(pipe, "pipe_barrier", site);
}

inline void set_flag(pipe_t source, pipe_t target, int32_t id, AscendC::Site site = AscendC::Site::here())
{
    if (const auto event = AscendC::sim::event_between(source, target, "set_flag", site)) {
        ascendc_sim::Core::current().set_flag(*event, id, "set_flag", site);
    }
}

inline void wait_flag(pipe_t source, pipe_t target, int32_t id, AscendC::Site site = AscendC::Site::here())
{
    if (const auto event = AscendC::sim::event_between(source, target, "wait_flag", site)) {
        ascendc_sim::Core::current().wait_flag(*event, id, "wait_flag", site);
    }
}

} // namespace ASCENDC_SIM_ARCH
