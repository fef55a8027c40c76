// prim/pages.h by itself: the pages of so many tokens from `first` on in steps, rounded down and up.
#include "../../../ascendc/prim/dma.h"
#include "../../../ascendc/prim/pages.h"
#include "../../../ascendc/prim/split.h"
#include "register.h"

namespace {

using namespace cache_loc;

constexpr uint32_t kTile = 4096;

// x, down, up: int32 [count]; up is of x that are not negative.
void pages(uint64_t x_address, uint64_t down_address, uint64_t up_address, uint32_t count, uint32_t page_size)
{
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffers[4];
    LocalTensor<int32_t> x[4];
    for (uint32_t i = 0; i < 4; ++i) {
        pipe.InitBuffer(buffers[i], kTile * sizeof(int32_t));
        x[i] = buffers[i].Get<int32_t>();
    }
    const Pages pages(page_size);
    for (uint32_t first = 0; first < count; first += kTile) {
        const auto here = static_cast<uint32_t>(Min(kTile, count - first));
        Order<HardEvent::MTE3_MTE2>(); // MTE3 has stored x[0] to x[3], and V, which it waited for, has read them
        CopyIn(x[0], Global<int32_t>(x_address)[first], here);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled x[0], and waited for MTE3, before V reads and fills them
        pages.Divide(x[1], x[0], x[2], x[3], here);
        Order<HardEvent::V_MTE3>(); // V has made x[1] before MTE3 stores it
        CopyOut(Global<int32_t>(down_address)[first], x[1], here);
        Order<HardEvent::MTE3_V>(); // MTE3 has stored x[1] before V fills it again
        Maxs(x[0], x[0], 0, static_cast<int32_t>(here));
        PipeBarrier<PIPE_V>(); // x[0] is written before it is read
        Adds(x[0], x[0], -1, static_cast<int32_t>(here));
        Duplicate(x[2], -1, static_cast<int32_t>(here));
        PipeBarrier<PIPE_V>(); // x[0] and x[2] are written before they are read
        pages.Between(x[1], x[2], x[0], x[3], here); // floor((x - 1) / page_size) + 1
        Order<HardEvent::V_MTE3>(); // V has made x[1] before MTE3 stores it
        CopyOut(Global<int32_t>(up_address)[first], x[1], here);
    }
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(pages)
