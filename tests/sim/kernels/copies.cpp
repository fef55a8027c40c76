// Copies between GM and UB: each loads a UB image, executes one call between it and a GM array, and stores the image.
#include "kernel_operator.h"
#include "register.h"

namespace {

using namespace AscendC;

// `Copy` in tests/copies.rs is the same.
struct Copy {
    uint64_t image; // GM address of the UB image
    uint64_t bytes; // of the image
    uint64_t gm;    // GM address of the array's part that is copied from or to
    uint64_t ub;    // byte offset of the operand in the image
    uint64_t form;  // 0: count, 1: DataCopyParams, 2: DataCopyPad, 3: DataCopyPad with DataCopyParams
    uint64_t count; // elements
    uint64_t blocks;
    uint64_t block_length; // bytes, or 32-byte blocks for form 1
    uint64_t src_stride;
    uint64_t dst_stride;
    uint64_t is_pad;
    uint64_t left; // elements
    uint64_t right;
    uint64_t value; // the padding's bits
};

template <typename T>
struct Bench {
    explicit Bench(const Copy &copy) : copy(copy)
    {
        image_gm.SetGlobalBuffer(reinterpret_cast<__gm__ uint8_t *>(copy.image));
        array.SetGlobalBuffer(reinterpret_cast<__gm__ T *>(copy.gm));
        pipe.InitBuffer(buffer, static_cast<uint32_t>(copy.bytes));
        image = buffer.Get<uint8_t>();
        operand = image[static_cast<uint32_t>(copy.ub)].template ReinterpretCast<T>();
        DataCopy(image, image_gm, static_cast<uint32_t>(copy.bytes));
        PipeBarrier<PIPE_ALL>();
    }

    uint16_t u16(uint64_t value) const { return static_cast<uint16_t>(value); }
    uint32_t u32(uint64_t value) const { return static_cast<uint32_t>(value); }

    DataCopyParams blocks() const
    {
        return {u16(copy.blocks), u16(copy.block_length), u16(copy.src_stride), u16(copy.dst_stride)};
    }

    DataCopyExtParams ext() const
    {
        return {u16(copy.blocks), u32(copy.block_length), u32(copy.src_stride), u32(copy.dst_stride), 0};
    }

    void in()
    {
        const auto left = static_cast<uint8_t>(copy.left), right = static_cast<uint8_t>(copy.right);
        T value;
        memcpy(&value, &copy.value, sizeof(T));
        if (copy.form == 0) {
            DataCopy(operand, array, u32(copy.count));
        } else if (copy.form == 1) {
            DataCopy(operand, array, blocks());
        } else if (copy.form == 2) {
            DataCopyPad(operand, array, ext(), DataCopyPadExtParams<T>{copy.is_pad != 0, left, right, value});
        } else {
            DataCopyPad(operand, array, blocks(), DataCopyPadParams{copy.is_pad != 0, left, right, copy.value});
        }
        PipeBarrier<PIPE_ALL>();
    }

    void out()
    {
        if (copy.form == 0) {
            DataCopy(array, operand, u32(copy.count));
        } else if (copy.form == 1) {
            DataCopy(array, operand, blocks());
        } else if (copy.form == 2) {
            DataCopyPad(array, operand, ext());
        } else {
            DataCopyPad(array, operand, blocks());
        }
    }

    Copy copy;
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    GlobalTensor<uint8_t> image_gm;
    GlobalTensor<T> array;
    LocalTensor<uint8_t> image;
    LocalTensor<T> operand;
};

// The image goes back as a whole: bytes that the copy left without a value are reported on the way.
template <typename T>
void copy_in(Copy copy)
{
    Bench<T> bench(copy);
    bench.in();
    DataCopy(bench.image_gm, bench.image, bench.u32(copy.bytes));
}

template <typename T>
void copy_out(Copy copy)
{
    Bench<T> bench(copy);
    bench.out();
}

} // namespace

#define COPIES(T) \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(copy_in_##T, "copy in " #T, copy_in<T>) \
    ASCEND_CACHE_LOC_SIM_KERNEL_AS(copy_out_##T, "copy out " #T, copy_out<T>)
COPIES(int8_t)
COPIES(int16_t)
COPIES(int32_t)
COPIES(int64_t)
COPIES(float)
COPIES(half)
COPIES(bfloat16_t)
