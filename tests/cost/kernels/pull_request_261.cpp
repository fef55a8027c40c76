// Transcriptions: the two Triton kernels of sgl-kernel-npu's pull request 261 as the vendor's compiler lowers them for
// a 910B (triton-ascend 3.2.0, bishengir-compile 1.2.0), written in AscendC by us. What is kept is what a program does,
// in number and kind: scalar loads from GM, copies, flags, vector instructions, scalar accesses to UB, bytes. What is
// not known is which pipes some of the flags join; those here make no pipe wait that need not.
//
// Two things differ, since the originals read outside the table: a row without a prefix reads the table's first entry
// instead of the one before its own, and so do the lanes past the batch.
#include "kernel_operator.h"
#include "register.h"

using namespace AscendC;

namespace pull_request_261 {

template <typename T>
GlobalTensor<T> global(uint64_t address)
{
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T *>(address));
    return tensor;
}

template <typename T>
DataCopyExtParams exact(uint32_t count)
{
    return {1, count * static_cast<uint32_t>(sizeof(T)), 0, 0, 0};
}

// One that joins two pipes in passing.
template <HardEvent event>
void pass(int32_t id)
{
    SetFlag<event>(id);
    WaitFlag<event>(id);
}

struct LastLoc {
    uint64_t table;
    uint64_t req_pool_indices;
    uint64_t prefix_lens;
    uint64_t out;
    uint64_t n;
    uint64_t row_stride;
};

constexpr uint32_t kRows = 4; // of a program

// Four rows: three copies in (the lengths twice), an offset each, four loads from GM one after the other, a selection,
// a copy out. Elements of 32 bits have their offsets from the vector unit, those of 64 from the scalar one.
template <typename I>
void get_last_loc(LastLoc is)
{
    constexpr bool kWide = sizeof(I) == 8;
    TPipe pipe;
    const uint64_t first = static_cast<uint64_t>(GetBlockIdx()) * kRows;
    const auto count = static_cast<uint32_t>(min(uint64_t{kRows}, is.n - first));
    const auto table = global<int32_t>(is.table);
    const auto requests = global<I>(is.req_pool_indices), lens = global<I>(is.prefix_lens);
    auto out = global<int32_t>(is.out);
    const auto at = [](uint32_t slot, auto type) {
        return LocalTensor<decltype(type)>(TPosition::VECCALC, slot * 256, 256 / sizeof(type));
    };
    const auto len = at(0, I{}), again = at(1, I{}), request = at(2, I{}), offset = at(3, I{});
    const auto narrow = at(4, int32_t{}), found = at(5, int32_t{}), none = at(6, int32_t{}), result = at(7, int32_t{});
    const auto real = at(8, float{});
    const auto has_prefix = at(9, uint8_t{});
    const DataCopyPadExtParams<I> zeros(true, 0, static_cast<uint8_t>(kRows - count), 0);
    const auto load_from = [&](int64_t from) { return table.GetValue(static_cast<uint64_t>(max(from, int64_t{0}))); };
    const auto choose = [&](const LocalTensor<float> &of) {
        Compares(has_prefix, of, 0.0f, CMPMODE::GT, 64);
        PipeBarrier<PIPE_V>();
    };
    const auto select = [&] {
        Select(result.template ReinterpretCast<float>(), has_prefix, found.template ReinterpretCast<float>(),
               none.template ReinterpretCast<float>(), SELMODE::VSEL_TENSOR_TENSOR_MODE, kRows);
    };

    if constexpr (kWide) {
        Duplicate(real, 0.0f, 64);
        Duplicate(none, -1, 64);
        PipeBarrier<PIPE_V>();
        DataCopyPad(len, lens[first], exact<I>(count), zeros);
        DataCopyPad(request, requests[first], exact<I>(count), zeros);
        DataCopyPad(again, lens[first], exact<I>(count), zeros);
        pass<HardEvent::MTE2_S>(0); // MTE2 has filled len and request before S reads them
        for (uint32_t i = 0; i < kRows; ++i) {
            offset.SetValue(i, request.GetValue(i) * static_cast<I>(is.row_stride) + len.GetValue(i) - 1);
        }
        pass<HardEvent::MTE2_V>(0); // MTE2 has filled again before V reads it
        Cast(narrow, again, RoundMode::CAST_NONE, kRows);
        PipeBarrier<PIPE_V>();
        Cast(real, narrow, RoundMode::CAST_NONE, kRows);
        PipeBarrier<PIPE_V>();
        pass<HardEvent::S_V>(0);
        choose(real);
        pass<HardEvent::V_S>(0); // nothing that S reads
        for (uint32_t i = 0; i < kRows; ++i) {
            const int32_t slot = load_from(offset.GetValue(i));
            found.SetValue(i, len.GetValue(i) > 0 ? slot : -1);
        }
    } else {
        DataCopyPad(len, lens[first], exact<I>(count), zeros);
        DataCopyPad(request, requests[first], exact<I>(count), zeros);
        DataCopyPad(again, lens[first], exact<I>(count), zeros);
        pass<HardEvent::MTE2_V>(0); // MTE2 has filled all three before V reads them
        Duplicate(real, 0.0f, 64);
        Duplicate(none, -1, 64);
        Muls(offset, request, static_cast<I>(is.row_stride), kRows);
        PipeBarrier<PIPE_V>();
        Add(offset, offset, len, kRows);
        Cast(real, again, RoundMode::CAST_NONE, kRows);
        PipeBarrier<PIPE_V>();
        choose(real);
        pass<HardEvent::V_S>(0); // V has written offset before S reads it
        for (uint32_t i = 0; i < kRows; ++i) {
            const int32_t slot = load_from(int64_t{offset.GetValue(i)} - 1);
            found.SetValue(i, len.GetValue(i) > 0 ? slot : -1);
        }
    }
    pass<HardEvent::S_V>(1); // S has written found before V reads it
    select();
    pass<HardEvent::V_MTE3>(0); // V has written result before MTE3 stores it
    DataCopyPad(out[first], result, exact<int32_t>(count));
}

struct ExtendLocs {
    uint64_t table;
    uint64_t req_pool_indices;
    uint64_t start_offsets;
    uint64_t end_offsets;
    uint64_t out;
    uint64_t n;
    uint64_t row_stride;
};

constexpr uint32_t kPiece = 32; // table entries of a copy

// One request: three loads from GM, the offsets of every request before it, summed over the next power of two of the
// batch; then its slots, 32 at a time, in and out by one buffer.
template <typename I>
void assign_extend_cache_locs(ExtendLocs is)
{
    TPipe pipe;
    const auto pid = static_cast<uint64_t>(GetBlockIdx());
    const auto table = global<int32_t>(is.table);
    const auto requests = global<I>(is.req_pool_indices), starts = global<I>(is.start_offsets),
               ends = global<I>(is.end_offsets);
    auto out = global<int32_t>(is.out);
    uint32_t whole = 64;
    while (whole < is.n) {
        whole *= 2;
    }
    const auto bytes = static_cast<uint32_t>(sizeof(I)) * whole;
    const LocalTensor<I> before(TPosition::VECCALC, 0, 2 * whole);
    const LocalTensor<float> from(TPosition::VECCALC, 2 * bytes, whole),
        to(TPosition::VECCALC, 2 * bytes + 4 * whole, whole), sum(TPosition::VECCALC, 2 * bytes + 8 * whole, 8), unused;
    const LocalTensor<int32_t> slots(TPosition::VECCALC, 2 * bytes + 8 * whole + 32, kPiece);

    const auto start = static_cast<uint64_t>(starts.GetValue(pid));
    const auto end = static_cast<uint64_t>(ends.GetValue(pid));
    const auto request = static_cast<uint64_t>(requests.GetValue(pid));

    pass<HardEvent::S_V>(0);
    Duplicate(before.template ReinterpretCast<int32_t>(), 0, static_cast<int32_t>(2 * bytes / 4));
    pass<HardEvent::V_MTE2>(0); // V has filled before with zeros before MTE2 copies offsets into it
    if (pid > 0) {
        constexpr uint64_t block = 32 / sizeof(I);
        const DataCopyPadExtParams<I> zeros(true, 0, static_cast<uint8_t>((block - pid % block) % block), 0);
        DataCopyPad(before, starts, exact<I>(static_cast<uint32_t>(pid)), zeros);
        DataCopyPad(before[whole], ends, exact<I>(static_cast<uint32_t>(pid)), zeros);
    }
    pass<HardEvent::MTE2_V>(0); // MTE2 has filled before before V reads it
    const auto mode = sizeof(I) == 8 ? RoundMode::CAST_RINT : RoundMode::CAST_NONE;
    Cast(from, before, mode, whole);
    Cast(to, before[whole], mode, whole);
    PipeBarrier<PIPE_V>();
    Sub(to, to, from, static_cast<int32_t>(whole));
    PipeBarrier<PIPE_V>();
    ReduceSum(sum, to, unused, static_cast<int32_t>(whole));
    pass<HardEvent::V_S>(0);
    const auto begin = static_cast<uint64_t>(sum.GetValue(0));
    pass<HardEvent::S_MTE2>(0);
    if (sizeof(I) == 8) {
        pass<HardEvent::S_MTE3>(0);
        pass<HardEvent::V_MTE3>(0);
    }

    for (uint64_t done = 0; done < end - start; done += kPiece) {
        const auto count = static_cast<uint32_t>(min(uint64_t{kPiece}, end - start - done));
        if (sizeof(I) == 8) {
            pass<HardEvent::S_MTE2>(1);
            pass<HardEvent::S_MTE3>(1);
        }
        if (done != 0) {
            WaitFlag<HardEvent::MTE3_MTE2>(0); // MTE3 has stored slots before MTE2 fills it again
        }
        DataCopyPad(slots, table[request * is.row_stride + start + done], exact<int32_t>(count),
                    DataCopyPadExtParams<int32_t>(false, 0, 0, 0));
        pass<HardEvent::MTE2_MTE3>(0); // MTE2 has filled slots before MTE3 stores it
        PipeBarrier<PIPE_MTE3>();
        DataCopyPad(out[begin + done], slots, exact<int32_t>(count));
        SetFlag<HardEvent::MTE3_MTE2>(0);
    }
    if (start < end) {
        WaitFlag<HardEvent::MTE3_MTE2>(0);
    }
}

} // namespace pull_request_261

#define LAST(I) ASCEND_CACHE_LOC_SIM_ENTRY_AS("pull_request_261_get_last_loc " #I, pull_request_261::get_last_loc<I>)
#define EXTEND(I) \
    ASCEND_CACHE_LOC_SIM_ENTRY_AS("pull_request_261_assign_extend_cache_locs " #I, \
                                  pull_request_261::assign_extend_cache_locs<I>)
static const AscendCacheLocSimKernel all[] = {LAST(int32_t), LAST(int64_t), EXTEND(int32_t), EXTEND(int64_t)};
static const AscendCacheLocSimKernel *const entries[] = {&all[0], &all[1], &all[2], &all[3]};
extern "C" const AscendCacheLocSimKernels pull_request_261_kernels;
extern "C" const AscendCacheLocSimKernels pull_request_261_kernels = {entries, 4};
