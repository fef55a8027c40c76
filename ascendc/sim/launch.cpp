// Which kernels there are, and launches of them by name: what all arches share.

#include "launch.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <vector>

#include "register.h"

namespace ascendc_sim {
namespace {

using Kernel = AscendCacheLocSimKernel;

// The lists that were added.
struct Lists {
    std::shared_mutex mutex;
    std::vector<const AscendCacheLocSimKernels *> all;

    static Lists &get()
    {
        static Lists lists;
        return lists;
    }

    // Whoever calls holds the mutex.
    const Kernel *find(const char *name, uint32_t arch) const
    {
        const auto is = [&](const Kernel &kernel) { return kernel.arch == arch && std::strcmp(kernel.name, name) == 0; };
        for (const auto *list : all) {
            for (uint64_t i = 0; i < list->count; ++i) {
                if (is(*list->kernels[i])) {
                    return list->kernels[i];
                }
            }
        }
        // Made before main, where nothing else runs: it needs no lock of its own.
        for (const Registered *one = Registered::list(); one != nullptr; one = one->next) {
            if (is(one->kernel)) {
                return &one->kernel;
            }
        }
        return nullptr;
    }
};

// The kernel outlives the lock: lists and entries are there as long as the program.
const Kernel *find(const char *name, uint32_t arch)
{
    const std::shared_lock lock(Lists::get().mutex);
    return Lists::get().find(name, arch);
}

bool add(const AscendCacheLocSimKernels &list)
{
    Lists &lists = Lists::get();
    const std::unique_lock lock(lists.mutex);
    if (std::find(lists.all.begin(), lists.all.end(), &list) != lists.all.end()) {
        return true;
    }
    lists.all.reserve(lists.all.size() + 1);
    for (uint64_t i = 0; i < list.count; ++i) {
        const Kernel &one = *list.kernels[i];
        if (lists.find(one.name, one.arch) != nullptr) {
            return false;
        }
        // Nor may two of the list share a name: one of them could never be launched.
        for (uint64_t j = 0; j < i; ++j) {
            if (list.kernels[j]->arch == one.arch && std::strcmp(list.kernels[j]->name, one.name) == 0) {
                return false;
            }
        }
    }
    lists.all.push_back(&list);
    return true;
}

} // namespace
} // namespace ascendc_sim

int32_t ascend_cache_loc_sim_add_kernels(const AscendCacheLocSimKernels *list)
{
    try {
        return ascendc_sim::add(*list) ? 1 : 0;
    } catch (const std::bad_alloc &) {
        return 0;
    }
}

int32_t ascend_cache_loc_sim_launch(const char *kernel, uint32_t blocks, const void *argument, uint64_t argument_bytes,
                                    const AscendCacheLocSimArray *arrays, uint64_t array_count,
                                    const AscendCacheLocSimOptions *options, AscendCacheLocSimOutcome *outcome)
{
    const auto *found = ascendc_sim::find(kernel, options->arch != 0 ? options->arch : 2201);
    if (found == nullptr) {
        return ASCEND_CACHE_LOC_SIM_UNKNOWN_KERNEL;
    }
    return found->engine(found, blocks, argument, argument_bytes, arrays, array_count, options, outcome);
}
