// The kernel's entry, by the name that the host looks up.
#include "../../prim/dispatch.h"
#include "kernel.h"

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_assign_req_to_token_pool(AscendCacheLocAssignReqToTokenPoolParams params)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    ASCEND_CACHE_LOC_DISPATCH(cache_loc::PoolLocs, params,
                              req_pool_indices, start_offsets, locs);
}
