//! What small types promise.

use std::num::NonZeroU64;

use ascend_cache_loc::{DeviceAddr, DeviceSlice, DeviceSliceMut, Error, LastLoc, ReqToToken, TableShape, get_last_loc};

use crate::foreign;
use crate::rig::{Batch, Rig};

#[test]
fn addresses_from_and_to_what_others_have() {
    let address = DeviceAddr::try_from(0xac00_0000_0000).unwrap();
    assert_eq!((u64::from(address), address.to_string()), (0xac00_0000_0000, "0xac0000000000".into()));
    assert_eq!(DeviceAddr::from(NonZeroU64::from(address)), address);
    assert!(matches!(DeviceAddr::try_from(0), Err(Error::BadAddress { address: 0, .. })));
}

/// What has a device or a stream in it prints as a line of a log, not as all that is known of them.
#[test]
fn devices_print_shortly() {
    let rig = Rig::new();
    assert_eq!(format!("{:?}", rig.device), "Device(0, Ascend910B3)");
    for text in [format!("{:?}", rig.stream.record().unwrap()), format!("{:?}", Batch::good(&rig.stream).out)] {
        assert!(text.len() < 300, "{text}");
    }
}

/// The storage of a strided table ends with the last meaningful entry: memory of others is claimed no further.
#[test]
fn a_table_claims_no_more_than_it_has() {
    let rig = Rig::new();
    let shape = TableShape::new(2, 8).unwrap().with_row_len(4).unwrap();
    let entries: Vec<i32> = (10..22).collect();
    assert_eq!(shape.storage_len(), entries.len());
    let at = |address: u64| DeviceAddr::try_from(address).unwrap();
    let (slots, index) = (foreign::upload(&rig.machine, &entries), foreign::upload(&rig.machine, &[1_i32, 4]));
    let out = foreign::upload(&rig.machine, &[0_i32]);
    // SAFETY: memory of the machine, which stays.
    let args = unsafe {
        let slots = DeviceSlice::from_raw_parts(&rig.device, at(slots), shape.storage_len()).unwrap();
        LastLoc {
            table: ReqToToken::new(shape, slots).unwrap(),
            req_pool_indices: DeviceSlice::<i32>::from_raw_parts(&rig.device, at(index), 1).unwrap(),
            prefix_lens: DeviceSlice::<i32>::from_raw_parts(&rig.device, at(index + 4), 1).unwrap(),
            out: DeviceSliceMut::<i32>::from_raw_parts(&rig.device, at(out), 1).unwrap(),
        }
    };
    get_last_loc(&rig.stream, args).unwrap();
    rig.stream.synchronize().unwrap();
    assert_eq!(foreign::download::<i32>(&rig.machine, out, 1), [21]);
}
