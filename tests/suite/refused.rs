//! Arguments that do not fit together: the typed error, and nothing written.

use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, RefError, ReqToToken};
use ascend_cache_loc::{ShapeError, TableShape};

use harness::backend::{Backend, CallError};

pub(crate) fn refused_before_anything_is_written(backend: &mut impl Backend) {
    let slots = [10, 11, 20, 21];
    let table = ReqToToken::new(TableShape::new(2, 2).unwrap(), &slots).unwrap();
    let mismatch =
        |argument, len| Err(CallError::Ref(RefError::Shape(ShapeError::LengthMismatch { argument, len, batch: 2 })));
    let mut out = [-777_i64; 3];

    // Two requests; every other array in turn too short or too long.
    for len in [0, 1, 3] {
        let lens = &[1_i32; 3][..len];
        let got = backend.get_last_loc(LastLoc {
            table,
            req_pool_indices: &[0_i64, 1],
            prefix_lens: lens,
            out: &mut out[..2],
        });
        assert_eq!(got, mismatch("prefix_lens", len));
        let got = backend.get_last_loc(LastLoc {
            table,
            req_pool_indices: &[0_i64, 1],
            prefix_lens: &[1_i32, 1],
            out: &mut out[..len],
        });
        assert_eq!(got, mismatch("out", len));
        let got = backend.assign_extend_cache_locs(ExtendLocs {
            table,
            req_pool_indices: &[0_i64, 1],
            start_offsets: lens,
            end_offsets: &[2_i32, 2],
            out: &mut out,
        });
        assert_eq!(got, mismatch("start_offsets", len));
        let got = backend.assign_extend_cache_locs(ExtendLocs {
            table,
            req_pool_indices: &[0_i64, 1],
            start_offsets: &[0_i32, 0],
            end_offsets: lens,
            out: &mut out,
        });
        assert_eq!(got, mismatch("end_offsets", len));
        assert_eq!(out, [-777; 3]);
    }
}
