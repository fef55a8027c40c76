// Which part of a ragged output is a core's.
//
// By weight, a row weighing its elements and a constant beside. A core's share of the weight begins at a position in the
// output, moved up to the next 64-byte line: a long row is shared, many short ones are too. Every core finds both ends of its
// share by itself: from the sums of all lengths (scan.h) and a walk along the rows of its share.
//
// Contract: the scan has run. Find once, which gives the row to begin with, or All; then Next for that row and each behind
// it, with its length, until Done; or Pass, where it says true. Lengths are 0 to 2^31 - 1.
//
// UB: the scan's. Pipes: S.
#pragma once

#include "scan.h"

namespace cache_loc {

// An output of so many elements at an address.
struct RaggedOutput {
    uint64_t address;
    uint64_t capacity;
    uint32_t element_bytes;
};

template <typename Lengths>
class RaggedShare {
public:
    // What of a row is the core's: elements from..to of the output, where the row begins at `position`; and whether it is
    // the core's to report what is wrong with it.
    struct Part {
        uint64_t position, from, to;
        bool owned;
    };

    __aicore__ inline RaggedShare(LengthScan<Lengths> &scan, const RaggedOutput &output, uint64_t n, uint64_t row_weight)
        : scan_(scan), output_(output), n_(n), row_weight_(row_weight)
    {
    }

    // The first row that may be the core's; n where there is none.
    __aicore__ inline uint64_t Find(uint32_t core, uint32_t cores)
    {
        const auto total = static_cast<uint64_t>(scan_.Total(0));
        const uint64_t weight = total + n_ * row_weight_;
        limit_ = Min(total, output_.capacity);
        share_begin_ = ShareBegin(weight, core, cores);
        share_end_ = ShareBegin(weight, core + 1, cores);
        if (share_begin_ == 0) {
            begin_ = 0;
        }
        return share_begin_ == share_end_ ? n_ : RowAt(share_begin_, position_);
    }

    // The row behind those that are wholly the core's, of a batch whose lengths are kept and which all fits: found once, and with
    // it the end of the share.
    __aicore__ inline uint64_t WholeEnd()
    {
        if (whole_.row != kUnknown) {
            return whole_.row;
        }
        const auto total = static_cast<uint64_t>(scan_.Total(0));
        whole_ = {n_, total, n_, kUnknown};
        if (share_end_ != total + n_ * row_weight_) {
            uint64_t position = 0, row = RowAt(share_end_, position);
            const uint64_t last = row;
            const uint64_t end = Meet(share_end_, position + row * row_weight_, position);
            for (; row < n_ && position < end && position + scan_.Length(row) <= end; ++row) {
                position += scan_.Length(row);
            }
            whole_ = {row, position, last, end};
        }
        return whole_.row;
    }

    // Goes on behind rows that are wholly the core's, up to a row that begins at a position.
    __aicore__ inline void PassTo(uint64_t row, uint64_t position)
    {
        position_ = position;
        if (row > whole_.last) {
            end_ = whole_.end;
        }
    }

    // The position of the next row in the output; and of the row behind those that are wholly the core's.
    __aicore__ inline uint64_t Position() const { return position_; }
    __aicore__ inline uint64_t WholePosition() const { return whole_.position; }

    // In place of a scan and Find, on one core: the share is everything, from row 0 on.
    __aicore__ inline void All()
    {
        limit_ = output_.capacity;
        share_end_ = kUnknown;
    }

    // Goes on behind a row where all of it is the core's, and is written; false where that is not sure. Behind a row that Next
    // gave something of, or from the first row on where the share begins with the output.
    __aicore__ inline bool Pass(uint64_t row, uint64_t length)
    {
        const uint64_t end = position_ + length;
        // Behind the row in which the share ends are those that begin in its last line.
        const bool before_end = end_ == kUnknown ? end + (row + 1) * row_weight_ <= share_end_ : end <= end_;
        if (end > limit_ || !before_end) {
            return false;
        }
        position_ = end;
        return true;
    }

    __aicore__ inline Part Next(uint64_t row, uint64_t length)
    {
        const uint64_t weight = position_ + row * row_weight_; // where the row begins
        Part part{position_, 0, 0, weight >= share_begin_ && weight < share_end_};
        if (begin_ == kUnknown && weight + row_weight_ + length > share_begin_) {
            begin_ = Meet(share_begin_, weight, position_);
        }
        if (end_ == kUnknown && weight + row_weight_ + length > share_end_) {
            end_ = Meet(share_end_, weight, position_);
        }
        if (begin_ != kUnknown) {
            part.from = position_ < begin_ ? begin_ : position_;
            part.to = Min(Min(position_ + length, end_), limit_);
        }
        position_ += length;
        return part;
    }

    // Whether the rows behind are other cores' business.
    __aicore__ inline bool Done() const { return end_ != kUnknown && position_ >= end_; }

private:
    static constexpr uint64_t kUnknown = ~uint64_t{0};

    // A row at or before a share's bound: the very one where the scan keeps the lengths, else that of the last checkpoint.
    // Leaves `at`, which is 0 before, at its begin.
    __aicore__ inline uint64_t RowAt(uint64_t bound, uint64_t &at) const
    {
        uint64_t row = 0;
        uint32_t group = 0;
        for (; group + 1 < scan_.Checkpoints(); ++group) {
            const uint64_t position = at + static_cast<uint64_t>(scan_.Sum(group));
            const uint64_t next = row + scan_.Rows();
            if (position + next * row_weight_ > bound) {
                break;
            }
            at = position;
            row = next;
        }
        return scan_.KeepsLengths() ? RowOfBound(bound, row, group, at) : row;
    }

    // The row in which the bound lies, of the group of rows that begins with `row` at a position: found by the
    // lengths, two at a time, from the nearer end. Leaves `at` at its begin.
    __aicore__ inline uint64_t RowOfBound(uint64_t bound, uint64_t row, uint32_t group, uint64_t &at) const
    {
        uint64_t behind = (Min(row + scan_.Rows(), n_) + 1) / 2 * 2;
        const uint64_t next = at + static_cast<uint64_t>(scan_.Sum(group)); // position of row `behind`
        const uint64_t weight = at + row * row_weight_;
        if (bound - weight > next + behind * row_weight_ - bound) {
            const auto back = [&](uint64_t length) { // whether the bound lies in the row before
                --behind;
                at -= length;
                return at + behind * row_weight_ <= bound;
            };
            for (at = next;;) {
                const uint64_t pair = scan_.Pair(behind / 2 - 1);
                if (back(pair >> 32) || back(static_cast<uint32_t>(pair))) {
                    return behind;
                }
            }
        }
        for (;; row += 2) {
            const uint64_t pair = scan_.Pair(row / 2);
            const uint64_t first = static_cast<uint32_t>(pair);
            if (at + first + (row + 1) * row_weight_ > bound) {
                return row;
            }
            at += first;
            if (at + (pair >> 32) + (row + 2) * row_weight_ > bound) {
                return row + 1;
            }
            at += pair >> 32;
        }
    }

    // The position in the output where a share's bound lies in a row that begins at `weight` and at a position, moved up to a line.
    __aicore__ inline uint64_t Meet(uint64_t bound, uint64_t weight, uint64_t position) const
    {
        if (bound == 0) {
            return 0;
        }
        const uint64_t in_row = bound - weight; // the constant comes first
        position += in_row > row_weight_ ? in_row - row_weight_ : 0;
        return Min(AlignUp(output_.address, position, output_.element_bytes), limit_);
    }

    // A row, where it begins, the row in which the share's weight ends, and where the share does.
    struct Whole {
        uint64_t row, position, last, end;
    };

    LengthScan<Lengths> &scan_;
    RaggedOutput output_;
    uint64_t n_;
    uint64_t row_weight_; // elements
    uint64_t limit_ = 0;  // elements that are written in all
    uint64_t share_begin_ = 0;
    uint64_t share_end_ = 0;
    uint64_t position_ = 0; // of the next row in the output
    uint64_t begin_ = kUnknown;
    uint64_t end_ = kUnknown;
    Whole whole_ = {kUnknown, 0, 0, 0};
};

} // namespace cache_loc
