//! Threads that do anything in any order on small machines: nothing is used after it was freed, reported twice, lost or
//! left behind, and nobody waits for ever.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use ascend_cache_loc::{
    DeviceBuffer, DeviceFault, Error, Event, FaultCheck, FaultStatus, LastLoc, ReqToToken, Result, Stream, get_last_loc,
};

use crate::foreign::{self, acl};
use crate::rig::{Rig, SLOTS, shape};

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn take<T>(&mut self, list: &mut Vec<T>) -> Option<T> {
        (!list.is_empty()).then(|| list.swap_remove(self.below(list.len())))
    }
}

/// A batch of one row on a stream.
struct Work {
    home: Stream,
    inputs: [DeviceBuffer<i32>; 3],
    out: DeviceBuffer<i32>,
    expected: i32,
}

impl Work {
    fn new(home: &Stream, bad: bool) -> Result<Self> {
        let from = |data: &[i32]| DeviceBuffer::from_host(home, data);
        let inputs = [from(&SLOTS)?, from(&[if bad { 7 } else { 1 }])?, from(&[3])?];
        let out = DeviceBuffer::zeroed(home, 1)?;
        Ok(Self { home: home.clone(), inputs, out, expected: if bad { -1 } else { 22 } })
    }

    fn launch(&mut self) -> Result<()> {
        let [slots, reqs, lens] = self.inputs.each_ref().map(DeviceBuffer::as_slice);
        let table = ReqToToken::new(shape(), slots)?;
        let args = LastLoc { table, req_pool_indices: reqs, prefix_lens: lens, out: self.out.as_slice_mut() };
        get_last_loc(&self.home, args).map(drop)
    }

    fn move_to(&mut self, stream: &Stream) -> Result<()> {
        // All or none: what a failure leaves halfway goes back, or the work is of no use any more.
        self.inputs.iter_mut().try_for_each(|buffer| buffer.move_to(stream))?;
        self.out.move_to(stream)?;
        self.home = stream.clone();
        Ok(())
    }
}

/// What goes on at once.
struct Stress<'a> {
    rig: &'a Rig,
    /// Streams that all threads use.
    shared: &'a [Stream],
    reported: &'a Mutex<Vec<DeviceFault>>,
    /// Calls fail now and then.
    fails: bool,
}

impl Stress<'_> {
    /// Whether it worked; a fault is noted. What is neither is an error that may be.
    fn ok<T>(&self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(Error::Fault(fault)) => self.reported.lock().unwrap().push(fault),
            Err(Error::Timeout(_) | Error::Capturing) => {}
            // Refused beside another thread's capture; short; made to fail.
            Err(Error::Acl { code: 107_027 | 107_030 | 207_001 | 207_007 | 207_008, .. }) => {}
            Err(Error::Acl { code: 107_000, message, .. }) if self.fails && message.ends_with("as it was told to") => {}
            Err(error) => panic!("{error:?}"),
        }
        None
    }

    fn found(&self, fault: Option<DeviceFault>) {
        self.reported.lock().unwrap().extend(fault);
    }

    fn thread(&self, seed: u64, turns: usize) {
        let mut random = Random(seed);
        let Rig { device, machine, .. } = self.rig;
        let mut streams: Vec<Stream> = self.shared.to_vec();
        let (mut works, mut checks, mut events) = (Vec::<Work>::new(), Vec::<FaultCheck>::new(), Vec::<Event>::new());
        for _ in 0..turns {
            let stream = random.pick(&streams).clone();
            match random.below(20) {
                0 => streams.extend(self.ok(device.new_stream())),
                1 if streams.len() > self.shared.len() => {
                    streams.swap_remove(self.shared.len() + random.below(streams.len() - self.shared.len()));
                }
                2 | 3 => works.extend(self.ok(Work::new(&stream, random.below(4) == 0))),
                4..=6 if !works.is_empty() => {
                    let at = random.below(works.len());
                    self.ok(works[at].launch());
                }
                7 => {
                    if let Some(mut work) = random.take(&mut works) {
                        match random.below(3) {
                            0 => drop(self.ok(work.launch())),
                            1 => drop(self.ok(work.move_to(&stream))),
                            _ => drop(self.ok(work.out.close())),
                        }
                    }
                }
                8 => checks.extend(self.ok(stream.fault_check())),
                9 => drop(random.take(&mut checks)),
                10 => {
                    if let Some(check) = random.take(&mut checks) {
                        match self.ok(check.poll()) {
                            Some(FaultStatus::Pending) => checks.push(check),
                            Some(FaultStatus::Clean) => self.found(None),
                            Some(FaultStatus::Fault(fault)) => self.found(Some(fault)),
                            None => {}
                        }
                    }
                }
                11 => events.extend(self.ok(stream.record())),
                12 => {
                    if let Some(event) = random.take(&mut events) {
                        self.ok(random.pick(&streams).wait(&event));
                    }
                }
                13 => drop(self.ok(stream.synchronize())),
                14 => self.found(self.ok(stream.take_fault()).flatten()),
                15 => drop(self.ok(stream.synchronize_timeout(Duration::from_micros(random.below(3000) as u64)))),
                16 => drop(self.ok(device.reclaim())),
                17 => self.borrow(&mut random),
                18 => self.capture(&mut random),
                _ => {
                    if let Some(mut work) = random.take(&mut works) {
                        let mut out = [0];
                        let launched = self.ok(work.launch()).is_some();
                        if self.ok(work.out.copy_to_host(&mut out)).is_some() && launched {
                            assert_eq!(out, [work.expected]);
                        }
                    }
                }
            }
            if self.fails && random.below(10) == 0 {
                let names = [
                    "aclrtMalloc",
                    "aclrtMallocHost",
                    "aclrtMemcpy",
                    "aclrtMemcpyAsync",
                    "aclrtMemsetAsync",
                    "aclrtRecordEvent",
                    "aclrtStreamWaitEvent",
                    "aclrtCreateStreamWithConfig",
                    "aclrtQueryEventStatus",
                    "aclrtCreateEventExWithFlag",
                    "aclrtSynchronizeStream",
                    "aclrtSynchronizeStreamWithTimeout",
                    "aclrtSynchronizeDevice",
                    "aclrtLaunchKernelWithHostArgs",
                ];
                machine.fail_call(names[random.below(names.len())], 1 + random.below(5) as u64, 107_000);
            }
        }
    }

    /// Another runtime's stream, of a context of its own, comes and goes.
    fn borrow(&self, random: &mut Random) {
        let Rig { device, machine, .. } = self.rig;
        let before = foreign::context(machine);
        let (mut context, mut raw) = (std::ptr::null_mut(), std::ptr::null_mut());
        if acl!(machine, aclrtCreateContext(&raw mut context, 0)) != 0 {
            return;
        }
        if acl!(machine, aclrtCreateStreamWithConfig(&raw mut raw, 0, 0)) == 0 {
            // SAFETY: a stream of the current context, which goes behind its retirement.
            let borrow = |_| self.ok(unsafe { Stream::borrow_raw(device, raw) });
            // One that fails halfway is known all the same.
            let stream = (0..20).find_map(borrow).expect("it fails now and then");
            if let Some(mut work) = self.ok(Work::new(&stream, random.below(2) == 0)) {
                self.ok(work.launch());
            }
            drop((self.ok(stream.fault_check()), self.ok(stream.record())));
            if random.below(2) == 0 {
                self.found(self.ok(stream.take_fault()).flatten());
            }
            assert!((0..20).any(|_| acl!(machine, aclrtSynchronizeStream(raw)) == 0));
            // SAFETY: all its work is done.
            unsafe { stream.retire() }.unwrap();
            assert_eq!(acl!(machine, aclrtDestroyStream(raw)), 0);
        }
        assert_eq!(acl!(machine, aclrtDestroyContext(context)), 0);
        if let Some(before) = before {
            foreign::set_context(machine, before);
        }
    }

    /// A capture on a stream of the thread's own; others go on.
    fn capture(&self, random: &mut Random) {
        let Rig { device, machine, .. } = self.rig;
        let Some(stream) = self.ok(device.new_stream()) else { return };
        let Some(mut work) = self.ok(Work::new(&stream, false)) else { return };
        if foreign::begin(machine, stream.as_raw(), *random.pick(&[foreign::THREAD_LOCAL, foreign::RELAXED])) != 0 {
            return;
        }
        let mut captured = self.ok(work.launch()).is_some();
        drop(self.ok(stream.record()));
        assert!(self.ok(stream.fault_check()).is_none() && self.ok(stream.synchronize()).is_none());
        // Short memory in a capture waits for nothing.
        drop(self.ok(Work::new(random.pick(self.shared), false)));
        let ended = foreign::end(machine, stream.as_raw());
        captured &= ended.is_ok();
        if let Ok(graph) = ended {
            foreign::replay(machine, graph, stream.as_raw());
            let mut out = [0];
            if self.ok(work.out.copy_to_host(&mut out)).is_some() && captured {
                assert_eq!(out, [22]);
            }
            let done = (0..9).any(|_| acl!(machine, aclrtSynchronizeStream(stream.as_raw())) == 0);
            assert!(done && acl!(machine, aclmdlRIDestroy(graph)) == 0);
        }
    }
}

fn stress(seed: u64, fails: bool) {
    let rig = Rig::with(|config| {
        (config.memory_bytes, config.streams, config.queue_slots, config.event_slots) = (1 << 16, 24, 6, 12);
        config.vector_cores = 4;
    });
    let reported = Mutex::default();
    {
        let shared: Vec<_> = (0..3).map(|_| rig.device.new_stream().unwrap()).collect();
        let stress = Stress { rig: &rig, shared: &shared, reported: &reported, fails };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let stress = &stress;
                scope.spawn(move || stress.thread(seed * 100 + thread, 250));
            }
        });
        rig.machine.clear_failures();
        for stream in &shared {
            // What is left of errors, and of faults.
            while let Err(Error::Fault(fault)) = stream.synchronize() {
                reported.lock().unwrap().push(fault);
            }
        }
    }
    _ = rig.device.reclaim();
    rig.device.reclaim().unwrap();
    assert!(!rig.device.is_lost());
    assert_eq!(rig.machine.misuses(), Vec::<String>::new());
    let reported = reported.into_inner().unwrap();
    assert!(reported.len() > 5, "{}", reported.len());
    let launches: BTreeSet<_> = reported.iter().map(|fault| fault.launch).collect();
    assert_eq!(launches.len(), reported.len(), "a fault was reported twice");
    // The default stream and the rig's; the logs of at most as many as there can be, and what their reads needed.
    assert_eq!((rig.machine.streams(), rig.machine.events(), rig.machine.event_slots_in_use()), (2, 0, 0));
    let (logs, pinned) = (rig.machine.device_allocations(), rig.machine.pinned_allocations());
    assert!(logs <= 24 && pinned <= 100, "{logs} {pinned}");
}

#[test]
fn anything_in_any_order() {
    for seed in 0..4 {
        stress(seed, false);
        stress(seed, true);
    }
}
