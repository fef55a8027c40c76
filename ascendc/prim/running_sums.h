// Running sums of a tile's numbers, by V: sums[i] = base + values[0] + ... + values[i].
//
// UB can be read from any 32-byte block on, but not from any element: a vector cannot be added to itself one element on.
// So the values are taken for 8 runs and sorted, by one Gather, such that those with the same place in all runs stand in
// one block: adding what stands 1, 2, 4, .. blocks before then makes the sums along each run. S adds up what the runs
// before it have, which is added to each run's block lanes, and another Gather puts the sums where the values stood.
//
// Contract: Fit once, for tiles of up to so many values, and Open with an index 0, 1, .. of Lanes(); Make for a tile, whose
// values behind the last are 0 up to Lanes(), none of whose sums leaves int32. It returns the sum of the tile's values, and
// V has made the sums then.
//
// UB, for `most` values: 6 vectors of int32. Pipes: V and S, which order themselves.
#pragma once

#include "sync.h"

namespace cache_loc {

class RunningSums {
public:
    using Vector = LocalTensor<int32_t>;

    // `most` is a power of two, at least 64.
    __aicore__ inline RunningSums(TPipe &pipe, uint32_t most) : most_(most)
    {
        pipe.InitBuffer(offsets_buffer_, 2 * most * sizeof(int32_t));
        pipe.InitBuffer(sums_buffer_, 2 * (most / 2 + most) * sizeof(int32_t) + kRuns * sizeof(int32_t));
    }

    __aicore__ inline void Fit(uint32_t count)
    {
        while ((kRuns << shift_) < count) {
            ++shift_;
        }
    }

    // Values of a tile, those that there are not and are 0 included.
    __aicore__ inline uint32_t Lanes() const { return kRuns << shift_; }

    __aicore__ inline void Open(const Vector &index)
    {
        const auto n = static_cast<int32_t>(Lanes());
        const Vector a = sums_buffer_.template Get<int32_t>(), b = a[most_];
        const Vector sort = Offsets(0), back = Offsets(1);
        // What comes to index k is place k / 8 of run k % 8; what comes to index i is of run i >> shift.
        ShiftRight(sort, index, 3, n);
        ShiftRight(back, index, static_cast<int32_t>(shift_), n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Muls(a, sort, static_cast<int32_t>(kRuns), n);
        Muls(b, back, 1 << shift_, n);
        PipeBarrier<PIPE_V>();
        Sub(a, index, a, n);
        Sub(b, index, b, n);
        PipeBarrier<PIPE_V>();
        Muls(a, a, 1 << shift_, n);
        Muls(b, b, static_cast<int32_t>(kRuns), n);
        PipeBarrier<PIPE_V>();
        Add(sort, sort, a, n);
        Add(back, back, b, n);
        PipeBarrier<PIPE_V>();
        Muls(sort, sort, static_cast<int32_t>(sizeof(int32_t)), n);
        Muls(back, back, static_cast<int32_t>(sizeof(int32_t)), n);
        // Zeros before the sums, as far back as is added; V is done with what stood there.
        Duplicate(Sums(0), 0, static_cast<int32_t>(most_ / 2));
        Duplicate(Sums(1), 0, static_cast<int32_t>(most_ / 2));
        PipeBarrier<PIPE_V>();
    }

    __aicore__ inline int32_t Make(const Vector &sums, const Vector &values, int32_t base)
    {
        const auto n = static_cast<int32_t>(Lanes());
        const Vector before = sums_buffer_.template Get<int32_t>()[3 * most_];
        const uint32_t zeros = most_ / 2;
        uint32_t turn = 0;
        Gather(Sums(0)[zeros], values, Offsets(0).ReinterpretCast<uint32_t>(), 0, Lanes());
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        for (uint32_t blocks = 1; blocks < 1u << shift_; blocks *= 2, turn ^= 1) {
            Add(Sums(turn ^ 1)[zeros], Sums(turn)[zeros], Sums(turn)[zeros - blocks * kRuns], n);
            PipeBarrier<PIPE_V>();
        }
        const Vector along = Sums(turn)[zeros], all = Sums(turn ^ 1)[zeros];
        Order<HardEvent::V_S>(); // V has made the sums along the runs before S reads those of whole runs
        int32_t sum = base;
        for (uint32_t run = 0; run < kRuns; ++run) {
            before.SetValue(run, sum);
            sum += along.GetValue(Lanes() - kRuns + run);
        }
        Order<HardEvent::S_V>(); // S has set what the runs before have, before V adds it
        // One block of 8 to all blocks.
        Add(all, along, before, uint64_t{kRepeat}, static_cast<uint8_t>(Lanes() / kRepeat), {1, 1, 0, 8, 8, 0});
        PipeBarrier<PIPE_V>();
        Gather(sums, all, Offsets(1).ReinterpretCast<uint32_t>(), 0, Lanes());
        PipeBarrier<PIPE_V>();
        return sum - base;
    }

private:
    static constexpr uint32_t kRuns = 8;    // elements of a 32-byte block
    static constexpr uint32_t kRepeat = 64; // elements that a repeat adds

    __aicore__ inline Vector Offsets(uint32_t i) const { return offsets_buffer_.template Get<int32_t>()[i * most_]; }

    // Zeros, and sums from most / 2 on.
    __aicore__ inline Vector Sums(uint32_t i) const
    {
        return sums_buffer_.template Get<int32_t>()[i * (most_ / 2 + most_)];
    }

    uint32_t most_;
    uint32_t shift_ = 3; // log2 of a run's length: at least 8, so that the lanes are whole repeats
    mutable TBuf<TPosition::VECCALC> offsets_buffer_, sums_buffer_;
};

} // namespace cache_loc
