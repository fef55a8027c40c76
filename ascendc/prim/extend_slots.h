// Slots for the tokens prefix_lens[i] .. seq_lens[i] of each row, from paged memory, laid end to end.
//
// The tokens that the page of the prefix has room for go on from the row's last slot; those behind are in pages of free_pages,
// each row's behind those of the rows before. Where a row begins, and which pages it has, depend on lengths alone (place.h): a
// row whose lengths are none has neither. Where last slots come from, and what else may be wrong with a row, Lasts says: a
// bad row's tokens are -1. A token whose slot is none is -1, and the row is reported; so are a bad row, and the first row
// that does not fit whole into `capacity`, of which what fits is written. The lowest such row of a core goes to the core's
// line of the fault log. Where the rows need more pages than there are, all their tokens are -1 and nothing else is reported
// than the first row whose pages there are not: each core sums all pages by itself.
//
// Lasts has, for a tile of rows: Load(first, count), for MTE2; once S may read, Fault(i, prefix, seq), an
// AscendCacheLocFaultKind or 0; Report, which reports it; and Get(i, count, lengths), the last slot of row i, a good one, of
// the `count` of the tile, rows asked for in their order. Where kByVector is true they stand in a column, slots, and V may look
// at rows first (row_words.h): then S reads one word of a row that goes on in its page, or, among rows of at most a block, nothing
// (block_rows.h), and Fault is none but of rows without a place.
//
// Split: by weight (ragged_share.h), at 64-byte lines of the output.
//
// UB, for the largest tiles: lengths 32 KB, scan 20 + 32 + 6.5 KB, pages 6 + 6 + 10 KB, indices 8 KB, short pages 8 KB, list of
// rows 3.75 KB and 64 B, gather 2 * 8 + 1 + 8 + 16 KB, fault line 64 B: 173.25 KB and 160 B, beside Lasts. Pipes: MTE2 loads, V makes slots, S walks, MTE3 stores.
#pragma once

#include "block_rows.h"
#include "fault_log.h"
#include "paged_slots.h"
#include "ragged_gather.h"
#include "row_walk.h"

namespace cache_loc {

template <typename Params, typename Lasts, typename L, typename S, typename O>
class ExtendSlots {
public:
    __aicore__ inline ExtendSlots(TPipe &pipe, const Params &params)
        : params_(params), maker_(pipe, params.free_pages.address, params.free, params.page_size, kTile),
          lengths_(pipe, params.prefix_lens.address, params.seq_lens.address, kRows, {maker_.size, maker_.pages}),
          scan_(pipe, lengths_, params.n, params.scan_tile, params.checkpoints),
          share_(scan_, {params.out.address, params.capacity, sizeof(O)}, params.n, params.row_cost_bytes / sizeof(O)),
          lasts_(pipe, params, kRows), block_rows_(pipe), gather_(pipe, params.out.address, params.copy_tile), fault_(pipe, params.head)
    {
    }

    // What is a core's of so many.
    __aicore__ inline void Process(uint32_t core, uint32_t cores)
    {
        scan_.Begin(core, cores); // ahead of all that S does meanwhile
        if (OneTile()) {
            lasts_.Load(0, params_.n);
        }
        maker_.Open();
        if constexpr (Lasts::kByVector) {
            block_rows_.Open();
        }
        if (core == 0) {
            begun_ = true;
            gather_.Begin(0);
        }
        ahead_ = ScanRows(scan_, {params_.n, params_.walk_tile, OneTile(), Lasts::kByVector && WorthWords(params_.n)}, core,
                          [&](uint64_t first, uint32_t i, uint32_t count) { Words(first, i, count); });
        const uint64_t row = share_.Find(core, cores);
        if (row == params_.n) {
            if (begun_) {
                gather_.Finish();
            }
            return;
        }
        exhausted_ = static_cast<uint64_t>(scan_.Total(kPages)) > params_.free;
        page_ = scan_.SumBefore(row, kPages);
        Walk(row);
        fault_.Write();
    }

private:
    static constexpr uint32_t kRows = ASCEND_CACHE_LOC_SCAN_TILE_MAX;
    static constexpr uint32_t kTile = ASCEND_CACHE_LOC_PAGED_TILE_MAX;
    static constexpr uint32_t kPages = 1; // kind of length, beside tokens
    static constexpr int64_t kMostSlot = SlotMaker<S>::kMostSlot;
    static constexpr uint32_t kBlock = 8;  // slots of a block
    static constexpr uint32_t kWorth = 16; // rows that V lands sooner than S appends them

    using Gather = RaggedGather<O, kTile>;

    // Lanes from..to of a block, as a mask.
    struct Lanes {
        __aicore__ inline Lanes(uint64_t from, uint64_t to) : mask{(1u << to) - (1u << from), 0} {}

        uint64_t mask[2];
    };

    // Whether the scan reads the whole batch at a time, so that its rows are there for the walk too.
    __aicore__ inline bool OneTile() const { return params_.n <= params_.scan_tile; }

    // Whether V, which looks at rows, lands those of at most a block: where all fit, and a tile has room for many of them.
    __aicore__ inline bool LandsRows() const
    {
        return scan_.ByVector() && static_cast<uint64_t>(scan_.Total(0)) <= params_.capacity &&
               params_.copy_tile >= Gather::kRows * BlockRows::kLongest;
    }

    // Whether V looks at rows before S does: where a core has enough of them, and few need a page.
    __aicore__ inline bool HasWords() const
    {
        return Lasts::kByVector && scan_.KeepsLengths() && !exhausted_ && WorthWords(params_.n) &&
               static_cast<uint64_t>(scan_.Total(kPages)) <= params_.n / 4;
    }

    __aicore__ inline void Walk(uint64_t row)
    {
        const auto read = [&](uint64_t first, uint32_t count) {
            lasts_.Load(first, count);
            lengths_.Read(first, count);
        };
        const bool words = HasWords(), lands = words && LandsRows();
        const auto group = [&](uint64_t at, uint64_t until, uint64_t begin) {
            if (!lands || scan_.LongestBits(at) > BlockRows::kLongestBits) {
                return at;
            }
            until = Min(until, share_.WholeEnd());
            if (at + kWorth > until) {
                return at;
            }
            Land(at, until, begin);
            return until;
        };
        WalkRows({params_.n, params_.walk_tile, OneTile(), words, words && ahead_}, row, share_, words_, begun_, read,
                 [&](uint64_t first, uint32_t i, uint32_t count) { Words(first, i, count); },
                 [&](uint64_t at, uint32_t i, uint32_t count) { Row(at, i, count); },
                 [&](uint32_t slot, uint64_t length) { gather_.Append(CountingUp{maker_.indices, slot}, length); }, group);
        if (begun_) {
            gather_.Finish();
        }
    }

    // What V sees of rows first.., whose columns are elements i.. of what is there.
    __aicore__ inline void Words(uint64_t first, uint32_t i, uint32_t count)
    {
        if constexpr (Lasts::kByVector) {
            words_.Make(lasts_.slots.tile[i], lengths_.Starts()[i], lengths_.Ends()[i], scan_.Kept(first, kPages),
                        static_cast<int32_t>(kMostSlot), scan_.template Spare<SlotWords>(), count);
        }
        rows_of_words_ = count;
        has_block_rows_ = false;
    }

    // Row i of the `count` of a tile.
    __aicore__ inline void Row(uint64_t row, uint32_t i, uint32_t count)
    {
        const int64_t prefix = lengths_.Start(i), seq = lengths_.End(i);
        const uint32_t kind = lasts_.Fault(i, prefix, seq);
        const uint64_t length = PlaceLength(prefix, seq);
        const uint64_t pages = HasPlace(prefix, seq) ? lengths_.beside.Of(prefix, seq) : 0;
        const auto part = share_.Next(row, length);
        const uint64_t end = part.position + length, behind = page_ + pages;
        if (part.owned && exhausted_) {
            if (behind > params_.free) { // the lowest such row is told
                fault_.Report(row, ASCEND_CACHE_LOC_PAGES_EXHAUSTED, static_cast<int64_t>(behind), params_.free, 0);
            }
        } else if (part.owned && kind != 0) {
            lasts_.Report(fault_, kind, row, i, prefix, seq);
        } else if (part.owned && end > params_.capacity) {
            fault_.Report(row, ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT, static_cast<int64_t>(end),
                          static_cast<int64_t>(params_.capacity), 0);
        }
        if (part.from < part.to) {
            if (!begun_) {
                begun_ = true;
                gather_.Begin(part.from);
            }
            const uint64_t from = part.from - part.position, to = part.to - part.position;
            if (exhausted_ || kind != 0) {
                gather_.Append(NoSlots{}, to - from);
            } else {
                const uint64_t head = maker_.Head(static_cast<uint64_t>(prefix));
                if (from < head) {
                    Head(row, lasts_.Get(i, count, lengths_), from, Min(to, head));
                }
                if (to > head) {
                    Paged(row, head, from < head ? head : from, to);
                }
            }
        }
        page_ = behind;
    }

    // Rows at..until of the tile that begins with row `begin`, each of at most a block, of those that are wholly the core's.
    __aicore__ inline void Land(uint64_t at, uint64_t until, uint64_t begin)
    {
        const uint64_t first = OneTile() ? 0 : begin; // whose columns are there
        const auto from = static_cast<uint32_t>(at - begin);
        if (!has_block_rows_) {
            has_block_rows_ = true;
            block_rows_.Make(words_, scan_.Kept(begin, 0), maker_.indices, scan_.template Spare<BlockRows>(), rows_of_words_);
        }
        block_rows_.Begin(from);
        for (at = at / kBlock * kBlock; at < until;) {
            const auto i = static_cast<uint32_t>(at - begin);
            const uint64_t end = Min(at + Min(gather_.Room(), BlockRows::kMost), until);
            const uint64_t position = end == share_.WholeEnd() ? share_.WholePosition() : SumBefore(end);
            const auto count = static_cast<uint32_t>(end - at);
            Blocks blocks;
            if (position != share_.Position()) {
                blocks = gather_.Take(count, static_cast<uint32_t>(position - share_.Position()));
                block_rows_.Land(blocks.landing, blocks.pattern, i, count);
            }
            for (uint32_t odd = block_rows_.Odd(Max(i, from)); odd < i + count; odd = block_rows_.Odd(odd + 1)) {
                InBlock(begin + odd, static_cast<uint32_t>(begin - first) + odd, blocks, odd - i);
            }
            share_.PassTo(end, position);
            at = end;
        }
    }

    // The tokens of the rows before a row, of rows that go up.
    __aicore__ inline uint64_t SumBefore(uint64_t row)
    {
        const uint64_t sum = scan_.SumBefore(row, 0, summed_, sum_);
        if (row % scan_.Rows() == 0) {
            summed_ = row;
            sum_ = sum;
        }
        return sum;
    }

    // What row i of those whose columns are there has otherwise than V has landed it, into its block, which is one of those taken.
    __aicore__ inline void InBlock(uint64_t row, uint32_t i, const Blocks &blocks, uint32_t block)
    {
        const int64_t prefix = lengths_.Start(i), seq = lengths_.End(i);
        if (const uint32_t kind = lasts_.Fault(i, prefix, seq); kind != 0) {
            lasts_.Report(fault_, kind, row, i, prefix, seq);
            return;
        }
        const auto length = static_cast<uint64_t>(seq - prefix);
        const uint64_t head = Min(maker_.Head(static_cast<uint64_t>(prefix)), length);
        const LocalTensor<int32_t> slots = blocks.landing[block * kBlock];
        bool written = false; // something of the block
        if (head != 0) {
            const uint64_t good = Good(row, lasts_.Get(i, i + 1, lengths_), 0, head);
            if (good < head) {
                Duplicate(slots, -1, Lanes(good, head).mask, 1, 1, 8);
                written = true;
            }
        }
        for (uint64_t at = head; at < length; ++page_) {
            const uint64_t end = Min(at + maker_.size.tokens, length);
            maker_.Reach(page_);
            if (written) {
                PipeBarrier<PIPE_V>(); // V has written to other lanes of the block before it does again
            }
            written = true;
            const int64_t page = maker_.list.Page(page_);
            if (maker_.size.Has(page)) {
                const int64_t first = page * maker_.size.tokens - static_cast<int64_t>(at);
                Adds(slots, maker_.indices, static_cast<int32_t>(first), Lanes(at, end).mask, 1, {1, 1, 8, 8});
            } else {
                NoPage(row, page_, at);
                Duplicate(slots, -1, Lanes(at, end).mask, 1, 1, 8);
            }
            at = end;
        }
    }

    // Of the tokens up to `to` of the row, in the page that has its last slot, how many have a slot, if more than `from`; the
    // first behind them is reported.
    __aicore__ inline uint64_t Good(uint64_t row, int64_t last, uint64_t from, uint64_t to)
    {
        const bool is_slot = last >= 0 && last <= kMostSlot;
        const uint64_t good = Max(from, is_slot ? Min(to, static_cast<uint64_t>(kMostSlot - last)) : 0);
        if (good < to) {
            const int64_t slot = is_slot ? last + 1 + static_cast<int64_t>(good) : last;
            fault_.Report(row, ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE, slot, kMostSlot + 1, 0, good);
        }
        return good;
    }

    // Tokens from..to of the row, in the page that has its last slot.
    __aicore__ inline void Head(uint64_t row, int64_t last, uint64_t from, uint64_t to)
    {
        const uint64_t good = Good(row, last, from, to);
        if (from < good) {
            gather_.Append(CountingUp{maker_.indices, static_cast<uint64_t>(last) + 1 + from}, good - from);
        }
        if (good < to) {
            gather_.Append(NoSlots{}, to - good);
        }
    }

    // Tokens from..to of the row, whose new pages begin with token `head`.
    __aicore__ inline void Paged(uint64_t row, uint64_t head, uint64_t from, uint64_t to)
    {
        const PageSize &size = maker_.size;
        const PageList<S> &list = maker_.list;
        while (from < to) {
            const uint64_t page = page_ + size.Pages(from - head), phase = size.Rest(from - head);
            maker_.Reach(page);
            uint64_t count = Min(to - from, maker_.InWindow(page, phase));
            if (maker_.IsLong()) {
                if ((phase | size.tokens) % 8 != 0) { // the next page would not begin at a block
                    count = Min(count, size.tokens - phase);
                }
                const LongPages<S> pages{list, size, maker_.indices, page, phase};
                gather_.Append(pages, count);
                if (pages.none != pages.kAll) {
                    NoPage(row, pages.none, from - phase + (pages.none - page) * size.tokens);
                }
            } else {
                count = Min(count, ShortPages<S>::kPiece);
                for (uint64_t k = page, at = from - phase; list.has_none && at < from + count; ++k, at += size.tokens) {
                    if (list.Slot(k) < 0) {
                        NoPage(row, k, at);
                    }
                }
                gather_.Append(maker_.ShortFrom(page, phase), count);
            }
            from += count;
        }
    }

    // Reports page k of the list, which is none and begins with token `at` of the row: what of it lies before this core's part
    // the core before reports likewise.
    __aicore__ inline void NoPage(uint64_t row, uint64_t k, uint64_t at)
    {
        fault_.Report(row, ASCEND_CACHE_LOC_BLOCK_OUT_OF_RANGE, maker_.list.Page(k), maker_.size.Limit(), 0, at);
    }

    const Params &params_;
    SlotMaker<S> maker_;
    PlaceLengths<L, PagesBeside> lengths_;
    LengthScan<PlaceLengths<L, PagesBeside>> scan_;
    RaggedShare<PlaceLengths<L, PagesBeside>> share_;
    Lasts lasts_;
    SlotWords words_;
    BlockRows block_rows_;
    Gather gather_;
    FaultLog fault_;
    uint64_t page_ = 0; // of the list, the first of the row's
    uint64_t summed_ = 0, sum_ = 0; // rows, as far as a checkpoint, and the tokens of those
    bool exhausted_ = false;
    bool ahead_ = false;          // whether the first tile's words are made before the share is known
    uint32_t rows_of_words_ = 0;  // those that words are made of
    bool has_block_rows_ = false; // and block_rows_ of them
    bool begun_ = false;
};

} // namespace cache_loc
