// What a kernel has around its instructions, in the words of public ones: tiling by struct and key, workspace, assertions,
// the compiler's own flags, barriers and names. The headers are included as some of them do.
#include "kernel_operator_intf.h"
#include "kernel_tiling/kernel_tiling.h"
#include "utils/debug/asc_printf.h"

#include "ascendc/host_api/tiling/template_argument.h"
#include "register.h"

ASCENDC_TPL_ARGS_DECL(Tiled, ASCENDC_TPL_UINT_DECL(schedule, 1, ASCENDC_TPL_UI_LIST, 0, 1));
ASCENDC_TPL_SEL(ASCENDC_TPL_ARGS_SEL(ASCENDC_TPL_UINT_SEL(schedule, ASCENDC_TPL_UI_LIST, 0)));

#if __CCE_AICORE__ != 220 || __NPU_ARCH__ != 2201 || !defined(__DAV_C220_VEC__)
#error "the compiler's macros"
#endif

namespace {

struct Tiling {
    int32_t first;
    uint32_t count;
    int64_t step;
};

// out[i] = first + i * step for the keys 1 and 10^19, 0 for others; and the step behind them, through the workspace.
void tiled(GM_ADDR out_address, GM_ADDR workspace, GM_ADDR tiling_address)
{
    REGISTER_TILING_DEFAULT(Tiling);
    GET_TILING_DATA(tiling, tiling_address);
    GET_TILING_DATA_WITH_STRUCT(Tiling, again, tiling_address);
    GET_TILING_DATA_MEMBER(Tiling, step, step, tiling_address);
    assert(step == tiling.step);
    ascendc_assert(again.first == tiling.first, "first %d", again.first);
    ASSERT(again.count == tiling.count && "counts");
    if (g_coreType == AscendC::AIC) {
        AscendC::printf("no cube core");
        AscendC::PRINTF("%d", 1);
        return;
    }
    AscendC::TPipe pipe;
    AscendC::TBuf<> buffer;
    pipe.InitBuffer(buffer, 4096);
    AscendC::LocalTensor<int32_t> x = buffer.Get<int32_t>();
    const bool known = TILING_KEY_IS(1) || TILING_KEY_IS(10000000000000000000UL);
    const uint32_t count = min(tiling.count, 1000);
    for (uint32_t i = 0; i < count; ++i) {
        x.SetValue(i, likely(known) ? tiling.first + static_cast<int32_t>(i * tiling.step) : 0);
    }
    x.SetValue(count, static_cast<int32_t>(max(step, int64_t{-100})));
    set_flag(PIPE_S, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_S, PIPE_MTE3, EVENT_ID0);
    AscendC::GlobalTensor<int32_t> out, user;
    out.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t *>(out_address));
    user.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t *>(AscendC::GetUserWorkspace(workspace)));
    AscendC::DataCopyPad(user, x, {1, 4 * (count + 1), 0, 0, 0});
    pipe_barrier(PIPE_ALL);
    AscendC::DataCopyPad(x, user, {1, 4 * (count + 1), 0, 0, 0}, {});
    pipe_barrier(PIPE_ALL);
    AscendC::DataCopyPad(out, x, {1, 4 * (count + 1), 0, 0, 0});
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(tiled)
