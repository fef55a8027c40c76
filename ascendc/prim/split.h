// Where the outputs of two cores meet.
#pragma once

#include "../abi/block.h"
#include "entry.h"

namespace cache_loc {

__aicore__ inline constexpr uint64_t Min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// The first position, from `position` on, whose address begins a 64-byte line.
__aicore__ inline constexpr uint64_t AlignUp(uint64_t out, uint64_t position, uint32_t element_bytes)
{
    const uint64_t over = (out + position * element_bytes) % ASCEND_CACHE_LOC_LINE_BYTES;
    return over == 0 ? position : position + (ASCEND_CACHE_LOC_LINE_BYTES - over) / element_bytes;
}

// The share of `core`: where it begins, of `weight` in all over `cores` cores. Exact for any weight.
__aicore__ inline constexpr uint64_t ShareBegin(uint64_t weight, uint32_t core, uint32_t cores)
{
    return weight / cores * core + weight % cores * core / cores;
}

} // namespace cache_loc
