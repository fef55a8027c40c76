//! What another runtime in the process does, straight through AscendCL's functions.

use std::ffi::{CStr, c_void};
use std::ptr::null_mut;

use ascend_cache_loc::sim::Machine;

/// Calls a function of the machine's library: its code.
macro_rules! acl {
    ($machine:expr, $name:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: as AscendCL documents the function; the simulation checks the handles.
        unsafe { $machine.acl().$name.unwrap()($($argument),*) }
    };
}
pub(crate) use acl;

pub(crate) const GLOBAL: u32 = 0;
pub(crate) const THREAD_LOCAL: u32 = 1;
pub(crate) const RELAXED: u32 = 2;
pub(crate) const TO_DEVICE: u32 = 1;
pub(crate) const TO_HOST: u32 = 2;
pub(crate) const ON_DEVICE: u32 = 3;

pub(crate) fn context(machine: &Machine) -> Option<*mut c_void> {
    let mut context = null_mut();
    (acl!(machine, aclrtGetCurrentContext(&raw mut context)) == 0).then_some(context)
}

/// Makes an explicit context and leaves it current.
pub(crate) fn new_context(machine: &Machine, device: i32) -> *mut c_void {
    let mut context = null_mut();
    assert_eq!(acl!(machine, aclrtCreateContext(&raw mut context, device)), 0);
    context
}

pub(crate) fn set_context(machine: &Machine, context: *mut c_void) {
    assert_eq!(acl!(machine, aclrtSetCurrentContext(context)), 0);
}

pub(crate) fn new_stream(machine: &Machine) -> *mut c_void {
    let mut stream = null_mut();
    assert_eq!(acl!(machine, aclrtCreateStreamWithConfig(&raw mut stream, 0, 0)), 0);
    stream
}

pub(crate) fn malloc(machine: &Machine, bytes: usize) -> u64 {
    let mut pointer = null_mut();
    assert_eq!(acl!(machine, aclrtMalloc(&raw mut pointer, bytes, 0)), 0);
    pointer as u64
}

pub(crate) fn malloc_host(machine: &Machine, bytes: usize) -> *mut c_void {
    let mut pointer = null_mut();
    assert_eq!(acl!(machine, aclrtMallocHost(&raw mut pointer, bytes)), 0);
    pointer
}

/// Device memory with these elements.
pub(crate) fn upload<T>(machine: &Machine, data: &[T]) -> u64 {
    let (bytes, address) = (size_of_val(data), malloc(machine, size_of_val(data)));
    let copied = acl!(machine, aclrtMemcpy(address as *mut c_void, bytes, data.as_ptr().cast(), bytes, TO_DEVICE));
    assert_eq!(copied, 0);
    address
}

/// The elements at an address.
pub(crate) fn download<T: Default + Clone>(machine: &Machine, address: u64, len: usize) -> Vec<T> {
    let mut data = vec![T::default(); len];
    let bytes = size_of_val(&data[..]);
    let copied = acl!(machine, aclrtMemcpy(data.as_mut_ptr().cast(), bytes, address as *const c_void, bytes, TO_HOST));
    assert_eq!(copied, 0);
    data
}

pub(crate) fn message(machine: &Machine) -> Option<String> {
    let text = acl!(machine, aclGetRecentErrMsg());
    // SAFETY: null or a text that lives until the next call.
    unsafe { text.as_ref().map(|text| CStr::from_ptr(text).to_str().unwrap().into()) }
}

pub(crate) fn begin(machine: &Machine, stream: *mut c_void, mode: u32) -> i32 {
    acl!(machine, aclmdlRICaptureBegin(stream, mode))
}

/// The graph, or the code.
pub(crate) fn end(machine: &Machine, stream: *mut c_void) -> Result<*mut c_void, i32> {
    let mut graph = null_mut();
    match acl!(machine, aclmdlRICaptureEnd(stream, &raw mut graph)) {
        0 => Ok(graph),
        code => Err(code),
    }
}

pub(crate) fn replay(machine: &Machine, graph: *mut c_void, stream: *mut c_void) {
    assert_eq!(acl!(machine, aclmdlRIExecuteAsync(graph, stream)), 0);
}
