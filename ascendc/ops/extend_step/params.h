/* extend_step(table, req_pool_indices[n], prefix_lens[n], seq_lens[n], free_pages[free], page_size) -> out[..capacity], and
 * table in place. */
#ifndef ASCEND_CACHE_LOC_EXTEND_STEP_PARAMS_H
#define ASCEND_CACHE_LOC_EXTEND_STEP_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_EXTEND_STEP_ID 9

typedef struct AscendCacheLocExtendStepParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row; read and written */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray prefix_lens;      /* [n] */
    AscendCacheLocArray seq_lens;         /* [n], elements as prefix_lens */
    AscendCacheLocArray free_pages;       /* [free] */
    AscendCacheLocArray out;              /* [capacity], elements as free_pages */
    uint64_t capacity;
    uint32_t rows; /* all sizes but capacity are below 2^31 - 1 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;         /* not 0 */
    uint32_t page_size; /* not 0 */
    uint32_t free;
    uint32_t row_cost_bytes; /* what a row weighs beside its output when out is split; at least an element of it */
    uint32_t stretch_bytes;  /* of addresses of the table that are one core's: a power of two, 64 to 2^20 */
    uint32_t owners;         /* cores that write the table, at most: the last ones, a power of two */
    uint32_t copy_tile;      /* int32 slots of a tile: a multiple of 64, up to ASCEND_CACHE_LOC_PAGED_TILE_MAX */
    uint32_t scan_tile;      /* rows summed at a time: a multiple of 128, up to ASCEND_CACHE_LOC_SCAN_TILE_MAX */
    uint32_t walk_tile;      /* rows read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_WALK_TILE_MAX */
    uint32_t checkpoints;    /* most sums kept over the batch: 1 to ASCEND_CACHE_LOC_CHECKPOINTS_MAX */
    uint32_t row_tile;       /* rows looked at at a time: a multiple of 64, up to ASCEND_CACHE_LOC_STEP_TILE_MAX */
} AscendCacheLocExtendStepParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocExtendStepParams, capacity) == 168);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocExtendStepParams, rows) == 176);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocExtendStepParams) == 232);

#endif
