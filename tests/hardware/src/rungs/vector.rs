//! Vector instructions whose documentation is thin, or says what surprises.

use anyhow::{Result, ensure};

use super::{GUARD, same};
use crate::Lab;
use crate::lab::Block;

/// The four ways of `kernels/gather_mask.cpp`.
pub(crate) fn gather_mask(lab: &Lab) -> Result<Vec<String>> {
    const REPEAT: usize = 64; // elements
    let mut rng = fastrand::Rng::with_seed(6);
    let mut at_once = true;
    for count in [REPEAT, 3 * REPEAT, 16 * REPEAT] {
        let source: Vec<i32> = (0..count as i32).map(|i| i * 31 + 5).collect();
        for (mode, name) in [(0, "counter mode"), (1, "counter mode, odd"), (2, "normal mode"), (3, "normal mode, odd")]
        {
            let bits: Vec<bool> = (0..count).map(|i| if mode % 2 == 1 { i % 2 == 1 } else { rng.bool() }).collect();
            // In counter mode the pattern goes on, in normal mode each repeat has a block of its own for two words.
            let words = bits.chunks(32).map(|bits| bits.iter().rev().fold(0, |word, &bit| word << 1 | i32::from(bit)));
            let pattern: Vec<i32> = match mode {
                0 | 1 => words.collect(),
                _ => words.collect::<Vec<_>>().chunks(2).flat_map(|two| [two[0], two[1], 0, 0, 0, 0, 0, 0]).collect(),
            };
            let input = lab.upload(&[&source[..], &pattern].concat())?;
            let (out, more) = (lab.upload(&vec![GUARD; count + 8])?, lab.upload(&[i64::from(GUARD); 2])?);
            let block = Block {
                input: input.at(0),
                out: out.at(0),
                more: more.at(0),
                count: count as u32,
                mode,
                ..Block::default()
            };
            lab.run("gather_mask", 1, block)?;
            let mut expected: Vec<i32> = source.iter().zip(&bits).filter(|(_, kept)| **kept).map(|(&x, _)| x).collect();
            let kept = expected.len() as i64;
            expected.resize(count, -1);
            expected.extend([GUARD; 8]);
            same(&format!("{name}, {count} elements"), &out.download::<i32>()?, &expected)?;
            at_once &= more.download::<i64>()? == [kept, i64::from(GUARD)];
        }
    }
    let right = if at_once { "right" } else { "wrong; no kernel reads it" };
    Ok(vec![format!("the number of kept elements, read behind a V_S flag: {right}")])
}

/// Values at which something could go wrong, each against each.
fn pairs() -> (Vec<i32>, Vec<i32>) {
    let values = [
        0,
        1,
        -1,
        2,
        -2,
        7,
        0x7fff,
        0x8000,
        0xffff,
        0x1_0000,
        -0x8000,
        46_341,
        i32::MAX - 1,
        i32::MAX,
        i32::MIN,
        i32::MIN + 1,
    ];
    values.iter().flat_map(|&a| values.map(|b| (a, b))).unzip()
}

/// Runs kernels/arithmetic.cpp on the pairs; gives so many results.
fn arithmetic(lab: &Lab, mode: u32, results: usize) -> Result<Vec<Vec<i32>>> {
    let (a, b) = pairs();
    let input = lab.upload(&[&a[..], &b].concat())?;
    let out = lab.upload(&vec![GUARD; results * a.len() + 8])?;
    let block = Block { input: input.at(0), out: out.at(0), count: a.len() as u32, mode, ..Block::default() };
    lab.run("arithmetic", 1, block)?;
    let found = out.download::<i32>()?;
    same("past the results", &found[results * a.len()..], &[GUARD; 8])?;
    Ok(found.chunks(a.len()).take(results).map(<[i32]>::to_vec).collect())
}

pub(crate) fn or(lab: &Lab) -> Result<Vec<String>> {
    let (a, b) = pairs();
    let expected: Vec<i32> = a.iter().zip(&b).map(|(a, b)| a | b).collect();
    same("a | b", &arithmetic(lab, 0, 1)?[0], &expected)?;
    Ok(Vec::new())
}

/// Exact where the result fits; elsewhere wrapped, saturated, or neither: no kernel relies on it.
pub(crate) fn overflow(lab: &Lab) -> Result<Vec<String>> {
    let (a, b) = pairs();
    type Exact = fn(i64, i64) -> i64;
    let operations: [(&str, Exact); 3] = [("Add", |a, b| a + b), ("Sub", |a, b| a - b), ("Mul", |a, b| a * b)];
    let mut notes = Vec::new();
    for ((name, exact), found) in operations.into_iter().zip(arithmetic(lab, 1, 3)?) {
        let (mut wraps, mut saturates) = (true, true);
        for ((&a, &b), &found) in a.iter().zip(&b).zip(&found) {
            let exact = exact(a.into(), b.into());
            match i32::try_from(exact) {
                Ok(exact) => ensure!(found == exact, "{name} of {a} and {b} is {found}"),
                Err(_) => {
                    wraps &= found == exact as i32;
                    saturates &= found == if exact < 0 { i32::MIN } else { i32::MAX };
                }
            }
        }
        let does = match (wraps, saturates) {
            (true, _) => "wraps",
            (_, true) => "saturates",
            _ => "neither wraps nor saturates",
        };
        notes.push(format!("{name} {does}"));
    }
    Ok(notes)
}

pub(crate) fn cast(lab: &Lab) -> Result<Vec<String>> {
    let narrow: Vec<i32> = pairs().0;
    let wide: Vec<i64> = narrow.iter().map(|&x| x.into()).collect();
    let run = |input: u64, out: u64, mode: u32| {
        lab.run("cast", 1, Block { input, out, count: narrow.len() as u32, mode, ..Block::default() })
    };
    let (narrow_memory, wide_memory) = (lab.upload(&narrow)?, lab.upload(&wide)?);
    let out = lab.upload(&vec![i64::from(GUARD); narrow.len() + 4])?;
    run(narrow_memory.at(0), out.at(0), 0)?;
    same("to int64", &out.download::<i64>()?, &[&wide[..], &[i64::from(GUARD); 4]].concat())?;
    let out = lab.upload(&vec![GUARD; narrow.len() + 8])?;
    run(wide_memory.at(0), out.at(0), 1)?;
    same("to int32", &out.download::<i32>()?, &[&narrow[..], &[GUARD; 8]].concat())?;

    // Out of range: no kernel relies on it.
    let far = i64::from(i32::MAX) + 7;
    let beyond: Vec<i64> = wide.iter().map(|&x| if x < 0 { -far } else { far }).collect();
    let beyond_memory = lab.upload(&beyond)?;
    run(beyond_memory.at(0), out.at(0), 1)?;
    let found = out.download::<i32>()?;
    let all = |expected: fn(i64) -> i32| beyond.iter().zip(&found).all(|(&x, &found)| found == expected(x));
    let does = match () {
        () if all(|x| if x < 0 { i32::MIN } else { i32::MAX }) => "saturate",
        () if all(|x| x as i32) => "lose their high words",
        () => "do neither saturate nor lose their high words",
    };
    Ok(vec![format!("int64 values out of range {does} ({} became {})", beyond[0], found[0])])
}
