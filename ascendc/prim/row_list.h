// The rows of a tile that S has to look at, found by V: a list, which ends with a row that there is not.
//
// V marks the rows, one GatherMask packs their places: so S pays for the rows that are marked alone, most often none.
//
// Contract: Open once, for tiles of up to so many rows. For a tile, Marks, of which V fills the first `count` behind a
// barrier (another value than 0 marks a row); Make; then Next as often as it gives a row below `count`, and once more.
//
// UB, for `most` rows: 3 vectors of int32 for 64 more, and a bit each. Pipes: V, and S behind it.
#pragma once

#include "int32.h"

namespace cache_loc {

class RowList {
public:
    using Vector = LocalTensor<int32_t>;

    __aicore__ inline RowList(TPipe &pipe, uint32_t most) : room_(most + kLanes)
    {
        pipe.InitBuffer(buffer_, kVectors * room_ * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, room_ / 8);
    }

    __aicore__ inline void Open(uint32_t count)
    {
        CreateVecIndex(Room(kIndex), 0, Lanes(count));
        PipeBarrier<PIPE_V>(); // the index is written before it is read
    }

    // What V marks the rows in.
    __aicore__ inline Vector Marks(uint32_t count)
    {
        Duplicate(Room(kMarks), 1, static_cast<int32_t>(Lanes(count))); // behind the rows, for the end of the list
        return Room(kMarks);
    }

    __aicore__ inline void Make(uint32_t count)
    {
        ToFlags(Room(kMarks), count);
        Start(count);
        Order<HardEvent::V_S>(); // V has made the list, and all that it was given before, before S reads any of it
    }

    // The same where a mark is 1, or 0 for none; and whoever reads the list orders S behind V first.
    __aicore__ inline void Start(uint32_t count)
    {
        const LocalTensor<uint8_t> bits = bits_buffer_.Get<uint8_t>();
        CompareScalar(bits, Room(kMarks), 1, CMPMODE::EQ, Lanes(count));
        PipeBarrier<PIPE_V>(); // bits are written before they are read
        uint64_t kept = 0;
        GatherMask(Room(kList), Room(kIndex), bits.ReinterpretCast<uint32_t>(), true, Lanes(count), {1, 1, 8, 8}, kept);
        next_ = 0;
    }

    __aicore__ inline uint32_t Next() { return Get(next_++); }

    // The at-th of the list, for who walks it more than once.
    __aicore__ inline uint32_t Get(uint32_t at) const { return static_cast<uint32_t>(Room(kList).GetValue(at)); }

private:
    static constexpr uint32_t kLanes = 64; // elements that a comparison makes bits of
    static constexpr uint32_t kMarks = 0, kIndex = 1, kList = 2, kVectors = 3;

    // So many rows, and at least one that there is not, in whole comparisons.
    __aicore__ static inline uint32_t Lanes(uint32_t count) { return (count / kLanes + 1) * kLanes; }

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.Get<int32_t>()[i * room_]; }

    uint32_t room_; // elements of a vector
    uint32_t next_ = 0;
    mutable TBuf<TPosition::VECCALC> buffer_, bits_buffer_;
};

} // namespace cache_loc
