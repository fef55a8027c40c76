// A core's walk over the rows of its share, where V tells which of them are in order while S looks at the first.
//
// Rows are taken a tile at a time: their columns are copied in, unless those of all rows are there. Where V is asked, it makes
// the tile's words (row_words.h), S looks at rows until the first has something of the share, and at those behind that are not
// in order, or not wholly in the share; of the others it reads one word.
//
// Contract: read(first, count) copies columns of rows in, by MTE2. make(row, i, count), for V, makes words of rows row..row +
// count, whose columns are elements i.. of what is there; row is a multiple of a block. look(row, i, count) handles a row, the
// i-th of the `count` whose columns are there, by S, and sets `begun` once one has something of the share. append(begin, length)
// handles the slots of a word's row. The share's first row is `row`, and it has been found (ragged_share.h).
//
// UB: none. Pipes: MTE2 reads, V makes words, S walks; they are ordered here, and V before S alone by what `look` does.
#pragma once

#include "ragged_share.h"
#include "row_words.h"

namespace cache_loc {

struct RowTiles {
    uint64_t n;    // rows of the batch
    uint32_t most; // rows of a tile
    bool all;      // whether the columns of all rows are there
    bool words;    // whether V is asked
};

// Whether a core has so many of n rows that V looks at them sooner than S does.
__aicore__ inline bool WorthWords(uint64_t n)
{
    return n >= ASCEND_CACHE_LOC_PREPARED_ROWS * static_cast<uint64_t>(GetBlockNum());
}

template <typename Share, typename Read, typename Make, typename Look, typename Append>
__aicore__ inline void WalkRows(const RowTiles &tiles, uint64_t row, Share &share, RowWords &words, const bool &begun,
                                const Read &read, const Make &make, const Look &look, const Append &append)
{
    constexpr uint32_t kBlock = 8; // rows whose columns begin where a vector can
    while (row < tiles.n && !share.Done()) {
        const uint64_t begin = row / kBlock * kBlock;
        const uint64_t first = tiles.all ? 0 : begin; // of those whose columns are there
        const uint64_t end = tiles.words || !tiles.all ? Min(begin + tiles.most, tiles.n) : tiles.n;
        const auto count = static_cast<uint32_t>((tiles.all ? tiles.n : end) - first);
        if (!tiles.all) {
            read(first, count);
        }
        if (tiles.words) {
            Order<HardEvent::MTE2_V>(); // MTE2 has filled the columns before V reads them
            make(begin, static_cast<uint32_t>(begin - first), static_cast<uint32_t>(end - begin));
        }
        Order<HardEvent::MTE2_S>(); // MTE2 has filled the columns before S reads them
        for (; row < end && !(tiles.words && begun) && !share.Done(); ++row) {
            look(row, static_cast<uint32_t>(row - first), count); // while V makes the words
        }
        if (tiles.words) {
            Order<HardEvent::V_S>(); // V has made the words, and has read the columns, before S reads the words
        }
        for (; row < end && !share.Done(); ++row) {
            const uint64_t word = words.Get(static_cast<uint32_t>(row - begin));
            if (static_cast<int32_t>(word) >= 0 && share.Pass(row, word >> 32)) {
                append(static_cast<uint32_t>(word), word >> 32);
            } else {
                look(row, static_cast<uint32_t>(row - first), count);
            }
        }
        Order<HardEvent::S_MTE2>(); // S has read columns and words before MTE2 copies the next rows in, or V makes others
    }
}

} // namespace cache_loc
