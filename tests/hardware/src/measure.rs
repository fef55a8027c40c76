//! What the operations cost on a device, by the host's clock, beside the device's own copies of as many bytes.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};
use ascend_cache_loc::cpu_ref::{self, ExtendLocs as HostExtendLocs, LastLoc as HostLastLoc};
use ascend_cache_loc::{
    Device, DeviceBuffer, ExtendLocs, Int, LastLoc, LaunchId, ReqToToken, Stream, assign_extend_cache_locs,
    get_last_loc,
};

use harness::workload::Workload;

use crate::Lab;
use crate::clock::{back_to_back, median, repetitions};
use crate::lab::Memory;

/// Writes a table of both operations on the benchmarks' batches, int64 indices, int32 and int64 output.
///
/// # Errors
/// Where a call fails, an output is wrong, or `to` cannot be written.
pub fn measure(device: &Device, lab: &Lab, to: &mut impl Write) -> Result<()> {
    let stream = device.new_stream()?;
    let copied = lab.upload(&vec![1_u8; COPY_BYTES])?;
    let target = lab.upload(&vec![2_u8; COPY_BYTES])?;
    let bench = Bench { stream, lab, copied, target };
    writeln!(to, "{LEGEND}")?;
    writeln!(to, "{LARGEST}: {:.1} GB/s", bench.copy_gb_per_s(2 * COPY_BYTES)?)?;
    let [call, back, latency] = ["call us", "back to back us", "latency us"];
    writeln!(to, "{:<50} {call:>8} {back:>15} {latency:>10} {:>9} {:>7} {:>9}", "", "bytes", "GB/s", "copy GB/s")?;
    for workload in Workload::all() {
        let Workload { req_pool_indices, starts, ends, .. } = &workload;
        let on = &bench.stream;
        let arrays = Arrays {
            table: DeviceBuffer::from_host(on, workload.table().slots())?,
            reqs: DeviceBuffer::from_host(on, req_pool_indices)?,
            starts: DeviceBuffer::from_host(on, starts)?,
            ends: DeviceBuffer::from_host(on, ends)?,
        };
        bench.row::<i32>(&workload, &arrays, to)?;
        bench.row::<i64>(&workload, &arrays, to)?;
    }
    Ok(())
}

/// Bytes of the largest copy.
const COPY_BYTES: usize = 64 << 20;
const LEGEND: &str = "\
call: the host's time of a call. back to back: a launch of many that are waited for once. latency: a call and its wait,
which reads the fault log; median. bytes: what the operation reads and writes, once each. copy: a device-to-device copy
that moves as many in all.
";
const LARGEST: &str = "a device-to-device copy of 64 MiB, bytes read and written";

/// A workload on the device.
struct Arrays {
    table: DeviceBuffer<i32>,
    reqs: DeviceBuffer<i64>,
    starts: DeviceBuffer<i64>,
    ends: DeviceBuffer<i64>,
}

struct Bench<'a> {
    stream: Stream,
    lab: &'a Lab,
    copied: Memory<'a>,
    target: Memory<'a>,
}

/// What is repeated takes about so long, and is repeated at most so often: fewer times than a stream has room for tasks.
const WITHIN: Duration = Duration::from_millis(200);
const MOST: u32 = 500;

impl Bench<'_> {
    /// Both operations on a workload, with one type of output.
    fn row<O: Int>(&self, workload: &Workload, arrays: &Arrays, to: &mut impl Write) -> Result<()> {
        let Workload { req_pool_indices, starts, ends, .. } = workload;
        let table_on_host = workload.table();
        let table = ReqToToken::new(table_on_host.shape(), arrays.table.as_slice())?;
        let (rows, total) = (ends.len(), workload.total());
        let out_bytes = size_of::<O>();

        let mut out = DeviceBuffer::<O>::zeroed(&self.stream, rows)?;
        let last_loc = |out: &mut DeviceBuffer<O>| {
            let (req_pool_indices, prefix_lens) = (arrays.reqs.as_slice(), arrays.ends.as_slice());
            get_last_loc(&self.stream, LastLoc { table, req_pool_indices, prefix_lens, out: out.as_slice_mut() })
        };
        let name = format!("get_last_loc, {}, {}", workload.name, O::TYPE);
        self.line(&name, rows * (2 * 8 + 4 + out_bytes), &mut out, last_loc, to)?;
        let mut expected = vec![O::from_slot(0); rows];
        cpu_ref::get_last_loc(HostLastLoc {
            table: table_on_host,
            req_pool_indices,
            prefix_lens: ends,
            out: &mut expected,
        })?;
        check(&name, &out, &expected)?;

        let mut out = DeviceBuffer::<O>::zeroed(&self.stream, total)?;
        let extend_locs = |out: &mut DeviceBuffer<O>| {
            let (req_pool_indices, out) = (arrays.reqs.as_slice(), out.as_slice_mut());
            let (start_offsets, end_offsets) = (arrays.starts.as_slice(), arrays.ends.as_slice());
            let args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out };
            assign_extend_cache_locs(&self.stream, args)
        };
        let name = format!("assign_extend_cache_locs, {}, {}", workload.name, O::TYPE);
        self.line(&name, rows * 3 * 8 + total * (4 + out_bytes), &mut out, extend_locs, to)?;
        let mut expected = vec![O::from_slot(0); total];
        let (start_offsets, end_offsets, out_on_host) = (&starts[..], &ends[..], &mut expected[..]);
        cpu_ref::assign_extend_cache_locs(HostExtendLocs {
            table: table_on_host,
            req_pool_indices,
            start_offsets,
            end_offsets,
            out: out_on_host,
        })?;
        check(&name, &out, &expected)
    }

    /// A line of the table.
    fn line<O: Int>(
        &self,
        name: &str,
        bytes: usize,
        out: &mut DeviceBuffer<O>,
        enqueue: impl Fn(&mut DeviceBuffer<O>) -> ascend_cache_loc::Result<LaunchId>,
        to: &mut impl Write,
    ) -> Result<()> {
        let mut call = || enqueue(out).map(drop).map_err(Into::into);
        let wait = || self.stream.synchronize().map_err(Into::into);
        let mut call_and_wait = || call().and_then(|()| wait());
        call_and_wait()?;
        let launches = repetitions(median(1, &mut call_and_wait)?, WITHIN, MOST);
        let latency = median(launches, call_and_wait)?.as_nanos() as f64 / 1e3;
        let [called, back_to_back] =
            back_to_back(launches, call, wait)?.map(|time| time.as_nanos() as f64 / 1e3 / f64::from(launches));
        let (rate, copy) = (bytes as f64 / back_to_back / 1e3, self.copy_gb_per_s(bytes)?);
        writeln!(
            to,
            "{name:<50} {called:>8.2} {back_to_back:>15.2} {latency:>10.2} {bytes:>9} {rate:>7.2} {copy:>9.2}"
        )?;
        Ok(())
    }

    /// Of copies on the device that read and write so many bytes in all, back to back as the launches are.
    fn copy_gb_per_s(&self, moved: usize) -> Result<f64> {
        let bytes = moved / 2;
        let copies = |count: u32| {
            let copy = || self.lab.enqueue_copy(&self.target, &self.copied, bytes);
            back_to_back(count, copy, || self.lab.synchronize()).map(|[_, done]| done)
        };
        copies(1)?;
        let count = repetitions(copies(1)?, WITHIN, MOST);
        Ok(f64::from(count) * 2.0 * bytes as f64 / copies(count)?.as_nanos() as f64)
    }
}

/// Whether an output is what the CPU reference makes.
fn check<O: Int>(name: &str, out: &DeviceBuffer<O>, expected: &[O]) -> Result<()> {
    let mut found = vec![O::from_slot(0); expected.len()];
    out.copy_to_host(&mut found)?;
    ensure!(found == expected, "{name}: the output is not that of the CPU reference");
    Ok(())
}
