// Runs a registered kernel on simulated vector cores, one after the other.

#include "launch.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "engine/core.h"
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
    const Kernel *find(const char *name) const
    {
        for (const auto *list : all) {
            for (uint64_t i = 0; i < list->count; ++i) {
                if (std::strcmp(list->kernels[i]->name, name) == 0) {
                    return list->kernels[i];
                }
            }
        }
        for (const Registered *one = Registered::list(); one != nullptr; one = one->next) {
            if (std::strcmp(one->kernel.name, name) == 0) {
                return &one->kernel;
            }
        }
        return nullptr;
    }
};

const Kernel *find(const char *name)
{
    const std::shared_lock lock(Lists::get().mutex);
    return Lists::get().find(name);
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
        if (lists.find(list.kernels[i]->name) != nullptr) {
            return false;
        }
        for (uint64_t j = 0; j < i; ++j) {
            if (std::strcmp(list.kernels[i]->name, list.kernels[j]->name) == 0) {
                return false;
            }
        }
    }
    lists.all.push_back(&list);
    return true;
}

// The order of the cores: ascending for seed 0, else a shuffle that is the same everywhere.
std::vector<uint32_t> core_order(uint32_t blocks, uint64_t seed)
{
    std::vector<uint32_t> order(blocks);
    std::iota(order.begin(), order.end(), 0);
    for (uint32_t left = blocks; seed != 0 && left > 1; --left) {
        // splitmix64
        uint64_t z = seed += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        std::swap(order[left - 1], order[(z ^ (z >> 31)) % left]);
    }
    return order;
}

// Whether the launch goes on.
bool run_core(Core &core, uint32_t block, const Kernel &kernel, const std::vector<uint8_t> &argument)
{
    bool goes_on = true;
    core.start(block);
    Core *const outer = std::exchange(Core::slot(), &core);
    try {
        kernel.run(argument.data());
        core.finish();
    } catch (const Stop &stop) {
        // It was reported where it was thrown; what the core left undone needs no further reports.
        core.stop();
        goes_on = !stop.exception;
    } catch (...) {
        Core::slot() = outer;
        throw;
    }
    Core::slot() = outer;
    return goes_on;
}

int32_t launch(const char *name, uint32_t blocks, const void *argument, uint64_t argument_bytes, const Array *arrays,
               uint64_t array_count, const Options &options, AscendCacheLocSimOutcome &outcome)
{
    const Kernel *kernel = find(name);
    if (kernel == nullptr) {
        return ASCEND_CACHE_LOC_SIM_UNKNOWN_KERNEL;
    }
    if (blocks < 1 || blocks > 65535) {
        return ASCEND_CACHE_LOC_SIM_BAD_BLOCKS;
    }
    if (argument_bytes != kernel->argument_bytes) {
        return ASCEND_CACHE_LOC_SIM_BAD_ARGUMENT;
    }
    if (!std::all_of(arrays, arrays + array_count, GlobalMemory::valid)) {
        return ASCEND_CACHE_LOC_SIM_BAD_ARRAY;
    }
    const auto *bytes = static_cast<const uint8_t *>(argument);
    const std::vector<uint8_t> block_argument(bytes, bytes + argument_bytes);
    Findings findings;
    GlobalMemory gm(arrays, array_count);
    Core core(gm, findings, options, blocks);
    for (const uint32_t block : core_order(blocks, options.order_seed)) {
        const bool goes_on = run_core(core, block, *kernel, block_argument);
        if (outcome.counters != nullptr) {
            outcome.counters[block] = core.counters;
        }
        if (!goes_on) {
            outcome.exception = 1;
            break;
        }
    }
    outcome.reports_count = findings.all().size();
    const auto kept = std::min<uint64_t>(outcome.reports_count, outcome.reports_capacity);
    std::copy_n(findings.all().begin(), kept, outcome.reports);
    return ASCEND_CACHE_LOC_SIM_RAN;
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
    try {
        outcome->reports_count = 0;
        outcome->exception = 0;
        return ascendc_sim::launch(kernel, blocks, argument, argument_bytes, arrays, array_count, *options, *outcome);
    } catch (const std::bad_alloc &) {
        return ASCEND_CACHE_LOC_SIM_NO_MEMORY;
    }
}
