//! What launches cost on a device, as the crate plans them: the figures of a [`Tuning`], fitted to launches of the two
//! operations on as many cores as are told.
//!
//! With `c` cores a launch takes `a + core * (c - 1) + work / c`: three unknowns for each batch, found by least squares of
//! the relative errors over many `c`. `get_last_loc` gives what a launch, a core and an element cost, a large batch of
//! `assign_extend_cache_locs` what a prepared piece costs and what summing the lengths adds to launch and cores, a small one how
//! much of the sums every batch pays, a few rows on one core a piece, and one long row a byte.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ascend_cache_loc::{
    Device, DeviceBuffer, ExtendLocs, LastLoc, LaunchConfig, ReqToToken, Stream, TableShape, Tuning,
    assign_extend_cache_locs_with, get_last_loc_with,
};

use crate::clock::{back_to_back, repetitions};

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `get_last_loc`
    LastLoc,
    /// `assign_extend_cache_locs`
    Extend,
}

/// A batch on the device: so many requests of so many tokens each, int64 indices, int32 output.
#[derive(Debug)]
pub struct Batch {
    stream: Stream,
    rows: usize,
    tokens: usize,
    slots: DeviceBuffer<i32>,
    reqs: DeviceBuffer<i64>,
    starts: DeviceBuffer<i64>,
    ends: DeviceBuffer<i64>,
    out: DeviceBuffer<i32>,
}

/// The arguments of one operation on a batch, handed to an expression.
macro_rules! with {
    ($batch:expr, $op:expr, $args:ident => $last:expr, $extend:expr) => {{
        let Batch { rows, tokens, slots, reqs, starts, ends, out, .. } = $batch;
        let table = ReqToToken::new(TableShape::new(*rows, *tokens)?, slots.as_slice())?;
        let req_pool_indices = reqs.as_slice();
        match $op {
            Op::LastLoc => {
                let out = out.as_slice_mut().get(..*rows).context("a slot a row")?;
                let $args = LastLoc { table, req_pool_indices, prefix_lens: ends.as_slice(), out };
                $last
            }
            Op::Extend => {
                let (start_offsets, end_offsets) = (starts.as_slice(), ends.as_slice());
                let $args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: out.as_slice_mut() };
                $extend
            }
        }
    }};
}

impl Batch {
    fn new(device: &Device, rows: usize, tokens: usize) -> Result<Self> {
        let stream = device.new_stream()?;
        let slots: Vec<_> = (0..i32::try_from(rows * tokens)?).collect();
        Ok(Self {
            slots: DeviceBuffer::from_host(&stream, &slots)?,
            reqs: DeviceBuffer::from_host(&stream, &(0..rows as i64).rev().collect::<Vec<_>>())?,
            starts: DeviceBuffer::from_host(&stream, &vec![0; rows])?,
            ends: DeviceBuffer::from_host(&stream, &vec![tokens as i64; rows])?,
            out: DeviceBuffer::zeroed(&stream, rows * tokens)?,
            stream,
            rows,
            tokens,
        })
    }

    /// What the crate expects of a launch on so many cores.
    ///
    /// # Errors
    /// Where the device has not as many.
    pub fn planned(&mut self, op: Op, cores: u32) -> Result<Duration> {
        let config = LaunchConfig { cores: Some(cores), ..Default::default() };
        let device = self.stream.device().clone();
        Ok(with!(self, op, args => args.plan(&device, &config)?, args.plan(&device, &config)?).time)
    }

    /// What the simulation's cost model says of a launch, on a machine that keeps what its cores do.
    ///
    /// # Errors
    /// Where a call fails.
    #[cfg(feature = "sim")]
    pub fn modelled(&mut self, machine: &ascend_cache_loc::sim::Machine, op: Op, cores: u32) -> Result<Duration> {
        use ascend_cache_loc::sim::cost::{Costs, End, time};

        self.launches(op, cores, 1)?;
        let device_cores = self.stream.device().info().vector_cores as usize;
        let us = time(&machine.take_core_steps(), device_cores, &Costs::at(End::Middle)).us();
        Ok(Duration::from_secs_f64(us / 1e6))
    }

    /// What a launch of many, one behind the other, takes by the host's clock: the median of three times.
    ///
    /// # Errors
    /// Where a call fails.
    pub fn measured(&mut self, op: Op, cores: u32) -> Result<Duration> {
        self.launches(op, cores, 1)?;
        let count = repetitions(self.launches(op, cores, 1)?, Duration::from_millis(10), 500);
        let mut times = (0..3).map(|_| self.launches(op, cores, count)).collect::<Result<Vec<_>>>()?;
        times.sort();
        Ok(times[1])
    }

    /// So many launches, and a wait: what one takes.
    fn launches(&mut self, op: Op, cores: u32, count: u32) -> Result<Duration> {
        let config = LaunchConfig { cores: Some(cores), ..Default::default() };
        let stream = self.stream.clone();
        let launch = || {
            with!(&mut *self, op, args => get_last_loc_with(&stream, args, &config)?,
                assign_extend_cache_locs_with(&stream, args, &config)?);
            Ok(())
        };
        let [_, done] = back_to_back(count, launch, || Ok(stream.synchronize()?))?;
        Ok(done / count)
    }
}

/// Rows of the large batches, of the small one, and of one on one core whose rows no vector unit prepares.
const MANY: usize = 4096;
const FEW: usize = 32;
const UNPREPARED: usize = 11;
/// Tokens of the long row.
const LONG: usize = 1 << 16;

/// The figures of a device, by what `time` says a launch takes. Writes each time that it is told.
///
/// # Errors
/// Where `time` fails, the device has fewer than four vector cores, or `to` cannot be written.
pub fn tune(
    device: &Device,
    time: &mut dyn FnMut(&mut Batch, Op, u32) -> Result<Duration>,
    to: &mut impl Write,
) -> Result<Tuning> {
    let most = device.info().vector_cores;
    ensure!(most >= 4, "{most} vector cores: four are needed to tell a core from a launch");
    let counts = |from: u32| {
        let some = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 64].into_iter();
        some.filter(move |&cores| from <= cores && cores <= most).collect::<Vec<_>>()
    };
    let mut all = |op: Op, rows: usize, tokens: usize, cores: &[u32]| -> Result<Vec<(f64, f64)>> {
        let mut batch = Batch::new(device, rows, tokens)?;
        let each = cores.iter().map(|&cores| {
            let us = time(&mut batch, op, cores)?.as_secs_f64() * 1e6;
            writeln!(to, "{op:?} {rows:>5} x {tokens:<6} {cores:>3} cores {us:>10.3} us")?;
            Ok((f64::from(cores), us * 1e6))
        });
        each.collect()
    };

    let [launch, core, single] = fit(&all(Op::LastLoc, MANY, 4, &counts(1))?)?;
    let [start, crowded, ready] = fit(&all(Op::Extend, MANY, 4, &counts(2))?)?;
    let two = all(Op::Extend, FEW, 4, &[2])?[0].1;
    let on_one = [(1, 4), (UNPREPARED, 4), (1, LONG)];
    let on_one = on_one.map(|(rows, tokens)| all(Op::Extend, rows, tokens, &[1]).map(|times| times[0].1));
    let [one, some, long] = on_one;
    let (one, some, long) = (one?, some?, long?);

    let (many, few) = (MANY as f64, FEW as f64);
    // A token is 8 bytes, read and written, and an element of get_last_loc 4.
    let byte = (long - one) / (8.0 * (LONG - 4) as f64);
    let piece = (some - one) / (UNPREPARED - 1) as f64 - 32.0 * byte;
    let (element, prepared) = (single / many - 4.0 * byte, ready / many - 32.0 * byte);
    let none = one - piece - 32.0 * byte; // a launch of no row
    let share = (crowded - core) / many;
    let sums_of_few = two - none - core - share * few - few * (prepared + 32.0 * byte) / 2.0;
    let sum_row = (start - none - sums_of_few) / (many - few);
    let figures = [launch, core, element, piece, prepared, byte, sums_of_few - few * sum_row, sum_row, share];
    Ok(figures.map(|ps| ps.max(0.0).round() as u64).into())
}

/// The same, with the figures at the end of what is written.
///
/// # Errors
/// As [`tune()`].
pub fn report(
    device: &Device,
    time: &mut dyn FnMut(&mut Batch, Op, u32) -> Result<Duration>,
    to: &mut impl Write,
) -> Result<Tuning> {
    let tuning = tune(device, time, to)?;
    write!(to, "\n{tuning}")?;
    Ok(tuning)
}

/// `a`, `b` and `d` of `a + b * (c - 1) + d / c`, by times for some `c`.
fn fit(times: &[(f64, f64)]) -> Result<[f64; 3]> {
    let mut rows = [[0.0; 4]; 3];
    for &(cores, time) in times {
        let basis = [1.0, cores - 1.0, 1.0 / cores].map(|term| term / time);
        for (row, left) in rows.iter_mut().zip(basis) {
            for (sum, right) in row.iter_mut().zip(basis.into_iter().chain([1.0])) {
                *sum += left * right;
            }
        }
    }
    // Of the three unknowns the columns that are left of the sign of equality.
    let of = |columns: [usize; 3]| {
        let at = |row: usize, column: usize| rows[row][columns[column]];
        let minor = |a: usize, b: usize| at(1, a) * at(2, b) - at(1, b) * at(2, a);
        at(0, 0) * minor(1, 2) - at(0, 1) * minor(0, 2) + at(0, 2) * minor(0, 1)
    };
    let all = of([0, 1, 2]);
    ensure!(all.abs() > f64::MIN_POSITIVE, "{} core counts do not tell three unknowns apart", times.len());
    Ok([of([3, 1, 2]), of([0, 3, 2]), of([0, 1, 3])].map(|part| part / all))
}
