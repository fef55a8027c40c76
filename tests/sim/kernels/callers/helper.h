// Helpers as kernels share them, in a header of their own; they compile without the simulation too.
#pragma once

#include "kernel_operator.h"

#ifndef SIM_CALLER
#define SIM_CALLER
#define AND_SIM_CALLER
#endif

namespace callers {

using namespace AscendC;

template <HardEvent event>
void Leak(SIM_CALLER)
{
    SetFlag<event>(0);
}

template <typename T>
void CopyIn(const LocalTensor<T> &to, const GlobalTensor<T> &from AND_SIM_CALLER)
{
    DataCopy(to, from, 8);
}

template <typename T>
void CopyTwice(const LocalTensor<T> &to, const GlobalTensor<T> &from AND_SIM_CALLER)
{
    CopyIn(to, from);
    CopyIn(to, from);
}

} // namespace callers
