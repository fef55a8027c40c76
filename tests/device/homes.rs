//! Where memory may be used, and addresses that cannot be right.

use ascend_cache_loc::{
    DeviceAddr, DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, ExtendLocs, LastLoc, LaunchConfig, ReqToToken,
    ShapeError, TableShape, assign_extend_cache_locs, get_last_loc, get_last_loc_with,
};

use crate::rig::{Batch, Rig, shape};

fn wrong<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, &'static str) {
    match result {
        Err(Error::WrongHome { argument, scope }) => (argument, scope),
        other => panic!("{other:?}"),
    }
}

/// Each argument in turn is at home on another stream, or another device.
#[test]
fn owned_buffers_are_used_on_their_home_stream_only() {
    let rig = Rig::with(|config| config.devices = 2);
    let second = rig.machine.open(1).unwrap();
    for (elsewhere, scope) in [(rig.device.new_stream().unwrap(), "stream"), (second.new_stream().unwrap(), "device")] {
        let tasks = rig.machine.tasks();
        for argument in ["table", "req_pool_indices", "prefix_lens", "end_offsets", "start_offsets", "out"] {
            let (mut here, mut there) = (Batch::good(&rig.stream), Batch::good(&elsewhere));
            match argument {
                "table" => std::mem::swap(&mut here.slots, &mut there.slots),
                "req_pool_indices" => std::mem::swap(&mut here.reqs, &mut there.reqs),
                "prefix_lens" | "end_offsets" => std::mem::swap(&mut here.ends, &mut there.ends),
                "start_offsets" => std::mem::swap(&mut here.starts, &mut there.starts),
                _ => std::mem::swap(&mut here.out, &mut there.out),
            }
            if argument != "start_offsets" && argument != "end_offsets" {
                assert_eq!(wrong(here.last_loc(&rig.stream)), (argument, scope));
            }
            if argument != "prefix_lens" {
                assert_eq!(wrong(here.extend(&rig.stream)), (argument, scope));
            }
        }
        assert_eq!(rig.machine.tasks(), tasks, "nothing was enqueued");
        let mut buffer = DeviceBuffer::<i32>::zeroed(&elsewhere, 1).unwrap();
        assert_eq!(wrong(buffer.as_slice_mut().copy_from_host(&rig.stream, &[1])), ("buffer", scope));
        assert_eq!(wrong(buffer.as_slice().copy_to_host(&rig.stream, &mut [1])), ("buffer", scope));
    }
    let event = second.new_stream().unwrap().record().unwrap();
    assert_eq!(wrong(rig.stream.wait(&event)), ("event", "device"));
    let mut buffer = DeviceBuffer::<i32>::zeroed(&rig.stream, 1).unwrap();
    assert_eq!(wrong(buffer.move_to(&second.new_stream().unwrap())), ("stream", "device"));
}

/// After `move_to` the new stream waits for what the old one has to do, on the device.
#[test]
fn a_moved_buffer_follows_the_old_streams_work() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    batch.last_loc(&rig.stream).unwrap();
    batch.reqs.move_to(&other).unwrap();
    batch.out.move_to(&other).unwrap();
    batch.ends.move_to(&other).unwrap();
    batch.starts.move_to(&other).unwrap();
    batch.slots.move_to(&other).unwrap();
    assert_eq!(wrong(batch.last_loc(&rig.stream)), ("table", "stream"));
    batch.extend(&other).unwrap();
    other.synchronize_timeout(crate::rig::MOMENT).unwrap_err();
    rig.machine.hold(rig.stream.as_raw(), false);
    let (mut expected, last) = (batch.expected_last().0, batch.expected_extend().0);
    expected[..3].copy_from_slice(&last); // the extension came later
    assert_eq!(batch.out(), expected);
    batch.out.move_to(&other.clone()).unwrap(); // is there already
}

#[test]
fn addresses_that_cannot_be_right_are_refused() {
    let rig = Rig::new();
    let at = |address| DeviceAddr::new(address).unwrap();
    for (bits, address, len) in [(32, 4098, 1), (64, 4100, 1), (32, u64::MAX - 3, 2), (64, 4096, usize::MAX)] {
        // SAFETY: nothing is done with them.
        let refused = unsafe {
            match bits {
                32 => DeviceSliceMut::<i32>::from_raw_parts(&rig.device, at(address), len).map(drop),
                _ => DeviceSlice::<i64>::from_raw_parts(&rig.device, at(address), len).map(drop),
            }
        };
        let Err(Error::BadAddress { argument: "slice", address: named, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(named, address);
    }
    assert_eq!(DeviceAddr::new(0), None);
}

/// An output that shares bytes with an input is refused; one beside it is not.
#[test]
fn an_output_over_an_input_is_refused() {
    let rig = Rig::new();
    let memory = DeviceBuffer::<i64>::zeroed(&rig.stream, 64).unwrap();
    let base = memory.as_slice().addr().unwrap().get();
    let input = |from: u64, len| {
        // SAFETY: of the buffer, which is there.
        unsafe { DeviceSlice::<i32>::from_raw_parts(&rig.device, DeviceAddr::new(base + from).unwrap(), len) }.unwrap()
    };
    let output = |from: u64| {
        // SAFETY: as above; the tests see to the order.
        unsafe { DeviceSliceMut::<i32>::from_raw_parts(&rig.device, DeviceAddr::new(base + from).unwrap(), 2) }.unwrap()
    };
    let (slots, reqs, starts, ends) = (input(0, 8), input(64, 2), input(128, 2), input(192, 2));
    let table = ReqToToken::new(shape(), slots).unwrap();
    let refused = |result| match result {
        Err(Error::BadAddress { argument: "out", address, reason: "overlaps an input" }) => address - base,
        other => panic!("{other:?}"),
    };
    for (from, taken) in
        [(28, true), (60, true), (64, true), (68, true), (72, false), (188, true), (196, true), (200, false)]
    {
        let args = LastLoc { table, req_pool_indices: reqs, prefix_lens: ends, out: output(from) };
        let result = get_last_loc(&rig.stream, args);
        if taken { assert_eq!(refused(result), from) } else { assert!(result.is_ok()) }
    }
    for (from, taken) in [(0, true), (68, true), (132, true), (196, true), (136, false)] {
        let out = output(from);
        let args = ExtendLocs { table, req_pool_indices: reqs, start_offsets: starts, end_offsets: ends, out };
        let result = assign_extend_cache_locs(&rig.stream, args);
        if taken { assert_eq!(refused(result), from) } else { assert!(result.is_ok()) }
    }
    rig.stream.synchronize().unwrap();
}

#[test]
fn shapes_are_refused_before_anything_is_enqueued() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let tasks = rig.machine.tasks();
    let short = ReqToToken::new(TableShape::new(3, 4).unwrap(), batch.slots.as_slice()).unwrap_err();
    assert_eq!(short, ShapeError::TableTooShort { needed: 12, len: 8 });
    let table = ReqToToken::new(shape(), batch.slots.as_slice()).unwrap();
    let (req_pool_indices, prefix_lens) = (batch.reqs.as_slice(), batch.ends.as_slice().get(..2).unwrap());
    let out = batch.out.as_slice_mut();
    let refused = get_last_loc(&rig.stream, LastLoc { table, req_pool_indices, prefix_lens, out }).unwrap_err();
    assert_eq!(refused, ShapeError::LengthMismatch { argument: "prefix_lens", len: 2, batch: 3 }.into());
    let copy = ShapeError::CopyLength { host: 2, device: 3 };
    assert_eq!(batch.out.copy_to_host(&mut [0; 2]).map(drop), Err(copy.into()));
    assert_eq!(batch.out.as_slice_mut().copy_from_host(&rig.stream, &[0; 2]), Err(copy.into()));
    let huge = DeviceBuffer::<i64>::zeroed(&rig.stream, usize::MAX).unwrap_err();
    assert!(matches!(huge, Error::Shape(ShapeError::TooLarge { argument: "buffer", .. })), "{huge}");
    assert_eq!(rig.machine.tasks(), tasks);
}

#[test]
fn cores_that_the_device_does_not_have_are_refused() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    for cores in [0, 41, 65_535, 65_536, u32::MAX] {
        let config = LaunchConfig { cores: Some(cores), ..Default::default() };
        let table = ReqToToken::new(shape(), batch.slots.as_slice()).unwrap();
        let (req_pool_indices, prefix_lens) = (batch.reqs.as_slice(), batch.ends.as_slice());
        let args = LastLoc { table, req_pool_indices, prefix_lens, out: batch.out.as_slice_mut() };
        let (calls, refused) = rig.calls_of(|| get_last_loc_with(&rig.stream, args, &config));
        assert_eq!(refused, Err(Error::BadCores { cores, available: 40 }));
        assert_eq!(calls, []);
    }
}

#[test]
fn parts_of_slices() {
    let rig = Rig::new();
    let mut buffer = DeviceBuffer::from_host(&rig.stream, &[1_i64, 2, 3, 4, 5]).unwrap();
    let base = buffer.as_slice().addr().unwrap().get();
    let part = buffer.as_slice().get(1..4).unwrap();
    assert_eq!((part.len(), part.addr().unwrap().get()), (3, base + 8));
    let mut back = [0; 2];
    part.get(1..).unwrap().copy_to_host(&rig.stream, &mut back).unwrap();
    assert_eq!(back, [3, 4]);
    assert!(part.get(..=3).is_none() && part.get(4..).is_none() && part.get(..).is_some());
    #[expect(clippy::reversed_empty_ranges, reason = "refused")]
    let reversed = part.get(2..1);
    assert!(reversed.is_none());
    assert!(part.get(3..3).unwrap().is_empty());
    let mut whole = buffer.as_slice_mut();
    whole.reborrow().get(..2).unwrap().copy_from_host(&rig.stream, &[8, 9]).unwrap();
    whole.get(4..).unwrap().copy_from_host(&rig.stream, &[7]).unwrap();
    let mut back = [0; 5];
    buffer.copy_to_host(&mut back).unwrap();
    assert_eq!(back, [8, 9, 3, 4, 7]);
}

/// Nothing of length 0 reaches an allocator or a copy.
#[test]
fn empty_things_have_no_memory() {
    let rig = Rig::new();
    let (calls, ()) = rig.calls_of(|| {
        let zeroed = DeviceBuffer::<i32>::zeroed(&rig.stream, 0).unwrap();
        let mut copied = DeviceBuffer::<i64>::from_host(&rig.stream, &[]).unwrap();
        assert!(zeroed.is_empty() && zeroed.as_slice().addr().is_none());
        copied.copy_to_host(&mut []).unwrap();
        copied.as_slice_mut().copy_from_host(&rig.stream, &[]).unwrap();
        copied.move_to(&rig.stream).unwrap();
        zeroed.close().unwrap();
    });
    let names: Vec<_> = calls.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["aclrtGetCurrentContext", "aclrtSynchronizeStream", "aclmdlRICaptureGetInfo"]);
    // A table without rows, an output without room: computed and reported as by the CPU reference.
    let table = ReqToToken::new(TableShape::new(0, 4).unwrap(), DeviceSlice::empty()).unwrap();
    let mut batch = Batch::good(&rig.stream);
    let rows = (batch.reqs.as_slice(), batch.ends.as_slice());
    let args = LastLoc { table, req_pool_indices: rows.0, prefix_lens: rows.1, out: batch.out.as_slice_mut() };
    get_last_loc(&rig.stream, args).unwrap();
    assert_eq!(rig.stream.take_fault().unwrap().unwrap().fault.row, 0);
    assert_eq!(batch.out(), [-1; 3]);
    let args = ExtendLocs {
        table: ReqToToken::new(shape(), batch.slots.as_slice()).unwrap(),
        req_pool_indices: batch.reqs.as_slice(),
        start_offsets: batch.starts.as_slice(),
        end_offsets: batch.ends.as_slice(),
        out: DeviceSliceMut::<i32>::empty(),
    };
    assign_extend_cache_locs(&rig.stream, args).unwrap();
    let text = rig.stream.synchronize().unwrap_err().to_string();
    let expected = "assign_extend_cache_locs, launch 2: row 0: the row's place ends at element 2, out or locs holds 0";
    assert_eq!(text, expected);
}
