//! What upstream's allocators get wrong, each by its name, in `alloc_decode`; and what holds for its cores together.

use ascend_cache_loc::cpu_ref::{AllocDecode, RefError};
use ascend_cache_loc::{DeviceBuffer, FaultKind, Int, LaunchConfig, RowFault};
use harness::backend::{Backend, CallError, CpuRef, simulated};
use harness::case::{Case, Dtypes};
use harness::suite::check;

use crate::{on, varied};

/// Slots and fault of a batch on a backend.
fn run<L: Int, S: Int>(
    backend: &mut dyn Backend,
    seq_lens: &[L],
    last_locs: &[S],
    free_pages: &[S],
    page_size: usize,
) -> (Vec<i64>, Option<RowFault>) {
    let mut out = vec![-777_i64; seq_lens.len()];
    let fault = match backend.call(&mut AllocDecode { seq_lens, last_locs, free_pages, page_size, out: &mut out[..] }) {
        Ok(()) => None,
        Err(CallError::Ref(RefError::Fault(fault))) => Some(fault),
        Err(error) => panic!("{error}"),
    };
    (out, fault)
}

/// The same on the kernels, which is also that of the CPU reference.
fn call<L: Int, S: Int>(
    seq_lens: &[L],
    last_locs: &[S],
    free_pages: &[S],
    page_size: usize,
) -> (Vec<i64>, Option<RowFault>) {
    let result = run(&mut varied(), seq_lens, last_locs, free_pages, page_size);
    let reference = run(&mut CpuRef, seq_lens, last_locs, free_pages, page_size);
    assert!(result == reference, "the CPU reference gives something else");
    result
}

/// From 2^24 on float32, which upstream's kernels send ids through, has not every number.
#[test]
fn ids_past_2_24_are_exact() {
    let odd: Vec<i32> = (0..100).map(|i| (1 << 24) + 1 + 2 * i).collect();
    let slots = |odd: &[i32]| odd.iter().map(|&slot| i64::from(slot) + 1).collect::<Vec<_>>();
    assert_eq!(call(&[2_i32; 100], &odd, &[], 2), (slots(&odd), None));
    let pages: Vec<_> = odd.iter().map(|page| page + (1 << 30)).chain([i32::MAX]).collect();
    let expected = pages.iter().copied().map(i64::from).collect();
    assert_eq!(call(&[5_i64; 101], &[-1; 101], &pages, 1), (expected, None));
}

/// The NPU allocator's formula, `seq % page_size == 1`, never takes a page of one token.
#[test]
fn pages_of_one_token() {
    for rows in [4, 40] {
        let seq_lens: Vec<i32> = (1..=rows).collect();
        let pages: Vec<i64> = (0..i64::from(rows)).map(|i| i * 7 % 41 + 3).collect();
        assert_eq!(call(&seq_lens, &vec![9; pages.len()], &pages, 1), (pages, None));
    }
}

/// Lengths around multiples of the page size, over all of what a length can be.
#[test]
fn page_sizes_that_are_no_power_of_two() {
    let most = (1_i64 << 31) - 2;
    for page_size in (3..200).chain([896, 897, 898, 1000, 4095, 65_537, 1 << 20 | 1, (1 << 30) - 1, most as usize]) {
        let size = page_size as i64;
        let step = (most / size / 60).max(1);
        let multiples = (0..=most / size).step_by(step as usize).chain((most / size - 3).max(0)..=most / size);
        let around = multiples.flat_map(|multiple| (-1..3).map(move |by| multiple * size + by));
        let seq_lens: Vec<_> = around.filter(|seq| (1..=most).contains(seq)).collect();
        let needs = |seq: &&i64| (**seq - 1) % size == 0;
        let pages = vec![0; seq_lens.iter().filter(needs).count()];
        let expected = seq_lens.iter().map(|seq| if needs(&seq) { 0 } else { 8 }).collect();
        assert_eq!(call(&seq_lens, &vec![7; seq_lens.len()], &pages, page_size), (expected, None), "{page_size}");
    }
}

/// Callers have int64 lengths beside int32 slots, and the reverse.
#[test]
fn int32_and_int64_in_any_mixture() {
    let expected = (vec![48, 8, 64], None);
    assert_eq!(call(&[17_i32, 2, 1], &[0_i32, 7, 0], &[3, 4], 16), expected);
    assert_eq!(call(&[17_i32, 2, 1], &[0_i64, 7, 0], &[3, 4], 16), expected);
    assert_eq!(call(&[17_i64, 2, 1], &[0_i32, 7, 0], &[3, 4], 16), expected);
    assert_eq!(call(&[17_i64, 2, 1], &[0_i64, 7, 0], &[3, 4], 16), expected);
}

/// No rows: nothing is launched.
#[test]
fn zero_rows_launch_nothing() {
    let machine = simulated();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    let none = DeviceBuffer::<i64>::zeroed(&stream, 0).unwrap();
    let pages = DeviceBuffer::from_host(&stream, &[-1_i64, 5]).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&stream, 0).unwrap();
    let launched = machine.calls().of("aclrtLaunchKernelWithHostArgs");
    let args = ascend_cache_loc::AllocDecode {
        seq_lens: none.as_slice(),
        last_locs: none.as_slice(),
        free_pages: pages.as_slice(),
        page_size: 16,
        out: out.as_slice_mut(),
    };
    assert_eq!(args.plan(&device, &LaunchConfig::default()).unwrap().cores, 0);
    ascend_cache_loc::alloc_decode(&stream, args).unwrap();
    stream.synchronize().unwrap();
    assert_eq!(machine.calls().of("aclrtLaunchKernelWithHostArgs"), launched);
}

/// A batch of any size by one kernel, far past what UB holds.
#[test]
fn a_hundred_thousand_rows_by_one_kernel() {
    let seq_lens: Vec<i32> = (0..100_000).map(|i| i % 517 + 1).collect();
    let last_locs: Vec<i64> = (0..100_000).collect();
    let pages: Vec<i64> = (0..20_000).map(|i| i * 3 % 20_011).collect();
    let (out, fault) = call(&seq_lens, &last_locs, &pages, 16);
    let mut pages = pages.iter();
    let slot = |(&seq, last)| if seq % 16 == 1 { pages.next().unwrap() * 16 } else { last + 1 };
    assert!(seq_lens.iter().zip(last_locs).map(slot).eq(out));
    assert_eq!(fault, None);
}

/// What has the same low word as a length, a slot or a page is none.
#[test]
fn values_of_64_bits_are_looked_at_whole() {
    let mut seq_lens = vec![2_i64; 30];
    let mut last_locs = vec![6_i64; 30];
    let pages = vec![2, (1 << 32) + 3, -(1 << 32) + 4, 5];
    (seq_lens[3], seq_lens[8], seq_lens[9], seq_lens[20]) = (17, 33, 49, 65);
    last_locs[11] = (1 << 32) + 6;
    seq_lens[21] = (1 << 32) + 17;
    let mut expected = vec![7; 30];
    for (row, slot) in [(3, 32), (8, -1), (9, -1), (20, 80), (11, -1), (21, -1)] {
        expected[row] = slot;
    }
    let fault = RowFault::new(8, FaultKind::BlockOutOfRange { block: (1 << 32) + 3, limit: 1 << 27 });
    assert_eq!(call(&seq_lens, &last_locs, &pages, 16), (expected, Some(fault)));
}

/// What a row does not need may be anything: its last slot where it takes a page, and pages behind those that are taken.
#[test]
fn what_is_not_used_is_not_looked_at() {
    for rows in [2, 20] {
        let (seq_lens, last_locs) = ([1_i32, 2].repeat(rows), [i32::MIN, 5].repeat(rows));
        let pages: Vec<_> = (0..rows as i32).chain([-1, i32::MAX, -1]).collect();
        let expected = (0..rows as i64).flat_map(|page| [page * 64, 6]).collect();
        assert_eq!(call(&seq_lens, &last_locs, &pages, 64), (expected, None));
    }
}

/// A length that is none takes no page: the rows behind it have those that they would have.
#[test]
fn a_bad_row_harms_itself_alone() {
    for rows in [1, 30] {
        let seq_lens = [17_i64, 0, 17, i64::MAX, 17, -(1 << 32) + 17].repeat(rows);
        let pages: Vec<_> = (0..3 * rows as i64).collect();
        let (out, fault) = call(&seq_lens, &vec![1; seq_lens.len()], &pages, 16);
        assert!(out.chunks(2).zip(pages).all(|(two, page)| two == [page * 16, -1]));
        assert_eq!(fault, Some(RowFault::new(1, FaultKind::LengthBelowPrefix { seq_len: 0, prefix_len: 1 })));
    }
}

/// Too few pages: that is the call's only fault, whatever else is wrong before and behind, and no slot of the step before
/// is left in the output. Each core finds it out by itself.
#[test]
fn too_few_pages_leave_nothing() {
    let most = i32::MAX;
    for rows in [9_usize, 100, 3000] {
        let seq_lens: Vec<i32> = (0..rows as i32).map(|i| [0, 1, 2, 17, 7][i as usize % 5]).collect();
        let needs: Vec<_> = (0..rows).filter(|row| row % 5 == 1 || row % 5 == 3).collect();
        for free in [0, 1, needs.len() / 2, needs.len() - 1] {
            let pages = vec![-1_i32; free];
            for cores in [1, 2, 5, 48] {
                let result = run(&mut on(cores), &seq_lens, &vec![most; rows], &pages, 16);
                let kind = FaultKind::PagesExhausted { needed: free as i64 + 1, free: free as i64 };
                assert_eq!(result, (vec![-1; rows], Some(RowFault::new(needs[free], kind))), "{rows}, {cores} cores");
            }
        }
    }
}

/// Where cores meet, a row takes the page behind those of the rows before, wherever the output begins in a line.
#[test]
fn cores_take_the_pages_behind_those_of_the_cores_before() {
    let mut sim = varied();
    for rows in [15, 17, 33, 200, 1024, 1025, 2500] {
        for (i, dtypes) in Dtypes::without_requests().enumerate() {
            let seq_lens: Vec<_> = (0..rows).map(|row| (row * row + i as i64) % 40 + 1).collect();
            let needed = seq_lens.iter().filter(|&seq| seq % 8 == 1).count() as i64;
            let arrays = vec![seq_lens, (0..rows).collect(), (0..needed).map(|page| page * 5 % 1009).collect()];
            let case = Case::without_table(&harness::ops::AllocDecode, dtypes, arrays, vec![8], rows as usize);
            for layout in 0..6 {
                sim.lay_out(layout * 1000 + rows as u64);
                check(&mut sim, &case);
            }
        }
    }
}
