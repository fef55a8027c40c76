// Cases 0, 1 and 2 of asc-devkit's sample add_high_performance, as its README describes them: tiles of 4,096 elements
// of 16 bits, x and y copied in, added by a loop of the scalar pipe or by one Add, z copied out; the next tile's copies
// in wait for the addition alone. The arrays are int16, not half.
#include "kernel_operator.h"
#include "register.h"

using namespace AscendC;

namespace cost {

struct Addition {
    GM_ADDR x;
    GM_ADDR y;
    GM_ADDR z;
    uint32_t tiles; // of a core
    uint32_t scalar;
};

constexpr uint32_t kTile = 4096;
constexpr uint32_t kApart = 32 * 1024; // bytes from one buffer to the next

} // namespace cost

extern "C" void cost_add(cost::Addition is)
{
    using cost::kTile;
    const auto core = static_cast<uint64_t>(GetBlockIdx());
    const auto of = [&](GM_ADDR address) {
        GlobalTensor<int16_t> tensor;
        tensor.SetGlobalBuffer(reinterpret_cast<__gm__ int16_t *>(address) + core * is.tiles * kTile);
        return tensor;
    };
    const auto x = of(is.x), y = of(is.y), z = of(is.z);
    const LocalTensor<int16_t> a(TPosition::VECCALC, 0, kTile), b(TPosition::VECCALC, cost::kApart, kTile),
        c(TPosition::VECCALC, 2 * cost::kApart, kTile);
    for (uint32_t tile = 0; tile < is.tiles; ++tile) {
        const bool first = tile == 0, last = tile + 1 == is.tiles;
        if (!first) {
            WaitFlag<HardEvent::V_MTE2>(EVENT_ID0); // V has added a and b before MTE2 fills them again
        }
        DataCopy(a, x[tile * kTile], kTile);
        DataCopy(b, y[tile * kTile], kTile);
        SetFlag<HardEvent::MTE2_V>(EVENT_ID0);
        WaitFlag<HardEvent::MTE2_V>(EVENT_ID0); // MTE2 has filled a and b before V adds them
        if (!first) {
            WaitFlag<HardEvent::MTE3_V>(EVENT_ID0); // MTE3 has stored c before V writes it again
        }
        if (is.scalar != 0) {
            // What is added by S is ordered as the sample has it, by flags of V: the compiler's own order does the
            // rest.
            for (uint32_t i = 0; i < kTile; ++i) {
                c.SetValue(i, static_cast<int16_t>(a.GetValue(i) + b.GetValue(i)));
            }
        } else {
            Add(c, a, b, static_cast<int32_t>(kTile));
        }
        if (!last) {
            SetFlag<HardEvent::V_MTE2>(EVENT_ID0);
        }
        SetFlag<HardEvent::V_MTE3>(EVENT_ID0);
        WaitFlag<HardEvent::V_MTE3>(EVENT_ID0); // V has written c before MTE3 stores it
        DataCopy(z[tile * kTile], c, kTile);
        if (!last) {
            SetFlag<HardEvent::MTE3_V>(EVENT_ID0);
        }
    }
}

static const AscendCacheLocSimKernel entry = ASCEND_CACHE_LOC_SIM_ENTRY(cost_add);
static const AscendCacheLocSimKernel *const entries[] = {&entry};
extern "C" const AscendCacheLocSimKernels cost_add_kernels;
extern "C" const AscendCacheLocSimKernels cost_add_kernels = {entries, 1};
