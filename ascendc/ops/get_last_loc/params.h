/* get_last_loc(table, req_pool_indices[n], prefix_lens[n]) -> out[n]. */
#ifndef ASCEND_CACHE_LOC_GET_LAST_LOC_PARAMS_H
#define ASCEND_CACHE_LOC_GET_LAST_LOC_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_GET_LAST_LOC_ID 1

typedef struct AscendCacheLocGetLastLocParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray prefix_lens;      /* [n] */
    AscendCacheLocArray out;              /* [n] */
    uint32_t rows;                        /* rows, row_stride, row_len and n are below 2^31 - 1, and n is not 0 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t tile; /* rows of a tile: a multiple of 8, up to ASCEND_CACHE_LOC_ROW_TILE_MAX */
    uint32_t reserved;
} AscendCacheLocGetLastLocParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocGetLastLocParams, rows) == 120);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocGetLastLocParams) == 144);

#endif
