// TPipe, TQue and TBuf misused.
#include "planted.h"

namespace planted {

template <bool mended>
void pipe_ub_budget(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> rest;
    // 192 KB less 256 B, 8 KB and the bench's own 8 KB.
    b.pipe.InitBuffer(rest, 196608 - 256 - 8192 - 8192 + (mended ? 0 : 1)); // REPORT PipeUbBudget InitBuffer
}
PLANTED(pipe_ub_budget)

template <bool mended>
void pipe_position_buffers(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> first, second;
    b.pipe.InitBuffer(first, 4, 32);
    b.pipe.InitBuffer(second, mended ? 4 : 5, 32); // REPORT PipePositionBuffers InitBuffer
}
PLANTED(pipe_position_buffers)

template <bool mended>
void pipe_buffers(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> many[63];
    for (int i = 0; i < (mended ? 62 : 63); ++i) {
        b.pipe.InitBuffer(many[i], 32); // REPORT PipeBuffers InitBuffer
    }
}
PLANTED(pipe_buffers)

template <bool mended>
void pipe_init_in_loop(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    for (int i = 0; i < (mended ? 1 : 2); ++i) {
        b.pipe.InitBuffer(queue, 1, 32); // REPORT PipeInitAgain InitBuffer
    }
}
PLANTED(pipe_init_in_loop)

template <bool mended>
void pipe_init_after_reset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> buffer;
    b.pipe.InitBuffer(buffer, 32);
    if (mended) b.pipe.Reset();
    b.pipe.InitBuffer(buffer, 32); // REPORT PipeInitAgain InitBuffer
}
PLANTED(pipe_init_after_reset)

template <bool mended>
void pipe_empty_buffer(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, mended ? 1 : 0, 32); // REPORT PipeEmptyBuffer InitBuffer
}
PLANTED(pipe_empty_buffer)

// A buffer of no bytes is allowed, and holds none.
template <bool mended>
void pipe_buffer_of_no_bytes(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> nothing;
    b.pipe.InitBuffer(nothing, 0);
    Duplicate(nothing.Get<int32_t>(), 1, mended ? 0 : 8); // REPORT UbOutsideBuffer Duplicate
}
PLANTED(pipe_buffer_of_no_bytes)

// The buffers that are not reached any more lie past what a kernel may use of UB, and are still there.
template <bool mended>
void pipe_past_the_budget(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TBuf<> rest;
    b.pipe.InitBuffer(rest, mended ? 32 : 196608 - 8192); // REPORT PipeUbBudget InitBuffer
    Duplicate(rest.Get<int32_t>(), 1, 8);
}
PLANTED(pipe_past_the_budget)

// A buffer past UB is given out like any other: what is reported is that it was made, and nothing is touched.
template <bool mended>
void pipe_queue_past_ub(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, mended ? 32 : 256 * 1024); // REPORT PipeUbBudget InitBuffer
    auto given = queue.AllocTensor<int32_t>();
    queue.FreeTensor(given);
}
PLANTED(pipe_queue_past_ub)

template <bool mended>
void pipe_second(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    if (mended) b.pipe.Destroy();
    TPipe second; // REPORT PipeLifetime TPipe
}
PLANTED(pipe_second)

template <bool mended>
void pipe_none(__gm__ int32_t *, __gm__ int32_t *)
{
    if (mended) {
        TPipe pipe;
        GetTPipePtr();
    } else {
        GetTPipePtr(); // REPORT PipeLifetime GetTPipePtr
    }
}
PLANTED(pipe_none)

template <bool mended>
void queue_no_buffer(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    if (mended) queue.FreeTensor(x);
    queue.AllocTensor<int32_t>(); // REPORT QueueNoBuffer AllocTensor
}
PLANTED(queue_no_buffer)

// Buffers are given in turn, free or not: the second is another one, the third the first again.
template <bool mended>
void queue_in_turn(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 2, 32);
    LocalTensor<int32_t> x[3];
    for (LocalTensor<int32_t> &tensor : x) {
        tensor = queue.AllocTensor<int32_t>();
        queue.FreeTensor(tensor);
    }
    Duplicate(x[0], 1, 8);
    Duplicate(x[mended ? 1 : 2], 1, 8); // REPORT Race Duplicate
}
PLANTED(queue_in_turn)

// What is told about a queue without waiting for anything.
template <bool mended>
void queue_counts(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    const bool filled = !queue.HasIdleBuffer() && !queue.HasTensorInQue() && queue.VacantInQue();
    if (filled && queue.GetTensorCountInQue() == 0) queue.EnQue(x);
    if (!queue.VacantInQue() && queue.HasTensorInQue()) x = queue.DeQue<int32_t>();
    if (mended) queue.FreeTensor(x);
    if (queue.HasIdleBuffer() == mended) x = queue.AllocTensor<int32_t>(); // REPORT QueueNoBuffer AllocTensor
}
PLANTED(queue_counts)

// FreeAllEvent waits for what was freed; the buffer is idle before.
template <bool mended>
void queue_free_all_event(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    Duplicate(x, 1, 8);
    queue.FreeTensor(x);
    if (mended) queue.FreeAllEvent();
    DataCopy(x, b.in, 8); // REPORT Race DataCopy
}
PLANTED(queue_free_all_event)

template <bool mended>
void queue_full(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, mended ? 2 : 1> queue;
    b.pipe.InitBuffer(queue, 2, 32);
    for (int i = 0; i < 2; ++i) {
        LocalTensor<int32_t> x = queue.template AllocTensor<int32_t>();
        queue.EnQue(x); // REPORT QueueFull EnQue
    }
    for (int i = 0; i < 2; ++i) {
        LocalTensor<int32_t> x = queue.template DeQue<int32_t>();
        queue.FreeTensor(x);
    }
}
PLANTED(queue_full)

template <bool mended>
void queue_empty(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    if (mended) queue.EnQue(x);
    queue.DeQue<int32_t>(); // REPORT QueueEmpty DeQue
    queue.FreeTensor(x);
}
PLANTED(queue_empty)

// Without DeQue the consumer does not wait for the copy.
template <bool mended>
void queue_never_dequeued(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    DataCopy(x, b.in, 8);
    queue.EnQue(x); // REPORT SetNeverWaited EnQue
    if (mended) x = queue.DeQue<int32_t>();
    Adds(b.y, x, 1, 8); // REPORT Race Adds
    queue.FreeTensor(x);
}
PLANTED(queue_never_dequeued)

template <bool mended>
void queue_foreign_tensor(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    queue.FreeTensor(mended ? x : b.x); // REPORT QueueForeignTensor FreeTensor
}
PLANTED(queue_foreign_tensor)

template <bool mended>
void queue_freed_twice(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    b.pipe.InitBuffer(queue, 1, 32);
    LocalTensor<int32_t> x = queue.AllocTensor<int32_t>();
    queue.FreeTensor(x);
    if (!mended) queue.FreeTensor(x); // REPORT QueueForeignTensor FreeTensor
}
PLANTED(queue_freed_twice)

template <bool mended>
void queue_not_initialised(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> queue;
    if (mended) b.pipe.InitBuffer(queue, 1, 32);
    queue.AllocTensor<int32_t>(); // REPORT TensorUnset AllocTensor
}
PLANTED(queue_not_initialised)

// The buffers were those of a TPipe that is no more: the one that is there has others at their place, or none.
template <bool mended>
void queue_of_another_pipe(__gm__ int32_t *, __gm__ int32_t *)
{
    TQue<TPosition::VECIN, 1> queue;
    {
        TPipe first;
        first.InitBuffer(queue, 1, 32);
    }
    TPipe second;
    TBuf<> buffer;
    second.InitBuffer(buffer, 64);
    if (mended) second.InitBuffer(queue, 1, 32);
    auto given = queue.AllocTensor<int32_t>(); // REPORT TensorUnset AllocTensor
    queue.FreeTensor(given);
}
PLANTED(queue_of_another_pipe)

template <bool mended>
void buffer_of_another_pipe(__gm__ int32_t *, __gm__ int32_t *)
{
    TBuf<> buffer;
    {
        TPipe first;
        first.InitBuffer(buffer, 32);
    }
    TPipe second;
    if (mended) second.InitBuffer(buffer, 32);
    buffer.Get<int32_t>(); // REPORT TensorUnset TBuf::Get
}
PLANTED(buffer_of_another_pipe)

// A tensor that passes V on its way needs both steps; what DeQue awaits is what EnQue of the same positions set.
template <bool mended>
void queue_between_positions(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through;
    b.pipe.InitBuffer(through, 1, 32);
    for (uint32_t i = 0; i < 2; ++i) {
        auto x = through.AllocTensor<int32_t>();
        DataCopy(x, b.in[8 * i], 8);
        if (mended) {
            through.EnQue<TPosition::GM, TPosition::VECIN, int32_t>(x);
            x = through.DeQue<TPosition::GM, TPosition::VECIN, int32_t>();
        } else {
            through.EnQue(x);
            x = through.DeQue<int32_t>();
        }
        Adds(x, x, 1, 8); // REPORT Race Adds
        through.EnQue<TPosition::VECIN, TPosition::VECCALC, int32_t>(x);
        x = through.DeQue<TPosition::VECIN, TPosition::VECCALC, int32_t>();
        Adds(x, x, 1, 8);
        through.EnQue<TPosition::VECOUT, TPosition::GM, int32_t>(x);
        x = through.DeQue<TPosition::VECOUT, TPosition::GM, int32_t>();
        DataCopy(b.out[8 * i], x, 8);
        through.FreeTensor(x);
    }
}
PLANTED(queue_between_positions)

template <bool mended>
void queue_other_positions(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through;
    b.pipe.InitBuffer(through, 1, 32);
    auto x = through.AllocTensor<int32_t>();
    through.EnQue<TPosition::GM, TPosition::VECIN, int32_t>(x); // REPORT SetNeverWaited EnQue
    if (mended) {
        x = through.DeQue<TPosition::GM, TPosition::VECIN, int32_t>();
    } else {
        x = through.DeQue<TPosition::VECOUT, TPosition::GM, int32_t>(); // REPORT WaitNeverSet DeQue // REPORT EventNotHeld DeQue
    }
    through.FreeTensor(x);
}
PLANTED(queue_other_positions)

// A VECIN queue tells MTE2 that V is done with a buffer, not that MTE3 is. A queue bound to both ends does.
template <bool mended>
void queue_vecin_to_gm(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 1> input;
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through;
    b.pipe.InitBuffer(input, 1, 32);
    b.pipe.InitBuffer(through, 1, 32);
    for (uint32_t i = 0; i < 2; ++i) {
        if (mended) {
            LocalTensor<int32_t> x = through.AllocTensor<int32_t>();
            DataCopy(x, b.in[8 * i], 8);
            through.EnQue(x);
            x = through.DeQue<int32_t>();
            DataCopy(b.out[8 * i], x, 8);
            through.FreeTensor(x);
        } else {
            LocalTensor<int32_t> x = input.AllocTensor<int32_t>();
            DataCopy(x, b.in[8 * i], 8); // REPORT Race DataCopy
            input.EnQue(x);
            x = input.DeQue<int32_t>();
            flag<HardEvent::MTE2_MTE3>();
            DataCopy(b.out[8 * i], x, 8);
            input.FreeTensor(x);
        }
    }
}
PLANTED(queue_vecin_to_gm)

// A queue of depth 0 gives its tensors and their flags, and keeps no order.
template <bool mended>
void in_place_not_awaited(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 0> queue;
    b.pipe.InitBuffer(queue, 2, 256);
    LocalTensor<int32_t> tensor;
    for (int i = 0; i < 4; ++i) {
        queue.AllocTensor<int32_t>(tensor);
        DataCopy(tensor, b.in, 64); // REPORT Race DataCopy
        queue.EnQue(tensor); // REPORT EventPending EnQue // REPORT SetNeverWaited EnQue
        if (mended) queue.DeQue<int32_t>(tensor);
        Adds(b.x, tensor, 1, 64); // REPORT Race Adds
        PipeBarrier<PIPE_V>();
        queue.FreeTensor(tensor);
    }
}
PLANTED(in_place_not_awaited)

template <bool mended>
void in_place_dequeued_first(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECOUT, 0> queue;
    b.pipe.InitBuffer(queue, 1, 256);
    LocalTensor<int32_t> tensor;
    queue.AllocTensor(tensor);
    if (mended) queue.EnQue(tensor);
    queue.DeQue(tensor); // REPORT WaitNeverSet DeQue
    queue.FreeTensor(tensor);
}
PLANTED(in_place_dequeued_first)

// Its buffers begin free, and the end of the TPipe waits for those that are: for none that the kernel still has.
template <bool mended>
void in_place_not_freed(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 0> queue;
    b.pipe.InitBuffer(queue, 2, 256);
    LocalTensor<int32_t> tensor;
    queue.AllocTensor(tensor);
    queue.EnQue(tensor); // REPORT SetNeverWaited EnQue
    if (mended) queue.DeQue(tensor);
}
PLANTED(in_place_not_freed)

template <bool mended>
void in_place_foreign(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 0> queue;
    b.pipe.InitBuffer(queue, 1, 4096);
    LocalTensor<int32_t> tensor;
    queue.AllocTensor(tensor);
    queue.EnQue(tensor);
    queue.DeQue(tensor);
    LocalTensor<int32_t> other = b.x;
    if (!mended) queue.DeQue(other); // REPORT QueueForeignTensor DeQue
    queue.FreeTensor(tensor);
}
PLANTED(in_place_foreign)

// Both ids are its own from the start: eight such buffers leave none.
template <bool mended>
void in_place_ids(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TQue<TPosition::VECIN, 0> queue;
    b.pipe.InitBuffer(queue, mended ? 7 : 8, 32);
    b.pipe.AllocEventID<HardEvent::MTE2_V>(); // REPORT EventIdsSpent AllocEventID
}
PLANTED(in_place_ids)

} // namespace planted
