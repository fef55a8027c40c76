// A tile of a decode step's rows: where each one's new token goes in the table, its slot, and which are this core's to write.
//
// A row's new token is entry seq - 1 of its request, and its slot follows from entry seq - 2, the last one's, or from a page
// (decode_slots.h). In order is a row with 0 <= request < rows and 1 <= seq <= row_len: by a sign (row_words.h), of the least of
// request, min(request, rows - 1) - request, seq, seq - 1 and min(seq, row_len) - seq. A place is a word, negative for a row
// that is not in order; so is the last one's, also where there is none. S looks at rows that are not in order, or whose block table has no column for their token, beside
// those that decode_slots.h lists.
//
// An entry of the table is written by the core whose stretch it lies in (stretches.h); V lists those rows: with 2^i owners by
// an addition, a shift and an And. Where places are no int32 S makes them, and the list has all rows in order.
//
// Contract: Open once. Load a tile, Land its pages, and Take it. Then Fetch the last slots of the rows whose slots are wanted,
// each once, and when they are Fetched, Make. Who loads the next tile has S and V done with this one. Only slots whose last one was fetched are
// right, but nothing wrong is reported of other rows.
//
// UB, for tiles of T rows: columns, 7 vectors of int32, last slots 32 T, a list, and what decode_slots.h has. Pipes: MTE2
// lands, V computes, S reads and sets. Take and Make order V and S.
#pragma once

#include "decode_slots.h"
#include "range_fault.h"
#include "stretches.h"

namespace cache_loc {

template <typename R, typename L, typename S>
class DecodeRows {
public:
    using Vector = LocalTensor<int32_t>;

    // Tiles of `most` rows, a power of two from 64 on.
    template <typename Params>
    __aicore__ inline DecodeRows(TPipe &pipe, const Params &params, const Stretches &stretches, uint32_t most)
        : slots(pipe, params.seq_lens.address, params.free_pages.address, params.page_size, most), own_(pipe, most),
          requests_(pipe, params.req_pool_indices.address, most), lens_(pipe, params.seq_lens.address, most),
          table_(Global<int32_t>(params.table.address)), size_{params.rows, params.row_stride, params.row_len},
          room_(int64_t{params.columns} * params.page_size), stretches_(stretches), most_(most)
    {
        pipe.InitBuffer(buffer_, kVectors * most * sizeof(int32_t));
        pipe.InitBuffer(lasts_buffer_, most * kBlock * sizeof(int32_t));
        lasts_ = lasts_buffer_.template Get<int32_t>();
    }

    // For tiles of up to `count` rows.
    __aicore__ inline void Open(uint32_t count)
    {
        const auto n = static_cast<int32_t>(count);
        slots.Open(count);
        own_.Open(count);
        CreateVecIndex(Room(kElements), 0, count);
        Duplicate(Room(kMask), static_cast<int32_t>(stretches_.cores - 1), n);
        PipeBarrier<PIPE_V>(); // they are written before they are read
        Muls(Room(kBlocks), Room(kElements), static_cast<int32_t>(kBlock * sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
        Muls(Room(kElements), Room(kElements), static_cast<int32_t>(sizeof(int32_t)), n); // read behind many a barrier
    }

    __aicore__ inline void Load(uint64_t first, uint32_t count)
    {
        first_ = first;
        count_ = count;
        requests_.Load(first, count);
        lens_.Load(first, count);
    }

    // Looks at the tile, but for its slots.
    __aicore__ inline void Take()
    {
        const auto n = static_cast<int32_t>(count_);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled requests_ and lens_ before V reads them
        // The last slots' blocks, to work in.
        const Vector wrong = Work(2), over = Work(3), entry = Work(4), least = Work(5), outside = Room(kOutside);
        const Vector place = Room(kPlaces), last = Room(kLasts);
        const Vector request = StartNarrow(requests_.tile, Work(0), count_);
        const Vector seq = StartNarrow(lens_.tile, Work(1), count_);
        PipeBarrier<PIPE_V>(); // each group of steps reads what the ones before it wrote
        Mins(wrong, request, static_cast<int32_t>(size_.rows) - 1, n);
        Mins(over, seq, static_cast<int32_t>(size_.row_len), n);
        Mins(outside, seq, static_cast<int32_t>(Min(static_cast<uint64_t>(room_), kGreatest)), n);
        Muls(place, request, static_cast<int32_t>(size_.row_stride), n);
        Adds(entry, seq, -1, n);
        Mins(last, seq, 2, n);
        PipeBarrier<PIPE_V>();
        Sub(wrong, wrong, request, n); // below 0 where request >= rows
        Sub(over, over, seq, n);       // below 0 where seq > row_len
        Sub(outside, outside, seq, n); // not 0 where there is no column
        Add(place, place, entry, n);
        Min(least, entry, seq, n);
        Adds(last, last, -2, n); // below 0 where there is no last one
        PipeBarrier<PIPE_V>();
        Min(wrong, wrong, request, n);
        Min(over, over, least, n);
        Adds(entry, place, -1, n); // where the last slot is
        PipeBarrier<PIPE_V>();
        Min(wrong, wrong, over, n);
        if (Fits()) {
            StartOr(last, entry, count_);
        }
        PipeBarrier<PIPE_V>();
        ShiftRight(wrong, wrong, 31, n); // all ones where the row is not in order
        PipeBarrier<PIPE_V>();
        StartOr(last, wrong, count_);
        StartOr(outside, wrong, count_);
        if (Fits()) {
            StartOr(place, wrong, count_);
        } else {
            Adds(place, wrong, 0, n);
        }
        PipeBarrier<PIPE_V>();
        if (Writes()) {
            MarkOwn(wrong, over);
        }
        Duplicate(lasts_, 0, static_cast<int32_t>(count_ * kBlock)); // good ones, where none is fetched
        if (Writes()) {
            own_.Make(count_);
        }
        Order<HardEvent::V_S>(); // V has made places and what is outside before S reads them
        Order<HardEvent::V_MTE2>(); // V has set lasts_ before MTE2 fills it
    }

    // Copies the last slot of a row in, where it has one.
    __aicore__ inline void Fetch(uint32_t i)
    {
        const int32_t word = Room(kLasts).GetValue(i);
        if (word >= 0) {
            // With the rest of its block, which V adds to.
            DataCopyPad(lasts_[i * kBlock], table_[Fits() ? static_cast<uint64_t>(word) : Entry(i) - 1],
                        DataCopyExtParams(1, sizeof(int32_t), 0, 0, 0),
                        DataCopyPadExtParams<int32_t>(true, 0, kBlock - 1, 0));
        }
    }

    // Once all are fetched: MTE2 may bring what it likes then, Make does not wait for it.
    __aicore__ inline void Fetched()
    {
        fetched_ = GetTPipePtr()->AllocEventID<HardEvent::MTE2_V>();
        SetFlag<HardEvent::MTE2_V>(fetched_); // MTE2 has filled lasts_ before V reads it
    }

    // The slots of the rows; the first of them that needs a page has the rank-th of the `free` there are, the first behind
    // them that which is returned. A row that none is left for gets no slot. new_page(i, slot) is called for each row that
    // has taken one. Slots are staged for Store then.
    template <typename NewPage>
    __aicore__ inline uint64_t Make(FaultLog &fault, uint64_t rank, uint64_t free, const NewPage &new_page)
    {
        WaitFlag<HardEvent::MTE2_V>(fetched_); // MTE2 has filled lasts_ before V reads it
        GetTPipePtr()->ReleaseEventID<HardEvent::MTE2_V>(fetched_);
        Gather(Room(kLast), lasts_, Room(kBlocks).template ReinterpretCast<uint32_t>(), 0, count_);
        PipeBarrier<PIPE_V>(); // the last slots are written before they are read, and read before they are written again
        Adds(lasts_, lasts_, 1, static_cast<int32_t>(count_ * kBlock)); // the slots, but of rows that S looks at
        const Vector look = slots.Mark(lens_.tile, Room(kLast), count_);
        OrInto(look, Room(kOutside), count_);
        slots.List(count_); // S has waited for V then, and so for MTE2, which has filled the pages before
        for (uint32_t i = slots.Next(); i < count_; i = slots.Next()) {
            const bool needs = slots.needs.Needs(lens_.Get(i));
            if (!needs || rank < free) {
                const auto slot = static_cast<int32_t>(Look(fault, i, rank));
                slots.slots.SetValue(i, slot);
                lasts_.SetValue(i * kBlock, slot);
                if (slot < 0) {
                    Room(kPlaces).SetValue(i, -1);
                } else if (needs) {
                    new_page(i, slot);
                }
            }
            rank += needs ? 1 : 0;
        }
        return rank;
    }

    // The rows in order whose new token is this core's to write: the next one, one that is none of the tile behind the last.
    __aicore__ inline uint32_t NextOwn(uint32_t &at) const
    {
        for (;;) {
            const uint32_t i = Writes() ? own_.Get(at++) : count_;
            if (i >= count_ || Fits() || Owns(Entry(i))) {
                return i;
            }
        }
    }

    // Stores a row's slot in the table, if it has one. MTE3 is ordered after Make, for S and for V.
    __aicore__ inline void Store(uint32_t i)
    {
        const int32_t word = Room(kPlaces).GetValue(i);
        if (word >= 0) {
            CopyOut(table_[Fits() ? static_cast<uint64_t>(word) : Entry(i)], lasts_[i * kBlock], 1);
        }
    }

    struct Row {
        bool placed; // whether it has a slot; before Make, whether it has a place for one
        int64_t seq;
        uint64_t begin; // where it begins in the table, if it has a slot
    };

    __aicore__ inline Row Get(uint32_t i) const
    {
        const int32_t word = Room(kPlaces).GetValue(i);
        const int64_t seq = lens_.Get(i);
        return {word >= 0, seq, Fits() ? static_cast<uint64_t>(word - (seq - 1)) : Begin(i)};
    }

    // 0, 4, 8, ..: where the elements of a vector are, in bytes.
    __aicore__ inline LocalTensor<uint32_t> Offsets() const
    {
        return Room(kElements).template ReinterpretCast<uint32_t>();
    }

    __aicore__ inline int64_t Length(uint32_t i) const { return lens_.Get(i); }
    __aicore__ inline int32_t Slot(uint32_t i) const { return slots.slots.GetValue(i); }

    DecodeSlots<L, S> slots;

private:
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block
    static constexpr uint64_t kGreatest = 0x7fffffff;
    static constexpr uint32_t kPlaces = 0, kLasts = 1, kOutside = 2, kLast = 3;
    static constexpr uint32_t kBlocks = 4, kElements = 5, kMask = 6; // made once
    static constexpr uint32_t kVectors = 7;

    __aicore__ inline Vector Room(uint32_t i) const { return buffer_.template Get<int32_t>()[i * most_]; }
    __aicore__ inline Vector Work(uint32_t i) const { return lasts_[i * most_]; }

    // Whether every element's place, and a round of stretches more, is an int32.
    __aicore__ inline bool Fits() const { return size_.FitsInt32(uint64_t{stretches_.cores} << stretches_.shift); }

    // Whether this core writes the table anywhere.
    __aicore__ inline bool Writes() const { return stretches_.core < stretches_.cores; }

    // Whether this core writes there.
    __aicore__ inline bool Owns(uint64_t place) const
    {
        return ((place + stretches_.origin) >> stretches_.shift) % stretches_.cores == stretches_.core;
    }

    __aicore__ inline uint64_t Begin(uint32_t i) const
    {
        return static_cast<uint64_t>(requests_.Get(i)) * size_.row_stride;
    }
    __aicore__ inline uint64_t Entry(uint32_t i) const { return Begin(i) + static_cast<uint64_t>(lens_.Get(i)) - 1; }

    // Marks the rows in order whose tokens go into this core's stretches; all that are in order where S has to tell. `wrong`
    // is all ones for those that are not.
    __aicore__ inline void MarkOwn(const Vector &wrong, const Vector &other)
    {
        const auto n = static_cast<int32_t>(count_);
        const Vector own = own_.Marks(count_);
        if (Fits() && stretches_.cores > 1) {
            Adds(other, Room(kPlaces), static_cast<int32_t>(stretches_.origin), n);
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            ShiftRight(other, other, static_cast<int32_t>(stretches_.shift), n);
            PipeBarrier<PIPE_V>();
            const auto other16 = other.template ReinterpretCast<int16_t>();
            And(other16, other16, Room(kMask).template ReinterpretCast<int16_t>(), 2 * n);
            PipeBarrier<PIPE_V>();
            Adds(other, other, -static_cast<int32_t>(stretches_.core), n);
            PipeBarrier<PIPE_V>();
            OrInto(other, wrong, count_);
            ToFlags(other, count_);
            Muls(other, other, -1, n);
        } else {
            Muls(other, wrong, 1, n);
        }
        PipeBarrier<PIPE_V>();
        Adds(own, other, 1, n);
        PipeBarrier<PIPE_V>();
    }

    // The slot of a row that S has to look at: -1 of an idle one, and of a bad one, which is reported.
    __aicore__ inline int64_t Look(FaultLog &fault, uint32_t i, uint64_t rank) const
    {
        const uint64_t row = first_ + i;
        const int64_t seq = lens_.Get(i), request = requests_.Get(i), last = Room(kLast).GetValue(i);
        if (seq == 0) {
            return -1;
        }
        if (request < 0 || request >= size_.rows) {
            fault.Report(row, ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE, request, size_.rows, 0);
            return -1;
        }
        if (seq > size_.row_len) {
            fault.Report(row, ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW, seq - 1, seq, size_.row_len);
            return -1;
        }
        if (seq > room_ && (slots.needs.Needs(seq) || slots.IsLast(last))) {
            fault.Report(row, ASCEND_CACHE_LOC_POSITION_OUT_OF_RANGE, seq - 1, room_, 0);
            return -1;
        }
        return slots.Slot(fault, row, seq, last, rank);
    }

    RowList own_;
    Column<R> requests_;
    Column<L> lens_;
    GlobalTensor<int32_t> table_;
    TableSize size_;
    int64_t room_; // tokens that a block table has columns for
    Stretches stretches_;
    uint32_t most_;
    uint64_t first_ = 0;
    uint32_t count_ = 0;
    TEventID fetched_ = 0; // MTE2_V, from when last slots are on their way until V waits for them
    mutable TBuf<TPosition::VECCALC> buffer_;
    TBuf<TPosition::VECCALC> lasts_buffer_;
    Vector lasts_; // a block of each row
};

} // namespace cache_loc
