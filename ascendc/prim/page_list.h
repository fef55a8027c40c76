// The free pages as slots, a window of the list at a time: the first slot of each page, in UB for V and S.
//
// Pages are taken from the list in its order, so a core's are a stretch of it, and the window moves along. A page that is
// none, negative or with slots from 2^31 on, has kNoSlot, to which any place in a page can be added: it stays negative. V
// clamps the pages to what surely are some, and S looks at those that are changed by it (row_list.h).
//
// Contract: Open once, which copies the list's begin in, all of a short list, since that takes a trip to memory; then Reach
// or Want, the same all the time, before the pages of a window are read, of pages that the list has.
//
// UB, for windows of `most` pages of S: those, 2 vectors of int32 and the list of them. Pipes: MTE2 lands, V computes, S looks;
// Want orders them, and what V and S have read before.
#pragma once

#include "row_list.h"
#include "rows.h"
#include "split.h"

namespace cache_loc {

// A page size, for S.
struct PageSize {
    __aicore__ inline explicit PageSize(uint32_t tokens) : tokens(tokens)
    {
        while (uint64_t{1} << shift < tokens) {
            ++shift;
        }
        power_of_two = uint64_t{1} << shift == tokens;
    }

    // Whole pages of so many tokens, and what is left.
    __aicore__ inline uint64_t Pages(uint64_t n) const { return power_of_two ? n >> shift : n / tokens; }
    __aicore__ inline uint64_t Rest(uint64_t n) const { return n - Pages(n) * tokens; }

    // Whether a page begins behind so many tokens.
    __aicore__ inline bool Starts(uint64_t n) const { return Rest(n) == 0; }

    // Pages that hold so many tokens.
    __aicore__ inline uint64_t Ceil(uint64_t n) const { return Pages(n + tokens - 1); }

    // Whether a number is a page's: there is such a page, and its slots are some.
    __aicore__ inline bool Has(int64_t page) const { return page >= 0 && page < Limit(); }

    // One past the greatest page that there can be.
    __aicore__ inline int64_t Limit() const { return static_cast<int64_t>(Pages(uint64_t{1} << 31)); }

    uint32_t tokens;
    uint32_t shift = 0;
    bool power_of_two;
};

template <typename S>
class PageList {
public:
    using Vector = LocalTensor<int32_t>;

    static constexpr int32_t kNoSlot = -0x7fffffff - 1;

    __aicore__ inline PageList(TPipe &pipe, uint64_t address, uint64_t free, const PageSize &size, uint32_t most)
        : size_(size), pages_(pipe, address, most), odd_(pipe, most), free_(free), most_(most)
    {
        pipe.InitBuffer(buffer_, 2 * most * sizeof(int32_t));
        slots = buffer_.template Get<int32_t>();
        SaturateCasts();
    }

    __aicore__ inline void Open()
    {
        odd_.Open(most_);
        if (free_ != 0) {
            Land(0);
        }
    }

    // The window has page k of the list when this returns: for S, by Page alone.
    __aicore__ inline void Reach(uint64_t k)
    {
        if (k >= first && k < end) {
            return;
        }
        if (k < landed_ || k >= landed_ + most_) {
            Order<HardEvent::S_MTE2>(); // S, and V, which it has waited for, have read the pages before MTE2 copies others in
            Land(k);
        }
        first = landed_;
        end = Min(landed_ + most_, free_);
        Order<HardEvent::MTE2_S>(); // MTE2 has filled them before S reads them
    }

    // The same, for V and S, with the slots.
    __aicore__ inline void Want(uint64_t k)
    {
        if (k >= first && k < end) {
            return;
        }
        Reach(k);
        const auto count = static_cast<uint32_t>(end - first);
        Order<HardEvent::MTE2_V>(); // MTE2 has filled them before V reads them
        const auto n = static_cast<int32_t>(count);
        const Vector odd = odd_.Marks(count), clamped = slots[most_];
        const Vector page = Narrow(pages_.tile, slots, count);
        Maxs(clamped, page, 0, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        Mins(clamped, clamped, static_cast<int32_t>(Min(static_cast<uint64_t>(size_.Limit()), 0x7fffffff) - 1), n);
        PipeBarrier<PIPE_V>();
        Sub(odd, page, clamped, n);
        PipeBarrier<PIPE_V>();
        Muls(slots, clamped, static_cast<int32_t>(size_.tokens), n);
        odd_.Make(count);
        has_none = false;
        for (uint32_t i = odd_.Next(); i < count; i = odd_.Next()) {
            const int64_t of_list = pages_.Get(i);
            const bool is_page = size_.Has(of_list);
            slots.SetValue(i, is_page ? static_cast<int32_t>(of_list * size_.tokens) : kNoSlot);
            has_none = has_none || !is_page;
        }
        Order<HardEvent::S_V>(); // S has set its slots before V reads them
    }

    // Page k of the list, as it stands there; and, where it was wanted, its first slot, or kNoSlot.
    __aicore__ inline int64_t Page(uint64_t k) const { return pages_.Get(static_cast<uint32_t>(k - first)); }
    __aicore__ inline int32_t Slot(uint64_t k) const { return slots.GetValue(static_cast<uint32_t>(k - first)); }

    uint64_t first = 0, end = 0; // of the window
    bool has_none = false;       // whether a page of it is none
    Vector slots;                // of its pages

private:
    // Copies a window of the list in, from page k on.
    __aicore__ inline void Land(uint64_t k)
    {
        landed_ = k;
        pages_.Load(k, static_cast<uint32_t>(Min(most_, free_ - k)));
    }

    PageSize size_;
    Column<S> pages_;
    RowList odd_;
    uint64_t free_;       // pages of the list
    uint64_t landed_ = 0; // the first of those that were copied in last
    uint32_t most_;
    TBuf<TPosition::VECCALC> buffer_;
};

} // namespace cache_loc
