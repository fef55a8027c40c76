// The rest of the vector-core API, refused by name at compile time: a kernel that needs one of these hears of it here
// rather than run on half an emulation. A later need adds them.
#pragma once

#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

// An element type that LocalTensor refuses.
struct int4b_t;

// What such calls are made with, so that it is the call that is refused.
enum class MemDsbT : uint8_t { ALL, DDR, UB, SEQ };

namespace sim {

// What a call gives that gives as it is asked, so that it is not its use that is refused.
struct Whatever {
    template <typename T>
    operator T() const;
};

} // namespace sim

// Any call of Name, whatever its template and function arguments; what it gives.
#define ASCENDC_SIM_REFUSED(Name) ASCENDC_SIM_REFUSED_VALUE(Name, void)
#define ASCENDC_SIM_REFUSED_VALUE(Name, Value) \
    template <auto... V, typename... A> \
    Value Name(A &&...) \
    { \
        static_assert(kRefused<A...>, "ascendc/sim: " #Name " is not covered"); \
        return Value(); \
    } \
    template <typename T, auto... V, typename... A> \
    Value Name(A &&...) \
    { \
        static_assert(kRefused<T, A...>, "ascendc/sim: " #Name " is not covered"); \
        return Value(); \
    }

// Between cores.
ASCENDC_SIM_REFUSED(SyncAll)
ASCENDC_SIM_REFUSED(IBSet)
ASCENDC_SIM_REFUSED(IBWait)
ASCENDC_SIM_REFUSED(CrossCoreSetFlag)
ASCENDC_SIM_REFUSED(CrossCoreWaitFlag)
ASCENDC_SIM_REFUSED(NotifyNextBlock)
ASCENDC_SIM_REFUSED(WaitPreBlock)
ASCENDC_SIM_REFUSED(InitDetermineComputeWorkspace)
ASCENDC_SIM_REFUSED(GroupBarrier)
ASCENDC_SIM_REFUSED(SetNextTaskStart)
ASCENDC_SIM_REFUSED(WaitPreTaskEnd)
ASCENDC_SIM_REFUSED_VALUE(AllocMutexID, sim::Whatever)
ASCENDC_SIM_REFUSED(ReleaseMutexID)
ASCENDC_SIM_REFUSED_VALUE(AtomicAdd, sim::Whatever)
ASCENDC_SIM_REFUSED_VALUE(AtomicMax, sim::Whatever)
ASCENDC_SIM_REFUSED_VALUE(AtomicMin, sim::Whatever)
ASCENDC_SIM_REFUSED_VALUE(AtomicCas, sim::Whatever)
ASCENDC_SIM_REFUSED_VALUE(AtomicExch, sim::Whatever)

// Caches, scalar access to GM.
ASCENDC_SIM_REFUSED(DataCachePreload)
ASCENDC_SIM_REFUSED(DataSyncBarrier)
ASCENDC_SIM_REFUSED_VALUE(ReadGmByPassDCache, sim::Whatever)
ASCENDC_SIM_REFUSED(WriteGmByPassDCache)
ASCENDC_SIM_REFUSED(ICachePreLoad)

// Modes that outlive a call.
ASCENDC_SIM_REFUSED(SetAtomicType)

// Vector instructions.
ASCENDC_SIM_REFUSED(ArithProgression)
ASCENDC_SIM_REFUSED(Arange)
ASCENDC_SIM_REFUSED(BilinearInterpolation)
ASCENDC_SIM_REFUSED(CastDeq)
ASCENDC_SIM_REFUSED(CountBitsCntSameAsSignBit)
ASCENDC_SIM_REFUSED(DeInterleave)
ASCENDC_SIM_REFUSED(GetReduceMaxMinCount)
ASCENDC_SIM_REFUSED(GetReduceRepeatMaxMinSpr)
ASCENDC_SIM_REFUSED(Interleave)
ASCENDC_SIM_REFUSED(MrgSort)
ASCENDC_SIM_REFUSED(MulCast)
ASCENDC_SIM_REFUSED(ProposalConcat)
ASCENDC_SIM_REFUSED(ProposalExtract)
ASCENDC_SIM_REFUSED(RpSort16)
ASCENDC_SIM_REFUSED(Scatter)
ASCENDC_SIM_REFUSED(Sort)
ASCENDC_SIM_REFUSED(Sort32)
ASCENDC_SIM_REFUSED(TransDataTo5HD)
ASCENDC_SIM_REFUSED(Transpose)

// System.
ASCENDC_SIM_REFUSED_VALUE(GetSubBlockIdx, int64_t)
ASCENDC_SIM_REFUSED_VALUE(GetSubBlockNum, int64_t)
ASCENDC_SIM_REFUSED_VALUE(GetSystemCycle, int64_t)
ASCENDC_SIM_REFUSED_VALUE(GetUBSizeInBytes, uint32_t)
ASCENDC_SIM_REFUSED(SetCtrlSpr)
ASCENDC_SIM_REFUSED_VALUE(GetCtrlSpr, int64_t)
ASCENDC_SIM_REFUSED(ResetCtrlSpr)
ASCENDC_SIM_REFUSED_VALUE(GetSysWorkSpacePtr, sim::Whatever)
ASCENDC_SIM_REFUSED(Trap)
ASCENDC_SIM_REFUSED(DumpTensor)
ASCENDC_SIM_REFUSED(DumpAccChkPoint)

#undef ASCENDC_SIM_REFUSED
#undef ASCENDC_SIM_REFUSED_VALUE

template <TPosition position, uint32_t ids = 4>
class TBufPool {
    static_assert(position == TPosition::MAX, "ascendc/sim: TBufPool is not covered");
};

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
