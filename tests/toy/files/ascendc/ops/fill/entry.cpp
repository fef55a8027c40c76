#include "../../prim/dispatch.h"
#include "kernel.h"

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_fill(AscendCacheLocFillParams params)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    ASCEND_CACHE_LOC_DISPATCH(cache_loc::Fill, params, values, values, out);
}
