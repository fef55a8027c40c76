// get_last_loc: out[i] = table[req_pool_indices[i], prefix_lens[i] - 1], or -1 where prefix_lens[i] <= 0.
//
// Contract: see AscendCacheLocGetLastLocParams. R, L and O are int32 or int64. A row with prefix_lens[i] > 0 whose request
// or prefix length is out of range gives -1, does not read the table, and is reported; the lowest such row of a core
// goes to the core's line of the fault log. n may be anything below 2^31 - 1.
//
// Split: the 64-byte lines of the output, as evenly as they go. Cores own whole lines, so none writes into another's.
//
// UB, for tiles of T = 1,024 rows: indices and lengths 2 * 8 T, landing area 32 T, packed 4 T, widened 8 T, pattern T,
// fault line: 62 KB, less with smaller tiles; buffers are always made for the largest.
//
//     for each tile of the core's rows:
//         MTE2  copy in the tile's request indices and prefix lengths
//         V     landing[0 .. 8 T] = -1                        (32 bytes, one block, a row)
//         S     for each valid row i: MTE2 copy 4 bytes table[req, len - 1] -> block i of landing
//         V     packed = the first element of each block      (GatherMask by a pattern of one bit a block)
//         V     widened = packed                              (only for int64 output)
//         MTE3  copy out exactly the tile's elements
#pragma once

#include "../../prim/fault_log.h"
#include "../../prim/split.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename O>
class LastLoc {
public:
    static __aicore__ inline void Run(const AscendCacheLocGetLastLocParams &params)
    {
        TPipe pipe;
        LastLoc(pipe, params).Process();
    }

    __aicore__ inline LastLoc(TPipe &pipe, const AscendCacheLocGetLastLocParams &params) : params_(params)
    {
        constexpr uint32_t kTile = ASCEND_CACHE_LOC_GET_LAST_LOC_TILE_MAX;
        pipe.InitBuffer(requests_buffer_, kTile * sizeof(R));
        pipe.InitBuffer(lengths_buffer_, kTile * sizeof(L));
        pipe.InitBuffer(landing_buffer_, kTile * kBlock * sizeof(int32_t));
        pipe.InitBuffer(packed_buffer_, kTile * sizeof(int32_t));
        pipe.InitBuffer(pattern_buffer_, kTile);
        if constexpr (sizeof(O) == 8) {
            pipe.InitBuffer(widened_buffer_, kTile * sizeof(O));
            widened_ = widened_buffer_.template Get<O>();
        }
        fault_.Init(pipe, params.head);
        requests_ = requests_buffer_.template Get<R>();
        lengths_ = lengths_buffer_.template Get<L>();
        landing_ = landing_buffer_.template Get<int32_t>();
        packed_ = packed_buffer_.template Get<int32_t>();
        pattern_ = pattern_buffer_.template Get<uint32_t>();
        table_ = Global<int32_t>(params.table.address);
    }

    __aicore__ inline void Process()
    {
        const LineShare share(params_.out.address, params_.n, sizeof(O));
        const uint64_t begin = share.begin, end = share.end;
        if (begin == end) {
            return;
        }
        stored_ = GetTPipePtr()->AllocEventID<HardEvent::MTE3_V>();
        Duplicate(pattern_, 0x01010101u, static_cast<int32_t>(params_.tile / sizeof(uint32_t)));
        for (uint64_t row = begin; row < end; row += params_.tile) {
            Tile(row, static_cast<uint32_t>(Min(params_.tile, end - row)), row != begin);
        }
        WaitFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored the last tile (packed_ or widened_)
        GetTPipePtr()->ReleaseEventID<HardEvent::MTE3_V>(stored_);
        fault_.Write();
    }

private:
    static constexpr uint32_t kBlock = 8; // int32 elements of a 32-byte block

    __aicore__ inline void Tile(uint64_t first, uint32_t count, bool again)
    {
        CopyIn(requests_, Global<R>(params_.req_pool_indices.address)[first], count);
        CopyIn(lengths_, Global<L>(params_.prefix_lens.address)[first], count);
        Duplicate(landing_, -1, static_cast<int32_t>(count * kBlock));
        Order<HardEvent::V_MTE2>(); // V has filled landing_ before MTE2 copies rows into it
        Order<HardEvent::MTE2_S>(); // MTE2 has filled requests_ and lengths_ before S reads them
        for (uint32_t i = 0; i < count; ++i) {
            Row(first + i, i);
        }
        Order<HardEvent::S_MTE2>(); // S has read requests_ and lengths_ before MTE2 copies the next tile in
        // MTE2 has filled landing_ before V packs it; and V itself, which MTE2 has waited for, has filled pattern_.
        Order<HardEvent::MTE2_V>();
        if (again) {
            WaitFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored packed_ or widened_ before V writes it
        }
        uint64_t kept = 0;
        GatherMask(packed_, landing_, pattern_, true, count * kBlock, {1, 1, 8, 8}, kept);
        PipeBarrier<PIPE_V>(); // packed_ is written before it is read, landing_ read before it is refilled
        if constexpr (sizeof(O) == 8) {
            Cast(widened_, packed_, RoundMode::CAST_NONE, count);
        } else {
            widened_ = packed_;
        }
        Order<HardEvent::V_MTE3>(); // V has made the tile (packed_ or widened_) before MTE3 stores it
        CopyOut(Global<O>(params_.out.address)[first], widened_, count);
        SetFlag<HardEvent::MTE3_V>(stored_); // MTE3 has stored it before V writes the next one
    }

    __aicore__ inline void Row(uint64_t row, uint32_t i)
    {
        const int64_t length = lengths_.GetValue(i);
        if (length <= 0) {
            return;
        }
        const int64_t request = requests_.GetValue(i);
        if (request < 0 || request >= params_.rows) {
            fault_.Report(row, ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE, request, params_.rows, 0);
        } else if (length > params_.row_len) {
            fault_.Report(row, ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE, length, params_.row_len, 0);
        } else {
            const uint64_t at = static_cast<uint64_t>(request) * params_.row_stride + static_cast<uint64_t>(length) - 1;
            CopyIn(landing_[i * kBlock], table_[at], 1);
        }
    }

    const AscendCacheLocGetLastLocParams &params_;
    TBuf<TPosition::VECCALC> requests_buffer_, lengths_buffer_, landing_buffer_, packed_buffer_, pattern_buffer_,
        widened_buffer_;
    LocalTensor<R> requests_;
    LocalTensor<L> lengths_;
    LocalTensor<int32_t> landing_, packed_;
    LocalTensor<uint32_t> pattern_;
    LocalTensor<O> widened_;
    GlobalTensor<int32_t> table_;
    TEventID stored_ = 0; // MTE3_V, up from one tile's store to the next tile
    FaultLog fault_;
};

} // namespace cache_loc
