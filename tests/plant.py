#!/usr/bin/env python3
"""Plants bugs in the kernels, one at a time, and runs the suite on each: every one must be caught.

    tests/plant.py            all of them
    tests/plant.py TEXT...    those whose line of output has one of the TEXTs in it
    tests/plant.py --list     what would be planted

Works on copies under target/plant, a bug on each processor. A bug is caught when the suite of an operation that has it
fails, by a difference in the output or by a report of the simulation; one that does not compile is a mistake in this
script. Exits with 1 if any bug survives.
"""

import collections
import concurrent.futures
import functools
import os
import pathlib
import queue
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "plant"
PROCESSORS = len(os.sched_getaffinity(0))
OPERATIONS = sorted(path.name for path in (ROOT / "ascendc/ops").iterdir())
# What is run, one after another: tests, random cases, and how the kernel is compiled. A few cases find most bugs at once.
SAME_CASES = ["--skip", "sim::seeds", "--skip", "sim::large"]  # as the stage before
STAGES = [(["sim::random"], "300", "-O0"), (["sim::"], "1024", "-O1"), (SAME_CASES, "4096", "-O1")]
REPORT = r": \d+ reports\n[^:]+: .*?\) (.*?)[ ,(]*(?:[A-Z][A-Za-z:]* on|UB byte|GM|\n)"
KERNELS = sorted(
    str(path.relative_to(ROOT)) for glob in ("prim/*.h", "ops/*/kernel.h") for path in (ROOT / "ascendc").glob(glob)
)


def prim(names):
    """The files of primitives."""
    return [f"ascendc/prim/{name}.h" for name in names.split()]


def ops(names):
    """The kernels of operations."""
    return [f"ascendc/ops/{name}/kernel.h" for name in names.split()]


# Those that have bugs of their own below.
DISPATCH, SYNC, DMA, FAULT, SPLIT = prim("dispatch sync dma fault_log split")
PACKING, GATHER, INT32, WORDS, WALK, WINDOWS, PLACE, SCAN = prim("packing ragged_gather int32 row_words row_walk windows place scan")
RANGE, OWNED, STRETCHES, SCATTER = prim("range_fault owned_rows stretches ragged_scatter")
PAGES, FILLER, MAP, PAGED, NEEDS, DECODE = prim("pages filler slot_map page_gather page_needs decode_slots")
LAST, EXTEND, UNIFORM = ops("get_last_loc assign_extend_cache_locs assign_extend_cache_locs_uniform")
LIST, PAGE_LIST, PAGED_SLOTS, SHARE, BLOCK_ROWS = prim("row_list page_list paged_slots ragged_share block_rows")
(POSITIONS,) = prim("positions")
POOL, BLOCKS, ALLOC_DECODE = ops("assign_req_to_token_pool gather_block_tables alloc_decode")
(ROWS, EXTEND_SLOTS, PAGED_SCATTER), (STEP, EXTEND_STEP) = prim("decode_rows extend_slots paged_scatter"), ops("decode_step extend_step")

# A statement that only orders: deleted, each in turn.
ORDERING = re.compile(r"^\s*(Order<[^>]*>|SetFlag<[^>]*>|WaitFlag<[^>]*>|PipeBarrier<\w+>)\([^;]*\);")

# Flags that are set in one place and awaited in another: every one of the kind deleted.
PAIRS = [
    (PACKING, "MTE3_V"), (GATHER, "MTE3_MTE2"), (GATHER, "V_S"), (OWNED, "V_S"), (OWNED, "V_MTE2"), (SCATTER, "V_S"),
    (SCATTER, "MTE2_V"), (SCATTER, "MTE3_MTE2"), (PAGED_SCATTER, "MTE3_V"), (POSITIONS, "MTE3_V"),
]

# (file, text, replacement): the text must be there once.
BY_HAND = [
    # A prefill in one launch: which last slots are read, which pages rows have, what of them is written, and by whom.
    (EXTEND_STEP, "if (totals.pages <= params_.free) {", "if (true) {"),
    (EXTEND_STEP, "if (core < makers) {", "if (true) {"),
    (EXTEND_STEP, "alone ? 1 : cores - owners", "cores - owners"),
    (EXTEND_STEP, "core - (cores - owners), owners", "core, owners"),
    (EXTEND_STEP, "totals.tokens <= params_.capacity", "true"),
    (EXTEND_STEP, "if (params.n > params.row_tile) {", "if (false) {"),
    (EXTEND_STEP, "static_cast<uint64_t>(scan.Total(1))};", "0};"),
    (EXTEND_STEP, "begin_ = end_ = 0;", ""),
    (EXTEND_STEP, "if (i >= end_) {", "if (i > end_) {"),
    (EXTEND_STEP, "Min(i + kAhead, count)", "i + kAhead"),
    (EXTEND_STEP, "prefix != seq && Fault(k, prefix, seq) == 0", "Fault(k, prefix, seq) == 0"),
    (EXTEND_STEP, "prefix != seq && Fault(k, prefix, seq) == 0", "prefix != seq"),
    (EXTEND_STEP, " && !page_size_.Starts(static_cast<uint64_t>(prefix))) {", ") {"),
    (EXTEND_STEP, "static_cast<uint64_t>(prefix) - 1], 1);", "static_cast<uint64_t>(prefix)], 1);"),
    (EXTEND_STEP, "lasts_[(k - i) * kBlock]", "lasts_[0]"),
    (EXTEND_STEP, "(i - begin_) * kBlock", "i % kAhead * kBlock"),
    (EXTEND_STEP, "static_cast<uint64_t>(requests_.Get(k)) * size_.row_stride", "static_cast<uint64_t>(requests_.Get(k)) * size_.row_len"),
    (EXTEND_STEP, "static_cast<uint64_t>(requests_.Get(k)) * size_.row_stride", "static_cast<uint32_t>(requests_.Get(k)) * size_.row_stride"),
    (EXTEND_STEP, "params.n > kFew && rows_.Fits()", "params.n > kFew"),
    (EXTEND_STEP, "walk(rows_, page_);", "walk(rows_, 0);"),
    (EXTEND_STEP, "page_ += rows_.Total(1);", ""),
    (EXTEND_STEP, "page_ += rows_.Total(1);", "page_ += rows_.Total(0);"),
    (EXTEND_STEP, "MTE2 fills them again\n                rows_.Read(first + rows_.Most());", "MTE2 fills them again"),
    (EXTEND_STEP, "listed ? Totals{rows_.Total(0), rows_.Total(1)} : Sums()", "Totals{rows_.Total(0), rows_.Total(1)}"),
    (EXTEND_STEP, "listed ? Totals{rows_.Total(0), rows_.Total(1)} : Sums()", "listed ? Totals{rows_.Total(1), rows_.Total(0)} : Sums()"),
    (EXTEND_STEP, "totals.pages += NewPages(start, end);", ""),
    (EXTEND_STEP, "if (!lists_ || first >= params_.n) {", "if (!lists_) {"),
    # Not here: rows with start == end. They have no element in any stretch; passing them over is faster alone.
    (EXTEND_STEP, "row.position = step.page_;", "row.position = position;"),
    (EXTEND_STEP, "size_.Ceil(static_cast<uint64_t>(end)) - size_.Ceil(static_cast<uint64_t>(start))", "size_.Ceil(static_cast<uint64_t>(end - start))"),
    (EXTEND_STEP, "return HasPlace(start, end)", "return start <= end"),
    (EXTEND_STEP, "if (RangeFault(Size(step.params_), request, start, end) == 0) {", "if (HasPlace(start, end)) {"),
    (EXTEND_STEP, "Min(step.position_, capacity) - position", "step.position_ - position"),
    (EXTEND_STEP, "static_cast<uint64_t>(request) * step.params_.row_stride", "static_cast<uint64_t>(request) * step.params_.row_len"),
    (EXTEND_STEP, "static_cast<uint64_t>(request) * step.params_.row_stride", "static_cast<uint32_t>(request) * step.params_.row_stride"),
    (EXTEND_STEP, "row.start + step.stretches_.origin;", "row.start;"),
    (EXTEND_STEP, "< row.begin + row.length", "< row.begin + row.length - 1"),
    (EXTEND_STEP, "many < kGroup && walk.Next(group[many])", "many + 1 < kGroup && walk.Next(group[many])"),
    (EXTEND_STEP, "if (!size_.Starts(group[many].start)) {", "{"),
    (EXTEND_STEP, "group[many].begin - stretches_.origin - 1]", "group[many].begin - 1]"),
    (EXTEND_STEP, "group[many].begin - stretches_.origin - 1]", "group[many].begin - stretches_.origin]"),
    (EXTEND_STEP, "lasts_[many * kBlock]", "lasts_[0]"),
    (EXTEND_STEP, "size_.Starts(row.start) ? -1 : lasts_", "lasts_"),
    (EXTEND_STEP, "piece.from - row.position", "piece.from"),
    (EXTEND_STEP, "row.start, last, row.position, from", "row.start, last, page_, from"),
    (EXTEND_STEP, "Owners(params.owners, cores / 2)", "Owners(params.owners, cores)"),
    (PAGED_SCATTER, "if (from < head && last >= 0) {", "if (from < head) {"),
    (PAGED_SCATTER, "static_cast<uint64_t>(maker_.kMostSlot - last)", "static_cast<uint64_t>(maker_.kMostSlot - last + 1)"),
    (PAGED_SCATTER, "Min(Min(to, head),", "Min(head,"),
    (PAGED_SCATTER, "static_cast<uint64_t>(last) + 1 + from}", "static_cast<uint64_t>(last) + 1}"),
    (PAGED_SCATTER, "begin + from, good - from", "begin, good - from"),
    (PAGED_SCATTER, "at = Max(from, head)", "at = head"),
    (PAGED_SCATTER, "at = Max(from, head)", "at = from"),
    (PAGED_SCATTER, "page + maker_.size.Pages(at - head)", "page"),
    (PAGED_SCATTER, "maker_.size.Rest(at - head), to - at", "0, to - at"),
    (PAGED_SCATTER, "Min(Min(count, ShortPages<S>::kPiece), maker_.InWindow(page, phase))", "Min(count, ShortPages<S>::kPiece)"),
    (PAGED_SCATTER, "Min(Min(count, ShortPages<S>::kPiece), maker_.InWindow(page, phase))", "Min(count, maker_.InWindow(page, phase))"),
    (PAGED_SCATTER, "!maker_.IsLong() && !maker_.list.has_none", "!maker_.IsLong()"),
    (PAGED_SLOTS, "list.Want(k);", "list.Reach(k);"),
    (PAGED_SCATTER, "count = Min(count, size.tokens - phase);", ""),
    (PAGED_SCATTER, "size.Has(of_list)", "of_list < size.Limit()"),
    (PAGED_SCATTER, "size.Has(of_list)", "of_list >= 0"),
    (PAGED_SCATTER, "static_cast<uint64_t>(of_list) * size.tokens + phase", "static_cast<uint64_t>(of_list) * size.tokens"),
    (PAGED_SCATTER, "uint64_t{blocks_ - used_} * kBlock", "uint64_t{blocks_ - used_ + 1} * kBlock"),
    (PAGED_SCATTER, "[used_ * kBlock], at, piece", "[used_ * kBlock], 0, piece"),
    (PAGED_SCATTER, "{element + at, used_, piece}", "{element, used_, piece}"),
    (PAGED_SCATTER, "(piece + kBlock - 1) / kBlock", "piece / kBlock"),
    (PAGED_SCATTER, "used_ == blocks_ || many_ == kPieces", "used_ == blocks_"),
    # Not here: one landing all the time. V then waits for MTE3, and that is all.
    (PAGED_SCATTER, "used_ = 0;\n        many_ = 0;", "used_ = 0;"),
    (PAGED_SLOTS, "Min(size.tokens, most_)", "Min(size.tokens, most_) - 1"),
    (PAGED_SCATTER, "Store();\n        WaitFlag", "WaitFlag"),
    (STRETCHES, "(core - stretch) & (cores - 1)", "(core + stretch) & (cores - 1)"),
    (OWNED, "beside_.Fill(Room(kBeside), start, end, work, count_);", ""),
    (OWNED, "Gather(Sums(kRuns, kLast), Room(kBeside), Offsets(), 0, tile_);", "Gather(Sums(kRuns, kLast), length, Offsets(), 0, tile_);"),
    (OWNED, "Sums(from_ - kRuns, kLast)", "Sums(from_ - kRuns)"),
    (OWNED, "Adds(Room(kStarts), start, 0, n);", ""),
    (OWNED, "Gather(Room(kBeside), Room(kStarts), Offsets(), 0, tile_);", "Adds(Room(kBeside), Room(kStarts), 0, all);"),
    (OWNED, "Pack(ListOf(3), Room(kBeside), kept, tile_);", ""),
    (OWNED, "starts_.GetValue(next_ - 1)", "starts_.GetValue(next_)"),
    (OWNED, "Duplicate(Room(kBeside), 0, 2 * n);", ""),
    # The whole decode step: where tokens go, whose they are, what S looks at, and what each of three shares gets.
    # Not here: idle rows in order, and rows not in order on the list of those to write. S gives the former no slot, and there
    # is nothing to write of the latter.
    (ROWS, "static_cast<int32_t>(size_.rows) - 1, n);", "static_cast<int32_t>(size_.rows), n);"),
    (ROWS, "Mins(over, seq, static_cast<int32_t>(size_.row_len), n);", "Mins(over, seq, static_cast<int32_t>(size_.row_stride), n);"),
    (ROWS, "Min(least, entry, seq, n);", "Adds(least, entry, 0, n);"),
    (ROWS, "Min(wrong, wrong, request, n);", ""),
    (ROWS, "StartOr(place, wrong, count_);", ""),
    (ROWS, "Adds(place, wrong, 0, n);", ""),
    (ROWS, "Mins(last, seq, 2, n);", "Mins(last, seq, 3, n);"),
    (ROWS, "StartOr(last, wrong, count_);", ""),
    (ROWS, "StartOr(outside, wrong, count_);", ""),
    (ROWS, "OrInto(look, Room(kOutside), count_);", ""),
    (ROWS, "Duplicate(lasts_, 0, static_cast<int32_t>(count_ * kBlock));", ""),
    (ROWS, "Adds(lasts_, lasts_, 1, static_cast<int32_t>(count_ * kBlock));", ""),
    (ROWS, "lasts_.SetValue(i * kBlock, slot);", ""),
    (ROWS, "Room(kPlaces).SetValue(i, -1);", ""),
    (ROWS, "if (!needs || rank < free) {", "{"),
    (ROWS, "Fits() || Owns(Entry(i))", "true"),
    (ROWS, "size_.FitsInt32(uint64_t{stretches_.cores} << stretches_.shift)", "true"),
    (ROWS, "seq > room_ && (slots.needs.Needs(seq) || slots.IsLast(last))", "seq > room_"),
    (ROWS, "seq > room_ && (slots.needs.Needs(seq) || slots.IsLast(last))", "false"),
    (ROWS, "seq > size_.row_len", "false"),
    (STEP, "several && params_.free < params_.n && rank", "false && rank"),
    (STEP, "rank + rows_.slots.needs.Count(begin_, params_.n)", "rows_.slots.needs.Count(begin_, params_.n)"),
    (STEP, "several ? rows_.slots.needs.Count(0, begin_) : 0", "0"),
    (STEP, "cores == 1 ? 0 : core < makers ? owners : core - makers", "cores == 1 ? 0 : core < makers ? owners : core - makers + 1"),
    (STEP, "cores == 1 ? 0 : core < makers ? owners : core - makers", "core % owners"),
    (STEP, "if (owner >= owners && params.n", "if (params.n"),
    (STEP, "none ? begin : Min(begin, out_share_.begin)", "begin"),
    (STEP, "none ? begin : Min(begin, out_share_.begin)", "out_share_.begin"),
    (STEP, "none ? end : Max(end, out_share_.end)", "end"),
    (STEP, "none ? end : Max(end, out_share_.end)", "out_share_.end"),
    (STEP, "if (known.placed) {", "{"),
    (STEP, "if (wrong) {", "if (false) {"),
    (STEP, "if (under_way) {", "if (false) {"),
    # Not here: how many rows' pages are under way before slots are made. All of them may, or none.
    (STEP, "if (rank > params_.free) { // of", "if (false) { // of"),
    (STEP, "if (!tables.Has(i)) {", "{"),
    (STEP, "if (!tables.Has(i) && !out.Has(i)) {", "if (!tables.Has(i)) {"),
    (STEP, "!Every() && i < tables.end", "false && i < tables.end"),
    (STEP, "static_cast<uint64_t>(seq) - 2 + params_.page_size", "static_cast<uint64_t>(seq) - 1 + params_.page_size"),
    (STEP, "Min(part.end, Max(part.begin, column + 1))", "Min(part.end, Max(part.begin, column))"),
    (STEP, "column >= part.begin && column < part.end", "column < part.end"),
    (STEP, "if (column * params_.page_size != position) {", "if (false) {"),
    (STEP, "if (known.seq != 0) {", "if (true) {"),
    (STEP, "rank++ == params_.free", "++rank == params_.free"),
    (STEP, "fault_.Forget();", ""),
    (STRETCHES, "while (most > cores) {", "while (false) {"),
    # Block tables: quotients, which entries, what is no page, where shares meet.
    (PAGES, "kOneEstimate = 897", "kOneEstimate = 3"),
    (PAGES, "static_cast<float>(m - 1) * unit", "static_cast<float>(m + 1) * unit"),
    (PAGES, "Adds(scratch, left, 1 - page_size_, n);", "Adds(scratch, left, -page_size_, n);"),
    (PAGES, "Add(pages, pages, left, n);", ""),
    (PAGES, "Mins(scratch, scratch, 1, n);", ""),
    (PAGES, "shift_ = bits - 1;", "shift_ = bits;"),
    (PAGES, "Add(pages, pages, scratch, n);\n            PipeBarrier<PIPE_V>();\n            Muls", "Muls"),
    (FILLER, "position + at", "position"),
    (FILLER, "Min(kMost, count - at)", "kMost"),
    (FILLER, "Duplicate(values_, value_,", "Duplicate(values_, 0,"),
    (MAP, "static_cast<uint64_t>(slot) >= length", "static_cast<uint64_t>(slot) > length"),
    (MAP, "Duplicate(landing_, -1,", "Duplicate(landing_, 0,"),
    (MAP, "sizeof(S) == 8 ? 3 : 1", "1"),
    (MAP, "SaturateCasts();", ""),
    (MAP, "past = past || words.GetValue(i) != 0;", ""),
    (MAP, "kGreatest = 0x7fffffff", "kGreatest = 0x7ffffffe"),
    (PAGED, "from + at * page_size_", "from + at"),
    (PAGED, "page_size <= kStridedMost ? tile_ : 1", "tile_"),
    (PAGED, "Duplicate(landing_[i], 0, static_cast<int32_t>(tile_ * step_));", ""),
    (PAGED, "Whole(elements) - elements", "0"),
    (PAGED, "(page_size_ - 1) * kEntry", "page_size_ * kEntry"),
    (PAGED, "const uint32_t elements = (count - 1) * page_size_ + 1;", "const uint32_t elements = count * page_size_;"),
    (PAGED, "Maxs(packed_, packed_, -1, static_cast<int32_t>(count));", ""),
    (PAGED, "return look || past;", "return past;"),
    (PAGED, "return look || past;", "return look;"),
    (PAGED, "value < limit ?", "true ?"),
    (PAGED, "if (value >= limit) {", "if (false) {"),
    (PAGED, "(to + at) << kCountBits", "to << kCountBits"),
    (PAGED, "bad(to + j, slot,", "bad(to, slot,"),
    (PAGED, "uint64_t{page_size_} << 31", "uint64_t{1} << 31"),
    (PAGED, "Flush(bad);", "Turn(bad);"),
    (BLOCKS, "if (tokens > 0) {", "if (tokens >= 0) {"),
    (BLOCKS, "request >= params_.rows", "request > params_.rows"),
    (BLOCKS, "tokens > params_.row_len", "tokens > params_.row_stride"),
    (BLOCKS, "tokens > room", "tokens > room + params_.page_size"),
    (BLOCKS, "tokens - 1, room", "tokens, room"),
    (BLOCKS, "+ params_.page_size - 1) / params_.page_size;", ") / params_.page_size;"),
    (BLOCKS, "Min(part.end, Max(part.begin, pages))", "Max(part.begin, pages)"),
    (BLOCKS, "from + part.begin * params_.page_size", "from"),
    (BLOCKS, "static_cast<uint64_t>(request) * params_.row_stride", "static_cast<uint32_t>(request) * params_.row_stride"),
    (BLOCKS, "pads_.Fill(place + end, part.end - end);", ""),
    (BLOCKS, "gather_.Flush(Bad{*this}); // the", "// the"),
    (BLOCKS, "fault_.Report(row / params_.repeat, kind", "fault_.Report(row, kind"),
    (BLOCKS, "to % params.out_stride", "to"),
    (BLOCKS, "if (params.has_lens != 0) {", "if (true) {"),
    (BLOCKS, "params_.columns == stride && row < end_row", "row < end_row"),
    (SPLIT, "Min(columns_, end - place)", "columns_"),
    (SPLIT, "begin > place ? Min(last, begin - place) : 0", "0"),
    (BLOCKS, "(live_end - 1) / params_.repeat + 1", "live_end / params_.repeat"),
    (SPLIT, "Min(span_, AlignUp(out_, position, element_bytes_))", "Min(span_, position)"),
    (SPLIT, "written / columns_ * stride_ + written % columns_", "written"),
    # Not here: how much the rows of requests weigh. Shares are uneven then, and still meet.
    # Slots in pages: which page, where in it, what is none, where a window of the list ends, and where cores meet.
    # Not here: `<= tokens` in the search for the shift. It finds no power of two then, and divides.
    (PAGE_LIST, "power_of_two = uint64_t{1} << shift == tokens;", "power_of_two = true;"),
    (PAGE_LIST, "Pages(n + tokens - 1)", "Pages(n + tokens)"),
    (PAGE_LIST, "Pages(uint64_t{1} << 31)", "Pages((uint64_t{1} << 31) - 1)"),
    (PAGE_LIST, "k < landed_ || k >= landed_ + most_", "k >= landed_ + most_ + 1"),
    (PAGE_LIST, "Min(landed_ + most_, free_)", "landed_ + most_"),
    (PAGE_LIST, "Min(most_, free_ - k)", "most_"),
    (PAGE_LIST, "0x7fffffff) - 1), n);", "0x7fffffff)), n);"),
    (PAGE_LIST, "Maxs(clamped, page, 0, n);", "Maxs(clamped, page, -1, n);"),
    (PAGE_LIST, "size_.Has(of_list)", "of_list >= 0"),
    (PAGE_LIST, "has_none = has_none || !is_page;", ""),
    # Not here: a copy of no page where the list has none. In the simulation it does nothing.
    (PAGED_SLOTS, "size.Has(of_list)", "of_list >= 0 && of_list <= size.Limit()"),
    (PAGED_SLOTS, "size.Has(of_list)", "of_list < size.Limit()"),
    (PAGED_SLOTS, "++k, begin = 0) {", "++k) {"),
    (PAGED_SLOTS, "none = none == kAll ? k : none;", "none = k;"),
    (PAGED_SLOTS, "Adds(to, end, -1, n);", "Adds(to, end, 0, n);"),
    (PAGES, "Shift(scratch, from, n);", "Shift(scratch, to, n);"),
    (PAGES, "Divide(to, from, from, scratch, count);", "Divide(to, to, from, scratch, count);"),
    (PAGED_SLOTS, "static_cast<int32_t>(phase + at), n);", "static_cast<int32_t>(at), n);"),
    (PAGED_SLOTS, "Maxs(dst, dst, -1, n);", ""),
    (PAGED_SLOTS, "static_cast<uint32_t>(page - list.first) *", "0 *"),
    (SHARE, "weight >= share_begin_ && weight < share_end_", "weight > share_begin_ && weight < share_end_"),
    (SHARE, "position_ < begin_ ? begin_ : position_", "position_"),
    (SHARE, "Min(Min(position_ + length, end_), limit_)", "Min(position_ + length, limit_)"),
    (SHARE, "Min(Min(position_ + length, end_), limit_)", "Min(position_ + length, end_)"),
    (SHARE, "Min(total, output_.capacity)", "total"),
    (SHARE, "end_ != kUnknown && position_ >= end_", "end_ != kUnknown"),
    (SHARE, "at -= length;", "at -= Min(length, 9);"),
    (SHARE, "at += pair >> 32;", ""),
    (SHARE, "(Min(row + scan_.Rows(), n_) + 1) / 2 * 2", "Min(row + scan_.Rows(), n_) / 2 * 2"),
    (SHARE, "next * row_weight_ > bound", "next * row_weight_ >= bound + row_weight_"),
    (EXTEND_SLOTS, "scan_.Total(kPages)) > params_.free", "scan_.Total(kPages)) > params_.free + uint64_t{1}"),
    (EXTEND_SLOTS, "page_ = scan_.SumBefore(row, kPages);", ""),
    (EXTEND_SLOTS, "if (behind > params_.free) {", "if (behind >= params_.free) {"),
    # Not here: rows without pages that are told by cores that do not own them. The lowest of them is the same.
    (EXTEND_SLOTS, "end > params_.capacity) {", "end >= params_.capacity) {"),
    (PAGED_SLOTS, "over == 0 ? 0 : size.tokens - over", "size.tokens - over"),
    (EXTEND_SLOTS, "page_ = behind;", "page_ = part.owned ? behind : page_;"),
    (EXTEND_SLOTS, "last >= 0 && last <= kMostSlot", "last <= kMostSlot"),
    (EXTEND_SLOTS, "last >= 0 && last <= kMostSlot", "last >= 0"),
    (EXTEND_SLOTS, "static_cast<uint64_t>(kMostSlot - last)", "static_cast<uint64_t>(kMostSlot - last + 1)"),
    (EXTEND_SLOTS, "(phase | size.tokens) % 8 != 0", "phase % 8 != 0"),
    (EXTEND_SLOTS, "(phase | size.tokens) % 8 != 0", "size.tokens % 8 != 0"),
    (PAGED_SLOTS, "(list.end - page) * size.tokens - phase", "(list.end - page) * size.tokens"),
    (EXTEND_SLOTS, "from - phase + (pages.none - page) * size.tokens", "from + (pages.none - page) * size.tokens"),
    (EXTEND_SLOTS, "from < head ? head : from", "head"),
    (EXTEND_SLOTS, "kMostSlot + 1, 0, good);", "kMostSlot + 1, 0, 0);"),
    (EXTEND_SLOTS, "gather_.Append(NoSlots{}, to - from);\n            } else", "} else"),
    (LIST, "return (count / kLanes + 1) * kLanes;", "return (count + kLanes - 1) / kLanes * kLanes;"),
    (LIST, "ToFlags(Room(kMarks), count);", ""),
    (LIST, "Duplicate(Room(kMarks), 1,", "Duplicate(Room(kMarks), 0,"),
    # A decode step: which rows need a page, whose it is, which S looks at, and where there are too few.
    (NEEDS, "return IsLength(seq) && ", "return "),
    (NEEDS, "seq >= 1 && seq <= kMostLength", "seq >= 1 && seq < kMostLength"),
    (NEEDS, "Maxs(length, seq, 0, n);", "Maxs(length, seq, 1, n);"),
    (NEEDS, "Mins(token, token, kMostLength - 1, n);", ""),
    (NEEDS, "Maxs(before, before, -1, n);", ""),
    (NEEDS, "Mins(wrong, wrong, kMostLength, n);", ""),
    (NEEDS, "Duplicate(sum, 0, static_cast<int32_t>(most_));", "Duplicate(sum, 0, static_cast<int32_t>(most_ / 2));"),
    (NEEDS, "left >= kBlock; left /= 2", "left > kBlock; left /= 2"),
    (DECODE, "Mins(slots, slots, kMostSlot - 2, n);", ""),
    (DECODE, "Maxs(slots, last, 0, n);", "Maxs(slots, last, -1, n);"),
    (DECODE, "OrInto(look, lost, count);", ""),
    (DECODE, "OrInto(look, need, count);", ""),
    (DECODE, "page >= 0 && page < limit", "page >= 0 && page <= limit"),
    (DECODE, "page >= 0 && page < limit", "page < limit"),
    (DECODE, "0x80000000u / page_size_", "0x7fffffffu / page_size_"),
    (DECODE, "last >= 0 && last < kMostSlot", "last >= 0 && last <= kMostSlot"),
    (DECODE, "last >= 0 && last < kMostSlot", "last < kMostSlot"),
    (DECODE, "rank - first_)", "rank)"),
    (ALLOC_DECODE, "slots_.needs.Count(0, share_.begin)", "0"),
    (ALLOC_DECODE, "rank_ + slots_.needs.Count(row + count, params_.n) > params_.free", "rank_ > params_.free"),
    # Not here: pages counted behind every tile instead of the first. It is the same sum.
    (ALLOC_DECODE, "Min(params_.free - rank_, count)", "Min(params_.free - rank_, count - 1)"),
    (ALLOC_DECODE, "if (!needs || rank_ < params_.free) {", "{"),
    (ALLOC_DECODE, "Exhausted(first_rank);", "Exhausted(rank_);"),
    (ALLOC_DECODE, "fault_.Forget();", ""),
    (ALLOC_DECODE, "rank++ == params_.free", "++rank == params_.free"),
    (ALLOC_DECODE, "slots_.slots, -1, static_cast<int32_t>(kTile)", "slots_.slots, -1, static_cast<int32_t>(kTile / 2)"),
    (ALLOC_DECODE, "fault_.Report(row, ", "fault_.Report(i, "),
    # The pool: whose lines, which slots, and what a bad one stops.
    (OWNED, "Adds(from, start, FromEnd(), n);", "Adds(from, start, 0, n);"),
    (OWNED, "(stretches_.origin + Round() - end) % Round()", "(Round() - end) % Round()"),
    (OWNED, "-static_cast<int32_t>(Round() - Stretch())", "-static_cast<int32_t>(Round())"),
    (OWNED, "Min(mine, w, some, all);", "Mins(mine, w, 1, all);"),
    (OWNED, "table_.FitsInt32(uint64_t{stretches_.cores} << stretches_.shift)", "true"),
    (OWNED, "Min(table_.row_len, kShort)", "table_.row_len"),
    (OWNED, "Adds(below, request, -static_cast<int32_t>(table_.rows), n);", "Adds(below, request, -static_cast<int32_t>(table_.rows) - 1, n);"),
    (OWNED, "Min(table_.row_len, kShort)", "Min(table_.row_stride, kShort)"),
    (OWNED, "StartOr(wrong, length, count_);", ""),
    # Not here: an end below 0 that nobody looks for. Where the length wraps past int32, it is longer than the slots that there
    # are, and the rows are S's all the same, unless the sum of several wraps, too.
    (OWNED, "StartOr(wrong, below, count_);", ""),
    (OWNED, "Or(Halves(wrong), Halves(request), Halves(start), 2 * n);", "Or(Halves(wrong), Halves(start), Halves(start), 2 * n);"),
    (OWNED, "Or(Halves(wrong), Halves(request), Halves(start), 2 * n);", "Or(Halves(wrong), Halves(request), Halves(request), 2 * n);"),
    (OWNED, "And(Halves(below), Halves(below), Halves(end_below), 2 * n);", ""),
    (OWNED, "wrong[(wide_ - half) * kLanes]", "wrong"),
    (OWNED, "if (count_ < tile_) {", "if (false) {"),
    (OWNED, "blocks_ *= 2;", "blocks_ *= 4;"),
    (OWNED, "Min(tile_, kTile / 2)", "Min(tile_, kTile / 4)"),
    (OWNED, "before_[run + 1] = total + static_cast<uint32_t>(pair);", "before_[run + 1] = total;"),
    (OWNED, "Pack(ListOf(0), runs, kept, tile_ + kLanes);", "Pack(ListOf(0), runs, kept, tile_);"),
    (OWNED, "list_ ^= 1;", ""),
    (OWNED, "return all == -1;", "return true;"),
    (OWNED, "i < wide_", "i + 1 < wide_"),
    (OWNED, "Sums(from_ - kRuns, kLast)", "Sums(from_, kLast)"),
    (OWNED, "rows.stretches_.origin - rows.FromEnd()", "rows.stretches_.origin"),
    (STRETCHES, "Min(row.begin + row.length, (mine + 1) << shift)", "row.begin + row.length"),
    (STRETCHES, "stretch == mine ? next : mine << shift", "next"),
    (STRETCHES, "at_ = from - row.begin + piece.count;", "at_ += piece.count;"),
    (STRETCHES, "piece.part = mine / cores;", "piece.part = from;"),
    (SCATTER, "return all == -1;", "return all != 0;"),
    (SCATTER, "i < wide_[turn_]", "i + 1 < wide_[turn_]"),
    (SCATTER, "half = (wide + 1) / 2", "half = wide / 2"),
    (SCATTER, "wide -= wide / 2;", "wide /= 2;"),
    (SCATTER, "piece.part == part_ && piece.to == end_", "piece.part == part_"),
    (SCATTER, "filled_tiles_ <= 1", "filled_tiles_ == 1"),
    (SCATTER, "Duplicate(mask, -1, high, 1, 1, 8);", ""),
    (SCATTER, "Duplicate(mask, static_cast<int32_t>(0x80000000),", "Duplicate(mask, 0,"),
    # Not here: landings that are full of what must not be written. Every slot is then looked at by itself, and stored all the same.
    (SCATTER, "(parts_[part / 64 % kParts] & bit) != 0", "false"),
    (SCATTER, "slot < 0 || slot >= kSlotLimit", "slot < 0"),
    (SCATTER, "turn_ = (turn_ + 1) % kTiles;", ""),
    (POOL, "fault_.Forget();", ""),
    (POOL, "rows_.Drop();", ""),
    (POOL, "lists_ = false;", ""),
    (POOL, "position_ = 0;\n            All();", "All();"),
    (POOL, "&& position_ + rows_.Total() <= params_.capacity", ""),
    (POOL, "position_ = pieces.rows.position;", ""),
    (POOL, "Min(position, capacity) - row.position", "position - row.position"),
    (POOL, "Look(0);", ""),
    # Windows: which are in order, where each row's positions begin, and where cores meet.
    (WINDOWS, "static_cast<int32_t>(table_.rows) - 1, n);", "static_cast<int32_t>(table_.rows), n);"),
    (WINDOWS, "Min(of_both, request, start, n);", "Adds(of_both, request, 0, n);"),
    (WINDOWS, "Min(of_both, request, start, n);", "Adds(of_both, start, 0, n);"),
    (WINDOWS, "Min(least, least, of_start, n);", ""),
    (WINDOWS, "Min(least, least, of_both, n);", ""),
    (WINDOWS, "Adds(of_start, of_start, last_, n);", "Adds(of_start, of_start, last_ - 1, n);"),
    (WINDOWS, "Adds(of_start, of_start, last_, n);", "Adds(of_start, of_start, last_ + 1, n);"),
    (WINDOWS, "Mins(Room(kStarts), start, last_, n);", "Adds(Room(kStarts), start, 0, n);"),
    (WINDOWS, "Maxs(start, start, 0, n);", ""),
    (WINDOWS, "ShiftLeft(first, wrong, 31, n);", "Duplicate(first, 0, n);"),
    (WINDOWS, "Duplicate(Room(kFirsts), 0, static_cast<int32_t>(most_));", ""),
    (WINDOWS, "table.row_len < tokens ? -1 :", "false ? -1 :"),
    (WINDOWS, "if (table_.FitsInt32()) {", "if (true) {"),
    (UNIFORM, "static_cast<uint64_t>(word) + from}", "static_cast<uint64_t>(word)}"),
    (UNIFORM, "TableSlots{table_, place + from}", "TableSlots{table_, place}"),
    (UNIFORM, "Max(positions.begin, row * tokens_)", "row * tokens_"),
    (UNIFORM, "Min(positions.end, (row + count) * tokens_)", "positions.end"),
    (UNIFORM, "Min(one.begin, other.begin)", "one.begin"),
    (UNIFORM, "Max(one.end, other.end)", "one.end"),
    (UNIFORM, "start > kMost - tokens ? kMost : start + tokens", "start + tokens"),
    (UNIFORM, "start <= int64_t{params_.row_len} - tokens)", "start < int64_t{params_.row_len} - tokens)"),
    (UNIFORM, "gather_.Append(NoSlots{}, length);", ""),
    (UNIFORM, "const uint64_t begin_row = Max(share.begin / tokens_, first);", "const uint64_t begin_row = first;"),
    # Positions: which rows a piece has, whole or a part, and what closes the gaps.
    (POSITIONS, "phase == 0 && rows_ > 1", "rows_ > 1"),
    (POSITIONS, "phase == 0 && rows_ > 1", "phase == 0"),
    (POSITIONS, "Min(most_, tokens_ - phase)", "most_"),
    (POSITIONS, "(n + tokens_ - 1) / tokens_", "n / tokens_"),
    (POSITIONS, "Min(most_ / width_, kRows)", "most_ / width_"),
    (POSITIONS, "(lead + count + kBlock - 1) / kBlock", "(count + kBlock - 1) / kBlock"),
    (POSITIONS, "firsts[i - lead]", "firsts[0]"),
    (POSITIONS, "return spread_[lead * kBlock];", "return spread_;"),
    (POSITIONS, "Adds(first, first, phase, static_cast<int32_t>(kBlock));", ""),
    (POSITIONS, "Min(width - j, kLanes)", "kLanes"),
    (POSITIONS, "{1, 1, 0, blocks, 0, 1}", "{1, 1, 0, blocks, 0, 0}"),
    (POSITIONS, "if (width == tokens_) {", "if (true) {"),
    (POSITIONS, "Maxs(Tight(), landing_, -1, static_cast<int32_t>(count * width));", "Adds(Tight(), landing_, 0, static_cast<int32_t>(count * width));"),
    (POSITIONS, "Maxs(landing_, landing_, -1, static_cast<int32_t>(count * width));", ""),
    (POSITIONS, "Maxs(Tight(), landing_, -1, static_cast<int32_t>(count));", "Adds(Tight(), landing_, 0, static_cast<int32_t>(count));"),
    # Not here: one piece all the time. V then waits for MTE3, and that is all.
    # Off by one, at the ends of things.
    (LAST, "lengths_.Get(i);", "lengths_.Get(i == 0 ? 0 : i - 1);"),
    (LAST, "if (length <= 0)", "if (length < 0)"),
    (LAST, "request >= params_.rows", "request > params_.rows"),
    (LAST, "lengths_.tile[at], lent_", "lengths_.tile, lent_"),
    (LAST, "CopyIn(landing_[(at + i) * kBlock]", "CopyIn(landing_[i * kBlock]"),
    (LAST, "size_.FitsInt32() && count", "count"),
    (LAST, "length > params_.row_len", "length >= params_.row_len"),
    (LAST, "static_cast<uint64_t>(length) - 1;", "static_cast<uint64_t>(length);"),
    (PACKING, "made, count);\n        SetFlag", "made, count + 1);\n        SetFlag"),
    (PACKING, "Min(half_, count - at)", "half_"),
    (PACKING, "StoreMade(position + at, half, n);", "StoreMade(position, half, n);"),
    # Not here: one half all the time. V then waits for MTE3, and that is all.
    (PACKING, "true, landed, {1", "true, landed - 8, {1"),
    (LAST, "Duplicate(landing_, -1, static_cast<int32_t>(count * kBlock))", "Duplicate(landing_, -1, static_cast<int32_t>(count * kBlock - kBlock))"),
    (LAST, "Min(params_.tile, share.end - row)", "Min(params_.tile, params_.n - row)"),
    (SCAN, "Duplicate(length[kind], 0, static_cast<int32_t>(chunks * kChunk));", "Duplicate(length[kind], 0, static_cast<int32_t>(count));"),
    (SCAN, "(count + kChunk - 1) / kChunk", "count / kChunk"),
    (SCAN, "(uint64_t{n_} + tile_ - 1) / tile_", "uint64_t{n_} / tile_"),
    (SCAN, "tile + 1 < tiles ? tile + 1 : 0", "tile + 1 < tiles ? tile + 1 : own_"),
    (SCAN, "kept_[kind * Stride() + row]", "kept_[kind * Stride()]"),
    (SCAN, "kept_[kind * Stride() + row]", "kept_[row]"),
    (SCAN, "SumOfLong(kind * Stride() + g * GroupRows())", "SumOfLong(g * GroupRows())"),
    (SCAN, "sums_.SetValue(kind * kCheckpoints, totals_[kind]);", "sums_.SetValue(0, totals_[kind]);"),
    (SCAN, "at + 1 < row ? pair >> 32 : 0", "pair >> 32"),
    # Not here: `at + Rows() < row` there. The pairs then make up for the last sum.
    (SCAN, "if (count % kChunk != 0) {", "if (false) {"),
    (SCAN, "(kind * PartialStride() + row / GroupRows()) * kBlock", "kind * PartialStride() * kBlock"),
    (SCAN, "(kind * PartialStride() + row / GroupRows()) * kBlock", "row / GroupRows() * kBlock"),
    (SCAN, "Finish(first / GroupRows(), ", "Finish(0, "),
    (SCAN, "shift_ == 0 ? sum : sums_.GetValue(i) + sum", "sum"),
    (SCAN, "next[kind] << 32 | length[kind]", "length[kind]"),
    # Not here: the last of an odd number of lengths counted twice. Shares are a little uneven then, and still meet.
    (SCAN, "n_ <= ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds;", "n_ <= ASCEND_CACHE_LOC_LENGTHS_MAX / kKinds + 1000;"),
    (SHARE, "at + first + (row + 1) * row_weight_ > bound", "at + first + row * row_weight_ > bound"),
    (SHARE, "(pair >> 32) + (row + 2) * row_weight_ > bound", "(pair >> 32) + (row + 1) * row_weight_ > bound"),
    # Not here: `< share_begin_` there. A core then looks at a row more, which is not its own.
    (SHARE, "back(pair >> 32) || back(static_cast<uint32_t>(pair))", "back(static_cast<uint32_t>(pair)) || back(pair >> 32)"),
    (SHARE, "(Min(row + scan_.Rows(), n_) + 1) / 2 * 2", "(row + scan_.Rows())"),
    (EXTEND, "const bool sums = cores > 1;", "const bool sums = core > 0;"),
    (SHARE, "limit_ = output_.capacity;", "limit_ = output_.capacity + 1;"),
    (INT32, "set_ctrl(sbitset0(get_ctrl(), kCastsTruncate));", ""),
    (INT32, "set_ctrl(sbitset0(get_ctrl(), kCastsTruncate));", "set_ctrl(sbitset1(get_ctrl(), kCastsTruncate));"),
    (INT32, "kCastsTruncate = 59", "kCastsTruncate = 48"),
    (INT32, "RoundMode::CAST_NONE, count);", "RoundMode::CAST_NONE, count - 1);"),
    (EXTEND, "params_.n <= params_.scan_tile", "params_.n <= params_.scan_tile + 8"),
    (PLACE, "next_ ^= 1;", ""),
    (PLACE, "turn_ ^= 1;", ""),
    (INT32, "static_cast<int32_t>(2 * count));", "static_cast<int32_t>(count));"),
    (WORDS, "(table.rows) - 1, n);\n        Mins(over, end", "(table.rows), n);\n        Mins(over, end"),
    (WORDS, "(table.rows) - 1, n);\n        Mins(over, length", "(table.rows), n);\n        Mins(over, length"),
    (WORDS, "Mins(over, end, static_cast<int32_t>(table.row_len), n);", "Mins(over, end, static_cast<int32_t>(table.row_stride), n);"),
    (WORDS, "Mins(over, length, static_cast<int32_t>(table.row_len), n);", "Mins(over, length, static_cast<int32_t>(table.row_stride), n);"),
    (WORDS, "static_cast<int32_t>(table.row_stride), n);\n        PipeBarrier", "static_cast<int32_t>(table.row_len), n);\n        PipeBarrier"),
    (WORDS, "static_cast<int32_t>(table.row_stride), n);\n        Maxs", "static_cast<int32_t>(table.row_len), n);\n        Maxs"),
    (WORDS, "Min(shortest, end, length_, n);", "Adds(shortest, length_, 0, n);"),
    (WORDS, "Min(least, least, request, n);\n        Min(over, over, start, n);", "Min(over, over, start, n);"),
    (WORDS, "Min(least, least, request, n);\n        Min(over, over, entry, n);", "Min(over, over, entry, n);"),
    (WORDS, "Min(over, over, entry, n);", ""),
    (WORDS, "Adds(entry, entry, -1, n);", ""),
    (WORDS, "Min(over, over, start, n);", ""),
    (WORDS, "Min(least, least, shortest, n);", ""),
    (WORDS, "StartOr(begin_, least, count);", ""),
    (WORDS, "Duplicate(begin_, 0, static_cast<int32_t>(2 * kMost));", ""),
    (WORDS, "lengths_of_pair_ >> i % 2 * 32 << 32", "lengths_of_pair_ << 32"),
    (WORDS, "begins_of_pair_ >> i % 2 * 32", "begins_of_pair_"),
    (WORDS, "pair_ = ~uint32_t{0};", ""),
    # Of slots behind a row's last one.
    (WORDS, "static_cast<int32_t>(kEndLimit - 1), n);", "static_cast<int32_t>(kEndLimit), n);"),
    (WORDS, "Min(least, start, end, n);", "Adds(least, end, 0, n);"),
    (WORDS, "Muls(none, pages, -1, n);", "Muls(none, pages, 0, n);"),
    # Not here: a range that is reversed, which would be too long for any share: it is looked at again.
    (WORDS, "Min(none, none, last, n);", ""),
    (WORDS, "Sub(left, left, length_, n);", ""),
    (WORDS, "Adds(begin_, last, 1, n);", "Adds(begin_, last, 2, n);"),
    (EXTEND_SLOTS, "scan_.KeepsLengths() && ", ""),
    (EXTEND_SLOTS, "scan_.Kept(first, kPages)", "scan_.Kept(0, kPages)"),
    (WALK, "ahead ? 0 : row / kBlock * kBlock", "ahead ? 0 : row"),
    (WALK, "ahead ? 0 : row / kBlock * kBlock", "row / kBlock * kBlock"),
    (WALK, "; ahead = false)", ";)"),
    (WALK, "if (!ordered && row < until) {", "if (false) {"),
    (WALK, "if (!ordered) {", "if (false) {"),
    (WALK, "tiles.words && tiles.all && scan.ByVector()", "tiles.words && scan.ByVector()"),
    # Not here: every core's first tile taken for known. Its words are made anew where the share begins behind it.
    (WALK, "words.Get(static_cast<uint32_t>(row - begin))", "words.Get(static_cast<uint32_t>(row - first))"),
    (INT32, "Mul(values, values, values, n);", ""),
    (EXTEND, "Size().FitsInt32() && ", ""),
    (SHARE, "if (end > limit_ || ", "if ("),
    (SHARE, "end + (row + 1) * row_weight_ <= share_end_", "end + row * row_weight_ <= share_end_ + row_weight_"),
    (SHARE, "share_end_ : end <= end_;", "share_end_ : true;"),
    (SHARE, "position + scan_.Length(row) <= end", "position + scan_.Length(row) <= end + 1"),
    (SHARE, "if (row > whole_.last) {", "if (row > whole_.row) {"),
    (SHARE, "whole_ = {n_, total, n_, kUnknown};", "whole_ = {n_, 0, n_, kUnknown};"),
    # Not here: the last share's end looked for. It is found, behind the last row, but later.
    # Rows of at most a block, landed by V: which they are, how many of their slots count, and what S puts right.
    (BLOCK_ROWS, "CAST_TRUNC, (count + kBlock - 1) / kBlock * kBlock)", "CAST_TRUNC, count)"),
    (BLOCK_ROWS, "CMPMODE::LT", "CMPMODE::LE"),
    (BLOCK_ROWS, "Muls(marks, words.odd, -1,", "Muls(marks, words.odd, 0,"),
    (BLOCK_ROWS, "list_.Start(count);\n        listed_ = false;", "list_.Start(count);"),
    (BLOCK_ROWS, "while (odd_ < row) {", "if (odd_ < row) {"),
    (BLOCK_ROWS, "if (row % kBlock != 0) {", "if (false) {"),
    (BLOCK_ROWS, "0.0f, static_cast<int32_t>(row % kBlock))", "0.0f, static_cast<int32_t>(row % kBlock + 1))"),
    (BLOCK_ROWS, "by_block(1, 0, 1, 8, 0, 8)", "by_block(1, 1, 1, 8, 0, 8)"),
    (BLOCK_ROWS, "words_->firsts[row]", "words_->firsts"),
    (BLOCK_ROWS, "lengths_[row], repeats", "lengths_, repeats"),
    (BLOCK_ROWS, "kLongestBits = 0x41000000", "kLongestBits = 0x41100000"),
    (EXTEND_SLOTS, "scan_.ByVector() && static_cast<uint64_t>(scan_.Total(0))", "static_cast<uint64_t>(scan_.Total(0))"),
    (EXTEND_SLOTS, "static_cast<uint64_t>(scan_.Total(0)) <= params_.capacity &&", ""),
    (EXTEND_SLOTS, "params_.copy_tile >= Gather::kRows * BlockRows::kLongest", "true"),
    (EXTEND_SLOTS, "until = Min(until, share_.WholeEnd());", ""),
    # Not here: few rows landed together. They are right, and slower.
    (EXTEND_SLOTS, "scan_.LongestBits(at) > BlockRows::kLongestBits", "false"),
    (EXTEND_SLOTS, "if (begun_) {\n                gather_.Finish();", "if (false) {\n                gather_.Finish();"),
    (EXTEND_SLOTS, "has_block_rows_ = false;\n    }", "}"),
    (EXTEND_SLOTS, "Max(i, from)", "i"),
    (EXTEND_SLOTS, "if (position != share_.Position()) {", "if (true) {"),
    (EXTEND_SLOTS, "static_cast<uint32_t>(begin - first) + odd", "odd"),
    (EXTEND_SLOTS, "blocks, odd - i", "blocks, odd"),
    (EXTEND_SLOTS, "share_.PassTo(end, position);", ""),
    (EXTEND_SLOTS, "row % scan_.Rows() == 0", "true"),
    (EXTEND_SLOTS, "Min(maker_.Head(static_cast<uint64_t>(prefix)), length)", "maker_.Head(static_cast<uint64_t>(prefix))"),
    (EXTEND_SLOTS, "Lanes(good, head)", "Lanes(0, head)"),
    (EXTEND_SLOTS, "if (good < head) {", "if (false) {"),
    (EXTEND_SLOTS, "- static_cast<int64_t>(at);", ";"),
    (EXTEND_SLOTS, "Lanes(at, end).mask, 1, {1, 1, 8, 8}", "Lanes(0, end).mask, 1, {1, 1, 8, 8}"),
    (EXTEND_SLOTS, "Duplicate(slots, -1, Lanes(at, end).mask, 1, 1, 8);", ""),
    (EXTEND_SLOTS, "NoPage(row, page_, at);", ""),
    (EXTEND_SLOTS, "at < length; ++page_", "at < length;"),
    (EXTEND_SLOTS, "Max(from, is_slot ? Min(to, static_cast<uint64_t>(kMostSlot - last)) : 0)", "is_slot ? Min(to, static_cast<uint64_t>(kMostSlot - last)) : 0"),
    (GATHER, "if (used_ == blocks_ || has_rows_) {", "if (used_ == blocks_) {"),
    (GATHER, "has_rows_ ? used_ % kRows != 0 || used_ + kRows > blocks_ : used_ != 0", "used_ + kRows > blocks_"),
    (GATHER, "has_rows_ ? used_ % kRows != 0 || used_ + kRows > blocks_ : used_ != 0", "has_rows_ ? used_ % kRows != 0 : used_ != 0"),
    (GATHER, "gaps_ = has_rows_ = true;", "has_rows_ = true;"),
    (GATHER, "gaps_ = has_rows_ = true;", "gaps_ = true;"),
    (GATHER, "ByVector();\n        const Blocks", "const Blocks"),
    (GATHER, "elements_ += elements;", "elements_ += blocks;"),
    (WORDS, "Duplicate(firsts, 0, static_cast<int32_t>(kMost));", ""),
    (WORDS, "Adds(firsts, last, 1, n);", "Adds(firsts, last, 2, n);"),
    (SCAN, "static_cast<uint32_t>(row / kChunk)); }", "0); }"),
    (SCAN, "auto i = static_cast<uint32_t>(at / Rows());", "uint32_t i = 0;"),
    (SCAN, "meanwhile();", ""),
    (WALK, "static_cast<int32_t>(word) >= 0 && ", ""),
    (SCAN, "static_cast<uint32_t>((Groups() - 1) >> shift_) + 1", "static_cast<uint32_t>(Groups() >> shift_) + 1"),
    (SCAN, "(first + g) >> shift_", "(first + g + 1) >> shift_"),
    (PLACE, "Min(least, least, limit, n);", ""),
    (PLACE, "Min(least, start, end, n);", "Adds(least, end, 0, n);"),
    (RANGE, "start < 0 || end > table.row_len", "start < 0 || end >= table.row_len"),
    (RANGE, "start < 0 || end > table.row_len", "end > table.row_len"),
    (RANGE, "request < 0 || request >= table.rows", "request < 0 || request > table.rows"),
    (RANGE, "if (start > end) {", "if (false) {"),
    (RANGE, "if (start == end) {", "if (false) {"),
    (EXTEND, "row_end > params_.capacity) {", "row_end >= params_.capacity) {"),
    (EXTEND, "first + (part.from - part.position)", "first"),
    (GATHER, "(1u << piece % kBlock) - 1", "(1u << piece % kBlock)"),
    (GATHER, "SetValue(used_ - 1,", "SetValue(used_,"),
    (GATHER, "used_ += (piece + kBlock - 1) / kBlock;", "used_ += piece / kBlock + 1;"),
    # Not `used_ + 1 == blocks_` above it: a full landing then takes pieces of nothing without an end.
    (GATHER, "uint64_t{blocks_ - used_} * kBlock", "uint64_t{blocks_ - used_ + 1} * kBlock"),
    (GATHER, "table[from + at]", "table[from]"),
    (GATHER, "position_ += elements_;", "position_ += used_ * kBlock;"),
    (GATHER, "packing_.Store(position_, landing_[turn_], elements_)", "packing_.Store(position_, landing_[turn_], used_ * kBlock)"),
    # Not here: slots that count up, which no operation has yet; tests/sim/tests/gather.rs has them.
    # Wrong stride, 32-bit addresses and sums.
    (LAST, "static_cast<uint64_t>(request) * params_.row_stride", "static_cast<uint64_t>(request) * params_.row_len"),
    (LAST, "static_cast<uint64_t>(request) * params_.row_stride", "static_cast<uint32_t>(request) * params_.row_stride"),
    (LAST, "const int64_t length = lengths_.Get(i)", "const int32_t length = (int32_t)lengths_.Get(i)"),
    (LAST, "const int64_t request = requests_.Get(i)", "const int32_t request = (int32_t)requests_.Get(i)"),
    (EXTEND, "static_cast<uint64_t>(request) * params_.row_stride", "static_cast<uint64_t>(request) * params_.row_len"),
    (EXTEND, "static_cast<uint64_t>(request) * params_.row_stride", "static_cast<uint32_t>(request) * params_.row_stride"),
    (EXTEND, "const int64_t start = lengths_.Start(i)", "const int32_t start = (int32_t)lengths_.Start(i)"),
    # Not here: a row's end in 32 bits. The first row that does not fit ends past 2^32 in outputs of more than 2^31 elements alone,
    # and no test writes that much.
    (SCAN, "LongestOf(longest, 0) >= kLongBits", "false"),
    (SCAN, "static_cast<uint32_t>(Max(static_cast<uint32_t>(two), two >> 32))", "static_cast<uint32_t>(two >> 32)"),
    (SCAN, "static_cast<uint32_t>(Max(static_cast<uint32_t>(two), two >> 32))", "static_cast<uint32_t>(two)"),
    (SCAN, "kLongBits = 0x4b800000", "kLongBits = 0x4c800000"),
    (SCAN, "longest_[row / kLanes]", "longest_[0]"),
    (SCAN, "groups_are_sums_ = groups_are_sums_ && !has_long;", ""),
    (SCAN, "at - 1 > row ? static_cast<uint32_t>(pair) : 0", "static_cast<uint32_t>(pair)"),
    (SCAN, "(Min(at + Rows(), n_) + 1) / 2 * 2", "at + Rows()"),
    (SCAN, "kept_.GetValue(begin + i)", "kept_.GetValue(i)"),
    # Not here: sums of a checkpoint in 32 bits. They mislead a core only about rows that lie past element 2^32 of the
    # output, and no test writes that much.
    # A bad row that harms others: without its place, with another one, or with slots of somebody's.
    (PLACE, "HasPlace(start, end) ? static_cast<uint64_t>(end - start) : 0", "false ? static_cast<uint64_t>(end - start) : 0"),
    (PLACE, "kEndLimit = 0x7fffffff", "kEndLimit = 0x80000000"),
    (PLACE, "kEndLimit = 0x7fffffff", "kEndLimit = 0x7ffffffe"),
    (PLACE, "end < kEndLimit;", "end <= kEndLimit;"),
    (PLACE, "end < kEndLimit;", "end < kEndLimit - 1;"),
    (PLACE, "0 <= start && start <= end", "0 < start && start <= end"),
    (PLACE, "0 <= start && start <= end", "start <= end"),
    (PLACE, "0 <= start && start <= end", "0 <= start && start < end - 1"),
    (PLACE, "static_cast<int32_t>(kEndLimit - 1)", "static_cast<int32_t>(kEndLimit)"),
    (PLACE, "static_cast<int32_t>(kEndLimit - 1)", "static_cast<int32_t>(kEndLimit - 2)"),
    (PLACE, "static_cast<int32_t>(kEndLimit - 1)", "static_cast<int32_t>(1000)"),
    (EXTEND, "static_cast<uint64_t>(end - start) : PlaceLength(start, end);", "static_cast<uint64_t>(end - start) : 0;"),
    (EXTEND, "static_cast<uint64_t>(end - start) : PlaceLength(start, end);", "PlaceLength(int32_t(start), int32_t(end)) : PlaceLength(int32_t(start), int32_t(end));"),
    (EXTEND, "if (kind == 0) {", "if (kind == 0 || kind == ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW) {"),
    (EXTEND, "if (kind == 0) {", "if (true) {"),
    (EXTEND, "gather_.Append(NoSlots{}, part.to - part.from);", ""),
    (EXTEND, "gather_.Append(NoSlots{}, part.to - part.from);", "gather_.Append(NoSlots{}, Min(part.to - part.from, 8));"),
    (EXTEND, "} else if (part.owned && row_end > params_.capacity) {", "} else if (part.owned && end - start > params_.capacity) {"),
    (GATHER, "Duplicate(dst, -1, static_cast<int32_t>(count))", "Duplicate(dst, -1, static_cast<int32_t>(count - 1))"),
    (GATHER, "Duplicate(dst, -1, static_cast<int32_t>(count))", "Duplicate(dst, 0, static_cast<int32_t>(count))"),
    # A neighbour overwritten, a stale buffer.
    (SPLIT, "return over == 0 ? position :", "return true ? position :"),
    (SPLIT, "(ASCEND_CACHE_LOC_LINE_BYTES - over) / element_bytes", "(32 - over % 32) / element_bytes"),
    (SPLIT, "line_(ASCEND_CACHE_LOC_LINE_BYTES / element_bytes)", "line_(ASCEND_CACHE_LOC_LINE_BYTES / element_bytes / 2)"),
    (GATHER, "        FillPattern(turn_);", "SetFlag<HardEvent::V_S>(filled_[turn_]);"),
    (LAST, "Duplicate(landing_, -1", "if (first == 0) Duplicate(landing_, -1"),
    # A row owned by nobody, or by two cores; the fault of the wrong row.
    (SPLIT, "weight % cores * core / cores", "0"),
    # Not here: `<= share_end_`. Two cores then report the same row, and the lowest fault is the same.
    (SHARE, "share_end_ = ShareBegin(weight, core + 1, cores);", "share_end_ = ShareBegin(weight, core + 1, cores) - 1;"),
    (SHARE, "share_begin_ = ShareBegin(weight, core, cores);", "share_begin_ = ShareBegin(weight, core, cores) + 1;"),
    (SPLIT, "end = Boundary(core + 1, cores);", "end = Boundary(core + 1, cores + 1);"),
    (LAST, "fault_.Report(row, ASCEND_CACHE_LOC_REQUEST", "fault_.Report(i, ASCEND_CACHE_LOC_REQUEST"),
    (RANGE, "log.Report(row, kind", "log.Report(row + 1, kind"),
    (FAULT, "if (kind_ == 0) {\n            row_", "if (true) {\n            row_"),
    # Not here: a fault of an earlier launch written over, `if (line_.GetValue(0) != 0)` gone. tests/device/faults.rs finds it.
    (FAULT, "GetBlockIdx()) * sizeof", "0) * sizeof"),
    (EXTEND, "Walk(row);\n        fault_.Write();", "Walk(row);"),
    (DISPATCH, "if ((params).r.element_bytes == 4) {", "if ((params).l.element_bytes == 4) {"),
]


def bugs():
    """All bugs as (name, file, text of the file with the bug)."""
    for file in KERNELS:
        text = (ROOT / file).read_text()
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            found = ORDERING.match(line)
            if found and "__aicore__" not in line:
                without = lines[:number] + ["\n"] + lines[number + 1 :]
                yield f"{file}:{number + 1}: without {found.group(1)}", file, "".join(without)
    for file, flag in PAIRS:
        text = (ROOT / file).read_text()
        without, count = re.subn(r"(Set|Wait)Flag<HardEvent::" + flag + r">\([^;]*\);", ";", text)
        if count < 2:
            sys.exit(f"{file} has no pair of {flag}")
        yield f"{file}: without any flag {flag}", file, without
    for file, old, new in BY_HAND:
        text = (ROOT / file).read_text()
        if text.count(old) != 1:
            sys.exit(f"{file} has {text.count(old)} times {old!r}")
        number = text[: text.index(old)].count("\n") + 1
        yield f"{file}:{number}: {old.strip()!r} -> {new.strip()!r}", file, text.replace(old, new)


@functools.cache
def operations(file):
    """The operations whose kernels include a file, the nearest first."""
    def distance(at, seen):
        if at == ROOT / file:
            return len(seen)
        included = (at.parent / name for name in re.findall(r'#include "(.*)"', at.read_text()))
        found = [distance(next_.resolve(), seen | {at}) for next_ in included if next_.exists() and next_.resolve() not in seen]
        return min(filter(None, found), default=0)

    entries = {entry.parent.name: distance(entry, set()) for entry in sorted(ROOT.glob("ascendc/ops/*/entry.cpp"))}
    return sorted(filter(entries.get, entries), key=entries.get)


class Suite:
    """The suite's program, linked anew with one kernel in place of its own: a bug costs the compilation of one file."""

    def __init__(self):
        shutil.rmtree(COPY / "src", ignore_errors=True)
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, tracked.split("\0")):
            (COPY / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / "src" / name)
        (COPY / "src/tests/sim_kernels.rs").touch()  # so that it is linked, and tells how
        environment = dict(os.environ, CARGO_TARGET_DIR=str(COPY / "target"), CXXFLAGS="")
        cargo = ["cargo", "rustc", "--locked", "--features", "sim", "--test", "sim_kernels"]
        built = subprocess.run([*cargo, "--", "--print", "link-args", "-C", "save-temps"], cwd=COPY / "src",
                               env=environment, stdout=subprocess.PIPE, text=True, check=True)
        linked = next(line for line in built.stdout.splitlines() if "sim_kernels" in line)
        self.link = [word for word in shlex.split(linked) if not re.match(r"[A-Z_]+=", word)]
        program = pathlib.Path(self.link[self.link.index("-o") + 1])
        sources = program.parent.parent.glob("build/*/out/ascend_cache_loc_get_last_loc_*.cpp")
        self.generated = max(sources, key=lambda path: path.stat().st_mtime).parent

    def program(self, operation, worker, optimized):
        """Compiles an operation's kernel from a worker's sources, and links the program with it."""
        (source,) = self.generated.glob(f"ascend_cache_loc_{operation}_dav_*.cpp")
        made = worker / (operation + optimized)
        object_file = made.with_suffix(".o")
        includes = [f"-I{worker}/ascendc/sim", f"-I{worker}/ascendc/ops"]
        subprocess.run([*shlex.split(os.environ.get("CXX", "c++")), "-std=c++17", optimized, "-fPIC", *includes, "-c", source,
                        "-o", object_file], check=True)
        link = list(self.link)
        link[link.index("-o") + 1] = str(made)
        # The first definition of a kernel is the one that is linked.
        subprocess.run([link[0], str(object_file), *link[1:]], cwd=COPY / "src", check=True)
        return made

    def run(self, program, operation, stage, limit=None):
        """A verdict, or None where the suite passes."""
        tests, cases, _ = stage
        # Of the other kernels, and of what a failure is made smaller by, which is not done here.
        skipped = [["--skip", f"{name}::"] for name in OPERATIONS if name != operation] + [["--skip", "smallest_case"]]
        environment = {"ASCEND_CACHE_LOC_SUITE": operation, "PROPTEST_CASES": cases, "PROPTEST_MAX_SHRINK_ITERS": "0",
                       "RUST_BACKTRACE": "0", "RUST_TEST_THREADS": "1"}
        # A failure prints its case, which may be gigabytes: they stay in a file.
        with open(f"{program}.output", "w+", errors="replace") as output:
            running = subprocess.Popen([program, *tests, *sum(skipped, [])], cwd=COPY / "src", env=os.environ | environment,
                                       stdout=output, stderr=subprocess.STDOUT)
            try:
                running.wait(limit)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                return "it hangs"
            if running.returncode == 0:
                return None
            output.seek(0)
            reported = re.search(REPORT, output.read(1 << 20))
        return reported.group(1) if reported else "the output differs"


def main():
    wanted = [argument for argument in sys.argv[1:] if argument != "--list"]
    everything = [bug for bug in bugs() if not wanted or any(text in bug[0] for text in wanted)]
    if "--list" in sys.argv:
        print("\n".join(name for name, _, _ in everything))
        return
    suite = Suite()
    workers = queue.Queue()
    for i in range(PROCESSORS):
        worker = COPY / f"worker{i}"
        shutil.rmtree(worker, ignore_errors=True)
        shutil.copytree(COPY / "src/ascendc", worker / "ascendc")
        workers.put(worker)
    limits, caught = {}, collections.Counter()

    def without_bug(operation):
        worker = workers.get()
        programs = {optimized: suite.program(operation, worker, optimized) for optimized in ("-O0", "-O1")}
        for stage, (_, _, optimized) in enumerate(STAGES):
            began = time.monotonic()
            if verdict := suite.run(programs[optimized], operation, STAGES[stage]):
                sys.exit(f"the suite of {operation} fails without a bug: {verdict}")
            limits[operation, stage] = 10 + 4 * (time.monotonic() - began)
        workers.put(worker)

    def with_bug(bug):
        name, file, text = bug
        worker = workers.get()
        path = worker / file
        original = path.read_text()
        path.write_text(text)
        verdict = None
        # The operation that has caught most bugs of the file first, then the quickest; the whole suite of each decides.
        orders = [lambda operation: -caught[file, operation]] + [lambda operation: limits[operation, 1]] * 2
        programs = {}
        runs = ((stage, each) for stage in range(len(STAGES)) for each in sorted(operations(file), key=orders[stage]))
        for stage, operation in runs:
            what = STAGES[stage]
            key = operation, what[2]
            if key not in programs:
                programs[key] = suite.program(operation, worker, what[2])
            verdict = suite.run(programs[key], operation, what, limits[operation, stage])
            if verdict:
                caught[file, operation] += 1
                break
        path.write_text(original)
        workers.put(worker)
        print(f"{name}: " + (f"caught by {operation}, stage {stage + 1}: {verdict}" if verdict else "SURVIVED"), flush=True)
        return verdict is not None

    with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
        list(pool.map(without_bug, {operation for _, file, _ in everything for operation in operations(file)}))
        survived = list(pool.map(with_bug, everything)).count(False)
    print(f"{len(everything)} bugs, {len(everything) - survived} caught, {survived} survived")
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
