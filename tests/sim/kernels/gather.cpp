// prim/ragged_gather.h by itself: pieces of every source, as a list in GM says.
#include "../../../ascendc/prim/ragged_gather.h"
#include "../../../ascendc/prim/rows.h"
#include "register.h"

namespace {

using namespace cache_loc;

constexpr uint32_t kPieces = 64;

// pieces: int64 [3 * count], each (source, from, length); sources: 0 table, 1 counting up, 2 none.
template <typename O>
void gathered(uint64_t table_address, uint64_t pieces_address, uint64_t out, uint32_t count, uint32_t tile,
              uint64_t position)
{
    TPipe pipe;
    Column<int64_t> pieces(pipe, pieces_address, 3 * kPieces);
    RaggedGather<O> gather(pipe, out, tile);
    TBuf<TPosition::VECCALC> buffer;
    pipe.InitBuffer(buffer, ASCEND_CACHE_LOC_COPY_TILE_MAX * sizeof(int32_t));
    const LocalTensor<int32_t> indices = buffer.Get<int32_t>();
    CreateVecIndex(indices, 0, tile);
    PipeBarrier<PIPE_V>(); // indices is written before V reads it
    const GlobalTensor<int32_t> table = Global<int32_t>(table_address);
    gather.Begin(position);
    for (uint32_t first = 0; first < count; first += kPieces) {
        const auto here = static_cast<uint32_t>(Min(kPieces, count - first));
        pieces.Load(3 * first, 3 * here);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled pieces before S reads them
        for (uint32_t i = 0; i < here; ++i) {
            const auto from = static_cast<uint64_t>(pieces.Get(3 * i + 1));
            const auto length = static_cast<uint64_t>(pieces.Get(3 * i + 2));
            if (pieces.Get(3 * i) == 0) {
                gather.Append(TableSlots{table, from}, length);
            } else if (pieces.Get(3 * i) == 1) {
                gather.Append(CountingUp{indices, from}, length);
            } else {
                gather.Append(NoSlots{}, length);
            }
        }
        Order<HardEvent::S_MTE2>(); // S has read pieces before MTE2 copies the next ones in
    }
    gather.Finish();
}

} // namespace

ASCEND_CACHE_LOC_SIM_KERNEL_AS(gathered_int32, "gathered int32", gathered<int32_t>)
ASCEND_CACHE_LOC_SIM_KERNEL_AS(gathered_int64, "gathered int64", gathered<int64_t>)
