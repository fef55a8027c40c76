//! Both operations in an NPU graph: captured once, replayed with other inputs in the same buffers. Runs on the simulated
//! device; the documentation's page `graphs` says what a captured launch freezes.
//!
//! ```sh
//! cargo run --features sim --example graph
//! ```

#![allow(unsafe_code, reason = "AscendCL's capture calls")]

use std::error::Error;
use std::ptr::null_mut;

use ascend_cache_loc::sim::SimConfig;
use ascend_cache_loc::{
    Device, DeviceBuffer, ExtendLocs, LastLoc, ReqToToken, TableShape, assign_extend_cache_locs, get_last_loc,
};

/// `ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL`: copies on other threads are documented not to end the capture.
const THREAD_LOCAL: u32 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::open_sim(SimConfig::default())?; // on hardware: Device::open(0)
    let (stream, acl) = (device.new_stream()?, device.acl());

    // Everything that the graph holds is made before the capture, and lives longer than the graph.
    let slots = DeviceBuffer::from_host(&stream, &[10, 11, 12, 13, 20, 21, 22, 23])?;
    let table = ReqToToken::new(TableShape::new(2, 4)?, slots.as_slice())?;
    let mut reqs = DeviceBuffer::<i64>::zeroed(&stream, 2)?;
    let mut starts = DeviceBuffer::<i32>::zeroed(&stream, 2)?;
    let mut ends = DeviceBuffer::<i32>::zeroed(&stream, 2)?;
    let mut last = DeviceBuffer::<i64>::zeroed(&stream, 2)?;
    let mut out = DeviceBuffer::<i32>::zeroed(&stream, 8)?;

    let mut graph = null_mut();
    // SAFETY: a live stream of the current context, which opening the device made current.
    assert_eq!(unsafe { acl.aclmdlRICaptureBegin.unwrap()(stream.as_raw(), THREAD_LOCAL) }, 0);
    let (rows, from, to) = (reqs.as_slice(), starts.as_slice(), ends.as_slice());
    let args = LastLoc { table, req_pool_indices: rows, prefix_lens: from, out: last.as_slice_mut() };
    get_last_loc(&stream, args)?;
    let out_slots = out.as_slice_mut();
    let args = ExtendLocs { table, req_pool_indices: rows, start_offsets: from, end_offsets: to, out: out_slots };
    let captured = assign_extend_cache_locs(&stream, args)?;
    // SAFETY: as above; the out pointer is valid.
    assert_eq!(unsafe { acl.aclmdlRICaptureEnd.unwrap()(stream.as_raw(), &raw mut graph) }, 0);

    // Other inputs in the same buffers; the third has a bad row.
    for batch in [([1, 0], [1, 2], [3, 4]), ([0, 0], [0, 1], [4, 2]), ([1, 5], [2, 1], [4, 3])] {
        let (req, start, end) = batch;
        reqs.as_slice_mut().copy_from_host(&stream, &req)?;
        starts.as_slice_mut().copy_from_host(&stream, &start)?;
        ends.as_slice_mut().copy_from_host(&stream, &end)?;
        // SAFETY: the graph and all that it holds are there.
        assert_eq!(unsafe { acl.aclmdlRIExecuteAsync.unwrap()(graph, stream.as_raw()) }, 0);
        let fault = stream.take_fault()?;
        let (mut last_locs, mut locs) = ([0; 2], [0; 8]);
        last.copy_to_host(&mut last_locs)?;
        out.copy_to_host(&mut locs)?;
        println!("last locations {last_locs:?}, cache locations {locs:?}");
        match (req[1], fault) {
            (5, Some(fault)) => {
                // Both launches found the row; the log holds the first.
                println!("replayed: {fault}");
                assert!(fault.launch <= captured);
                assert_eq!(last_locs, [21, -1]);
            }
            (_, None) => assert!(last_locs.iter().all(|&slot| slot >= -1)),
            (_, fault) => panic!("{fault:?}"),
        }
    }
    // SAFETY: nothing replays it any more.
    assert_eq!(unsafe { acl.aclmdlRIDestroy.unwrap()(graph) }, 0);
    Ok(())
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
