// Kernels that are known by lists alone.
#include "kernel_operator.h"
#include "register.h"

extern "C" __global__ __aicore__ void listed(GM_ADDR out)
{
    AscendC::GlobalTensor<int32_t> to;
    to.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t *>(out));
    to.SetValue(0, 77);
    AscendC::DataCacheCleanAndInvalid<int32_t, AscendC::CacheLine::SINGLE_CACHE_LINE,
                                      AscendC::DcciDst::CACHELINE_OUT>(to);
}

static const AscendCacheLocSimKernel own = ASCEND_CACHE_LOC_SIM_ENTRY(listed);
static const AscendCacheLocSimKernel taken = ASCEND_CACHE_LOC_SIM_ENTRY_AS("in_place", listed);
static const AscendCacheLocSimKernel fresh = ASCEND_CACHE_LOC_SIM_ENTRY_AS("never known", listed);
static const AscendCacheLocSimKernel *const one[] = {&own};
static const AscendCacheLocSimKernel *const one_taken[] = {&fresh, &taken};
static const AscendCacheLocSimKernel *const one_twice[] = {&fresh, &fresh};
extern "C" {
extern const AscendCacheLocSimKernels list_of_one, list_with_a_taken_name, list_with_a_name_twice;
const AscendCacheLocSimKernels list_of_one = {one, 1};
const AscendCacheLocSimKernels list_with_a_taken_name = {one_taken, 2};
const AscendCacheLocSimKernels list_with_a_name_twice = {one_twice, 2};
}
