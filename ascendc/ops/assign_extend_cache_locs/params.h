/* assign_extend_cache_locs(table, req_pool_indices[n], start_offsets[n], end_offsets[n]) -> out[..capacity]. */
#ifndef ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_PARAMS_H
#define ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS_ID 2

typedef struct AscendCacheLocAssignExtendCacheLocsParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray start_offsets;    /* [n] */
    AscendCacheLocArray end_offsets;      /* [n], elements as start_offsets */
    AscendCacheLocArray out;              /* [capacity] */
    uint64_t capacity;
    uint32_t rows; /* rows, row_stride, row_len and n are below 2^31 - 1, and n is not 0 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t row_cost_bytes; /* what a row weighs beside its output when work is split; at least an element of it */
    uint32_t copy_tile;      /* int32 slots of a tile: a multiple of 32, up to ASCEND_CACHE_LOC_COPY_TILE_MAX */
    uint32_t scan_tile;      /* rows summed at a time: a multiple of 128, up to ASCEND_CACHE_LOC_SCAN_TILE_MAX */
    uint32_t walk_tile;      /* rows read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_WALK_TILE_MAX */
    uint32_t checkpoints;    /* most sums kept over the batch: 1 to ASCEND_CACHE_LOC_CHECKPOINTS_MAX */
    uint32_t reserved;
} AscendCacheLocAssignExtendCacheLocsParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAssignExtendCacheLocsParams, capacity) == 144);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAssignExtendCacheLocsParams, rows) == 152);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocAssignExtendCacheLocsParams) == 192);

#endif
