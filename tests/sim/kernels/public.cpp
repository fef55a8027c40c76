// The kernels under public/, made known by name. This is all that the simulation asks for.
#include <cstdint>

#include "register.h"

struct ScaleTiling {
    uint64_t length;
    int32_t factor;
    uint32_t tile;
};

extern "C" {
void add_queue(uint8_t *x, uint8_t *y, uint8_t *z, uint8_t *workspace, uint8_t *tiling);
void scale_flags(uint8_t *x, uint8_t *y, ScaleTiling tiling);
void copy_bind(int64_t *x, int64_t *y, uint32_t length);
void sum_auto_sync(uint8_t *x, uint8_t *y, uint32_t length);
}

ASCEND_CACHE_LOC_SIM_KERNEL(add_queue)
ASCEND_CACHE_LOC_SIM_KERNEL(scale_flags)
ASCEND_CACHE_LOC_SIM_KERNEL(copy_bind)
ASCEND_CACHE_LOC_SIM_KERNEL(sum_auto_sync)
