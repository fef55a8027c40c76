/* gather_block_tables(table, req_pool_indices[n], lens[n] or until, map) -> out [capacity, columns]: each request's pages. */
#ifndef ASCEND_CACHE_LOC_GATHER_BLOCK_TABLES_PARAMS_H
#define ASCEND_CACHE_LOC_GATHER_BLOCK_TABLES_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_GATHER_BLOCK_TABLES_ID 7

typedef struct AscendCacheLocGatherBlockTablesParams {
    AscendCacheLocHead head;
    AscendCacheLocArray table;            /* int32 [rows, row_stride], the first row_len of each row */
    AscendCacheLocArray req_pool_indices; /* [n] */
    AscendCacheLocArray lens;             /* [n], where has_lens is not 0 */
    AscendCacheLocArray map;              /* slots of the window by full slots, where has_map is not 0 */
    AscendCacheLocArray out;              /* int32 [capacity, out_stride], the first columns of each row */
    uint32_t rows; /* rows, row_stride, row_len, n, capacity, columns and out_stride are below 2^31 - 1 */
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t repeat;   /* rows of out for each request, not 0: n * repeat <= capacity */
    uint32_t capacity; /* rows of out, not 0 */
    uint32_t columns;  /* not 0 */
    uint32_t out_stride;
    uint32_t page_size; /* 1 to 2^31 - 2 */
    uint32_t pad;       /* an int32: behind the pages of a row, and in rows from n * repeat on */
    uint32_t has_lens;
    uint32_t until; /* where has_lens is 0, tokens of every row: no more than row_len, nor than columns * page_size */
    uint32_t has_map;
    uint32_t page_tile; /* pages of a tile: a multiple of 8, up to ASCEND_CACHE_LOC_PAGE_TILE_MAX */
    uint32_t walk_tile; /* requests read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_ROW_TILE_MAX */
    uint32_t reserved;
} AscendCacheLocGatherBlockTablesParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocGatherBlockTablesParams, rows) == 144);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocGatherBlockTablesParams) == 208);

#endif
