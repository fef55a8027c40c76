//! The clocks, on kernels of which the time can be told by hand.

use ascend_cache_loc::sim::cost::{self, Costs, End};
use ascend_cache_loc::sim::{Pipe, Step};
use cost_tests::{calibration, steps};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} is not {b}");
}

/// One copy in on one core, by its figures.
#[test]
fn a_copy() {
    let copy = steps::copy_in(1 << 20, 4096);
    for costs in End::ALL.map(Costs::at) {
        let us = cost::time(&[vec![copy]], 48, &costs).us();
        let bytes = 4096.0 / costs.read_bandwidth;
        close(1000.0 * us, costs.launch + costs.kernel_start + costs.call + costs.read_trip + bytes);
    }
}

/// A second copy's trip is under way with the first one's; its bytes are not. Where it waits for the first, nothing is.
#[test]
fn two_copies() {
    let costs = Costs::at(End::Middle);
    let first = steps::copy_in(1 << 20, 4096);
    let second = steps::copy_in(1 << 21, 4096);
    let ns = |steps: &[Step]| 1000.0 * cost::time(&[steps.to_vec()], 48, &costs).us();
    let bytes = 4096.0 / costs.read_bandwidth;
    let one = ns(&[first]);
    close(ns(&[first, second]) - one, bytes);
    let waits = steps::after(second, [0, 0, 1, 0]);
    close(ns(&[first, waits]) - one, costs.read_trip + bytes);
}

/// A block that does not begin at a 32-byte one, and a short one, count as more than their bytes.
#[test]
fn bytes_that_count() {
    let costs = Costs::at(End::Middle);
    let ns = |address, bytes| 1000.0 * cost::time(&[vec![steps::copy_in(address, bytes)]], 48, &costs).us();
    let more = |a: f64, b: f64| close((a - b) * costs.read_bandwidth, 0.0);
    more(ns(1 << 20, 4), ns(1 << 20, 128));
    close((ns((1 << 20) + 2, 2048) - ns(1 << 20, 2048)) * costs.read_bandwidth, 512.0);
    close((ns((1 << 20) + 4, 4) - ns(1 << 20, 4)) * costs.read_bandwidth, costs.short_line_bytes - costs.block_bytes);
}

/// Cores that read one address at once share less than cores that read their own.
#[test]
fn same_address() {
    let costs = Costs::at(End::Middle);
    let us = |apart: u64| {
        let blocks: Vec<_> = (0..48).map(|core| vec![steps::copy_in((1 << 30) + core * apart, 1 << 16)]).collect();
        1000.0 * cost::time(&blocks, 48, &costs).us()
    };
    let fixed = us(1 << 20) - 48.0 * 65_536.0 / costs.all_bandwidth;
    close(us(0) - fixed, 48.0 * 65_536.0 / costs.same_bandwidth);
}

/// A launch of more blocks than cores: a core that is done takes the next.
#[test]
fn waves() {
    let costs = Costs::at(End::Middle);
    let block = vec![steps::copy_in(1 << 20, 4096)];
    let ns = |blocks: usize| 1000.0 * cost::time(&vec![block.clone(); blocks], 1, &costs).us();
    let work = ns(1) - costs.launch - costs.kernel_start;
    close(ns(3) - ns(1), 2.0 * (work + costs.further_block));
}

/// Values from GM: a line is read once, and two lines are under way at a time.
#[test]
fn scalar_reads_of_gm() {
    let costs = Costs::at(End::Middle);
    let ns = |addresses: &[u64]| {
        let steps = addresses.iter().map(|&address| steps::gm_get(address, 4)).collect();
        1000.0 * cost::time(&[steps], 48, &costs).us() - costs.launch - costs.kernel_start
    };
    let value = costs.call + costs.scalar_work + costs.gm_hit;
    close(ns(&[0, 4, 8]), 3.0 * value + costs.gm_miss);
    close(ns(&[0, 64]), 2.0 * value + costs.gm_miss + costs.gm_miss_next);
    close(ns(&[0, 64, 128]), 3.0 * value + 2.0 * costs.gm_miss + costs.gm_miss_next);
}

/// The parts of a time add up to it; its ends are in order.
#[test]
fn parts() {
    for measured in calibration::all() {
        let mut before = 0.0;
        for costs in End::ALL.map(Costs::at) {
            let schedule = cost::time(measured.steps(), 48, &costs);
            close(schedule.path().parts().iter().map(|part| part.1).sum(), schedule.us());
            assert!(schedule.us() > before, "{}: its ends", measured.name);
            before = schedule.us();
        }
    }
}

/// What waits begins when what it waits for is complete, in every pipe of every kernel.
#[test]
fn order() {
    let costs = Costs::at(End::Middle);
    for measured in calibration::all() {
        let schedule = cost::time(measured.steps(), 48, &costs);
        for (block, steps) in measured.steps().iter().enumerate() {
            let ends = [Pipe::S, Pipe::V, Pipe::Mte2, Pipe::Mte3].map(|pipe| {
                let instructions = schedule.spans(block, pipe).filter(|span| span.step.kind.is_instruction());
                instructions.map(|span| span.ns.1).collect::<Vec<_>>()
            });
            for pipe in [Pipe::V, Pipe::Mte2, Pipe::Mte3] {
                for span in schedule.spans(block, pipe) {
                    for (ends, &known) in ends.iter().zip(&span.step.known) {
                        assert!(known == 0 || ends[known as usize - 1] <= span.ns.0 + 1e-6, "{:?}", span.step);
                    }
                }
            }
            let all: usize =
                [Pipe::S, Pipe::V, Pipe::Mte2, Pipe::Mte3].map(|pipe| schedule.spans(block, pipe).count()).iter().sum();
            assert_eq!(all, steps.len());
        }
    }
}
