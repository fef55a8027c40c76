//! The batches: requests and tokens of each.

use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};
use fastrand::Rng;
use harness::case::{Case, Dtypes, Table};
use harness::operation::{Operation, Param};
use harness::traffic::Batch;

/// A batch for every operation that takes requests and ranges of their tokens.
#[derive(Debug)]
pub struct Workload {
    /// Requests x tokens.
    pub name: String,
    table: Arc<Table>,
    batch: Batch,
    /// For operations that are measured by how long requests are, not by ranges of their tokens.
    by_context: bool,
}

/// Element types of a row of the report: of all index arrays, and of the output.
pub const TYPES: [(IntType, IntType); 3] =
    [(IntType::I64, IntType::I32), (IntType::I32, IntType::I32), (IntType::I64, IntType::I64)];

/// Vector cores that devices have.
pub const DEVICES: [u32; 3] = [20, 40, 48];

impl Workload {
    /// All of them: batches that prefill sees, and windows of few tokens as speculative decoding has them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let (pool, long) = (table(4096, 2048), table(256, 65_536 + 128));
        let mut rng = Rng::with_seed(7);
        let mixed: Vec<i64> = (0..300).map(|_| rng.i64(1..=2)).collect();
        let mut uneven = vec![1; 255];
        uneven.push(65_536);
        let mut all = vec![
            Self::new("300 x 1-2", &pool, &mixed),
            Self::new("512 x 8", &pool, &[8; 512]),
            Self::new("4096 x 4", &pool, &[4; 4096]),
            Self::new("1 x 65536", &long, &[65_536]),
            Self::new("255 x 1 + 65536", &long, &uneven),
        ];
        for batch in [1, 16, 64, 256] {
            for tokens in [1, 2, 4, 8, 16, 64] {
                all.push(Self::new(&format!("{batch} x {tokens}"), &pool, &vec![tokens; batch]));
            }
        }
        for tokens in [1, 8, 16, 64] {
            all.push(Self::new(&format!("4096 x {tokens}"), &pool, &[tokens; 4096]));
        }
        all.push(Self::new("1024 x 1", &pool, &[1; 1024]));
        all.push(Self::new("8 x 8192", &long, &[8192; 8]));
        all.push(Self::new("64 x 512", &pool, &[512; 64]));
        all.push(Self::new("256 x 5", &pool, &[5; 256]));
        for context in [8192, 131_072] {
            let pool = table(1024, context);
            for batch in [1, 16, 64, 256, 1024] {
                let all_of_it = Self::new(&format!("{batch} at {context}"), &pool, &vec![context as i64 - 1; batch]);
                all.push(Self { by_context: true, ..all_of_it });
            }
        }
        all
    }

    /// Distinct rows of a table, ranges from anywhere in them.
    fn new(name: &str, table: &Arc<Table>, lens: &[i64]) -> Self {
        let mut rng = Rng::with_seed(11);
        let mut requests: Vec<i64> = (0..table.shape.rows() as i64).collect();
        rng.shuffle(&mut requests);
        requests.truncate(lens.len());
        let starts: Vec<i64> = lens.iter().map(|len| rng.i64(1..=table.shape.row_len() as i64 - len)).collect();
        let ends = starts.iter().zip(lens).map(|(start, len)| start + len).collect();
        Self { name: name.into(), table: table.clone(), batch: Batch { requests, starts, ends }, by_context: false }
    }

    /// An operation on the batch, in each form that is measured and with the name of that; none where the batch is none for it.
    #[must_use]
    pub fn cases(&self, op: &'static dyn Operation, index: IntType, slots: IntType) -> Vec<(String, Case)> {
        let narrow = op.outputs().iter().all(|&(_, param)| param == Param::I);
        if op.by_context() != self.by_context || (narrow && slots != IntType::I32) {
            return Vec::new();
        }
        let dtypes = Dtypes::of_each(index, index, slots);
        let plain = op.measured(&self.batch).map(|measured| ("", measured));
        let forms = plain.into_iter().chain(op.measured_also(&self.batch));
        let case = |(form, (arrays, numbers, out_lens))| {
            let table = self.table.clone();
            (format!("{}{form}", self.name), Case { op, dtypes, table, arrays, numbers, out_lens, out_init: 0 })
        };
        forms.map(case).collect()
    }
}

fn table(rows: usize, row_len: usize) -> Arc<Table> {
    let shape = TableShape::new(rows, row_len).expect("a pool's size");
    let len = i32::try_from(rows * row_len).expect("slots are 32-bit");
    Arc::new(Table { shape, slots: (0..len).collect() })
}
