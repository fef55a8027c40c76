/* Largest sizes of what kernels keep in UB, which is laid out for them whatever a launch asks for: the host chooses sizes
 * up to these (src/ops), the kernels' primitives (prim) make buffers of these. Elements. */
#ifndef ASCEND_CACHE_LOC_SIZES_H
#define ASCEND_CACHE_LOC_SIZES_H

/* Slots that a tile of ragged output has room for (prim/ragged_gather.h). */
#define ASCEND_CACHE_LOC_COPY_TILE_MAX 4096
/* The same where slots are made of pages, and pages of the list that are there at a time (prim/page_list.h). */
#define ASCEND_CACHE_LOC_PAGED_TILE_MAX 2048
#define ASCEND_CACHE_LOC_PAGES_MAX 768
/* Slots that a tile of ragged input has room for (prim/ragged_scatter.h), of int32 and of int64: multiples of 64. Of int32 a
 * little more than a power of two, so that a quarter of 8,192 fits however it is cut. */
#define ASCEND_CACHE_LOC_SCATTER_TILE_MAX 2176
#define ASCEND_CACHE_LOC_SCATTER_TILE_MAX_INT64 1024
/* Pages that a tile of block tables has room for (prim/page_gather.h). A multiple of 64. */
#define ASCEND_CACHE_LOC_PAGE_TILE_MAX 512
/* Rows whose lengths are summed at a time, and sums that are kept of them (prim/scan.h). */
#define ASCEND_CACHE_LOC_SCAN_TILE_MAX 1024
#define ASCEND_CACHE_LOC_CHECKPOINTS_MAX 256
/* Rows of the largest batch whose lengths are kept beside the sums. A multiple of 128. */
#define ASCEND_CACHE_LOC_LENGTHS_MAX 8192
/* Rows read at a time by the scalar pipe (prim/rows.h): where each row has one element of output, and where it has any
 * number of them. */
#define ASCEND_CACHE_LOC_ROW_TILE_MAX 1024
#define ASCEND_CACHE_LOC_WALK_TILE_MAX 256
/* Rows of a decode step looked at at a time (prim/decode_rows.h). A power of two. */
#define ASCEND_CACHE_LOC_STEP_TILE_MAX 512
/* Rows of a core that the vector unit looks at sooner than the scalar pipe (prim/row_walk.h): no size of UB, but host and
 * kernels have it in common, too. */
#define ASCEND_CACHE_LOC_PREPARED_ROWS 12

#endif
