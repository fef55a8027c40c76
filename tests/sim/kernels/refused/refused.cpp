// Calls that must not compile, each with the text that the compiler's message must hold. Compiled by tests/refused.rs
// and by nothing else.
#include "kernel_operator.h"

using namespace AscendC;

void refused(GlobalTensor<int32_t> g, LocalTensor<int32_t> x, LocalTensor<int64_t> x64, LocalTensor<float> f,
             LocalTensor<uint8_t> x8, LocalTensor<uint32_t> u, LocalTensor<int16_t> x16)
{
    uint64_t mask[2] = {1, 0};
    const BinaryRepeatParams binary;
    const GlobalTensor<int32_t> constant_g = g;
    const LocalTensor<int32_t> constant_x = x;
    TQue<TPosition::VECIN, 1> queue;

    // Members.
    g.SetValue(0, 1);             // REFUSED GlobalTensor::SetValue
    g(0);                         // REFUSED GlobalTensor::operator()
    g.ReinterpretCast<float>();   // REFUSED GlobalTensor::ReinterpretCast
    x.GetPhyAddr();               // REFUSED LocalTensor::GetPhyAddr
    x(0);                         // REFUSED LocalTensor::operator()
    x.Print();                    // REFUSED Print
    TPipe pipe;
    pipe.InitBufPool(x, 1);       // REFUSED InitBufPool
    GET_TILING_DATA(tiling, g);   // REFUSED GET_TILING_DATA
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2); // REFUSED KERNEL_TYPE_MIX_AIC_1_2

    // What 2201 does not have.
    Add(x64, x64, x64, 8);                              // REFUSED no Add
    Sub(u, u, u, 8);                                    // REFUSED no Sub
    Mul(x8, x8, x8, 8);                                 // REFUSED no Mul
    Max(x64, x64, x64, 8);                              // REFUSED no Max
    Min(u, u, u, 8);                                    // REFUSED no Min
    Adds(u, u, 1u, 8);                                  // REFUSED no Adds
    Muls(x64, x64, int64_t{1}, 8);                      // REFUSED no Muls
    Maxs(u, u, 1u, 8);                                  // REFUSED no Maxs
    Mins(x8, x8, uint8_t{1}, 8);                        // REFUSED no Mins
    And(f, f, f, 8);                                    // REFUSED no And
    And(x, x, x, mask, 1, binary);                      // REFUSED no And
    And(u, u, u, uint64_t{64}, 1, binary);              // REFUSED no And
    Or(x, x, x, mask, 1, binary);                       // REFUSED no Or
    Or(u, u, u, uint64_t{64}, 1, binary);               // REFUSED no Or
    Or(x64, x64, x64, 8);                               // REFUSED no Or
    Not(x, x, 8);                                       // REFUSED no Not
    ShiftLeft(f, f, 1.0f, 8);                           // REFUSED no ShiftLeft
    ShiftRight(x64, x64, int64_t{1}, 8);                // REFUSED no ShiftRight
    Duplicate(x64, int64_t{1}, 8);                      // REFUSED no Duplicate
    Duplicate(x8, uint8_t{1}, 8);                       // REFUSED no Duplicate
    CreateVecIndex(x64, int64_t{0}, 8u);                // REFUSED no CreateVecIndex
    Cast(x64, u, RoundMode::CAST_NONE, 8);              // REFUSED a Cast
    GatherMask(x, x, x16, false, 0, {1, 1, 8, 0}, *new uint64_t); // REFUSED GatherMask wants
    GatherMask(x, x, x, false, 0, {1, 1, 8, 0}, *new uint64_t);   // REFUSED GatherMask wants
    GatherMask(x8, x8, x8, false, 0, {1, 1, 8, 0}, *new uint64_t); // REFUSED GatherMask wants
    PipeBarrier<PIPE_S>();                              // REFUSED PipeBarrier
    PipeBarrier<PIPE_M>();                              // REFUSED PipeBarrier
    SetFlag<HardEvent::M_V>(0);                         // REFUSED M_V
    GlobalTensor<struct Half> half;                     // REFUSED element type
    TQue<TPosition::CO1, 1> cube;                       // REFUSED queue position
    TQue<TPosition::VECCALC, 1> within;                 // REFUSED queue position
    TQueBind<TPosition::GM, TPosition::GM, 1> nowhere;  // REFUSED queue position
    TQue<TPosition::VECIN, 0> in_place;                 // REFUSED in-place
    TBuf<TPosition::A1> l1;                             // REFUSED buffer position

    // Mistakes that the real headers refuse too.
    Adds(f, f, 1, 8);                                   // REFUSED no matching
    Adds(x, x64, 1, 8);                                 // REFUSED no matching
    Gather(x, x, x, 0u, 8u);                            // REFUSED no matching
    DataCopyPad(x, g, DataCopyExtParams{1, 4, 0, 0, 0}); // REFUSED no matching
    SetFlag(0);                                         // REFUSED no matching
    queue.FreeTensor(queue.DeQue<int32_t>());           // REFUSED non-const lvalue | FreeTensor
    queue.FreeTensor(constant_x);                       // REFUSED non-const lvalue | FreeTensor
    queue.srcPosition;                                  // REFUSED srcPosition
    TQueBind<TPosition::VECIN, TPosition::VECIN, 1> &same = queue; // REFUSED TQueBind
    TQue<VECCALC, 1> unscoped;                          // REFUSED VECCALC
    AscendC::GetTPipePtr();                             // REFUSED GetTPipePtr
    auto kind = AscendC::KERNEL_TYPE_AIV_ONLY;          // REFUSED KERNEL_TYPE_AIV_ONLY
    const TPosition position = x.GetPosition();         // REFUSED TPosition
    (void)(x.GetPosition() == TPosition::VECIN);        // REFUSED operator== | operands
    constant_g.SetL2CacheHint(CacheMode::CACHE_MODE_DISABLE); // REFUSED discards qualifiers | SetL2CacheHint
    constant_g.SetGlobalBuffer(nullptr);                // REFUSED discards qualifiers | SetGlobalBuffer
    constant_x.SetSize(8);                              // REFUSED discards qualifiers | SetSize
    constant_x = x + x;                                 // REFUSED discards qualifiers | overloaded
    Add<int32_t, true>(x, x, x, 8);                     // REFUSED no matching
    Sub<int32_t, false>(x, x, x, 8);                    // REFUSED no matching
    Mul<int32_t, true>(x, x, x, 8);                     // REFUSED no matching
    Max<int32_t, true>(x, x, x, 8);                     // REFUSED no matching
    Min<int32_t, true>(x, x, x, 8);                     // REFUSED no matching
    And<int16_t, true>(x16, x16, x16, 8);               // REFUSED no matching
    Or<int16_t, true>(x16, x16, x16, 8);                // REFUSED no matching
    Not<int16_t, true>(x16, x16, 8);                    // REFUSED no matching
    Duplicate<int32_t, true>(x, 1, 8);                  // REFUSED no matching
    Adds<int32_t, int64_t>(x, x, 1, 8);                 // REFUSED no matching

    // With what they are called with in kernels.
    Compare(x8, f, f, CMPMODE::LT, 64);      // REFUSED Compare
    Select(f, x8, f, f, SELMODE::VSEL_TENSOR_TENSOR_MODE, 64); // REFUSED Select
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(g); // REFUSED DataCacheCleanAndInvalid
    DataSyncBarrier<MemDsbT::DDR>();         // REFUSED DataSyncBarrier
    LocalMemAllocator<Hardware::UB> static_memory; // REFUSED LocalMemAllocator
    TBufPool<TPosition::VECCALC> pool;       // REFUSED TBufPool

    // The rest of the API.
    SyncAll<true>();                         // REFUSED SyncAll
    IBSet(x, x, 8);                          // REFUSED IBSet
    IBWait(x, x, 8);                         // REFUSED IBWait
    CrossCoreSetFlag(x, x, 8);               // REFUSED CrossCoreSetFlag
    CrossCoreWaitFlag(x, x, 8);              // REFUSED CrossCoreWaitFlag
    NotifyNextBlock(x, x, 8);                // REFUSED NotifyNextBlock
    WaitPreBlock(x, x, 8);                   // REFUSED WaitPreBlock
    InitDetermineComputeWorkspace(x, x, 8);  // REFUSED InitDetermineComputeWorkspace
    DataCacheCleanAndInvalid(x, x, 8);       // REFUSED DataCacheCleanAndInvalid
    DataCachePreload(x, x, 8);               // REFUSED DataCachePreload
    DataSyncBarrier(x, x, 8);                // REFUSED DataSyncBarrier
    ReadGmByPassDCache(x, x, 8);             // REFUSED ReadGmByPassDCache
    WriteGmByPassDCache(x, x, 8);            // REFUSED WriteGmByPassDCache
    ICachePreLoad(x, x, 8);                  // REFUSED ICachePreLoad
    SetAtomicAdd<float>();                   // REFUSED SetAtomicAdd
    SetAtomicMax(x, x, 8);                   // REFUSED SetAtomicMax
    SetAtomicMin(x, x, 8);                   // REFUSED SetAtomicMin
    SetAtomicNone(x, x, 8);                  // REFUSED SetAtomicNone
    SetAtomicType(x, x, 8);                  // REFUSED SetAtomicType
    DisableDmaAtomic(x, x, 8);               // REFUSED DisableDmaAtomic
    SetPadValue(x, x, 8);                    // REFUSED SetPadValue
    SetCmpMask(x, x, 8);                     // REFUSED SetCmpMask
    GetCmpMask(x, x, 8);                     // REFUSED GetCmpMask
    InitSocState(x, x, 8);                   // REFUSED InitSocState
    Abs(x, x, 8);                            // REFUSED Abs
    Axpy(x, x, 8);                           // REFUSED Axpy
    AddRelu(x, x, 8);                        // REFUSED AddRelu
    ArithProgression(x, x, 8);               // REFUSED ArithProgression
    Arange(x, x, 8);                         // REFUSED Arange
    BilinearInterpolation(x, x, 8);          // REFUSED BilinearInterpolation
    BlockReduceMax(x, x, 8);                 // REFUSED BlockReduceMax
    BlockReduceMin(x, x, 8);                 // REFUSED BlockReduceMin
    BlockReduceSum(x, x, 8);                 // REFUSED BlockReduceSum
    Brcb(x, x, 8);                           // REFUSED Brcb
    CastDeq(x, x, 8);                        // REFUSED CastDeq
    Compare(x, x, 8);                        // REFUSED Compare
    Compares(x, x, 8);                       // REFUSED Compares
    CompareScalar(x, x, 8);                  // REFUSED CompareScalar
    Copy(x, x, 8);                           // REFUSED Copy
    CountBitsCntSameAsSignBit(x, x, 8);      // REFUSED CountBitsCntSameAsSignBit
    Div(x, x, 8);                            // REFUSED Div
    Exp(x, x, 8);                            // REFUSED Exp
    FusedMulAdd(x, x, 8);                    // REFUSED FusedMulAdd
    Gatherb(x, x, 8);                        // REFUSED Gatherb
    GetReduceMaxMinCount(x, x, 8);           // REFUSED GetReduceMaxMinCount
    LeakyRelu(x, x, 8);                      // REFUSED LeakyRelu
    Ln(x, x, 8);                             // REFUSED Ln
    MrgSort(x, x, 8);                        // REFUSED MrgSort
    MulAddDst(x, x, 8);                      // REFUSED MulAddDst
    MulCast(x, x, 8);                        // REFUSED MulCast
    PairReduceSum(x, x, 8);                  // REFUSED PairReduceSum
    ProposalConcat(x, x, 8);                 // REFUSED ProposalConcat
    ProposalExtract(x, x, 8);                // REFUSED ProposalExtract
    Reciprocal(x, x, 8);                     // REFUSED Reciprocal
    ReduceMax(x, x, 8);                      // REFUSED ReduceMax
    ReduceMin(x, x, 8);                      // REFUSED ReduceMin
    ReduceSum(x, x, 8);                      // REFUSED ReduceSum
    Relu(x, x, 8);                           // REFUSED Relu
    RpSort16(x, x, 8);                       // REFUSED RpSort16
    Rsqrt(x, x, 8);                          // REFUSED Rsqrt
    Scatter(x, x, 8);                        // REFUSED Scatter
    Select(x, x, 8);                         // REFUSED Select
    Sort<float, true>(x, x, x, x, 1);        // REFUSED Sort
    Sort32(x, x, 8);                         // REFUSED Sort32
    Sqrt(x, x, 8);                           // REFUSED Sqrt
    SubRelu(x, x, 8);                        // REFUSED SubRelu
    TransDataTo5HD(x, x, 8);                 // REFUSED TransDataTo5HD
    Transpose(x, x, 8);                      // REFUSED Transpose
    WholeReduceMax(x, x, 8);                 // REFUSED WholeReduceMax
    WholeReduceMin(x, x, 8);                 // REFUSED WholeReduceMin
    WholeReduceSum(x, x, 8);                 // REFUSED WholeReduceSum
    GetSubBlockIdx(x, x, 8);                 // REFUSED GetSubBlockIdx
    GetSubBlockNum(x, x, 8);                 // REFUSED GetSubBlockNum
    GetSystemCycle(x, x, 8);                 // REFUSED GetSystemCycle
    GetSysWorkSpacePtr(x, x, 8);             // REFUSED GetSysWorkSpacePtr
    GetUserWorkspace(x, x, 8);               // REFUSED GetUserWorkspace
    Trap(x, x, 8);                           // REFUSED Trap
    DumpTensor(x, x, 8);                     // REFUSED DumpTensor
    DumpAccChkPoint(x, x, 8);                // REFUSED DumpAccChkPoint
}
