// Takes pieces of an array of slots to their places in the table: what lies end to end goes out ragged.
//
// The other way round from ragged_gather.h: each piece lands at the begin of a block of 8 slots, since what is stored from
// UB must begin at one. V narrows a tile of int64 slots and looks at all of a tile at once: a slot below 0 or past int32
// must not be written. Then the pieces are stored one by one.
//
// Four tiles take turns, of few pieces each. S has all of them filled before it asks V to look at the first, and V looks at
// the next one while one is stored, so that nobody waits for what is just coming.
//
// Which pieces there are a walk says: an object whose Next(room, piece) gives the next one, of up to `room` slots, or
// false. They are walked twice, once to fill and, by a copy of the walk behind it, once to store, which costs S less than
// keeping in UB what it has read there. So Again() gives that copy, and it gives the same pieces for the same room.
//
// What MTE3 stores to one place it must be told to store one after the other. So S keeps which parts of the table have
// been stored to, and puts a barrier where one comes again, unless it goes on where the piece before it ended. Of parts
// with the same low bits only one is known of.
//
// Contract: Begin once, then Run as often as wanted, Close at the end. Run returns false once a tile has a slot that must
// not be written: of that tile and of what comes behind it nothing is stored then, and after Drop all may be told again to
// Each, which looks at every slot by itself. What is stored is exact to the element.
//
// UB, for tiles of so many bytes, 8.5 or 8 KB: landings 4 tiles, looked at half a tile, bits of 4 times 32 bytes, a mask of
// 256 bytes, one block; for int64 narrowed 4 half tiles. Pipes: MTE2 fills, V looks and narrows, S walks, MTE3 stores.
// Flags that stay up, three a tile: MTE2_V, V_S and MTE3_MTE2.
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
        : source_(Global<S>(slots)), table_(Global<int32_t>(table)), blocks_(tile / kBlock)
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            pipe.InitBuffer(landing_buffers_[i], kTileBytes);
            landing_[i] = landing_buffers_[i].template Get<S>();
            if constexpr (sizeof(S) == 8) {
                pipe.InitBuffer(narrow_buffers_[i], kTileBytes / 2);
            }
        }
        pipe.InitBuffer(look_buffer_, kLookRepeats * kRepeatBytes);
        pipe.InitBuffer(bits_buffer_, kTiles * kBitsBytes);
        pipe.InitBuffer(mask_buffer_, kRepeatBytes);
        pipe.InitBuffer(one_buffer_, kBlock * sizeof(int32_t));
    }

    // Landings have a slot that may be written wherever none has landed: they are looked at past what is used.
    __aicore__ inline void Begin()
    {
        for (uint32_t i = 0; i < kTiles; ++i) {
            filled_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE2_V>();
            looked_[i] = GetTPipePtr()->AllocEventID<HardEvent::V_S>();
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

    // All pieces of a walk. Calls half() once when half of the tiles are being filled, or all that there is, and last() once
    // before the last tile is stored: what V and MTE2 are given there they do while S fills and stores.
    template <typename Walk, typename Half, typename Last>
    __aicore__ inline bool Run(Walk &walk, const Half &half, const Last &last)
    {
        Walk behind = walk.Again();
        for (bool more = true, told = false; more || filled_tiles_ != 0;) {
            while (more && filled_tiles_ < kTiles) {
                more = Fill(walk);
                if (!told && (!more || filled_tiles_ == kTiles / 2)) {
                    half();
                    told = true;
                }
            }
            while (looked_tiles_ < filled_tiles_ && looked_tiles_ < 2) {
                Look();
            }
            if (!more && filled_tiles_ <= 1) {
                last();
            }
            if (filled_tiles_ != 0) {
                if (!Good()) {
                    Leave();
                    return false;
                }
                Store(behind);
            }
        }
        return true;
    }

    // Forgets what is not stored. S has waited for V here: whoever orders S before MTE2 next has V's reading of the landings
    // behind it, too.
    __aicore__ inline void Drop()
    {
        while (filled_tiles_ != 0) {
            if (looked_tiles_ == 0) {
                Look();
            }
            Good();
            Leave();
        }
        for (uint32_t i = 0; i < kTiles; ++i) {
            Free(i);
        }
    }

    // As Run, slot by slot, at once; calls bad(value, i) for slot i that must not be written.
    template <typename Walk, typename Bad>
    __aicore__ inline void Each(Walk &walk, const Bad &bad)
    {
        const LocalTensor<int32_t> one = one_buffer_.template Get<int32_t>();
        Piece piece;
        while (walk.Next(blocks_ * kBlock, piece)) {
            CopyIn(landing_[0], source_[piece.from], piece.count);
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
            GetTPipePtr()->ReleaseEventID<HardEvent::V_S>(looked_[i]);
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_MTE2>(stored_[i]);
        }
    }

    static constexpr int64_t kSlotLimit = int64_t{1} << 31; // one past the greatest slot

private:
    static constexpr uint32_t kTiles = 4;
    static constexpr uint32_t kMany = 16;  // pieces of a tile at most: so many are fetched and stored in about a copy's trip
    static constexpr uint32_t kParts = 16; // words of 64
    static constexpr uint32_t kTileBytes =
        sizeof(S) == 4 ? 4 * ASCEND_CACHE_LOC_SCATTER_TILE_MAX : 8 * ASCEND_CACHE_LOC_SCATTER_TILE_MAX_INT64;
    static constexpr uint32_t kBlock = 8;               // slots: of int32 a 32-byte block
    static constexpr uint32_t kPadded = 32 / sizeof(S); // slots of a block as they come
    static constexpr uint32_t kWord = 4;                // bytes that are looked at as one
    static constexpr uint32_t kRepeatBytes = 256;       // of a vector instruction
    static constexpr uint32_t kHalves = kRepeatBytes / sizeof(int16_t);
    static constexpr uint32_t kWide = 4;                // repeats of which S reads the bits
    static constexpr uint32_t kBitsBytes = kWide * kRepeatBytes / kWord / 8;
    static constexpr uint32_t kLookRepeats = (kTileBytes / kRepeatBytes + 1) / 2; // what Or leaves of a tile
    static_assert(kTileBytes % kRepeatBytes == 0 && kTileBytes <= 255 * kRepeatBytes, "whole repeats, in one instruction");
    static_assert(kLookRepeats >= kWide, "what is looked at without Or has room");

    __aicore__ static inline uint32_t Blocks(uint32_t slots) { return (slots + kBlock - 1) / kBlock; }

    // Fills the tile behind those under way with what comes next; false where that is all.
    template <typename Walk>
    __aicore__ inline bool Fill(Walk &walk)
    {
        const uint32_t turn = (turn_ + filled_tiles_) % kTiles;
        uint32_t used = 0, many = 0;
        bool more = true;
        for (Piece piece; used < blocks_ && many < kMany; ++many) {
            more = walk.Next((blocks_ - used) * kBlock, piece);
            if (!more) {
                break;
            }
            if (many == 0) {
                Free(turn);
            }
            const auto tail = static_cast<uint8_t>((kPadded - piece.count % kPadded) % kPadded);
            const DataCopyExtParams exact(1, piece.count * static_cast<uint32_t>(sizeof(S)), 0, 0, 0);
            DataCopyPad(landing_[turn][used * kBlock], source_[piece.from], exact,
                        DataCopyPadExtParams<S>(true, 0, tail, 0));
            used += Blocks(piece.count);
        }
        if (many != 0) {
            used_[turn] = used;
            many_[turn] = many;
            SetFlag<HardEvent::MTE2_V>(filled_[turn]); // MTE2 has filled landing_[turn] before V looks at it
            ++filled_tiles_;
        }
        return more;
    }

    // A tile that is stored may be filled again.
    __aicore__ inline void Free(uint32_t turn)
    {
        if (busy_[turn]) {
            WaitFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
            busy_[turn] = false;
        }
    }

    // Has V look at the first tile under way that it has not looked at.
    __aicore__ inline void Look()
    {
        const uint32_t turn = (turn_ + looked_tiles_) % kTiles;
        WaitFlag<HardEvent::MTE2_V>(filled_[turn]); // MTE2 has filled landing_[turn] before V looks at it
        slots_[turn] = Narrowed(turn);
        StartBits(turn);
        SetFlag<HardEvent::V_S>(looked_[turn]); // V has made the slots and bits_ of this turn before S reads the bits
        ++looked_tiles_;
    }

    // Whether all slots of the first tile under way may be stored.
    __aicore__ inline bool Good()
    {
        WaitFlag<HardEvent::V_S>(looked_[turn_]); // V has made the slots and bits_ of this turn before S reads the bits
        int64_t all = -1;
        for (uint32_t i = 0; i < wide_[turn_]; ++i) {
            all &= Bits(turn_).template ReinterpretCast<int64_t>().GetValue(i);
        }
        return all == -1;
    }

    // Stores them: the pieces that the walk gives next. What S has waited for here, V waits for when it looks at this turn
    // again: MTE3 hands it on to MTE2, and that to V.
    template <typename Walk>
    __aicore__ inline void Store(Walk &walk)
    {
        const uint32_t turn = turn_;
        Order<HardEvent::S_MTE3>(); // S knows that V has made the slots of what MTE2 has filled, before MTE3 stores them
        Piece piece;
        for (uint32_t used = 0, many = many_[turn]; many != 0; --many) {
            walk.Next((blocks_ - used) * kBlock, piece);
            Part(piece);
            CopyOut(table_[piece.to], slots_[turn][used * kBlock], piece.count);
            used += Blocks(piece.count);
        }
        SetFlag<HardEvent::MTE3_MTE2>(stored_[turn]); // MTE3 has stored landing_[turn] before MTE2 fills it again
        busy_[turn] = true;
        Leave();
    }

    // The first tile under way is so no more.
    __aicore__ inline void Leave()
    {
        turn_ = (turn_ + 1) % kTiles;
        --filled_tiles_;
        --looked_tiles_;
    }

    // A piece is stored next. Where it goes on with the one before it, all that is there of its part since the last barrier
    // ends where it begins.
    __aicore__ inline void Part(const Piece &piece)
    {
        const bool goes_on = piece.part == part_ && piece.to == end_;
        const uint64_t part = piece.part, bit = uint64_t{1} << part % 64;
        part_ = part;
        end_ = piece.to + piece.count;
        if (!goes_on && (parts_[part / 64 % kParts] & bit) != 0) {
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

    // Bits of a tile, 1 where nothing is wrong: half by half its words are or-ed together until they are so few that S can
    // read a bit of each.
    __aicore__ inline void StartBits(uint32_t turn)
    {
        const LocalTensor<int16_t> look = look_buffer_.template Get<int16_t>();
        LocalTensor<int16_t> words = landing_[turn].template ReinterpretCast<int16_t>();
        uint32_t wide = (used_[turn] * kBlock * static_cast<uint32_t>(sizeof(S)) + kRepeatBytes - 1) / kRepeatBytes;
        PipeBarrier<PIPE_V>(); // V has read what it looked at before, before it writes over that
        for (uint32_t half = (wide + 1) / 2; wide > kWide; half = wide / 2) {
            Or(look, words, words[(wide - half) * kHalves], static_cast<int32_t>(half * kHalves));
            PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
            wide -= wide / 2;
            words = look;
        }
        And(look, words, mask_buffer_.template Get<int16_t>(), uint64_t{kHalves}, static_cast<uint8_t>(wide),
            {1, 1, 1, 8, 8, 0});
        PipeBarrier<PIPE_V>();
        CompareScalar(Bits(turn), look.template ReinterpretCast<int32_t>(), 0, CMPMODE::EQ, wide * kRepeatBytes / kWord);
        wide_[turn] = wide;
    }

    __aicore__ inline LocalTensor<uint8_t> Bits(uint32_t turn) const
    {
        return bits_buffer_.template Get<uint8_t>()[turn * kBitsBytes];
    }

    GlobalTensor<S> source_;
    GlobalTensor<int32_t> table_;
    uint32_t blocks_;            // of a tile
    uint32_t turn_ = 0;          // the first tile under way
    uint32_t filled_tiles_ = 0;  // under way: filled, or being filled
    uint32_t looked_tiles_ = 0;  // of those looked at, or being looked at
    uint32_t used_[kTiles] = {}; // blocks of a tile
    uint32_t many_[kTiles] = {}; // pieces in it
    uint32_t wide_[kTiles] = {}; // repeats that it has bits of
    bool busy_[kTiles] = {};     // whether stored_ is up
    uint64_t parts_[kParts] = {}; // stored to, since the last barrier: a bit each
    uint64_t part_ = 0, end_ = 0; // of the piece that was stored last
    // Ids of the flags that stay up from one tile to the next.
    TEventID filled_[kTiles] = {}; // MTE2_V, from when a tile is full until it is looked at
    TEventID looked_[kTiles] = {}; // V_S, from when it is looked at until S knows what was found
    TEventID stored_[kTiles] = {}; // MTE3_MTE2
    TBuf<TPosition::VECCALC> landing_buffers_[kTiles], narrow_buffers_[kTiles];
    mutable TBuf<TPosition::VECCALC> look_buffer_, bits_buffer_, mask_buffer_, one_buffer_;
    LocalTensor<S> landing_[kTiles];
    LocalTensor<int32_t> slots_[kTiles]; // as they are stored
};

} // namespace cache_loc
