/* What host and kernels agree on: one parameter block per operation, and the fault line.
 *
 * Plain C: kernels, simulation and bindgen all read this file. Addresses are device addresses of element 0. Sizes and
 * counts are elements unless a name ends in `_bytes`. The host has checked every shape before it launches: the arrays
 * are as long as said here, the table holds (rows - 1) * row_stride + row_len elements, rows, row_stride, row_len and n
 * are below 2^31 - 1, and n is not 0. What the arrays hold is checked by the kernels.
 */
#ifndef ASCEND_CACHE_LOC_H
#define ASCEND_CACHE_LOC_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
#define ASCEND_CACHE_LOC_ASSERT(condition) static_assert(condition, #condition)
#else
#include <stddef.h>
#include <stdint.h>
#define ASCEND_CACHE_LOC_ASSERT(condition) _Static_assert(condition, #condition)
#endif

/* Of a device address that two cores' outputs meet at. */
#define ASCEND_CACHE_LOC_LINE_BYTES 64

/* Bounds of the tile sizes in the parameter blocks; UB is laid out for the largest. */
#define ASCEND_CACHE_LOC_LAST_LOC_TILE_MAX 1024
#define ASCEND_CACHE_LOC_COPY_TILE_MAX 4096
#define ASCEND_CACHE_LOC_SCAN_TILE_MAX 1024
#define ASCEND_CACHE_LOC_WALK_TILE_MAX 256

/* get_last_loc(table, req_pool_indices[n], prefix_lens[n]) -> out[n]. */
typedef struct AscendCacheLocLastLocParams {
    uint64_t table;            /* int32 [rows, row_stride], the first row_len of each row */
    uint64_t req_pool_indices; /* [n], elements of req_bytes */
    uint64_t prefix_lens;      /* [n], elements of len_bytes */
    uint64_t out;              /* [n], elements of out_bytes */
    uint64_t fault_log;        /* AscendCacheLocFaultLine per core */
    uint64_t launch;           /* launch id, not 0 */
    uint32_t rows;
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t req_bytes; /* 4 or 8: int32 or int64 */
    uint32_t len_bytes;
    uint32_t out_bytes;
    uint32_t tile; /* rows of a tile: a multiple of 8, up to ASCEND_CACHE_LOC_LAST_LOC_TILE_MAX */
} AscendCacheLocLastLocParams;

/* assign_extend_cache_locs(table, req_pool_indices[n], start_offsets[n], end_offsets[n]) -> out[..capacity]. */
typedef struct AscendCacheLocExtendLocsParams {
    uint64_t table;            /* int32 [rows, row_stride], the first row_len of each row */
    uint64_t req_pool_indices; /* [n], elements of req_bytes */
    uint64_t start_offsets;    /* [n], elements of len_bytes */
    uint64_t end_offsets;      /* [n], elements of len_bytes */
    uint64_t out;              /* [capacity], elements of out_bytes */
    uint64_t capacity;
    uint64_t fault_log; /* AscendCacheLocFaultLine per core */
    uint64_t launch;    /* launch id, not 0 */
    uint32_t rows;
    uint32_t row_stride;
    uint32_t row_len;
    uint32_t n;
    uint32_t req_bytes; /* 4 or 8: int32 or int64 */
    uint32_t len_bytes;
    uint32_t out_bytes;
    uint32_t row_cost_bytes; /* what a row weighs beside its output when work is split; at least out_bytes */
    uint32_t copy_tile;      /* int32 slots of a tile: a multiple of 32, up to ASCEND_CACHE_LOC_COPY_TILE_MAX */
    uint32_t scan_tile;      /* rows summed at a time: a multiple of 64, up to ASCEND_CACHE_LOC_SCAN_TILE_MAX */
    uint32_t walk_tile;      /* rows read at a time: a multiple of 8, up to ASCEND_CACHE_LOC_WALK_TILE_MAX */
    uint32_t checkpoints;    /* most sums kept over the batch: 1 to ASCEND_CACHE_LOC_CHECKPOINTS_MAX */
} AscendCacheLocExtendLocsParams;

#define ASCEND_CACHE_LOC_CHECKPOINTS_MAX 1024

/* What is wrong with a row. Within one row the lowest that applies is reported. */
enum AscendCacheLocFaultKind {
    ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE = 1, /* a: the request pool index, b: rows */
    ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE = 2,  /* a: the prefix length, b: row_len */
    ASCEND_CACHE_LOC_RANGE_REVERSED = 3,       /* a: start, b: end */
    ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW = 4,     /* a: start, b: end, c: row_len */
    ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT = 5      /* a: end of the row in the output, b: capacity */
};

enum AscendCacheLocOperation { ASCEND_CACHE_LOC_GET_LAST_LOC = 1, ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS = 2 };

/* One core's entry in the fault log. Zeroed by the host; a core writes only into its own, and only into an empty one,
 * so that the first launch with a fault wins. */
typedef struct AscendCacheLocFaultLine {
    uint64_t launch; /* 0: empty */
    uint64_t row;
    int64_t a;
    int64_t b;
    int64_t c;
    uint32_t kind;      /* AscendCacheLocFaultKind */
    uint32_t operation; /* AscendCacheLocOperation */
    uint64_t reserved[2];
} AscendCacheLocFaultLine;

ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocFaultLine) == ASCEND_CACHE_LOC_LINE_BYTES);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocFaultLine, kind) == 40);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocLastLocParams) == 80);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocLastLocParams, rows) == 48);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocLastLocParams, tile) == 76);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocExtendLocsParams) == 112);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocExtendLocsParams, rows) == 64);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocExtendLocsParams, checkpoints) == 108);

#endif
