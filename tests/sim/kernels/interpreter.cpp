// Executes a list of steps on sixteen 32-byte blocks of UB and eight of GM: any order of instructions, flags and barriers
// that a test thinks of. tests/order.rs says which steps there are.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

struct Step {
    uint64_t what;
    uint64_t a;
    uint64_t b;
};

template <HardEvent event>
void flag(bool set, int32_t id)
{
    if (set) {
        SetFlag<event>(id);
    } else {
        WaitFlag<event>(id);
    }
}

void any_flag(bool set, uint64_t event, int32_t id)
{
    switch (event) {
    case 0: return flag<HardEvent::MTE2_V>(set, id);
    case 1: return flag<HardEvent::V_MTE2>(set, id);
    case 2: return flag<HardEvent::MTE3_V>(set, id);
    case 3: return flag<HardEvent::V_MTE3>(set, id);
    case 4: return flag<HardEvent::V_V>(set, id);
    case 5: return flag<HardEvent::MTE3_MTE2>(set, id);
    case 6: return flag<HardEvent::MTE2_MTE3>(set, id);
    case 7: return flag<HardEvent::S_V>(set, id);
    case 8: return flag<HardEvent::V_S>(set, id);
    case 9: return flag<HardEvent::S_MTE2>(set, id);
    case 10: return flag<HardEvent::MTE2_S>(set, id);
    case 11: return flag<HardEvent::S_MTE3>(set, id);
    default: return flag<HardEvent::MTE3_S>(set, id);
    }
}

void barrier(uint64_t pipe)
{
    switch (pipe) {
    case 0: return PipeBarrier<PIPE_V>();
    case 1: return PipeBarrier<PIPE_MTE2>();
    case 2: return PipeBarrier<PIPE_MTE3>();
    default: return PipeBarrier<PIPE_ALL>();
    }
}

void interpreter(__gm__ Step *steps, uint64_t count, __gm__ int32_t *in, __gm__ int32_t *out)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, 16 * 32);
    const LocalTensor<int32_t> ub = buffer.Get<int32_t>();
    GlobalTensor<int32_t> from, to;
    from.SetGlobalBuffer(in);
    to.SetGlobalBuffer(out);
    Duplicate(ub, 1, 16 * 8);
    PipeBarrier<PIPE_ALL>();
    for (uint64_t i = 0; i < count; ++i) {
        const Step &step = steps[i];
        const auto a = static_cast<uint32_t>(8 * step.a), b = static_cast<uint32_t>(8 * step.b);
        switch (step.what) {
        case 0: DataCopy(ub[a], from, 8); break;
        case 1: DataCopy(ub[a], to[b], 8); break;
        case 2: DataCopy(to[b], ub[a], 8); break;
        case 3: Adds(ub[a], ub[b], 1, 8); break;
        case 4: ub.GetValue(a); break;
        case 5: ub.SetValue(a, 1); break;
        case 6: any_flag(true, step.a, static_cast<int32_t>(step.b)); break;
        case 7: any_flag(false, step.a, static_cast<int32_t>(step.b)); break;
        case 8: to.GetValue(b); break;
        default: barrier(step.a);
        }
    }
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(interpreter)
