// Whose addresses of the table are whose, and what of a row that writes is this core's.
//
// A stretch of 2^shift elements, from a multiple of its size on, is one core's, the next one the next core's. So no two
// cores write into one line, whatever the row stride is, where the table begins, or how many rows are one request's.
//
// Scalar; no UB, no pipe.
#pragma once

#include "ragged_scatter.h"

namespace cache_loc {

// Element e of the table is core ((e + origin) >> shift) mod cores's.
struct Stretches {
    // Of a table at an address, so many bytes each, a power of two; as many cores.
    __aicore__ inline Stretches(uint64_t table, uint32_t bytes, uint32_t core, uint32_t cores)
        : core(core), cores(cores), origin((table / sizeof(int32_t)) % (uint64_t{cores} * (bytes / sizeof(int32_t))))
    {
        while ((sizeof(int32_t) << shift) < bytes) {
            ++shift;
        }
    }

    // The first element of this core's from one on, both counted from the stretches' origin.
    __aicore__ inline uint64_t Own(uint64_t next) const
    {
        const uint64_t stretch = next >> shift, mine = stretch + ((core - stretch) & (cores - 1));
        return stretch == mine ? next : mine << shift;
    }

    uint32_t core, cores;
    uint64_t origin;
    uint32_t shift = 0;
};

// Cores that own stretches, `most` at most, of so many: a power of two as `most` is.
__aicore__ inline uint32_t Owners(uint32_t most, uint32_t cores)
{
    while (most > cores) {
        most /= 2;
    }
    return most;
}

// A row that writes: `length` slots from `position` on, to elements of the table that begin so far from the
// stretches' origin. `place` is of the batch, where S has looked at the row; `start` is its first token, where it is asked for.
struct OwnedRow {
    uint64_t begin, position, length, place, start;
};

// A walk over the pieces that are this core's of rows: Rows is a walk over rows, Next(row) of which gives the next one or
// false. What Next and Again are for, ragged_scatter.h says.
template <typename Rows>
class OwnedPieces {
public:
    __aicore__ inline OwnedPieces(const Stretches &stretches, const Rows &rows) : rows(rows), stretches_(stretches) {}

    __aicore__ inline OwnedPieces Again() const { return OwnedPieces(stretches_, rows.Again()); }

    __aicore__ inline bool Next(uint32_t room, Piece &piece)
    {
        const uint32_t shift = stretches_.shift, cores = stretches_.cores;
        for (;; at_ = row.length) {
            if (at_ == row.length) {
                if (!rows.Next(row)) {
                    return false;
                }
                at_ = 0;
            }
            const uint64_t from = stretches_.Own(row.begin + at_), mine = from >> shift;
            const uint64_t end = Min(row.begin + row.length, (mine + 1) << shift);
            if (from < end) {
                piece.part = mine / cores;
                piece.count = static_cast<uint32_t>(Min(end - from, room));
                piece.to = from - stretches_.origin;
                piece.from = row.position + (from - row.begin);
                at_ = from - row.begin + piece.count;
                return true;
            }
        }
    }

    Rows rows;
    OwnedRow row = {}; // whose the last piece was

private:
    const Stretches &stretches_;
    uint64_t at_ = 0; // what of it is behind
};

} // namespace cache_loc
