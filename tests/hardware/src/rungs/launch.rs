//! That kernels start, and with the arguments that they were given.

use anyhow::Result;

use super::{GUARD, same};
use crate::Lab;
use crate::lab::Block;

pub(crate) fn empty(lab: &Lab) -> Result<Vec<String>> {
    lab.run("empty", 1, Block::default())?;
    lab.run("empty", lab.cores(), Block::default())?;
    Ok(vec![format!("{} on {} vector cores", lab.soc(), lab.cores())])
}

/// The block of `assign_extend_cache_locs`, every byte of it different from its neighbours: words of 64 bits, or of two
/// fields with 32. The address of its fifth array is written to.
pub(crate) fn echo(lab: &Lab) -> Result<Vec<String>> {
    const FIELDS: usize = 35;
    /// Head, arrays, capacity, and what is behind them.
    const HALVES: [bool; 24] = {
        let mut halves = [false; 24];
        let mut array = 0;
        while array < 6 {
            halves[2 + 3 * array] = true;
            array += 1;
        }
        let mut last = 19;
        while last < 24 {
            halves[last] = true;
            last += 1;
        }
        halves
    };
    let out = lab.upload(&[i64::from(GUARD); FIELDS + 4])?;
    let mut words: Vec<u64> = (1..=24).map(|word| 0x0102_0304_0506_0708_u64.wrapping_mul(word)).collect();
    words[15] = out.at(0);
    lab.enqueue_words("echo", 1, &words)?;
    lab.synchronize()?;
    let mut expected: Vec<i64> = Vec::new();
    for (word, halves) in words.into_iter().zip(HALVES) {
        match halves {
            true => expected.extend([(word & 0xffff_ffff).cast_signed(), (word >> 32).cast_signed()]),
            false => expected.push(word.cast_signed()),
        }
    }
    expected.extend([i64::from(GUARD); 4]);
    same("field", &out.download::<i64>()?, &expected)?;
    Ok(Vec::new())
}
