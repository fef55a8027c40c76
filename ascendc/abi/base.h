/* What each header that host and kernels share begins with. Plain C: kernels, simulation and bindgen all read it. */
#ifndef ASCEND_CACHE_LOC_BASE_H
#define ASCEND_CACHE_LOC_BASE_H

#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
#define ASCEND_CACHE_LOC_ASSERT(condition) static_assert(condition, #condition)
#else
#include <stddef.h>
#include <stdint.h>
#define ASCEND_CACHE_LOC_ASSERT(condition) _Static_assert(condition, #condition)
#endif

/* Two cores' outputs meet at a device address that is a multiple of this: nothing promises that two cores may write into
 * one block of so many bytes. */
#define ASCEND_CACHE_LOC_LINE_BYTES 64

#endif
