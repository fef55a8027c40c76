/* alloc_decode(seq_lens[n], last_locs[n], free_pages[free], page_size) -> out[n]. */
#ifndef ASCEND_CACHE_LOC_ALLOC_DECODE_PARAMS_H
#define ASCEND_CACHE_LOC_ALLOC_DECODE_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_ALLOC_DECODE_ID 5

typedef struct AscendCacheLocAllocDecodeParams {
    AscendCacheLocHead head;
    AscendCacheLocArray seq_lens;   /* [n] */
    AscendCacheLocArray last_locs;  /* [n] */
    AscendCacheLocArray free_pages; /* [free], elements as last_locs */
    AscendCacheLocArray out;        /* [n] */
    uint32_t page_size; /* page_size, free and n are below 2^31 - 1, and page_size and n are not 0 */
    uint32_t free;
    uint32_t n;
    uint32_t tile; /* rows of a tile: a multiple of 64, up to ASCEND_CACHE_LOC_ROW_TILE_MAX */
} AscendCacheLocAllocDecodeParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAllocDecodeParams, page_size) == 120);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocAllocDecodeParams) == 136);

#endif
