//! Both operations under criterion: `cargo bench -p ascend-cache-loc-benches --bench ops -- FILTER`. Names are operation, workload, output type, hot
//! or cold caches, implementation.

use std::time::{Duration, Instant};

use ascend_cache_loc::Int;
use ascend_cache_loc_benches::Sweep;
use ascend_cache_loc_benches::contender::{Bench, Contender, Op};
use criterion::{Criterion, criterion_group, criterion_main};
use harness::workload::Workload;

/// Cold calls that a sample measures at most: each costs a sweep of 64 MiB.
const COLD_CALLS: u64 = 3;

fn bench<O: Int>(criterion: &mut Criterion, workload: &Workload, sweep: &mut Sweep) {
    for op in Op::ALL {
        let mut bench = Bench::<O>::new(workload, op);
        let name = format!("{}/{}/{}", op.name(), workload.name, O::TYPE);
        let mut group = criterion.benchmark_group(format!("{name}/hot"));
        for contender in Contender::ALL {
            group.bench_function(contender.name(), |bencher| {
                bencher.iter_custom(|calls| {
                    let start = Instant::now();
                    bench.run(contender, calls);
                    start.elapsed()
                });
            });
        }
        group.finish();
        let mut group = criterion.benchmark_group(format!("{name}/cold"));
        for contender in Contender::ALL {
            group.bench_function(contender.name(), |bencher| {
                bencher.iter_custom(|calls| {
                    let measured = calls.min(COLD_CALLS);
                    let mut elapsed = Duration::ZERO;
                    for _ in 0..measured {
                        sweep.run();
                        let start = Instant::now();
                        bench.run(contender, 1);
                        elapsed += start.elapsed();
                    }
                    elapsed.mul_f64(calls as f64 / measured as f64)
                });
            });
        }
        group.finish();
    }
}

fn benches(criterion: &mut Criterion) {
    let mut sweep = Sweep::new();
    for workload in Workload::all() {
        bench::<i32>(criterion, &workload, &mut sweep);
        bench::<i64>(criterion, &workload, &mut sweep);
    }
}

criterion_group! {
    name = group;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = benches
}
criterion_main!(group);
