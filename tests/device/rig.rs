//! A simulated machine with one device and stream, and a small batch of both operations.

use std::time::Duration;

use ascend_cache_loc::cpu_ref::{self, RefError};
use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc::{
    Device, DeviceBuffer, DeviceFault, Error, ExtendLocs, FaultCheck, FaultStatus, LastLoc, LaunchId, ReqToToken,
    Result, RowFault, Stream, TableShape, assign_extend_cache_locs, get_last_loc,
};

/// Long enough to tell that something blocks.
pub(crate) const MOMENT: Duration = Duration::from_millis(60);

pub(crate) struct Rig {
    pub(crate) machine: Machine,
    pub(crate) device: Device,
    pub(crate) stream: Stream,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(configure: impl FnOnce(&mut SimConfig)) -> Self {
        let mut config = SimConfig::default();
        configure(&mut config);
        let machine = Machine::new(config).unwrap();
        let device = machine.open(0).unwrap();
        let stream = device.new_stream().unwrap();
        stream.synchronize().unwrap();
        Self { machine, device, stream }
    }

    /// What was called since, by name and number.
    pub(crate) fn calls_of<T>(&self, f: impl FnOnce() -> T) -> (Vec<(&'static str, u64)>, T) {
        let before = self.machine.calls();
        let value = f();
        (self.machine.calls().since(&before), value)
    }

    /// What both operations do in the context that is current: the read of it, and the launch.
    pub(crate) fn one_launch() -> Vec<(&'static str, u64)> {
        vec![("aclrtGetCurrentContext", 1), ("aclrtLaunchKernelWithHostArgs", 1)]
    }
}

/// Two requests of up to four tokens.
pub(crate) const SLOTS: [i32; 8] = [10, 11, 12, 13, 20, 21, 22, 23];

pub(crate) fn shape() -> TableShape {
    TableShape::new(2, 4).unwrap()
}

/// Both operations over three rows.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) slots: DeviceBuffer<i32>,
    pub(crate) reqs: DeviceBuffer<i64>,
    pub(crate) starts: DeviceBuffer<i32>,
    pub(crate) ends: DeviceBuffer<i32>,
    pub(crate) out: DeviceBuffer<i64>,
    host: ([i64; 3], [i32; 3], [i32; 3]),
}

impl Batch {
    /// Three good rows.
    pub(crate) fn good(stream: &Stream) -> Self {
        Self::of(stream, [1, 0, 1], [0, 3, 1], [2, 4, 1])
    }

    /// Row 1 is bad for both operations.
    pub(crate) fn bad(stream: &Stream) -> Self {
        Self::of(stream, [1, 9, 1], [0, 3, 1], [2, 4, 1])
    }

    pub(crate) fn of(stream: &Stream, reqs: [i64; 3], starts: [i32; 3], ends: [i32; 3]) -> Self {
        Self {
            slots: DeviceBuffer::from_host(stream, &SLOTS).unwrap(),
            reqs: DeviceBuffer::from_host(stream, &reqs).unwrap(),
            starts: DeviceBuffer::from_host(stream, &starts).unwrap(),
            ends: DeviceBuffer::from_host(stream, &ends).unwrap(),
            out: DeviceBuffer::from_host(stream, &[-7; 3]).unwrap(),
            host: (reqs, starts, ends),
        }
    }

    pub(crate) fn last_loc(&mut self, stream: &Stream) -> Result<LaunchId> {
        let table = ReqToToken::new(shape(), self.slots.as_slice())?;
        let (req_pool_indices, prefix_lens) = (self.reqs.as_slice(), self.ends.as_slice());
        get_last_loc(stream, LastLoc { table, req_pool_indices, prefix_lens, out: self.out.as_slice_mut() })
    }

    pub(crate) fn extend(&mut self, stream: &Stream) -> Result<LaunchId> {
        let args = ExtendLocs {
            table: ReqToToken::new(shape(), self.slots.as_slice())?,
            req_pool_indices: self.reqs.as_slice(),
            start_offsets: self.starts.as_slice(),
            end_offsets: self.ends.as_slice(),
            out: self.out.as_slice_mut(),
        };
        assign_extend_cache_locs(stream, args)
    }

    pub(crate) fn out(&self) -> Vec<i64> {
        let mut out = vec![0; self.out.len()];
        self.out.copy_to_host(&mut out).unwrap();
        out
    }

    /// What the CPU reference makes of `get_last_loc`: output and fault.
    pub(crate) fn expected_last(&self) -> (Vec<i64>, Option<RowFault>) {
        let (reqs, _, ends) = &self.host;
        let table = cpu_ref::ReqToToken::new(shape(), &SLOTS).unwrap();
        let mut out = vec![-7; 3];
        let result =
            cpu_ref::get_last_loc(cpu_ref::LastLoc { table, req_pool_indices: reqs, prefix_lens: ends, out: &mut out });
        (out, fault(result))
    }

    /// What the CPU reference makes of `assign_extend_cache_locs`: output and fault.
    pub(crate) fn expected_extend(&self) -> (Vec<i64>, Option<RowFault>) {
        let (reqs, starts, ends) = &self.host;
        let table = cpu_ref::ReqToToken::new(shape(), &SLOTS).unwrap();
        let mut out = vec![-7; 3];
        let result = cpu_ref::assign_extend_cache_locs(cpu_ref::ExtendLocs {
            table,
            req_pool_indices: reqs,
            start_offsets: starts,
            end_offsets: ends,
            out: &mut out,
        });
        (out, fault(result))
    }
}

fn fault(result: Result<(), RefError>) -> Option<RowFault> {
    match result {
        Ok(()) => None,
        Err(RefError::Fault(fault)) => Some(fault),
        Err(error) => panic!("{error}"),
    }
}

/// Polls a check until it is over: what it found.
pub(crate) fn over(check: &FaultCheck) -> Option<DeviceFault> {
    loop {
        match check.poll().unwrap() {
            FaultStatus::Pending => std::thread::yield_now(),
            FaultStatus::Clean => return None,
            FaultStatus::Fault(fault) => return Some(fault),
        }
    }
}

/// The code of an AscendCL error.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T>) -> i32 {
    match result {
        Err(Error::Acl { code, .. } | Error::DeviceLost { code, .. }) => code,
        other => panic!("{other:?} is no AscendCL error"),
    }
}
