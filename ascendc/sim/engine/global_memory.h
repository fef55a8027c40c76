// Device memory as one launch sees it: allocations, the arrays declared in them, and who touched which bytes of each
// 64-byte line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "local_memory.h"
#include "registers.h"
#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

constexpr uint64_t kLineBytes = 64; // what a core writes back whole, and the granule of false sharing

using Array = AscendCacheLocSimArray;

// A range of addresses, from `begin` to before `end`.
struct Range {
    uint64_t begin;
    uint64_t end;

    bool holds(const Range &inner) const { return begin <= inner.begin && inner.end <= end; }
    bool meets(const Range &other) const { return begin < other.end && other.begin < end; }
};

class GlobalMemory {
public:
    GlobalMemory(const Array *arrays, uint64_t count) : arrays_(arrays, arrays + count), tracked_(count)
    {
        for (uint64_t i = 0; i < count; ++i) {
            // Reads of what nobody may write need no notes.
            // By lines, not bytes: two cores that write into one line are told of even where their arrays differ.
            for (const Array &other : arrays_) {
                tracked_[i] =
                    tracked_[i] || ((other.access & ASCEND_CACHE_LOC_SIM_WRITE) != 0 && near(arrays_[i], other));
            }
            note_allocation(arrays_[i]);
        }
    }

    // Whether an array description makes sense.
    static bool valid(const Array &array)
    {
        const uint64_t end = array.address + array.bytes;
        const uint64_t allocation_end = array.allocation_address + array.allocation_bytes;
        return end >= array.address && allocation_end >= array.allocation_address &&
               array.address >= array.allocation_address && end <= allocation_end &&
               array.access <= (ASCEND_CACHE_LOC_SIM_READ | ASCEND_CACHE_LOC_SIM_WRITE);
    }

    // The array that an access through a tensor set to `base` lies in; or null, what is wrong, and the first run of
    // bytes that it is about.
    struct Found {
        const Array *array;
        Kind wrong;
        Range where;
    };

    // By base, not by address: that alone cannot tell an element of the next array from one past the end of this.
    Found find(uint64_t base, const Range &access) const
    {
        const Array *home = nullptr;
        for (const Array &array : arrays_) {
            // An empty slice at an array's end has its base there. What nobody may touch is no array.
            if (array.access == 0 || base < array.address || base > array.address + array.bytes) {
                continue;
            }
            if (of(array).holds(access)) {
                return {&array, {}, access};
            }
            // The base may lie in several, as where one array is declared to be read and again to be written.
            home = &array;
        }
        Range outside{access.end, access.end};
        each_piece(access, [&](const Range &piece, const Allocation *allocation) {
            if (allocation == nullptr && outside.begin == access.end) {
                outside = piece;
            }
        });
        if (outside.begin != access.end) {
            return {nullptr, ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ALLOCATION, outside};
        }
        Range first = access;
        if (home != nullptr && of(*home).meets(access)) {
            first = access.begin < home->address ? Range{access.begin, home->address}
                                                 : Range{home->address + home->bytes, access.end};
        }
        return {nullptr, ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ARRAY, first};
    }

    // Whether somebody may write near it: else no access to it can meet another, and none is noted.
    bool tracked(const Array *array) const { return tracked_[static_cast<size_t>(array - arrays_.data())]; }

    struct Allocation {
        Range where;
        uint8_t *storage; // of its first byte; null: none
        bool writable;    // some array in it is

        // The host's bytes behind an address; null where there are none, or where they must not be written.
        // Without a writable array in it the caller may have given memory that it shares, which nobody may write.
        uint8_t *host(uint64_t address, bool write) const
        {
            return storage == nullptr || (write && !writable) ? nullptr : storage + (address - where.begin);
        }
    };

    // f(piece, allocation) for each piece of a range that lies in one allocation, or in none (null), in order.
    template <typename F>
    void each_piece(Range range, F f) const
    {
        while (range.begin < range.end) {
            const Allocation *in = nullptr;
            uint64_t end = range.end;
            for (const Allocation &allocation : allocations_) {
                if (allocation.where.begin <= range.begin && range.begin < allocation.where.end) {
                    in = &allocation;
                    end = std::min(range.end, allocation.where.end);
                    break;
                }
                if (allocation.where.begin > range.begin) {
                    end = std::min(end, allocation.where.begin);
                }
            }
            f(Range{range.begin, end}, in);
            range.begin = end;
        }
    }

    // Notes an access to tracked bytes. `conflict` is called for each earlier access of this core that it is not
    // ordered after, `shared(kind, other place, range)` for each of another core that it must not meet. Writes of the
    // same atomic operation meet as they like.
    // Within a core the order counts. Between cores there is none: they run one after the other here, at the same time
    // on a device, so that any meeting of a write is wrong, whichever came first.
    template <typename F, typename Shared>
    void touch(Timeline &timeline, const Instruction &now, uint32_t core, const Range &range, bool write,
               Registers::Combine atomic, F conflict, Shared shared)
    {
        const Place place = now.place(core, write);
        uint64_t address = range.begin;
        while (address < range.end) {
            const uint64_t stop = std::min(range.end, address / kLineBytes * kLineBytes + kLineBytes);
            const uint64_t mask = (~uint64_t{0} >> (kLineBytes - (stop - address))) << address % kLineBytes;
            const uint64_t start = address / kLineBytes * kLineBytes;
            Line &line = lines_[address / kLineBytes];
            within_core(line, timeline, now, core, {now.pipe, now.index, write, mask, atomic},
                        [&](const Access &earlier) {
                            const Range common = run(start, earlier.mask & mask);
                            conflict(Conflict{earlier.pipe, earlier.index, earlier.write, common.begin,
                                              common.end - common.begin});
                        });
            if (write) {
                write_across(line, place, mask, atomic, start, shared);
            } else {
                meet(line.writers, place, mask, start, shared);
                note(line.readers, place, mask, nullptr);
            }
            address = stop;
        }
    }

private:
    // Of the core that is running.
    struct Access {
        Pipe pipe;
        uint32_t index;
        bool write;
        uint64_t mask; // the bytes of the line
        Registers::Combine atomic;
    };

    // What one core did to the line, all in all.
    struct Party {
        Place place; // its last access
        uint64_t mask;
        Registers::Combine atomic;
    };

    struct Line {
        // A core does not come back, so the accesses of the one before are dropped when another comes.
        uint32_t core = ~uint32_t{0}; // whose accesses these are
        std::vector<Access> accesses;
        std::vector<Party> writers;
        std::vector<Party> readers;
    };

    static Range of(const Array &array) { return {array.address, array.address + array.bytes}; }

    // Whether they share a line. An empty array counts as a byte: its last line would else be the one before its first.
    static bool near(const Array &a, const Array &b)
    {
        const auto first = [](const Array &x) { return x.address / kLineBytes; };
        const auto last = [](const Array &x) { return (x.address + std::max<uint64_t>(x.bytes, 1) - 1) / kLineBytes; };
        return first(a) <= last(b) && first(b) <= last(a);
    }

    void note_allocation(const Array &array)
    {
        const Range where{array.allocation_address, array.allocation_address + array.allocation_bytes};
        const bool writable = (array.access & ASCEND_CACHE_LOC_SIM_WRITE) != 0;
        auto *storage = static_cast<uint8_t *>(array.storage);
        // Given for the array, needed for the allocation, of which it is a part in the host's memory, too.
        if (storage != nullptr) {
            storage -= array.address - where.begin;
        }
        const auto known = std::find_if(allocations_.begin(), allocations_.end(), [&](const Allocation &other) {
            return other.where.begin == where.begin && other.where.end == where.end;
        });
        if (known == allocations_.end()) {
            allocations_.push_back({where, storage, writable});
            return;
        }
        known->writable = known->writable || writable;
        known->storage = known->storage == nullptr ? storage : known->storage;
    }

    // Sums, or maxima, come to the same in any order; a sum and a maximum do not.
    static bool commute(Registers::Combine a, Registers::Combine b) { return a != nullptr && a == b; }

    template <typename F>
    static void within_core(Line &line, Timeline &timeline, const Instruction &now, uint32_t core, const Access &access,
                            F conflict)
    {
        if (line.core != core) {
            line.core = core;
            line.accesses.clear();
        }
        size_t kept = 0;
        for (Access &earlier : line.accesses) {
            // Blocks of one copy: what they do to each other is the copy's own affair.
            const bool own = earlier.pipe == now.pipe && earlier.index == now.index;
            if ((earlier.mask & access.mask) != 0 && (access.write || earlier.write) && !own &&
                !commute(earlier.atomic, access.atomic) && !timeline.ordered(earlier.pipe, earlier.index, now.pipe)) {
                conflict(earlier);
            }
            // What comes after this one and meets the earlier one meets this one too.
            const bool outdone = earlier.pipe == now.pipe && earlier.write == access.write &&
                                 earlier.atomic == access.atomic && (earlier.mask & ~access.mask) == 0;
            if (!outdone) {
                line.accesses[kept++] = earlier;
            }
        }
        line.accesses.resize(kept);
        line.accesses.push_back(access);
    }

    template <typename F>
    static void write_across(Line &line, const Place &place, uint64_t mask, Registers::Combine atomic, uint64_t start,
                             F shared)
    {
        for (const Party &writer : line.writers) {
            if (writer.place.core != place.core && !commute(writer.atomic, atomic)) {
                const uint64_t common = writer.mask & mask;
                shared(common != 0 ? ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_BYTES
                                   : ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_LINE,
                       writer.place, run(start, common != 0 ? common : mask));
            }
        }
        meet(line.readers, place, mask, start, shared);
        note(line.writers, place, mask, atomic);
    }

    // One reads, the other writes.
    template <typename F>
    static void meet(const std::vector<Party> &others, const Place &place, uint64_t mask, uint64_t start, F shared)
    {
        for (const Party &other : others) {
            if (other.place.core != place.core && (other.mask & mask) != 0) {
                shared(ASCEND_CACHE_LOC_SIM_CORE_READS_WRITTEN, other.place, run(start, other.mask & mask));
            }
        }
    }

    // The cores run one after the other, so the current one is last.
    static void note(std::vector<Party> &parties, const Place &place, uint64_t mask, Registers::Combine atomic)
    {
        if (parties.empty() || parties.back().place.core != place.core || parties.back().atomic != atomic) {
            parties.push_back({place, 0, atomic});
        }
        parties.back().place = place;
        parties.back().mask |= mask;
    }

    // The first run of bytes in a line's mask.
    static Range run(uint64_t start, uint64_t mask)
    {
        const auto first = static_cast<uint64_t>(__builtin_ctzll(mask));
        const uint64_t rest = ~(mask >> first);
        const uint64_t length = rest == 0 ? kLineBytes : static_cast<uint64_t>(__builtin_ctzll(rest));
        return {start + first, start + first + length};
    }

    std::vector<Array> arrays_;
    std::vector<bool> tracked_;
    std::vector<Allocation> allocations_;
    std::unordered_map<uint64_t, Line> lines_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
