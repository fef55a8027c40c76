// What a core's instructions take from registers rather than from their parameters, from one call to the next.
#pragma once

#include <cstdint>

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

struct Registers {
    // The mask of the vector instructions. Normal mode: bit e is element e of a repeat, `high` from element 64 on.
    // Counter mode: `low` is the number of elements in all.
    struct Mask {
        uint64_t high = ~uint64_t{0};
        uint64_t low = ~uint64_t{0};
        bool counter = false;
    };

    Mask mask;

    // Whether casts to integers saturate; else the high bits are cut off.
    bool saturate_casts = true;
    // Whether a half or bfloat16 that is too large becomes the largest, and one that is no number 0.
    bool saturate_floats = true;

    // The other bits of the control register, which change nothing here.
    uint64_t control = 0;

    // What DataCopyPad pads with where it brings no value itself, once SetPadValue was called.
    bool pads = false;
    uint64_t padding = 0;

    // How a copy to GM combines bytes with those that are there; null: it replaces them.
    // The pointer tells operation and element type, too: equal pointers are one atomic operation.
    using Combine = void (*)(uint8_t *gm, const uint8_t *from, uint64_t bytes);
    Combine atomic = nullptr;

    // What Compare without a destination finds, and Select takes: a bit an element of a repeat, low word first.
    uint64_t compared[2] = {0, 0};

    // What the last ReduceSum of a count made, as its element type has it; 0 bytes: another reduction has been there.
    struct Sum {
        uint32_t bits = 0;
        uint32_t bytes = 0;
    };
    Sum summed;

    // As TPipe, its Reset and InitSocState leave them.
    // On A2 and A3 these alone (InitSocState); the control register, and with it saturation, other arches reset.
    void init()
    {
        mask = {};
        atomic = nullptr;
    }
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
