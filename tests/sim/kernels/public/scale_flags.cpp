// Raw flags with TBuf, ragged lengths, event ids from the pipe, tiling struct by value.
#include "kernel_operator.h"

using namespace AscendC;

struct ScaleTiling {
    uint64_t length;
    int32_t factor;
    uint32_t tile; // elements, a multiple of 8
};

class KernelScaleFlags {
public:
    __aicore__ inline KernelScaleFlags(TPipe *pipe) : pipe_(pipe) {}

    __aicore__ inline void Init(GM_ADDR x, GM_ADDR y, const ScaleTiling &tiling)
    {
        // Whole 64-byte lines a core.
        const uint64_t lines = (tiling.length + 15) / 16;
        const uint64_t perCore = (lines + GetBlockNum() - 1) / GetBlockNum() * 16;
        begin_ = perCore * GetBlockIdx();
        begin_ = begin_ < tiling.length ? begin_ : tiling.length;
        end_ = begin_ + perCore < tiling.length ? begin_ + perCore : tiling.length;
        tile_ = tiling.tile;
        factor_ = tiling.factor;
        xGm_.SetGlobalBuffer((__gm__ int32_t *)x, tiling.length);
        yGm_.SetGlobalBuffer((__gm__ int32_t *)y, tiling.length);
        pipe_->InitBuffer(buf_, tile_ * sizeof(int32_t));
        local_ = buf_.Get<int32_t>();
    }

    __aicore__ inline void Process()
    {
        const TEventID copied = pipe_->AllocEventID<HardEvent::MTE2_V>();
        const TEventID scaled = pipe_->AllocEventID<HardEvent::V_MTE3>();
        const TEventID stored = pipe_->AllocEventID<HardEvent::MTE3_MTE2>();
        SetFlag<HardEvent::MTE3_MTE2>(stored);
        for (uint64_t at = begin_; at < end_; at += tile_) {
            const uint32_t count = end_ - at < tile_ ? end_ - at : tile_;
            const uint32_t bytes = count * sizeof(int32_t);
            WaitFlag<HardEvent::MTE3_MTE2>(stored);
            DataCopyPad(local_, xGm_[at], DataCopyExtParams{1, bytes, 0, 0, 0}, DataCopyPadExtParams<int32_t>{false, 0, 0, 0});
            SetFlag<HardEvent::MTE2_V>(copied);
            WaitFlag<HardEvent::MTE2_V>(copied);
            Muls(local_, local_, factor_, count);
            SetFlag<HardEvent::V_MTE3>(scaled);
            WaitFlag<HardEvent::V_MTE3>(scaled);
            DataCopyPad(yGm_[at], local_, DataCopyExtParams{1, bytes, 0, 0, 0});
            SetFlag<HardEvent::MTE3_MTE2>(stored);
        }
        WaitFlag<HardEvent::MTE3_MTE2>(stored);
        pipe_->ReleaseEventID<HardEvent::MTE2_V>(copied);
        pipe_->ReleaseEventID<HardEvent::V_MTE3>(scaled);
        pipe_->ReleaseEventID<HardEvent::MTE3_MTE2>(stored);
    }

private:
    TPipe *pipe_;
    TBuf<TPosition::VECCALC> buf_;
    LocalTensor<int32_t> local_;
    GlobalTensor<int32_t> xGm_, yGm_;
    uint64_t begin_, end_;
    uint32_t tile_;
    int32_t factor_;
};

extern "C" __global__ __aicore__ void scale_flags(GM_ADDR x, GM_ADDR y, ScaleTiling tiling)
{
    if ASCEND_IS_AIV {
        TPipe pipe;
        KernelScaleFlags op(&pipe);
        op.Init(x, y, tiling);
        op.Process();
    }
}
