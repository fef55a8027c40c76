// Which rows of a tile write into lines that are this core's, found by V, in a list for S.
//
// Lines of the table belong to cores by their addresses alone: a stretch of 2^shift elements, from a multiple of its size
// on, is one core's, the next one the next core's, and after all cores' the first one's again: a round. A row writes
// elements begin.. of the table, `length` of them. With w = where in a round it begins, from the end of this core's
// stretch on, it writes into that stretch where w + length is past where the stretch begins, which is at a round less a
// stretch. With 2^i cores w is an And, since begins are counted from that end. A list of those rows is packed by GatherMask,
// and ends with a row that has no length.
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
// order is a row as row_words.h says; an empty one may be. Of a row that is, request, start, end and length have no sign,
// and request - rows and end - limit - 1 have one; that no step relies on how int32 overflows follows from the first three.
// What is wrong with any row is or-ed together half by half, until S can read the bits at a glance.
//
// There are two lists, so that V can make the next tile's while S walks one. It is made in two parts, neither of which is
// longer than the queue of V: S need not wait before it goes on. Look does what needs the columns, List the rest; Listed
// waits for it.
//
// Contract: Fits says whether the table is small enough for int32. Read the first tile, Open, and put MTE2 behind V; then
// for each tile Look and List, and ask Listed. Behind Look the next tile is to be read, or Read called where there is none;
// before Listed the next tile may have been looked at, not more. Or Read a tile, and S reads its columns, once MTE2 has
// filled them, and is ordered before the next Read. Drop at the end, unless Listed was asked of all tiles.
//
// UB, for T rows: columns, 17 vectors of int32 for T + 64 (24 with something beside), sums 16 T of each kind, bits, two
// masks of 256 bytes. Pipes: MTE2 loads, V computes, S reads. Flags that stay up: V_MTE2, V_S twice.
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
    static constexpr uint32_t kWide = 4;             // times so many of which S reads the bits
    static constexpr uint32_t kRightBits = kWide * kLanes / 8;
    static constexpr uint32_t kKeptBits = kTile / 8 + 32; // with the list's end
    static constexpr int32_t kShort = (1 << 24) - 1; // the longest row that V sums
    static_assert(int64_t{kTile / kRuns} * kShort < int64_t{1} << 31, "the sum of a run is an int32");
    static_assert(int64_t{kRuns} * kShort + kRuns - 1 < int64_t{1} << 31, "a length and a run are one");

    // Vectors of Pitch() elements: 0 to 8 to work in, then lists of lengths and runs, begins and positions, two of each,
    // and what is made once. Two of those to work in have the list's end behind a tile.
    static constexpr uint32_t kWithEnd = 3, kLists = 9, kWords = 3 + Beside::kKinds;
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
        pipe.InitBuffer(bits_buffer_, kRightBits + kKeptBits);
        pipe.InitBuffer(mask_buffer_, 2 * kLanes * sizeof(int32_t));
    }

    // Whether every element's place, and a round more, is an int32.
    __aicore__ inline bool Fits() const
    {
        return table_.rows != 0 && table_.row_stride != 0 && table_.FitsInt32(uint64_t{stretches_.cores} << stretches_.shift);
    }

    // Rows of a tile at most, and of the one from `first` on.
    __aicore__ inline uint32_t Most() const { return tile_; }
    __aicore__ inline uint32_t Count(uint64_t first) const { return static_cast<uint32_t>(Min(n_ - first, tile_)); }

    // Reads the tile of rows first.., if there is one that is not there already.
    __aicore__ inline void Read(uint64_t first AND_SIM_CALLER)
    {
        if (in_use_) {
            WaitFlag<HardEvent::V_MTE2>(free_); // V has read the columns before MTE2 fills them again
            in_use_ = false;
        }
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
        listed_ = GetTPipePtr()->AllocEventID<HardEvent::V_S>();
        free_ = GetTPipePtr()->AllocEventID<HardEvent::V_MTE2>();
        const auto n = static_cast<int32_t>(Pitch());
        const auto run = static_cast<int32_t>(run_ * sizeof(int32_t)), blocks = static_cast<int32_t>(kRuns);
        const Vector index = Room(0), block = Room(1), first = Room(2), back = Room(5), offsets = Room(kOffsets);
        const Vector of_run = Room(kOfRun);
        CreateVecIndex(index, 0, n);
        const Vector masks = mask_buffer_.template Get<int32_t>();
        Duplicate(masks, static_cast<int32_t>(Round() - 1), static_cast<int32_t>(kLanes));
        Duplicate(masks[kLanes], static_cast<int32_t>(0x80000000), static_cast<int32_t>(kLanes));
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

    // Has V begin with the tile of rows first.., which was read: what needs the columns. S may not have asked for the list
    // before yet: what it reads then, the last sums, V does not touch.
    __aicore__ inline void Look(uint64_t first)
    {
        Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
        count_ = Count(first);
        const auto n = static_cast<int32_t>(count_), all = static_cast<int32_t>(tile_);
        const Vector request = StartNarrow(requests_.tile, Room(0), count_);
        const Vector start = StartNarrow(starts_.tile, Room(1), count_);
        const Vector end = StartNarrow(ends_.tile, Room(2), count_);
        const Vector length = Length(), begin = Begin(), wrong = Wrong(), below = Below();
        const Vector end_below = Room(7), from = Room(8);
        if (count_ < tile_) { // of rows that there are not; what is beside has any value there, behind all that is summed
            Duplicate(length, 0, all);
            Duplicate(wrong, 0, all);
        }
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Sub(length, end, start, n);
        Muls(begin, request, static_cast<int32_t>(table_.row_stride), n);
        Adds(from, start, FromEnd(), n);
        Adds(below, request, -static_cast<int32_t>(table_.rows), n);
        Adds(end_below, end, -static_cast<int32_t>(Min(table_.row_len, kShort)) - 1, n);
        Or(Halves(wrong), Halves(request), Halves(start), 2 * n);
        PipeBarrier<PIPE_V>();
        Add(begin, begin, from, n);
        And(Halves(below), Halves(below), Halves(end_below), 2 * n);
        StartOr(wrong, end, count_);
        Gather(Sums(kRuns), length, Offsets(), 0, tile_);
        if constexpr (kHasBeside) {
            const Vector work[2 + Beside::kLent] = {Room(kWork), Room(kWork + 1), Room(kWork + 2)};
            Adds(Room(kStarts), start, 0, n);
            beside_.Fill(Room(kBeside), start, end, work, count_);
            Gather(Sums(kRuns, kLast), Room(kBeside), Offsets(), 0, tile_);
        }
        PipeBarrier<PIPE_V>();
        SetFlag<HardEvent::V_MTE2>(free_); // V has read the columns before MTE2 fills them again
        Gather(SortedBegin(), begin, Offsets(), 0, tile_);
        in_use_ = true;
        begun_ = true;
    }

    // Has it go on, with sums and list, if there is a tile that it has only begun with.
    __aicore__ inline void List()
    {
        if (!begun_) {
            return;
        }
        const auto all = static_cast<int32_t>(tile_);
        const Vector length = Length(), wrong = Wrong(), below = Below();
        // Sorted. They take the place of what is not wanted any more.
        const Vector begin = SortedBegin(), lengths = Sums(kRuns), w = Room(0), past = Room(1), some = Room(2);
        const Vector runs = Room(kWithEnd), mine = Room(kWithEnd + 1);
        const LocalTensor<uint8_t> kept = bits_buffer_.template Get<uint8_t>()[kRightBits];
        Order<HardEvent::S_V>(); // S has read the sums, and the list before the last one, before V makes others
        from_ = kRuns;
        blocks_ = 1;
        wide_ = (count_ + kLanes - 1) / kLanes;
        StartOr(wrong, length, count_);
        Not(Halves(below), Halves(below), static_cast<int32_t>(2 * count_));
        Adds(past, lengths, -static_cast<int32_t>(Round() - Stretch()), all);
        Mins(some, lengths, 1, all); // an empty row writes nowhere
        Step();
        MaskedBy(0, w, begin, tile_ / kLanes);
        StartOr(wrong, below, count_);
        Muls(runs, lengths, static_cast<int32_t>(kRuns), all);
        Step();
        Add(w, w, past, all);
        Add(runs, runs, Room(kOfRun), all);
        StartHalf(wrong);
        Step();
        Min(mine, w, some, all);
        StartHalf(wrong);
        Step();
        CompareScalar(kept, mine, 1, CMPMODE::EQ, tile_ + kLanes);
        MaskedBy(kLanes, wrong, wrong, wide_);
        Step();
        CompareScalar(bits_buffer_.template Get<uint8_t>(), wrong, 0, CMPMODE::EQ, wide_ * kLanes);
        list_ ^= 1;
        Pack(ListOf(0), runs, kept, tile_ + kLanes);
        Pack(ListOf(1), begin, kept, tile_);
        if constexpr (kHasBeside) {
            Gather(Room(kBeside), Room(kStarts), Offsets(), 0, tile_);
        }
        Step();
        Step();
        static_assert(kTile / kRuns <= 1 << 7, "seven steps, so far, sum any run");
        SetFlag<HardEvent::V_S>(looked_); // V has looked at the rows and made the sums before S reads what it found
        begun_ = false;
        looking_ = true;
        Pack(ListOf(2), Sums(from_ - kRuns, kLast), kept, tile_); // before each row: with the one before it
        if constexpr (kHasBeside) {
            Pack(ListOf(3), Room(kBeside), kept, tile_);
        }
        SetFlag<HardEvent::V_S>(listed_); // V has made the list before S reads it
    }

    // Whether there is a list of the tile that was looked at.
    __aicore__ inline bool Listed()
    {
        WaitFlag<HardEvent::V_S>(looked_); // V has looked at the rows and made the sums before S reads what it found
        looking_ = false;
        for (uint32_t kind = 0; kind < kKinds; ++kind) {
            const Vector of_runs = Sums(from_ + (run_ - 1) * kRuns, kind); // with their last rows
            uint64_t &total = total_[kind];
            total = 0;
            for (uint32_t run = 0; run < kRuns; run += 2) {
                const uint64_t pair = PairOf(of_runs, run / 2);
                before_[run] = total;
                before_[run + 1] = total + static_cast<uint32_t>(pair);
                total = before_[run + 1] + (pair >> 32);
            }
        }
        const bool in_order = InOrder();
        WaitFlag<HardEvent::V_S>(listed_); // V has made the list before S reads it
        return in_order;
    }

    // Forgets the tile that was looked at, if nobody has asked for its list.
    __aicore__ inline void Drop()
    {
        if (looking_) {
            Listed();
        }
        if (begun_) {
            List();
            Listed();
        }
        Read(n_);
    }

    // The sum of all lengths of the tile, or of what rows have beside.
    __aicore__ inline uint64_t Total(uint32_t kind = 0) const { return total_[kind]; }

    // A walk over the list, of a tile whose sums begin at `position`. The list is there until the tile behind the next is
    // looked at.
    class Walk {
    public:
        __aicore__ inline Walk(const OwnedRows &rows, uint64_t position)
            : words_(rows.ListOf(0)), begins_(rows.ListOf(1)), positions_(rows.ListOf(2)),
              starts_(rows.ListOf(kHasBeside ? 3 : 0)), origin_(rows.stretches_.origin - rows.FromEnd())
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
                word_ = PairOf(words_, next_ / 2);
            }
            const auto word = static_cast<uint32_t>(word_ >> shift);
            if (word < kRuns) {
                return false;
            }
            if (shift == 0) {
                begin_ = PairOf(begins_, next_ / 2);
                position_ = reads_ ? PairOf(positions_, next_ / 2) : 0;
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
    __aicore__ inline Vector ListOf(uint32_t i) const { return Room(kLists + kWords * list_ + i); } // the last one
    // In natural order: a row's begin and length; what is below 0 where the row is not in order, and where it is.
    __aicore__ inline Vector Begin() const { return Room(3); }
    __aicore__ inline Vector Length() const { return Room(4); }
    __aicore__ inline Vector Wrong() const { return Room(5); }
    __aicore__ inline Vector Below() const { return Room(6); }
    __aicore__ inline Vector SortedBegin() const { return Room(8); }
    // Where in that order, in bytes, a sorted row stands.
    __aicore__ inline LocalTensor<uint32_t> Offsets() const { return Room(kOffsets).template ReinterpretCast<uint32_t>(); }
    __aicore__ inline Vector Sums(uint32_t at, uint32_t kind = 0) const
    {
        return sums_buffer_.template Get<int32_t>()[kind * kSums + at];
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

    // Vectors as And, Or and Not take them.
    __aicore__ static inline LocalTensor<int16_t> Halves(const Vector &vector)
    {
        return vector.template ReinterpretCast<int16_t>();
    }

    // to = all, so many times kLanes, of each its bits that stand in the mask at an element.
    __aicore__ inline void MaskedBy(uint32_t at, const Vector &to, const Vector &all, uint32_t times) const
    {
        And(Halves(to), Halves(all), Halves(mask_buffer_.template Get<int32_t>()[at]), uint64_t{2 * kLanes},
            static_cast<uint8_t>(times), {1, 1, 1, 8, 8, 0});
    }

    // Half of what tells whether rows are wrong goes into the other half, until it is little enough for S.
    __aicore__ inline void StartHalf(const Vector &wrong)
    {
        if (wide_ > kWide) {
            const uint32_t half = wide_ / 2;
            StartOr(wrong, wrong[(wide_ - half) * kLanes], half * kLanes);
            wide_ -= half;
        }
    }

    // Whether nothing was wrong with any row.
    __aicore__ inline bool InOrder() const
    {
        int64_t all = -1;
        for (uint32_t i = 0; i < wide_; ++i) {
            all &= bits_buffer_.template Get<int64_t>().GetValue(i);
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
    uint32_t wide_ = 0;           // of how many times kLanes rows it is told whether they are wrong
    uint32_t list_ = 0;           // which was made last
    uint64_t before_[kRuns] = {}; // the sum of the runs before each
    uint64_t total_[kKinds] = {};
    uint32_t count_ = 0;  // of the tile that was looked at
    bool begun_ = false;  // V has begun with it and not gone on
    bool in_use_ = false; // whether free_ is up
    TEventID free_ = 0;   // V_MTE2, from when V has read the columns until MTE2 fills them again
    bool looking_ = false; // whether looked_ and listed_ are up
    // V_S, from when the rows were looked at, and the list was made, until S reads what was found, and the list.
    TEventID looked_ = 0, listed_ = 0;
    mutable TBuf<TPosition::VECCALC> buffer_, sums_buffer_, bits_buffer_, mask_buffer_;
};

} // namespace cache_loc
