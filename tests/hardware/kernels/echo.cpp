// The largest parameter block of the operations, field by field as the kernel reads it: int64 [20] at its `out`.
#include "block.h"

#include "../../../ascendc/cache_loc.h"

namespace cache_loc {

static __aicore__ inline void Echo(const AscendCacheLocExtendLocsParams &params)
{
    constexpr uint32_t kFields = 20;
    TPipe pipe;
    Buffer<int64_t> buffer(pipe, kFields);
    const LocalTensor<int64_t> fields = buffer.Get();
    fields.SetValue(0, static_cast<int64_t>(params.table));
    fields.SetValue(1, static_cast<int64_t>(params.req_pool_indices));
    fields.SetValue(2, static_cast<int64_t>(params.start_offsets));
    fields.SetValue(3, static_cast<int64_t>(params.end_offsets));
    fields.SetValue(4, static_cast<int64_t>(params.out));
    fields.SetValue(5, static_cast<int64_t>(params.capacity));
    fields.SetValue(6, static_cast<int64_t>(params.fault_log));
    fields.SetValue(7, static_cast<int64_t>(params.launch));
    fields.SetValue(8, static_cast<int64_t>(params.rows));
    fields.SetValue(9, static_cast<int64_t>(params.row_stride));
    fields.SetValue(10, static_cast<int64_t>(params.row_len));
    fields.SetValue(11, static_cast<int64_t>(params.n));
    fields.SetValue(12, static_cast<int64_t>(params.req_bytes));
    fields.SetValue(13, static_cast<int64_t>(params.len_bytes));
    fields.SetValue(14, static_cast<int64_t>(params.out_bytes));
    fields.SetValue(15, static_cast<int64_t>(params.row_cost_bytes));
    fields.SetValue(16, static_cast<int64_t>(params.copy_tile));
    fields.SetValue(17, static_cast<int64_t>(params.scan_tile));
    fields.SetValue(18, static_cast<int64_t>(params.walk_tile));
    fields.SetValue(19, static_cast<int64_t>(params.checkpoints));
    Order<HardEvent::S_MTE3>(); // S has set fields before MTE3 stores them
    CopyOut(Global<int64_t>(params.out), fields, kFields);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_echo(AscendCacheLocExtendLocsParams params)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::Echo(params);
}
