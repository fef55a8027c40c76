/* What a kernel reports about bad data. */
#ifndef ASCEND_CACHE_LOC_FAULT_H
#define ASCEND_CACHE_LOC_FAULT_H

#include "base.h"

/* What is wrong with a row. Within one row the lowest that applies is reported. The list with the meaning of each is
 * `fault_kinds!` of the CPU reference; the crate does not compile where the two differ. */
enum AscendCacheLocFaultKind {
    ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE = 1,   /* a: the request pool index, b: rows */
    ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE = 2,    /* a: the prefix length, b: row_len */
    ASCEND_CACHE_LOC_RANGE_REVERSED = 3,         /* a: start, b: end */
    ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW = 4,       /* a: start, b: end, c: row_len */
    ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT = 5,       /* a: end of the row in the output, b: capacity */
    ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE = 6,      /* a: the slot, b: one past the greatest */
    ASCEND_CACHE_LOC_LENGTH_BELOW_PREFIX = 7,    /* a: the length, b: the prefix length */
    ASCEND_CACHE_LOC_PAGES_EXHAUSTED = 8,        /* a: pages needed up to the row, b: free pages */
    ASCEND_CACHE_LOC_POSITION_OUT_OF_RANGE = 9,   /* a: the position, b: one past the greatest */
    ASCEND_CACHE_LOC_BLOCK_OUT_OF_RANGE = 10,    /* a: the page, b: one past the greatest */
    ASCEND_CACHE_LOC_FAULT_KINDS = 10            /* the last */
};

/* One core's entry in the fault log. Zeroed by the host; a core writes only into its own, and only into an empty one,
 * so that the first launch with a fault wins. */
typedef struct AscendCacheLocFaultLine {
    uint64_t launch; /* 0: empty */
    uint64_t row;
    int64_t a;
    int64_t b;
    int64_t c;
    uint32_t kind;      /* AscendCacheLocFaultKind */
    uint32_t operation; /* its id */
    uint64_t at;        /* in the row: the token or column, where the kind is about one, else 0 */
    uint64_t reserved;
} AscendCacheLocFaultLine;

ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocFaultLine) == ASCEND_CACHE_LOC_LINE_BYTES);
ASCEND_CACHE_LOC_ASSERT(offsetof(AscendCacheLocFaultLine, kind) == 40);

#endif
