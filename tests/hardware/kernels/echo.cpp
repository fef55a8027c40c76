// The largest parameter block of the operations, field by field as the kernel reads it: int64 [35] at its `out`.
#include "block.h"

#include "../../../ascendc/ops/assign_extend_cache_locs/params.h"

namespace cache_loc {

static __aicore__ inline void Echo(const AscendCacheLocAssignExtendCacheLocsParams &params)
{
    constexpr uint32_t kFields = 35;
    TPipe pipe;
    Buffer<int64_t> buffer(pipe, kFields);
    const LocalTensor<int64_t> fields = buffer.Get();
    uint32_t count = 0;
    const auto echo = [&](uint64_t field) { fields.SetValue(count++, static_cast<int64_t>(field)); };
    const auto echo_array = [&](const AscendCacheLocArray &array) {
        echo(array.address);
        echo(array.bytes);
        echo(array.element_bytes);
        echo(array.access);
    };
    echo(params.head.launch);
    echo(params.head.fault_log);
    echo(params.head.operation);
    echo(params.head.arrays);
    echo_array(params.table);
    echo_array(params.req_pool_indices);
    echo_array(params.start_offsets);
    echo_array(params.end_offsets);
    echo_array(params.out);
    echo(params.capacity);
    echo(params.rows);
    echo(params.row_stride);
    echo(params.row_len);
    echo(params.n);
    echo(params.row_cost_bytes);
    echo(params.copy_tile);
    echo(params.scan_tile);
    echo(params.walk_tile);
    echo(params.checkpoints);
    echo(params.reserved);
    Order<HardEvent::S_MTE3>(); // S has set fields before MTE3 stores them
    CopyOut(Global<int64_t>(params.out.address), fields, kFields);
}

} // namespace cache_loc

ASCEND_CACHE_LOC_KERNEL void ascend_cache_loc_ladder_echo(AscendCacheLocAssignExtendCacheLocsParams params)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    cache_loc::Echo(params);
}
