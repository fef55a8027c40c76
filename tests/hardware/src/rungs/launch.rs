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

/// The block of `assign_extend_cache_locs`, every byte of it different from its neighbours: eight 64-bit fields, the fifth
/// of them the address that is written to, and twelve of 32 bits.
pub(crate) fn echo(lab: &Lab) -> Result<Vec<String>> {
    const FIELDS: usize = 20;
    let out = lab.upload(&[i64::from(GUARD); FIELDS + 4])?;
    let mut words: Vec<u64> = (1..=14).map(|word| 0x0102_0304_0506_0708 * word).collect();
    words[4] = out.at(0);
    lab.enqueue_words("echo", 1, &words)?;
    lab.synchronize()?;
    let mut expected: Vec<i64> = words[..8].iter().map(|word| word.cast_signed()).collect();
    for word in &words[8..] {
        expected.extend([(word & 0xffff_ffff).cast_signed(), (word >> 32).cast_signed()]);
    }
    expected.extend([i64::from(GUARD); 4]);
    same("field", &out.download::<i64>()?, &expected)?;
    Ok(Vec::new())
}
