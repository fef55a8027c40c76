// What copies from UB to GM do with what is there: replace it, or add to it, or keep the larger or smaller.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "arithmetic.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

using ascendc_sim::kAtomic;

// Of whole elements; what is left of one is not touched.
// Copies to and from, since GM need not be aligned for a host's types.
template <typename Op, typename T>
void combine(uint8_t *gm, const uint8_t *from, uint64_t bytes)
{
    for (uint64_t at = 0; at + sizeof(T) <= bytes; at += sizeof(T)) {
        T old;
        T add;
        std::memcpy(&old, gm + at, sizeof(T));
        std::memcpy(&add, from + at, sizeof(T));
        const T result = Op::of(old, add);
        std::memcpy(gm + at, &result, sizeof(T));
    }
}

// It issues nothing and needs no order: the hardware keeps these setters in line with the copies (the page on which
// synchronisation the hardware does).
template <typename Op, typename T>
void set_atomic()
{
    static_assert(kAtomic<T>, "ascendc/sim: " ASCENDC_SIM_ARCH_NAME " has no atomic operation for this element type");
    Core::current().registers.atomic = combine<Op, T>;
}

} // namespace sim

template <typename T>
void SetAtomicAdd()
{
    sim::set_atomic<AddOp, T>();
}

template <typename T>
void SetAtomicMax()
{
    sim::set_atomic<MaxOp, T>();
}

template <typename T>
void SetAtomicMin()
{
    sim::set_atomic<MinOp, T>();
}

inline void DisableDmaAtomic()
{
    sim::Core::current().registers.atomic = nullptr;
}

// The older name.
inline void SetAtomicNone()
{
    DisableDmaAtomic();
}

// Static-tensor kernels begin with it: no atomic operation, normal mode, a full mask.
inline void InitSocState()
{
    sim::Core::current().registers.init();
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
