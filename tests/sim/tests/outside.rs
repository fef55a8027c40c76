//! Accesses outside their buffer, their array, or all memory: what the report says, and what is done all the same.

use ascend_cache_loc::sim::{Access, Array, Findings, Launch, LaunchError, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, run};

/// int32 elements of each array; `kElements` in kernels/planted/planted.h.
const ELEMENTS: usize = 16384;
const BYTES: u64 = 4 * ELEMENTS as u64;
/// Bytes of each allocation behind its array.
const SPARE: usize = 4096;

/// What the kernel's one launch with these arrays found, and the output's allocation afterwards.
fn findings(kernel: &str, blocks: u32) -> (Findings, u64, u64, Vec<u8>) {
    let mut input = Gm::new(&[1; BYTES as usize + SPARE], 0);
    let mut output = Gm::new(&[0; BYTES as usize + SPARE], 0);
    let argument = argument(&[input.address(), output.address()]);
    let declared = |gm: &mut Gm, access| Array { bytes: BYTES, ..gm.array(access) };
    let arrays = [declared(&mut input, Access::Read), declared(&mut output, Access::ReadWrite)];
    let Err(LaunchError::Reports(found)) = run(&Launch::new(kernel, blocks, &argument, &arrays)) else {
        panic!("{kernel} is silent")
    };
    (*found, input.address(), output.address(), output.as_bytes().to_vec())
}

/// The first bad byte, how many, and whether they are written.
#[test]
fn reports_name_their_bytes() {
    for (kernel, in_input, address, bytes, writes) in [
        ("gm_write_block_past_array", false, BYTES, 4, true),
        ("gm_write_past_array", false, BYTES, 4, true),
        ("gm_read_past_array", true, BYTES, 4, false),
        ("gm_read_scalar_past_array", true, BYTES, 4, false),
        ("gm_read_before_allocation", true, 0_u64.wrapping_sub(4), 4, false),
        ("gm_read_past_allocation", true, BYTES + SPARE as u64, 4, false),
        ("gm_write_past_allocation", false, BYTES + SPARE as u64, 4, true),
        ("gm_forbidden", true, 0, 32, true),
    ] {
        let (found, input, output, _) = findings(kernel, 1);
        let [report] = &found.reports[..] else { panic!("{kernel}: {found}") };
        let base = if in_input { input } else { output };
        assert_eq!((report.address, report.bytes), (base.wrapping_add(address), bytes), "{kernel}");
        assert_eq!(report.at.writes, writes, "{kernel}");
    }
    for (kernel, address, bytes, writes) in [
        ("ub_overrun", 196_608, 32, true),
        ("ub_outside_buffer", 4096, 4, true),
        ("ub_outside_buffer_copy", 4096, 32, true),
        ("ub_outside_buffer_scalar", 4096, 4, true),
        ("ub_misaligned", 4, 32, true),
        ("ub_misaligned_copy", 16, 4, false),
        ("ub_unwritten", 32, 4, false),
        ("ub_unwritten_tail", 12, 4, false),
        ("operands_overlap", 32, 32, true),
        ("pipe_buffer_of_no_bytes", 8192, 32, true),
        ("race_mte2_v", 0, 32, false),
    ] {
        let (found, ..) = findings(kernel, 1);
        let [report] = &found.reports[..] else { panic!("{kernel}: {found}") };
        assert_eq!((report.address, report.bytes, report.at.writes), (address, bytes, writes), "{kernel}");
    }
}

/// What a device answers with an exception ends the launch; everything else is done, and the launch goes on.
#[test]
fn exceptions_end_the_launch() {
    for (kernel, exception) in [
        ("gm_write_past_array", false),
        ("gm_forbidden", false),
        ("gm_write_past_allocation", true),
        ("gm_read_before_allocation", true),
        ("gm_unset", true),
        ("ub_outside_buffer", false),
        ("ub_overrun", true),
        ("ub_misaligned", true),
        ("tensor_unset", true),
        ("queue_no_buffer", false),
        ("gather_offset_far", true),
    ] {
        let (found, ..) = findings(kernel, 3);
        assert_eq!(found.exception, exception, "{kernel}");
        let ran = found.counters.iter().filter(|core| core.ub_bytes != 0).count();
        assert_eq!(ran, if exception { 1 } else { 3 }, "{kernel}: a core that ran made buffers");
    }
}

/// Bytes outside the array that exist are moved, in both directions.
#[test]
fn bytes_that_exist_are_moved() {
    let (found, _, _, output) = findings("outside_copied", 1);
    let kinds: Vec<_> = found.reports.iter().map(|report| report.kind.name()).collect();
    assert_eq!(kinds, ["GmOutsideArray", "UbOutsideBuffer", "GmOutsideArray", "GmOutsideAllocation"], "{found}");
    // 32 bytes in, from 8 before the array's end on; through the neighbouring buffer; 32 out, again over the end.
    let end = usize::try_from(BYTES).expect("small");
    assert_eq!(output[end - 8..end + 24], [1; 32]);
    // Of the copy that leaves the allocation, what lies in it.
    assert_eq!(output[output.len() - 8..], [1; 8]);
    assert_eq!(output.iter().filter(|&&byte| byte != 0).count(), 40);
    assert!(found.exception);
}

/// Memory that is there and that nobody declared is reached, with a report.
#[test]
fn undeclared_memory_is_there() {
    let (mut input, mut beside) = (Gm::of_i32(&[1; 16]), Gm::of_i32(&[7; 16]));
    let mut output = Gm::of_i32(&[0; ELEMENTS]);
    let argument = argument(&[beside.address(), output.address()]);
    let arrays = [input.array(Access::Read), beside.array(Access::None), output.array(Access::ReadWrite)];
    let Err(LaunchError::Reports(found)) = run(&Launch::new("undeclared", 1, &argument, &arrays)) else {
        panic!("silent")
    };
    assert_eq!(found.reports.iter().map(|report| report.kind).collect::<Vec<_>>(), [ReportKind::GmOutsideArray]);
    assert_eq!(output.to_i32()[..9], [7, 7, 7, 7, 7, 7, 7, 7, 0]);
    assert!(!found.exception);
}

/// A count that the instruction cuts off: 4,096 blocks are none, 4,097 are one.
#[test]
fn fields_are_cut() {
    let (found, _, _, output) = findings("fields_cut", 1);
    let kinds: Vec<_> = found.reports.iter().map(|report| report.kind).collect();
    let parameter = |value, limit| ReportKind::CopyParameter { value, limit };
    assert_eq!(kinds, [parameter(4096, 4095), parameter(4097, 4095), parameter(2_097_156, 2_097_151)], "{found}");
    assert_eq!(output.iter().filter(|&&byte| byte != 0).count(), 4 + 4);
    assert_eq!((output[0], output[64]), (9, 9));
}

/// Two cores in one line: a report of its own, that can be switched off, and nothing else with it.
#[test]
fn shared_lines_can_be_allowed() {
    for (kernel, silent) in [("cores_write_same_line", true), ("cores_write_same_bytes", false)] {
        let mut gm = Gm::of_i32(&[0; ELEMENTS]);
        let argument = argument(&[gm.address(), gm.address()]);
        let arrays = [gm.array(Access::ReadWrite)];
        let launch = Launch { shared_lines: true, ..Launch::new(kernel, 2, &argument, &arrays) };
        assert_eq!(run(&launch).is_ok(), silent, "{kernel}");
    }
}
