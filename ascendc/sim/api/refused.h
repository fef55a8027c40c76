// The rest of the vector-core API, refused by name at compile time: a kernel that needs one of these hears of it here
// rather than run on half an emulation. A later need adds them.
#pragma once

#include "tensor.h"

namespace AscendC {

// What such calls are made with, so that it is the call that is refused.
enum class CMPMODE : uint8_t { LT, GT, EQ, LE, GE, NE };
enum class SELMODE : uint8_t { VSEL_CMPMASK_SPR, VSEL_TENSOR_SCALAR_MODE, VSEL_TENSOR_TENSOR_MODE };
enum class CacheLine : uint64_t { SINGLE_CACHE_LINE, ENTIRE_DATA_CACHE };
enum class DcciDst : uint64_t { CACHELINE_ALL, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };
enum class MemDsbT : uint8_t { ALL, DDR, UB, SEQ };
enum class Hardware : uint8_t { GM, UB, L1, L0A, L0B, L0C, BIAS, FIXBUF, MAX };

// Any call of Name, whatever its template and function arguments.
#define ASCENDC_SIM_REFUSED(Name) \
    template <auto... V, typename... A> \
    void Name(A &&...) \
    { \
        static_assert(kRefused<A...>, "ascendc/sim: " #Name " is not covered"); \
    } \
    template <typename T, auto... V, typename... A> \
    void Name(A &&...) \
    { \
        static_assert(kRefused<T, A...>, "ascendc/sim: " #Name " is not covered"); \
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

// Caches, scalar access to GM.
ASCENDC_SIM_REFUSED(DataCacheCleanAndInvalid)
ASCENDC_SIM_REFUSED(DataCachePreload)
ASCENDC_SIM_REFUSED(DataSyncBarrier)
ASCENDC_SIM_REFUSED(ReadGmByPassDCache)
ASCENDC_SIM_REFUSED(WriteGmByPassDCache)
ASCENDC_SIM_REFUSED(ICachePreLoad)

// Modes that outlive a call.
ASCENDC_SIM_REFUSED(SetAtomicAdd)
ASCENDC_SIM_REFUSED(SetAtomicMax)
ASCENDC_SIM_REFUSED(SetAtomicMin)
ASCENDC_SIM_REFUSED(SetAtomicNone)
ASCENDC_SIM_REFUSED(SetAtomicType)
ASCENDC_SIM_REFUSED(DisableDmaAtomic)
ASCENDC_SIM_REFUSED(SetPadValue)
ASCENDC_SIM_REFUSED(SetCmpMask)
ASCENDC_SIM_REFUSED(GetCmpMask)
ASCENDC_SIM_REFUSED(InitSocState)

// Vector instructions.
ASCENDC_SIM_REFUSED(Abs)
ASCENDC_SIM_REFUSED(Axpy)
ASCENDC_SIM_REFUSED(AddRelu)
ASCENDC_SIM_REFUSED(ArithProgression)
ASCENDC_SIM_REFUSED(Arange)
ASCENDC_SIM_REFUSED(BilinearInterpolation)
ASCENDC_SIM_REFUSED(BlockReduceMax)
ASCENDC_SIM_REFUSED(BlockReduceMin)
ASCENDC_SIM_REFUSED(BlockReduceSum)
ASCENDC_SIM_REFUSED(Brcb)
ASCENDC_SIM_REFUSED(CastDeq)
ASCENDC_SIM_REFUSED(Compare)
ASCENDC_SIM_REFUSED(Compares)
ASCENDC_SIM_REFUSED(CompareScalar)
ASCENDC_SIM_REFUSED(Copy)
ASCENDC_SIM_REFUSED(CountBitsCntSameAsSignBit)
ASCENDC_SIM_REFUSED(Div)
ASCENDC_SIM_REFUSED(Exp)
ASCENDC_SIM_REFUSED(FusedMulAdd)
ASCENDC_SIM_REFUSED(Gatherb)
ASCENDC_SIM_REFUSED(GetReduceMaxMinCount)
ASCENDC_SIM_REFUSED(LeakyRelu)
ASCENDC_SIM_REFUSED(Ln)
ASCENDC_SIM_REFUSED(MrgSort)
ASCENDC_SIM_REFUSED(MulAddDst)
ASCENDC_SIM_REFUSED(MulCast)
ASCENDC_SIM_REFUSED(PairReduceSum)
ASCENDC_SIM_REFUSED(ProposalConcat)
ASCENDC_SIM_REFUSED(ProposalExtract)
ASCENDC_SIM_REFUSED(Reciprocal)
ASCENDC_SIM_REFUSED(ReduceMax)
ASCENDC_SIM_REFUSED(ReduceMin)
ASCENDC_SIM_REFUSED(ReduceSum)
ASCENDC_SIM_REFUSED(Relu)
ASCENDC_SIM_REFUSED(RpSort16)
ASCENDC_SIM_REFUSED(Rsqrt)
ASCENDC_SIM_REFUSED(Scatter)
ASCENDC_SIM_REFUSED(Select)
ASCENDC_SIM_REFUSED(Sort)
ASCENDC_SIM_REFUSED(Sort32)
ASCENDC_SIM_REFUSED(Sqrt)
ASCENDC_SIM_REFUSED(SubRelu)
ASCENDC_SIM_REFUSED(TransDataTo5HD)
ASCENDC_SIM_REFUSED(Transpose)
ASCENDC_SIM_REFUSED(WholeReduceMax)
ASCENDC_SIM_REFUSED(WholeReduceMin)
ASCENDC_SIM_REFUSED(WholeReduceSum)

// System.
ASCENDC_SIM_REFUSED(GetSubBlockIdx)
ASCENDC_SIM_REFUSED(GetSubBlockNum)
ASCENDC_SIM_REFUSED(GetSystemCycle)
ASCENDC_SIM_REFUSED(GetSysWorkSpacePtr)
ASCENDC_SIM_REFUSED(GetUserWorkspace)
ASCENDC_SIM_REFUSED(Trap)
ASCENDC_SIM_REFUSED(DumpTensor)
ASCENDC_SIM_REFUSED(DumpAccChkPoint)

#undef ASCENDC_SIM_REFUSED

template <Hardware hard = Hardware::UB>
class LocalMemAllocator {
    static_assert(hard == Hardware::MAX, "ascendc/sim: LocalMemAllocator is not covered");
};

template <TPosition position, uint32_t ids = 4>
class TBufPool {
    static_assert(position == TPosition::MAX, "ascendc/sim: TBufPool is not covered");
};

} // namespace AscendC
