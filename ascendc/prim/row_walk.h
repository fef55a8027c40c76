// A core's walk over the rows of its share, where V tells which of them are in order while S looks at the first.
//
// Rows are taken a tile at a time: their columns are copied in, unless those of all rows are there. Where V is asked, it makes
// the tile's words (row_words.h), S looks at rows until the first has something of the share, and at those behind that are not
// in order, or not wholly in the share; of the others it reads one word.
//
// Words of the first tile may be made ahead, where it is known before the share is.
//
// Contract: read(first, count) copies columns of rows in, by MTE2. make(row, i, count), for V, makes words of rows row..row +
// count, whose columns are elements i.. of what is there; row is a multiple of a block. look(row, i, count) handles a row, the
// i-th of the `count` whose columns are there, by S, and sets `begun` once one has something of the share. append(begin, length)
// handles the slots of a word's row. group(row, until, begin), once V makes words, handles rows up to `until` together, of the
// tile that begins with row `begin`, and gives the row behind them, having ordered S behind V: `row` where it handles none. The
// share's first row is `row`, and it has been found (ragged_share.h).
//
// UB: none. Pipes: MTE2 reads, V makes words, S walks; they are ordered here, and V before S alone by what `look` does.
#pragma once

#include "ragged_share.h"
#include "row_words.h"

namespace cache_loc {

struct RowTiles {
    uint64_t n;         // rows of the batch
    uint32_t most;      // rows of a tile
    bool all;           // whether the columns of all rows are there
    bool words;         // whether V is asked
    bool ahead = false; // and has been, of the first tile, which then begins with row 0
};

// Whether a core has so many of n rows that V looks at them sooner than S does.
__aicore__ inline bool WorthWords(uint64_t n)
{
    return n >= ASCEND_CACHE_LOC_PREPARED_ROWS * static_cast<uint64_t>(GetBlockNum());
}

// Runs the scan of the rows. Where V is asked, and the columns of all rows are there, it makes the words of the first tile
// while S adds up what it has summed, if that tile is known before the share is: the first core's is, and the only one there
// is. Whether it has: then the walk is ahead.
template <typename Scan, typename Make>
__aicore__ inline bool ScanRows(Scan &scan, const RowTiles &tiles, uint32_t core, const Make &make)
{
    const bool ahead = tiles.words && tiles.all && scan.ByVector() && (core == 0 || tiles.n <= tiles.most);
    scan.Run([&] {
        if (ahead) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
            make(0, 0, static_cast<uint32_t>(Min(tiles.most, tiles.n)));
        }
    });
    return ahead;
}

// Where rows are not handled many at a time.
struct OneByOne {
    __aicore__ inline uint64_t operator()(uint64_t row, uint64_t, uint64_t) const { return row; }
};

template <typename Share, typename Read, typename Make, typename Look, typename Append, typename Group = OneByOne>
__aicore__ inline void WalkRows(const RowTiles &tiles, uint64_t row, Share &share, RowWords &words, const bool &begun,
                                const Read &read, const Make &make, const Look &look, const Append &append,
                                const Group &group = {})
{
    constexpr uint32_t kBlock = 8;    // rows whose columns begin where a vector can
    constexpr uint32_t kGroup = 128;  // rows that may be handled together
    for (bool ahead = tiles.ahead; row < tiles.n && !share.Done(); ahead = false) {
        const uint64_t begin = ahead ? 0 : row / kBlock * kBlock;
        const uint64_t first = tiles.all ? 0 : begin; // of those whose columns are there
        const uint64_t end = tiles.words || !tiles.all ? Min(begin + tiles.most, tiles.n) : tiles.n;
        const auto count = static_cast<uint32_t>((tiles.all ? tiles.n : end) - first);
        if (!tiles.all) {
            read(first, count);
        }
        if (tiles.words && !ahead) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
            make(begin, static_cast<uint32_t>(begin - first), static_cast<uint32_t>(end - begin));
        }
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
        for (; row < end && !(tiles.words && begun) && !share.Done(); ++row) {
            look(row, static_cast<uint32_t>(row - first), count); // while V makes the words
        }
        bool ordered = !tiles.words; // S behind V, which has made the words and read the columns
        while (row < end && !share.Done()) {
            const uint64_t until = Min((row / kGroup + 1) * kGroup, end);
            if (tiles.words) {
                const uint64_t behind = group(row, until, begin);
                ordered = ordered || behind != row;
                row = behind;
            }
            if (!ordered && row < until) {
                Order<HardEvent::V_S>(); // V has made the words before S reads them
                ordered = true;
            }
            for (; row < until && !share.Done(); ++row) {
                const uint64_t word = words.Get(static_cast<uint32_t>(row - begin));
                if (static_cast<int32_t>(word) >= 0 && share.Pass(row, word >> 32)) {
                    append(static_cast<uint32_t>(word), word >> 32);
                } else {
                    look(row, static_cast<uint32_t>(row - first), count);
                }
            }
        }
        if (!ordered) {
            Order<HardEvent::V_S>(); // V has read the columns before MTE2, behind S, copies others in
        }
        Order<HardEvent::S_MTE2>(); // S has read columns and words before MTE2 copies the next rows in, or V makes others
    }
}

} // namespace cache_loc
