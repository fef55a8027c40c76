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

use ascend_cache_loc::acl::aclrtBinaryLoadOptions;
use ascend_cache_loc::sim::{Machine, SimConfig};

/// The words of the set-up: keys and values.
fn setup() -> Vec<(String, String)> {
    let setup = std::env::var("ASCEND_CACHE_LOC_STANDIN").unwrap_or_default();
    setup.split_whitespace().filter_map(|word| word.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
}

fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        #[cfg(feature = "ladder")]
        ascend_cache_loc_hardware::add_kernels();
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

macro_rules! exported {
    // The machine's, or what the set-up says: a simulated machine refuses to be an old one.
    (optional aclsysGetVersionNum($($argument:ident: $type:ty),*) -> $returned:ty) => {
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
    };
    (optional $($function:tt)+) => {
        #[cfg(feature = "optional")]
        exported! { required $($function)+ }
    };
    (required $name:ident($($argument:ident: $type:ty),*) -> $returned:ty) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $returned {
            let function = machine().acl().$name.expect("the machine lacks nothing");
            // SAFETY: the caller keeps AscendCL's rules.
            unsafe { function($($argument),*) }
        }
    };
}

macro_rules! all {
    ($($need:ident $name:ident($($argument:ident: $type:ty),*) -> $returned:ty, $kind:ident, $since:literal;)+) => {
        $(exported! { $need $name($($argument: $type),*) -> $returned })+
    };
}
ascend_cache_loc::__acl_functions!(all);
