// Copies that combine with what is there: each core, with its number and a pattern, onto the same elements.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

template <typename T>
T element(int64_t value)
{
    if constexpr (std::is_same_v<T, bfloat16_t>) {
        return Cast(static_cast<float>(value));
    } else {
        return static_cast<T>(value);
    }
}

// operation 0: add, 1: the larger, 2: the smaller; then one plain copy behind the elements.
template <typename T>
void combined(__gm__ T *out_address, int32_t operation, int32_t count)
{
    TPipe pipe;
    TBuf<> buffer;
    pipe.InitBuffer(buffer, 8192);
    const LocalTensor<T> x = buffer.Get<T>();
    GlobalTensor<T> out;
    out.SetGlobalBuffer(out_address);
    for (int32_t i = 0; i < count; ++i) {
        x.SetValue(i, element<T>((i % 7 - 3) * (GetBlockIdx() + 1)));
    }
    SetFlag<HardEvent::S_MTE3>(0);
    WaitFlag<HardEvent::S_MTE3>(0);
    if (operation == 0) {
        SetAtomicAdd<T>();
    } else if (operation == 1) {
        SetAtomicMax<T>();
    } else {
        SetAtomicMin<T>();
    }
    const DataCopyExtParams all{1, static_cast<uint32_t>(count * sizeof(T)), 0, 0, 0};
    DataCopyPad(out, x, all);
    DataCopyPad(out, x, all); // no order needed
    SetAtomicNone();
    if (GetBlockIdx() == 0) {
        DataCopyPad(out[count], x, all);
    }
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_int8, "combined int8", combined<int8_t>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_int16, "combined int16", combined<int16_t>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_int32, "combined int32", combined<int32_t>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_float, "combined float", combined<float>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_half, "combined half", combined<half>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(combined_bfloat16, "combined bfloat16", combined<bfloat16_t>)
