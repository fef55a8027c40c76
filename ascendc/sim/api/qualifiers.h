// The language extensions of device code, as a host compiler can read them, and the kernel-wide macros.
#pragma once

#include <cstdint>

#include "../engine/core.h"

#define __global__
#define __aicore__
#define __vector__
#define __gm__
#define __ubuf__

using GM_ADDR = __gm__ uint8_t *;

// The last parameter of a helper that issues instructions for its callers: a report then says where it was called, too.
// SIM_CALLER stands alone in the list, AND_SIM_CALLER after other parameters. A kernel source that is to be compiled
// without the simulation defines them as nothing where they are not defined.
#define SIM_CALLER ::ascendc_sim::Caller = ::ascendc_sim::Caller()
#define AND_SIM_CALLER , SIM_CALLER

// Every simulated core is a vector core. Written as `if ASCEND_IS_AIV { }`, hence the parentheses.
#define ASCEND_IS_AIV constexpr(true)
#define ASCEND_IS_AIC constexpr(false)
#define ASCEND_IS_NOT_AIV constexpr(false)
#define ASCEND_IS_NOT_AIC constexpr(true)

// The kernel types that start vector cores and nothing else.
enum KernelMetaType { KERNEL_TYPE_AIV_ONLY, KERNEL_TYPE_MIX_AIV_1_0 };

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

using ascendc_sim::Site;

// False, but only once `T` is known: for static_assert in what is refused.
template <typename... T>
constexpr bool kRefused = false;

template <typename T, typename U>
struct IsSameType {
    static constexpr bool value = false;
};

template <typename T>
struct IsSameType<T, T> {
    static constexpr bool value = true;
};

template <bool condition, typename T, typename U>
struct Conditional {
    using type = T;
};

template <typename T, typename U>
struct Conditional<false, T, U> {
    using type = U;
};

// Blocks are cores: a launch starts vector cores alone, one a block.
inline int64_t GetBlockIdx()
{
    return ascendc_sim::Core::current().index;
}

inline int64_t GetBlockNum()
{
    return ascendc_sim::Core::current().blocks;
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC

#define KERNEL_TASK_TYPE_DEFAULT(type) \
    static_assert(::type == ::KERNEL_TYPE_AIV_ONLY || ::type == ::KERNEL_TYPE_MIX_AIV_1_0, \
                  "ascendc/sim: a kernel type that starts cube cores")
