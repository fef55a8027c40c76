// Copies within UB by mask, block and offset, named as in instructions.cpp.
#include "image.h"

using namespace image;

#define AT(T, operand) image.at<T>(call.operand)
#define U16(value) static_cast<uint16_t>(value)

#define COPY(T) \
    INSTRUCTION(Copy, T) \
    { \
        Image image(call); \
        if (call.form == 1) { \
            Copy(AT(T, dst), AT(T, src0), image.mask(), image.repeats(), image.copied()); \
        } else { \
            Copy(AT(T, dst), AT(T, src0), call.mask[0], image.repeats(), image.copied()); \
        } \
    }
COPY(int16_t)
COPY(int32_t)
COPY(float)
COPY(half)
COPY(int64_t)

#define BRCB(T) \
    INSTRUCTION(Brcb, T) \
    { \
        Image image(call); \
        Brcb(AT(T, dst), AT(T, src0), image.repeats(), {U16(call.dst_block), U16(call.dst_repeat)}); \
    }
BRCB(int16_t)
BRCB(uint32_t)
BRCB(float)
BRCB(bfloat16_t)
BRCB(int64_t)

#define GATHERB(T) \
    INSTRUCTION(Gatherb, T) \
    { \
        Image image(call); \
        const GatherRepeatParams strides(static_cast<uint8_t>(call.dst_block), static_cast<uint8_t>(call.dst_repeat)); \
        Gatherb(AT(T, dst), AT(T, src0), AT(uint32_t, src1), image.repeats(), strides); \
    }
GATHERB(uint16_t)
GATHERB(uint32_t)
GATHERB(half)
