//! The loop, served and verified; and that its checks can fail. What traces become is tested beside their reader.

use std::collections::VecDeque;

use harness::backend::{Backend, CallError, CpuRef};
use harness::operation::Call;

use crate::engine::{Config, Engine};
use crate::fit::fit;
use crate::options::Options;
use crate::refusals::Refusals;
use crate::request::Request;
use crate::stats::Stats;
use crate::steps::Steps;
use crate::trace::Trace;
use crate::workload;

fn config() -> Config {
    Config {
        slots: 163_840,
        page_size: 128,
        block_tokens: 512,
        max_batch: 64,
        draft_tokens: 4,
        chunk: 8192,
        steps: Steps::Fused,
        base_us: 10_000,
        per_token_us: 20,
        seed: 1,
        verify: true,
    }
}

fn serve(requests: &[Request], config: Config) -> anyhow::Result<Stats> {
    Ok(served(requests, config)?.2)
}

/// The table at the end, the free pages in their order, and what was counted.
fn served(requests: &[Request], config: Config) -> anyhow::Result<(Vec<i32>, VecDeque<u32>, Stats)> {
    let mut backend = CpuRef;
    let mut engine = Engine::new(&mut backend, requests, config)?;
    engine.run(|_| ())?;
    Ok((engine.table, engine.pages.free().clone(), engine.stats))
}

fn request(arrival_us: u64, input_len: usize, output_len: usize, block_ids: &[u64]) -> Request {
    Request { line: 1, arrival_us, input_len, output_len, block_ids: block_ids.into() }
}

/// 40 of the built-in workload that are served in little time.
fn short_requests() -> Vec<Request> {
    let all = workload::generate(3, 2000).into_iter();
    all.filter(|request| request.input_len < 3000 && request.output_len < 100).take(40).collect()
}

/// Requests as a trace, one a line.
fn trace(requests: &[Request]) -> Trace {
    let mut requests = requests.to_vec();
    for (request, line) in requests.iter_mut().zip(1..) {
        request.line = line;
    }
    Trace { file: "trace".into(), requests, block_tokens: 512 }
}

/// The configuration of a run, the lines that it serves, and the first refusal.
fn fitted(options: &Options, mut trace: Trace) -> anyhow::Result<(Config, Vec<u64>, Option<String>)> {
    let mut refusals = Refusals { strict: options.strict, ..Refusals::default() };
    let config = fit(options, &mut trace, &mut refusals)?;
    Ok((config, trace.requests.iter().map(|request| request.line).collect(), refusals.first))
}

#[test]
fn the_default_run_evicts_and_retracts() {
    let requests = workload::generate(1, 500);
    let (config, ..) = fitted(&Options::default(), trace(&requests)).unwrap();
    let stats = serve(&requests, config).unwrap();
    assert_eq!((requests.len(), stats.finished), (500, 500));
    assert!(stats.evictions > 0 && stats.retractions > 0, "{stats}");
    assert!(stats.cached_tokens > 0 && stats.peak_slots == 163_840, "{stats}");
    // A request retracted in its prompt leaves the rest of it uncomputed.
    assert!(stats.prompt_tokens >= stats.cached_tokens + stats.prefill_tokens, "{stats}");
    let output: usize = requests.iter().map(|request| request.output_len).sum();
    assert_eq!(stats.generated_tokens, output);
}

#[test]
fn every_page_size_chunk_window_and_pool_serves_everything() {
    let requests = short_requests();
    for (page_size, chunk, draft_tokens, slots, max_batch) in [
        (1, 8192, 4, 4000, 64),
        (2, 1, 1, 4000, 64),
        (16, 100, 7, 4096, 3),
        (64, 777, 130, 6400, 64),
        (128, 8192, 1, 65_536, 1),
        (128, 8192, 0, 163_840, 64),
        (1, 900, 0, 4000, 20),
        (32, 100, 0, 4800, 64),
        (512, 513, 1024, 4608, 64),
    ] {
        let config =
            Config { page_size, chunk, draft_tokens, slots, max_batch, base_us: 0, per_token_us: 1, ..config() };
        let stats = serve(&requests, config).unwrap();
        assert_eq!(stats.finished, 40);
    }
}

#[test]
fn fused_and_separate_steps_leave_the_same() {
    let mut requests = short_requests();
    // All at once, and so few slots that some are retracted.
    requests.iter_mut().for_each(|request| request.arrival_us = 0);
    for (draft_tokens, page_size) in [(0, 128), (0, 1), (1, 16), (4, 128)] {
        let small = Config { draft_tokens, page_size, slots: 8192, ..config() };
        let run = |steps| served(&requests, Config { steps, ..small.clone() }).unwrap();
        let ((table, free, fused), (other_table, other_free, separate)) = (run(Steps::Fused), run(Steps::Separate));
        assert!(table == other_table, "{draft_tokens} draft tokens: the tables differ");
        // Pages come back in the order in which they were given, taken and shared.
        assert!(free == other_free, "{draft_tokens} draft tokens: the free pages differ");
        assert_eq!((fused.finished, separate.finished), (40, 40));
        assert!(fused.retractions > 0 && fused.retractions == separate.retractions, "{fused}{separate}");
        assert_eq!((fused.steps, fused.clock_us), (separate.steps, separate.clock_us));
        assert!(fused.launches() < separate.launches(), "{fused}{separate}");
    }
}

#[test]
fn no_request_is_served_before_it_arrives() {
    let requests = [request(5_000_000, 10, 1, &[]), request(90_000_000, 10, 1, &[])];
    let stats = serve(&requests, config()).unwrap();
    // One step for each: a prompt token costs 20 us, a step 10 ms.
    assert_eq!((stats.steps, stats.clock_us), (2, 90_000_000 + 10_000 + 200));
}

#[test]
fn a_cached_prefix_is_used_and_its_last_token_computed() {
    let at = |arrival_us, ids: &[u64]| request(arrival_us, 1024, 2, ids);
    let stats = serve(&[at(0, &[7, 8]), at(10_000_000, &[7, 8]), at(20_000_000, &[7, 9])], config()).unwrap();
    assert_eq!((stats.cached_tokens, stats.prefill_tokens), (512 + 512, 3 * 1024 - 2 * 512));
}

#[test]
fn a_trace_that_uses_an_id_for_two_prefixes_is_served_all_the_same() {
    let at = |ids: &[u64]| request(0, 2048, 30, ids);
    let requests = [at(&[1, 2, 3, 4]), at(&[2, 1, 3, 4]), at(&[1, 1, 1, 1]), at(&[4, 2, 3, 1]), at(&[1, 2, 3, 4])];
    for slots in [2304, 8192] {
        assert_eq!(serve(&requests, Config { slots, ..config() }).unwrap().finished, 5);
    }
}

#[test]
fn without_any_room_to_spare_the_youngest_waits() {
    // Both prompts fit at once, both outputs do not.
    let requests = [request(0, 500, 300, &[]), request(0, 500, 300, &[])];
    let stats = serve(&requests, Config { slots: 1024, ..config() }).unwrap();
    assert!(stats.retractions > 0 && stats.finished == 2);
}

#[test]
fn a_request_without_output_generates_none() {
    let stats = serve(&[request(0, 600, 0, &[1, 2]), request(0, 600, 1, &[1, 3])], config()).unwrap();
    assert_eq!((stats.finished, stats.generated_tokens, stats.steps), (2, 1, 1));
    // Cut into chunks, retracted and queued again, all the same.
    let requests: Vec<Request> = (0..40).map(|i| request(i, 500, 0, &[])).collect();
    let stats = serve(&requests, Config { slots: 1024, chunk: 77, ..config() }).unwrap();
    assert_eq!((stats.finished, stats.generated_tokens), (40, 0));
}

#[test]
fn the_clock_does_not_run_over() {
    let requests = [request(0, 10, 2, &[]), request(u64::MAX - 7, 10, 30, &[])];
    let config = Config { base_us: u32::MAX.into(), per_token_us: u32::MAX.into(), ..config() };
    assert_eq!(serve(&requests, config).unwrap().clock_us, u64::MAX);
}

#[test]
fn the_table_and_the_default_pool_hold_the_longest_request() {
    let requests = [request(0, 200_000, 3, &[]), request(0, 100, 3, &[])];
    let (config, lines, refused) = fitted(&Options::default(), trace(&requests)).unwrap();
    assert_eq!((config.slots, &*lines, refused), (200_064, &[1, 2][..], None), "200,007 slots in pages of 128");
    assert_eq!(serve(&requests, config).unwrap().finished, 2);
}

#[test]
fn what_cannot_fit_is_refused_by_line_and_the_rest_is_served() {
    let requests = [request(0, 1000, 100, &[]), request(0, 100, 10, &[]), request(0, usize::MAX, 1, &[])];
    let options = Options { slots: Some(1024), ..Options::default() };
    let (config, lines, refused) = fitted(&options, trace(&requests)).unwrap();
    let why = "trace:1: needs 1104 slots (1000 input, 100 output, 4 draft tokens), --slots is 1024, in pages of 128";
    assert_eq!((config.slots, &*lines, refused.as_deref()), (1024, &[2][..], Some(why)));
    assert_eq!(serve(&requests[1..2], config).unwrap().finished, 1);

    let error = |options: &Options, requests: &[Request]| fitted(options, trace(requests)).unwrap_err().to_string();
    assert_eq!(error(&Options { strict: true, ..options.clone() }, &requests), why);
    assert_eq!(
        error(&options, &requests[2..]),
        "trace: no request can be served; the first: trace:1: needs more slots than can be counted (18446744073709551615 \
         input, 1 output, 4 draft tokens), --slots is 1024, in pages of 128"
    );
    // A billion tokens do not make the pool a billion slots for all.
    let billion = [request(0, 1_000_000_000, 1, &[]), request(0, 100, 10, &[])];
    let (config, lines, refused) = fitted(&Options::default(), trace(&billion)).unwrap();
    assert_eq!((config.slots, &*lines), (163_840, &[2][..]));
    let refused = refused.unwrap();
    assert!(
        refused.starts_with("trace:1: needs 1000000005 slots (1000000000 input, 1 output, 4 draft tokens)"),
        "{refused}"
    );
    assert!(
        refused.contains("--max-memory 4G leaves rows of ") && refused.ends_with(" with --max-batch 64"),
        "{refused}"
    );
}

#[test]
fn no_configuration_takes_more_than_the_memory() {
    let requests = [request(0, 1000, 100, &[])];
    let error = |options: &Options| fitted(options, trace(&requests)).unwrap_err().to_string();
    let options = Options::default;
    assert_eq!(
        error(&Options { slots: Some(i32::MAX as usize), ..options() }),
        "--slots 2147483647 and --max-batch 64 take 11.3G before any row; --max-memory 4G leaves 4.0G"
    );
    assert!(
        error(&Options { max_batch: i32::MAX as usize - 1, ..options() })
            .starts_with("--slots 163840 and --max-batch 2147483646 take ")
    );
    let refused = error(&Options { max_batch: 4_000_000, ..options() });
    assert!(refused.ends_with("--max-memory 4G leaves rows of 240 with --max-batch 4000000"), "{refused}");
    let (config, ..) =
        fitted(&Options { slots: Some(i32::MAX as usize), verify: false, ..options() }, trace(&requests)).unwrap();
    assert_eq!(config.slots, i32::MAX as usize, "without a tag for each slot it has room");
}

#[test]
fn pages_divide_blocks_or_hold_whole_ones() {
    let at = |ids: &[u64]| request(0, 2000, 2, ids);
    let requests = [at(&[1, 2, 3]), at(&[1, 2, 4])];
    let shared = |page_size| {
        let mut trace = trace(&requests);
        let options = Options { page_size, ..Options::default() };
        fit(&options, &mut trace, &mut Refusals::default())
            .map(|config| (config.block_tokens, trace.requests[1].block_ids.clone()))
    };
    assert_eq!(shared(128).unwrap(), (512, [1, 2, 4].into()));
    assert_eq!(shared(1024).unwrap(), (1024, [2].into()));
    assert_eq!(
        shared(100).unwrap_err().to_string(),
        "--page-size 100: pages must divide the trace's blocks of 512 tokens, or hold whole ones"
    );
    let without = trace(&[request(0, 2000, 2, &[])]);
    assert_eq!(fitted(&Options { page_size: 100, ..Options::default() }, without).unwrap().0.block_tokens, 100);
}

#[test]
fn options_are_named_in_what_is_wrong_with_them() {
    let parse = |args: &[&str]| Options::parse(["serve_trace"].iter().chain(args).map(|arg| (*arg).into()));
    assert!(parse(&["--help"]).unwrap().is_none() && parse(&["-h"]).unwrap().is_none());
    for (args, message) in [
        (&["--slots", "0"][..], "--slots 0: it must lie in 1 to 2147483647"),
        (&["--slots=2147483648"], "--slots 2147483648: it must lie in 1 to 2147483647"),
        (&["--requests", "0"], "--requests 0: it must lie in 1 to 4294967295"),
        (&["--chunk", "-1"], "--chunk -1: it must lie in 1 to 4294967295"),
        (&["--draft-tokens", "1025"], "--draft-tokens 1025: it must lie in 0 to 1024"),
        (&["--page-size", "x"], "--page-size x: invalid digit found in string"),
        (&["--backend", "gpu"], "--backend gpu: not cpu, sim or npu"),
        (&["--max-memory", "-1"], "--max-memory -1: not a number of bytes such as 4G, 512M or 65536"),
        (&["--verify=maybe"], "--verify maybe: provided string was not `true` or `false`"),
        (&["--trace"], "missing argument for option '--trace'"),
        (&["--traces", "x"], "invalid option '--traces'"),
        (&["x"], "unexpected argument \"x\""),
    ] {
        assert_eq!(format!("{:#}", parse(args).unwrap_err()), message);
    }
    let given = |args: &[&str]| parse(args).unwrap().unwrap();
    assert!(given(&["--verify"]).verify && !given(&["--verify=false"]).verify);
    assert_eq!(given(&["--max-memory", "2g", "--strict"]).max_memory.0, 2 << 30);
}

/// A backend that is right but for one call.
struct Lying {
    calls: usize,
    of: &'static str,
}

impl Backend for Lying {
    fn call(&mut self, call: &mut dyn Call) -> Result<(), CallError> {
        CpuRef.call(call)?;
        self.calls += usize::from(call.operation().name() == self.of);
        if self.calls == 5 {
            call.spoil(0, 4242);
        }
        Ok(())
    }
}

#[test]
fn one_wrong_answer_of_a_backend_is_caught_and_named() {
    let requests = workload::generate(1, 20);
    for (of, steps, draft_tokens) in [
        ("decode_step", Steps::Fused, 0),
        ("extend_step", Steps::Fused, 4),
        ("assign_extend_cache_locs", Steps::Fused, 4),
        ("assign_extend_cache_locs_uniform", Steps::Fused, 4),
        ("gather_block_tables", Steps::Fused, 4),
        ("get_last_loc", Steps::Separate, 4),
        ("alloc_extend", Steps::Separate, 4),
        ("alloc_decode", Steps::Separate, 0),
        ("assign_req_to_token_pool", Steps::Separate, 4),
    ] {
        let mut backend = Lying { calls: 0, of };
        let config = Config { steps, draft_tokens, ..config() };
        let error = Engine::new(&mut backend, &requests, config).unwrap().run(|_| ()).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(&format!(": {of}: index 0: got 4242, expected ")), "{text}");
    }
}
