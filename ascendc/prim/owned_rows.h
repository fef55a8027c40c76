// Which rows of a tile write into lines that are this core's, found by V, in a list for S.
//
// Lines of the table belong to cores by their addresses alone: a stretch of 2^shift elements, from a multiple of its size
// on, is one core's, the next one the next core's, and after all cores' the first one's again: a round. A row writes
// elements begin.. of the table, `length` of them. With w = where in a round it begins, from the end of this core's
// stretch on, it writes into that stretch where w + length is past where the stretch begins, which is at a round less a
// stretch. With 2^i cores w is an addition and an And. A list of those rows is packed by GatherMask, and ends with a row
// that has no length.
//
// Where a row's slots are is the sum of the lengths before it. The tile is taken for 8 runs of rows, and sorted so that
// the rows with the same place in all runs stand in one block of 8: then adding what stands 1, 2, 4, .. blocks before
// makes sums along each run, since UB can be read from any block on. S adds the runs before; which run a row is of, its
// length in the list says in its low bits.
//
// V is slow to begin and fast to go on: what a step costs is waiting for the one before it. So what can be done at the
// same time is, between two barriers, a step of the sums each time.
//
// Where a row is not surely in order, or longer than sums of int32 allow, Make says that the tile has no list, and its rows
// are S's. In order is a row as row_words.h says; an empty one may be.
//
// Contract: Fits says whether the table is small enough for int32. Open once; Read a tile, and Make its list, or read its
// columns. The next tile may be read once the list is made, or the columns are read.
//
// UB, for T rows: columns, 16 vectors of int32 for T + 64, sums 12 T. Pipes: MTE2 loads, V computes, S reads.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "range_fault.h"
#include "rows.h"
#include "stretches.h"

namespace cache_loc {

template <typename R, typename L>
class OwnedRows {
    using Vector = LocalTensor<int32_t>;

    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
    static constexpr uint32_t kRuns = 8;             // elements of a 32-byte block
    static constexpr uint32_t kLanes = 64;           // elements that a comparison makes bits of
    static constexpr uint32_t kBits = kTile / 8 + 32; // bytes of them, with the list's end
    static constexpr int32_t kShort = (1 << 24) - 1; // the longest row that V sums
    static_assert(int64_t{kTile / kRuns} * kShort < int64_t{1} << 31, "the sum of a run is an int32");
    static_assert(int64_t{kRuns} * kShort + kRuns - 1 < int64_t{1} << 31, "a length and a run are one");

    // Vectors of Pitch() elements; 0 to 7 to work in, of which 3 on begin as zeros.
    static constexpr uint32_t kZero = 3;
    static constexpr uint32_t kBegin = 8, kLength = 9, kSortedBegin = 10;
    static constexpr uint32_t kLists = 11, kWords = 3; // lengths and runs, begins, positions
    static constexpr uint32_t kVectors = kLists + kWords + 4;
    static constexpr uint32_t kMine = 14, kMask = 15, kOffsets = 16, kOfRun = 17; // made once

public:
    __aicore__ inline OwnedRows(TPipe &pipe, uint64_t requests, uint64_t starts, uint64_t ends, const TableSize &table,
                                const Stretches &stretches, uint32_t tile)
        : requests_(pipe, requests, kTile), starts_(pipe, starts, kTile), ends_(pipe, ends, kTile), table_(table),
          stretches_(stretches), tile_(tile), run_(tile / kRuns)
    {
        pipe.InitBuffer(buffer_, kVectors * (kTile + kLanes) * sizeof(int32_t));
        pipe.InitBuffer(sums_buffer_, (kRuns + 4 * kTile) * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, 2 * kBits);
    }

    // Whether every element's place, and a round more, is an int32.
    __aicore__ inline bool Fits() const
    {
        const uint64_t elements = uint64_t{table_.rows} * table_.row_stride;
        return elements != 0 && elements + (uint64_t{stretches_.cores} << stretches_.shift) <= 0x7fffffff;
    }

    // Rows of a tile at most.
    __aicore__ inline uint32_t Most() const { return tile_; }

    // Reads rows first.., `count` of them.
    __aicore__ inline void Read(uint64_t first, uint32_t count AND_SIM_CALLER)
    {
        requests_.Load(first, count);
        starts_.Load(first, count);
        ends_.Load(first, count);
    }

    // ---- Every row, for S, once MTE2 has filled the columns ----

    __aicore__ inline int64_t Request(uint32_t i AND_SIM_CALLER) const { return requests_.Get(i); }
    __aicore__ inline int64_t Start(uint32_t i AND_SIM_CALLER) const { return starts_.Get(i); }
    __aicore__ inline int64_t End(uint32_t i AND_SIM_CALLER) const { return ends_.Get(i); }

    // ---- Those with lines of this core ----

    __aicore__ inline void Open()
    {
        SaturateCasts();
        looked_ = GetTPipePtr()->AllocEventID<HardEvent::V_S>();
        const auto n = static_cast<int32_t>(Pitch());
        const auto run = static_cast<int32_t>(run_ * sizeof(int32_t)), blocks = static_cast<int32_t>(kRuns);
        const Vector index = Room(0), block = Room(1), first = Room(2), back = Room(4), offsets = Room(kOffsets);
        const Vector of_run = Room(kOfRun);
        CreateVecIndex(index, 0, n);
        Duplicate(Room(kMask), static_cast<int32_t>(Round() - 1), n);
        // What is read past what was written has a value: lists with the last of one, lengths and begins of rows that
        // there are not, what is wrong with them, sums before the first.
        Duplicate(Room(kZero), 0, static_cast<int32_t>(kMine - kZero) * n);
        Duplicate(sums_buffer_.template Get<int32_t>(), 0, static_cast<int32_t>(kRuns + 3 * tile_ + 2 * Zeros()));
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        // What comes to index i stands at place i / 8 of run i % 8.
        ShiftRight(block, index, 3, n);
        Muls(offsets, index, run, n);
        Adds(Room(kMine), index, 1 - static_cast<int32_t>(tile_), n); // 1 at the end of the list alone
        PipeBarrier<PIPE_V>();
        Muls(first, block, blocks, n);
        Muls(back, block, static_cast<int32_t>(sizeof(int32_t)) - blocks * run, n);
        PipeBarrier<PIPE_V>();
        Sub(of_run, index, first, n);
        Add(offsets, offsets, back, n);
        PipeBarrier<PIPE_V>();
    }

    // Looks at the rows that were read, `count` of them: whether there is a list.
    __aicore__ inline bool Make(uint32_t count)
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
        Order<HardEvent::S_V>();    // S has read list and sums before V makes others
        const auto n = static_cast<int32_t>(count), all = static_cast<int32_t>(tile_);
        const Vector begin = Room(kBegin), length = Room(kLength), sorted_begin = Room(kSortedBegin);
        const Vector sorted_length = Sums(kRuns), mine = Room(kMine), w = Room(0), past = Room(1), runs = Room(3);
        const Vector position = Room(2);
        // What is wrong with a row: how far each value is from the nearest that were in order, later or-ed together.
        const Vector of_request = Room(4), of_start = Room(5), of_end = Room(6), of_length = Room(7);
        const LocalTensor<uint32_t> offsets = Room(kOffsets).template ReinterpretCast<uint32_t>();
        const LocalTensor<uint8_t> right = bits_buffer_.template Get<uint8_t>(), kept = right[kBits];
        const Vector request = StartNarrow(requests_.tile, Room(0), count);
        const Vector start = StartNarrow(starts_.tile, Room(1), count);
        const Vector end = StartNarrow(ends_.tile, Room(2), count);
        if (count < tile_) {
            Duplicate(length, 0, all);
        }
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Sub(length, end, start, n);
        Muls(begin, request, static_cast<int32_t>(table_.row_stride), n);
        Maxs(of_request, request, 0, n);
        Maxs(of_start, start, 0, n);
        Mins(of_end, end, static_cast<int32_t>(table_.row_len), n);
        PipeBarrier<PIPE_V>();
        Gather(sorted_length, length, offsets, 0, tile_);
        Add(begin, begin, start, n);
        Mins(of_request, of_request, static_cast<int32_t>(table_.rows) - 1, n);
        Min(of_start, of_start, end, n);
        Sub(of_end, end, of_end, n);
        Mins(of_length, length, kShort, n);
        from_ = kRuns;
        blocks_ = 1;
        PipeBarrier<PIPE_V>();
        Gather(sorted_begin, begin, offsets, 0, tile_);
        Sub(of_request, request, of_request, n);
        Sub(of_start, start, of_start, n);
        Sub(of_length, length, of_length, n);
        Step();
        Adds(w, sorted_begin, FromEnd(), all);
        Muls(runs, sorted_length, static_cast<int32_t>(kRuns), all);
        Adds(past, sorted_length, -static_cast<int32_t>(Round() - Stretch()), all);
        StartOr(of_end, of_length, count);
        StartOr(of_request, of_start, count);
        Step();
        And(w.template ReinterpretCast<int16_t>(), w.template ReinterpretCast<int16_t>(),
            Room(kMask).template ReinterpretCast<int16_t>(), 2 * all);
        Add(runs, runs, Room(kOfRun), all);
        StartOr(of_end, of_request, count);
        Step();
        Add(w, w, past, all);
        CompareScalar(right, of_end, 0, CMPMODE::EQ, (count + kLanes - 1) / kLanes * kLanes);
        SetFlag<HardEvent::V_S>(looked_); // V has looked at the rows before S reads what it found
        Step();
        Min(w, w, sorted_length, all); // an empty row writes nowhere
        Step();
        Mins(mine, w, 1, all);
        Step();
        CompareScalar(kept, mine, 1, CMPMODE::EQ, tile_ + kLanes);
        Step();
        while (blocks_ < run_) {
            Step();
        }
        Sub(position, Sums(from_), sorted_length, all);
        Pack(Room(kLists), runs, kept, tile_ + kLanes);
        Pack(Room(kLists + 1), sorted_begin, kept, tile_);
        PipeBarrier<PIPE_V>();
        Pack(Room(kLists + 2), position, kept, tile_);
        WaitFlag<HardEvent::V_S>(looked_); // V has looked at the rows before S reads what it found
        const bool in_order = InOrder(count);
        Order<HardEvent::V_S>();    // V has made sums and list before S reads them
        Order<HardEvent::V_MTE2>(); // V has read the columns before MTE2 fills them again
        total_ = 0;
        const Vector of_runs = Sums(from_ + (run_ - 1) * kRuns); // with their last rows
        for (uint32_t run = 0; run < kRuns; run += 2) {
            const uint64_t pair = Word(of_runs, run / 2);
            before_[run] = total_;
            before_[run + 1] = total_ + static_cast<uint32_t>(pair);
            total_ = before_[run + 1] + (pair >> 32);
        }
        return in_order;
    }

    // The sum of all lengths of the tile.
    __aicore__ inline uint64_t Total() const { return total_; }

    // A walk over the list, of a tile whose slots begin at `position`.
    class List {
    public:
        __aicore__ inline List(const OwnedRows &rows, uint64_t position) : rows_(rows), position_(position) {}

        // Positions are given to the walk that reads slots alone.
        __aicore__ inline List Again() const { return List(rows_, kNone); }

        __aicore__ inline bool Next(OwnedRow &row)
        {
            const uint32_t shift = next_ % 2 * 32;
            if (shift == 0) {
                pairs_[0] = Word(rows_.Room(kLists), next_ / 2);
            }
            const auto word = static_cast<uint32_t>(pairs_[0] >> shift);
            if (word < kRuns) {
                return false;
            }
            if (shift == 0) {
                pairs_[1] = Word(rows_.Room(kLists + 1), next_ / 2);
                if (position_ != kNone) {
                    pairs_[2] = Word(rows_.Room(kLists + 2), next_ / 2);
                }
            }
            ++next_;
            row.begin = static_cast<uint32_t>(pairs_[1] >> shift) + rows_.stretches_.origin;
            row.position = position_ + rows_.before_[word % kRuns] + static_cast<uint32_t>(pairs_[2] >> shift);
            row.length = word / kRuns;
            return true;
        }

    private:
        static constexpr uint64_t kNone = ~uint64_t{0};

        const OwnedRows &rows_;
        uint64_t position_;
        uint32_t next_ = 0;
        uint64_t pairs_[kWords] = {}; // two rows' of each list
    };

private:
    // Elements of what is one core's, and of all cores'.
    __aicore__ inline uint32_t Stretch() const { return 1u << stretches_.shift; }
    __aicore__ inline uint32_t Round() const { return stretches_.cores << stretches_.shift; }

    // From the end of this core's stretch to where the table begins.
    __aicore__ inline int32_t FromEnd() const
    {
        const uint64_t end = uint64_t{stretches_.core + 1} << stretches_.shift;
        return static_cast<int32_t>((stretches_.origin + Round() - end) % Round());
    }

    // Before sums, as far back as is added: the greatest power of two of blocks below all.
    __aicore__ inline uint32_t Zeros() const { return static_cast<uint32_t>(Min(tile_, kTile / 2)); }

    __aicore__ inline uint32_t Pitch() const { return tile_ + kLanes; } // the list's end has a place behind the rows
    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * Pitch()]; }
    __aicore__ inline Vector Sums(uint32_t at) const { return sums_buffer_.template Get<int32_t>()[at]; }

    // Two elements of a vector.
    __aicore__ static inline uint64_t Word(const Vector &vector, uint32_t i)
    {
        return static_cast<uint64_t>(vector.template ReinterpretCast<int64_t>().GetValue(i));
    }

    // The end of a group of steps, and with it one of the sums: what stands `blocks_` before is added. As many zeros stand
    // before the first.
    __aicore__ inline void Step()
    {
        if (blocks_ < run_) {
            const uint32_t apart = tile_ + Zeros(), first = kRuns + apart;
            const uint32_t to = from_ == first ? first + apart : first;
            Add(Sums(to), Sums(from_), Sums(from_ - blocks_ * kRuns), static_cast<int32_t>(tile_));
            from_ = to;
            blocks_ *= 2;
        }
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
    }

    __aicore__ static inline void Pack(const Vector &list, const Vector &all, const LocalTensor<uint8_t> &kept, uint32_t n)
    {
        uint64_t count = 0;
        GatherMask(list, all, kept.template ReinterpretCast<uint32_t>(), true, n, {1, 1, 8, 8}, count);
    }

    // Whether nothing was wrong with any row.
    __aicore__ inline bool InOrder(uint32_t count) const
    {
        const LocalTensor<int64_t> right = bits_buffer_.template Get<int64_t>();
        int64_t all = -1;
        for (uint32_t i = 0; i < count / kLanes; ++i) {
            all &= right.GetValue(i);
        }
        if (count % kLanes != 0) {
            all &= right.GetValue(count / kLanes) | static_cast<int64_t>(~uint64_t{0} << count % kLanes);
        }
        return all == -1;
    }

    Column<R> requests_;
    Column<L> starts_, ends_;
    TableSize table_;
    Stretches stretches_;
    uint32_t tile_;
    uint32_t run_;                // rows of a run
    uint32_t from_ = 0;           // where the sums are so far
    uint32_t blocks_ = 0;         // of how many rows they are
    uint64_t before_[kRuns] = {}; // the sum of the runs before each
    uint64_t total_ = 0;
    TEventID looked_ = 0; // V_S, from when the rows were looked at until S reads what was found
    mutable TBuf<TPosition::VECCALC> buffer_, sums_buffer_, bits_buffer_;
};

} // namespace cache_loc
