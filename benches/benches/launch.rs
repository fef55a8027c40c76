//! What a call costs the host, but for AscendCL: each operation's call on a device whose AscendCL does nothing, beside the
//! two calls of C that it makes.
//!
//! `cargo bench -p ascend-cache-loc-benches --features sim --bench launch`. Ratios of one run count.

#![allow(unsafe_code, reason = "functions of AscendCL that do nothing")]

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use ascend_cache_loc::acl::AclApi;
use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc::{
    BlockTableMut, Columns, DecodeStep, DeviceBuffer, ExtendLocs, ExtendStep, LastLoc, ReqToToken, ReqToTokenMut,
    TableShape, assign_extend_cache_locs, decode_step, extend_step, get_last_loc,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// The context of the device.
static CONTEXT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Every thread has the device's context.
unsafe extern "C" fn current_context(context: *mut *mut c_void) -> i32 {
    // SAFETY: the caller's out pointer.
    unsafe { *context = CONTEXT.load(Ordering::Relaxed) };
    0
}

/// A launch that enqueues nothing.
unsafe extern "C" fn launch(
    _: *mut c_void,
    _: u32,
    _: *mut c_void,
    _: *mut ascend_cache_loc::acl::bindings::aclrtLaunchKernelCfg,
    _: *mut c_void,
    _: usize,
    _: *mut ascend_cache_loc::acl::bindings::aclrtPlaceHolderInfo,
    _: usize,
) -> i32 {
    0
}

fn nothing(table: &mut AclApi) {
    table.aclrtGetCurrentContext = Some(current_context);
    table.aclrtLaunchKernelWithHostArgs = Some(launch);
}

fn benches(criterion: &mut Criterion) {
    let machine = Machine::new(SimConfig::default()).expect("a machine");
    let mut context = null_mut();
    machine.open(0).expect("a device");
    // SAFETY: the device is open, which made its context; the out pointer is valid.
    unsafe {
        assert_eq!(machine.acl().aclrtSetDevice.expect("there")(0), 0);
        assert_eq!(machine.acl().aclrtGetCurrentContext.expect("there")(&raw mut context), 0);
    }
    CONTEXT.store(context, Ordering::Relaxed);
    // SAFETY: the context is current on this thread; nobody relies on what a launch would do.
    let machine = unsafe { machine.with_functions(nothing) }.expect("all functions");
    let device = machine.open(0).expect("a device");
    let stream = device.new_stream().expect("a stream");

    let (rows, tokens) = (64, 4);
    let of = |values: &[i64]| DeviceBuffer::from_host(&stream, values).expect("memory");
    let slots = DeviceBuffer::from_host(&stream, &vec![0; rows * tokens]).expect("memory");
    let (reqs, starts, ends) = (of(&vec![0; rows]), of(&vec![0; rows]), of(&vec![4; rows]));
    let pages = of(&vec![0; rows * tokens]);
    let zeros = || DeviceBuffer::<i32>::zeroed(&stream, rows * tokens).expect("memory");
    let (mut out, mut pool, mut blocks) = (zeros(), zeros(), zeros());
    let mut taken = of(&vec![0; rows * tokens]);
    let shape = TableShape::new(rows, tokens).expect("a shape");
    let table = || ReqToToken::new(shape, slots.as_slice()).expect("it fits");

    let mut group = criterion.benchmark_group("host");
    group.bench_function("two empty extern \"C\" calls", |bencher| {
        let table = black_box(*machine.acl());
        let current = table.aclrtGetCurrentContext.expect("there");
        let empty = table.aclrtLaunchKernelWithHostArgs.expect("there");
        bencher.iter(|| {
            let (mut context, null) = (null_mut(), null_mut());
            // SAFETY: they do nothing.
            unsafe { current(&raw mut context) + empty(null, 1, null, null_mut(), null, 0, null_mut(), 0) }
        });
    });
    group.bench_function("get_last_loc", |bencher| {
        bencher.iter(|| {
            let (req_pool_indices, out) = (reqs.as_slice(), out.as_slice_mut().get(..rows).expect("room"));
            get_last_loc(&stream, LastLoc { table: table(), req_pool_indices, prefix_lens: ends.as_slice(), out })
        });
    });
    group.bench_function("assign_extend_cache_locs", |bencher| {
        bencher.iter(|| {
            let (start_offsets, end_offsets) = (starts.as_slice(), ends.as_slice());
            let (req_pool_indices, out) = (reqs.as_slice(), out.as_slice_mut());
            let args = ExtendLocs { table: table(), req_pool_indices, start_offsets, end_offsets, out };
            assign_extend_cache_locs(&stream, args)
        });
    });
    group.bench_function("decode_step", |bencher| {
        bencher.iter(|| {
            let args = DecodeStep {
                table: ReqToTokenMut::new(shape, pool.as_slice_mut()).expect("it fits"),
                req_pool_indices: reqs.as_slice(),
                seq_lens: ends.as_slice(),
                free_pages: pages.as_slice(),
                page_size: 1,
                out: taken.as_slice_mut().get(..rows).expect("room"),
                block_tables: BlockTableMut::new(shape, blocks.as_slice_mut()).expect("it fits"),
                columns: Columns::All,
                pad: 0,
            };
            decode_step(&stream, args)
        });
    });
    group.bench_function("extend_step", |bencher| {
        bencher.iter(|| {
            let args = ExtendStep {
                table: ReqToTokenMut::new(shape, pool.as_slice_mut()).expect("it fits"),
                req_pool_indices: reqs.as_slice(),
                prefix_lens: starts.as_slice(),
                seq_lens: ends.as_slice(),
                free_pages: pages.as_slice(),
                page_size: 1,
                out: taken.as_slice_mut(),
            };
            extend_step(&stream, args)
        });
    });
    group.finish();
}

criterion_group! {
    name = group;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = benches
}
criterion_main!(group);
