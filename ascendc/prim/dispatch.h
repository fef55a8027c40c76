// What every kernel's entry has in common: its attributes, and the choice of element types.
//
// Contract: an entry is `ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_<operation>(<its parameter block> params)`; its body
// is KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY) and one ASCEND_CACHE_LOC_DISPATCH.
//
// Element types are chosen when the kernel runs: the parameter block says of each array how wide its elements are. So one
// kernel serves all eight combinations and nothing is compiled again for another one; the price is eight copies of the
// code, of which a launch reads one.
#pragma once

#include "kernel_operator.h"

// A vector kernel, in the form that 8.5.0, 9.0.x and master all take.
#define ASCEND_CACHE_LOC_KERNEL extern "C" __global__ __aicore__

// Calls `Kernel<R, L, O>::Run(params)` for the element types of three of the block's arrays: r, l and o.
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
