// What the kernels of single instructions share: a UB image that is loaded from GM and stored back whole, and the forms
// of a call.
#pragma once

#include <cstring>

#include "kernel_operator.h"
#include "register.h"

namespace image {

using namespace AscendC;

// All the parameters of all the calls; `Call` in tests/truth/call.rs is the same.
struct Call {
    uint64_t image; // GM address
    uint64_t bytes; // of the image
    uint64_t form;  // 0: count, 1: mask bits, 2: leading elements of a repeat, 3: operator
    uint64_t dst;   // byte offsets of the operands in the image
    uint64_t src0;
    uint64_t src1;
    int64_t count;
    uint64_t mask[2];
    uint64_t repeats;
    uint64_t dst_block; // strides
    uint64_t src0_block;
    uint64_t src1_block;
    uint64_t dst_repeat;
    uint64_t src0_repeat;
    uint64_t src1_repeat;
    uint64_t scalar; // the value's bits
    uint64_t mode;   // round mode, pattern, base address or reduce mode; from 16 on results do not saturate
};

struct Image {
    explicit Image(const Call &call) : call(call)
    {
        SetSaturationFlag<SaturationMode::CAST>(call.mode < 16);
        SetSaturationFlag<SaturationMode::FLOAT>(call.mode < 16);
        gm.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t *>(call.image));
        pipe.InitBuffer(buffer, static_cast<uint32_t>(call.bytes));
        all = buffer.Get<uint8_t>();
        DataCopy(all, gm, static_cast<uint32_t>(call.bytes));
        PipeBarrier<PIPE_ALL>();
    }

    ~Image()
    {
        PipeBarrier<PIPE_ALL>();
        DataCopy(gm, all, static_cast<uint32_t>(call.bytes));
    }

    template <typename T>
    LocalTensor<T> at(uint64_t offset)
    {
        return all[static_cast<uint32_t>(offset)].ReinterpretCast<T>();
    }

    template <typename T>
    T scalar() const
    {
        T value;
        memcpy(&value, &call.scalar, sizeof(T));
        return value;
    }

    uint64_t *mask() { return call.mask; }
    uint8_t repeats() const { return static_cast<uint8_t>(call.repeats); }

    BinaryRepeatParams binary() const
    {
        const auto u8 = [](uint64_t value) { return static_cast<uint8_t>(value); };
        return {u8(call.dst_block),  u8(call.src0_block),  u8(call.src1_block),
                u8(call.dst_repeat), u8(call.src0_repeat), u8(call.src1_repeat)};
    }

    UnaryRepeatParams unary() const
    {
        return {static_cast<uint16_t>(call.dst_block), static_cast<uint16_t>(call.src0_block),
                static_cast<uint8_t>(call.dst_repeat), static_cast<uint8_t>(call.src0_repeat)};
    }

    CopyRepeatParams copied() const
    {
        const auto u16 = [](uint64_t value) { return static_cast<uint16_t>(value); };
        return {u16(call.dst_block), u16(call.src0_block), u16(call.dst_repeat), u16(call.src0_repeat)};
    }

    // For the last eight bytes of the image.
    void note(uint64_t result)
    {
        const LocalTensor<uint32_t> words = at<uint32_t>(call.bytes - 32);
        words.SetValue(6, static_cast<uint32_t>(result));
        words.SetValue(7, static_cast<uint32_t>(result >> 32));
    }

    Call call;
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    GlobalTensor<uint8_t> gm;
    LocalTensor<uint8_t> all;
};

} // namespace image

#define INSTRUCTION(Name, T) \
    static void Name##_##T(Call call); \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(Name##_##T, #Name " " #T, Name##_##T) \
    static void Name##_##T(Call call)

// The three forms of a call, `...` being its operands.
#define FORMS(Name, strides, ...) \
    switch (call.form) { \
    case 0: \
        Name(__VA_ARGS__, static_cast<int32_t>(call.count)); \
        break; \
    case 1: \
        Name(__VA_ARGS__, image.mask(), image.repeats(), strides); \
        break; \
    default: \
        Name(__VA_ARGS__, call.mask[0], image.repeats(), strides); \
    }

// The strides of a call with a destination alone.
#define STRIDED(call) static_cast<uint16_t>((call).dst_block), static_cast<uint8_t>((call).dst_repeat)
