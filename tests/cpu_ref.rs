//! The suite on the CPU reference, and what holds for it alone.

use ascend_cache_loc::cpu_ref::{RefError, ReqToToken};
use ascend_cache_loc::{FaultKind, RowFault, ShapeError, TableShape};
use harness::backend::CpuRef;
use harness::suite;

suite!(cpu, CpuRef);

#[test]
fn table_storage_must_cover_the_shape() {
    let shape = TableShape::new(3, 5).unwrap().with_row_len(4).unwrap();
    assert!(ReqToToken::new(shape, &[0; 14]).is_ok());
    let error = ReqToToken::new(shape, &[0; 13]).unwrap_err();
    assert_eq!(error, ShapeError::TableTooShort { needed: 14, len: 13 });
    assert_eq!(error.to_string(), "table: 13 elements given, its shape needs 14");
    assert_eq!(RefError::from(error).to_string(), error.to_string());
    assert_eq!(
        TableShape::new(3, 5).unwrap().with_row_len(6).unwrap_err(),
        ShapeError::RowLenExceedsStride { row_len: 6, row_stride: 5 }
    );
}

#[test]
fn fault_texts_name_row_argument_and_values() {
    use FaultKind::{
        OutputTooShort, PrefixOutOfRange, RangeOutOfRow, RangeReversed, RequestOutOfRange, SlotOutOfRange,
    };
    for (kind, text) in [
        (RequestOutOfRange { req: -9, rows: 4 }, "row 3: request pool index -9 is outside the table's 4 rows"),
        (PrefixOutOfRange { prefix_len: 9, row_len: 8 }, "row 3: prefix length 9 exceeds the row length 8"),
        (RangeReversed { start: 5, end: 2 }, "row 3: start offset 5 lies after end offset 2"),
        (RangeOutOfRow { start: -1, end: 2, row_len: 8 }, "row 3: offsets -1..2 leave the row of length 8"),
        (OutputTooShort { end: 12, capacity: 10 }, "row 3: the row's place ends at element 12, out or locs holds 10"),
    ] {
        let fault = RowFault::new(3, kind);
        assert_eq!(fault.to_string(), text);
        assert_eq!(RefError::from(fault).to_string(), text);
    }
    let fault = RowFault { row: 3, kind: SlotOutOfRange { slot: -1, limit: 1 << 31 }, at: 7 };
    assert_eq!(fault.to_string(), "row 3, at 7: slot -1 is not one of 0 to 2147483648, excluded");
}
