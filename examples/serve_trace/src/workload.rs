//! The built-in workload: seeded requests of the published shape of Mooncake's conversation trace (FAST'25 release).

use fastrand::Rng;

use crate::request::Request;

/// Prompt tokens of a block, as in the public trace.
pub(crate) const BLOCK_TOKENS: usize = 512;

/// Bytes, about, of a request in memory.
pub(crate) const REQUEST_BYTES: usize = 256;

/// Requests in an hour.
pub(crate) const HOUR_REQUESTS: usize = 12_031;
const HOUR_US: u64 = 3_600_000_000;

/// The share of prompt blocks that repeat an earlier prefix.
const REUSABLE: f64 = 0.366;

/// Earlier requests that a conversation may continue, and how many are looked at to find a good one.
const RECENT: usize = 2_000;
const LOOKS: usize = 16;

/// Points (probability, value) of a length distribution, read off the public trace; linear between them.
type Quantiles = [(f64, f64); 14];
const INPUT: Quantiles = [
    (0.0, 891.0),
    (0.1, 964.0),
    (0.25, 2_307.0),
    (0.4, 4_993.0),
    (0.5, 6_909.0),
    (0.6, 9_570.0),
    (0.75, 15_366.0),
    (0.85, 21_467.0),
    (0.9, 27_367.0),
    (0.95, 39_549.0),
    (0.97, 52_215.0),
    (0.985, 73_954.0),
    (0.995, 100_886.0),
    (1.0, 126_195.0),
];
const OUTPUT: Quantiles = [
    (0.0, 1.0),
    (0.05, 10.0),
    (0.1, 24.0),
    (0.25, 157.0),
    (0.4, 291.0),
    (0.5, 350.0),
    (0.6, 399.0),
    (0.75, 472.0),
    (0.85, 543.0),
    (0.9, 597.0),
    (0.95, 698.0),
    (0.98, 891.0),
    (0.99, 1_120.0),
    (1.0, 2_000.0),
];

/// The first `count` requests of the workload of a seed, hour after hour, in order of arrival.
pub(crate) fn generate(seed: u64, count: usize) -> Vec<Request> {
    let mut rng = Rng::with_seed(seed);
    let mut next_id = 1; // block 0 is the system prompt that every request begins with
    let mut requests = Vec::new();
    let mut hour = 0;
    while requests.len() < count {
        requests.append(&mut generate_hour(&mut rng, hour * HOUR_US, &mut next_id));
        hour += 1;
    }
    requests.truncate(count);
    for (request, line) in requests.iter_mut().zip(1..) {
        request.line = line;
    }
    requests
}

fn generate_hour(rng: &mut Rng, start_us: u64, next_id: &mut u64) -> Vec<Request> {
    let inputs = lengths(rng, &INPUT);
    let outputs = lengths(rng, &OUTPUT);
    let mut arrivals: Vec<u64> = (0..HOUR_REQUESTS).map(|_| start_us + rng.u64(0..HOUR_US)).collect();
    arrivals.sort_unstable();

    let mut requests: Vec<Request> = Vec::with_capacity(HOUR_REQUESTS);
    let (mut blocks, mut reused) = (0, 0);
    for ((input_len, output_len), arrival_us) in inputs.into_iter().zip(outputs).zip(arrivals) {
        let count = input_len.div_ceil(BLOCK_TOKENS);
        blocks += count;
        // Continue a recent conversation whenever the share of reusable blocks has fallen behind.
        let mut block_ids = vec![0];
        if (reused as f64) < REUSABLE * blocks as f64 && !requests.is_empty() {
            let recent = requests.len().saturating_sub(RECENT)..requests.len();
            let earlier = (0..LOOKS)
                .map(|_| &requests[rng.usize(recent.clone())])
                .filter(|earlier| earlier.whole_blocks(BLOCK_TOKENS) < count)
                .max_by_key(|earlier| earlier.whole_blocks(BLOCK_TOKENS));
            if let Some(earlier) = earlier {
                block_ids = earlier.block_ids[..earlier.whole_blocks(BLOCK_TOKENS)].to_vec();
            }
        }
        reused += if requests.is_empty() { 0 } else { block_ids.len() };
        let fresh = (count - block_ids.len()) as u64;
        block_ids.extend(*next_id..*next_id + fresh);
        *next_id += fresh;
        requests.push(Request { line: 0, arrival_us, input_len, output_len, block_ids: block_ids.into() });
    }
    requests
}

/// One length for each equal slice of the distribution, shuffled: every seed has the same lengths in another order.
fn lengths(rng: &mut Rng, quantiles: &Quantiles) -> Vec<usize> {
    let mut lengths: Vec<usize> =
        (0..HOUR_REQUESTS).map(|i| quantile(quantiles, i as f64 / (HOUR_REQUESTS - 1) as f64)).collect();
    rng.shuffle(&mut lengths);
    lengths
}

fn quantile(quantiles: &Quantiles, probability: f64) -> usize {
    let above = quantiles.partition_point(|&(p, _)| p < probability).max(1);
    let ((p0, v0), (p1, v1)) = (quantiles[above - 1], quantiles[above]);
    (v0 + (v1 - v0) * (probability - p0) / (p1 - p0)).round() as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{HOUR_REQUESTS, HOUR_US, generate};

    #[test]
    fn an_hour_has_the_published_shape() {
        let requests = generate(1, HOUR_REQUESTS);
        let shape = |mut lengths: Vec<usize>| {
            lengths.sort_unstable();
            let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
            (lengths[lengths.len() / 2], mean, lengths[lengths.len() - 1])
        };
        let near = |value: f64, published: f64| (value / published - 1.0).abs() < 0.02;
        let (median, mean, max) = shape(requests.iter().map(|request| request.input_len).collect());
        assert!((median, max) == (6_909, 126_195) && near(mean, 12_035.0), "input {median} {mean} {max}");
        let (median, mean, max) = shape(requests.iter().map(|request| request.output_len).collect());
        assert!((median, max) == (350, 2_000) && near(mean, 343.0), "output {median} {mean} {max}");

        let (mut seen, mut reused, mut blocks) = (HashSet::<u64>::new(), 0, 0);
        for request in &requests {
            assert_eq!(request.block_ids.len(), request.input_len.div_ceil(512));
            reused += request.block_ids.iter().take_while(|id| seen.contains(*id)).count();
            blocks += request.block_ids.len();
            seen.extend(request.block_ids.iter());
        }
        assert!(near(reused as f64 / blocks as f64, 0.366), "{reused} of {blocks}");
        assert!(requests.is_sorted_by_key(|request| request.arrival_us));
        assert!(requests.last().unwrap().arrival_us < HOUR_US);
    }

    #[test]
    fn a_seed_means_one_workload_and_more_hours_follow() {
        assert_eq!(generate(7, 40), generate(7, 90)[..40]);
        assert_ne!(generate(7, 40), generate(8, 40));
        let two_hours = generate(7, HOUR_REQUESTS + 1);
        assert!(two_hours[HOUR_REQUESTS].arrival_us >= HOUR_US);
    }
}
