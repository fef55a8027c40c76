//! What a call would be launched as, asked beforehand.

use std::time::Duration;

use ascend_cache_loc::{
    DeviceBuffer, Error, ExtendLocs, LastLoc, LaunchConfig, ReqToToken, ShapeError, TableShape, Tuning,
    assign_extend_cache_locs_with, get_last_loc_with,
};

use crate::rig::Rig;

/// A plan is what the launch does then, on the figures that the device has at the time; it launches nothing itself.
#[test]
fn a_plan_is_what_is_launched() {
    let rig = Rig::new();
    let (rows, tokens) = (300, 4);
    let of = |values: Vec<i64>| DeviceBuffer::from_host(&rig.stream, &values).unwrap();
    let slots = DeviceBuffer::from_host(&rig.stream, &vec![7; rows * tokens]).unwrap();
    let (reqs, starts, ends) = (of((0..300).collect()), of(vec![0; rows]), of(vec![4; rows]));
    let mut out = DeviceBuffer::<i32>::zeroed(&rig.stream, rows * tokens).unwrap();
    let mut plans = Vec::new();
    for core_ps in [0, 63_000, 1_000_000, u64::MAX] {
        rig.device.tune(Tuning { core_ps, ..Tuning::default() });
        assert_eq!(rig.device.tuning().core_ps, core_ps);
        for cores in [None, Some(7)] {
            let config = LaunchConfig { cores, ..Default::default() };
            let table = ReqToToken::new(TableShape::new(rows, tokens).unwrap(), slots.as_slice()).unwrap();
            let req_pool_indices = reqs.as_slice();

            let last_out = out.as_slice_mut().get(..rows).unwrap();
            let args = LastLoc { table, req_pool_indices, prefix_lens: ends.as_slice(), out: last_out };
            let (calls, plan) = rig.calls_of(|| args.plan(&rig.device, &config).unwrap());
            assert_eq!(calls, []);
            get_last_loc_with(&rig.stream, args, &config).unwrap();
            rig.stream.synchronize().unwrap();
            assert_eq!(rig.machine.core_counters().len(), plan.cores as usize);
            plans.push((plan.cores, plan.tile));

            let (start_offsets, end_offsets) = (starts.as_slice(), ends.as_slice());
            let out = out.as_slice_mut();
            let args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out };
            let (calls, plan) = rig.calls_of(|| args.plan(&rig.device, &config).unwrap());
            assert_eq!(calls, []);
            assert!(plan.time >= Duration::from_nanos(1_800), "{plan:?}");
            assign_extend_cache_locs_with(&rig.stream, args, &config).unwrap();
            rig.stream.synchronize().unwrap();
            assert_eq!(rig.machine.core_counters().len(), plan.cores as usize);
            plans.push((plan.cores, plan.tile));
        }
    }
    let expected = [(19, 25), (7, 7), (10, 9), (7, 7), (1, 2), (7, 7), (1, 1), (7, 7)];
    let expected = expected.map(|(last, extend)| [(last, 1024), (extend, 4096)]);
    assert_eq!(plans, expected.concat());
}

/// What cannot be launched cannot be planned, and of nothing there is nothing to launch.
#[test]
fn a_plan_is_refused_as_its_launch_is() {
    let rig = Rig::new();
    let rows = DeviceBuffer::from_host(&rig.stream, &[0, 0]).unwrap();
    let table = ReqToToken::new(TableShape::new(1, 2).unwrap(), rows.as_slice()).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&rig.stream, 2).unwrap();
    let mut plan = |reqs: usize, outs: usize, cores| {
        let part = |n| rows.as_slice().get(..n).unwrap();
        let out = out.as_slice_mut().get(..outs).unwrap();
        let args = LastLoc { table, req_pool_indices: part(reqs), prefix_lens: part(reqs), out };
        args.plan(&rig.device, &LaunchConfig { cores, ..Default::default() })
    };
    assert_eq!(plan(2, 1, None), Err(ShapeError::LengthMismatch { argument: "out", len: 1, batch: 2 }.into()));
    assert_eq!(plan(2, 2, Some(41)), Err(Error::BadCores { cores: 41, available: 40 }));
    let none = plan(0, 0, None).unwrap();
    assert_eq!((none.cores, none.time), (0, Duration::ZERO));
}
