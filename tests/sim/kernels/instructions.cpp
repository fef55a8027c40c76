// One kernel per instruction and element type, named "Add int32_t" and so on: loads a UB image from GM, executes one call
// on it in one of its forms, and stores the whole image back. tests/truth computes what must be in it.
#include "kernel_operator.h"
#include "register.h"

namespace {

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
    uint64_t mode;   // round mode, pattern, base address or reduce mode
};

struct Image {
    explicit Image(const Call &call) : call(call)
    {
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

} // namespace

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

#define BINARY(Name, T, symbol) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        LocalTensor<T> dst = image.at<T>(call.dst), src0 = image.at<T>(call.src0), src1 = image.at<T>(call.src1); \
        if (call.form == 3) { \
            dst.SetSize(static_cast<uint32_t>(call.count)); \
            BINARY_##symbol(dst, src0, src1); \
        } else { \
            FORMS(Name, image.binary(), dst, src0, src1) \
        } \
    }
#define BINARY_plus(dst, a, b) dst = a + b
#define BINARY_minus(dst, a, b) dst = a - b
#define BINARY_times(dst, a, b) dst = a *b
#define BINARY_and(dst, a, b) dst = a & b
#define BINARY_or(dst, a, b) dst = a | b
#define BINARY_none(dst, a, b) (void)0

#define FOR_ARITHMETIC(M, Name, ...) M(Name, int16_t, __VA_ARGS__) M(Name, int32_t, __VA_ARGS__) M(Name, float, __VA_ARGS__)
FOR_ARITHMETIC(BINARY, Add, plus)
FOR_ARITHMETIC(BINARY, Sub, minus)
FOR_ARITHMETIC(BINARY, Mul, times)
FOR_ARITHMETIC(BINARY, Max, none)
FOR_ARITHMETIC(BINARY, Min, none)
BINARY(And, int16_t, and)
BINARY(And, uint16_t, and)
BINARY(Or, int16_t, or)
BINARY(Or, uint16_t, or)

// 32-bit And and Or have the count form alone.
#define BINARY_COUNTED(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        Name(image.at<T>(call.dst), image.at<T>(call.src0), image.at<T>(call.src1), static_cast<int32_t>(call.count)); \
    }
BINARY_COUNTED(And, int32_t)
BINARY_COUNTED(Or, uint32_t)

#define SCALAR(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, image.unary(), image.at<T>(call.dst), image.at<T>(call.src0), image.scalar<T>()) \
    }
#define FOR_SHIFTS(M, Name) M(Name, int16_t, ) M(Name, uint16_t, ) M(Name, int32_t, ) M(Name, uint32_t, )
FOR_ARITHMETIC(SCALAR, Adds, )
FOR_ARITHMETIC(SCALAR, Muls, )
FOR_ARITHMETIC(SCALAR, Maxs, )
FOR_ARITHMETIC(SCALAR, Mins, )
FOR_SHIFTS(SCALAR, ShiftLeft)
FOR_SHIFTS(SCALAR, ShiftRight)

#define NOT(T) \
    INSTRUCTION(Not, T) \
    { \
        Image image(call); \
        FORMS(Not, image.unary(), image.at<T>(call.dst), image.at<T>(call.src0)) \
    }
NOT(int16_t)
NOT(uint16_t)

#define STRIDED(call) static_cast<uint16_t>((call).dst_block), static_cast<uint8_t>((call).dst_repeat)
#define DUPLICATE(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        FORMS(Name, STRIDED(call), image.at<T>(call.dst), image.scalar<T>()) \
    }
FOR_SHIFTS(DUPLICATE, Duplicate)
DUPLICATE(Duplicate, float, )

#define INDEX(Name, T, unused) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        LocalTensor<T> dst = image.at<T>(call.dst); \
        if (call.form == 0) { \
            Name(dst, image.scalar<T>(), static_cast<uint32_t>(call.count)); \
        } else if (call.form == 1) { \
            Name(dst, image.scalar<T>(), image.mask(), image.repeats(), STRIDED(call)); \
        } else { \
            Name(dst, image.scalar<T>(), call.mask[0], image.repeats(), STRIDED(call)); \
        } \
    }
FOR_ARITHMETIC(INDEX, CreateVecIndex, )

#define CAST(Name, To, From) \
    INSTRUCTION(Name, To) \
    { \
        Image image(call); \
        const auto mode = static_cast<RoundMode>(call.mode); \
        FORMS(Cast, image.unary(), image.at<To>(call.dst), image.at<From>(call.src0), mode) \
    }
CAST(Cast_int32_t, int64_t, int32_t)
CAST(Cast_int64_t, int32_t, int64_t)
CAST(Cast_int32_t, float, int32_t)
CAST(Cast_float, int32_t, float)
CAST(Cast_int64_t, float, int64_t)
CAST(Cast_float, int64_t, float)

#define GATHER(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto base = static_cast<uint32_t>(call.mode); \
        const auto stride = static_cast<uint16_t>(call.dst_repeat); \
        const LocalTensor<uint32_t> offsets = image.at<uint32_t>(call.src1); \
        FORMS(Name, stride, image.at<T>(call.dst), image.at<T>(call.src0), offsets, base) \
    }
GATHER(Gather, int16_t)
GATHER(Gather, uint16_t)
GATHER(Gather, int32_t)
GATHER(Gather, uint32_t)
GATHER(Gather, float)
GATHER(Gather, int64_t)

// mode: 1 to 7 a built-in pattern, 0 the tensor at src1; form 0: normal mode, 1: counter mode of `count` elements.
#define GATHER_MASK(Name, T, U) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const GatherMaskParams params{static_cast<uint8_t>(call.src0_block), static_cast<uint16_t>(call.repeats), \
                                      static_cast<uint16_t>(call.src0_repeat), static_cast<uint8_t>(call.src1_repeat)}; \
        const bool counter = call.form == 1; \
        const auto mask = static_cast<uint32_t>(counter ? call.count : 0); \
        uint64_t kept = 0; \
        if (call.mode == 0) { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), image.at<U>(call.src1), counter, mask, params, kept); \
        } else { \
            Name(image.at<T>(call.dst), image.at<T>(call.src0), static_cast<uint8_t>(call.mode), counter, mask, params, kept); \
        } \
        PipeBarrier<PIPE_ALL>(); \
        image.note(kept); \
    }
GATHER_MASK(GatherMask, int16_t, uint16_t)
GATHER_MASK(GatherMask, uint16_t, uint16_t)
GATHER_MASK(GatherMask, int32_t, uint32_t)
GATHER_MASK(GatherMask, uint32_t, uint32_t)
GATHER_MASK(GatherMask, float, uint32_t)

// Within UB. form 0: count, 1: blocks of `src1_block` times 32 bytes.
#define COPY_UB(Name, T) \
    INSTRUCTION(Name, T) \
    { \
        Image image(call); \
        const auto u16 = [](uint64_t value) { return static_cast<uint16_t>(value); }; \
        if (call.form == 0) { \
            DataCopy(image.at<T>(call.dst), image.at<T>(call.src0), static_cast<uint32_t>(call.count)); \
        } else { \
            const DataCopyParams params(u16(call.repeats), u16(call.src1_block), u16(call.src0_repeat), u16(call.dst_repeat)); \
            DataCopy(image.at<T>(call.dst), image.at<T>(call.src0), params); \
        } \
    }
COPY_UB(CopyUb, int32_t)
COPY_UB(CopyUb, int64_t)
