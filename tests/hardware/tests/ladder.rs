//! The ladder, climbed on a simulated device; and that each rung can find a difference.

#![cfg(feature = "sim")]

use std::time::Duration;

use ascend_cache_loc::Tuning;
use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc_hardware::ladder::{LADDER, Rung, climb};
use ascend_cache_loc_hardware::{Lab, measure, tune};

fn machine() -> Machine {
    machine_of(4)
}

fn machine_of(vector_cores: u32) -> Machine {
    let mut config = SimConfig::default();
    config.vector_cores = vector_cores;
    Machine::new(config).unwrap()
}

/// Whether the top was reached, and what was written.
fn climbed(rungs: &[Rung], lab: &Lab) -> (bool, String) {
    let mut text = Vec::new();
    let top = climb(rungs, lab, &mut text).unwrap();
    (top, String::from_utf8(text).unwrap())
}

#[test]
fn every_rung_is_as_expected() {
    let machine = machine();
    let lab = Lab::simulated(&machine).unwrap();
    let (top, text) = climbed(LADDER, &lab);
    assert!(top, "{text}");
    assert_eq!(text.matches(": as expected\n").count(), LADDER.len(), "{text}");
    for note in ["a 32-byte block: reported", "a 64-byte line: reported", "two lines: all of 2000", "Mul wraps"] {
        assert!(text.contains(note), "{note}: {text}");
    }
    drop(lab);
    assert_eq!((machine.device_allocations(), machine.streams()), (0, 1), "the default stream is left");
}

/// What the documentation leaves open may be either way.
#[test]
fn a_device_that_saturates_is_as_expected_too() {
    let mut config = SimConfig::default();
    config.cores.vary = true; // every other launch saturates
    let machine = Machine::new(config).unwrap();
    let lab = Lab::simulated(&machine).unwrap();
    let overflow = LADDER.iter().find(|rung| rung.name == "int32 overflow").unwrap();
    let (first, second) = (climbed(&[*overflow], &lab), climbed(&[*overflow], &lab));
    assert!(first.0 && first.1.contains("Add wraps"), "{}", first.1);
    assert!(second.0 && second.1.contains("Add saturates"), "{}", second.1);
}

/// No rung is content with a device on which kernels do nothing, but for those whose kernels do nothing.
#[test]
fn each_rung_finds_out_a_device_that_does_nothing() {
    for rung in LADDER {
        let machine = machine();
        let lab = Lab::simulated(&machine).unwrap();
        (1..=2000).for_each(|nth| machine.skip_launch(nth));
        let (top, text) = climbed(&[*rung], &lab);
        let empty = ["an empty kernel", "launches by number of cores, timed"].contains(&rung.name);
        assert_eq!(top, empty, "{text}");
        assert_eq!(text.contains("DIFFERENT\n"), !empty, "{text}");
    }
}

#[test]
fn it_stops_at_the_first_difference() {
    let machine = machine();
    let lab = Lab::simulated(&machine).unwrap();
    let (good, bad) = (LADDER[0], Rung { name: "bad", run: |_| anyhow::bail!("element 3 is 4") });
    let (top, text) = climbed(&[good, bad, good], &lab);
    assert!(!top);
    assert_eq!(
        text,
        " 1/3 an empty kernel: as expected\n      Ascend910B3 on 4 vector cores\n 2/3 bad: DIFFERENT\n      element 3 is 4\n"
    );
    machine.fail_launch(1, 507_035);
    let (top, text) = climbed(LADDER, &lab);
    assert!(!top && text.starts_with(" 1/11 an empty kernel: DIFFERENT\n") && text.contains("507035"), "{text}");
}

/// Nor does one that hangs stop the program.
#[test]
fn a_kernel_that_hangs_is_a_difference() {
    let machine = machine();
    let mut lab = Lab::simulated(&machine).unwrap();
    lab.set_patience(Duration::from_millis(50));
    machine.hang_launch(2);
    let (top, text) = climbed(LADDER, &lab);
    assert!(!top && text.starts_with(" 1/11 an empty kernel: DIFFERENT\n") && text.contains("507046"), "{text}");
    drop(lab);
    assert_eq!(machine.streams(), 2, "destroying the stream would wait");
    machine.release_hangs();
}

#[test]
fn measuring_shows_both_operations_on_every_batch() {
    let machine = machine();
    let lab = Lab::simulated(&machine).unwrap();
    let mut text = Vec::new();
    measure::measure(&machine.open(0).unwrap(), &lab, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    for (operation, lines) in [("get_last_loc, ", 10), ("assign_extend_cache_locs, ", 10)] {
        assert_eq!(text.lines().filter(|line| line.starts_with(operation)).count(), lines, "{text}");
    }
}

/// What a device is planned with is found again by times that are as planned; those of a simulated one mean nothing, but are
/// a file.
#[test]
fn a_device_is_tuned() {
    let mut config = SimConfig::default();
    config.vector_cores = 40;
    let machine = Machine::new(config).unwrap();
    let device = machine.open(0).unwrap();
    let known = Tuning {
        launch_ps: 3_210_000,
        core_ps: 200_000,
        element_ps: 40_000,
        piece_ps: 70_000,
        prepared_ps: 50_000,
        byte_ps: 33,
        sums_ps: 900_000,
        sum_row_ps: 2_500,
        share_row_ps: 40,
    };
    device.tune(known);
    let mut text = Vec::new();
    let found = tune::tune(&device, &mut tune::Batch::planned, &mut text).unwrap();
    let figures = |tuning: Tuning| {
        let text = tuning.to_string();
        let of = |line: &str| line.split(' ').next_back().unwrap().parse::<f64>().unwrap();
        text.lines().skip(1).map(of).collect::<Vec<_>>()
    };
    for (found, known) in figures(found).into_iter().zip(figures(known)) {
        assert!((found / known - 1.0).abs() < 0.02, "{found} for {known}\n{}", String::from_utf8_lossy(&text));
    }

    // The default is what the cost model gives; of a byte a little more, with which one row of 65,536 tokens goes to nine
    // cores, in two tiles each; and of the sums what batches pay whose rows the vector unit does not look at meanwhile, as it
    // does of the few rows that they are measured by.
    let mut config = SimConfig::default();
    config.cores.steps = true;
    let machine = Machine::new(config).unwrap();
    let modelled = &mut |batch: &mut tune::Batch, op, cores| batch.modelled(&machine, op, cores);
    let found = tune::tune(&machine.open(0).unwrap(), modelled, &mut Vec::new()).unwrap();
    for (found, default) in figures(found).into_iter().zip(figures(Tuning::default())) {
        let known = [(8.0, 10.0), (393_832.0, 510_000.0)].contains(&(found, default));
        assert!((found / default - 1.0).abs() < 0.08 || known, "{found} for {default}");
    }

    let small = machine_of(4);
    let mut text = Vec::new();
    let tuning = tune::report(&small.open(0).unwrap(), &mut tune::Batch::measured, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (_, file) = text.split_once("\n\n").unwrap();
    assert_eq!(file.parse(), Ok(tuning), "{text}");
    let refused = tune::tune(&machine_of(3).open(0).unwrap(), &mut tune::Batch::planned, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.to_string(), "3 vector cores: four are needed to tell a core from a launch");
}
