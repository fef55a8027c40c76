// LocalMemAllocator: static tensors, one behind the other. Where they lie is the kernel's business; TPipe is not asked.
#pragma once

#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

template <Hardware hard = Hardware::UB>
class LocalMemAllocator {
    static_assert(hard == Hardware::UB, "ascendc/sim: LocalMemAllocator of a memory that vector cores do not have");

public:
    // Bytes from the beginning of UB.
    uint32_t GetCurAddr() const { return head_; }

    // Sizes are elements. What follows a size that is no multiple of 32 bytes is misaligned, as on a device.
    // Nothing asks whether UB goes so far: an access that does not is reported where it happens, as a device finds it.
    template <TPosition position, typename T>
    LocalTensor<T> Alloc(uint32_t size)
    {
        static_assert(sim::vector_position(position), "ascendc/sim: LocalMemAllocator::Alloc at a position outside UB");
        const LocalTensor<T> tensor(position, head_, size);
        head_ += size * static_cast<uint32_t>(sizeof(T));
        return tensor;
    }

    template <TPosition position, typename T, uint32_t size>
    LocalTensor<T> Alloc()
    {
        return Alloc<position, T>(size);
    }

    template <typename T>
    LocalTensor<T> Alloc(uint32_t size)
    {
        return Alloc<TPosition::VECCALC, T>(size);
    }

    template <typename T, uint32_t size>
    LocalTensor<T> Alloc()
    {
        return Alloc<TPosition::VECCALC, T>(size);
    }

private:
    uint32_t head_ = 0;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
