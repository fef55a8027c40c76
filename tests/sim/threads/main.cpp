// The C entry from several threads at a time, without Rust, for ThreadSanitizer: tests/run.sh compiles this with
// kernels/public/scale_flags.cpp and ascendc/sim/launch.cpp. It is also the whole of what a C++ project needs.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include "launch.h"
#include "register.h"

struct ScaleTiling {
    uint64_t length;
    int32_t factor;
    uint32_t tile;
};

extern "C" void scale_flags(uint8_t *x, uint8_t *y, ScaleTiling tiling);
ASCEND_CACHE_LOC_SIM_KERNEL(scale_flags)

namespace {

AscendCacheLocSimArray array(int32_t *data, uint64_t length, uint32_t access)
{
    const auto address = reinterpret_cast<uint64_t>(data);
    return {address, 4 * length, address, 4 * length, data, access, 0};
}

// Whether a launch is right; with `factor` 0 its cores are stopped after ten instructions, which must be reported.
bool launch(int32_t factor)
{
    constexpr uint64_t kLength = 4096;
    alignas(64) static thread_local int32_t x[kLength], y[kLength];
    for (uint64_t i = 0; i < kLength; ++i) {
        x[i] = static_cast<int32_t>(i);
    }
    struct {
        const int32_t *x;
        int32_t *y;
        ScaleTiling tiling;
    } argument{x, y, {kLength, factor, factor == 0 ? 12u : 256u}};
    const AscendCacheLocSimArray arrays[] = {array(x, kLength, ASCEND_CACHE_LOC_SIM_READ),
                                             array(y, kLength, ASCEND_CACHE_LOC_SIM_WRITE)};
    AscendCacheLocSimOptions options{};
    options.order_seed = 5;
    options.instruction_limit = factor == 0 ? 10 : 0;
    AscendCacheLocSimReport reports[4];
    AscendCacheLocSimCoreCounters counters[8];
    AscendCacheLocSimOutcome outcome{reports, 4, 0, counters};
    const int32_t status = ascend_cache_loc_sim_launch("scale_flags", 8, &argument, sizeof(argument), arrays, 2,
                                                       &options, &outcome);
    if (factor == 0) {
        return status == ASCEND_CACHE_LOC_SIM_RAN && outcome.reports_count == 1 &&
               reports[0].kind == ASCEND_CACHE_LOC_SIM_INSTRUCTION_LIMIT && reports[0].occurrences == 8;
    }
    bool right = status == ASCEND_CACHE_LOC_SIM_RAN && outcome.reports_count == 0;
    for (uint64_t i = 0; i < kLength; ++i) {
        right = right && y[i] == factor * x[i];
    }
    return right;
}

} // namespace

int main()
{
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&wrong, t] {
            for (int32_t round = 0; round < 50; ++round) {
                wrong += launch(t + 1) ? 0 : 1;
                wrong += launch(0) ? 0 : 1;
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    std::printf("%d of 400 launches on 4 threads are wrong\n", wrong.load());
    return wrong == 0 ? 0 : 1;
}
