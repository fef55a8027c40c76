// Copies of so many elements between GM and UB, exact to the byte.
//
// Contract: UB begins at a multiple of 32 bytes (a block), GM anywhere. No byte past the last element is read or written
// in GM: DataCopyPad takes lengths that are no multiple of a block, DataCopy would take the neighbours' elements along.
// In UB the rest of the last block is undefined afterwards. One copy of a descriptor's blockLen is below 2 MiB, which UB
// never holds.
//
// Pipes: CopyIn is MTE2, CopyOut MTE3; whoever calls them orders them (prim/sync.h).
#pragma once

#include "sync.h"

namespace cache_loc {

// The array at an address, as the parameter block names it.
template <typename T>
__aicore__ inline GlobalTensor<T> Global(uint64_t address)
{
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T *>(address));
    return tensor;
}

template <typename T>
__aicore__ inline void CopyIn(const LocalTensor<T> &dst, const GlobalTensor<T> &src, uint32_t count AND_SIM_CALLER)
{
    const DataCopyExtParams exact(1, count * static_cast<uint32_t>(sizeof(T)), 0, 0, 0);
    DataCopyPad(dst, src, exact, DataCopyPadExtParams<T>(false, 0, 0, 0));
}

template <typename T>
__aicore__ inline void CopyOut(const GlobalTensor<T> &dst, const LocalTensor<T> &src, uint32_t count AND_SIM_CALLER)
{
    DataCopyPad(dst, src, DataCopyExtParams(1, count * static_cast<uint32_t>(sizeof(T)), 0, 0, 0));
}

} // namespace cache_loc
