//! `fill`, the toy.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::{self as device, FaultKind, Int, RowFault, TableShape};
use ascend_cache_loc_ref::{self as cpu_ref, RefError};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Table, Written};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, part, repeat};
use crate::typed;

/// The operation, to tests.
#[derive(Debug)]
pub struct Fill;

impl<L: Int, O: Int> Call for cpu_ref::Fill<'_, L, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::FILL
    }

    fn rows(&self) -> usize {
        self.values.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        cpu_ref::fill(cpu_ref::Fill { values: self.values, out: &mut *self.out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let args = device::Fill { values: carrier.input(self.values)?, out: carrier.output(self.out)? };
        let launched = device::fill_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::FILL, self.out)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for Fill {
    fn operation(&self) -> device::Operation {
        device::Operation::FILL
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("values", Param::L)]
    }

    fn has_table(&self) -> bool {
        false
    }

    fn reads(&self, _: &Case) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let mut faults = Vec::new();
        for (row, &value) in case.arrays[0].iter().enumerate() {
            let bad = !(0..1 << 31).contains(&value);
            written.outs[0][row] = if bad { -1 } else { value };
            let kind = FaultKind::RequestOutOfRange { req: value, rows: 1 << 31 };
            faults.extend(bad.then_some(RowFault::new(row, kind)));
        }
        faults.first().copied()
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, O], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for seed in part([&[Any][..], &[At(7), Max], &[Any, Any, Min], &[Any, Beyond(3), Any, Past(0), At(-1)]], of) {
            for batch in BATCHES {
                for dtypes in Dtypes::all() {
                    let values = repeat(seed, batch).map(|(i, value)| value.resolve(dtypes.lens, (1 << 31) - 1, i));
                    each(&case(values.collect(), dtypes));
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        Dtypes::all().for_each(|dtypes| each(&case((0..100_000).collect(), dtypes)));
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let mut out = [-777_i64; 3];
        assert!(backend.call(&mut cpu_ref::Fill { values: &[1_i32, 2], out: &mut out[..] }).is_err());
        assert_eq!(out, [-777; 3]);
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{draw, dtypes, value};
        use proptest::prelude::*;

        let cases = (dtypes(), proptest::collection::vec(draw(), 0..70));
        let values = |dtypes: Dtypes, draws: &[_]| draws.iter().map(|&at| value(dtypes.lens, 1000, at)).collect();
        cases.prop_map(move |(dtypes, draws)| case(values(dtypes, &draws), dtypes)).boxed()
    }
}

fn run<R: Element, L: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut out = case.out::<O>(0);
    let result = backend.call(&mut cpu_ref::Fill { values: &case.array::<L>(0)[..], out: &mut out[..] });
    Outcome { written: Written::out(out), result }
}

fn case(values: Vec<i64>, dtypes: Dtypes) -> Case {
    let table = Arc::new(Table { shape: TableShape::new(0, 0).expect("a shape"), slots: Vec::new() });
    let out_len = values.len();
    Case::new(&Fill, dtypes, table, vec![values], out_len)
}
