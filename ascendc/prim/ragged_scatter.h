// Takes pieces of an array of slots to their places in the table: what lies end to end goes out ragged.
//
// The other way round from ragged_gather.h: each piece lands at the begin of a block of 8 slots, zeros behind it, since
// what is stored from UB must begin at one. V narrows a tile of int64 slots and looks at all of a tile at once: a slot
// below 0 or past int32 must not be written. Then the pieces are stored one by one. S keeps of each where it goes and how
// long it is, in one word, so that rows are walked once.
//
// Two tiles take turns: one is looked at and stored when the next is full, so that nobody waits for what is just coming.
//
// Contract: Begin once, then Append as often as wanted, Finish once. Append and Finish return false once a tile has a slot
// that must not be written: of that tile and of what comes behind it nothing is stored then, and after Drop all may be
// told again to Each, which looks at every slot by itself. What is stored is exact to the element.
//
// UB, for tiles of T slots: landings 2 * 4 T, words 2 * T, looking 4 T + T / 8, one block; for int64 landings 4 T more
// each, narrowed 2 * 4 T, widened again 8 T. Pipes: MTE2 fills, V looks and narrows, S walks, MTE3 stores. Flags that stay
// up, two a tile: MTE2_V and MTE3_MTE2.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "split.h"

namespace cache_loc {

template <typename S>
class RaggedScatter {
public:
    // From an array of slots to a table, in tiles of so many slots, a multiple of 64.
    __aicore__ inline RaggedScatter(TPipe &pipe, uint64_t slots, uint64_t table, uint32_t tile)
        : slots_(Global<S>(slots)), table_(Global<int32_t>(table)), blocks_(tile / kBlock)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_SCATTER_TILE_MAX;
        for (uint32_t i = 0; i < kTiles; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTile * sizeof(S));
            pipe.InitBuffer(piece_buffers_[i], kTile / kBlock * sizeof(int64_t));
            landing_[i] = landing_buffers_[i].template Get<S>();
            pieces_[i] = piece_buffers_[i].template Get<int64_t>();
            if constexpr (sizeof(S) == 8) {
                pipe.InitBuffer(narrow_buffers_[i], kTile * sizeof(int32_t));
                narrow_[i] = narrow_buffers_[i].template Get<int32_t>();
            }
        }
        pipe.InitBuffer(look_buffer_, kTile * sizeof(int32_t));
        pipe.InitBuffer(bits_buffer_, kTile / 8);
        pipe.InitBuffer(one_buffer_, kBlock * sizeof(int32_t));
        if constexpr (sizeof(S) == 8) {
            pipe.InitBuffer(back_buffer_, kTile * sizeof(S));
        }
    }

    __aicore__ inline void Begin()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            filled_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE2_V>();
            stored_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE3_MTE2>();
        }
        Open();
    }

    // Slots from.. go to element `to` of the table and on, `count` of them.
    __aicore__ inline bool Append(uint64_t to, uint64_t from, uint64_t count)
    {
        for (uint64_t at = 0; at < count;) {
            if (used_[turn_] == blocks_ && !Turn()) {
                return false;
            }
            const uint32_t used = used_[turn_];
            const auto piece = static_cast<uint32_t>(Min(count - at, uint64_t{blocks_ - used} * kBlock));
            const auto tail = static_cast<uint8_t>((kPadded - piece % kPadded) % kPadded);
            const DataCopyExtParams exact(1, piece * static_cast<uint32_t>(sizeof(S)), 0, 0, 0);
            DataCopyPad(landing_[turn_][used * kBlock], slots_[from + at], exact,
                        DataCopyPadExtParams<S>(true, 0, tail, 0));
            pieces_[turn_].SetValue(many_[turn_], static_cast<int64_t>((to + at) << kCountBits | piece));
            ++many_[turn_];
            used_[turn_] = used + (piece + kBlock - 1) / kBlock;
            at += piece;
        }
        return true;
    }

    // Stores what is left.
    __aicore__ inline bool Finish()
    {
        if (!Turn() || !Turn()) {
            return false;
        }
        Close();
        return true;
    }

    // Forgets what is not stored.
    __aicore__ inline void Drop()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            if (many_[i] != 0 && i != looked_) {
                WaitFlag<HardEvent::MTE2_V>(filled_[i]); // taken back
            }
            many_[i] = 0;
        }
        Close();
        Order<HardEvent::V_MTE2>(); // V has read the landings before MTE2 fills them again
    }

    // As Append, slot by slot, at once; calls bad(value, i) for slot from + i that must not be written.
    template <typename Bad>
    __aicore__ inline void Each(uint64_t to, uint64_t from, uint64_t count, const Bad &bad)
    {
        const LocalTensor<int32_t> one = one_buffer_.template Get<int32_t>();
        for (uint64_t at = 0; at < count;) {
            const auto piece = static_cast<uint32_t>(Min(count - at, uint64_t{blocks_} * kBlock));
            CopyIn(landing_[0], slots_[from + at], piece);
            Order<HardEvent::MTE2_S>(); // MTE2 has filled landing_[0] before S reads it
            for (uint32_t i = 0; i < piece; ++i, ++at) {
                const int64_t slot = landing_[0].GetValue(i);
                if (slot < 0 || slot >= kSlotLimit) {
                    bad(slot, at);
                    continue;
                }
                one.SetValue(0, static_cast<int32_t>(slot));
                Order<HardEvent::S_MTE3>(); // S has set `one` before MTE3 stores it
                CopyOut(table_[to + at], one, 1);
                Order<HardEvent::MTE3_S>(); // MTE3 has stored it before S sets the next
            }
            Order<HardEvent::S_MTE2>(); // S has read landing_[0] before MTE2 fills it again
        }
    }

    static constexpr int64_t kSlotLimit = int64_t{1} << 31; // one past the greatest slot

private:
    static constexpr uint32_t kTiles = 2;
    static constexpr uint32_t kBlock = 8;                 // slots: of int32 a 32-byte block
    static constexpr uint32_t kPadded = 32 / sizeof(S);   // slots of a block as they come
    static constexpr uint32_t kCountBits = 12;            // of a word of pieces_, the rest says where to
    static constexpr uint32_t kLanes = 64;                // elements that a comparison makes bits of
    static_assert(ASCEND_CACHE_LOC_SCATTER_TILE_MAX < 1 << kCountBits, "a piece is not longer than a tile");

    // The tile is full: the one before it is stored, and then filled.
    __aicore__ inline bool Turn()
    {
        if (many_[turn_] != 0) {
            SetFlag<HardEvent::MTE2_V>(filled_[turn_]); // MTE2 has filled landing_[turn_] before V looks at it
        }
        turn_ ^= 1;
        if (many_[turn_] != 0 && !Store(turn_)) {
            return false;
        }
        Open();
        return true;
    }

    __aicore__ inline void Open()
    {
        if (busy_[turn_]) {
            WaitFlag<HardEvent::MTE3_MTE2>(stored_[turn_]); // MTE3 has stored landing_[turn_] before MTE2 fills it again
            busy_[turn_] = false;
        }
        used_[turn_] = 0;
        many_[turn_] = 0;
        if constexpr (sizeof(S) == 8) { // what MTE2 pads is half of a block of 8
            Order<HardEvent::MTE2_V>(); // MTE3 has stored landing_[turn_], which MTE2 has waited for, before V sets it
            Duplicate(landing_[turn_].template ReinterpretCast<int32_t>(), 0,
                      static_cast<int32_t>(2 * blocks_ * kBlock));
            Order<HardEvent::V_MTE2>(); // V has set landing_[turn_] before MTE2 fills it
        }
    }

    __aicore__ inline void Close()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            if (busy_[i]) {
                WaitFlag<HardEvent::MTE3_MTE2>(stored_[i]); // taken back: MTE3 has stored landing_[i]
                busy_[i] = false;
            }
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE2_V>(filled_[i]);
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_MTE2>(stored_[i]);
        }
    }

    // Stores a tile, if all its slots may be.
    __aicore__ inline bool Store(uint32_t turn)
    {
        WaitFlag<HardEvent::MTE2_V>(filled_[turn]); // MTE2 has filled landing_[turn] before V looks at it
        const LocalTensor<int32_t> slots = Narrowed(turn);
        if (!AllGood(slots, turn)) {
            looked_ = turn;
            return false;
        }
        Order<HardEvent::V_MTE3>(); // V has made `slots` of what MTE2 has filled before MTE3 stores it
        for (uint32_t i = 0, used = 0; i < many_[turn]; ++i) {
            const auto piece = static_cast<uint64_t>(pieces_[turn].GetValue(i));
            const auto count = static_cast<uint32_t>(piece & ((1u << kCountBits) - 1));
            CopyOut(table_[piece >> kCountBits], slots[used * kBlock], count);
            used += (count + kBlock - 1) / kBlock;
        }
        SetFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
        busy_[turn] = true;
        return true;
    }

    // The slots of a tile as int32, the nearest where they are not.
    __aicore__ inline LocalTensor<int32_t> Narrowed(uint32_t turn)
    {
        if constexpr (sizeof(S) == 4) {
            return landing_[turn];
        } else {
            return Narrow(landing_[turn], narrow_[turn], used_[turn] * kBlock);
        }
    }

    // Whether every slot of a tile may be written: not below 0, and what it was.
    __aicore__ inline bool AllGood(const LocalTensor<int32_t> &slots, uint32_t turn)
    {
        const auto n = static_cast<int32_t>(used_[turn] * kBlock);
        const uint32_t lanes = (used_[turn] * kBlock + kLanes - 1) / kLanes;
        const LocalTensor<int32_t> look = look_buffer_.template Get<int32_t>();
        const LocalTensor<uint8_t> bits = bits_buffer_.template Get<uint8_t>();
        if (n % kLanes != 0) {
            Duplicate(look, 0, static_cast<int32_t>(lanes * kLanes));
            PipeBarrier<PIPE_V>(); // each step reads, or writes over, what the one before it wrote
        }
        Mins(look, slots, 0, n);
        PipeBarrier<PIPE_V>();
        if constexpr (sizeof(S) == 8) {
            // Widened again and taken off what it was, both words of it: 0 and 0 where it was the same.
            const LocalTensor<S> back = back_buffer_.template Get<S>();
            const LocalTensor<int32_t> words = back.template ReinterpretCast<int32_t>();
            Cast(back, slots, RoundMode::CAST_NONE, static_cast<uint32_t>(n));
            PipeBarrier<PIPE_V>();
            Sub(words, words, landing_[turn].template ReinterpretCast<int32_t>(), 2 * n);
            PipeBarrier<PIPE_V>();
            OrInto(look, words, static_cast<uint32_t>(n));
            OrInto(look, words[n], static_cast<uint32_t>(n));
        }
        CompareScalar(bits, look, 0, CMPMODE::EQ, lanes * kLanes);
        Order<HardEvent::V_S>(); // V has made the bits before S reads them
        const LocalTensor<int64_t> words = bits.template ReinterpretCast<int64_t>();
        bool good = true;
        for (uint32_t i = 0; i < lanes; ++i) {
            good = good && words.GetValue(i) == -1;
        }
        Order<HardEvent::S_V>(); // S has read the bits before V makes others
        return good;
    }

    GlobalTensor<S> slots_;
    GlobalTensor<int32_t> table_;
    uint32_t blocks_;            // of a tile
    uint32_t turn_ = 0;          // whose landing is filled
    uint32_t used_[kTiles] = {}; // blocks of it
    uint32_t many_[kTiles] = {}; // pieces in it
    bool busy_[kTiles] = {};     // whether stored_ is up
    uint32_t looked_ = kTiles;   // the tile with a bad slot
    // Ids of the flags that stay up from one tile to the next.
    TEventID filled_[kTiles] = {}; // MTE2_V, from when a tile is full until it is looked at
    TEventID stored_[kTiles] = {}; // MTE3_MTE2
    TBuf<TPosition::VECCALC> landing_buffers_[kTiles], piece_buffers_[kTiles], narrow_buffers_[kTiles];
    TBuf<TPosition::VECCALC> look_buffer_, bits_buffer_, one_buffer_, back_buffer_;
    LocalTensor<S> landing_[kTiles];
    LocalTensor<int64_t> pieces_[kTiles];
    LocalTensor<int32_t> narrow_[kTiles]; // for int64
};

} // namespace cache_loc
