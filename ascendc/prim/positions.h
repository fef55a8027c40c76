// The positions of the tokens of rows of equally many: first, first + 1, ... for each row, the rows end to end.
//
// Made a piece at a time, in one of two ways. Several whole rows, each at the begin of a 32-byte block: first positions
// are spread, each over a block, and a repeat of Add is 64 tokens of a row, its first position added to 0, 1, ... in
// all lanes. Where rows do not fill their blocks one GatherMask closes the gaps. Or a part of one row, where a piece
// begins within it or the row is too long for two in a piece.
//
// Two pieces take turns, so that one is made while the other is stored.
//
// Contract: Open once, Make as often as wanted, Close once. A first position is at most -tokens where the row's
// positions are -1 each. V may read the first positions that Make is given, in whole blocks.
//
// UB: indices and landing 2 * 8 KB, spread first positions 4.25 KB, pieces 2 * 8 KB, for int64 2 * 16 KB and 8 KB more.
// Pipes: V makes, MTE3 stores. Flags that stay up between Open and Close, one a piece: MTE3_V.
#pragma once

#include "dma.h"
#include "split.h"

namespace cache_loc {

template <typename L>
class Positions {
public:
    using Vector = LocalTensor<int32_t>;

    // Elements of a piece, at most.
    static constexpr uint32_t kPiece = 2048;

    // Into an output at an address, of rows of so many tokens, in pieces of so many at most: a multiple of 8.
    __aicore__ inline Positions(TPipe &pipe, uint64_t out, uint64_t tokens, uint64_t most)
        : out_(Global<L>(out)), tokens_(tokens), most_(Min(most, kPiece)),
          width_((tokens + kBlock - 1) / kBlock * kBlock), rows_(Min(most_ / width_, kRows))
    {
        pipe.InitBuffer(indices_buffer_, kPiece * sizeof(int32_t));
        pipe.InitBuffer(landing_buffer_, kPiece * sizeof(int32_t));
        pipe.InitBuffer(spread_buffer_, (kRows + kBlock) * kBlock * sizeof(int32_t));
        indices_ = indices_buffer_.template Get<int32_t>();
        landing_ = landing_buffer_.template Get<int32_t>();
        spread_ = spread_buffer_.template Get<int32_t>();
        for (uint32_t i = 0; i < kPieces; ++i) {
            pipe.InitBuffer(piece_buffers_[i], kPiece * sizeof(L));
            pieces_[i] = piece_buffers_[i].template Get<L>();
        }
        if constexpr (sizeof(L) == 8) {
            pipe.InitBuffer(tight_buffer_, kPiece * sizeof(int32_t));
        }
    }

    __aicore__ inline void Open()
    {
        CreateVecIndex(indices_, 0, kPiece);
        for (uint32_t i = 0; i < kPieces; ++i) {
            stored_[i] = GetTPipePtr()->AllocEventID<HardEvent::MTE3_V>();
            SetFlag<HardEvent::MTE3_V>(stored_[i]); // MTE3 has stored nothing yet: V may fill pieces_[i]
        }
    }

    // Elements begin..end of the output; firsts[0] is of row `row`, the first of theirs or one before it.
    __aicore__ inline void Make(const Vector &firsts, uint64_t row, uint64_t begin, uint64_t end)
    {
        for (uint64_t at = begin; at < end;) {
            const uint64_t of_row = at / tokens_;
            const auto i = static_cast<uint32_t>(of_row - row);
            const uint64_t phase = at - of_row * tokens_;
            const bool whole = phase == 0 && rows_ > 1;
            const auto n = static_cast<uint32_t>(Min(end - at, whole ? rows_ * tokens_ : Min(most_, tokens_ - phase)));
            WaitFlag<HardEvent::MTE3_V>(stored_[turn_]); // MTE3 has stored pieces_[turn_] before V fills it again
            if (whole) {
                Rows(firsts, i, static_cast<uint32_t>((n + tokens_ - 1) / tokens_));
            } else {
                Part(firsts, i, static_cast<int32_t>(phase), n);
            }
            if constexpr (sizeof(L) == 8) {
                Cast(pieces_[turn_], Tight(), RoundMode::CAST_NONE, n);
            }
            Order<HardEvent::V_MTE3>(); // V has made the piece before MTE3 stores it
            CopyOut(out_[at], pieces_[turn_], n);
            SetFlag<HardEvent::MTE3_V>(stored_[turn_]); // MTE3 has stored pieces_[turn_] before V fills it again
            turn_ ^= 1;
            at += n;
        }
    }

    __aicore__ inline void Close()
    {
        for (uint32_t i = 0; i < kPieces; ++i) {
            WaitFlag<HardEvent::MTE3_V>(stored_[i]); // MTE3 has stored pieces_[i]; none but Make waits for it
            GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_V>(stored_[i]);
        }
    }

private:
    static constexpr uint32_t kPieces = 2;
    static constexpr uint32_t kBlock = 8;  // int32 elements of a 32-byte block
    static constexpr uint32_t kLanes = 64; // and of a repeat
    static constexpr uint64_t kRows = 128; // of a piece, at most

    // All tokens of rows i..i + count.
    __aicore__ inline void Rows(const Vector &firsts, uint32_t i, uint32_t count)
    {
        const Vector first = Spread(firsts, i, count);
        const auto width = static_cast<uint32_t>(width_);
        const auto blocks = static_cast<uint8_t>(width / kBlock);
        for (uint32_t j = 0; j < width; j += kLanes) {
            Add(landing_[j], indices_[j], first, Min(width - j, kLanes), static_cast<uint8_t>(count),
                {1, 1, 0, blocks, 0, 1});
        }
        PipeBarrier<PIPE_V>(); // landing_ is written before it is read
        if (width == tokens_) {
            Maxs(Tight(), landing_, -1, static_cast<int32_t>(count * width));
        } else {
            Maxs(landing_, landing_, -1, static_cast<int32_t>(count * width));
            PipeBarrier<PIPE_V>();
            uint64_t kept = 0;
            GatherMask(Tight(), landing_, uint8_t{7}, true, static_cast<uint32_t>(tokens_),
                       {1, static_cast<uint16_t>(count), blocks, 0}, kept);
        }
        PipeBarrier<PIPE_V>(); // and Tight(), landing_ read before it is written again
    }

    // `count` tokens of row i, from the phase-th on.
    __aicore__ inline void Part(const Vector &firsts, uint32_t i, int32_t phase, uint32_t count)
    {
        const Vector first = Spread(firsts, i, 1);
        Adds(first, first, phase, static_cast<int32_t>(kBlock));
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote
        Add(landing_, indices_, first, kLanes, static_cast<uint8_t>((count + kLanes - 1) / kLanes), {1, 1, 0, 8, 8, 0});
        PipeBarrier<PIPE_V>();
        Maxs(Tight(), landing_, -1, static_cast<int32_t>(count));
        PipeBarrier<PIPE_V>();
    }

    // The first positions of rows i..i + count, each in all of a block.
    __aicore__ inline Vector Spread(const Vector &firsts, uint32_t i, uint32_t count)
    {
        const uint32_t lead = i % kBlock;
        Brcb(spread_, firsts[i - lead], static_cast<uint8_t>((lead + count + kBlock - 1) / kBlock), {1, 8});
        PipeBarrier<PIPE_V>(); // spread_ is written before it is read
        return spread_[lead * kBlock];
    }

    // Where a piece is made, as int32.
    __aicore__ inline Vector Tight()
    {
        if constexpr (sizeof(L) == 8) {
            return tight_buffer_.template Get<int32_t>();
        } else {
            return pieces_[turn_];
        }
    }

    GlobalTensor<L> out_;
    uint64_t tokens_;
    uint64_t most_;  // elements of a piece
    uint64_t width_; // of a row in landing_, in elements
    uint64_t rows_;  // of a piece of several
    uint32_t turn_ = 0;
    TEventID stored_[kPieces] = {}; // MTE3_V
    TBuf<TPosition::VECCALC> indices_buffer_, landing_buffer_, spread_buffer_, tight_buffer_, piece_buffers_[kPieces];
    Vector indices_, landing_, spread_;
    LocalTensor<L> pieces_[kPieces];
};

} // namespace cache_loc
