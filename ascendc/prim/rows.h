// What the batch says of its rows, a tile at a time in UB, for the scalar pipe or the vector unit to read.
//
// Contract: Load copies rows first..first + count in, count up to `most`; whoever reads them orders that after MTE2, and
// the next Load after the reads.
//
// UB, for `most` rows: the sizes of the elements, times `most`. Pipes: MTE2.
#pragma once

#include "dma.h"

namespace cache_loc {

// One array of the batch.
template <typename T>
class Column {
public:
    __aicore__ inline Column(TPipe &pipe, uint64_t address, uint32_t most) : source_(Global<T>(address))
    {
        pipe.InitBuffer(buffer_, most * sizeof(T));
        tile = buffer_.template Get<T>();
    }

    __aicore__ inline void Load(uint64_t first, uint32_t count AND_SIM_CALLER) { CopyIn(tile, source_[first], count); }

    // Of row first + i, once MTE2 has filled it.
    __aicore__ inline int64_t Get(uint32_t i AND_SIM_CALLER) const { return tile.GetValue(i); }

    LocalTensor<T> tile;

private:
    GlobalTensor<T> source_;
    TBuf<TPosition::VECCALC> buffer_;
};

} // namespace cache_loc
