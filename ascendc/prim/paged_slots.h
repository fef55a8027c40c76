// Slots of tokens in pages from a list, as sources for a ragged gather.
//
// Token `phase` of page `page` of the list is the first, and the tokens after it go on in the pages after that. Long pages
// are a vector instruction each: the page's first slot is added to numbers that count up. Of short ones, V finds each token's
// page and its place there (pages.h), and gathers the pages' slots; a token of a page that is none becomes -1 by itself.
//
// Contract: the window of the list (page_list.h) has all pages of the piece, for S or V. Of LongPages, every page but the last begins at
// a block: phase is a multiple of 8 tokens and the page size is, or the piece lies in one page. Of ShortPages a piece has up
// to kPiece tokens.
//
// UB: what a source is given: of SlotMaker, for pieces of T slots, 4 T, 8 KB and the list's. Pipes: V fills, S reads long pages.
#pragma once

#include "../abi/sizes.h"
#include "page_list.h"
#include "pages.h"
#include "place.h"

namespace cache_loc {

// What rows have of length beside their tokens (place.h): the pages that they need anew.
struct PagesBeside {
    static constexpr uint32_t kKinds = 1, kLent = 1;

    __aicore__ inline uint64_t Of(int64_t start, int64_t end) const
    {
        return size.Ceil(static_cast<uint64_t>(end)) - size.Ceil(static_cast<uint64_t>(start));
    }

    __aicore__ inline void Fill(const LocalTensor<int32_t> &length, const LocalTensor<int32_t> &start,
                                const LocalTensor<int32_t> &end, const LocalTensor<int32_t> *room, uint32_t count) const
    {
        const auto n = static_cast<int32_t>(count);
        const LocalTensor<int32_t> &from = room[0], &to = room[1], &scratch = room[2];
        Adds(from, start, -1, n); // ceil(x / page_size) = floor((x - 1) / page_size) + 1
        Adds(to, end, -1, n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        pages.Between(length, from, to, scratch, count);
    }

    PageSize size;
    Pages pages;
};

template <typename S>
struct LongPages {
    static constexpr bool kByVector = true;
    static constexpr uint64_t kAll = ~uint64_t{0}; // `none`, where every page is one

    __aicore__ inline void Fill(const LocalTensor<int32_t> &dst, uint64_t at, uint32_t count) const
    {
        uint64_t k = page + size.Pages(phase + at);
        uint64_t begin = size.Rest(phase + at); // in the page
        for (uint32_t done = 0; done < count; ++k, begin = 0) {
            const auto n = static_cast<uint32_t>(Min(count - done, size.tokens - begin));
            const int64_t of_list = list.Page(k);
            if (size.Has(of_list)) {
                const int64_t slot = of_list * size.tokens + static_cast<int64_t>(begin);
                Adds(dst[done], indices, static_cast<int32_t>(slot), static_cast<int32_t>(n));
            } else {
                Duplicate(dst[done], -1, static_cast<int32_t>(n));
                none = none == kAll ? k : none;
            }
            done += n;
        }
    }

    const PageList<S> &list;
    const PageSize &size;
    const LocalTensor<int32_t> &indices; // 0, 1, .. as far as a piece is long
    uint64_t page;
    uint64_t phase;
    mutable uint64_t none = kAll; // the first page of the list that is no page
};

template <typename S>
struct ShortPages {
    static constexpr bool kByVector = true;
    static constexpr uint32_t kPiece = 512;
    static constexpr uint32_t kVectors = 4; // to work in, of kPiece elements

    __aicore__ inline void Fill(const LocalTensor<int32_t> &dst, uint64_t at, uint32_t count) const
    {
        const auto n = static_cast<int32_t>(count);
        const LocalTensor<int32_t> token = room, of = room[kPiece], left = room[2 * kPiece], scratch = room[3 * kPiece];
        Adds(token, indices, static_cast<int32_t>(phase + at), n);
        PipeBarrier<PIPE_V>(); // each step reads what the one before it wrote, or writes over it
        pages.Divide(of, token, left, scratch, count); // its page
        Muls(scratch, of, static_cast<int32_t>(tokens), n);
        Muls(left, of, static_cast<int32_t>(sizeof(int32_t)), n);
        PipeBarrier<PIPE_V>();
        Sub(token, token, scratch, n); // in its page
        Gather(dst, list.slots, left.template ReinterpretCast<uint32_t>(),
               static_cast<uint32_t>(page - list.first) * static_cast<uint32_t>(sizeof(int32_t)), count);
        PipeBarrier<PIPE_V>();
        Add(dst, dst, token, n);
        PipeBarrier<PIPE_V>(); // V has read room, too, before the next piece is made there
        Maxs(dst, dst, -1, n);
    }

    const PageList<S> &list;
    const Pages &pages;
    uint32_t tokens;                     // of a page
    const LocalTensor<int32_t> &indices; // 0, 1, .. up to kPiece
    const LocalTensor<int32_t> &room;
    uint64_t page;
    uint64_t phase;
};

// What both are made with, for who makes slots: the pages of a list, numbers that count up, and room to work in. Open once.
template <typename S>
class SlotMaker {
public:
    using Short = ShortPages<S>;

    static constexpr int64_t kMostSlot = 0x7fffffff; // the greatest

    // Of a list of `free` pages, for pieces of up to `most` slots.
    __aicore__ inline SlotMaker(TPipe &pipe, uint64_t free_pages, uint64_t free, uint32_t page_size, uint32_t most)
        : size(page_size), pages(page_size), list(pipe, free_pages, free, size, ASCEND_CACHE_LOC_PAGES_MAX), most_(most)
    {
        pipe.InitBuffer(indices_buffer_, most * sizeof(int32_t));
        pipe.InitBuffer(room_buffer_, Short::kVectors * Short::kPiece * sizeof(int32_t));
        indices = indices_buffer_.template Get<int32_t>();
        room_ = room_buffer_.template Get<int32_t>();
    }

    __aicore__ inline void Open()
    {
        CreateVecIndex(indices, 0, IsLong() ? static_cast<uint32_t>(Min(size.tokens, most_)) : Short::kPiece);
        list.Open();
    }

    // Whether a page is a vector instruction by itself.
    __aicore__ inline bool IsLong() const { return size.tokens >= kLong; }

    // Tokens that the page of a prefix has room for.
    __aicore__ inline uint64_t Head(uint64_t prefix) const
    {
        const uint64_t over = size.Rest(prefix);
        return over == 0 ? 0 : size.tokens - over;
    }

    // The window of the list has page k when this returns; of short pages with its slots.
    __aicore__ inline void Reach(uint64_t k)
    {
        if (IsLong()) {
            list.Reach(k);
        } else {
            list.Want(k);
        }
    }

    __aicore__ inline Short ShortFrom(uint64_t page, uint64_t phase) const
    {
        return {list, pages, size.tokens, indices, room_, page, phase};
    }

    // Tokens from token `phase` of a page on, as far as the window goes.
    __aicore__ inline uint64_t InWindow(uint64_t page, uint64_t phase) const
    {
        return (list.end - page) * size.tokens - phase;
    }

    PageSize size;
    Pages pages;
    PageList<S> list;
    LocalTensor<int32_t> indices; // 0, 1, .. as far as a piece is long

private:
    static constexpr uint32_t kLong = 64; // tokens

    uint32_t most_;
    TBuf<TPosition::VECCALC> indices_buffer_, room_buffer_;
    LocalTensor<int32_t> room_;
};

} // namespace cache_loc
