// Makes a kernel known to ascend_cache_loc_sim_launch by name, from outside the kernel's source:
//
//     #include "register.h"
//     extern "C" void my_kernel(uint8_t *x, uint8_t *y, MyTiling tiling);
//     ASCEND_CACHE_LOC_SIM_KERNEL(my_kernel)
//
// The registering object file must end up in the program: linked as such, or from an archive with --whole-archive.
#pragma once

#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

namespace ascendc_sim {

// An entry of the list of kernels, which is built before main.
struct Kernel {
    const char *name;
    uint64_t argument_bytes;
    void (*run)(const uint8_t *argument);
    const Kernel *next;

    static const Kernel *&list()
    {
        static const Kernel *head = nullptr;
        return head;
    }
};

constexpr uint64_t argument_slot(uint64_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

// Takes a kernel's parameters from an argument block, each at the next multiple of 8 bytes, and calls it.
template <auto function>
struct Entry;

template <typename... P, void (*function)(P...)>
struct Entry<function> {
    static_assert((std::is_trivially_copyable_v<P> && ...),
                  "kernel parameters are scalars, pointers and plain structs");
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

class Registration {
public:
    Registration(const char *name, uint64_t argument_bytes, void (*run)(const uint8_t *))
        : kernel_{name, argument_bytes, run, Kernel::list()}
    {
        Kernel::list() = &kernel_;
    }

private:
    Kernel kernel_;
};

} // namespace ascendc_sim

#define ASCEND_CACHE_LOC_SIM_KERNEL(function) ASCEND_CACHE_LOC_SIM_KERNEL_AS(function, #function, function)

// Under a name of its own, for kernels that are templates: `id` is any identifier.
#define ASCEND_CACHE_LOC_SIM_KERNEL_AS(id, name, ...) \
    static const ascendc_sim::Registration ascendc_sim_registration_##id( \
        name, ascendc_sim::Entry<&__VA_ARGS__>::kBytes, &ascendc_sim::Entry<&__VA_ARGS__>::run);
