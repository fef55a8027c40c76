// The scalar pipe's data cache of one core: lines of 64 bytes, written back whole, that nothing keeps equal to memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>

#include "findings.h"
#include "global_memory.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

// A device has 32 KB of it and lets lines go when it likes. Here a line stays until the kernel has it cleaned: what is
// found is the oldest that a device could find, so that a missing clean shows on every run rather than on some.
class DataCache {
public:
    void start_core() { lines_.clear(); }

    // Reads through the cache. `stale(other place, range)` where memory was overwritten since the line was read; what
    // the cache has is what is found.
    template <typename F>
    void read(const GlobalMemory &gm, const Range &range, uint8_t *to, F stale)
    {
        each_part(range, [&](uint64_t number, uint64_t mask, const Range &part) {
            Line &line = loaded(gm, number, mask);
            std::memcpy(to + (part.begin - range.begin), line.bytes + part.begin % kLineBytes, part.end - part.begin);
            if ((line.stale & mask) != 0) {
                stale(line.overwritten, part);
            }
        });
    }

    // Writes into the cache alone.
    // The line is read whole first, since it goes back whole: with it the bytes of another core, as old as now. Hence
    // 64 bytes between cores that set values (the page of SetValue).
    void write(const GlobalMemory &gm, const Range &range, const uint8_t *from, const Place &place)
    {
        each_part(range, [&](uint64_t number, uint64_t mask, const Range &part) {
            Line &line = loaded(gm, number, ~uint64_t{0});
            std::memcpy(line.bytes + part.begin % kLineBytes, from + (part.begin - range.begin), part.end - part.begin);
            line.dirty |= mask;
            line.written = place;
        });
    }

    // A copy passes the cache by. `dirty(other place, range)` where it reads bytes that the cache holds newer, or
    // writes into a line that the cache will write back.
    template <typename F>
    void bypass(const Range &range, const Place &place, F dirty)
    {
        for (auto at = lines_.lower_bound(range.begin / kLineBytes);
             at != lines_.end() && at->first * kLineBytes < range.end; ++at) {
            Line &line = at->second;
            const uint64_t start = at->first * kLineBytes;
            const Range part{std::max(range.begin, start), std::min(range.end, start + kLineBytes)};
            // A copy out meets any dirty byte of the line, its own or not: the line that goes back later has what was
            // there before the copy.
            if ((place.writes != 0 ? line.dirty : line.dirty & bits(part)) != 0) {
                dirty(line.written, part);
            }
            if (place.writes != 0) {
                // Bytes that are not cached are read anew, and are as new as memory.
                line.stale |= line.valid & bits(part);
                line.overwritten = place;
            }
        }
    }

    // Writes back and forgets what is cached of a range.
    // Less than a line where the range is: a single-line clean from within a line leaves the bytes before it cached
    // (DataCacheCleanAndInvalid). Where it leaves none, the line is forgotten.
    void clean(const GlobalMemory &gm, const Range &range)
    {
        for (auto at = lines_.lower_bound(range.begin / kLineBytes);
             at != lines_.end() && at->first * kLineBytes < range.end;) {
            const uint64_t start = at->first * kLineBytes;
            const Range part{std::max(range.begin, start), std::min(range.end, start + kLineBytes)};
            Line &line = at->second;
            if ((line.dirty & bits(part)) != 0) {
                gm.each_piece(part, [&](const Range &piece, const GlobalMemory::Allocation *allocation) {
                    uint8_t *host = allocation == nullptr ? nullptr : allocation->host(piece.begin, true);
                    if (host != nullptr) {
                        std::memcpy(host, line.bytes + piece.begin % kLineBytes, piece.end - piece.begin);
                    }
                });
            }
            line.valid &= ~bits(part);
            line.dirty &= ~bits(part);
            line.stale &= ~bits(part);
            at = line.valid == 0 ? lines_.erase(at) : std::next(at);
        }
    }

    void clean_all(const GlobalMemory &gm) { clean(gm, {0, UINT64_MAX}); }

private:
    struct Line {
        uint8_t bytes[kLineBytes] = {};
        uint64_t valid = 0; // masks of bytes
        uint64_t dirty = 0; // written here and not back
        uint64_t stale = 0; // overwritten in memory
        Place written{};
        Place overwritten{};
    };

    // The bytes of a line that a range within it has.
    // At least one: to shift by all 64 is undefined.
    static uint64_t bits(const Range &part)
    {
        const uint64_t count = part.end - part.begin;
        return (~uint64_t{0} >> (kLineBytes - count)) << part.begin % kLineBytes;
    }

    template <typename F>
    static void each_part(const Range &range, F f)
    {
        for (uint64_t begin = range.begin; begin < range.end;) {
            const Range part{begin, std::min(range.end, begin / kLineBytes * kLineBytes + kLineBytes)};
            f(begin / kLineBytes, bits(part), part);
            begin = part.end;
        }
    }

    // A line with the bytes of `mask`, read where they are not valid. Those that are valid are kept, whatever memory
    // has: they may be dirty, or stale.
    Line &loaded(const GlobalMemory &gm, uint64_t number, uint64_t mask)
    {
        Line &line = lines_[number];
        if ((line.valid & mask) == mask) {
            return line;
        }
        const uint64_t start = number * kLineBytes;
        gm.each_piece({start, start + kLineBytes}, [&](const Range &piece, const GlobalMemory::Allocation *allocation) {
            const uint8_t *host = allocation == nullptr ? nullptr : allocation->host(piece.begin, false);
            for (uint64_t at = piece.begin; host != nullptr && at < piece.end; ++at) {
                if ((line.valid >> at % kLineBytes & 1) == 0) {
                    line.bytes[at % kLineBytes] = host[at - piece.begin];
                }
            }
        });
        line.valid = ~uint64_t{0};
        return line;
    }

    // By number, in order: copies and cleans ask for ranges.
    std::map<uint64_t, Line> lines_;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
