//! What single things cost, by the host's clock: the difference between many repetitions and one, in one launch each.

use std::time::Duration;

use anyhow::Result;

use super::{GUARD, same};
use crate::Lab;
use crate::clock::{back_to_back, median, repetitions};
use crate::lab::Block;

/// The median time of a launch and the wait for it.
fn time(lab: &Lab, kernel: &'static str, cores: u32, block: Block) -> Result<Duration> {
    median(9, || lab.run(kernel, cores, block))
}

/// A note for one core and for all: what one of a thousand costs.
fn per_one(lab: &Lab, kernel: &'static str, what: &str, block: Block) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for cores in [1, lab.cores()] {
        let once = time(lab, kernel, cores, Block { repeats: 1, ..block })?;
        let repeats = repetitions(once, Duration::from_millis(20), 65);
        let often = time(lab, kernel, cores, Block { repeats, ..block })?;
        let nanos = often.saturating_sub(once).as_nanos() as f64 / f64::from((repeats - 1) * block.count);
        let on = if cores == 1 { "1 core".into() } else { format!("{cores} cores at a time, each") };
        notes.push(format!("on {on}: {nanos:.1} ns a {what}; a launch with 1,000 and its wait {once:.1?}"));
    }
    Ok(notes)
}

/// 4 bytes each, from rows of a table that is larger than the caches of a core.
pub(crate) fn small_copies(lab: &Lab) -> Result<Vec<String>> {
    const COUNT: usize = 1000;
    const APART: usize = 8192 + 16; // elements: not the same place in each page
    const OUT: usize = 1024;
    let table: Vec<i32> = (0..(COUNT * APART) as i32).map(|i| i ^ 0x2a).collect();
    let (table_memory, cores) = (lab.upload(&table)?, lab.cores() as usize);
    let out = lab.upload(&vec![GUARD; cores * OUT])?;
    let block = Block {
        input: table_memory.at(0),
        out: out.at(0),
        count: COUNT as u32,
        size: APART as u32,
        mode: OUT as u32,
        ..Block::default()
    };
    let notes = per_one(lab, "small_copies", "copy", block)?;
    let copied = table.iter().step_by(APART).copied().chain([GUARD; OUT - COUNT]);
    let expected: Vec<i32> = copied.collect::<Vec<_>>().repeat(cores);
    same("copied elements", &out.download::<i32>()?, &expected)?;
    Ok(notes)
}

/// From UB, as the operations read lengths and request indices.
pub(crate) fn scalar_reads(lab: &Lab) -> Result<Vec<String>> {
    let values: Vec<i32> = (0..1000).map(|i| i * 1_000_003).collect();
    let (input, cores) = (lab.upload(&values)?, lab.cores() as usize);
    let out = lab.upload(&vec![i64::from(GUARD); cores * 8])?;
    let block = Block { input: input.at(0), out: out.at(0), count: 1000, ..Block::default() };
    let notes = per_one(lab, "scalar_reads", "read", block)?;
    lab.run("scalar_reads", lab.cores(), Block { repeats: 2, ..block })?;
    let sum = 2 * values.iter().map(|&value| i64::from(value)).sum::<i64>();
    let line = [&[sum][..], &[i64::from(GUARD); 7]].concat();
    same("sums", &out.download::<i64>()?, &line.repeat(cores))?;
    Ok(notes)
}

/// Of the empty kernel: the call, the launch back to back, and the launch with its wait.
pub(crate) fn launches(lab: &Lab) -> Result<Vec<String>> {
    let mut notes = vec!["  cores   the call   back to back   with a wait".into()];
    let powers = (0..).map(|exponent| 1 << exponent).take_while(|&cores| cores < lab.cores());
    for cores in powers.chain([lab.cores()]) {
        let wait = time(lab, "empty", cores, Block::default())?;
        let launches = repetitions(wait, Duration::from_millis(100), 1000);
        let launch = || lab.enqueue("empty", cores, Block::default());
        let [called, done] = back_to_back(launches, launch, || lab.synchronize())?;
        let [call, back_to_back, wait] =
            [called / launches, done / launches, wait].map(|time| format!("{:.2} us", time.as_nanos() as f64 / 1e3));
        notes.push(format!("{cores:>7} {call:>10} {back_to_back:>14} {wait:>13}"));
    }
    Ok(notes)
}
