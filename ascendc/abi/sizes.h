/* Largest sizes of what kernels keep in UB, which is laid out for them whatever a launch asks for: the host chooses sizes
 * up to these (src/ops), the kernels' primitives (prim) make buffers of these. Elements. */
#ifndef ASCEND_CACHE_LOC_SIZES_H
#define ASCEND_CACHE_LOC_SIZES_H

/* Slots that a tile of ragged output has room for (prim/ragged_gather.h). */
#define ASCEND_CACHE_LOC_COPY_TILE_MAX 4096
/* Bytes of a tile of ragged input (prim/ragged_scatter.h): 1,024 times a power of two. */
#define ASCEND_CACHE_LOC_SCATTER_TILE_BYTES 16384
/* Rows whose lengths are summed at a time, and sums that are kept of them (prim/scan.h). */
#define ASCEND_CACHE_LOC_SCAN_TILE_MAX 1024
#define ASCEND_CACHE_LOC_CHECKPOINTS_MAX 256
/* Rows of the largest batch whose lengths are kept beside the sums. A multiple of 128. */
#define ASCEND_CACHE_LOC_LENGTHS_MAX 8192
/* Rows read at a time by the scalar pipe (prim/rows.h): where each row has one element of output, and where it has any
 * number of them. */
#define ASCEND_CACHE_LOC_ROW_TILE_MAX 1024
#define ASCEND_CACHE_LOC_WALK_TILE_MAX 256

#endif
