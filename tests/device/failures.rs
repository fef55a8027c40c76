//! Every AscendCL call fails once at each of its uses, and launches end in each class of code.

use std::ffi::CStr;
use std::time::Duration;

use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc::{CaptureMode, Device, DeviceBuffer, Error, FaultStatus, Graph, LaunchId, Result};

use harness::operation::OPERATIONS;

use crate::rig::{Batch, MOMENT, Rig, code};

/// A machine's whole life, from opening on: what a serving process does. `done` is told each step when it is over.
fn life_by_steps(machine: &Machine, mut done: impl FnMut(&'static str)) -> Result<()> {
    let device = machine.open(0)?;
    done("open");
    let (stream, other) = (device.new_stream()?, device.new_stream()?);
    done("new_stream");
    let slots = DeviceBuffer::from_host(&stream, &crate::rig::SLOTS)?;
    let reqs = DeviceBuffer::from_host(&stream, &[1_i64, 9])?;
    let lens = DeviceBuffer::from_host(&stream, &[3_i32, 2])?;
    let mut out = DeviceBuffer::<i64>::zeroed(&stream, 2)?;
    done("make buffers");
    let table = ascend_cache_loc::ReqToToken::new(crate::rig::shape(), slots.as_slice())?;
    let mut launch = || {
        let (req_pool_indices, prefix_lens) = (reqs.as_slice(), lens.as_slice());
        let args = ascend_cache_loc::LastLoc { table, req_pool_indices, prefix_lens, out: out.as_slice_mut() };
        ascend_cache_loc::get_last_loc(&stream, args)
    };
    let first = launch()?;
    done("launch");
    let found = stream.take_fault()?.expect("row 1 is bad");
    assert_eq!((found.launch, found.fault.row), (first, 1));
    done("take_fault");
    let second = launch()?;
    let check = stream.fault_check()?;
    done("fault_check");
    // Another runtime waits, so that how often is polled does not differ from life to life.
    let call = "aclrtSynchronizeStream";
    let code = crate::foreign::acl!(machine, aclrtSynchronizeStream(stream.as_raw()));
    if code != 0 {
        return Err(Error::Acl { call, code, message: "".into() });
    }
    assert!(second > first && check.poll()? != FaultStatus::Pending);
    done("poll");
    stream.synchronize_timeout(Duration::from_secs(60))?;
    done("synchronize_timeout");
    let captured = Graph::capture(&stream, CaptureMode::Relaxed, &mut launch);
    if captured.is_err() {
        // A call that fails here does nothing: not even end the capture.
        let _ = crate::foreign::end(machine, stream.as_raw());
    }
    let (graph, third) = captured?;
    done("capture");
    // SAFETY: what it names is there, and used on this stream alone.
    unsafe { graph.replay(&stream) }?;
    assert_eq!(stream.take_fault()?.map(|fault| fault.launch), Some(third));
    done("replay");
    drop(graph);
    stream.synchronize()?;
    done("destroy a graph");
    drop(stream.record()?);
    let event = stream.record()?;
    done("record");
    other.wait(&event)?;
    drop(event);
    out.move_to(&other)?;
    done("move_to");
    let mut back = [0; 2];
    out.copy_to_host(&mut back)?;
    assert_eq!(back, [22, -1]);
    done("copy_to_host");
    out.close()?;
    done("close");
    // SAFETY: the default stream of the current context, which stays.
    let borrowed = unsafe { ascend_cache_loc::Stream::borrow_raw(&device, std::ptr::null_mut()) }?;
    borrowed.synchronize()?;
    done("borrow");
    drop((slots, reqs, lens, stream, other, check));
    device.reclaim()?;
    done("reclaim");
    Ok(())
}

fn life(machine: &Machine) -> Result<()> {
    life_by_steps(machine, |_| {})
}

/// At each of its uses in a machine's life each call fails in turn: a typed error that names it, or, where this list says
/// so, no harm at all; afterwards the same machine lives a whole life.
#[test]
fn every_call_fails_at_each_of_its_uses() {
    let mut silent = vec![
        // There is another way to know, or it need not be known.
        ("aclrtGetDeviceInfo", "open"),
        ("aclsysGetVersionNum", "open"),
        // Whether there is a context to restore.
        ("aclrtGetCurrentContext", "open"),
        // Whether a stream is captured, before the wait that then says so; freeing and destroying: leaked and logged.
        ("aclrtGetCurrentContext", "reclaim"),
        ("aclrtDestroyEvent", "record"),
        ("aclmdlRIDestroy", "destroy a graph"),
        ("aclrtGetCurrentContext", "destroy a graph"),
        ("aclrtDestroyEvent", "move_to"),
        ("aclrtDestroyEvent", "reclaim"),
        ("aclrtDestroyStream", "reclaim"),
        ("aclrtFree", "reclaim"),
    ];
    if cfg!(feature = "log") {
        // The fault log of a dropped stream, to be logged.
        silent.push(("aclrtMemcpy", "reclaim"));
    }
    let mut failed = 0;
    let mut found = std::collections::BTreeSet::new();
    for name in Machine::functions() {
        for nth in 1.. {
            let mut config = SimConfig::default();
            config.vector_cores = 4;
            // Opening initialises; a context is there as it is in a process with another runtime.
            let machine = Machine::new(config).unwrap();
            assert_eq!(crate::foreign::acl!(machine, aclrtSetDevice(0)), 0);
            let before = machine.calls().of(name);
            machine.fail_call(name, nth, 107_000);
            let mut step_of_failure = None;
            let lived = life_by_steps(&machine, |step| {
                if machine.calls().of(name) >= before + nth {
                    step_of_failure.get_or_insert(step);
                }
            });
            if machine.clear_failures() > 0 {
                assert_eq!(lived, Ok(()), "{name} was not called {nth} times");
                break;
            }
            failed += 1;
            match lived {
                Ok(()) => drop(found.insert((name, step_of_failure.expect("over")))),
                Err(Error::Acl { call, code, .. }) => {
                    assert!(call == name || name == "aclrtGetSocName", "{call} instead of {name}");
                    assert!(code == 107_000 || name == "aclrtGetSocName");
                }
                Err(other) => panic!("use {nth} of {name}: {other}"),
            }
            life(&machine).unwrap_or_else(|error| panic!("after use {nth} of {name} failed: {error}"));
        }
    }
    silent.sort_unstable();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), silent, "failed, and nobody was told");
    assert!(failed > 60, "{failed}");
}

#[test]
fn initialisation_that_fails_is_told_and_one_by_someone_else_is_success() {
    let mut config = SimConfig::default();
    config.initialised = true;
    life(&Machine::new(config.clone()).unwrap()).unwrap();
    config.lacks = vec!["aclrtMemcpyAsync", "aclrtLaunchKernelWithHostArgs"];
    let Err(Error::Unavailable(text)) = Machine::new(config) else { panic!("a library that lacks functions") };
    let expected = "the simulated library has no aclrtMemcpyAsync, aclrtLaunchKernelWithHostArgs: CANN 8.5.0-beta.1 or later is needed";
    assert_eq!(&*text, expected);
    let mut config = SimConfig::default();
    config.runtime_version = 80_300_000;
    let Err(Error::Unavailable(text)) = Machine::new(config.clone()) else { panic!("an old library") };
    assert_eq!(&*text, "the simulated library is of CANN 8.3.0: 8.5.0-beta.1 or later is needed");
    // An older pre-release is older; the first that is taken, and what others call themselves.
    config.runtime_version = 80_499_702;
    let Err(Error::Unavailable(text)) = Machine::new(config) else { panic!("an older pre-release") };
    assert_eq!(&*text, "the simulated library is of CANN 8.5.0-alpha.2: 8.5.0-beta.1 or later is needed");
    for (number, text) in [(80_499_801, "8.5.0-beta.1"), (90_099_803, "9.1.0-beta.3"), (90_100_000, "9.1.0")] {
        let mut config = SimConfig::default();
        config.runtime_version = number;
        let info = Device::open_sim(config).unwrap().info().clone();
        assert_eq!(info.cann_version.as_deref(), Some(text));
    }
    // What a library may lack.
    let mut config = SimConfig::default();
    config.lacks = vec!["aclrtGetDeviceInfo", "aclsysGetVersionNum", "aclrtCreateContext"];
    let machine = Machine::new(config).unwrap();
    assert_eq!(machine.open(0).unwrap().info().cann_version, None);
    life(&machine).unwrap();
}

#[test]
fn machines_that_cannot_be_used_say_why() {
    let unavailable = |configure: fn(&mut SimConfig), ordinal| {
        let mut config = SimConfig::default();
        configure(&mut config);
        match Machine::new(config).unwrap().open(ordinal) {
            Err(Error::Unavailable(text)) => text.into_string(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(unavailable(|_| {}, 1), "device 1: AscendCL sees 1 devices");
    assert_eq!(unavailable(|_| {}, u32::MAX), "device 4294967295: AscendCL sees 1 devices");
    assert_eq!(
        unavailable(|config| config.soc = c"Ascend910A".into(), 0),
        "device 0: no kernels for a chip named \"Ascend910A\""
    );
    let a5 = unavailable(|config| config.soc = c"Ascend950PR_9599".into(), 0);
    assert_eq!(a5, "the simulation has kernels for dav-2201, not for dav-3510");
    assert_eq!(unavailable(|config| config.vector_cores = 0, 0), "AscendCL says that device 0 has 0 vector cores");
    // From 9.1.0-beta.3 on the library tells the arch, and the name does not count.
    let newer = |version, arch, soc: &CStr| {
        let mut config = SimConfig::default();
        (config.runtime_version, config.npu_arch, config.soc) = (version, arch, soc.into());
        Device::open_sim(config).map(|device| device.info().arch).map_err(|error| error.to_string())
    };
    assert_eq!(newer(90_099_803, 2201, c"Ascend999X"), Ok("dav-2201"));
    assert_eq!(newer(90_100_000, 0, c"Ascend910B3"), Ok("dav-2201"), "the library does not know it");
    let unknown = |number| Err(format!("device 0: no kernels for a chip named \"Ascend999X\"{number}"));
    assert_eq!(newer(90_100_000, 9999, c"Ascend999X"), unknown(", of arch 9999"));
    assert_eq!(newer(90_099_802, 2201, c"Ascend999X"), unknown(""));
    assert_eq!(
        newer(90_000_000, 2201, c"Ascend910B"),
        Err("device 0: no kernels for a chip named \"Ascend910B\"".into())
    );
    let info = Device::open_sim(SimConfig::default()).unwrap().info().clone();
    assert_eq!((&*info.soc, info.arch, info.vector_cores), ("Ascend910B3", "dav-2201", 40));
    assert_eq!(info.cann_version.as_deref(), Some("9.0.0"));
    assert_eq!(info.kernels, OPERATIONS.iter().map(|op| format!("ascend_cache_loc_{}", op.name())).collect::<Vec<_>>());
}

fn lost_codes() -> impl Iterator<Item = i32> {
    [507_010, 507_011, 507_054, 507_057, 507_901, 507_915, 507_916]
        .into_iter()
        .chain(507_013..=507_018)
        .chain(507_034..=507_036)
        .chain(507_042..=507_045)
        .chain(507_048..=507_050)
}

fn lost_with<T: std::fmt::Debug>(result: Result<T>) -> (i32, Option<LaunchId>) {
    match result {
        Err(Error::DeviceLost { code, last_launch, .. }) => (code, last_launch),
        other => panic!("{other:?}"),
    }
}

/// After each of the codes, from the device or from the launch itself, the device is lost for ever: every call says so,
/// with the first code; another device is not concerned.
#[test]
fn a_lost_device_stays_lost() {
    for code in lost_codes() {
        for from_the_launch in [false, true] {
            let rig = Rig::with(|config| config.devices = 2);
            let second = rig.machine.open(1).unwrap();
            let mut batch = Batch::good(&rig.stream);
            batch.last_loc(&rig.stream).unwrap();
            rig.stream.synchronize().unwrap();
            let (event, check) = (rig.stream.record().unwrap(), rig.stream.fault_check().unwrap());
            let lost = if from_the_launch {
                rig.machine.fail_call("aclrtLaunchKernelWithHostArgs", 1, code);
                let failed = batch.last_loc(&rig.stream);
                let text = failed.clone().unwrap_err().to_string();
                let expected = format!(
                    "the device is lost, AscendCL code {code}, last launch 2: aclrtLaunchKernelWithHostArgs fails here as it was told to"
                );
                assert_eq!(text, expected);
                lost_with(failed)
            } else {
                rig.machine.fail_launch(1, code);
                let launch = batch.extend(&rig.stream).unwrap();
                let lost = lost_with(rig.stream.synchronize());
                assert_eq!(lost.1, Some(launch));
                lost
            };
            assert_eq!((lost.0, lost.1.map(LaunchId::get)), (code, Some(2)));
            let (calls, ()) = rig.calls_of(|| {
                assert_eq!(lost_with(batch.last_loc(&rig.stream)), lost);
                assert_eq!(lost_with(batch.extend(&rig.stream)), lost);
                assert_eq!(lost_with(rig.stream.synchronize()), lost);
                assert_eq!(lost_with(rig.stream.synchronize_timeout(MOMENT)), lost);
                assert_eq!(lost_with(rig.stream.take_fault()), lost);
                assert_eq!(lost_with(rig.stream.fault_check()), lost);
                assert_eq!(lost_with(check.poll()), lost);
                assert_eq!(lost_with(rig.stream.record()), lost);
                assert_eq!(lost_with(rig.stream.wait(&event)), lost);
                assert_eq!(lost_with(event.is_done()), lost);
                assert_eq!(lost_with(rig.device.new_stream()), lost);
                assert_eq!(lost_with(rig.device.reclaim()), lost);
                assert_eq!(lost_with(DeviceBuffer::<i32>::zeroed(&rig.stream, 1)), lost);
                assert_eq!(lost_with(DeviceBuffer::from_host(&rig.stream, &[1_i32])), lost);
                assert_eq!(lost_with(batch.out.copy_to_host(&mut [0; 3])), lost);
                assert_eq!(lost_with(batch.out.as_slice_mut().copy_from_host(&rig.stream, &[0; 3])), lost);
                assert_eq!(lost_with(batch.out.close()), lost);
                assert_eq!(lost_with(rig.machine.open(0)), lost);
                assert!(rig.device.is_lost() && !second.is_lost());
                drop((batch.slots, batch.reqs, check, event));
            });
            assert_eq!(calls, [], "a lost device is not called");
            let stream = second.new_stream().unwrap();
            Batch::good(&stream).last_loc(&stream).unwrap();
            stream.synchronize().unwrap();
        }
    }
}

/// Other codes are errors of one call.
#[test]
fn other_codes_do_not_lose_the_device() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    for other in [
        107_000, 107_003, 107_019, 107_020, 107_022, 107_027, 107_030, 207_001, 207_007, 207_008, 207_018, 507_000,
        507_012, 507_037, 507_046, 507_047, 507_053, 507_055, 507_056, 507_899, 507_900, 507_903, 507_914,
    ] {
        rig.machine.fail_launch(1, other);
        batch.last_loc(&rig.stream).unwrap();
        assert_eq!(code(rig.stream.synchronize()), other);
        rig.machine.fail_call("aclrtLaunchKernelWithHostArgs", 1, other);
        assert_eq!(code(batch.last_loc(&rig.stream)), other);
        batch.last_loc(&rig.stream).unwrap();
        rig.stream.synchronize().unwrap();
        assert_eq!(batch.out(), batch.expected_last().0);
    }
}

#[test]
fn a_hang_ends_in_a_timeout_and_the_stream_goes_on() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hang_launch(2);
    batch.last_loc(&rig.stream).unwrap();
    batch.extend(&rig.stream).unwrap();
    for _ in 0..2 {
        assert_eq!(rig.stream.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    }
    assert_eq!(rig.stream.synchronize_timeout(Duration::ZERO), Err(Error::Timeout(Duration::ZERO)));
    rig.machine.release_hangs();
    rig.stream.synchronize().unwrap();
    assert_eq!(batch.out(), batch.expected_last().0, "the second launch never ran");
}

/// A kernel that does something wrong on the simulated cores fails the launch with everything that was found.
#[test]
fn a_report_of_the_core_simulation_fails_the_launch() {
    let rig = Rig::with(|config| config.cores.instruction_limit = 10);
    let mut batch = Batch::good(&rig.stream);
    batch.last_loc(&rig.stream).unwrap();
    let Err(Error::DeviceLost { code: 507_035, message, .. }) = rig.stream.synchronize() else { panic!("it ran") };
    assert!(message.contains("ascend_cache_loc_get_last_loc") && message.contains("kernel.h"), "{message}");
}
