// Runs a kernel on simulated vector cores of one arch, one after the other.

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

#include "../launch.h"
#include "../register.h"
#include "core.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {
namespace {

using Kernel = AscendCacheLocSimKernel;

// The order of the cores: ascending for seed 0, else a shuffle that is the same everywhere.
// A device promises none. What a kernel owes to the ascending one, another seed shows.
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
        // None of a kernel's making (memory ran out): the launch is over, and the slot must not outlive the core.
        Core::slot() = outer;
        throw;
    }
    Core::slot() = outer;
    return goes_on;
}

int32_t launch(const Kernel &kernel, uint32_t blocks, const void *argument, uint64_t argument_bytes,
               const Array *arrays, uint64_t array_count, const Options &options, AscendCacheLocSimOutcome &outcome)
{
    if (blocks < 1 || blocks > 65535) {
        return ASCEND_CACHE_LOC_SIM_BAD_BLOCKS;
    }
    if (argument_bytes != kernel.argument_bytes) {
        return ASCEND_CACHE_LOC_SIM_BAD_ARGUMENT;
    }
    if (!std::all_of(arrays, arrays + array_count, GlobalMemory::valid)) {
        return ASCEND_CACHE_LOC_SIM_BAD_ARRAY;
    }
    const auto *bytes = static_cast<const uint8_t *>(argument);
    // A launch takes its argument by value: what becomes of the caller's bytes while cores run, no core sees.
    const std::vector<uint8_t> block_argument(bytes, bytes + argument_bytes);
    Findings findings;
    GlobalMemory gm(arrays, array_count);
    Core core(gm, findings, options, blocks);
    for (const uint32_t block : core_order(blocks, options.order_seed)) {
        const bool goes_on = run_core(core, block, kernel, block_argument);
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

// What C calls: no exception leaves it. Memory can run out, since the notes of who touched what grow with a launch.
int32_t run_launch(const AscendCacheLocSimKernel *kernel, uint32_t blocks, const void *argument, uint64_t argument_bytes,
                   const AscendCacheLocSimArray *arrays, uint64_t array_count, const AscendCacheLocSimOptions *options,
                   AscendCacheLocSimOutcome *outcome)
{
    try {
        outcome->reports_count = 0;
        outcome->exception = 0;
        return launch(*kernel, blocks, argument, argument_bytes, arrays, array_count, *options, *outcome);
    } catch (const std::bad_alloc &) {
        return ASCEND_CACHE_LOC_SIM_NO_MEMORY;
    }
}

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
