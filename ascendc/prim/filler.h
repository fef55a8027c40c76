// One value into any stretch of an int32 output: padding, and -1 for what has none of its own.
//
// The value stands in UB as often as a copy takes it at most, made by V when it is wanted for the first time; from then on
// a stretch is copies out alone.
//
// Contract: Fill writes `count` elements from `position` on, exactly. UB: 8 KB. Pipes: V once, MTE3.
#pragma once

#include "dma.h"
#include "split.h"

namespace cache_loc {

class Filler {
public:
    __aicore__ inline Filler(TPipe &pipe, uint64_t out, int32_t value) : out_(Global<int32_t>(out)), value_(value)
    {
        pipe.InitBuffer(buffer_, kMost * sizeof(int32_t));
        values_ = buffer_.Get<int32_t>();
    }

    __aicore__ inline void Fill(uint64_t position, uint64_t count)
    {
        if (count != 0 && !made_) {
            Duplicate(values_, value_, static_cast<int32_t>(kMost));
            Order<HardEvent::V_MTE3>(); // V has made values_ before MTE3 stores it
            made_ = true;
        }
        for (uint64_t at = 0; at < count; at += kMost) {
            CopyOut(out_[position + at], values_, static_cast<uint32_t>(Min(kMost, count - at)));
        }
    }

private:
    static constexpr uint64_t kMost = 2048; // elements of a copy

    GlobalTensor<int32_t> out_;
    int32_t value_;
    bool made_ = false;
    TBuf<TPosition::VECCALC> buffer_;
    LocalTensor<int32_t> values_;
};

} // namespace cache_loc
