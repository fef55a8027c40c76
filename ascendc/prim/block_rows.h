// Rows of at most a block of slots each, which count up: many at a time, so that S pays for rows that are not in order alone.
//
// V spreads each row's first slot over a block of a landing and adds 0 .. 7; where the row's length is more than 0 .. 7 the
// pattern has a bit (ragged_gather.h). What a row has otherwise, whoever walks them puts into its block afterwards.
//
// Contract: Make for a tile whose words have been made (row_words.h), of rows from a multiple of a block on; then Land, with
// rows that go up, each from a multiple of a block of the tile on; and Odd, with rows that go up, which waits for V once.
//
// UB, for tiles of T rows (ASCEND_CACHE_LOC_WALK_TILE_MAX): the list of rows, 3 vectors of int32 for 64 more and a bit each;
// and what is lent. Pipes: V lands and lists, S walks the list.
#pragma once

#include "row_list.h"
#include "row_words.h"

namespace cache_loc {

class BlockRows {
public:
    using Vector = LocalTensor<int32_t>;

    static constexpr uint32_t kMost = 128;    // rows that are landed at a time
    static constexpr uint32_t kLongest = 8;    // of their lengths
    static constexpr uint32_t kLongestBits = 0x41000000; // and as float32 has it
    static constexpr uint32_t kLent = 5;      // vectors, those of the words among them

    __aicore__ inline explicit BlockRows(TPipe &pipe) : list_(pipe, SlotWords::kMost) {}

    __aicore__ inline void Open() { list_.Open(SlotWords::kMost); }

    // Of `count` rows, as long as `lengths`, which has 0 up to a multiple of a block; `counting` begins 0, 1, .. 7.
    __aicore__ inline void Make(const SlotWords &words, const Vector &lengths, const Vector &counting, const Vector *lent,
                                uint32_t count)
    {
        words_ = &words;
        counting_ = counting;
        lengths_ = lent[2][2 * SlotWords::kMost].ReinterpretCast<float>();
        lanes_ = lent[2][3 * SlotWords::kMost].ReinterpretCast<float>();
        firsts_of_block_ = lent[3];
        lengths_of_block_ = lent[4].ReinterpretCast<float>();
        Cast(lengths_, lengths, RoundMode::CAST_TRUNC, (count + kBlock - 1) / kBlock * kBlock);
        Cast(lanes_, counting, RoundMode::CAST_TRUNC, kBlock);
        const Vector marks = list_.Marks(count);
        PipeBarrier<PIPE_V>(); // marks are all written before some are again
        Muls(marks, words.odd, -1, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>(); // each is written before it is read
        list_.Start(count);
        listed_ = false;
    }

    // The first row from `row` on, of the tile, that is not in order.
    __aicore__ inline uint32_t Odd(uint32_t row)
    {
        if (!listed_) {
            Order<HardEvent::V_S>(); // V has made the list, and all that it was given before, before S reads any of it
            listed_ = true;
            odd_ = list_.Next();
        }
        while (odd_ < row) {
            odd_ = list_.Next();
        }
        return odd_;
    }

    // The rows before `row` have nothing to land, down to a multiple of a block. There are such where S has appended one of
    // them: it is stored before rows are landed, which puts a barrier behind this.
    __aicore__ inline void Begin(uint32_t row) const
    {
        if (row % kBlock != 0) {
            Duplicate(lengths_[row / kBlock * kBlock], 0.0f, static_cast<int32_t>(row % kBlock));
        }
    }

    // Of `count` rows of the tile from `row` on, slots and pattern to where both begin.
    __aicore__ inline void Land(const Vector &landing, const LocalTensor<uint8_t> &pattern, uint32_t row,
                                uint32_t count) const
    {
        const auto repeats = static_cast<uint8_t>((count + kBlock - 1) / kBlock);
        const BinaryRepeatParams by_block(1, 0, 1, 8, 0, 8); // the same eight beside each block
        Brcb(firsts_of_block_, words_->firsts[row], repeats, {1, 8});
        Brcb(lengths_of_block_, lengths_[row], repeats, {1, 8});
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        Add(landing, counting_, firsts_of_block_, kLanes, repeats, by_block);
        Compare(pattern, lanes_, lengths_of_block_, CMPMODE::LT, kLanes, repeats, by_block);
        PipeBarrier<PIPE_V>();
    }

private:
    static constexpr uint32_t kBlock = 8;       // int32 elements of a 32-byte block
    static constexpr uint64_t kLanes = 64;      // and of a repeat
    static_assert(kMost * kBlock <= ASCEND_CACHE_LOC_SCAN_TILE_MAX, "a vector lent has a block for each row");
    static_assert(4 * SlotWords::kMost <= ASCEND_CACHE_LOC_SCAN_TILE_MAX && SlotWords::kLent <= 3, "room behind the words");

    const SlotWords *words_ = nullptr;
    RowList list_;
    uint32_t odd_ = 0;
    bool listed_ = false;
    Vector counting_, firsts_of_block_;
    LocalTensor<float> lengths_, lanes_, lengths_of_block_;
};

} // namespace cache_loc
