// What tests/outside.rs looks at: accesses that are reported and carried out.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

constexpr uint32_t kElements = 16384; // of each array
constexpr uint32_t kSpare = 1024;     // elements of its allocation behind it

void outside_copied(__gm__ int32_t *in_address, __gm__ int32_t *out_address)
{
    TPipe pipe;
    TBuf<> first, second;
    pipe.InitBuffer(first, 32);
    pipe.InitBuffer(second, 32);
    const LocalTensor<int32_t> x = first.Get<int32_t>(), y = second.Get<int32_t>();
    GlobalTensor<int32_t> in, out;
    in.SetGlobalBuffer(in_address);
    out.SetGlobalBuffer(out_address);
    const DataCopyExtParams block(1, 32, 0, 0, 0);
    DataCopyPad(x, in[kElements - 2], block, {false, 0, 0, 0});
    PipeBarrier<PIPE_ALL>();
    for (uint32_t i = 0; i < 8; ++i) {
        x.SetValue(8 + i, x.GetValue(i));
    }
    PipeBarrier<PIPE_ALL>();
    DataCopyPad(out[kElements - 2], y, block);
    DataCopyPad(out[kElements + kSpare - 2], y, block);
    DataCopyPad(out, y, block); // not reached
}

void undeclared(__gm__ int32_t *in_address, __gm__ int32_t *out_address)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, 32);
    const LocalTensor<int32_t> x = buffer.Get<int32_t>();
    GlobalTensor<int32_t> in, out;
    in.SetGlobalBuffer(in_address);
    out.SetGlobalBuffer(out_address);
    DataCopy(x, in, 8);
    PipeBarrier<PIPE_ALL>();
    DataCopy(out, x, 8);
}

void fields_cut(__gm__ int32_t *, __gm__ int32_t *out_address)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, 32);
    const LocalTensor<int32_t> x = buffer.Get<int32_t>();
    GlobalTensor<int32_t> out;
    out.SetGlobalBuffer(out_address);
    Duplicate(x, 0x09090909, 8);
    PipeBarrier<PIPE_ALL>();
    DataCopyPad(out[32], x, {4096, 4, 0, 0, 0});
    DataCopyPad(out[16], x, {4097, 4, 0, 0, 0});
    DataCopyPad(out, x, {1, 2097152 + 4, 0, 0, 0});
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL(outside_copied)
ASCEND_CACHE_LOC_SIM_KERNEL(undeclared)
ASCEND_CACHE_LOC_SIM_KERNEL(fields_cut)
