//! Both operations in an NPU graph: captured once, replayed with other inputs in the same buffers. Runs on the simulated
//! device; the documentation's page `graphs` says what a captured launch freezes.
//!
//! ```sh
//! cargo run --features sim --example graph
//! ```

#![allow(unsafe_code, reason = "a replay")]

use ascend_cache_loc::sim::SimConfig;
use ascend_cache_loc::{
    CaptureMode, Device, DeviceBuffer, ExtendLocs, Graph, LastLoc, ReqToToken, Result, TableShape,
    assign_extend_cache_locs, get_last_loc,
};

fn main() -> Result<()> {
    let device = Device::open_sim(SimConfig::default())?; // on hardware: Device::open(0)
    let stream = device.new_stream()?;
    let slots = DeviceBuffer::from_host(&stream, &[10, 11, 12, 13, 20, 21, 22, 23])?;
    let table = ReqToToken::new(TableShape::new(2, 4)?, slots.as_slice())?;
    let (starts, ends) = (DeviceBuffer::from_host(&stream, &[1, 3])?, DeviceBuffer::from_host(&stream, &[3, 4])?);
    let mut reqs = DeviceBuffer::<i64>::zeroed(&stream, 2)?;
    let (mut last, mut out) = (DeviceBuffer::<i64>::zeroed(&stream, 2)?, DeviceBuffer::<i32>::zeroed(&stream, 3)?);

    let (graph, launch) = Graph::capture(&stream, CaptureMode::ThreadLocal, || {
        let (req_pool_indices, start_offsets, end_offsets) = (reqs.as_slice(), starts.as_slice(), ends.as_slice());
        let args = LastLoc { table, req_pool_indices, prefix_lens: start_offsets, out: last.as_slice_mut() };
        let launch = get_last_loc(&stream, args)?;
        let args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: out.as_slice_mut() };
        assign_extend_cache_locs(&stream, args)?;
        Ok(launch)
    })?;
    for (batch, expected, bad) in
        [([1, 0], [21, 22, 13], None), ([0, 1], [11, 12, 23], None), ([0, 7], [11, 12, -1], Some(launch))]
    {
        reqs.as_slice_mut().copy_from_host(&stream, &batch)?;
        // SAFETY: the buffers are there until the loop is over, and all work on them is on this stream.
        unsafe { graph.replay(&stream) }?;
        let fault = stream.take_fault()?;
        assert_eq!(fault.map(|fault| fault.launch), bad);
        let mut locs = [0; 3];
        out.copy_to_host(&mut locs)?;
        assert_eq!(locs, expected);
        println!("requests {batch:?}: cache locations {locs:?}");
        fault.iter().for_each(|fault| println!("{fault}"));
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
