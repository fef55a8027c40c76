// Device memory as one launch sees it: the declared arrays, and who touched which bytes of each 64-byte line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "timeline.h"

namespace ascendc_sim {

constexpr uint64_t kLineBytes = 64; // what a core writes back whole, and the granule of false sharing

using Array = AscendCacheLocSimArray;

class GlobalMemory {
public:
    GlobalMemory(const Array *arrays, uint64_t count) : arrays_(arrays, arrays + count), tracked_(count)
    {
        // Reads of what nobody may write need no notes.
        for (uint64_t i = 0; i < count; ++i) {
            for (const Array &other : arrays_) {
                tracked_[i] =
                    tracked_[i] || ((other.access & ASCEND_CACHE_LOC_SIM_WRITE) != 0 && near(arrays_[i], other));
            }
        }
    }

    // Whether an array description makes sense.
    static bool valid(const Array &array)
    {
        const uint64_t end = array.address + array.bytes;
        const uint64_t allocation_end = array.allocation_address + array.allocation_bytes;
        return end >= array.address && allocation_end >= array.allocation_address &&
               array.address >= array.allocation_address && end <= allocation_end && array.access != 0 &&
               array.access <= (ASCEND_CACHE_LOC_SIM_READ | ASCEND_CACHE_LOC_SIM_WRITE);
    }

    // The array that an access through a tensor set to `base` lies in, or what is wrong with it and from which byte.
    struct Found {
        const Array *array;
        Kind wrong;
        uint64_t address;
    };

    Found find(uint64_t base, uint64_t address, uint64_t bytes) const
    {
        const uint64_t end = address + bytes;
        const Array *home = nullptr;
        for (const Array &array : arrays_) {
            // An empty slice at an array's end has its base there.
            if (base < array.address || base > array.address + array.bytes) {
                continue;
            }
            if (address >= array.address && end >= address && end <= array.address + array.bytes) {
                return {&array, {}, address};
            }
            home = &array;
        }
        const bool past_home = home != nullptr && address >= home->address;
        const uint64_t first = past_home ? std::max(address, home->address + home->bytes) : address;
        for (const Array &array : arrays_) {
            if (end >= address && address >= array.allocation_address &&
                end <= array.allocation_address + array.allocation_bytes) {
                return {nullptr, ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ARRAY, first};
            }
        }
        return {nullptr, ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ALLOCATION, first};
    }

    bool tracked(const Array *array) const { return tracked_[static_cast<size_t>(array - arrays_.data())]; }

    // Notes an access to tracked bytes. `conflict(pipe, index, write, address)` is called for each earlier access of
    // this core that it is not ordered after, `shared(kind, other place, address, bytes)` for each of another core
    // that it must not meet.
    template <typename Conflict, typename Shared>
    void touch(Timeline &timeline, const Instruction &now, uint32_t core, uint64_t address, uint64_t bytes, bool write,
               Conflict conflict, Shared shared)
    {
        const Place place{now.name, now.site.file, now.site.line, now.pipe, core, write};
        const uint64_t end = address + bytes;
        while (address < end) {
            const uint64_t stop = std::min(end, address / kLineBytes * kLineBytes + kLineBytes);
            const uint64_t mask = (~uint64_t{0} >> (kLineBytes - (stop - address))) << address % kLineBytes;
            Line &line = lines_[address / kLineBytes];
            within_core(line, timeline, now, core, mask, write,
                        [&](const Access &earlier) { conflict(earlier.pipe, earlier.index, earlier.write, address); });
            if (write) {
                write_across(line, place, mask, address, shared);
            } else {
                read_across(line, place, mask, address, shared);
            }
            address = stop;
        }
    }

private:
    struct Access {
        Pipe pipe;
        uint32_t index;
        bool write;
        uint64_t mask; // the bytes of the line
    };

    // What one core did to the line, all in all.
    struct Party {
        Place place; // its last access
        uint64_t mask;
    };

    struct Line {
        uint32_t core = ~uint32_t{0}; // whose accesses these are
        std::vector<Access> accesses;
        std::vector<Party> writers;
        std::vector<Party> readers;
    };

    static bool near(const Array &a, const Array &b)
    {
        const auto first = [](const Array &x) { return x.address / kLineBytes; };
        const auto last = [](const Array &x) { return (x.address + std::max<uint64_t>(x.bytes, 1) - 1) / kLineBytes; };
        return first(a) <= last(b) && first(b) <= last(a);
    }

    template <typename F>
    static void within_core(Line &line, Timeline &timeline, const Instruction &now, uint32_t core, uint64_t mask,
                            bool write, F conflict)
    {
        if (line.core != core) {
            line.core = core;
            line.accesses.clear();
        }
        size_t kept = 0;
        for (Access &earlier : line.accesses) {
            const bool own = earlier.pipe == now.pipe && earlier.index == now.index;
            if ((earlier.mask & mask) != 0 && (write || earlier.write) && !own &&
                !timeline.ordered(earlier.pipe, earlier.index, now.pipe)) {
                conflict(earlier);
            }
            // What comes after this one and meets the earlier one meets this one too.
            const bool outdone = earlier.pipe == now.pipe && earlier.write == write && (earlier.mask & ~mask) == 0;
            if (!outdone) {
                line.accesses[kept++] = earlier;
            }
        }
        line.accesses.resize(kept);
        line.accesses.push_back({now.pipe, now.index, write, mask});
    }

    template <typename F>
    static void write_across(Line &line, const Place &place, uint64_t mask, uint64_t address, F shared)
    {
        for (const Party &writer : line.writers) {
            if (writer.place.core == place.core) {
                continue;
            }
            if ((writer.mask & mask) != 0) {
                report(ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_BYTES, writer, mask, address, shared);
            } else {
                shared(ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_LINE, writer.place, address, popcount(mask));
            }
        }
        meet(line.readers, place, mask, address, shared);
        note(line.writers, place, mask);
    }

    template <typename F>
    static void read_across(Line &line, const Place &place, uint64_t mask, uint64_t address, F shared)
    {
        meet(line.writers, place, mask, address, shared);
        note(line.readers, place, mask);
    }

    // One reads, the other writes.
    template <typename F>
    static void meet(const std::vector<Party> &others, const Place &place, uint64_t mask, uint64_t address, F shared)
    {
        for (const Party &other : others) {
            if (other.place.core != place.core && (other.mask & mask) != 0) {
                report(ASCEND_CACHE_LOC_SIM_CORE_READS_WRITTEN, other, mask, address, shared);
            }
        }
    }

    // The cores run one after the other, so the current one is last.
    static void note(std::vector<Party> &parties, const Place &place, uint64_t mask)
    {
        if (parties.empty() || parties.back().place.core != place.core) {
            parties.push_back({place, 0});
        }
        parties.back().place = place;
        parties.back().mask |= mask;
    }

    template <typename F>
    static void report(Kind kind, const Party &other, uint64_t mask, uint64_t address, F shared)
    {
        const uint64_t common = other.mask & mask;
        shared(kind, other.place, address / kLineBytes * kLineBytes + static_cast<uint64_t>(__builtin_ctzll(common)),
               popcount(common));
    }

    static uint64_t popcount(uint64_t mask) { return static_cast<uint64_t>(__builtin_popcountll(mask)); }

    std::vector<Array> arrays_;
    std::vector<bool> tracked_;
    std::unordered_map<uint64_t, Line> lines_;
};

} // namespace ascendc_sim
