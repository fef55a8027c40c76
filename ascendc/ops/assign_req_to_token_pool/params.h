/* assign_req_to_token_pool(table, req_pool_indices[n], start_offsets[n], end_offsets[n], locs[..capacity]): table, in
 * place. */
#ifndef ASCEND_CACHE_LOC_ASSIGN_REQ_TO_TOKEN_POOL_PARAMS_H
#define ASCEND_CACHE_LOC_ASSIGN_REQ_TO_TOKEN_POOL_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_ASSIGN_REQ_TO_TOKEN_POOL_ID 4

typedef struct AscendCacheLocAssignReqToTokenPoolParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row; written */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray start_offsets;    /* [n] */
    AscendCacheLocArray end_offsets;      /* [n], elements as start_offsets */
    AscendCacheLocArray locs;             /* [capacity] */
    uint64_t capacity;
    uint32_t rows; /* rows, row_stride, row_len and n are below 2^31 - 1, and n is not 0 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t stretch_bytes; /* of addresses that are one core's: a power of two, 64 to 2^30; a launch has 2^i cores */
    uint32_t copy_tile;     /* slots of a tile: a multiple of 64, up to ASCEND_CACHE_LOC_SCATTER_TILE_MAX, of int64 _INT64 */
    uint32_t row_tile;      /* rows looked at at a time: a multiple of 64, up to ASCEND_CACHE_LOC_SCAN_TILE_MAX */
    uint32_t reserved;
} AscendCacheLocAssignReqToTokenPoolParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAssignReqToTokenPoolParams, capacity) == 144);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAssignReqToTokenPoolParams, rows) == 152);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocAssignReqToTokenPoolParams) == 184);

#endif
