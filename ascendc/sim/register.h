// Makes a kernel known to ascend_cache_loc_sim_launch by name, from outside the kernel's source. In a list, of which a
// program makes as many known as it likes by ascend_cache_loc_sim_add_kernels:
//
//     #include "register.h"
//     extern "C" void my_kernel(uint8_t *x, uint8_t *y, MyTiling tiling);
//     static const AscendCacheLocSimKernel my_entry = ASCEND_CACHE_LOC_SIM_ENTRY(my_kernel);
//     static const AscendCacheLocSimKernel *const entries[] = {&my_entry};
//     extern "C" const AscendCacheLocSimKernels my_kernels = {entries, 1};
//
// Or before main, by an object that nothing refers to. The linker drops that from a static library, unless it is told
// to take the whole of it (--whole-archive):
//
//     ASCEND_CACHE_LOC_SIM_KERNEL(my_kernel)
#pragma once

#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "arch/arch.h"
#include "launch.h"

namespace ascendc_sim {

// A kernel that made itself known before main.
struct Registered {
    AscendCacheLocSimKernel kernel;
    const Registered *next;

    // In no arch's namespace: kernels of all arches are in one list, each with its number and its engine.
    static const Registered *&list()
    {
        static const Registered *head = nullptr;
        return head;
    }
};

constexpr uint64_t argument_slot(uint64_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

// Takes a kernel's parameters from an argument block, each at the next multiple of 8 bytes, and calls it.
// All values first, in the order that they lie in: a fold with commas keeps it, the arguments of a call need not.
template <auto function>
struct Entry;

template <typename... P, void (*function)(P...)>
struct Entry<function> {
    static_assert((std::is_trivially_copyable_v<P> && ...),
                  "kernel parameters are scalars, pointers and plain structs");
    // The runtime lays them out in steps of 8 bytes, whatever their alignment.
    static_assert(((alignof(P) <= 8) && ...), "a kernel parameter aligned to more than 8 bytes");
    static constexpr uint64_t kBytes = (argument_slot(sizeof(P)) + ... + 0);

    static void run(const uint8_t *argument)
    {
        [[maybe_unused]] const auto take = [&argument](auto &value) {
            std::memcpy(static_cast<void *>(&value), argument, sizeof(value));
            argument += argument_slot(sizeof(value));
        };
        std::tuple<P...> values;
        std::apply([&](P &...value) { (take(value), ...); }, values);
        std::apply(function, values);
    }
};

// The engine of the arch that this unit is compiled for (engine/run.cpp).
inline namespace ASCENDC_SIM_ARCH {
int32_t run_launch(const AscendCacheLocSimKernel *kernel, uint32_t blocks, const void *argument, uint64_t argument_bytes,
                   const AscendCacheLocSimArray *arrays, uint64_t array_count, const AscendCacheLocSimOptions *options,
                   AscendCacheLocSimOutcome *outcome);
} // namespace ASCENDC_SIM_ARCH

class Registration {
public:
    // An entry is its own place in the list, so that nothing is allocated before main.
    explicit Registration(const AscendCacheLocSimKernel &kernel) : registered_{kernel, Registered::list()}
    {
        Registered::list() = &registered_;
    }

private:
    Registered registered_;
};

} // namespace ascendc_sim

// The kernel as an entry of a list, under its own name.
#define ASCEND_CACHE_LOC_SIM_ENTRY(function) ASCEND_CACHE_LOC_SIM_ENTRY_AS(#function, function)

// Under a name of its own, for kernels that are templates.
#define ASCEND_CACHE_LOC_SIM_ENTRY_AS(name, ...) \
    {name, \
     ascendc_sim::Entry<&__VA_ARGS__>::kBytes, \
     &ascendc_sim::Entry<&__VA_ARGS__>::run, \
     &ascendc_sim::run_launch, \
     ascendc_sim::kArch, \
     0}

#define ASCEND_CACHE_LOC_SIM_KERNEL(function) ASCEND_CACHE_LOC_SIM_KERNEL_AS(function, #function, function)

// `id` is any identifier.
#define ASCEND_CACHE_LOC_SIM_KERNEL_AS(id, name, ...) \
    static const ascendc_sim::Registration ascendc_sim_registration_##id( \
        AscendCacheLocSimKernel ASCEND_CACHE_LOC_SIM_ENTRY_AS(name, __VA_ARGS__));
