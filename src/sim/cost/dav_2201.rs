//! What things cost on arch 2201 (Atlas A2 and A3), a row a figure.
//!
//! A row: its ends (`low` makes times short), the middle between them, its unit, its source. `GEOMETRIC` is the geometric
//! mean of the ends; a middle that is a number is what its source has measured or says.
//!
//! Sources. "add": asc-devkit, `add_high_performance`, measured on an A2 (cases 1 and 2: 16,384 and 341.3 loops of two
//! copies in of 8 KiB, one Add of 4,096 half, one copy out; case 0 with a scalar loop for the Add; cases 3 to 6 with larger
//! tiles). "copy": asc-devkit, `data_copy`, measured on 48 cores. "pypto", "pto-isa", "triton": parameters of those
//! vendors' models, not measurements. "950": measured on the newer arch 3510. "assumed": nothing is published.

use super::figure::{End, Figure, GEOMETRIC, Unit, figures};

/// The clock of the vector cores, in GHz (add, README).
pub const GHZ: f64 = 1.85;

figures! {
    /// What things cost at one end of the ranges. Times are nanoseconds, sizes bytes, bandwidths bytes a nanosecond.
    ///
    /// The fields can be set apart: a conclusion on core counts wants `launch_core` at both ends with the rest in the
    /// middle.
    Costs, GHZ;

    // ---- launch ----
    /// From the runtime's side until one core runs, and back.
    launch: 460.0, 460.0, 460.0, Ns, "add, case 1: task duration less core time on one core";
    /// What each further core adds.
    launch_core: 10.0, GEOMETRIC, 280.0, Ns,
        "not published. 950: 0.004 to 0.015 us a further block (simd_simt_grid_dim_config); vllm-ascend's \
         sparse_attention_score tiling: 0.278 us a core, chip not stated";
    /// A core's own beginning: state, first instructions and arguments from GM, `TPipe`.
    kernel_start: 350.0, GEOMETRIC, 1500.0, Ns,
        "not published. 950: an empty kernel takes 1.22 to 1.46 us, 0.6 to 0.9 of it outside the core. The guide: TPipe \
         costs hundreds of ns, copying tiling data about a microsecond. vllm-ascend, pull request 13048: 3.02 us for a whole \
         kernel on 3 cores, chip not stated";
    /// A further block on a core that has had one: a launch of more blocks than there are cores.
    further_block: 350.0, GEOMETRIC, 1500.0, Ns,
        "not published. 950: about 0.92 us a further wave of blocks. The range is a kernel's start, which it holds";

    // ---- the scalar pipe ----
    // What a kernel does between its calls, an emulation does not see. It is estimated by the next two rows.
    /// A call of the API on the scalar pipe: issuing it, and what the kernel computes for it.
    call: 2.4, GEOMETRIC, 4.0, Cycles,
        "add: a turn of 11 calls takes 26 cycles of scalar time in case 1, 44 in case 2, its loop included";
    /// What the kernel computes with a value that it reads or writes, beside the call: comparing, branching, addresses.
    scalar_work: 1.0, GEOMETRIC, 25.0, Cycles,
        "low: one instruction. high: clang makes some 125 scalar instructions (aarch64, -O2) of a row of \
         assign_extend_cache_locs, which has 4 such accesses and 5 calls, taken as a cycle each; 28 of one of get_last_loc, \
         which has 2 and 3. The middle gives an element of case 0 of add, a loop of little work, 40 cycles instead of 34";
    /// A value from UB into a register, waited for.
    ub_get: 6.0, 6.0, 11.4, Cycles,
        "low, middle: pypto (scalar load). high: add, case 0: 34 cycles an element, were the rest of it the calls";
    /// A value from a register into UB.
    ub_set: 4.0, 4.0, 4.0, Cycles, "pypto (scalar store)";
    /// A value from GM that is not in the data cache.
    gm_miss: 217.0, 274.0, 288.0, Ns,
        "low: a copy's trip, below. middle: 950, measured (triton scalar_ldst_whitebox). high: eight values of one line there";
    /// The second of two that are under way at a time.
    gm_miss_next: 87.0, 87.0, 87.0, Ns, "950, measured: two lines take 361 ns, one 274";
    /// A value from GM that is in the data cache.
    gm_hit: 1.1, GEOMETRIC, 6.0, Cycles, "low: 950, measured: 2 ns a value, calls included. high: as from UB";
    /// A value into GM.
    gm_set: 34.0, 34.0, 34.0, Ns, "950, measured (triton scalar_ldst_whitebox)";
    /// Writing a line of the data cache back.
    cache_clean: 77.0, GEOMETRIC, 277.0, Ns, "assumed: between a copy's trip out and one in";

    // ---- order ----
    /// A flag that is set, one that is awaited, a barrier: beside what is waited for.
    flag: 1.0, GEOMETRIC, 16.0, Cycles,
        "low: pto-isa; case 1 of add leaves nothing for its flags. high: assumed, a trip through the scalar pipe";
    /// Instructions that wait for a pipe before the scalar pipe waits for it.
    queue: 32.0, 32.0, 32.0, Count, "pypto";

    // ---- the vector pipe ----
    /// From the begin of a vector instruction until its result can be used, its repeats apart.
    vector_head: 22.0, GEOMETRIC, 35.0, Cycles,
        "low: add, cases 1 to 6: 22 cycles beside the repeats, measured. high: triton: 35 for an instruction that depends on \
         the one before. pto-isa has 20 to 32 by kind";
    /// A repeat of 256 bytes: arithmetic, logic, shifts, comparisons, selections, Cast, Duplicate, copies within UB.
    vector_repeat: 1.0, GEOMETRIC, 2.0, Cycles,
        "measured: add, case 6 without bank conflicts, cases 1 to 5 with. pto-isa has 2 to 2.11";
    /// A repeat of a reduction.
    reduce_repeat: 1.0, GEOMETRIC, 6.0, Cycles, "assumed: from a repeat to one a step of a tree over 64 lanes";
    /// Head of `GatherMask`.
    gather_mask_head: 19.0, GEOMETRIC, 34.0, Cycles, "low: pypto. high: triton and pto-isa: 14, and 20 between two";
    /// A repeat of `GatherMask`.
    gather_mask_repeat: 1.0, GEOMETRIC, 14.0, Cycles, "low: pypto. high: triton and pto-isa, of one lineage";
    /// A repeat of Gather, by offset.
    gather_repeat: 8.0, GEOMETRIC, 64.0, Cycles, "assumed: from a block a cycle to an element a cycle; pto-isa: 26 a call";

    // ---- copies ----
    /// The least time between the begins of two copies on one pipe.
    issue: 4.5, 11.15, 11.15, Ns,
        "middle, high: copy, 1 x 64: 49,152 copies of 128 bytes in 548.161 us, many under way. low: as a block of one copy \
         (64 x 64) the same 128 bytes take 4.5";
    /// From the begin of a copy in until its first bytes are there, with one core at work.
    read_trip: 217.0, GEOMETRIC, 277.0, Ns, "add, case 1: 379 ns for two copies of 8 KiB, less the bytes at 100 to 160 GB/s";
    /// The same of a copy out until it is complete, its bytes apart.
    write_trip: 77.0, GEOMETRIC, 119.0, Ns, "add, case 1: 159 ns for 8 KiB, less the bytes at 100 to 200 GB/s";
    /// By how much the trips of 48 cores are longer than those of one; in between, in proportion.
    trip_growth: 1.0, GEOMETRIC, 2.0, Count,
        "add, case 2: reads take 631 ns where one core takes 379. high: all of that is the trip. low: all of it is bandwidth \
         that the cores share";
    /// Copies in of one core alone.
    read_bandwidth: 147.1, 108.3, 108.3, GBps,
        "middle, high: triton, pto-isa: 100.9 GiB/s a core, with which add, case 1, gives 228 ns for the trip. low: triton, L2 \
         to UB: 137 GiB/s; copy, scenario 6: 125 GB/s a core and more from L2";
    /// Copies out of one core alone.
    write_bandwidth: 202.4, 202.4, 100.0, GBps, "low, middle: triton, pto-isa: 188.5 GiB/s. high: as copies in";
    /// All cores' copies together.
    all_bandwidth: 5200.0, 1490.0, 1490.0, GBps,
        "middle, high: copy, 64 x 1024: 302 MB in 202.657 us. low: what the cores touch is in L2, whose peak the README of \
         copy gives as 5.2 TB/s";
    /// Copies in of bytes that other cores read, too, at other times.
    common_bandwidth: 5200.0, 980.0, 980.0, GBps,
        "middle, high: copy, scenario 8: every core reads one 6.3 MB, each from elsewhere on, L2 hint off, 307.38 us. low: in \
         L2, as scenario 6 has it";
    /// Copies in of bytes that other cores read at the same time: requests of one 512-byte line are served in turn.
    same_bandwidth: 640.0, 640.0, 640.0, GBps, "copy, scenario 7: as 8, all cores in one order, 474.717 us";
    /// The least that a block counts.
    block_bytes: 128.0, 140.0, 140.0, Bytes,
        "middle, high: copy, 64 x 64: 220.772 us where 64 x 1024 takes 202.657. Below 128 bytes nothing is measured";
    /// A block that does not begin at a multiple of 32 bytes counts as so many bytes for each line of so many that it
    /// touches, if it is longer than that.
    line_bytes: 512.0, 512.0, 512.0, Bytes,
        "copy, scenario 4: rows of 2,048 bytes at odd addresses take 259.047 us instead of 202.657, as five lines are to four";
    /// The same of one that is not longer than a line: so many bytes for each part of a line of so many that it touches.
    short_line_bytes: 128.0, GEOMETRIC, 512.0, Bytes,
        "not published. low: a sector of L2, as the 128-byte blocks of copy. high: a line, as above";
}
