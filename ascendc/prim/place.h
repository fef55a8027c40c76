// The place of a row in a ragged output: how long it is.
//
// A row [start, end) has its place, as long as its offsets say, where 0 <= start <= end < 2^31 - 1, whatever else is
// wrong with it; otherwise it has none. So where a row begins depends on offsets alone, and a bad row moves nobody.
// Every ragged operation has this one rule, so that what one writes another can read.
//
// PlaceLength is the rule for one row, PlaceLengths the same for many at a time, without 64-bit arithmetic, which the
// vector unit of 2201 has not: offsets are narrowed, so that one past int32 counts as its nearest end, with which a row
// has no place either. A row has none where the least of start, end, and min(end, kEndLimit - 1) - end is below 0: its sign, in
// all bits, is or-ed into what is the row's length otherwise, and of the -1 that comes of it max(.., 0) makes 0; so it does of
// what is below 0 where end is before start. No step depends on how int32 overflows: end - start does where start or end is
// below 0 alone.
//
// UB, for `most` rows of L: two of L, twice; four vectors of int32 are lent, and those for what is beside. Pipes: MTE2 loads, V computes; Fill orders
// the two both ways, so that what it loaded last can be read by S too, and anything be loaded behind it.
#pragma once

#include "int32.h"
#include "rows.h"

namespace cache_loc {

// The end offset from which on a row has no place: no table has that many entries a row.
inline constexpr int64_t kEndLimit = 0x7fffffff;

__aicore__ inline constexpr bool HasPlace(int64_t start, int64_t end)
{
    return 0 <= start && start <= end && end < kEndLimit;
}

__aicore__ inline constexpr uint64_t PlaceLength(int64_t start, int64_t end)
{
    return HasPlace(start, end) ? static_cast<uint64_t>(end - start) : 0;
}

// What rows have of length beside their places: nothing. Others, with kKinds of 1, have a method Of for a row with a place,
// by S, and Fill for all rows, by V, which may work in `room`: the first two vectors, where start and end may stand, and kLent
// more, and leaves V with nothing undone; it gives a row without a place anything.
struct NothingBeside {
    static constexpr uint32_t kKinds = 0, kLent = 0;
};

// Lengths for a scan (scan.h): those of the rows' places, and what they have beside, which is 0 without a place.
template <typename L, typename Beside = NothingBeside>
class PlaceLengths {
public:
    using Vector = LocalTensor<int32_t>;
    static constexpr uint32_t kKinds = 1 + Beside::kKinds;
    static constexpr uint32_t kLent = 4 + Beside::kLent; // vectors that Fill needs to work in

    // Of offsets in two arrays, so many rows at a time at most.
    __aicore__ inline PlaceLengths(TPipe &pipe, uint64_t starts, uint64_t ends, uint32_t most, const Beside &beside = {})
        : beside(beside), starts_{{pipe, starts, most}, {pipe, starts, most}}, ends_{{pipe, ends, most}, {pipe, ends, most}}
    {
        SaturateCasts();
    }

    // ---- For S ----

    // Copies rows first..first + count in. Whoever reads them orders that after MTE2, and the next Read after the
    // reads.
    __aicore__ inline void Read(uint64_t first, uint32_t count AND_SIM_CALLER)
    {
        starts_[0].Load(first, count);
        ends_[0].Load(first, count);
    }

    // Of the rows that were read, or loaded first since Open.
    __aicore__ inline const LocalTensor<L> &Starts() const { return starts_[0].tile; }
    __aicore__ inline const LocalTensor<L> &Ends() const { return ends_[0].tile; }
    __aicore__ inline int64_t Start(uint32_t i AND_SIM_CALLER) const { return starts_[0].Get(i); }
    __aicore__ inline int64_t End(uint32_t i AND_SIM_CALLER) const { return ends_[0].Get(i); }
    __aicore__ inline void Get(uint32_t i, uint64_t (&length)[kKinds] AND_SIM_CALLER) const
    {
        const int64_t start = Start(i), end = End(i);
        length[0] = PlaceLength(start, end);
        if constexpr (kKinds > 1) {
            length[1] = HasPlace(start, end) ? beside.Of(start, end) : 0;
        }
    }

    // ---- For V: Open, then a Load and a Fill for each tile, a Load ahead at most, then Close ----

    __aicore__ inline void Open()
    {
        for (uint32_t i = 0; i < kTurns; ++i) {
            loaded_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE2_V>();
            read_[i] = GetTPipePtr()->AllocEventID<HardEvent::V_MTE2>();
            SetFlag<HardEvent::V_MTE2>(read_[i]); // starts_[i] and ends_[i] are free: V has read nothing of them yet
        }
    }

    // Copies rows first..first + count in, for the next Fill but those that are due.
    __aicore__ inline void Load(uint64_t first, uint32_t count AND_SIM_CALLER)
    {
        WaitFlag<HardEvent::V_MTE2>(read_[next_]); // V has read starts_ and ends_ of this turn before MTE2 writes them
        starts_[next_].Load(first, count);
        ends_[next_].Load(first, count);
        SetFlag<HardEvent::MTE2_V>(loaded_[next_]); // MTE2 has filled them before V reads them
        next_ ^= 1;
    }

    // length[kind][i] = the length of the i-th of the `count` rows that were loaded. The vectors lent hold nothing
    // afterwards.
    __aicore__ inline void Fill(uint32_t count, const Vector (&length)[kKinds], const Vector (&lent)[kLent])
    {
        const auto n = static_cast<int32_t>(count);
        const Vector limit = lent[0], least = lent[1];
        WaitFlag<HardEvent::MTE2_V>(loaded_[turn_]); // MTE2 has filled this turn's columns before V reads them
        const Vector start = StartNarrow(starts_[turn_].tile, lent[2], count);
        const Vector end = StartNarrow(ends_[turn_].tile, lent[3], count);
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Mins(limit, end, static_cast<int32_t>(kEndLimit - 1), n);
        Min(least, start, end, n);
        Sub(length[0], end, start, n);
        PipeBarrier<PIPE_V>();
        Sub(limit, limit, end, n);
        PipeBarrier<PIPE_V>();
        Min(least, least, limit, n);
        PipeBarrier<PIPE_V>();
        ShiftRight(least, least, 31, n);
        if constexpr (kKinds > 1) {
            beside.Fill(length[1], start, end, &lent[2], count);
        } else {
            PipeBarrier<PIPE_V>();
        }
        SetFlag<HardEvent::V_MTE2>(read_[turn_]); // V has read starts_ and ends_ before MTE2 copies other rows in
        turn_ ^= 1;
        for (const Vector &of_kind : length) {
            StartOr(of_kind, least, count);
        }
        PipeBarrier<PIPE_V>();
        for (const Vector &of_kind : length) {
            Maxs(of_kind, of_kind, 0, n);
        }
        PipeBarrier<PIPE_V>();
    }

    // Takes every flag back: what MTE2 does from here on comes behind V.
    __aicore__ inline void Close()
    {
        for (uint32_t i = 0; i < kTurns; ++i) {
            WaitFlag<HardEvent::V_MTE2>(read_[i]); // V has read starts_[i] and ends_[i] before MTE2 writes them again
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE2_V>(loaded_[i]);
            GetTPipePtr()->ReleaseEventID<HardEvent::V_MTE2>(read_[i]);
        }
    }

    Beside beside;

private:
    static constexpr uint32_t kTurns = 2;

    Column<L> starts_[kTurns], ends_[kTurns];
    TEventID loaded_[kTurns], read_[kTurns]; // MTE2_V, V_MTE2: from Open to Close
    uint32_t next_ = 0;                      // the turn that is loaded next
    uint32_t turn_ = 0;                      // the turn that is filled from next
};

} // namespace cache_loc
