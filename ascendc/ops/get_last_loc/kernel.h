// get_last_loc: out[i] = table[req_pool_indices[i], prefix_lens[i] - 1], or -1 where prefix_lens[i] <= 0.
//
// Contract: see AscendCacheLocGetLastLocParams. R, L and O are int32 or int64. A row with prefix_lens[i] > 0 whose request
// or prefix length is out of range gives -1, does not read the table, and is reported; the lowest such row of a core
// goes to the core's line of the fault log. n may be anything below 2^31 - 1.
//
// Split: the 64-byte lines of the output, as evenly as they go. Cores own whole lines, so none writes into another's.
//
// UB, for tiles of T = 1,024 rows: indices and lengths 2 * 8 T, words 8 T, landing 32 T, pattern T, packing 12 T, fault
// line: 69 KB and 64 B, less with narrower elements; buffers are always made for the largest tile.
//
//     for each tile of the core's rows:
//         MTE2  copy in the tile's request indices and prefix lengths
//         V     landing[0 .. 8 T] = -1                        (32 bytes, one block, a row)
//         V     tells which rows are in order, and their entries (row_words.h), while S looks at the first few itself
//         S     for each valid row i: MTE2 copy 4 bytes table[req, len - 1] -> block i of landing
//         V     pack the first element of each block, widen   (packing.h, by a pattern of one bit a block)
//         MTE3  copy out exactly the tile's elements
#pragma once

#include "../../prim/fault_log.h"
#include "../../prim/packing.h"
#include "../../prim/row_words.h"
#include "../../prim/rows.h"
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

    __aicore__ inline LastLoc(TPipe &pipe, const AscendCacheLocGetLastLocParams &params)
        : params_(params), requests_(pipe, params.req_pool_indices.address, kTile),
          lengths_(pipe, params.prefix_lens.address, kTile), size_{params.rows, params.row_stride, params.row_len},
          packing_(pipe, params.out.address, kTile), fault_(pipe, params.head),
          table_(Global<int32_t>(params.table.address))
    {
        for (uint32_t i = 0; i < EntryWords::kLent; ++i) {
            pipe.InitBuffer(lent_buffers_[i], kTile * sizeof(int32_t));
            lent_[i] = lent_buffers_[i].template Get<int32_t>();
        }
        pipe.InitBuffer(landing_buffer_, kTile * kBlock * sizeof(int32_t));
        pipe.InitBuffer(pattern_buffer_, kTile);
        landing_ = landing_buffer_.template Get<int32_t>();
        pattern_ = pattern_buffer_.template Get<uint32_t>();
    }

    __aicore__ inline void Process()
    {
        const LineShare share(params_.out.address, params_.n, sizeof(O));
        if (share.begin == share.end) {
            return;
        }
        SaturateCasts();
        packing_.Begin();
        Duplicate(pattern_, 0x01010101u, static_cast<int32_t>(params_.tile / sizeof(uint32_t)));
        for (uint64_t row = share.begin; row < share.end; row += params_.tile) {
            Tile(row, static_cast<uint32_t>(Min(params_.tile, share.end - row)));
        }
        packing_.Finish();
        fault_.Write();
    }

private:
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_ROW_TILE_MAX;
    static constexpr uint32_t kBlock = 8;       // int32 elements of a 32-byte block
    static constexpr uint32_t kWorthwhile = 16; // rows that V looks at sooner than S
    static constexpr uint32_t kMeanwhile = 8;   // rows that S looks at meanwhile

    __aicore__ inline void Tile(uint64_t first, uint32_t count)
    {
        requests_.Load(first, count);
        lengths_.Load(first, count);
        Duplicate(landing_, -1, static_cast<int32_t>(count * kBlock));
        Order<HardEvent::V_MTE2>(); // V has filled landing_ before MTE2 copies rows into it
        Order<HardEvent::MTE2_S>(); // MTE2 has filled requests_ and lengths_ before S reads them
        for (uint32_t at = 0; at < count; at += RowWords::kMost) {
            Rows(first + at, at, static_cast<uint32_t>(Min(RowWords::kMost, count - at)));
        }
        Order<HardEvent::S_MTE2>(); // S has read requests_ and lengths_ before MTE2 copies the next tile in
        // V has filled pattern_ long since: MTE2 has waited for V above, and packing waits for MTE2.
        packing_.Store(first, landing_, count * kBlock, pattern_, count);
    }

    // Rows at..at + count of the tile.
    __aicore__ inline void Rows(uint64_t first, uint32_t at, uint32_t count)
    {
        const bool words = size_.FitsInt32() && count >= kWorthwhile;
        if (words) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled requests_ and lengths_ before V reads them
            words_.Make(size_, requests_.tile[at], lengths_.tile[at], lent_, count);
        }
        const uint32_t few = words ? kMeanwhile : count;
        for (uint32_t i = 0; i < few; ++i) {
            Row(first + i, at + i);
        }
        if (words) {
            Order<HardEvent::V_S>(); // V has made the words, and has read the columns, before S reads the words
            for (uint32_t i = few; i < count; ++i) {
                const int32_t entry = words_.GetBegin(i);
                if (entry < 0) {
                    Row(first + i, at + i);
                } else {
                    CopyIn(landing_[(at + i) * kBlock], table_[static_cast<uint64_t>(entry)], 1);
                }
            }
            Order<HardEvent::S_V>(); // S has read the words before V makes others
        }
    }

    __aicore__ inline void Row(uint64_t row, uint32_t i)
    {
        const int64_t length = lengths_.Get(i);
        if (length <= 0) {
            return;
        }
        const int64_t request = requests_.Get(i);
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
    Column<R> requests_;
    Column<L> lengths_;
    TableSize size_;
    EntryWords words_;
    Packing<O> packing_;
    FaultLog fault_;
    GlobalTensor<int32_t> table_;
    TBuf<TPosition::VECCALC> lent_buffers_[EntryWords::kLent], landing_buffer_, pattern_buffer_;
    LocalTensor<int32_t> lent_[EntryWords::kLent];
    LocalTensor<int32_t> landing_;
    LocalTensor<uint32_t> pattern_; // one bit a block: its first element
};

} // namespace cache_loc
