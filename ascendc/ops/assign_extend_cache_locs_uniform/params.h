/* assign_extend_cache_locs_uniform(table, req_pool_indices[n], start_offsets[n], tokens_per_row)
 * -> out[n * tokens_per_row], positions[n * tokens_per_row]. */
#ifndef ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_UNIFORM_PARAMS_H
#define ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_UNIFORM_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_UNIFORM_ID 3

typedef struct AscendCacheLocAssignExtendCacheLocsUniformParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray start_offsets;    /* [n] */
    AscendCacheLocArray positions;        /* [n * tokens_per_row] as start_offsets, or no memory: not wanted */
    AscendCacheLocArray out;              /* [n * tokens_per_row] */
    uint32_t rows; /* rows, row_stride, row_len, n and tokens_per_row are below 2^31 - 1, the last two not 0 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t tokens_per_row;
    uint32_t copy_tile; /* int32 slots of a tile: a multiple of 32, up to ASCEND_CACHE_LOC_COPY_TILE_MAX */
    uint32_t walk_tile; /* rows read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_ROW_TILE_MAX */
    uint32_t reserved;
} AscendCacheLocAssignExtendCacheLocsUniformParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAssignExtendCacheLocsUniformParams, rows) == 144);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocAssignExtendCacheLocsUniformParams) == 176);

#endif
