// Which rows of a tile write into lines that are this core's, found by V, in a list for S.
//
// Lines of the table belong to cores by their addresses alone: a stretch of 2^shift elements, from a multiple of its size
// on, is one core's, the next one the next core's, and after all cores' the first one's again: a round. A row writes
// elements begin.. of the table, `length` of them. With w = where in a round it begins, from the end of this core's
// stretch on, it writes into that stretch where w + length is past where the stretch begins, which is at a round less a
// stretch. With 2^i cores w is an addition and an And. A list of those rows is packed by GatherMask, and ends with a row
// that has no length.
//
// Where a row's slots are is the sum of the lengths before it; where rows have something beside (place.h), as pages, that is
// summed, too, and what is asked for, and where each row starts. The tile is taken for 8 runs of rows, and sorted so that
// the rows with the same place in all runs stand in one block of 8: then adding what stands 1, 2, 4, .. blocks before
// makes sums along each run, since UB can be read from any block on. S adds the runs before; which run a row is of, its
// length in the list says in its low bits.
//
// V is slow to begin and fast to go on: what a step costs is waiting for the one before it. So what can be done at the
// same time is, between two barriers, a step of the sums each time.
//
// Where a row is not surely in order, or longer than sums of int32 allow, the tile has no list, and its rows are S's. In
// order is a row as row_words.h says; an empty one may be.
//
// There are two lists, so that V can make the next tile's while S walks one: Look begins with it, and Listed waits for it.
//
// Contract: Fits says whether the table is small enough for int32. Read the first tile, Open, and put MTE2 behind V; then
// Look at each tile in turn, which reads the one behind it, and ask Listed. Or Read a tile, and S reads its columns, once
// MTE2 has filled them, and is ordered before the next Read.
//
// UB, for T rows: columns, 18 vectors of int32 for T + 64 (25 with something beside), sums 16 T of each kind, bits. Pipes: MTE2 loads, V computes, S reads.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "place.h"
#include "range_fault.h"
#include "rows.h"
#include "stretches.h"

namespace cache_loc {

template <typename R, typename L, typename Beside = NothingBeside, uint32_t kTile = ASCEND_CACHE_LOC_SCAN_TILE_MAX>
class OwnedRows {
    using Vector = LocalTensor<int32_t>;

    static constexpr uint32_t kRuns = 8;             // elements of a 32-byte block
    static constexpr uint32_t kLanes = 64;           // elements that a comparison makes bits of
    static constexpr uint32_t kBits = kTile / 8 + 32; // bytes of them, with the list's end
    static constexpr int32_t kShort = (1 << 24) - 1; // the longest row that V sums
    static_assert(int64_t{kTile / kRuns} * kShort < int64_t{1} << 31, "the sum of a run is an int32");
    static_assert(int64_t{kRuns} * kShort + kRuns - 1 < int64_t{1} << 31, "a length and a run are one");

    // Vectors of Pitch() elements: 0 to 9 to work in, then lists of lengths and runs, begins and positions, two of each,
    // and what is made once. Two of those to work in have the list's end behind a tile.
    static constexpr uint32_t kWithEnd = 3, kLists = 10, kWords = 3 + Beside::kKinds;
    static constexpr uint32_t kOffsets = kLists + 2 * kWords, kOfRun = kOffsets + 1;
    // With something beside: what rows have of it, and then where they start, sorted; where they start; and to work in.
    static constexpr uint32_t kBeside = kOfRun + 1, kStarts = kBeside + 1, kWork = kStarts + 1;
    static constexpr uint32_t kVectors = Beside::kKinds == 0 ? kBeside : kWork + 2 + Beside::kLent;
    // Sums of each kind: of lengths, and of what is beside; positions are the last one's.
    static constexpr uint32_t kKinds = 1 + Beside::kKinds, kLast = Beside::kKinds, kSums = kRuns + 4 * kTile;

public:
    __aicore__ inline OwnedRows(TPipe &pipe, uint64_t requests, uint64_t starts, uint64_t ends, uint64_t n,
                                const TableSize &table, const Stretches &stretches, uint32_t tile, const Beside &beside = {})
        : requests_(pipe, requests, kTile), starts_(pipe, starts, kTile), ends_(pipe, ends, kTile), n_(n), table_(table),
          stretches_(stretches), tile_(tile), run_(tile / kRuns), beside_(beside)
    {
        pipe.InitBuffer(buffer_, kVectors * (kTile + kLanes) * sizeof(int32_t));
        pipe.InitBuffer(sums_buffer_, kKinds * kSums * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, 2 * kBits);
        pipe.InitBuffer(mask_buffer_, kLanes * sizeof(int32_t));
    }

    // Whether every element's place, and a round more, is an int32.
    __aicore__ inline bool Fits() const
    {
        const uint64_t elements = uint64_t{table_.rows} * table_.row_stride;
        return elements != 0 && elements + (uint64_t{stretches_.cores} << stretches_.shift) <= 0x7fffffff;
    }

    // Rows of a tile at most, and of the one from `first` on.
    __aicore__ inline uint32_t Most() const { return tile_; }
    __aicore__ inline uint32_t Count(uint64_t first) const { return static_cast<uint32_t>(Min(n_ - first, tile_)); }

    // Reads the tile of rows first.., if there is one that is not there already.
    __aicore__ inline void Read(uint64_t first AND_SIM_CALLER)
    {
        if (first < n_ && first != read_) {
            read_ = first;
            requests_.Load(first, Count(first));
            starts_.Load(first, Count(first));
            ends_.Load(first, Count(first));
        }
    }

    // ---- Every row, for S ----

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
        const Vector index = Room(0), block = Room(1), first = Room(2), back = Room(5), offsets = Room(kOffsets);
        const Vector of_run = Room(kOfRun);
        CreateVecIndex(index, 0, n);
        Duplicate(mask_buffer_.template Get<int32_t>(), static_cast<int32_t>(Round() - 1), static_cast<int32_t>(kLanes));
        // What is read past what was written has a value: lists with the last of one, lengths and begins of rows that
        // there are not, what is wrong with them, sums before the first.
        Duplicate(Room(kWithEnd), 0, static_cast<int32_t>(kOffsets - kWithEnd) * n);
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            Duplicate(Sums(0, kind), 0, static_cast<int32_t>(kRuns + 3 * tile_ + 2 * Zeros()));
        }
        if constexpr (kHasBeside) {
            Duplicate(Room(kBeside), 0, 2 * n); // of rows that there are not
        }
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        // What comes to index i stands at place i / 8 of run i % 8.
        ShiftRight(block, index, 3, n);
        Muls(offsets, index, run, n);
        Adds(Room(kWithEnd + 1), index, 1 - static_cast<int32_t>(tile_), n); // 1 at the end of the list alone
        PipeBarrier<PIPE_V>();
        Muls(first, block, blocks, n);
        Muls(back, block, static_cast<int32_t>(sizeof(int32_t)) - blocks * run, n);
        PipeBarrier<PIPE_V>();
        Sub(of_run, index, first, n);
        Add(offsets, offsets, back, n);
    }

    // Looks at the tile of rows first.., which was read, and reads the next one.
    __aicore__ inline void Look(uint64_t first)
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
        Order<HardEvent::S_V>();    // S has read the sums, and the list before the last one, before V makes others
        const uint32_t count = Count(first);
        const auto n = static_cast<int32_t>(count), all = static_cast<int32_t>(tile_);
        // In natural order: a row's begin and length, and what is wrong with it, how far each value is from the nearest
        // that were in order, later or-ed together.
        const Vector begin = Room(3), length = Room(4);
        const Vector of_request = Room(5), of_start = Room(6), of_end = Room(7), of_length = Room(8);
        // Sorted. Some take the place of what is not wanted any more.
        const Vector sorted_begin = Room(9), sorted_length = Sums(kRuns), w = Room(0), past = Room(1), position = Room(2);
        const Vector runs = Room(kWithEnd), mine = Room(kWithEnd + 1);
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
        if constexpr (kHasBeside) {
            const Vector work[2 + Beside::kLent] = {Room(kWork), Room(kWork + 1), Room(kWork + 2)};
            Adds(Room(kStarts), start, 0, n);
            beside_.Fill(Room(kBeside), start, end, work, count);
            Gather(Sums(kRuns, kLast), Room(kBeside), offsets, 0, tile_);
        }
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
        Order<HardEvent::V_MTE2>(); // V has read the columns before MTE2 fills them again
        Read(first + tile_);
        Adds(w, sorted_begin, FromEnd(), all);
        Muls(runs, sorted_length, static_cast<int32_t>(kRuns), all);
        Adds(past, sorted_length, -static_cast<int32_t>(Round() - Stretch()), all);
        StartOr(of_end, of_length, count);
        StartOr(of_request, of_start, count);
        Step();
        const LocalTensor<int16_t> w16 = w.template ReinterpretCast<int16_t>();
        And(w16, w16, mask_buffer_.template Get<int16_t>(), uint64_t{2 * kLanes}, static_cast<uint8_t>(tile_ / kLanes),
            {1, 1, 1, 8, 8, 0});
        Add(runs, runs, Room(kOfRun), all);
        StartOr(of_end, of_request, count);
        Step();
        Add(w, w, past, all);
        CompareScalar(right, of_end, 0, CMPMODE::EQ, (count + kLanes - 1) / kLanes * kLanes);
        Step();
        Min(w, w, sorted_length, all); // an empty row writes nowhere
        Step();
        Mins(mine, w, 1, all);
        Step();
        CompareScalar(kept, mine, 1, CMPMODE::EQ, tile_ + kLanes);
        Step();
        static_assert(kTile / kRuns <= 1 << 7, "seven steps, so far, sum any run");
        SetFlag<HardEvent::V_S>(looked_); // V has looked at the rows and made the sums before S reads what it found
        Sub(position, Sums(from_, kLast), Sums(kRuns, kLast), all);
        list_ ^= 1;
        Pack(List(0), runs, kept, tile_ + kLanes);
        Pack(List(1), sorted_begin, kept, tile_);
        if constexpr (kHasBeside) {
            Gather(Room(kBeside), Room(kStarts), offsets, 0, tile_);
        }
        PipeBarrier<PIPE_V>();
        Pack(List(2), position, kept, tile_);
        if constexpr (kHasBeside) {
            Pack(List(3), Room(kBeside), kept, tile_);
        }
    }

    // Whether there is a list of the tile that was looked at.
    __aicore__ inline bool Listed(uint64_t first)
    {
        WaitFlag<HardEvent::V_S>(looked_); // V has looked at the rows and made the sums before S reads what it found
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            const Vector of_runs = Sums(from_ + (run_ - 1) * kRuns, kind); // with their last rows
            uint64_t &total = total_[kind];
            total = 0;
            for (uint32_t run = 0; run < kRuns; run += 2) {
                const uint64_t pair = Word(of_runs, run / 2);
                before_[run] = total;
                before_[run + 1] = total + static_cast<uint32_t>(pair);
                total = before_[run + 1] + (pair >> 32);
            }
        }
        const bool in_order = InOrder(Count(first));
        Order<HardEvent::V_S>(); // V has made the list before S reads it
        return in_order;
    }

    // The sum of all lengths of the tile, or of what rows have beside.
    __aicore__ inline uint64_t Total(uint32_t kind = 0) const { return total_[kind]; }

    // A walk over the list, of a tile whose sums begin at `position`. The list is there until the tile behind the next is
    // looked at.
    class Walk {
    public:
        __aicore__ inline Walk(const OwnedRows &rows, uint64_t position)
            : words_(rows.List(0)), begins_(rows.List(1)), positions_(rows.List(2)),
              starts_(rows.List(kHasBeside ? 3 : 0)), origin_(rows.stretches_.origin)
        {
            for (uint32_t run = 0; run < kRuns; ++run) {
                before_[run] = position + rows.before_[run];
            }
        }

        // It is told no positions: who stores slots does not ask for them.
        __aicore__ inline Walk Again() const
        {
            Walk again = *this;
            again.reads_ = false;
            return again;
        }

        __aicore__ inline bool Next(OwnedRow &row)
        {
            const uint32_t shift = next_ % 2 * 32;
            if (shift == 0) {
                word_ = Word(words_, next_ / 2);
            }
            const auto word = static_cast<uint32_t>(word_ >> shift);
            if (word < kRuns) {
                return false;
            }
            if (shift == 0) {
                begin_ = Word(begins_, next_ / 2);
                position_ = reads_ ? Word(positions_, next_ / 2) : 0;
            }
            ++next_;
            row.begin = static_cast<uint32_t>(begin_ >> shift) + origin_;
            row.position = before_[word % kRuns] + static_cast<uint32_t>(position_ >> shift);
            row.length = word / kRuns;
            if constexpr (kHasBeside) {
                row.start = static_cast<uint32_t>(starts_.GetValue(next_ - 1));
            }
            return true;
        }

    private:
        Vector words_, begins_, positions_, starts_;
        uint64_t origin_;
        uint64_t before_[kRuns] = {};
        uint64_t word_ = 0, begin_ = 0, position_ = 0; // two rows'
        uint32_t next_ = 0;
        bool reads_ = true;
    };

private:
    static constexpr bool kHasBeside = Beside::kKinds != 0;

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
    __aicore__ inline Vector List(uint32_t i) const { return Room(kLists + kWords * list_ + i); } // the last one
    __aicore__ inline Vector Sums(uint32_t at, uint32_t kind = 0) const
    {
        return sums_buffer_.template Get<int32_t>()[kind * kSums + at];
    }

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
            for (uint32_t kind = 0; kind < kKinds; ++kind) {
                Add(Sums(to, kind), Sums(from_, kind), Sums(from_ - blocks_ * kRuns, kind), static_cast<int32_t>(tile_));
            }
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
    uint64_t n_;
    uint64_t read_ = ~uint64_t{0}; // the tile in the columns
    TableSize table_;
    Stretches stretches_;
    uint32_t tile_;
    uint32_t run_;                // rows of a run
    Beside beside_;
    uint32_t from_ = 0;           // where the sums are so far
    uint32_t blocks_ = 0;         // of how many rows they are
    uint32_t list_ = 0;           // which was made last
    uint64_t before_[kRuns] = {}; // the sum of the runs before each
    uint64_t total_[kKinds] = {};
    TEventID looked_ = 0; // V_S, from when the rows were looked at until S reads what was found
    mutable TBuf<TPosition::VECCALC> buffer_, sums_buffer_, bits_buffer_, mask_buffer_;
};

} // namespace cache_loc
