//! The transcriptions compute what the operations do, and do what the vendor's compiler makes of the originals.

use std::sync::Arc;

use ascend_cache_loc::sim::{Pipe, Step, StepKind};
use ascend_cache_loc::{IntType, TableShape};
use cost_tests::peers::pull_request_261;
use harness::case::{Case, Dtypes, Table};
use harness::operation::by_name;

/// A batch of rows with so many tokens each, on rows of a small table.
fn case(op: &str, index: IntType, lens: &[i64]) -> Case {
    let shape = TableShape::new(64, 300).expect("a table");
    let table = Table { shape, slots: (0..64 * 300).map(|slot| slot * 7 % 20_011).collect() };
    let requests = (0..lens.len() as i64).map(|i| i * 5 % 64).collect();
    let starts: Vec<i64> = (0..lens.len() as i64).map(|i| i * 11 % 40).collect();
    let ends: Vec<i64> = starts.iter().zip(lens).map(|(start, len)| start + len).collect();
    let total = lens.iter().sum::<i64>() as usize;
    let (arrays, out_len) = match op {
        "get_last_loc" => (vec![requests, ends], lens.len()),
        _ => (vec![requests, starts, ends], total),
    };
    let dtypes = Dtypes::of_each(index, index, IntType::I32);
    Case::new(by_name(op).expect("an operation"), dtypes, Arc::new(table), arrays, out_len)
}

fn lens(n: i64) -> Vec<i64> {
    (0..n).map(|i| [1, 2, 0, 33, 8, 64, 5][i as usize % 7]).collect()
}

#[test]
fn results() {
    for index in [IntType::I32, IntType::I64] {
        for n in [1, 2, 3, 4, 5, 17, 300, 513] {
            for op in ["get_last_loc", "assign_extend_cache_locs"] {
                let case = case(op, index, &lens(n));
                let (out, _) = pull_request_261(&case).expect("it has the kernel");
                assert_eq!(out, case.expected().written.outs[0], "{op}, {index}, {n} rows");
            }
        }
    }
}

fn count(steps: &[Step], of: impl Fn(&&Step) -> bool) -> usize {
    steps.iter().filter(of).count()
}

/// What one program does, in number. A program of `assign_extend_cache_locs` makes one turn for 32 tokens.
#[test]
fn structure() {
    let kind = |kind| move |step: &&Step| step.kind == kind;
    let copies = |pipe| move |step: &&Step| step.kind == StepKind::Copy && step.pipe == pipe;
    for (index, gets, sets, flags) in [(IntType::I64, 16, 8, 6), (IntType::I32, 8, 4, 4)] {
        let (_, programs) = pull_request_261(&case("get_last_loc", index, &lens(300))).expect("it has the kernel");
        assert_eq!(programs.len(), 75);
        let steps = &programs[40];
        assert_eq!(count(steps, kind(StepKind::GmGet)), 4);
        assert_eq!(count(steps, copies(Pipe::Mte2)), 3);
        assert_eq!(count(steps, copies(Pipe::Mte3)), 1);
        assert_eq!(count(steps, kind(StepKind::UbGet)), gets);
        assert_eq!(count(steps, kind(StepKind::UbSet)), sets);
        assert_eq!(count(steps, kind(StepKind::WaitFlag)), flags);
    }
    for (index, before, turn) in [(IntType::I64, 7, 4), (IntType::I32, 5, 2)] {
        let all = case("assign_extend_cache_locs", index, &[vec![8; 299], vec![100]].concat());
        let (_, programs) = pull_request_261(&all).expect("it has the kernel");
        assert_eq!(programs.len(), 300);
        for (steps, turns) in [(&programs[150], 1), (&programs[299], 4)] {
            assert_eq!(count(steps, kind(StepKind::GmGet)), 3);
            assert_eq!(count(steps, copies(Pipe::Mte2)), 2 + turns);
            assert_eq!(count(steps, copies(Pipe::Mte3)), turns);
            assert_eq!(count(steps, kind(StepKind::UbGet)), 1);
            assert_eq!(count(steps, kind(StepKind::UbSet)), 0);
            assert_eq!(count(steps, kind(StepKind::SetFlag)), before + turn * turns);
            assert_eq!(count(steps, |step| step.name == "PipeBarrier" && step.pipe == Pipe::Mte3), turns);
            // Zeros over two buffers, two casts, a difference, a sum.
            assert_eq!(count(steps, |step| step.kind == StepKind::Vector), 5);
        }
    }
}
