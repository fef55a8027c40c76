/* alloc_extend(prefix_lens[n], seq_lens[n], last_locs[n], free_pages[free], page_size) -> out[..capacity]. */
#ifndef ASCEND_CACHE_LOC_ALLOC_EXTEND_PARAMS_H
#define ASCEND_CACHE_LOC_ALLOC_EXTEND_PARAMS_H

#include "../../abi/block.h"
#include "../../abi/sizes.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_ALLOC_EXTEND_ID 6

typedef struct AscendCacheLocAllocExtendParams {
    AscendCacheLocHead head;
    AscendCacheLocArray prefix_lens; /* [n] */
    AscendCacheLocArray seq_lens;    /* [n], elements as prefix_lens */
    AscendCacheLocArray last_locs;   /* [n] */
    AscendCacheLocArray free_pages;  /* [free], elements as last_locs */
    AscendCacheLocArray out;         /* [capacity] */
    uint64_t capacity;
    uint32_t page_size; /* page_size, free and n are below 2^31 - 1, and page_size and n are not 0 */
    uint32_t free;
    uint32_t n;
    uint32_t row_cost_bytes; /* what a row weighs beside its output when work is split; at least an element of it */
    uint32_t copy_tile;      /* int32 slots of a tile: a multiple of 32, up to ASCEND_CACHE_LOC_PAGED_TILE_MAX */
    uint32_t scan_tile;      /* rows summed at a time: a multiple of 128, up to ASCEND_CACHE_LOC_SCAN_TILE_MAX */
    uint32_t walk_tile;      /* rows read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_WALK_TILE_MAX */
    uint32_t checkpoints;    /* most sums kept over the batch: 1 to ASCEND_CACHE_LOC_CHECKPOINTS_MAX */
} AscendCacheLocAllocExtendParams;

ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAllocExtendParams, capacity) == 144);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocAllocExtendParams, page_size) == 152);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocAllocExtendParams) == 184);

#endif
