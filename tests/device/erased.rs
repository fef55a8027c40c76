//! Element types that are known at run time: the same calls, in any mixture with those that are known before.

use ascend_cache_loc::{
    AnyInt, BlockTableMut, BlockTables, DeviceAddr, DeviceBuffer, DeviceSlice, DeviceSliceMut, Element, Error,
    ExtendLocs, Int, IntType, LastLoc, Lengths, PoolLocs, ReqToToken, ReqToTokenMut, Stream, TableShape,
    assign_extend_cache_locs, assign_req_to_token_pool, gather_block_tables, get_last_loc,
};

use crate::foreign;
use crate::rig::{Rig, SLOTS, shape};

/// One batch on the device, in types of its own.
struct Arrays<R: Int, L: Int, O: Int> {
    slots: DeviceBuffer<i32>,
    reqs: DeviceBuffer<R>,
    starts: DeviceBuffer<L>,
    ends: DeviceBuffer<L>,
    out: DeviceBuffer<O>,
}

impl<R: Int, L: Int, O: Int> Arrays<R, L, O> {
    fn new(stream: &Stream) -> Self {
        fn of<T: Int>(stream: &Stream, values: [i32; 3]) -> DeviceBuffer<T> {
            DeviceBuffer::from_host(stream, &values.map(T::from_slot)).unwrap()
        }
        Self {
            slots: DeviceBuffer::from_host(stream, &SLOTS).unwrap(),
            reqs: of(stream, [1, 0, 1]),
            starts: of(stream, [0, 3, 1]),
            ends: of(stream, [2, 4, 1]),
            out: DeviceBuffer::zeroed(stream, 3).unwrap(),
        }
    }

    /// Both operations, one after the other: what each leaves.
    fn both<'a, A: Element, B: Element, C: Element>(
        &'a mut self,
        req: impl Fn(DeviceSlice<'a, R>) -> DeviceSlice<'a, A>,
        len: impl Fn(DeviceSlice<'a, L>) -> DeviceSlice<'a, B>,
        out: impl FnOnce(DeviceSliceMut<'a, O>) -> DeviceSliceMut<'a, C>,
        copy: impl Fn(&Stream, &DeviceSliceMut<'a, C>) -> Vec<i64>,
    ) -> [Vec<i64>; 2] {
        let stream = self.out.home().clone();
        let table = ReqToToken::new(shape(), self.slots.as_slice()).unwrap();
        let (reqs, starts, ends) = (req(self.reqs.as_slice()), len(self.starts.as_slice()), len(self.ends.as_slice()));
        let mut out = out(self.out.as_slice_mut());
        let args = LastLoc { table, req_pool_indices: reqs, prefix_lens: ends, out: out.reborrow() };
        get_last_loc(&stream, args).unwrap();
        let last = copy(&stream, &out);
        let args =
            ExtendLocs { table, req_pool_indices: reqs, start_offsets: starts, end_offsets: ends, out: out.reborrow() };
        assign_extend_cache_locs(&stream, args).unwrap();
        [last, copy(&stream, &out)]
    }
}

fn typed<O: Int>(stream: &Stream, out: &DeviceSliceMut<'_, O>) -> Vec<i64> {
    let mut host = vec![O::from_slot(0); 3];
    out.as_slice().copy_to_host(stream, &mut host).unwrap().report().unwrap();
    host.into_iter().map(Int::to_i64).collect()
}

fn erased<O: Int>(stream: &Stream, out: &DeviceSliceMut<'_, AnyInt>) -> Vec<i64> {
    assert_eq!(out.element_type(), O::TYPE);
    let mut host = vec![O::from_slot(0); 3];
    out.as_slice().typed::<O>().unwrap().copy_to_host(stream, &mut host).unwrap().report().unwrap();
    host.into_iter().map(Int::to_i64).collect()
}

fn every_mixture<R: Int, L: Int, O: Int>(rig: &Rig) {
    let mut arrays = Arrays::<R, L, O>::new(&rig.stream);
    let expected = [vec![21, 13, 20], vec![20, 21, 13]];
    macro_rules! check {
        ($($req:expr, $len:expr, $out:expr, $copy:expr;)+) => {
            $(assert_eq!(arrays.both($req, $len, $out, $copy), expected);)+
        };
    }
    check! {
        |x| x, |x| x, |x| x, typed;
        |x| x, |x| x, DeviceSliceMut::erase, erased::<O>;
        |x| x, DeviceSlice::erase, |x| x, typed;
        |x| x, DeviceSlice::erase, DeviceSliceMut::erase, erased::<O>;
        DeviceSlice::erase, |x| x, |x| x, typed;
        DeviceSlice::erase, |x| x, DeviceSliceMut::erase, erased::<O>;
        DeviceSlice::erase, DeviceSlice::erase, |x| x, typed;
        DeviceSlice::erase, DeviceSlice::erase, DeviceSliceMut::erase, erased::<O>;
    }
}

#[test]
fn erased_and_typed_calls_do_the_same() {
    let rig = Rig::new();
    every_mixture::<i32, i32, i32>(&rig);
    every_mixture::<i32, i32, i64>(&rig);
    every_mixture::<i32, i64, i32>(&rig);
    every_mixture::<i32, i64, i64>(&rig);
    every_mixture::<i64, i32, i32>(&rig);
    every_mixture::<i64, i32, i64>(&rig);
    every_mixture::<i64, i64, i32>(&rig);
    every_mixture::<i64, i64, i64>(&rig);
}

/// Lengths and a map are optional; those that are given may be of any type.
#[test]
fn lengths_and_a_map_of_types_known_at_run_time() {
    let rig = Rig::new();
    let stream = &rig.stream;
    let table = DeviceBuffer::from_host(stream, &[0, 1, 2, 3, 3, 2, 1, 0]).unwrap();
    let table = ReqToToken::new(TableShape::new(2, 4).unwrap(), table.as_slice()).unwrap();
    let reqs = DeviceBuffer::from_host(stream, &[1_i32, 0]).unwrap();
    let lens = DeviceBuffer::from_host(stream, &[4_i64, 1]).unwrap();
    let narrow = DeviceBuffer::from_host(stream, &[8_i32, 0, 12, 4]).unwrap();
    let wide = DeviceBuffer::from_host(stream, &[8_i64, 0, 12, 4]).unwrap();
    let given = [None, Some(narrow.as_slice().erase()), Some(wide.as_slice().erase())];
    for (map, expected) in given.into_iter().zip([[1, 0, 0, 0], [2, 0, 4, 0], [2, 0, 4, 0]]) {
        let mut out = DeviceBuffer::from_host(stream, &[9; 4]).unwrap();
        let args = BlockTables {
            table,
            req_pool_indices: reqs.as_slice().erase(),
            lens: Lengths::Each(lens.as_slice().erase()),
            page_size: 2,
            repeat: 1,
            map,
            pad: 0,
            out: BlockTableMut::new(TableShape::new(2, 2).unwrap(), out.as_slice_mut()).unwrap(),
        };
        gather_block_tables(stream, args).unwrap();
        let mut host = [0; 4];
        out.copy_to_host(&mut host).unwrap();
        assert_eq!(host, expected);
    }
}

#[test]
fn a_slice_is_typed_again_as_what_it_is() {
    let rig = Rig::new();
    let buffer = DeviceBuffer::from_host(&rig.stream, &[1_i64, 2, 3]).unwrap();
    let slice = buffer.as_slice().erase();
    assert!(slice.typed::<i32>().is_none());
    let part = slice.get(1..).unwrap();
    let (typed, bytes) = (part.typed::<i64>().unwrap(), 8);
    assert_eq!((part.len(), part.addr(), part.element_type()), (2, typed.addr(), IntType::I64));
    assert_eq!(typed.addr().unwrap().get(), buffer.as_slice().addr().unwrap().get() + bytes);
}

/// The kernel takes both offsets for elements of one type: of two, it would read past the end of the shorter array.
#[test]
fn offsets_of_two_types_are_refused() {
    let rig = Rig::new();
    let stream = &rig.stream;
    let mut table = DeviceBuffer::from_host(stream, &SLOTS).unwrap();
    let mut out = DeviceBuffer::<i64>::zeroed(stream, 3).unwrap();
    let (long, short) = (Arrays::<i32, i64, i64>::new(stream), Arrays::<i32, i32, i64>::new(stream));
    let req_pool_indices = long.reqs.as_slice();
    let (long, short) = (long.starts.as_slice().erase(), short.ends.as_slice().erase());
    for (start_offsets, end_offsets) in [(long, short), (short, long)] {
        let refused = |result: ascend_cache_loc::Result<_>| {
            let Err(Error::BadAddress { argument, reason, .. }) = result else { panic!("{result:?}") };
            assert_eq!(
                (argument, reason),
                ("end_offsets", "has elements of another size than the array that it goes with")
            );
        };
        let (slots, out) = (ReqToToken::new(shape(), table.as_slice()).unwrap(), out.as_slice_mut());
        let args = ExtendLocs { table: slots, req_pool_indices, start_offsets, end_offsets, out };
        refused(assign_extend_cache_locs(stream, args));
        let table = ReqToTokenMut::new(shape(), table.as_slice_mut()).unwrap();
        let args = PoolLocs { table, req_pool_indices, start_offsets, end_offsets, locs: long };
        refused(assign_req_to_token_pool(stream, args));
    }
}

#[test]
fn memory_of_others_by_the_name_of_its_type() {
    let rig = Rig::new();
    let address = foreign::upload(&rig.machine, &[5_i64, 6]);
    let of = |name: &str, at: u64, len| {
        let (ty, at) = (IntType::from_name(name).unwrap(), DeviceAddr::new(address + at).unwrap());
        // SAFETY: of the allocation, or refused.
        unsafe { DeviceSlice::from_raw_parts_of(&rig.device, ty, at, len) }
    };
    let mut host = [0_i64; 2];
    of("int64", 0, 2).unwrap().typed().unwrap().copy_to_host(&rig.stream, &mut host).unwrap().report().unwrap();
    assert_eq!(host, [5, 6]);
    assert!(matches!(of("i64", 4, 1), Err(Error::BadAddress { reason: "not aligned to its elements", .. })));
    assert!(of("i32", 4, 1).is_ok() && of("int32", 0, usize::MAX).is_err());
    let names = ["int8", "I32", "torch.int64", ""].map(IntType::from_name);
    assert_eq!(names, [None; 4]);
    assert_eq!(
        [IntType::I32, IntType::I64].map(|ty| (ty.size(), ty.to_string())),
        [(4, "i32".into()), (8, "i64".into())]
    );
}
