// Planted defects: each kernel is a template, with a defect for `mended == false` and without for `mended == true`.
// A line that must be reported ends in `// REPORT <kind> <instruction>`; tests/planted.rs reads that.
#pragma once

#include "kernel_operator.h"
#include "register.h"

#define PLANTED(kernel) \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(kernel##_planted, #kernel, kernel<false>) \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(kernel##_mended, #kernel "_mended", kernel<true>)

namespace planted {

using namespace AscendC;

constexpr uint32_t kElements = 16384; // of each array, in tests/planted.rs too

// Two UB buffers of 1,024 int32 and the two arrays.
struct Bench {
    Bench(__gm__ int32_t *in_address, __gm__ int32_t *out_address)
    {
        in.SetGlobalBuffer(in_address, kElements);
        out.SetGlobalBuffer(out_address, kElements);
        pipe.InitBuffer(x_buffer, 4096);
        pipe.InitBuffer(y_buffer, 4096);
        x = x_buffer.Get<int32_t>();
        y = y_buffer.Get<int32_t>();
    }

    // x holds `value`, for every pipe to see.
    void fill(int32_t value)
    {
        Duplicate(x, value, 1024);
        PipeBarrier<PIPE_ALL>();
    }

    TPipe pipe;
    TBuf<TPosition::VECCALC> x_buffer, y_buffer;
    LocalTensor<int32_t> x, y;
    GlobalTensor<int32_t> in, out;
};

template <HardEvent event>
void flag(int32_t id = 0)
{
    SetFlag<event>(id);
    WaitFlag<event>(id);
}

} // namespace planted
