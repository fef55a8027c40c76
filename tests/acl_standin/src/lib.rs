//! The simulated AscendCL under the names of the real library, which the loader opens as if it were that: one machine a
//! process.
//!
//! `ASCEND_CACHE_LOC_STANDIN` sets it up: words separated by spaces, `version=N`, `soc=NAME`, `cores=N`,
//! `fail=FUNCTION:NTH:CODE`, `skip=LAUNCH`.

#![allow(unsafe_code, missing_docs, reason = "C functions, each as AscendCL documents it")]
#![allow(non_snake_case, reason = "AscendCL's names")]
#![allow(
    clippy::missing_safety_doc,
    clippy::missing_panics_doc,
    clippy::too_many_arguments,
    reason = "AscendCL's functions"
)]

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::OnceLock;

use ascend_cache_loc::api::aclrtBinaryLoadOptions;
use ascend_cache_loc::api::sim::{Machine, SimConfig};
use ascend_cache_loc_hardware as _; // its kernels

/// The words of the set-up: keys and values.
fn setup() -> Vec<(String, String)> {
    let setup = std::env::var("ASCEND_CACHE_LOC_STANDIN").unwrap_or_default();
    setup.split_whitespace().filter_map(|word| word.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
}

fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let words = setup();
        let mut config = SimConfig::default();
        config.vector_cores = 64;
        config.cores.vary = true;
        for (key, value) in &words {
            match &**key {
                "soc" => config.soc = CString::new(&**value).expect("a name"),
                "cores" => config.vector_cores = value.parse().expect("a number"),
                _ => {}
            }
        }
        let machine = Machine::new(config).expect("the only machine");
        for (key, value) in &words {
            match &**key {
                "fail" => {
                    let parts: Vec<_> = value.split(':').collect();
                    let [name, nth, code] = parts[..] else { panic!("fail=FUNCTION:NTH:CODE, not {value}") };
                    machine.fail_call(name, nth.parse().expect("a number"), code.parse().expect("a number"));
                }
                "skip" => machine.skip_launch(value.parse().expect("a number")),
                _ => {}
            }
        }
        machine
    })
}

/// The machine's, or what the set-up says: a simulated machine refuses to be an old one.
#[cfg(feature = "optional")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aclsysGetVersionNum(package: *mut c_char, version: *mut i32) -> c_int {
    if let Some((_, number)) = setup().iter().find(|(key, _)| key == "version") {
        // SAFETY: the caller's out pointer.
        unsafe { version.write(number.parse().expect("a number")) };
        return 0;
    }
    let function = machine().acl().aclsysGetVersionNum.expect("the machine lacks nothing");
    // SAFETY: the caller keeps AscendCL's rules.
    unsafe { function(package, version) }
}

macro_rules! exported {
    ($($name:ident($($argument:ident: $type:ty),*) -> $returned:ty;)+) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $returned {
            let function = machine().acl().$name.expect("the machine lacks nothing");
            // SAFETY: the caller keeps AscendCL's rules.
            unsafe { function($($argument),*) }
        }
    )+};
}

exported! {
    aclInit(config: *const c_char) -> c_int;
    aclGetRecentErrMsg() -> *const c_char;
    aclrtGetDeviceCount(count: *mut u32) -> c_int;
    aclrtSetDevice(device: i32) -> c_int;
    aclrtGetDevice(device: *mut i32) -> c_int;
    aclrtGetCurrentContext(context: *mut *mut c_void) -> c_int;
    aclrtSetCurrentContext(context: *mut c_void) -> c_int;
    aclrtSynchronizeDevice() -> c_int;
    aclrtGetSocName() -> *const c_char;
    aclGetDeviceCapability(device: u32, info: i32, value: *mut i64) -> c_int;
    aclrtCreateStreamWithConfig(stream: *mut *mut c_void, priority: u32, flag: u32) -> c_int;
    aclrtDestroyStream(stream: *mut c_void) -> c_int;
    aclrtSynchronizeStream(stream: *mut c_void) -> c_int;
    aclrtSynchronizeStreamWithTimeout(stream: *mut c_void, timeout: i32) -> c_int;
    aclrtCreateEventExWithFlag(event: *mut *mut c_void, flag: u32) -> c_int;
    aclrtDestroyEvent(event: *mut c_void) -> c_int;
    aclrtRecordEvent(event: *mut c_void, stream: *mut c_void) -> c_int;
    aclrtStreamWaitEvent(stream: *mut c_void, event: *mut c_void) -> c_int;
    aclrtQueryEventStatus(event: *mut c_void, status: *mut u32) -> c_int;
    aclrtMalloc(pointer: *mut *mut c_void, size: usize, policy: u32) -> c_int;
    aclrtFree(pointer: *mut c_void) -> c_int;
    aclrtMallocHost(pointer: *mut *mut c_void, size: usize) -> c_int;
    aclrtFreeHost(pointer: *mut c_void) -> c_int;
    aclrtMemcpy(to: *mut c_void, room: usize, from: *const c_void, count: usize, kind: u32) -> c_int;
    aclrtMemcpyAsync(to: *mut c_void, room: usize, from: *const c_void, count: usize, kind: u32, stream: *mut c_void) -> c_int;
    aclrtMemsetAsync(pointer: *mut c_void, room: usize, value: i32, count: usize, stream: *mut c_void) -> c_int;
    aclrtBinaryLoadFromData(data: *const c_void, length: usize, options: *const aclrtBinaryLoadOptions, binary: *mut *mut c_void) -> c_int;
    aclrtBinaryGetFunction(binary: *mut c_void, name: *const c_char, function: *mut *mut c_void) -> c_int;
    aclrtLaunchKernelWithHostArgs(function: *mut c_void, blocks: u32, stream: *mut c_void, config: *mut c_void, arguments: *mut c_void, size: usize, placeholders: *mut c_void, count: usize) -> c_int;
}

#[cfg(feature = "optional")]
exported! {
    aclrtGetDeviceInfo(device: u32, attribute: u32, value: *mut i64) -> c_int;
    aclrtCreateContext(context: *mut *mut c_void, device: i32) -> c_int;
    aclrtDestroyContext(context: *mut c_void) -> c_int;
    aclmdlRICaptureBegin(stream: *mut c_void, mode: u32) -> c_int;
    aclmdlRICaptureGetInfo(stream: *mut c_void, status: *mut u32, graph: *mut *mut c_void) -> c_int;
    aclmdlRICaptureEnd(stream: *mut c_void, graph: *mut *mut c_void) -> c_int;
    aclmdlRIExecuteAsync(graph: *mut c_void, stream: *mut c_void) -> c_int;
    aclmdlRIDestroy(graph: *mut c_void) -> c_int;
}
