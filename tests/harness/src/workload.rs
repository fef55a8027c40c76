//! The batches measured: sizes that serving sees, on random distinct rows of a table as large as a pool's.

use ascend_cache_loc::TableShape;
use ascend_cache_loc_ref::ReqToToken;
use fastrand::Rng;

/// A batch for both operations: `get_last_loc` runs with `ends` as prefix lengths.
#[derive(Debug)]
pub struct Workload {
    /// Rows x tokens.
    pub name: &'static str,
    shape: TableShape,
    slots: Vec<i32>,
    /// Distinct rows of the table, one for each row of the batch.
    pub req_pool_indices: Vec<i64>,
    /// Start offsets.
    pub starts: Vec<i64>,
    /// End offsets.
    pub ends: Vec<i64>,
}

impl Workload {
    /// All five; the tables take 128 MiB and 512 MiB, one at a time.
    pub fn all() -> impl Iterator<Item = Self> {
        type Lens = fn(&mut Rng) -> Vec<i64>;
        let (pool, long_pool) = ((4096, 8192), (1024, 131_072));
        let makers: [(_, _, Lens); 5] = [
            ("300 x 1-2", pool, |rng| (0..300).map(|_| rng.i64(1..=2)).collect()),
            ("512 x 8", pool, |_| vec![8; 512]),
            ("4096 x 4", pool, |_| vec![4; 4096]),
            ("1 x 65536", long_pool, |_| vec![65_536]),
            ("255 x 1, 1 x 65536", long_pool, |rng| {
                let mut lens = vec![1; 256];
                lens[rng.usize(..256)] = 65_536;
                lens
            }),
        ];
        makers.into_iter().map(|(name, pool, lens)| Self::new(name, pool, lens))
    }

    fn new(name: &'static str, (rows, row_len): (usize, usize), lens: fn(&mut Rng) -> Vec<i64>) -> Self {
        let mut rng = Rng::with_seed(7);
        let lens = lens(&mut rng);
        let mut reqs: Vec<i64> = (0..rows as i64).collect();
        rng.shuffle(&mut reqs);
        reqs.truncate(lens.len());
        let starts: Vec<i64> = lens.iter().map(|len| rng.i64(0..=row_len as i64 - len)).collect();
        Self {
            name,
            shape: TableShape::new(rows, row_len).expect("a pool's size"),
            slots: (0..(rows * row_len) as i32).collect(),
            req_pool_indices: reqs,
            ends: starts.iter().zip(&lens).map(|(start, len)| start + len).collect(),
            starts,
        }
    }

    /// The table.
    ///
    /// # Panics
    /// Never: the storage fits the shape.
    #[must_use]
    pub fn table(&self) -> ReqToToken<'_> {
        ReqToToken::new(self.shape, &self.slots).expect("the storage fits the shape")
    }

    /// Elements of the extend output.
    #[must_use]
    pub fn total(&self) -> usize {
        self.starts.iter().zip(&self.ends).map(|(start, end)| (end - start) as usize).sum()
    }
}
