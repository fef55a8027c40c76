//! DataCopyPad as the operations use it, and what they avoid.

use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use bytemuck::Pod;

use super::{GUARD, same};
use crate::Lab;
use crate::lab::Block;

/// Elements of 4 and 8 bytes from and to any element's address, of any number: exactly these are written, in device memory
/// and, in whole blocks, in UB.
pub(crate) fn unaligned(lab: &Lab) -> Result<Vec<String>> {
    copies::<i32>(lab).context("int32")?;
    copies::<i64>(lab).context("int64")?;
    Ok(Vec::new())
}

/// Words of UB around the copy, as in kernels/copy.cpp; what they hold, and where the copy begins.
const UB_WORDS: usize = 1024;
const UB_FILL: i32 = 0x5a5a_5a5a;
const UB_BEFORE: usize = 8;

fn copies<T: Pod + PartialEq + std::fmt::Debug>(lab: &Lab) -> Result<()> {
    const ROOM: usize = 512;
    let size = size_of::<T>();
    let bytes: Vec<u8> = (0..ROOM * size).map(|i| (i * 7 + i / 256) as u8).collect();
    let data: &[T] = bytemuck::cast_slice(&bytes);
    let input = lab.upload(data)?;
    let guard: Vec<i32> = vec![GUARD; ROOM * size / 4];
    let around_guard = [GUARD; UB_WORDS];
    for from in 0..64 / size {
        for to in [0, 1, 3, 32 / size, 64 / size - 1] {
            for count in [1, 2, 32 / size - 1, 32 / size, 32 / size + 1, 64 / size, 64 / size + 3, 333] {
                let (out, around) = (lab.upload(&guard)?, lab.upload(&around_guard)?);
                let (begin, end) = (16 + to, 16 + to + count);
                let block = Block {
                    input: input.at(from * size),
                    out: out.at(begin * size),
                    more: around.at(0),
                    count: count as u32,
                    size: size as u32,
                    ..Block::default()
                };
                lab.run("copy", 1, block)?;
                let what = format!("{count} elements from {from} to {to}");
                let mut expected: Vec<T> = bytemuck::cast_slice(&guard).to_vec();
                expected[begin..end].copy_from_slice(&data[from..from + count]);
                same(&what, &out.download::<T>()?, &expected)?;
                // In UB the copy fills whole blocks, which the kernel does not show.
                let hidden: Range<usize> = UB_BEFORE..UB_BEFORE + (count * size).div_ceil(32) * 8;
                let mut expected = vec![UB_FILL; UB_WORDS];
                expected[hidden].fill(GUARD);
                same(&format!("{what}: UB around it"), &around.download::<i32>()?, &expected)?;
            }
        }
    }
    Ok(())
}

/// Two cores store pieces of 16, 32 and 64 bytes in turn: pieces of a block, blocks of a line, lines. The operations rely
/// on the last alone.
pub(crate) fn neighbours(lab: &Lab) -> Result<Vec<String>> {
    const ROUNDS: usize = 1000;
    const CORES: usize = 2;
    const PIECES: usize = CORES * ROUNDS;
    const LINE: usize = 16; // int32 elements
    const REPORT: &str = "writes into a 64-byte line that another core writes into";
    ensure!(lab.cores() as usize >= CORES, "one vector core");
    let lines: Vec<i32> = (0..(PIECES * LINE) as i32).collect();
    let input = lab.upload(&lines)?;
    let mut notes = Vec::new();
    for (bytes, place) in [(16, "a 32-byte block"), (32, "a 64-byte line"), (64, "two lines")] {
        let count = bytes / 4;
        let out = lab.upload(&vec![GUARD; PIECES * count])?;
        ensure!(out.at(0) % 64 == 0, "device memory at {:#x} begins within a line", out.at(0));
        let block = Block {
            input: input.at(0),
            out: out.at(0),
            size: bytes as u32,
            repeats: ROUNDS as u32,
            ..Block::default()
        };
        let ran = lab.run("neighbours", CORES as u32, block);
        // A simulation has to say that this is not to be relied on, and no device says it.
        if bytes < 64 && ran.as_ref().is_err_and(|report| report.to_string().contains(REPORT)) {
            notes.push(format!("{place}: reported by the simulation"));
            continue;
        }
        ensure!(bytes == 64 || !lab.is_simulated() || ran.is_err(), "{place}: the simulation has not reported it");
        ran?;
        let piece = |core: usize, round: usize| &lines[(core * ROUNDS + round) * LINE..][..count];
        let expected = (0..PIECES).flat_map(|i| piece(i % CORES, i / CORES)).copied().collect::<Vec<_>>();
        let found = out.download::<i32>()?;
        let lost =
            found.chunks(count).zip(expected.chunks(count)).filter(|(found, expected)| found != expected).count();
        match (lost, bytes) {
            (0, _) => notes.push(format!("{place}: all of {PIECES} pieces arrived")),
            (_, 64) => bail!("{place}: {lost} of {PIECES} lines did not arrive"),
            _ => notes.push(format!("{place}: {lost} of {PIECES} pieces did not arrive; no kernel relies on it")),
        }
    }
    Ok(notes)
}
