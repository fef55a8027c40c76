/* fill(values[n]) -> out[n]. */
#ifndef ASCEND_CACHE_LOC_FILL_PARAMS_H
#define ASCEND_CACHE_LOC_FILL_PARAMS_H

#include "../../abi/block.h"

/* The operation's id. */
#define ASCEND_CACHE_LOC_FILL_ID 4242
/* Largest tile, in rows. */
#define ASCEND_CACHE_LOC_FILL_TILE_MAX 512

typedef struct AscendCacheLocFillParams {
    AscendCacheLocHead head;
    AscendCacheLocArray values; /* [n] */
    AscendCacheLocArray out;    /* [n] */
    uint32_t n;                 /* not 0 */
    uint32_t tile;              /* rows of a tile: a multiple of 8, up to ASCEND_CACHE_LOC_FILL_TILE_MAX */
} AscendCacheLocFillParams;

#endif
