// What the rungs of the ladder have in common: the parameter block, of which each kernel says what it reads, and a buffer.
#pragma once

#include "../../../ascendc/prim/dispatch.h"
#include "../../../ascendc/prim/dma.h"

// `Block` in src/lab.rs is the same.
struct AscendCacheLocRung {
    uint64_t in; // device addresses
    uint64_t out;
    uint64_t more;
    uint32_t count;
    uint32_t size;
    uint32_t repeats;
    uint32_t mode;
};

namespace cache_loc {

// UB memory of a kernel, made once.
template <typename T>
class Buffer {
public:
    __aicore__ inline Buffer(TPipe &pipe, uint32_t count) { pipe.InitBuffer(memory_, count * sizeof(T)); }

    __aicore__ inline LocalTensor<T> Get() { return memory_.template Get<T>(); }

private:
    TBuf<TPosition::VECCALC> memory_;
};

} // namespace cache_loc
