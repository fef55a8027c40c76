// What a core's instructions take from registers rather than from their parameters, from one call to the next.
#pragma once

#include <cstdint>

namespace ascendc_sim {

struct Registers {
    // The mask of the vector instructions. Normal mode: bit e is element e of a repeat, `high` from element 64 on.
    // Counter mode: `low` is the number of elements in all.
    struct Mask {
        uint64_t high = ~uint64_t{0};
        uint64_t low = ~uint64_t{0};
        bool counter = false;
    };

    Mask mask;
};

} // namespace ascendc_sim
