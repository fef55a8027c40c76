// assign_extend_cache_locs_uniform: of each row the slots table[req_pool_indices[i], start_offsets[i] ..] of equally
// many tokens, row i's from i * tokens_per_row on, and where they are wanted the tokens' positions likewise.
//
// Contract: see AscendCacheLocAssignExtendCacheLocsUniformParams. R, L and O are int32 or int64, positions are L. A row
// whose request is none, or whose window is not within the row, does not read the table: its slots and its positions
// are -1, and it is reported; the lowest such row of a core goes to the core's line of the fault log. A row's place is
// known, so nothing is summed. n and tokens_per_row may be anything below 2^31 - 1, their product anything.
//
// Split: the 64-byte lines of `out`, and those of `positions`, each as evenly as they go: the two may begin at other
// places in a line and have elements of other sizes. A core makes its share of either, rows cut where they are.
//
// UB, for tiles of 1,024 rows: requests and starts 16 KB, windows 24 KB, positions 60.25 KB, gather 2 * 16 + 1 + 16
// + 32 KB, fault line 64 B: 181.25 KB and 64 B, less with narrower elements.
//
//     for each tile of the rows that either share has a part of:
//         MTE2  copy in the tile's request indices and starts; of the first tile while S and V prepare the rest
//         V     look at the rows, and make a word of each (windows.h)
//         V     make the first position of each, and from these the positions in the core's share, a piece at a time;
//               MTE3 copy each out (positions.h)
//         S     for each row: read its word, and append the part in the core's share: table entries, or -1
//               (ragged_gather.h: MTE2 copies in, V packs, MTE3 copies out)
#pragma once

#include "../../prim/fault_log.h"
#include "../../prim/positions.h"
#include "../../prim/ragged_gather.h"
#include "../../prim/rows.h"
#include "../../prim/windows.h"
#include "params.h"

namespace cache_loc {

template <typename R, typename L, typename O>
class UniformLocs {
public:
    using Params = AscendCacheLocAssignExtendCacheLocsUniformParams;

    static __aicore__ inline void Run(const Params &params)
    {
        TPipe pipe;
        UniformLocs(pipe, params).Process();
    }

    __aicore__ inline UniformLocs(TPipe &pipe, const Params &params)
        : params_(params), tokens_(params.tokens_per_row), requests_(pipe, params.req_pool_indices.address, kRows),
          starts_(pipe, params.start_offsets.address, kRows),
          windows_(pipe, {params.rows, params.row_stride, params.row_len}, params.tokens_per_row, kRows),
          positions_(pipe, params.positions.address, params.tokens_per_row, params.copy_tile),
          gather_(pipe, params.out.address, params.copy_tile), fault_(pipe, params.head),
          table_(Global<int32_t>(params.table.address))
    {
    }

    __aicore__ inline void Process()
    {
        const LineShare out(params_.out.address, params_.n * tokens_, sizeof(O));
        const LineShare positions(params_.positions.address, params_.positions.bytes / sizeof(L), sizeof(L));
        const bool has_out = out.begin != out.end, has_positions = positions.begin != positions.end;
        if (!has_out && !has_positions) {
            return;
        }
        // An empty share may lie anywhere.
        const LineShare &one = has_out ? out : positions, &other = has_positions ? positions : out;
        const uint64_t begin = Min(one.begin, other.begin), end = Max(one.end, other.end);
        const uint64_t end_row = (end + tokens_ - 1) / tokens_;
        uint64_t row = begin / tokens_;
        uint32_t count = Load(row, end_row); // before all else: MTE2 takes longer than that
        if (has_out) {
            gather_.Begin(out.begin);
        }
        if (has_positions) {
            windows_.Open();
            positions_.Open();
        }
        while (count != 0) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled requests_ and starts_ before V reads them
            windows_.Make(requests_.tile, starts_.tile, count); // S may read them too: it has waited for V
            if (has_positions) {
                positions_.Make(windows_.Firsts(count), row, Max(positions.begin, row * tokens_),
                                Min(positions.end, (row + count) * tokens_));
            }
            Slots(out, row, count);
            row += count;
            Order<HardEvent::S_MTE2>(); // S has read them, and V, which S has waited for, before MTE2 copies others in
            count = Load(row, end_row);
        }
        if (has_out) {
            gather_.Finish();
        }
        if (has_positions) {
            positions_.Close();
        }
        fault_.Write();
    }

private:
    static constexpr uint32_t kRows = ASCEND_CACHE_LOC_ROW_TILE_MAX;

    // Has MTE2 copy in rows from `row` on, as many as a tile has room for, up to `end`: how many they are.
    __aicore__ inline uint32_t Load(uint64_t row, uint64_t end)
    {
        const auto count = static_cast<uint32_t>(Min(params_.walk_tile, end - row));
        if (count != 0) {
            requests_.Load(row, count);
            starts_.Load(row, count);
        }
        return count;
    }

    // Of the share's slots those of rows first..first + count.
    __aicore__ inline void Slots(const LineShare &share, uint64_t first, uint32_t count)
    {
        const uint64_t begin_row = Max(share.begin / tokens_, first);
        const uint64_t end = Min(share.end, (first + count) * tokens_);
        uint64_t place = begin_row * tokens_; // of the row
        for (auto i = static_cast<uint32_t>(begin_row - first); place < end; ++i, place += tokens_) {
            const int32_t word = windows_.Word(i);
            const uint64_t from = Max(share.begin, place) - place;
            const uint64_t length = Min(tokens_, end - place) - from;
            if (word >= 0) {
                gather_.Append(TableSlots{table_, static_cast<uint64_t>(word) + from}, length);
            } else {
                Row(first + i, i, from, length);
            }
        }
    }

    // A row that is not surely in order: `length` of its tokens, `from` the first of them.
    __aicore__ inline void Row(uint64_t row, uint32_t i, uint64_t from, uint64_t length)
    {
        const int64_t request = requests_.Get(i);
        const int64_t start = starts_.Get(i);
        const auto tokens = static_cast<int64_t>(tokens_);
        const bool of_request = request < 0 || request >= params_.rows;
        if (!of_request && start >= 0 && start <= int64_t{params_.row_len} - tokens) {
            const uint64_t place = static_cast<uint64_t>(request) * params_.row_stride + static_cast<uint64_t>(start);
            gather_.Append(TableSlots{table_, place + from}, length);
            return;
        }
        if (from == 0 && of_request) { // reported where the row begins
            fault_.Report(row, ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE, request, params_.rows, 0);
        } else if (from == 0) {
            const int64_t end = start > kMost - tokens ? kMost : start + tokens;
            fault_.Report(row, ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW, start, end, params_.row_len);
        }
        gather_.Append(NoSlots{}, length);
    }

    static constexpr int64_t kMost = 0x7fffffffffffffff;

    const Params &params_;
    uint64_t tokens_; // of a row
    Column<R> requests_;
    Column<L> starts_;
    Windows windows_;
    Positions<L> positions_;
    RaggedGather<O> gather_;
    FaultLog fault_;
    GlobalTensor<int32_t> table_;
};

} // namespace cache_loc
