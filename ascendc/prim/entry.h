// What every kernel entry has in common: its attributes, and the choice of element types.
#pragma once

#include "kernel_operator.h"

// A vector kernel, in the form that 8.5.0, 9.0.x and master all take. Its body begins with
// KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY).
#define ASCEND_CACHE_LOC_KERNEL extern "C" __global__ __aicore__

// Calls `Kernel<R, L, O>::Run(params)` for the element types that the parameter block names: of its arrays r, l and o.
#define ASCEND_CACHE_LOC_DISPATCH(Kernel, params, r, l, o) \
    do { \
        if ((params).r.element_bytes == 4) { \
            ASCEND_CACHE_LOC_DISPATCH_L(Kernel, int32_t, params, l, o); \
        } else { \
            ASCEND_CACHE_LOC_DISPATCH_L(Kernel, int64_t, params, l, o); \
        } \
    } while (0)
#define ASCEND_CACHE_LOC_DISPATCH_L(Kernel, R, params, l, o) \
    do { \
        if ((params).l.element_bytes == 4) { \
            ASCEND_CACHE_LOC_DISPATCH_O(Kernel, R, int32_t, params, o); \
        } else { \
            ASCEND_CACHE_LOC_DISPATCH_O(Kernel, R, int64_t, params, o); \
        } \
    } while (0)
#define ASCEND_CACHE_LOC_DISPATCH_O(Kernel, R, L, params, o) \
    do { \
        if ((params).o.element_bytes == 4) { \
            Kernel<R, L, int32_t>::Run(params); \
        } else { \
            Kernel<R, L, int64_t>::Run(params); \
        } \
    } while (0)

namespace cache_loc {

using namespace AscendC;

// The last parameter of the helpers below. The simulation makes more of it: its reports name the line that calls them.
#ifndef SIM_CALLER
#define SIM_CALLER
#define AND_SIM_CALLER
#endif

// Between two pipes, once: everything that the source pipe was given so far is done before the target pipe goes on.
// The id is one that nobody holds; flags that stay up for longer are allocated, so that the two never meet, nor any
// that the library uses inside a call.
template <HardEvent event>
__aicore__ inline void Order(SIM_CALLER)
{
    const auto id = static_cast<int32_t>(GetTPipePtr()->FetchEventID(event));
    SetFlag<event>(id);
    WaitFlag<event>(id);
}

template <typename T>
__aicore__ inline void CopyIn(const LocalTensor<T> &dst, const GlobalTensor<T> &src, uint32_t count AND_SIM_CALLER)
{
    const DataCopyExtParams exact(1, count * static_cast<uint32_t>(sizeof(T)), 0, 0, 0);
    DataCopyPad(dst, src, exact, DataCopyPadExtParams<T>(false, 0, 0, 0));
}

template <typename T>
__aicore__ inline void CopyOut(const GlobalTensor<T> &dst, const LocalTensor<T> &src, uint32_t count AND_SIM_CALLER)
{
    DataCopyPad(dst, src, DataCopyExtParams(1, count * static_cast<uint32_t>(sizeof(T)), 0, 0, 0));
}

template <typename T>
__aicore__ inline GlobalTensor<T> Global(uint64_t address)
{
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T *>(address));
    return tensor;
}

} // namespace cache_loc
