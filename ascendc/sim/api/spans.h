// The bytes of UB that an operand covers, as a list of ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../arch/arch.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {
namespace sim {

struct Span {
    uint64_t address;
    uint64_t bytes;
};

// In the order of the walk. Most operands are one range, and that one costs no allocation.
// Addresses are bytes of UB, in 64 bits: a walk with strides may go past UB before anybody has checked it.
class Spans {
public:
    Spans() = default;
    Spans(uint64_t address, uint64_t bytes) : only_{address, bytes}, size_(1) {}

    // Adds a range, to the last one where it follows on.
    void append(uint64_t address, uint64_t bytes)
    {
        if (size_ == 0) {
            *this = {address, bytes};
            return;
        }
        Span &last = size_ == 1 ? only_ : all_.back();
        if (last.address + last.bytes == address) {
            last.bytes += bytes;
            return;
        }
        if (size_ == 1) {
            all_.assign(1, only_);
        }
        all_.push_back({address, bytes});
        ++size_;
    }

    size_t size() const { return size_; }
    const Span &operator[](size_t i) const { return begin()[i]; }
    const Span *begin() const { return size_ <= 1 ? &only_ : all_.data(); }
    const Span *end() const { return begin() + size_; }

private:
    Span only_{};
    size_t size_ = 0;
    std::vector<Span> all_; // where there are several
};

// The first bytes that two lists have in common; none: 0 bytes.
// Which bytes, for the report. Mostly there are none, and both are one range: told without a copy.
inline Span overlap(const Spans &one, const Spans &other)
{
    const auto by_address = [](const Span &x, const Span &y) { return x.address < y.address; };
    const auto apart = [](const Spans &x, const Spans &y) {
        return x.size() == 1 && y.size() == 1 &&
               (x.begin()->address + x.begin()->bytes <= y.begin()->address ||
                y.begin()->address + y.begin()->bytes <= x.begin()->address);
    };
    if (apart(one, other)) {
        return {0, 0};
    }
    std::vector<Span> a(one.begin(), one.end());
    std::vector<Span> b(other.begin(), other.end());
    std::sort(a.begin(), a.end(), by_address);
    std::sort(b.begin(), b.end(), by_address);
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const uint64_t begin = std::max(a[i].address, b[j].address);
        const uint64_t end = std::min(a[i].address + a[i].bytes, b[j].address + b[j].bytes);
        if (begin < end) {
            return {begin, end - begin};
        }
        (a[i].address + a[i].bytes <= b[j].address ? i : j)++;
    }
    return {0, 0};
}

} // namespace sim
} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
