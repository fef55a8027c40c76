// Does nothing.
#include "block.h"

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_empty(AscendCacheLocRung rung)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    (void)rung;
}
