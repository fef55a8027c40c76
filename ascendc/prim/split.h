// How work and output are split over cores.
//
// Contract: shares are a partition: what one core's end is, is the next one's begin, for any number of cores. Where the
// outputs of two cores meet is always a device address that is a multiple of 64 bytes: nothing promises that two cores may
// write into one line of GM, and borrowed memory may begin anywhere.
//
// Everything is arithmetic in 64 bits on the scalar pipe: no UB, no other pipe.
#pragma once

#include "../abi/base.h"
#include "kernel_operator.h"

namespace cache_loc {

using namespace AscendC;

__aicore__ inline constexpr uint64_t Min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

__aicore__ inline constexpr uint64_t Max(uint64_t a, uint64_t b)
{
    return a < b ? b : a;
}

// The first position, from `position` on, whose address begins a 64-byte line, in an output at address `out`.
__aicore__ inline constexpr uint64_t AlignUp(uint64_t out, uint64_t position, uint32_t element_bytes)
{
    const uint64_t over = (out + position * element_bytes) % ASCEND_CACHE_LOC_LINE_BYTES;
    return over == 0 ? position : position + (ASCEND_CACHE_LOC_LINE_BYTES - over) / element_bytes;
}

// The share of `core`: where it begins, of `weight` in all over `cores` cores. Exact for any weight: weight * core would
// pass 64 bits for the largest batches, quotient and remainder apart do not.
__aicore__ inline constexpr uint64_t ShareBegin(uint64_t weight, uint32_t core, uint32_t cores)
{
    return weight / cores * core + weight % cores * core / cores;
}

// The share of a core where each row is one element of an output: whole lines, as evenly as they go; the first may be
// cut by where the output begins, the last by where it ends.
struct LineShare {
    // Of `n` elements of so many bytes at address `out`, for one core of so many; none for one behind them.
    __aicore__ inline LineShare(uint64_t out, uint64_t n, uint32_t element_bytes,
                                uint32_t core = static_cast<uint32_t>(GetBlockIdx()),
                                uint32_t cores = static_cast<uint32_t>(GetBlockNum()))
        : head_(AlignUp(out, 0, element_bytes)), n_(n), line_(ASCEND_CACHE_LOC_LINE_BYTES / element_bytes)
    {
        begin = Boundary(core, cores);
        end = Boundary(core + 1, cores);
    }

    uint64_t begin, end; // elements

private:
    __aicore__ inline uint64_t Boundary(uint32_t core, uint32_t cores) const
    {
        const uint64_t lines = (n_ + line_ - 1 - Min(head_, n_)) / line_ + (head_ != 0 ? 1 : 0);
        const uint64_t line = ShareBegin(lines, core, cores);
        return line == 0 ? 0 : Min(n_, head_ != 0 ? head_ + (line - 1) * line_ : line * line_);
    }

    uint64_t head_; // elements before the first line begins
    uint64_t n_;
    uint64_t line_; // elements of a line
};

// The share of a core where the output is rows of `columns` elements, `stride` apart, of which the first `heavy` cost more
// than the others: an element of theirs counts kHeavy. Shares are of what is written, and meet where a line begins, in
// a row or in the gap behind it; the first begins with the output, the last ends with its last row.
struct GridShare {
    static constexpr uint64_t kHeavy = 16;

    // Of `rows` rows at address `out`, for one core of so many; none for one behind them.
    __aicore__ inline GridShare(uint64_t out, uint64_t rows, uint64_t columns, uint64_t stride, uint64_t heavy,
                                uint32_t element_bytes, uint32_t core = static_cast<uint32_t>(GetBlockIdx()),
                                uint32_t cores = static_cast<uint32_t>(GetBlockNum()))
        : out_(out), columns_(columns), stride_(stride), element_bytes_(element_bytes),
          heavy_(heavy * columns * kHeavy), weight_(heavy_ + (rows - heavy) * columns),
          span_(rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns)
    {
        if (span_ == 0) {
            begin = end = 0;
            return;
        }
        begin = core == 0 ? 0 : core >= cores ? span_ : Boundary(core, cores);
        end = core + 1 >= cores ? span_ : Boundary(core + 1, cores);
    }

    // Columns of a row.
    struct Part {
        uint64_t begin, end;
    };

    // Rows that have elements between begin and end, or gaps: FirstRow() up to EndRow().
    __aicore__ inline uint64_t FirstRow() const { return stride_ == 0 ? 0 : begin / stride_; }
    __aicore__ inline uint64_t EndRow() const { return begin == end ? FirstRow() : (end - 1) / stride_ + 1; }

    // Those columns of one of them that are the core's.
    __aicore__ inline Part PartOf(uint64_t row) const
    {
        const uint64_t place = row * stride_;
        const uint64_t last = Min(columns_, end - place);
        return {begin > place ? Min(last, begin - place) : 0, last};
    }

    uint64_t begin, end; // elements of the output, gaps among them

private:
    __aicore__ inline uint64_t Boundary(uint32_t core, uint32_t cores) const
    {
        const uint64_t weight = ShareBegin(weight_, core, cores);
        const uint64_t written = weight < heavy_ ? weight / kHeavy : heavy_ / kHeavy + (weight - heavy_);
        const uint64_t position = written / columns_ * stride_ + written % columns_;
        return Min(span_, AlignUp(out_, position, element_bytes_));
    }

    uint64_t out_;
    uint64_t columns_;
    uint64_t stride_;
    uint32_t element_bytes_;
    uint64_t heavy_;  // the weight of the heavy rows
    uint64_t weight_; // of all
    uint64_t span_;   // elements from the first to the last
};

} // namespace cache_loc
