//! What upstream's allocators get wrong, each by its name, in `alloc_extend`; and what holds for its cores together.

use ascend_cache_loc::cpu_ref::{AllocExtend, RefError};
use ascend_cache_loc::{DeviceBuffer, FaultKind, Int, LaunchConfig, RowFault, ShapeError, new_pages, new_pages_decode};
use harness::backend::{Backend, CallError, CpuRef, simulated};
use harness::case::{Case, Dtypes};
use harness::suite::check;

use crate::{on, varied};

/// Slots and fault of a batch on a backend, of an output that holds -777.
fn run<L: Int, S: Int>(
    backend: &mut dyn Backend,
    (prefix_lens, seq_lens): (&[L], &[L]),
    last_locs: &[S],
    free_pages: &[S],
    page_size: usize,
    capacity: usize,
) -> (Vec<i64>, Option<RowFault>) {
    let mut out = vec![-777_i64; capacity];
    let mut args = AllocExtend { prefix_lens, seq_lens, last_locs, free_pages, page_size, out: &mut out[..] };
    let fault = match backend.call(&mut args) {
        Ok(()) => None,
        Err(CallError::Ref(RefError::Fault(fault))) => Some(fault),
        Err(error) => panic!("{error}"),
    };
    (out, fault)
}

/// The same on the kernels, which is also that of the CPU reference.
fn call<L: Int, S: Int>(
    lens: (&[L], &[L]),
    last_locs: &[S],
    free_pages: &[S],
    page_size: usize,
    capacity: usize,
) -> (Vec<i64>, Option<RowFault>) {
    let result = run(&mut varied(), lens, last_locs, free_pages, page_size, capacity);
    let reference = run(&mut CpuRef, lens, last_locs, free_pages, page_size, capacity);
    assert!(result == reference, "the CPU reference gives something else");
    result
}

/// From 2^24 on float32, which upstream's kernels send ids and sums through, has not every number.
#[test]
fn ids_and_sums_past_2_24_are_exact() {
    // Of whole pages, of the page that a row has begun, and of pages of one token.
    let pages = [(1 << 24) + 1, (1 << 24) + 3];
    let expected: Vec<i64> = pages.iter().flat_map(|page| (0..64).map(move |i| page * 64 + i)).collect();
    assert_eq!(call((&[0_i64], &[128]), &[-1], &pages, 64, 128), (expected, None));
    let last = (1 << 30) + 1;
    assert_eq!(call((&[1_i32], &[4]), &[last], &[], 16, 3), ((1..4).map(|i| i64::from(last) + i).collect(), None));
    let pages = [(1 << 30) + 1, (1 << 30) + 3, i32::MAX];
    let expected = pages.iter().map(|&page| page.into()).collect();
    assert_eq!(call((&[7_i32], &[10]), &[-1], &pages, 1, 3), (expected, None));
    // Lengths whose quotient by the page size is more than float32 holds, and a row of more tokens than that.
    for page_size in [1, 3, 7, 16] {
        let prefix = (1_i64 << 31) / page_size * page_size - 12 * page_size;
        let pages = [9, 8, 7];
        let expected = pages.iter().flat_map(|page| (0..page_size).map(move |i| page * page_size + i)).collect();
        let lens = ([prefix], [prefix + 3 * page_size]);
        assert_eq!(
            call((&lens.0, &lens.1), &[-1], &pages, page_size as usize, 3 * page_size as usize),
            (expected, None)
        );
    }
    let needed = (1 << 24) + 1;
    let kind = FaultKind::PagesExhausted { needed: needed + 1, free: 1 };
    let exhausted = (vec![-1; 5], Some(RowFault::new(0, kind)));
    assert_eq!(call((&[0_i64], &[needed + 1]), &[-1_i64], &[3], 1, 5), exhausted);
}

/// A page of one token: every token takes one.
#[test]
fn pages_of_one_token() {
    let pages: Vec<i32> = (0..3000).map(|i| i * 7 % 3001 + 1).collect();
    let (prefix_lens, seq_lens): (Vec<i64>, Vec<i64>) = (0..60).map(|i| (i, 50 + i)).unzip();
    let expected = pages.iter().map(|&page| page.into()).collect();
    assert_eq!(call((&prefix_lens, &seq_lens), &[-9; 60], &pages, 1, 3000), (expected, None));
}

/// Rows that begin and end around multiples of the page size: the page that is begun, whole ones, the one that is not ended.
#[test]
fn page_sizes_that_are_no_power_of_two() {
    for page_size in (3..70_usize).chain([100, 999, 1000, 1001, 4095, 65_537]) {
        let size = page_size as i64;
        let around = [0, 1, size - 1, size, size + 1, 2 * size - 1, 2 * size];
        let lens = around.iter().flat_map(|&from| around.iter().map(move |&to| (from, to)));
        let lens: Vec<_> = lens.filter(|(from, to)| from <= to && to - from < 10_000).collect();
        let (prefix_lens, seq_lens): (Vec<_>, Vec<_>) = lens.iter().copied().unzip();
        let pages: Vec<i64> = (0..new_pages(&prefix_lens, &seq_lens, page_size).unwrap() as i64).collect();
        // One token after the other, as a row grows in decoding.
        let (mut expected, mut page) = (Vec::new(), 0);
        for &(from, to) in &lens {
            let mut slot = 1 << 29;
            for token in from..to {
                slot += 1;
                if token % size == 0 {
                    slot = page * size;
                    page += 1;
                }
                expected.push(slot);
            }
        }
        let (last_locs, capacity) = (vec![1 << 29; lens.len()], expected.len());
        let result = call((&prefix_lens, &seq_lens), &last_locs, &pages, page_size, capacity);
        assert!(result == (expected, None), "{page_size}");
    }
}

/// Callers have int64 lengths beside int32 slots, and the reverse.
#[test]
fn int32_and_int64_in_any_mixture() {
    let expected = (vec![9, 10, 11, 48, 64], None);
    assert_eq!(call((&[13_i32, 0], &[17_i32, 1]), &[8_i32, -1], &[3, 4], 16, 5), expected);
    assert_eq!(call((&[13_i32, 0], &[17_i32, 1]), &[8_i64, -1], &[3, 4], 16, 5), expected);
    assert_eq!(call((&[13_i64, 0], &[17_i64, 1]), &[8_i32, -1], &[3, 4], 16, 5), expected);
    assert_eq!(call((&[13_i64, 0], &[17_i64, 1]), &[8_i64, -1], &[3, 4], 16, 5), expected);
}

/// No rows: nothing is launched. Rows without tokens need no output and no pages.
#[test]
fn zero_rows_launch_nothing_and_zero_tokens_are_right() {
    let machine = simulated();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    let none = DeviceBuffer::<i64>::zeroed(&stream, 0).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&stream, 8).unwrap();
    let launched = machine.calls().of("aclrtLaunchKernelWithHostArgs");
    let args = ascend_cache_loc::AllocExtend {
        prefix_lens: none.as_slice(),
        seq_lens: none.as_slice(),
        last_locs: none.as_slice(),
        free_pages: none.as_slice(),
        page_size: 16,
        out: out.as_slice_mut(),
    };
    assert_eq!(args.plan(&device, &LaunchConfig::default()).unwrap().cores, 0);
    ascend_cache_loc::alloc_extend(&stream, args).unwrap();
    stream.synchronize().unwrap();
    assert_eq!(machine.calls().of("aclrtLaunchKernelWithHostArgs"), launched);
    for rows in [1, 40] {
        let lens: Vec<i64> = (0..rows).collect();
        let last_locs = vec![-5; lens.len()];
        assert_eq!(call((&lens, &lens), &last_locs, &[], 16, 0), (vec![], None));
        assert_eq!(call((&lens, &lens), &last_locs, &[], 16, 3), (vec![-777; 3], None));
    }
}

/// What lies behind the last token is nobody's, also where the output is longer.
#[test]
fn elements_behind_the_last_token_are_not_touched() {
    for capacity in [7, 8, 100, 5000] {
        let (out, fault) = call((&[6_i32, 0], &[9_i32, 4]), &[70_i32, -1], &[5, 6], 8, capacity);
        assert_eq!(out[..7], [71, 72, 40, 48, 49, 50, 51]);
        assert_eq!((out[7..].iter().all(|&slot| slot == -777), fault), (true, None));
    }
}

/// Any batch by one kernel, far past what UB holds: of rows, of tokens of a row, and of pages.
#[test]
fn a_hundred_thousand_rows_and_long_ones_by_one_kernel() {
    for (rows, tokens, page_size) in [(100_000, 2, 16), (3, 70_000, 8), (2, 30_000, 1), (1, 300_000, 512)] {
        let prefix_lens: Vec<i32> = (0..rows).map(|i| i % 3).collect();
        let seq_lens: Vec<i32> = prefix_lens.iter().map(|prefix| prefix + tokens).collect();
        let needed = new_pages(&prefix_lens, &seq_lens, page_size).unwrap();
        let pages: Vec<i64> = (0..needed as i64).rev().collect();
        let last_locs: Vec<i64> = (0..i64::from(rows)).map(|row| 100 * row + 7).collect();
        let (out, fault) = call((&prefix_lens, &seq_lens), &last_locs, &pages, page_size, (rows * tokens) as usize);
        assert_eq!(fault, None);
        let (mut out, mut pages) = (out.into_iter(), pages.into_iter());
        for ((&prefix, &seq), &last) in prefix_lens.iter().zip(&seq_lens).zip(&last_locs) {
            let mut slot = last;
            for token in prefix as usize..seq as usize {
                slot = if token % page_size == 0 { pages.next().unwrap() * page_size as i64 } else { slot + 1 };
                assert_eq!(out.next(), Some(slot));
            }
        }
    }
}

/// What has the same low word as a length, a slot or a page is none.
#[test]
fn values_of_64_bits_are_looked_at_whole() {
    let far = 1_i64 << 32;
    let prefix_lens = [0, far, 3, 0, 3];
    let seq_lens = [5, far + 3, far + 6, 1, 5];
    let last_locs = [-1, -1, -1, -1, far + 7];
    let pages = [2, far + 3, -far + 4, 5];
    let expected = vec![8, 9, 10, 11, -1, -1, -1, 20];
    let kind = FaultKind::BlockOutOfRange { block: far + 3, limit: 1 << 29 };
    let fault = RowFault { row: 0, kind, at: 4 };
    assert_eq!(call((&prefix_lens, &seq_lens), &last_locs, &pages, 4, 8), (expected, Some(fault)));
}

/// The tokens that a page has room for are right up to slot 2^31 - 1, and those behind are none; a last slot that is none has
/// none behind it. Where a new page begins its slots are right again.
#[test]
fn tokens_past_the_last_slot_are_none() {
    let most = i32::MAX;
    for cores in [1, 3] {
        let lens: (&[i64], &[i64]) = (&[8, 9, 3], &[20, 20, 19]);
        let (out, fault) = run(&mut on(cores), lens, &[0, most - 2, -1], &[5, 9, 1], 16, 39);
        assert_eq!(out[..12], [1, 2, 3, 4, 5, 6, 7, 8, 80, 81, 82, 83]);
        let most = i64::from(most);
        assert_eq!(out[12..23], [most - 1, most, -1, -1, -1, -1, -1, 144, 145, 146, 147]);
        assert!(out[23..36].iter().all(|&slot| slot == -1));
        assert_eq!(out[36..], [16, 17, 18]);
        let kind = FaultKind::SlotOutOfRange { slot: 1 << 31, limit: 1 << 31 };
        assert_eq!(fault, Some(RowFault { row: 1, kind, at: 2 }));
    }
}

/// Of a row that several cores share, the first token without a slot is told, in whoever's part its page begins, and wherever
/// in a page a part does.
#[test]
fn the_first_token_of_a_page_that_is_none() {
    for before in 1..9 {
        for none in 1..17 {
            let mut pages: Vec<i64> = (20..37).collect();
            pages[none] = -7;
            let kind = FaultKind::BlockOutOfRange { block: -7, limit: 1 << 25 };
            let fault = RowFault { row: 1, kind, at: 64 * (none - 1) };
            for cores in [1, 3, 7] {
                let lens: (&[i64], &[i64]) = (&[0, 64], &[before, 17 * 64]);
                let capacity = before as usize + 16 * 64;
                let (out, told) = run(&mut on(cores), lens, &[-1, -1], &pages, 64, capacity);
                assert_eq!(told, Some(fault), "{cores} cores");
                let slot = |at: usize| if at / 64 + 1 == none { -1 } else { pages[at / 64 + 1] * 64 + at as i64 % 64 };
                assert!(out[before as usize..].iter().enumerate().all(|(at, &got)| got == slot(at)), "{cores} cores");
            }
        }
    }
}

/// What a row does not need may be anything: its last slot where its tokens begin with a page, and pages behind those taken.
#[test]
fn what_is_not_used_is_not_looked_at() {
    for rows in [1_i32, 20] {
        let (prefix_lens, seq_lens) = (vec![64_i32; rows as usize], vec![66_i32; rows as usize]);
        let pages: Vec<_> = (0..rows).chain([-1, i32::MAX, -1]).collect();
        let expected = (0..i64::from(rows)).flat_map(|page| [page * 64, page * 64 + 1]).collect();
        let last_locs = vec![i32::MIN; rows as usize];
        let result = call((&prefix_lens, &seq_lens), &last_locs, &pages, 64, 2 * rows as usize);
        assert_eq!(result, (expected, None));
    }
}

/// A row whose lengths are none has neither tokens nor pages; one that is bad otherwise keeps its tokens' place and its pages.
#[test]
fn a_bad_row_harms_itself_alone() {
    for times in [1, 30] {
        let prefix_lens = [15_i64, 5, -1, 2, 0, 16].repeat(times);
        let seq_lens = [18_i64, 3, 4, i64::MAX, 1, 17].repeat(times);
        let last_locs = [-7_i64, 1, 1, 1, 1, 1].repeat(times);
        let mut pages: Vec<i64> = (0..3 * times as i64).collect();
        *pages.last_mut().unwrap() = -1;
        let (out, fault) = call((&prefix_lens, &seq_lens), &last_locs, &pages, 16, 5 * times);
        for (i, of_times) in out.chunks(5).enumerate() {
            let page = 48 * i as i64;
            let last = if i + 1 == times { -1 } else { page + 32 };
            assert_eq!(of_times, [-1, page, page + 1, page + 16, last]);
        }
        let kind = FaultKind::SlotOutOfRange { slot: -7, limit: 1 << 31 };
        assert_eq!(fault, Some(RowFault { row: 0, kind, at: 0 }));
    }
}

/// Too few pages: that is the call's only fault, whatever else is wrong before and behind, and no slot of the step before is
/// left in the output. Each core finds it out by itself, those with rows that have their pages too.
#[test]
fn too_few_pages_leave_nothing() {
    for rows in [3, 9, 100, 3000] {
        let kinds = [(5, 3), (3, 17), (0, 40), (8, 12), (16, 16)];
        let (prefix_lens, seq_lens): (Vec<i32>, Vec<i32>) = (0..rows).map(|row| kinds[row % 5]).unzip();
        // Pages that the rows up to each take, and the tokens of all.
        let taken = (0..rows).scan(0, |sum, row| {
            *sum += [0, 1, 3, 0, 0][row % 5];
            Some(*sum)
        });
        let taken: Vec<usize> = taken.collect();
        let tokens: usize = (0..rows).map(|row| [0, 14, 40, 4, 0][row % 5]).sum();
        let all = taken[rows - 1];
        for free in [0, 2, all / 2, all - 1] {
            let row = taken.iter().position(|&taken| taken > free).unwrap();
            let kind = FaultKind::PagesExhausted { needed: taken[row] as i64, free: free as i64 };
            for (cores, capacity) in [(1, tokens), (2, tokens + 3), (5, tokens / 2), (48, tokens)] {
                let (out, fault) =
                    run(&mut on(cores), (&prefix_lens, &seq_lens), &vec![-1; rows], &vec![-1; free], 16, capacity);
                assert_eq!(fault, Some(RowFault::new(row, kind)), "{rows} rows, {free} pages, {cores} cores");
                let (of_rows, behind) = out.split_at(tokens.min(capacity));
                assert!(of_rows.iter().all(|&slot| slot == -1) && behind.iter().all(|&slot| slot == -777));
            }
        }
    }
}

/// Where cores meet, within a row and between two, wherever the output begins in a line: each has the pages behind those of
/// the cores before.
#[test]
fn cores_take_the_pages_behind_those_of_the_cores_before() {
    let mut sim = varied();
    for (rows, tokens, page_size) in
        [(1, 3000, 128), (5, 700, 64), (40, 90, 8), (40, 90, 24), (300, 5, 128), (1030, 3, 2)]
    {
        for (i, dtypes) in Dtypes::without_requests().enumerate() {
            let lens = (0..rows).map(|row| (row * row + i as i64) % (2 * page_size));
            let (prefix_lens, seq_lens): (Vec<_>, Vec<_>) = lens.map(|from| (from, from + tokens - from % 3)).unzip();
            let needed = new_pages(&prefix_lens, &seq_lens, page_size as usize).unwrap() as i64;
            let out_len = prefix_lens.iter().zip(&seq_lens).map(|(from, to)| (to - from) as usize).sum();
            let last_locs = (0..rows).map(|row| 1_000_000 + 9 * row).collect();
            let free_pages = (0..needed).map(|page| page * 5 % 8009).collect();
            let arrays = vec![prefix_lens, seq_lens, last_locs, free_pages];
            let case = Case::without_table(&harness::ops::AllocExtend, dtypes, arrays, vec![page_size], out_len);
            for layout in 0..6 {
                sim.lay_out(layout * 1000 + rows as u64);
                check(&mut sim, &case);
            }
        }
    }
}

/// As many rows as the lengths and pages of are kept, and one row more.
#[test]
fn batches_that_just_fill_the_lengths() {
    for n in [4096, 4097] {
        let (prefix_lens, seq_lens): (Vec<_>, Vec<_>) = (0..n).map(|row| (row % 7, row % 7 + row % 3)).unzip();
        let last_locs = (0..n).map(|row| 100 * row).collect();
        let free_pages = (0..new_pages(&prefix_lens, &seq_lens, 4).unwrap() as i64).rev().collect();
        let arrays = vec![prefix_lens, seq_lens, last_locs, free_pages];
        let out_len = (0..n as usize).map(|row| row % 3).sum();
        for dtypes in Dtypes::without_requests().take(2) {
            let case = Case::without_table(&harness::ops::AllocExtend, dtypes, arrays.clone(), vec![4], out_len);
            check(&mut on(20), &case);
        }
    }
}

/// Rows of at most a block, which are landed many at a time, and among them: rows with one new page or several, in which a last
/// slot is none, or the greatest, or a page is none; rows without a place; a row that is longer by one; and all that at the ends
/// of shares, groups of 128 rows and tiles.
#[test]
fn rows_of_at_most_a_block() {
    for page_size in [3, 7, 16, 128] {
        for n in [16, 17, 40, 129, 300, 700, 1030] {
            for odd in 0..7 {
                let crosses = |row: i64| row % 9 == 5;
                let lens = (0..n).map(|row| {
                    let length = if crosses(row) { 1 + row % 8 } else { (row * 5 % 9).min(page_size - 1) };
                    // Up to the end of the page, or nearly so, or past it.
                    let past = if crosses(row) { row % 4 } else { -(row / 7 % 3) };
                    let prefix = (2 + row % 3) * page_size - length + past;
                    match odd {
                        1 if row == n / 2 => (prefix, prefix + 9),
                        2 if row % 7 == 3 => (prefix, prefix - 1 - row % 5),
                        _ => (prefix.max(0), prefix.max(0) + length),
                    }
                });
                let (prefix_lens, seq_lens): (Vec<i64>, Vec<i64>) = lens.unzip();
                let last_locs = (0..n).map(|row| match odd {
                    3 if row % 6 == 5 => -1 - row,
                    4 if row % 5 == 2 => i64::from(i32::MAX) - row % 8,
                    _ => 1_000_000 + 11 * row,
                });
                let mut arrays = vec![prefix_lens, seq_lens, last_locs.collect()];
                let needed = new_pages(&arrays[0], &arrays[1], page_size as usize).unwrap_or(n as usize) as i64;
                let page = |page| match odd {
                    5 if page % 3 == 1 => -2,
                    6 if page % 4 == 1 => (1 << 31) / page_size,
                    _ => page * 5 % 8009,
                };
                arrays.push((0..needed).map(page).collect());
                let total: i64 = arrays[1].iter().zip(&arrays[0]).map(|(to, from)| (to - from).max(0)).sum();
                for (i, dtypes) in Dtypes::without_requests().enumerate().skip((n + odd) as usize % 4).step_by(4) {
                    for out_len in [total, total + 5, total - 1] {
                        let arrays = arrays.clone();
                        let out_len = out_len as usize;
                        let case =
                            Case::without_table(&harness::ops::AllocExtend, dtypes, arrays, vec![page_size], out_len);
                        check(&mut on([1, 2, 3, 10][i % 4]), &case);
                        check(&mut varied(), &case);
                    }
                }
            }
        }
    }
}

/// On the host, what the operations take of their lists; and why there is no such number.
#[test]
fn new_pages_are_those_that_the_operations_take() {
    let (prefix_lens, seq_lens) = ([0_i64, 16, 15, 7, 3], [17_i64, 17, 16, 7, 100]);
    assert_eq!(new_pages(&prefix_lens, &seq_lens, 16), Ok(2 + 1 + 6));
    assert_eq!(new_pages(&prefix_lens, &seq_lens, 1), Ok(17 + 1 + 1 + 97));
    assert_eq!(new_pages_decode(&[1_i32, 2, 16, 17, 33], 16), Ok(3));
    assert_eq!(new_pages_decode(&[1_i32, 2, 16, 17, 33], 1), Ok(5));
    let most = (1 << 31) - 2;
    assert_eq!(new_pages(&[0_i64; 3], &[most; 3], 1), Ok(3 * most as usize), "past 32 bits");
    assert_eq!(new_pages::<i32>(&[], &[], most as usize), Ok(0));
    let bad = |row, seq_len, prefix_len| {
        Err(RefError::Fault(RowFault::new(row, FaultKind::LengthBelowPrefix { seq_len, prefix_len })))
    };
    assert_eq!(new_pages(&[0, 5], &[1, 4], 16), bad(1, 4, 5));
    assert_eq!(new_pages(&[-1], &[1], 16), bad(0, 1, -1));
    assert_eq!(new_pages(&[0, 0], &[3, most + 1], 16), bad(1, most + 1, 0));
    assert_eq!(new_pages_decode(&[1, 0, -4], 16), bad(1, 0, 1));
    assert_eq!(new_pages_decode(&[most + 1], 16), bad(0, most + 1, 1));
    assert_eq!(new_pages_decode(&[i64::MIN], 16), bad(0, i64::MIN, 1));
    let shape = |error| Err(RefError::Shape(error));
    assert_eq!(
        new_pages(&[0], &[1], 0),
        shape(ShapeError::OutOfRange { argument: "page_size", value: 0, min: 1, max: most })
    );
    assert_eq!(
        new_pages(&[0], &[1, 2], 4),
        shape(ShapeError::LengthMismatch { argument: "seq_lens", len: 2, batch: 1 })
    );
}
