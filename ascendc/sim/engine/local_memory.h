// The Unified Buffer of one core: its bytes, which of them were written, and who touched each 32-byte block last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "timeline.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

// What the documents call a DataBlock: operands of vector instructions and copies begin at one.
constexpr uint32_t kBlockBytes = 32; // the granule of UB accesses

constexpr uint32_t round_up(uint32_t bytes, uint32_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

// An earlier access that the current one conflicts with, and which bytes of the current one.
struct Conflict {
    Pipe pipe;
    uint32_t index;
    bool write;
    uint64_t address;
    uint64_t bytes;
};

class LocalMemory {
public:
    LocalMemory() : bytes_(new uint8_t[kUbBytes]()), blocks_(kUbBytes / kBlockBytes), written_(kUbBytes / 64) {}

    // A new core: what is in UB counts as unwritten. The timeline makes older marks harmless.
    void start_core() { std::fill(written_.begin(), written_.end(), 0); }

    const uint8_t *data(uint32_t address) const { return bytes_.get() + address; }
    uint8_t *data(uint32_t address) { return bytes_.get() + address; }

    template <typename T>
    T load(uint32_t address) const
    {
        T value;
        std::memcpy(&value, data(address), sizeof(T));
        return value;
    }

    template <typename T>
    void store(uint32_t address, T value)
    {
        std::memcpy(data(address), &value, sizeof(T));
    }

    // The first byte of a range that is written, or is not; or the end of the range.
    uint32_t first(bool written, uint32_t address, uint32_t bytes) const
    {
        uint32_t found = address + bytes;
        each_word(address, bytes, [&](uint32_t word, uint64_t mask) {
            const uint64_t such = mask & (written ? written_[word] : ~written_[word]);
            if (such != 0 && found == address + bytes) {
                found = word * 64 + static_cast<uint32_t>(__builtin_ctzll(such));
            }
        });
        return found;
    }

    void mark(uint32_t address, uint32_t bytes, bool written)
    {
        each_word(address, bytes, [&](uint32_t word, uint64_t mask) {
            written_[word] = written ? written_[word] | mask : written_[word] & ~mask;
        });
    }

    // Notes an access to every block of a range and calls `conflict` for each earlier access it is not ordered after.
    // Blocks, not bytes: nothing says that two instructions may work on bytes of one block without order.
    template <typename F>
    void touch(Timeline &timeline, const Instruction &now, uint32_t address, uint32_t bytes, bool write, F conflict)
    {
        if (bytes == 0) {
            return;
        }
        // What the pipe knows from the start is asked for once; automatic synchronisation may teach it more on the way.
        const Clock known = timeline.known(now.pipe);
        const auto ordered = [&](Pipe earlier, uint32_t index) {
            return known[earlier] >= index || timeline.ordered(earlier, index, now.pipe);
        };
        for (uint32_t b = address / kBlockBytes; b <= (address + bytes - 1) / kBlockBytes; ++b) {
            Block &block = blocks_[b];
            const uint32_t from = std::max(address, b * kBlockBytes);
            const uint32_t here = std::min(address + bytes, (b + 1) * kBlockBytes) - from;
            // Two operands of one instruction, or two blocks of one copy.
            const bool own_write = block.write_pipe == now.pipe && block.write_index == now.index;
            if (!own_write && !ordered(block.write_pipe, block.write_index)) {
                conflict(Conflict{block.write_pipe, block.write_index, true, from, here});
            }
            if (!write) {
                if (block.read_index[now.pipe] != now.index) {
                    block.prior_read = block.read_index[now.pipe];
                    block.read_index[now.pipe] = now.index;
                }
                continue;
            }
            for (uint32_t p = 0; p < kPipes; ++p) {
                const Pipe pipe = static_cast<Pipe>(p);
                // An instruction in place has just read the block itself: what counts is the read before that.
                const bool own_read = pipe == now.pipe && block.read_index[p] == now.index;
                const uint32_t earlier = own_read ? block.prior_read : block.read_index[p];
                if (!ordered(pipe, earlier)) {
                    conflict(Conflict{pipe, earlier, false, from, here});
                }
            }
            // The reads are forgotten: who is ordered after this write is ordered after them, or has been told of.
            block.write_pipe = now.pipe;
            block.write_index = now.index;
            block.read_index = {};
        }
    }

private:
    // The words of `written_` that hold a range, each with the range's bits in it.
    template <typename F>
    static void each_word(uint32_t address, uint32_t bytes, F f)
    {
        // A buffer may be given out that goes past UB, which was reported when it was made: of that there is nothing here.
        const auto end = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{address} + bytes, kUbBytes));
        while (address < end) {
            const uint32_t stop = std::min(end, address / 64 * 64 + 64);
            f(address / 64, (~uint64_t{0} >> (64 - (stop - address))) << address % 64);
            address = stop;
        }
    }

    // The last write, and the last read of each pipe since then; index 0: none.
    // The last is enough: a clock knows the first n of a pipe, so whoever knows the last access of a pipe knows all
    // before it, and an earlier write is one that the last was ordered after, or was reported to race with.
    struct Block {
        Pipe write_pipe = kS;
        uint32_t write_index = 0;
        Clock read_index{};
        uint32_t prior_read = 0; // the read before the last, on the pipe of the last
    };

    std::unique_ptr<uint8_t[]> bytes_;
    std::vector<Block> blocks_;
    std::vector<uint64_t> written_; // a bit a byte
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
