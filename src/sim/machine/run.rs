//! What the machine does with a task that a stream has come to.

use super::fail::{Fail, lock};
use super::state::State;
use super::stream::{Runner, SimStream};
use super::task::{Effect, KernelLaunch, Task};
use crate::acl::bindings as raw;

impl Runner for State {
    fn run(&self, stream: &SimStream, task: &Task) -> Result<(), Fail> {
        match task {
            Task::Launch(KernelLaunch { effect: Some(Effect::Fail(code)), kernel, .. }) => {
                Err(Fail::new(code.cast_unsigned(), format!("{kernel} fails here as it was told to")))
            }
            Task::Launch(KernelLaunch { effect: Some(Effect::Hang), .. }) => {
                stream.hang();
                Ok(())
            }
            Task::Launch(KernelLaunch { effect: Some(Effect::Skip), .. }) => Ok(()),
            Task::Launch(launch) => self.run_kernel(stream.device, launch),
            Task::Copy(copy) => self.run_copy(stream.device, copy),
            Task::Set { address, value, bytes } => {
                let set = lock(&self.devices[stream.device].memory).set(*address, *value, *bytes);
                set.map_err(|lack| lack.of_copy("aclrtMemsetAsync"))
            }
            Task::Record(pending) => {
                pending.record.complete();
                Ok(())
            }
            Task::Wait(pending) => {
                pending.record.wait(|| self.ended());
                Ok(())
            }
            // What comes after a failure does not run: the source does not show that it does.
            Task::Graph(graph) => graph.tasks.iter().try_for_each(|task| self.run(stream, task)).map_err(graph_failure),
        }
    }
}

/// What a stream that replays a graph is told (`model_execute_task.cc`): that the graph failed, whatever the kernel's code
/// was, but for errors of memory and links.
fn graph_failure(fail: Fail) -> Fail {
    match fail.code.cast_unsigned() {
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_MEM_ERROR
            ..=raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_REMOTE_ERROR => fail,
        _ => Fail { code: raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_EXECUTE.cast_signed(), ..fail }.of("a graph"),
    }
}
