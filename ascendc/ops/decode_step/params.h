/* decode_step(table, req_pool_indices[n], seq_lens[n], free_pages[free]) -> out[n], block_tables [capacity, columns], and
 * table in place. */
#ifndef ASCEND_CACHE_LOC_DECODE_STEP_PARAMS_H
#define ASCEND_CACHE_LOC_DECODE_STEP_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_DECODE_STEP_ID 8

typedef struct AscendCacheLocDecodeStepParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row; read and written */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray seq_lens;         /* [n] */
    AscendCacheLocArray free_pages;       /* [free] */
    AscendCacheLocArray out;              /* [n], elements as free_pages */
    AscendCacheLocArray block_tables;     /* int32 [capacity, block_stride], the first columns of each row */
    uint32_t rows; /* all sizes are below 2^31 - 1 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t page_size; /* not 0 */
    uint32_t free;
    uint32_t capacity; /* of block tables: n at least */
    uint32_t columns;
    uint32_t block_stride;
    uint32_t pad;           /* an int32: behind the pages of a block table, and in those of idle rows and of no rows */
    uint32_t new_columns;   /* not 0: of rows with a token the new token's column alone is written, of idle ones and of no
                             * rows none */
    uint32_t stretch_bytes; /* of addresses of the table that are one core's: a power of two, 64 to 2^20 */
    uint32_t owners;        /* cores that own stretches, at most: the first ones, a power of two */
    uint32_t row_tile;      /* rows looked at at a time: a multiple of 64, up to ASCEND_CACHE_LOC_STEP_TILE_MAX */
    uint32_t page_tile;     /* pages of a tile: a multiple of 8, up to ASCEND_CACHE_LOC_PAGE_TILE_MAX */
    uint32_t reserved;
} AscendCacheLocDecodeStepParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocDecodeStepParams, rows) == 168);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocDecodeStepParams) == 232);

#endif
