//! The loop, served and verified; and that its checks can fail.

use ascend_cache_loc::Int;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, RefError};
use clap::Parser;

use crate::engine::{Config, Engine};
use crate::request::{Request, read_trace};
use crate::stats::Stats;
use crate::{Options, workload};
use harness::backend::{Backend, CpuRef};

fn config() -> Config {
    Options::parse_from(["serve_trace"]).config(&[])
}

fn serve(requests: &[Request], config: Config) -> anyhow::Result<Stats> {
    Engine::new(&mut CpuRef, requests, config)?.run(|_| ())
}

/// Text of the error that serving ends with.
fn error(requests: &[Request], config: Config) -> String {
    format!("{:#}", serve(requests, config).unwrap_err())
}

fn request(arrival_us: u64, input_len: usize, output_len: usize, block_ids: &[u64]) -> Request {
    Request { arrival_us, input_len, output_len, block_ids: block_ids.into() }
}

#[test]
fn the_default_run_evicts_and_retracts() {
    let options = Options::parse_from(["serve_trace"]);
    let requests = options.requests().unwrap();
    let stats = serve(&requests, options.config(&requests)).unwrap();
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
    let requests: Vec<Request> = workload::generate(3, 2000)
        .into_iter()
        .filter(|request| request.input_len < 3000 && request.output_len < 100)
        .take(40)
        .collect();
    for (page_size, chunk, draft_tokens, slots, max_batch) in [
        (1, 8192, 4, 4000, 64),
        (2, 1, 1, 4000, 64),
        (16, 100, 7, 4096, 3),
        (64, 777, 130, 6400, 64),
        (128, 8192, 1, 65_536, 1),
        (512, 513, 1024, 4608, 64),
    ] {
        let config =
            Config { page_size, chunk, draft_tokens, slots, max_batch, base_us: 0, per_token_us: 1, ..config() };
        let stats = serve(&requests, config).unwrap();
        assert_eq!(stats.finished, 40);
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
fn the_table_and_the_default_pool_hold_the_longest_request() {
    let requests = [request(0, 200_000, 3, &[]), request(0, 100, 3, &[])];
    let config = Options::parse_from(["serve_trace"]).config(&requests);
    assert_eq!(config.slots, 200_064, "200,007 slots in pages of 128");
    assert_eq!(serve(&requests, config).unwrap().finished, 2);
}

#[test]
fn options_that_cannot_serve_are_refused_by_name() {
    let requests = [request(0, 1000, 100, &[])];
    assert_eq!(
        error(&requests, Config { slots: 1024, ..config() }),
        "--slots 1024: request 0 alone needs 1104 slots (1000 input, 100 output, 4 draft tokens)"
    );
    assert_eq!(
        error(&requests, Config { page_size: 100, ..config() }),
        "--page-size 100: pages must divide a prefix block of 512 tokens"
    );
    assert!(error(&requests, Config { page_size: 0, ..config() }).starts_with("--page-size 0"));
    assert!(error(&[request(0, usize::MAX, 1, &[])], config()).starts_with("request 0: its length is too large"));
    for args in [["--slots", "0"], ["--requests", "0"], ["--chunk", "0"], ["--draft-tokens", "0"], ["--backend", "gpu"]]
    {
        assert!(Options::try_parse_from(["serve_trace"].iter().chain(&args)).is_err(), "{args:?}");
    }
    assert!(!Options::parse_from(["serve_trace", "--verify=false"]).verify);
    assert!(Options::parse_from(["serve_trace", "--verify"]).verify);
}

#[test]
fn a_trace_is_read_as_published_and_refused_by_line() {
    let path = std::env::temp_dir().join(format!("{}-trace.jsonl", std::process::id()));
    let read = |lines: &str, limit| {
        std::fs::write(&path, lines).unwrap();
        let result = read_trace(&path, limit);
        std::fs::remove_file(&path).unwrap();
        result.map_err(|error| format!("{error:#}").replace(&path.display().to_string(), "trace"))
    };
    let good = r#"{"timestamp": 27482, "input_length": 600, "output_length": 52, "hash_ids": [46, 47]}"#;
    let expected = request(27_482_000, 600, 52, &[46, 47]);
    assert_eq!(read(&format!("{good}\n\n{good}\n{good}"), 2).unwrap(), [expected.clone(), expected]);
    for (line, message) in [
        ("{", "trace:2: EOF while parsing"),
        (&*good.replace("600", "-1"), "trace:2: invalid value: integer `-1`, expected usize"),
        (&*good.replace("600", "0"), "trace:2: input_length: a request needs a prompt"),
        (&*good.replace("600", "512"), "trace:2: hash_ids: 2 ids for 1 blocks of 512 tokens"),
        (&*good.replace("timestamp", "time"), "trace:2: missing field `timestamp`"),
        (&*good.replace("27482", "18446744073709551615"), "trace:2: timestamp: too large"),
    ] {
        let error = read(&format!("{good}\n{line}"), 10).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
    assert_eq!(read("\n", 10).unwrap_err(), "trace: no requests");
}

/// A backend that is right but for one call.
struct Lying {
    calls: usize,
    wrong_last_loc: bool,
}

impl Backend for Lying {
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), RefError> {
        let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
        CpuRef.get_last_loc(LastLoc { table, req_pool_indices, prefix_lens, out: &mut *out })?;
        self.calls += usize::from(self.wrong_last_loc);
        if self.calls == 5 {
            out[0] = O::from_slot(4242);
        }
        Ok(())
    }

    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), RefError> {
        let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;
        CpuRef.assign_extend_cache_locs(ExtendLocs {
            table,
            req_pool_indices,
            start_offsets,
            end_offsets,
            out: &mut *out,
        })?;
        self.calls += usize::from(!self.wrong_last_loc);
        if self.calls == 5 {
            out.swap(0, 1);
        }
        Ok(())
    }
}

#[test]
fn one_wrong_answer_of_a_backend_is_caught_and_named() {
    let requests = workload::generate(1, 20);
    let error = |wrong_last_loc| {
        let mut backend = Lying { calls: 0, wrong_last_loc };
        let error = Engine::new(&mut backend, &requests, config()).unwrap().run(|_| ()).unwrap_err();
        format!("{error:#}")
    };
    let last_loc = error(true);
    assert!(last_loc.contains(": get_last_loc: index 0: got 4242, expected "), "{last_loc}");
    assert!(error(false).contains(": assign_extend_cache_locs: index 0: got "));
}
