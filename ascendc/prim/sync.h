// Order between two pipes.
//
// A vector core has a scalar pipe (S), which runs the program, and pipes that it hands instructions to: the vector unit
// (V) and the copies into UB (MTE2) and out of it (MTE3). Each works through its own in order; between two of them nothing
// is ordered unless a flag says so: the one sets it behind what it was given so far, the other waits for it before it goes
// on. Within V a PipeBarrier does that between two instructions. The kernels are compiled with the compiler's own
// insertion of flags off, so what is written is what runs, and the simulation can tell what is missing.
//
// Pipes: what the events' names say. UB: none.
#pragma once

#include "kernel_operator.h"

namespace cache_loc {

using namespace AscendC;

// The last parameter of helpers. The simulation makes more of it: its reports name the line that calls them.
#ifndef SIM_CALLER
#define SIM_CALLER
#define AND_SIM_CALLER
#endif

// Between two pipes, once: everything that the source pipe was given so far is done before the target pipe goes on.
//
// The id is one that nobody holds at the moment, and it is free again when this returns. A flag that stays up for longer,
// from one tile to the next, has an id of its own from AllocEventID; so the two never meet, nor do they meet those that
// the library uses inside a call.
template <HardEvent event>
__aicore__ inline void Order(SIM_CALLER)
{
    const auto id = static_cast<int32_t>(GetTPipePtr()->FetchEventID(event));
    SetFlag<event>(id); // as the event's name says: the one pipe before the other, over what the caller's comment names
    WaitFlag<event>(id);
}

} // namespace cache_loc
