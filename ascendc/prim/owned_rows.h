// Which rows of a tile write into lines that are this core's, found by V, in a list for S.
//
// Lines of the table belong to cores by their addresses alone: a stretch of 2^shift elements, from a multiple of its size
// on, is one core's, the next one the next core's. A row writes elements begin.. of the table, `length` of them, so
// stretches q0 = begin >> shift to q1 = (begin + length - 1) >> shift, and one of them is core c's where (c - q0) mod
// cores <= q1 - q0: with 2^i cores a subtraction, an And and a comparison. A list of those rows, with begin and length, is
// packed by GatherMask, and ends with a row that there is not.
//
// Where a row's slots are is the sum of the lengths before it. The tile is taken for 8 runs of rows, and sorted so that
// the rows with the same place in all runs stand in one block of 8: then adding what stands 1, 2, 4, .. blocks before
// makes sums along each run, since UB can be read from any block on. S adds the runs before.
//
// Rows that are not surely in order, or longer than sums of int32 allow, are S's: such a row makes the sum of its run
// negative, and then Make says that the tile has no list. In order is a row as row_words.h says; an empty one may be.
//
// Contract: Fits says whether the table is small enough for int32; Open once; Make for a tile, and what is asked then is
// of that tile. Columns are there for S after Make, or after Read and what MTE2_S orders.
//
// UB, for T rows: columns, 13 vectors of int32 for T + 64, sums 12 T. Pipes: MTE2 loads, V computes, S reads; Make orders them.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "range_fault.h"
#include "rows.h"

namespace cache_loc {

// Which addresses are whose: element e of the table is core ((e + origin) >> shift) mod cores's.
struct Stretches {
    // Of a table at an address, so many bytes each, a power of two.
    __aicore__ inline Stretches(uint64_t table, uint32_t bytes, uint32_t core, uint32_t cores)
        : core(core), cores(cores), origin((table / sizeof(int32_t)) % (uint64_t{cores} * (bytes / sizeof(int32_t))))
    {
        while ((sizeof(int32_t) << shift) < bytes) {
            ++shift;
        }
    }

    uint32_t core, cores;
    uint64_t origin;
    uint32_t shift = 0;
};

template <typename R, typename L>
class OwnedRows {
public:
    __aicore__ inline OwnedRows(TPipe &pipe, uint64_t requests, uint64_t starts, uint64_t ends, const TableSize &table,
                                const Stretches &stretches, uint32_t tile)
        : requests_(pipe, requests, kTile), starts_(pipe, starts, kTile), ends_(pipe, ends, kTile), table_(table),
          stretches_(stretches), tile_(tile), run_(tile / kRuns)
    {
        pipe.InitBuffer(buffer_, kVectors * kRoom * sizeof(int32_t));
        pipe.InitBuffer(sums_buffer_, 2 * (kBefore + kTile) * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, kRoom / 8);
    }

    // Whether every element's place, and a stretch for each core more, is an int32.
    __aicore__ inline bool Fits() const
    {
        const uint64_t elements = uint64_t{table_.rows} * table_.row_stride;
        return elements != 0 && elements + (uint64_t{stretches_.cores} << stretches_.shift) <= 0x7fffffff;
    }

    // Rows of a tile at most.
    __aicore__ inline uint32_t Most() const { return tile_; }

    // ---- Every row, for S ----

    __aicore__ inline void Read(uint64_t first, uint32_t count AND_SIM_CALLER)
    {
        requests_.Load(first, count);
        starts_.Load(first, count);
        ends_.Load(first, count);
    }

    __aicore__ inline int64_t Request(uint32_t i AND_SIM_CALLER) const { return requests_.Get(i); }
    __aicore__ inline int64_t Start(uint32_t i AND_SIM_CALLER) const { return starts_.Get(i); }
    __aicore__ inline int64_t End(uint32_t i AND_SIM_CALLER) const { return ends_.Get(i); }

    // ---- Those with lines of this core ----

    __aicore__ inline void Open()
    {
        SaturateCasts();
        const auto n = static_cast<int32_t>(kRoom);
        const Vector index = Room(kIndex), place = Room(0), run = Room(1), offsets = Room(kOffsets);
        CreateVecIndex(index, 0, n);
        Duplicate(Room(kMask), static_cast<int32_t>(stretches_.cores - 1), n);
        Duplicate(Room(kRows), 0, static_cast<int32_t>(kLists) * n); // all lists: what is read with the last of one has a value
        Duplicate(sums_buffer_.template Get<int32_t>(), 0, static_cast<int32_t>(2 * (kBefore + kTile)));
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        // What comes to index i stands at place i / 8 of run i % 8.
        ShiftRight(place, index, 3, n);
        PipeBarrier<PIPE_V>();
        Muls(run, place, static_cast<int32_t>(kRuns), n);
        PipeBarrier<PIPE_V>();
        Sub(run, index, run, n);
        PipeBarrier<PIPE_V>();
        Muls(run, run, static_cast<int32_t>(run_), n);
        PipeBarrier<PIPE_V>();
        Add(offsets, place, run, n);
        PipeBarrier<PIPE_V>();
        Muls(offsets, offsets, static_cast<int32_t>(sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
    }

    // Looks at rows first.., `count` of them: whether there is a list.
    __aicore__ inline bool Make(uint64_t first, uint32_t count)
    {
        Order<HardEvent::S_MTE2>(); // S has read the columns before MTE2 fills them again
        Read(first, count);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
        Order<HardEvent::S_V>();    // S has read list and sums before V makes others
        const auto n = static_cast<int32_t>(count);
        const Vector request = Narrow(requests_.tile, Room(0), count);
        const Vector start = Narrow(starts_.tile, Room(1), count);
        const Vector end = Narrow(ends_.tile, Room(2), count);
        Muls(Room(kBegin), request, static_cast<int32_t>(table_.row_stride), n);
        Sub(Room(kLength), end, start, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Add(Room(kBegin), Room(kBegin), start, n);
        PipeBarrier<PIPE_V>();
        Adds(Room(kBegin), Room(kBegin), static_cast<int32_t>(stretches_.origin), n);
        CountLengths(request, start, end, n);
        SumRuns();
        MakeList(n);
        Order<HardEvent::V_S>();    // V has made sums and list before S reads them
        Order<HardEvent::V_MTE2>(); // V has read the columns before MTE2 fills them again
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
        next_ = 0;
        run_of_next_ = 0;
        before_ = 0;
        total_ = 0;
        bool in_order = true;
        for (uint32_t run = 0; run < kRuns; ++run) {
            in_order = in_order && SumOfRun(run) >= 0;
            total_ += static_cast<uint64_t>(SumOfRun(run));
        }
        return in_order;
    }

    // The sum of all lengths of the tile.
    __aicore__ inline uint64_t Total() const { return total_; }

    struct Row {
        uint32_t place;         // in the tile; as many as the tile has rows where there is none
        uint64_t begin, length; // elements, from the stretches' origin on
    };

    // The next one of the list.
    __aicore__ inline Row Next()
    {
        for (uint32_t list = 0; next_ % 2 == 0 && list < kLists; ++list) {
            pair_[list] =
                static_cast<uint64_t>(Room(kRows + list).template ReinterpretCast<int64_t>().GetValue(next_ / 2));
        }
        const uint32_t shift = next_ % 2 * 32;
        ++next_;
        return {static_cast<uint32_t>(pair_[0] >> shift), static_cast<uint32_t>(pair_[1] >> shift),
                static_cast<uint32_t>(pair_[2] >> shift)};
    }

    // The sum of the lengths before a row, of rows as Next gives them.
    __aicore__ inline uint64_t Before(const Row &row)
    {
        for (; row.place >= (run_of_next_ + 1) * run_; ++run_of_next_) {
            before_ += static_cast<uint64_t>(SumOfRun(run_of_next_));
        }
        const uint32_t place = row.place - run_of_next_ * run_;
        return before_ + static_cast<uint64_t>(sums_.GetValue(place * kRuns + run_of_next_)) - row.length;
    }

private:
    using Vector = LocalTensor<int32_t>;

    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
    static constexpr uint32_t kRuns = 8;                  // elements of a 32-byte block
    static constexpr uint32_t kLanes = 64;                // elements that a comparison makes bits of
    static constexpr uint32_t kRoom = kTile + kLanes;     // of a vector: the list's end has a place behind the rows
    static constexpr uint32_t kBefore = kTile / 2;        // zeros before the sums, as far back as is added
    static constexpr int32_t kShort = (1 << 17) - 1;      // the longest row that is not long
    static constexpr int32_t kLong = (kTile / kRuns) << 17;
    static_assert(int64_t{kTile / kRuns} * kShort < kLong, "one long row makes the sum of a run negative");
    static_assert(int64_t{kTile / kRuns} * kLong <= int64_t{1} << 31, "as many as there can be fit in int32");

    // Vectors of kRoom elements; 0 to 4 to work in.
    static constexpr uint32_t kBegin = 5, kLength = 6;
    static constexpr uint32_t kIndex = 7, kMask = 8, kOffsets = 9; // made once
    static constexpr uint32_t kRows = 10, kLists = 3;              // rows, begins, lengths
    static constexpr uint32_t kVectors = kRows + kLists;

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * kRoom]; }

    // The sum of a run's lengths, which is with its last row.
    __aicore__ inline int32_t SumOfRun(uint32_t run) const { return sums_.GetValue((run_ - 1) * kRuns + run); }

    // Room(4) = the lengths; less kLong for a row that is not surely in order or is long. Rows that there are not have 0.
    __aicore__ inline void CountLengths(const Vector &request, const Vector &start, const Vector &end, int32_t n)
    {
        const Vector scratch = Room(3), counted = Room(4), length = Room(kLength);
        const Vector wrong = Room(kRows); // until the list is made
        Duplicate(counted, 0, static_cast<int32_t>(tile_));
        // 0 <= request < rows.
        Maxs(scratch, request, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Mins(scratch, scratch, static_cast<int32_t>(table_.rows) - 1, n);
        PipeBarrier<PIPE_V>();
        Sub(wrong, request, scratch, n);
        PipeBarrier<PIPE_V>();
        // 0 <= start <= end.
        Maxs(scratch, start, 0, n);
        PipeBarrier<PIPE_V>();
        Min(scratch, scratch, end, n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, start, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, static_cast<uint32_t>(n));
        // end <= row_len.
        Mins(scratch, end, static_cast<int32_t>(table_.row_len), n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, end, scratch, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, static_cast<uint32_t>(n));
        // length <= kShort, and not below 0 where it is none.
        Maxs(counted, length, 0, n);
        PipeBarrier<PIPE_V>();
        Mins(counted, counted, kShort, n);
        PipeBarrier<PIPE_V>();
        Sub(scratch, length, counted, n);
        PipeBarrier<PIPE_V>();
        OrInto(wrong, scratch, static_cast<uint32_t>(n));
        // counted -= clamp(wrong, -1, 1)^2 * kLong
        ToFlags(wrong, static_cast<uint32_t>(n));
        Muls(wrong, wrong, kLong, n);
        PipeBarrier<PIPE_V>();
        Sub(counted, counted, wrong, n);
        PipeBarrier<PIPE_V>();
    }

    // sums_ = what Room(4) has, sorted by places, and added up along each run.
    __aicore__ inline void SumRuns()
    {
        const auto n = static_cast<int32_t>(tile_);
        const Vector all = sums_buffer_.template Get<int32_t>();
        uint32_t from = 0, to = kBefore + kTile;
        Gather(all[from + kBefore], Room(4), Room(kOffsets).template ReinterpretCast<uint32_t>(), 0, tile_);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        for (uint32_t blocks = 1; blocks < run_; blocks *= 2) {
            Add(all[to + kBefore], all[from + kBefore], all[from + kBefore - blocks * kRuns], n);
            PipeBarrier<PIPE_V>();
            const uint32_t last = from;
            from = to;
            to = last;
        }
        sums_ = all[from + kBefore];
    }

    __aicore__ inline void MakeList(int32_t n)
    {
        const Vector mine = Room(0), d = Room(1), begin = Room(kBegin), length = Room(kLength), index = Room(kIndex);
        const LocalTensor<uint32_t> bits = bits_buffer_.template Get<uint32_t>();
        const auto shift = static_cast<int32_t>(stretches_.shift);
        const auto lanes = (static_cast<uint32_t>(n) / kLanes + 1) * kLanes;
        // d = q1 - q0
        ShiftRight(mine, begin, shift, n);
        Add(d, begin, length, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Adds(d, d, -1, n);
        PipeBarrier<PIPE_V>();
        ShiftRight(d, d, shift, n);
        PipeBarrier<PIPE_V>();
        Sub(d, d, mine, n);
        PipeBarrier<PIPE_V>();
        // d -= (core - q0) mod cores: not below 0 for the rows of the list
        Muls(mine, mine, -1, n);
        PipeBarrier<PIPE_V>();
        Adds(mine, mine, static_cast<int32_t>(stretches_.core), n);
        PipeBarrier<PIPE_V>();
        const auto mine16 = mine.template ReinterpretCast<int16_t>();
        And(mine16, mine16, Room(kMask).template ReinterpretCast<int16_t>(), 2 * n);
        PipeBarrier<PIPE_V>();
        Sub(d, d, mine, n);
        PipeBarrier<PIPE_V>();
        Maxs(d, d, -1, n);
        Adds(mine, index, -n, static_cast<int32_t>(lanes)); // 0 at the end of the list alone
        PipeBarrier<PIPE_V>();
        Mins(mine, d, 0, n);
        PipeBarrier<PIPE_V>();
        CompareScalar(bits.template ReinterpretCast<uint8_t>(), mine, 0, CMPMODE::EQ, lanes);
        PipeBarrier<PIPE_V>();
        uint64_t kept = 0;
        GatherMask(Room(kRows), index, bits, true, lanes, {1, 1, 8, 8}, kept);
        GatherMask(Room(kRows + 1), begin, bits, true, static_cast<uint32_t>(n), {1, 1, 8, 8}, kept);
        GatherMask(Room(kRows + 2), length, bits, true, static_cast<uint32_t>(n), {1, 1, 8, 8}, kept);
    }

    Column<R> requests_;
    Column<L> starts_, ends_;
    TableSize table_;
    Stretches stretches_;
    uint32_t tile_;
    uint32_t run_;             // rows of a run
    uint32_t next_ = 0;        // of the list
    uint32_t run_of_next_ = 0; // that Before has come to
    uint64_t before_ = 0;      // the sum of the runs before that one
    uint64_t total_ = 0;
    uint64_t pair_[kLists] = {};
    mutable TBuf<TPosition::VECCALC> buffer_;
    TBuf<TPosition::VECCALC> sums_buffer_, bits_buffer_;
    Vector sums_;
};

} // namespace cache_loc
