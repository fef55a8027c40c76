//! The kernels' ragged gather by itself: pieces of its three sources in any mixture, lengths and tiles.

use ascend_cache_loc::sim::{Access, Launch};
use ascend_cache_loc_sim_tests::{Gm, argument, run};
use fastrand::Rng;

const TABLE: i64 = 6000;

/// A piece as the kernel reads it: source, from, length.
type Piece = [i64; 3];

/// What the pieces are, one element after another.
fn expected(pieces: &[Piece]) -> Vec<i64> {
    let element = |source: i64, at: i64| match source {
        0 => 7 * at,
        1 => at,
        _ => -1,
    };
    pieces.iter().flat_map(|&[source, from, length]| (from..from + length).map(move |at| element(source, at))).collect()
}

fn pieces(rng: &mut Rng, longest: i64) -> Vec<Piece> {
    let count = rng.usize(0..=150);
    let piece = |_| {
        let length = if rng.bool() { rng.i64(0..=9) } else { rng.i64(0..=longest) };
        let source = rng.i64(0..3);
        // Numbers count up to the largest slot there is.
        let from =
            if source == 1 && rng.bool() { i64::from(i32::MAX) + 1 - length } else { rng.i64(0..=TABLE - length) };
        [source, from, length]
    };
    (0..count).map(piece).collect()
}

fn check<const N: usize>(kernel: &str, to_bytes: impl Fn(i64) -> [u8; N]) {
    let mut rng = Rng::with_seed(15);
    let mut table = Gm::of_i32(&(0..TABLE as i32).map(|i| 7 * i).collect::<Vec<_>>());
    for case in 0..60 {
        let tile = [32, 64, 1024, 4096][case % 4];
        let pieces = pieces(&mut rng, [40, 5000][case / 4 % 2]);
        // Something before the output and behind it, which is not touched.
        let position = rng.usize(0..20);
        let mut whole = vec![-5; position];
        whole.extend(expected(&pieces));
        whole.extend([-5; 20]);
        let bytes: Vec<u8> = whole.iter().copied().flat_map(&to_bytes).collect();
        let mut out = Gm::new(&whole.iter().flat_map(|_| to_bytes(-5)).collect::<Vec<_>>(), 0);
        let mut list = Gm::new(&pieces.iter().flatten().flat_map(|x| x.to_ne_bytes()).collect::<Vec<_>>(), 0);
        let addresses = [table.address(), list.address(), out.address()];
        let numbers = [pieces.len() as u64, tile, position as u64];
        let argument = argument(&[addresses, numbers].concat());
        let arrays = [table.array(Access::Read), list.array(Access::Read), out.array(Access::ReadWrite)];
        run(&Launch::new(kernel, 1, &argument, &arrays))
            .unwrap_or_else(|error| panic!("{kernel}, case {case}, tiles of {tile}: {error}"));
        assert!(out.as_bytes() == bytes, "{kernel}, case {case}, tiles of {tile}: {pieces:?}");
    }
}

#[test]
fn any_pieces_of_any_source() {
    check("gathered int32", |value| (value as i32).to_ne_bytes());
    check("gathered int64", i64::to_ne_bytes);
}
