/* What every parameter block begins with: a head that describes the launch, then the arrays that the kernel may touch.
 *
 * A block is what a launch passes to its kernel, by value:
 *
 *     struct { AscendCacheLocHead head; AscendCacheLocArray <name>[head.arrays]; <what the operation has beside> };
 *
 * The host checks homes and overlaps by the arrays, the simulation holds the kernel to them, and both know no more of an
 * operation than this. Addresses are device addresses of element 0. Counts are elements unless a name ends in `_bytes`.
 * The host has checked every shape before it launches; what the arrays hold is checked by the kernels.
 */
#ifndef ASCEND_CACHE_LOC_BLOCK_H
#define ASCEND_CACHE_LOC_BLOCK_H

#include "base.h"

enum AscendCacheLocAccess {
    ASCEND_CACHE_LOC_ACCESS_READ = 1,
    ASCEND_CACHE_LOC_ACCESS_WRITE = 2,
    ASCEND_CACHE_LOC_ACCESS_READ_WRITE = 3
};

/* One array. */
typedef struct AscendCacheLocArray {
    uint64_t address;       /* 0: there is no memory, and `bytes` is 0 */
    uint64_t bytes;         /* that the kernel may touch from there on */
    uint32_t element_bytes; /* 4 or 8: int32 or int64 */
    uint32_t access;        /* AscendCacheLocAccess */
} AscendCacheLocArray;

typedef struct AscendCacheLocHead {
    uint64_t launch;    /* its id, not 0 */
    uint64_t fault_log; /* address of an AscendCacheLocFaultLine per core */
    uint32_t operation; /* its id */
    uint32_t arrays;    /* that follow */
} AscendCacheLocHead;

ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocArray) == 24);
ASCEND_CACHE_LOC_ASSERT(sizeof(AscendCacheLocHead) == 24);

#endif
