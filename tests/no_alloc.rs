//! The CPU reference allocates nothing per call, faults included.

use ascend_cache_loc::TableShape;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, ReqToToken, assign_extend_cache_locs, get_last_loc};

#[test]
fn no_call_allocates() {
    let slots: Vec<i32> = (0..400).collect();
    let table = ReqToToken::new(TableShape::new(4, 100).unwrap(), &slots).unwrap();
    let (req_pool_indices, lens) = ([0_i64, 9, 2, 3], [1_i32, 50, 100, 0]);
    let (mut out, mut long) = ([0_i64; 4], [0_i64; 100]);
    let allocations = allocation_counter::measure(|| {
        let last =
            get_last_loc(LastLoc { table, req_pool_indices: &req_pool_indices, prefix_lens: &lens, out: &mut out });
        let extend = assign_extend_cache_locs(ExtendLocs {
            table,
            req_pool_indices: &req_pool_indices,
            start_offsets: &[0_i32; 4],
            end_offsets: &lens,
            out: &mut long,
        });
        assert!(last.is_err() && extend.is_err());
    });
    assert_eq!(allocations.count_total, 0);
}
