//! Graphs: what captures make.

use std::ptr::null_mut;

use super::{Pointer, Raw, Sent};
use crate::foreign::{self, RELAXED};
use crate::rig::{Batch, MOMENT, Rig, code};

/// A graph that sets a byte.
fn graph(raw: &Raw, stream: Pointer, byte: u64) -> Pointer {
    assert_eq!((raw.begin(stream, RELAXED), raw.set(stream, byte, 7)), (0, 0));
    raw.end(stream).unwrap()
}

/// `rtModelExecute`, `ApiErrorDecorator::ModelExecute`, `Model::Execute`: what is refused.
#[test]
fn executing_a_graph() {
    let raw = Raw::new();
    let (context, stream, captured) = (foreign::context(&raw).unwrap(), raw.stream(), raw.stream());
    let byte = foreign::upload(&raw, &[1_u8]);
    let graph = graph(&raw, stream, byte);
    assert_eq!(raw.execute(null_mut(), stream), 100_000);
    assert_eq!(raw.execute(5 as Pointer, stream), 107_017);
    assert_eq!(raw.begin(captured, RELAXED), 0);
    assert_eq!(raw.execute(graph, captured), 107_027);
    raw.end(captured).unwrap();
    foreign::new_context(&raw, 0);
    assert_eq!((raw.execute(graph, raw.stream()), raw.destroy_graph(graph)), (107_004, 107_004));
    let strange = Sent::of(raw.stream());
    foreign::set_context(&raw, context);
    assert_eq!(raw.execute(graph, strange.get()), 107_003);
    assert_eq!((raw.execute(graph, stream), raw.synchronize(stream)), (0, 0));
    assert_eq!(foreign::download::<u8>(&raw, byte, 1), [7]);
    // Before 9.1.0 a default stream replays what it cannot capture; from then on it is a null pointer that is followed.
    assert_eq!((raw.execute(graph, null_mut()), raw.misuses().len()), (107_017, 2));
}

/// `Context::ModelDestroy`: waits for a graph that runs, and gives up.
#[test]
fn destroying_a_graph() {
    let raw = Raw::with(|config| config.destroy_graph_limit = MOMENT);
    let stream = raw.stream();
    let graph = graph(&raw, stream, foreign::malloc(&raw, 1));
    raw.hold(stream, true);
    assert_eq!((raw.execute(graph, stream), raw.destroy_graph(graph)), (0, 107_037));
    raw.hold(stream, false);
    assert_eq!((raw.synchronize(stream), raw.destroy_graph(graph)), (0, 0));
    assert_eq!((raw.destroy_graph(graph), raw.destroy_graph(null_mut())), (107_017, 100_000));
}

/// `DoCompleteSuccessForModelExecuteTask` (`model_execute_task.cc`): a kernel that fails in a graph is 507011 to the stream
/// that replays it, unless it was an error of memory.
#[test]
fn a_failure_in_a_graph_is_the_graphs() {
    for (inner, told) in [(507_035, 507_011), (507_014, 507_011), (507_053, 507_053)] {
        let rig = Rig::new();
        let mut batch = Batch::good(&rig.stream);
        rig.machine.fail_launch(1, inner);
        assert_eq!(foreign::begin(&rig.machine, rig.stream.as_raw(), RELAXED), 0);
        batch.last_loc(&rig.stream).unwrap();
        let graph = foreign::end(&rig.machine, rig.stream.as_raw()).unwrap();
        foreign::replay(&rig.machine, graph, rig.stream.as_raw());
        assert_eq!(code(rig.stream.synchronize()), told);
    }
}
