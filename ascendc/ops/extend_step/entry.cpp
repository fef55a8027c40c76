// The kernel's entry, by the name that the host looks up.
#include "../../prim/dispatch.h"
#include "kernel.h"

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_extend_step(AscendCacheLocExtendStepParams params)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    ASCEND_CACHE_LOC_DISPATCH(cache_loc::ExtendStep, params, req_pool_indices, seq_lens, out);
}
