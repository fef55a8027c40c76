// Calls that must not compile, each with the text that the compiler's message must hold. Compiled by tests/refused.rs
// and by nothing else.
#include "kernel_operator.h"

using namespace AscendC;

void refused(GlobalTensor<int32_t> g, LocalTensor<int32_t> x, LocalTensor<int64_t> x64, LocalTensor<float> f,
             LocalTensor<uint8_t> x8, LocalTensor<uint32_t> u, LocalTensor<int16_t> x16,
             LocalTensor<half> h, LocalTensor<bfloat16_t> b)
{
    uint64_t mask[2] = {1, 0};
    const BinaryRepeatParams binary;
    const GlobalTensor<int32_t> constant_g = g;
    const LocalTensor<int32_t> constant_x = x;
    TQue<TPosition::VECIN, 1> queue;

    // Members.
    g(0);                         // REFUSED GlobalTensor::operator()
    g.ReinterpretCast<float>();   // REFUSED GlobalTensor::ReinterpretCast
    x.GetPhyAddr();               // REFUSED LocalTensor::GetPhyAddr
    x(0);                         // REFUSED LocalTensor::operator()
    x.Print();                    // REFUSED Print
    TPipe pipe;
    pipe.InitBufPool(x, 1);       // REFUSED InitBufPool
    GET_TILING_DATA(tiling, nullptr); // REFUSED TilingOfRegisterTilingDefault
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
    Div(x, x, x, 8);                                    // REFUSED no Div
    Abs(x, x, 8);                                       // REFUSED no Abs
    Exp(x16, x16, 8);                                   // REFUSED no Exp
    Relu(x16, x16, 8);                                  // REFUSED no Relu
    AddRelu(x, x, x, 8);                                // REFUSED no AddRelu
    LeakyRelu(x, x, 1, 8);                              // REFUSED no LeakyRelu
    Axpy(x, x, 1, 8);                                   // REFUSED no Axpy
    Compare(x8, x16, x16, CMPMODE::EQ, 128);            // REFUSED no comparison
    Compares(x, f, 1.0f, CMPMODE::EQ, 64);              // REFUSED destination
    Select(x, x8, x, x, SELMODE::VSEL_CMPMASK_SPR, 64); // REFUSED no Select
    ReduceSum(x, x, x, 8);                              // REFUSED no reduction
    ReduceMax(x, x, x, 8);                              // REFUSED no reduction
    WholeReduceSum(x, x, 8, 1, 1, 1, 8);                // REFUSED no reduction
    ReduceRepeat<ReduceType::SUM, int16_t>(x16, x16, 8, 1, 1, 1, 8); // REFUSED no reduction
    ReduceRepeat<ReduceType::SUM, float>(f, h, 8, 1, 1, 1, 8);       // REFUSED no ReduceRepeat
    ReduceDataBlock<ReduceType::NONE, float>(f, f, 8, 1, 1, 1, 8);   // REFUSED no ReduceDataBlock
    ReducePairElem<ReduceType::MAX, float>(f, f, 8, 1, 1, 1, 8);     // REFUSED ReducePairElem adds up
    GetReduceRepeatSumSpr<int32_t>();                   // REFUSED GetReduceRepeatSumSpr is of
    LocalTensor<int4b_t> nibbles;                       // REFUSED element type
    const int64_t cycles = GetSystemCycle() - 1;        // REFUSED GetSystemCycle
    const int32_t locked = AllocMutexID();              // REFUSED AllocMutexID
    half largest, index;
    GetReduceRepeatMaxMinSpr<half>(largest, index);     // REFUSED GetReduceRepeatMaxMinSpr
    Interleave(x, x, x, x, 8);                          // REFUSED Interleave
    SetAtomicAdd<int64_t>();                            // REFUSED no atomic
    SetAtomicMax<uint32_t>();                           // REFUSED no atomic
    Cast(x, x16, RoundMode::CAST_NONE, 8);              // REFUSED a Cast
    Cast(x64, u, RoundMode::CAST_NONE, 8);              // REFUSED a Cast
    GatherMask(x, x, x16, false, 0, {1, 1, 8, 0}, *new uint64_t); // REFUSED GatherMask wants
    GatherMask(x, x, x, false, 0, {1, 1, 8, 0}, *new uint64_t);   // REFUSED GatherMask wants
    GatherMask(x8, x8, x8, false, 0, {1, 1, 8, 0}, *new uint64_t); // REFUSED GatherMask wants
    PipeBarrier<PIPE_S>();                              // REFUSED PipeBarrier
    PipeBarrier<PIPE_M>();                              // REFUSED PipeBarrier
    SetFlag<HardEvent::M_V>(0);                         // REFUSED M_V
    GlobalTensor<struct Float8> float8;                 // REFUSED element type
    TQue<TPosition::CO1, 1> cube;                       // REFUSED queue position
    TQue<TPosition::VECCALC, 1> within;                 // REFUSED queue position
    TQueBind<TPosition::GM, TPosition::GM, 1> nowhere;  // REFUSED queue position
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> through;
    through.EnQue<TPosition::GM, TPosition::GM, int32_t>(x);    // REFUSED positions
    through.DeQue<TPosition::GM, TPosition::A1, int32_t>();     // REFUSED positions
    TQueBind<TPosition::VECIN, TPosition::VECOUT, 0> unordered;
    unordered.EnQue<TPosition::GM, TPosition::VECIN, int32_t>(x); // REFUSED depth 0
    TBuf<TPosition::A1> l1;                             // REFUSED buffer position

    // bfloat16 is copied and cast, and nothing else; half has no bits.
    const bfloat16_t one = ToBfloat16(1.0f);
    Add(b, b, b, 8);                                    // REFUSED no Add
    Mul(b, b, b, mask, 1, binary);                      // REFUSED no Mul
    Adds(b, b, one, 8);                                 // REFUSED no Adds
    Max(b, b, b, 8);                                    // REFUSED no Max
    Exp(b, b, 8);                                       // REFUSED no Exp
    Relu(b, b, 8);                                      // REFUSED no Relu
    Axpy(f, b, one, 8);                                 // REFUSED no Axpy
    Axpy(h, f, 1.0f, 8);                                // REFUSED no Axpy
    MulAddDst(b, b, b, 8);                              // REFUSED no MulAddDst
    Compare(x8, b, b, CMPMODE::EQ, 128);                // REFUSED no comparison
    Compares(x8, b, one, CMPMODE::EQ, 128);             // REFUSED no comparison
    Select(b, x8, b, b, SELMODE::VSEL_TENSOR_TENSOR_MODE, 64); // REFUSED no Select
    ReduceSum(b, b, b, 8);                              // REFUSED no reduction
    ReduceMin(b, b, b, 8);                              // REFUSED no reduction
    CreateVecIndex(b, one, 8u);                         // REFUSED no CreateVecIndex
    And(h, h, h, 8);                                    // REFUSED no And
    Not(b, b, 8);                                       // REFUSED no Not
    ShiftLeft(h, h, half(1), 8);                        // REFUSED no ShiftLeft
    Cast(b, h, RoundMode::CAST_RINT, 8);                // REFUSED a Cast
    Cast(h, b, RoundMode::CAST_RINT, 8);                // REFUSED a Cast
    Cast(b, x, RoundMode::CAST_RINT, 8);                // REFUSED a Cast
    Cast(x16, b, RoundMode::CAST_RINT, 8);              // REFUSED a Cast
    Cast(h, x, RoundMode::CAST_NONE, 8);                // REFUSED a Cast
    Cast(h, x64, RoundMode::CAST_NONE, 8);              // REFUSED a Cast
    Cast(f, x8, RoundMode::CAST_NONE, 8);               // REFUSED a Cast
    Cast<float, half, RoundMode::CAST_RINT>(1.0f);      // REFUSED a scalar Cast
    Adds(h, h, 1.0f, 8);                                // REFUSED no matching
    const bfloat16_t two = 2;                           // REFUSED conversion
    const float of_bfloat16 = one;                      // REFUSED convert | conversion
    const bfloat16_t sum = one + one;                   // REFUSED operator+ | operands
    const bfloat16_t zero = 0;

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
    constant_g.SetValue(0, 1);                          // REFUSED discards qualifiers | SetValue
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
    DataSyncBarrier<MemDsbT::DDR>();         // REFUSED DataSyncBarrier
    LocalMemAllocator<Hardware::L1> cube_memory; // REFUSED LocalMemAllocator
    LocalMemAllocator static_memory;
    static_memory.Alloc<TPosition::A1, int32_t>(8); // REFUSED LocalMemAllocator::Alloc
    TBufPool<TPosition::VECCALC> pool;       // REFUSED TBufPool

    // A queue of depth 0 has calls of its own.
    TQue<TPosition::VECIN, 0> in_place;
    in_place.AllocTensor<int32_t>();         // REFUSED AllocTensor(tensor)
    in_place.DeQue<int32_t>();               // REFUSED DeQue(tensor)
    queue.AllocTensor(x);                    // REFUSED AllocTensor(tensor)
    queue.DeQue(x);                          // REFUSED DeQue(tensor)

    // The rest of the API.
    SyncAll<true>();                         // REFUSED SyncAll
    IBSet(x, x, 8);                          // REFUSED IBSet
    IBWait(x, x, 8);                         // REFUSED IBWait
    CrossCoreSetFlag(x, x, 8);               // REFUSED CrossCoreSetFlag
    CrossCoreWaitFlag(x, x, 8);              // REFUSED CrossCoreWaitFlag
    NotifyNextBlock(x, x, 8);                // REFUSED NotifyNextBlock
    WaitPreBlock(x, x, 8);                   // REFUSED WaitPreBlock
    InitDetermineComputeWorkspace(x, x, 8);  // REFUSED InitDetermineComputeWorkspace
    DataCachePreload(x, x, 8);               // REFUSED DataCachePreload
    DataSyncBarrier(x, x, 8);                // REFUSED DataSyncBarrier
    ReadGmByPassDCache(x, x, 8);             // REFUSED ReadGmByPassDCache
    WriteGmByPassDCache(x, x, 8);            // REFUSED WriteGmByPassDCache
    ICachePreLoad(x, x, 8);                  // REFUSED ICachePreLoad
    SetAtomicType(x, x, 8);                  // REFUSED SetAtomicType
    SetSaturationFlag<SaturationMode::INT>(true); // REFUSED saturation modes
    ArithProgression(x, x, 8);               // REFUSED ArithProgression
    Arange(x, x, 8);                         // REFUSED Arange
    BilinearInterpolation(x, x, 8);          // REFUSED BilinearInterpolation
    CastDeq(x, x, 8);                        // REFUSED CastDeq
    CountBitsCntSameAsSignBit(x, x, 8);      // REFUSED CountBitsCntSameAsSignBit
    GetReduceMaxMinCount(x, x, 8);           // REFUSED GetReduceMaxMinCount
    MrgSort(x, x, 8);                        // REFUSED MrgSort
    MulCast(x, x, 8);                        // REFUSED MulCast
    ProposalConcat(x, x, 8);                 // REFUSED ProposalConcat
    ProposalExtract(x, x, 8);                // REFUSED ProposalExtract
    RpSort16(x, x, 8);                       // REFUSED RpSort16
    Scatter(x, x, 8);                        // REFUSED Scatter
    Sort<float, true>(x, x, x, x, 1);        // REFUSED Sort
    Sort32(x, x, 8);                         // REFUSED Sort32
    TransDataTo5HD(x, x, 8);                 // REFUSED TransDataTo5HD
    Transpose(x, x, 8);                      // REFUSED Transpose
    GetSubBlockIdx(x, x, 8);                 // REFUSED GetSubBlockIdx
    GetSubBlockNum(x, x, 8);                 // REFUSED GetSubBlockNum
    GetSystemCycle(x, x, 8);                 // REFUSED GetSystemCycle
    GetSysWorkSpacePtr(x, x, 8);             // REFUSED GetSysWorkSpacePtr
    Trap(x, x, 8);                           // REFUSED Trap
    DumpTensor(x, x, 8);                     // REFUSED DumpTensor
    DumpAccChkPoint(x, x, 8);                // REFUSED DumpAccChkPoint
}
