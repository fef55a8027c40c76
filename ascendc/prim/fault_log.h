// The first fault of a core: kept in registers while the kernel runs, written to the core's line of the log at its end.
//
// Contract: rows are reported in ascending order, and what is wrong in one by its kind and then its place in the row, so
// that the first is the core's lowest; the host takes the lowest of all cores'. A line that an earlier launch has filled stays: the first launch with a fault is the one that is told. Without a
// fault the log is neither read nor written.
//
// UB: one line, 64 bytes. Pipes: MTE2 and MTE3, in Write alone, which orders itself.
#pragma once

#include "../abi/block.h"
#include "../abi/fault.h"
#include "dma.h"

namespace cache_loc {

class FaultLog {
public:
    __aicore__ inline FaultLog(TPipe &pipe, const AscendCacheLocHead &head)
        : log_(head.fault_log + static_cast<uint64_t>(GetBlockIdx()) * sizeof(AscendCacheLocFaultLine)),
          launch_(head.launch), operation_(head.operation)
    {
        pipe.InitBuffer(buffer_, sizeof(AscendCacheLocFaultLine));
        line_ = buffer_.Get<int64_t>();
    }

    __aicore__ inline void Report(uint64_t row, uint32_t kind, int64_t a, int64_t b, int64_t c, uint64_t at = 0)
    {
        if (kind_ == 0) {
            row_ = row;
            kind_ = kind;
            a_ = a;
            b_ = b;
            c_ = c;
            at_ = at;
        }
    }

    // As if nothing had been reported.
    __aicore__ inline void Forget() { kind_ = 0; }

    // At the end of the kernel.
    __aicore__ inline void Write()
    {
        if (kind_ == 0) {
            return;
        }
        const GlobalTensor<int64_t> line = Global<int64_t>(log_);
        constexpr uint32_t kWords = sizeof(AscendCacheLocFaultLine) / sizeof(int64_t);
        CopyIn(line_, line, kWords);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled line_ before S reads it
        if (line_.GetValue(0) != 0) {
            return; // an earlier launch's
        }
        // Word by word as AscendCacheLocFaultLine has them.
        line_.SetValue(0, static_cast<int64_t>(launch_));
        line_.SetValue(1, static_cast<int64_t>(row_));
        line_.SetValue(2, a_);
        line_.SetValue(3, b_);
        line_.SetValue(4, c_);
        line_.SetValue(5, static_cast<int64_t>(static_cast<uint64_t>(operation_) << 32 | kind_));
        line_.SetValue(6, static_cast<int64_t>(at_));
        // S has set line_ before MTE3 stores it; and MTE2, which S has waited for, has read the log's line.
        Order<HardEvent::S_MTE3>();
        CopyOut(line, line_, kWords);
    }

private:
    TBuf<TPosition::VECCALC> buffer_;
    LocalTensor<int64_t> line_;
    uint64_t log_; // address of the core's line
    uint64_t launch_;
    uint32_t operation_;
    uint32_t kind_ = 0; // 0: no fault so far
    uint64_t row_ = 0;
    int64_t a_ = 0;
    int64_t b_ = 0;
    int64_t c_ = 0;
    uint64_t at_ = 0;
};

} // namespace cache_loc
