//! The functions of AscendCL that the crate calls: the one list of them.
//!
//! `ascendc/abi/acl_api.h` declares them once more, for C and for the generated bindings; the crate does not compile where
//! the two differ. The loader, the check of a library, the simulated library and the stand-in for tests are made from it.

/// Calls a macro with the list. Each row says whether a library must have the function, what it looks like, how the
/// simulation counts it, and the first release tag of hicann/runtime whose headers have it.
///
/// Optional are facts about a device, and what only a user of ours calls.
#[doc(hidden)]
#[macro_export]
#[rustfmt::skip]
macro_rules! __acl_functions {
    ($with:ident) => {
        $with! {
            // Process, devices and contexts.
            required aclInit(config: *const c_char) -> c_int, Process, "8.5.0-beta.1";
            required aclGetRecentErrMsg() -> *const c_char, Process, "8.5.0-beta.1";
            required aclrtGetDeviceCount(count: *mut u32) -> c_int, DeviceQuery, "8.5.0-beta.1";
            required aclrtSetDevice(device: i32) -> c_int, Device, "8.5.0-beta.1";
            required aclrtGetDevice(device: *mut i32) -> c_int, Context, "8.5.0-beta.1";
            required aclrtGetCurrentContext(context: *mut *mut c_void) -> c_int, Context, "8.5.0-beta.1";
            required aclrtSetCurrentContext(context: *mut c_void) -> c_int, Context, "8.5.0-beta.1";
            required aclrtSynchronizeDevice() -> c_int, Synchronisation, "8.5.0-beta.1";
            required aclrtGetSocName() -> *const c_char, DeviceQuery, "8.5.0-beta.1";
            required aclGetDeviceCapability(device: u32, info: i32, value: *mut i64) -> c_int, DeviceQuery, "8.5.0-beta.1";
            // Streams and events.
            required aclrtCreateStreamWithConfig(stream: *mut *mut c_void, priority: u32, flag: u32) -> c_int, Stream, "8.5.0-beta.1";
            required aclrtDestroyStream(stream: *mut c_void) -> c_int, Stream, "8.5.0-beta.1";
            required aclrtSynchronizeStream(stream: *mut c_void) -> c_int, Synchronisation, "8.5.0-beta.1";
            required aclrtSynchronizeStreamWithTimeout(stream: *mut c_void, timeout: i32) -> c_int, Synchronisation, "8.5.0-beta.1";
            required aclrtCreateEventExWithFlag(event: *mut *mut c_void, flag: u32) -> c_int, Event, "8.5.0-beta.1";
            required aclrtDestroyEvent(event: *mut c_void) -> c_int, Event, "8.5.0-beta.1";
            required aclrtRecordEvent(event: *mut c_void, stream: *mut c_void) -> c_int, Event, "8.5.0-beta.1";
            required aclrtStreamWaitEvent(stream: *mut c_void, event: *mut c_void) -> c_int, Event, "8.5.0-beta.1";
            required aclrtQueryEventStatus(event: *mut c_void, status: *mut u32) -> c_int, Event, "8.5.0-beta.1";
            // Memory.
            required aclrtMalloc(pointer: *mut *mut c_void, size: usize, policy: u32) -> c_int, Allocation, "8.5.0-beta.1";
            required aclrtFree(pointer: *mut c_void) -> c_int, Allocation, "8.5.0-beta.1";
            required aclrtMallocHost(pointer: *mut *mut c_void, size: usize) -> c_int, Allocation, "8.5.0-beta.1";
            required aclrtFreeHost(pointer: *mut c_void) -> c_int, Allocation, "8.5.0-beta.1";
            required aclrtMemcpy(to: *mut c_void, room: usize, from: *const c_void, count: usize, kind: u32) -> c_int, Copy, "8.5.0-beta.1";
            required aclrtMemcpyAsync(to: *mut c_void, room: usize, from: *const c_void, count: usize, kind: u32, stream: *mut c_void) -> c_int, Copy, "8.5.0-beta.1";
            required aclrtMemsetAsync(pointer: *mut c_void, room: usize, value: i32, count: usize, stream: *mut c_void) -> c_int, Copy, "8.5.0-beta.1";
            // Kernels.
            required aclrtBinaryLoadFromData(data: *const c_void, length: usize, options: *const aclrtBinaryLoadOptions, binary: *mut *mut c_void) -> c_int, Load, "8.5.0-beta.1";
            required aclrtBinaryGetFunction(binary: *mut c_void, name: *const c_char, function: *mut *mut c_void) -> c_int, Load, "8.5.0-beta.1";
            required aclrtLaunchKernelWithHostArgs(function: *mut c_void, blocks: u32, stream: *mut c_void, config: *mut c_void, arguments: *mut c_void, size: usize, placeholders: *mut c_void, count: usize) -> c_int, Launch, "8.5.0-beta.1";
            // What a library may lack.
            optional aclrtGetDeviceInfo(device: u32, attribute: u32, value: *mut i64) -> c_int, DeviceQuery, "8.5.0-beta.1";
            optional aclsysGetVersionNum(package: *mut c_char, version: *mut i32) -> c_int, Process, "8.5.0-beta.1";
            optional aclrtCreateContext(context: *mut *mut c_void, device: i32) -> c_int, Context, "8.5.0-beta.1";
            optional aclrtDestroyContext(context: *mut c_void) -> c_int, Context, "8.5.0-beta.1";
            optional aclmdlRICaptureBegin(stream: *mut c_void, mode: u32) -> c_int, Graph, "8.5.0-beta.1";
            optional aclmdlRICaptureGetInfo(stream: *mut c_void, status: *mut u32, graph: *mut *mut c_void) -> c_int, Graph, "8.5.0-beta.1";
            optional aclmdlRICaptureEnd(stream: *mut c_void, graph: *mut *mut c_void) -> c_int, Graph, "8.5.0-beta.1";
            optional aclmdlRIExecuteAsync(graph: *mut c_void, stream: *mut c_void) -> c_int, Graph, "8.5.0-beta.1";
            optional aclmdlRIDestroy(graph: *mut c_void) -> c_int, Graph, "8.5.0-beta.1";
        }
    };
}
pub(crate) use __acl_functions as functions;

use std::ffi::{c_char, c_int, c_void};

use super::bindings::{AclApi, aclrtBinaryLoadOptions};

macro_rules! compared {
    ($($need:ident $name:ident($($argument:ident: $type:ty),*) -> $returned:ty, $kind:ident, $since:literal;)+) => {
        // The list and the declarations have the same functions, with the same types.
        const _: fn(AclApi) = |AclApi { $($name),+ }| {
            $(let _: Option<unsafe extern "C" fn($($type),*) -> $returned> = $name;)+
        };

        /// The functions that a table must have and has not.
        #[cfg(any(feature = "npu", feature = "sim"))]
        pub(super) fn missing(table: &AclApi) -> Vec<&'static str> {
            let all = [$((stringify!($name), stringify!($need) == "required", table.$name.is_some())),+];
            all.into_iter().filter_map(|(name, required, there)| (required && !there).then_some(name)).collect()
        }

        /// The table of a library's functions, by name; null where it has none.
        ///
        /// # Safety
        /// What `lookup` gives is null or a function with the documented type.
        #[cfg(feature = "npu")]
        pub(super) unsafe fn table(lookup: impl Fn(&str) -> *mut c_void) -> AclApi {
            type Null = *mut c_void;
            // SAFETY: a function pointer that may be null has the size and the values of a pointer.
            AclApi { $($name: unsafe {
                std::mem::transmute::<Null, Option<unsafe extern "C" fn($($type),*) -> $returned>>(lookup(stringify!($name)))
            }),+ }
        }
    };
}
functions!(compared);

/// Any one function missing is named; those that may be missing are not asked for.
#[cfg(all(test, feature = "npu"))]
#[test]
fn functions_by_name() {
    let table_without = |lacking: fn(&str) -> bool| {
        let lookup = |name: &str| if lacking(name) { std::ptr::null_mut() } else { std::ptr::dangling_mut() };
        // SAFETY: none of them is called.
        unsafe { table(lookup) }
    };
    assert_eq!(missing(&table_without(|_| false)), Vec::<&str>::new());
    assert_eq!(missing(&table_without(|name| name == "aclrtMemcpy")), ["aclrtMemcpy"]);
    assert_eq!(missing(&table_without(|name| name == "aclmdlRIDestroy")), Vec::<&str>::new());
    assert_eq!(missing(&table_without(|_| true)).len(), 29);
}
