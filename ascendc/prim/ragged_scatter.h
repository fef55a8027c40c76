// Takes pieces of an array of slots to their places in the table: what lies end to end goes out ragged.
//
// The other way round from ragged_gather.h: each piece lands at the begin of a block of 8 slots, since what is stored from
// UB must begin at one. V narrows a tile of int64 slots and looks at all of a tile at once: a slot below 0 or past int32
// must not be written. Then the pieces are stored one by one.
//
// Two tiles take turns: one is looked at and stored when the next is full, so that nobody waits for what is just coming.
//
// Which pieces there are a walk says: an object whose Next(room, piece) gives the next one, of up to `room` slots, or
// false. They are walked twice, once to fill and, by a copy of the walk behind it, once to store, which costs S less than
// keeping in UB what it has read there. So Again() gives that copy, and it gives the same pieces for the same room.
//
// What MTE3 stores to one place it must be told to store one after the other. So S keeps which parts of the table have
// been stored to, and puts a barrier where one comes again. Of parts with the same low bits only one is known of.
//
// Contract: Begin once, then Run as often as wanted, Close at the end. Run returns false once a tile has a slot that must
// not be written: of that tile and of what comes behind it nothing is stored then, and after Drop all may be told again to
// Each, which looks at every slot by itself. What is stored is exact to the element.
//
// UB, for tiles of so many bytes, 17 or 16 KB: landings 2 tiles, looked at 1, bits 1/32, a mask of 256 bytes, one block; for
// int64 narrowed 2 half tiles. Pipes: MTE2 fills, V looks and narrows, S walks, MTE3 stores. Flags that stay up, two a
// tile: MTE2_V and MTE3_MTE2.
#pragma once

#include "../abi/sizes.h"
#include "int32.h"
#include "split.h"

namespace cache_loc {

// Slots from.. go to element `to` of the table and on, `count` of them. Only pieces of the same part of the table may meet
// there.
struct Piece {
    uint64_t to = 0, from = 0, part = 0;
    uint32_t count = 0;
};

template <typename S>
class RaggedScatter {
public:
    // From an array of slots to a table, in tiles of so many slots, a multiple of 64.
    __aicore__ inline RaggedScatter(TPipe &pipe, uint64_t slots, uint64_t table, uint32_t tile)
        : slots_(Global<S>(slots)), table_(Global<int32_t>(table)), blocks_(tile / kBlock)
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTileBytes);
            landing_[i] = landing_buffers_[i].template Get<S>();
            if constexpr (sizeof(S) == 8) {
                pipe.InitBuffer(narrow_buffers_[i], kTileBytes / 2);
            }
        }
        pipe.InitBuffer(look_buffer_, kTileBytes);
        pipe.InitBuffer(bits_buffer_, kTileBytes / 32);
        pipe.InitBuffer(mask_buffer_, kRepeatBytes);
        pipe.InitBuffer(one_buffer_, kBlock * sizeof(int32_t));
    }

    // Landings have a slot that may be written wherever none has landed: they are looked at past what is used.
    __aicore__ inline void Begin()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            filled_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE2_V>();
            stored_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE3_MTE2>();
            Duplicate(landing_[i].template ReinterpretCast<int32_t>(), 0, static_cast<int32_t>(kTileBytes / kWord));
        }
        // Bits that no slot has which may be written: the sign, and all of the high word of int64.
        const auto mask = mask_buffer_.template Get<int32_t>();
        Duplicate(mask, static_cast<int32_t>(0x80000000), static_cast<int32_t>(kRepeatBytes / kWord));
        if constexpr (sizeof(S) == 8) {
            PipeBarrier<PIPE_V>(); // mask is written before it is written over
            uint64_t high[] = {0xaaaaaaaaaaaaaaaa, 0};
            Duplicate(mask, -1, high, 1, 1, 8);
        }
        Order<HardEvent::V_MTE2>(); // V has set landings and mask before MTE2 fills them, and then V looks at them
    }

    // All pieces of a walk. Before the last of them are stored, when nothing is left for V, calls next(): what V is given
    // there it does while S stores.
    template <typename Walk, typename Next>
    __aicore__ inline bool Run(Walk &walk, const Next &next)
    {
        Walk behind = walk.Again();
        do {
            Fill(walk);
            turn_ ^= 1;
            if (many_[turn_] != 0 && !Look()) {
                return false;
            }
            if (many_[turn_ ^ 1] == 0) {
                next();
            }
            if (many_[turn_] != 0) {
                Store(behind);
            }
        } while (many_[turn_ ^ 1] != 0);
        return true;
    }

    // Forgets what is not stored.
    __aicore__ inline void Drop()
    {
        many_[turn_] = 0; // that was looked at
        if (many_[turn_ ^ 1] != 0) {
            WaitFlag<HardEvent::MTE2_V>(filled_[turn_ ^ 1]); // taken back
            many_[turn_ ^ 1] = 0;
        }
        Order<HardEvent::V_MTE2>(); // V has read the landings before MTE2 fills them again
        Free(0);
    }

    // As Run, slot by slot, at once; calls bad(value, i) for slot i that must not be written.
    template <typename Walk, typename Bad>
    __aicore__ inline void Each(Walk &walk, const Bad &bad)
    {
        const LocalTensor<int32_t> one = one_buffer_.template Get<int32_t>();
        Piece piece;
        while (walk.Next(blocks_ * kBlock, piece)) {
            CopyIn(landing_[0], slots_[piece.from], piece.count);
            Order<HardEvent::MTE2_S>(); // MTE2 has filled landing_[0] before S reads it
            for (uint32_t i = 0; i < piece.count; ++i) {
                const int64_t slot = landing_[0].GetValue(i);
                if (slot < 0 || slot >= kSlotLimit) {
                    bad(slot, piece.from + i);
                    continue;
                }
                one.SetValue(0, static_cast<int32_t>(slot));
                Order<HardEvent::S_MTE3>(); // S has set `one` before MTE3 stores it
                CopyOut(table_[piece.to + i], one, 1);
                Order<HardEvent::MTE3_S>(); // MTE3 has stored it before S sets the next
            }
            Order<HardEvent::S_MTE2>(); // S has read landing_[0] before MTE2 fills it again
        }
    }

    __aicore__ inline void Close()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            Free(i);
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE2_V>(filled_[i]);
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_MTE2>(stored_[i]);
        }
    }

    static constexpr int64_t kSlotLimit = int64_t{1} << 31; // one past the greatest slot

private:
    static constexpr uint32_t kTiles = 2;
    static constexpr uint32_t kParts = 16; // words of 64
    static constexpr uint32_t kTileBytes =
        sizeof(S) == 4 ? 4 * ASCEND_CACHE_LOC_SCATTER_TILE_MAX : 8 * ASCEND_CACHE_LOC_SCATTER_TILE_MAX_INT64;
    static constexpr uint32_t kBlock = 8;               // slots: of int32 a 32-byte block
    static constexpr uint32_t kPadded = 32 / sizeof(S); // slots of a block as they come
    static constexpr uint32_t kWord = 4;                // bytes that are looked at as one
    static constexpr uint32_t kRepeatBytes = 256;       // of a vector instruction
    static constexpr uint32_t kGroup = 256;             // words whose bits are a 32-byte block
    static constexpr uint32_t kGroupBits = kGroup / 16; // that block's elements
    static_assert(kTileBytes % (kGroup * kWord) == 0 && kTileBytes <= 255 * kRepeatBytes, "whole groups, in one And");

    __aicore__ static inline uint32_t Blocks(uint32_t slots) { return (slots + kBlock - 1) / kBlock; }

    // Fills the tile whose turn it is with what comes next.
    template <typename Walk>
    __aicore__ inline void Fill(Walk &walk)
    {
        const uint32_t turn = turn_;
        uint32_t used = 0, many = 0;
        for (Piece piece; used < blocks_ && walk.Next((blocks_ - used) * kBlock, piece); ++many) {
            if (many == 0) {
                Free(turn);
            }
            const auto tail = static_cast<uint8_t>((kPadded - piece.count % kPadded) % kPadded);
            const DataCopyExtParams exact(1, piece.count * static_cast<uint32_t>(sizeof(S)), 0, 0, 0);
            DataCopyPad(landing_[turn][used * kBlock], slots_[piece.from], exact,
                        DataCopyPadExtParams<S>(true, 0, tail, 0));
            used += Blocks(piece.count);
        }
        used_[turn] = used;
        many_[turn] = many;
        if (many != 0) {
            SetFlag<HardEvent::MTE2_V>(filled_[turn]); // MTE2 has filled landing_[turn] before V looks at it
        }
    }

    // A tile that is stored may be filled again.
    __aicore__ inline void Free(uint32_t turn)
    {
        if (busy_[turn]) {
            WaitFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
            busy_[turn] = false;
        }
    }

    // Whether all slots of the tile whose turn it is may be stored.
    __aicore__ inline bool Look()
    {
        WaitFlag<HardEvent::MTE2_V>(filled_[turn_]); // MTE2 has filled landing_[turn_] before V looks at it
        slots_of_turn_ = Narrowed(turn_);
        const bool good = AllGood(turn_);
        Order<HardEvent::V_MTE3>(); // V has made the slots of what MTE2 has filled before MTE3 stores them
        return good;
    }

    // Stores them: the pieces that the walk gives next.
    template <typename Walk>
    __aicore__ inline void Store(Walk &walk)
    {
        const uint32_t turn = turn_;
        Piece piece;
        for (uint32_t used = 0; many_[turn] != 0; --many_[turn]) {
            walk.Next((blocks_ - used) * kBlock, piece);
            Part(piece.part);
            CopyOut(table_[piece.to], slots_of_turn_[used * kBlock], piece.count);
            used += Blocks(piece.count);
        }
        SetFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
        busy_[turn] = true;
    }

    // A piece of this part is stored next.
    __aicore__ inline void Part(uint64_t part)
    {
        const uint64_t bit = uint64_t{1} << part % 64;
        if ((parts_[part / 64 % kParts] & bit) != 0) {
            PipeBarrier<PIPE_MTE3>(); // MTE3 has stored what may be in the same place before it stores this
            for (uint64_t &bits : parts_) {
                bits = 0;
            }
        }
        parts_[part / 64 % kParts] |= bit;
    }

    // The slots of a tile as int32, the nearest where they are not.
    __aicore__ inline LocalTensor<int32_t> Narrowed(uint32_t turn)
    {
        if constexpr (sizeof(S) == 4) {
            return landing_[turn];
        } else {
            return StartNarrow(landing_[turn], narrow_buffers_[turn].template Get<int32_t>(), used_[turn] * kBlock);
        }
    }

    // Whether every slot of a tile may be written. Its words are taken as groups whose bits are a block each, so that the
    // bits can be put together half by half.
    __aicore__ inline bool AllGood(uint32_t turn)
    {
        const uint32_t words = used_[turn] * kBlock * static_cast<uint32_t>(sizeof(S) / kWord);
        uint32_t groups = (words + kGroup - 1) / kGroup;
        constexpr uint32_t kHalves = kRepeatBytes / sizeof(int16_t);
        const LocalTensor<int32_t> look = look_buffer_.template Get<int32_t>();
        const LocalTensor<int16_t> bits = bits_buffer_.template Get<int16_t>();
        And(look.template ReinterpretCast<int16_t>(), landing_[turn].template ReinterpretCast<int16_t>(),
            mask_buffer_.template Get<int16_t>(), uint64_t{kHalves},
            static_cast<uint8_t>(groups * kGroup * kWord / kRepeatBytes), {1, 1, 1, 8, 8, 0});
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        CompareScalar(bits.template ReinterpretCast<uint8_t>(), look, 0, CMPMODE::EQ, groups * kGroup);
        PipeBarrier<PIPE_V>();
        for (; groups > 1; groups -= groups / 2) {
            const uint32_t half = groups / 2;
            And(bits, bits, bits[(groups - half) * kGroupBits], static_cast<int32_t>(half * kGroupBits));
            PipeBarrier<PIPE_V>();
        }
        Order<HardEvent::V_S>(); // V has made the bits before S reads them
        int64_t all = -1;
        for (uint32_t i = 0; i < kGroup / 64; ++i) {
            all &= bits.template ReinterpretCast<int64_t>().GetValue(i);
        }
        Order<HardEvent::S_V>(); // S has read the bits before V makes others
        return all == -1;
    }

    GlobalTensor<S> slots_;
    GlobalTensor<int32_t> table_;
    uint32_t blocks_;            // of a tile
    uint32_t turn_ = 0;          // whose landing is filled
    uint32_t used_[kTiles] = {}; // blocks of it
    uint32_t many_[kTiles] = {}; // pieces in it that are not stored
    bool busy_[kTiles] = {};     // whether stored_ is up
    uint64_t parts_[kParts] = {}; // stored to, since the last barrier: a bit each
    // Ids of the flags that stay up from one tile to the next.
    TEventID filled_[kTiles] = {}; // MTE2_V, from when a tile is full until it is looked at
    TEventID stored_[kTiles] = {}; // MTE3_MTE2
    TBuf<TPosition::VECCALC> landing_buffers_[kTiles], narrow_buffers_[kTiles];
    TBuf<TPosition::VECCALC> look_buffer_, bits_buffer_, mask_buffer_, one_buffer_;
    LocalTensor<S> landing_[kTiles];
    LocalTensor<int32_t> slots_of_turn_; // as they are stored
};

} // namespace cache_loc
