// One source, compiled for two arches: a struct of one name, which the linker must not take for the other's.
#include "kernel_operator.h"
#include "register.h"

#define both ASCENDC_SIM_TEXT_JOIN(both_, ASCENDC_SIM_ARCH)
#define ASCENDC_SIM_TEXT_JOIN(a, b) ASCENDC_SIM_TEXT_JOIN_OF(a, b)
#define ASCENDC_SIM_TEXT_JOIN_OF(a, b) a##b

namespace both {

using namespace AscendC;

template <typename T>
struct Kernel {
    // out: the arch, the size of UB, and the result of an addition.
    static void run(__gm__ T *address, int32_t bytes, int32_t event)
    {
        TPipe pipe;
        TBuf<> buffer;
        pipe.InitBuffer(buffer, bytes);
        const LocalTensor<T> x = buffer.Get<T>();
        Duplicate(x, 40, 64);
        PipeBarrier<PIPE_V>();
        Adds(x, x, 2, 64);
        SetFlag<HardEvent::V_S>(event);
        WaitFlag<HardEvent::V_S>(event);
        x.SetValue(0, __NPU_ARCH__);
        x.SetValue(1, TOTAL_UB_SIZE);
        SetFlag<HardEvent::S_MTE3>(event);
        WaitFlag<HardEvent::S_MTE3>(event);
        GlobalTensor<T> out;
        out.SetGlobalBuffer(address);
        DataCopyPad(out, x, DataCopyExtParams(1, 3 * sizeof(T), 0, 0, 0));
    }
};

} // namespace both

ASCEND_CACHE_LOC_SIM_KERNEL_AS(of_both, "of two arches", both::Kernel<int32_t>::run)
