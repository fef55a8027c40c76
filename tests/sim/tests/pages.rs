//! Division by page sizes, where a quotient from float32 goes wrong: about the multiples of the page size.
//!
//! An estimate rises with what is divided. So it is right for all tokens of a page if it is for the first and the last,
//! and for all pages if it is for the residues -1 and 0 of every multiple; 1 is looked at too.

use ascend_cache_loc::sim::{Access, Launch};
use ascend_cache_loc_sim_tests::{Gm, argument, run};

const MOST: i64 = i32::MAX as i64;

fn check(page_size: i64, values: &[i32]) {
    for values in values.chunks(1 << 20) {
        let mut x = Gm::of_i32(values);
        let (mut down, mut up) = (Gm::of_i32(&vec![-5; values.len()]), Gm::of_i32(&vec![-5; values.len()]));
        let numbers = [x.address(), down.address(), up.address(), values.len() as u64, page_size as u64];
        let argument = argument(&numbers);
        let arrays = [x.array(Access::Read), down.array(Access::Write), up.array(Access::Write)];
        run(&Launch::new("pages", 1, &argument, &arrays)).unwrap_or_else(|error| panic!("{page_size}: {error}"));
        for ((&x, down), up) in values.iter().zip(down.to_i32()).zip(up.to_i32()) {
            let x = i64::from(x);
            assert_eq!(i64::from(down), x.div_euclid(page_size), "{x} / {page_size}");
            assert_eq!(i64::from(up), (x.max(0) + page_size - 1) / page_size, "{x} / {page_size}, up");
        }
    }
}

/// The values about the multiples of a page size that `pages` says.
fn about(page_size: i64, pages: impl Iterator<Item = i64>) -> Vec<i32> {
    let values = pages.flat_map(|page| (-1..=1).map(move |residue| page * page_size + residue));
    values.filter(|value| (-1..=MOST).contains(value)).map(|value| value as i32).collect()
}

/// All multiples, where they are few enough: with two estimates and with one, up to the largest page size.
#[test]
fn every_multiple() {
    for page_size in [896, 897, 1000, 4095, 12_345, 1_000_003, (1 << 24) - 1, (1 << 24) + 1, (1 << 30) + 1, MOST - 1] {
        check(page_size, &about(page_size, 0..=MOST / page_size));
    }
}

/// Of smaller pages the first and the last multiples, those about powers of two, where float32 begins to be coarser, and
/// some thousands between; of every page size that has two estimates.
#[test]
fn multiples_of_small_pages() {
    let sizes = (1..1024).chain([(1 << 20) - 1, 1 << 20, (1 << 31) - 2]);
    for (turn, page_size) in (0..).zip(sizes) {
        let last = MOST / page_size;
        let few = 20;
        let ends = (0..few.min(last + 1)).chain((last - few).max(0)..=last);
        let powers = (1..31).flat_map(|bits| (1_i64 << bits) / page_size - 2..(1_i64 << bits) / page_size + 3);
        let between = (turn..last).step_by((last / 2000).max(1) as usize);
        check(page_size, &about(page_size, ends.chain(powers).chain(between)));
    }
}
