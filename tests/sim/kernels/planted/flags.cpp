// Flags and event ids misused.
#include "planted.h"

namespace planted {

template <bool mended>
void wait_never_set(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    if (mended) SetFlag<HardEvent::MTE2_V>(3);
    WaitFlag<HardEvent::MTE2_V>(3); // REPORT WaitNeverSet WaitFlag
}
PLANTED(wait_never_set)

template <bool mended>
void set_never_waited(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    SetFlag<HardEvent::V_S>(1); // REPORT SetNeverWaited SetFlag
    if (mended) WaitFlag<HardEvent::V_S>(1);
}
PLANTED(set_never_waited)

template <bool mended>
void wait_wrong_id(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    SetFlag<HardEvent::V_S>(1);              // REPORT SetNeverWaited SetFlag
    WaitFlag<HardEvent::V_S>(mended ? 1 : 2); // REPORT WaitNeverSet WaitFlag
}
PLANTED(wait_wrong_id)

template <bool mended>
void event_pending(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    SetFlag<HardEvent::V_S>(1);
    if (mended) WaitFlag<HardEvent::V_S>(1);
    SetFlag<HardEvent::V_S>(1); // REPORT EventPending SetFlag
    WaitFlag<HardEvent::V_S>(1);
}
PLANTED(event_pending)

template <bool mended>
void event_id_range(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const int32_t id = mended ? 5 : 9;
    SetFlag<HardEvent::V_S>(id);  // REPORT EventIdRange SetFlag
    WaitFlag<HardEvent::V_S>(id); // REPORT EventIdRange WaitFlag
}
PLANTED(event_id_range)

template <bool mended>
void event_id_negative(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const int32_t id = mended ? 0 : -1;
    SetFlag<HardEvent::V_S>(id);  // REPORT EventIdRange SetFlag
    WaitFlag<HardEvent::V_S>(id); // REPORT EventIdRange WaitFlag
}
PLANTED(event_id_negative)

// The library and the compiler use these ids too.
template <bool mended>
void event_id_reserved(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const int32_t first = mended ? 5 : 6, second = mended ? 4 : 7;
    SetFlag<HardEvent::V_S>(first);   // REPORT EventIdReserved SetFlag
    SetFlag<HardEvent::V_S>(second);  // REPORT EventIdReserved SetFlag
    WaitFlag<HardEvent::V_S>(first);  // REPORT EventIdReserved WaitFlag
    WaitFlag<HardEvent::V_S>(second); // REPORT EventIdReserved WaitFlag
}
PLANTED(event_id_reserved)

// AllocEventID may give them, of the event that they are for.
template <bool mended>
void event_id_of_another_event(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    TEventID id = 0;
    for (int i = 0; i < 7; ++i) {
        id = b.pipe.AllocEventID<HardEvent::V_S>();
    }
    constexpr HardEvent event = mended ? HardEvent::V_S : HardEvent::S_V;
    SetFlag<event>(id);  // REPORT EventIdReserved SetFlag
    WaitFlag<event>(id); // REPORT EventIdReserved WaitFlag
}
PLANTED(event_id_of_another_event)

// Setting V_V is a barrier, waiting for it nothing.
template <bool mended>
void event_v_v(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, 8);
    if (mended) SetFlag<HardEvent::V_V>(0);
    WaitFlag<HardEvent::V_V>(0);
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(event_v_v)

template <bool mended>
void event_ids_spent(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    for (int i = 0; i < 9; ++i) {
        const TEventID id = b.pipe.AllocEventID<HardEvent::V_S>(); // REPORT EventIdsSpent AllocEventID
        if (mended) b.pipe.ReleaseEventID<HardEvent::V_S>(id);
    }
}
PLANTED(event_ids_spent)

template <bool mended>
void event_not_held(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    // Fetching an id does not hold it.
    const TEventID id = mended ? b.pipe.AllocEventID<HardEvent::V_S>() : b.pipe.FetchEventID<HardEvent::V_S>();
    b.pipe.ReleaseEventID<HardEvent::V_S>(id); // REPORT EventNotHeld ReleaseEventID
}
PLANTED(event_not_held)

// A TPipe's ids are free again after Reset.
template <bool mended>
void event_ids_after_reset(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    for (int i = 0; i < 9; ++i) {
        if (mended && i == 8) b.pipe.Reset();
        b.pipe.AllocEventID<HardEvent::V_S>(); // REPORT EventIdsSpent AllocEventID
    }
}
PLANTED(event_ids_after_reset)

// Two fetches without a hold in between give one id.
template <bool mended>
void event_fetched_twice(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const auto next = [&] {
        return mended ? b.pipe.AllocEventID<HardEvent::V_S>() : b.pipe.FetchEventID(HardEvent::V_S);
    };
    const TEventID first = next();
    const TEventID second = next();
    SetFlag<HardEvent::V_S>(first);
    SetFlag<HardEvent::V_S>(second); // REPORT EventPending SetFlag
    WaitFlag<HardEvent::V_S>(first);
    WaitFlag<HardEvent::V_S>(second); // REPORT WaitNeverSet WaitFlag
}
PLANTED(event_fetched_twice)

// The compiler's own flags.
template <bool mended>
void raw_flag(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, mended ? EVENT_ID0 : EVENT_ID1); // REPORT WaitNeverSet wait_flag
    if (!mended) {
        WaitFlag<HardEvent::MTE2_V>(0);
    }
}
PLANTED(raw_flag)

// What SetFlag and PipeBarrier would not be compiled for.
template <bool mended>
void raw_flag_pipes(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    const pipe_t source = mended ? PIPE_MTE2 : PIPE_M;
    set_flag(source, PIPE_V, EVENT_ID0);  // REPORT EventPipes set_flag
    wait_flag(source, PIPE_V, EVENT_ID0); // REPORT EventPipes wait_flag
    const pipe_t target = mended ? PIPE_MTE3 : PIPE_MTE1;
    set_flag(PIPE_S, target, EVENT_ID0);  // REPORT EventPipes set_flag
    wait_flag(PIPE_S, target, EVENT_ID0); // REPORT EventPipes wait_flag
}
PLANTED(raw_flag_pipes)

// It orders nothing: not as V_V does, either.
template <bool mended>
void raw_flag_to_itself(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    Duplicate(b.x, 1, 8);
    if (mended) {
        pipe_barrier(PIPE_V);
    } else {
        set_flag(PIPE_V, PIPE_V, EVENT_ID0);  // REPORT EventPipes set_flag
        wait_flag(PIPE_V, PIPE_V, EVENT_ID0); // REPORT EventPipes wait_flag
    }
    Adds(b.y, b.x, 1, 8); // REPORT Race Adds
}
PLANTED(raw_flag_to_itself)

template <bool mended>
void raw_barrier(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    b.fill(1);
    for (const pipe_t other : {PIPE_S, PIPE_M, PIPE_MTE1}) {
        DataCopy(b.out, b.x, 8); // REPORT Race DataCopy
        pipe_barrier(mended ? PIPE_MTE3 : other); // REPORT EventPipes pipe_barrier
    }
}
PLANTED(raw_barrier)

template <bool mended>
void assertion(__gm__ int32_t *in, __gm__ int32_t *out)
{
    Bench b(in, out);
    ASSERT(mended); // REPORT AssertFailed assert
    ascendc_assert(mended, "not %d", mended); // REPORT AssertFailed assert
    set_flag(PIPE_S, PIPE_V, EVENT_ID0); // not reached
    wait_flag(PIPE_S, PIPE_V, EVENT_ID0);
}
PLANTED(assertion)

} // namespace planted
