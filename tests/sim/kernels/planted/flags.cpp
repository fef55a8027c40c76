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
    const int32_t id = mended ? 7 : 9;
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

} // namespace planted
