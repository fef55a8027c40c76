// Reports in helpers, see tests/callers.rs, which reads the kind and the helper's line behind each `CALLS`.
#include "helper.h"
#include "register.h"

namespace {

using namespace callers;

void helpers(__gm__ int32_t *in)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, 64);
    const LocalTensor<int32_t> x = buffer.Get<int32_t>();
    GlobalTensor<int32_t> from;
    from.SetGlobalBuffer(in, 16);
    CopyIn(x, from);
    CopyIn(x, from);    // CALLS Race 24
    CopyTwice(x, from); // CALLS Race 24
    Leak<HardEvent::S_V>(); // CALLS SetNeverWaited 18
    CopyIn(x[8], from[8]);
    PipeBarrier<PIPE_MTE2>();
    DataCopy(x, from, 8);
    Leak<HardEvent::V_S>(); // CALLS SetNeverWaited 18
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(helpers)
