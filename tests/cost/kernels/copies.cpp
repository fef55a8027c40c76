// Copies as asc-devkit's sample data_copy has them (its README): a matrix of 16-bit elements, DataCopyPad, one buffer
// in UB that every copy overwrites, nothing waited for. The simulation reports that as races, rightly; it is what was
// measured.
#include "kernel_operator.h"
#include "register.h"

using namespace AscendC;

namespace cost {

struct Copies {
    GM_ADDR matrix;
    uint32_t columns;   // of the matrix
    uint32_t core_rows; // a core's
    uint32_t tile_rows;
    uint32_t tile_columns;
    uint32_t parts; // each core copies so many parts of core_rows; the first is its own
    uint32_t same;  // parts in the same order for all cores; else each begins with its own
};

} // namespace cost

extern "C" void cost_copies(cost::Copies is)
{
    const auto core = static_cast<uint32_t>(GetBlockIdx());
    const auto cores = static_cast<uint32_t>(GetBlockNum());
    GlobalTensor<int16_t> matrix;
    matrix.SetGlobalBuffer(reinterpret_cast<__gm__ int16_t *>(is.matrix));
    const LocalTensor<int16_t> ub(TPosition::VECIN, 0, 64 * 1024);
    for (uint32_t part = 0; part < is.parts; ++part) {
        const uint32_t at = is.parts == 1 ? core : is.same != 0 ? part : (part + core) % cores;
        for (uint32_t row = 0; row < is.core_rows; row += is.tile_rows) {
            for (uint32_t column = 0; column < is.columns; column += is.tile_columns) {
                const uint32_t count = min(is.tile_columns, is.columns - column);
                const DataCopyExtParams params(static_cast<uint16_t>(is.tile_rows), count * 2, (is.columns - count) * 2,
                                               0, 0);
                const uint64_t from = uint64_t{at * is.core_rows + row} * is.columns + column;
                DataCopyPad(ub, matrix[from], params, DataCopyPadExtParams<int16_t>(false, 0, 0, 0));
            }
        }
    }
}

static const AscendCacheLocSimKernel entry = ASCEND_CACHE_LOC_SIM_ENTRY(cost_copies);
static const AscendCacheLocSimKernel *const entries[] = {&entry};
extern "C" const AscendCacheLocSimKernels cost_copies_kernels;
extern "C" const AscendCacheLocSimKernels cost_copies_kernels = {entries, 1};
