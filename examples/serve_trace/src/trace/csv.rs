//! Tables of commas: Azure's and `BurstGPT`'s.

use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail, ensure};

use super::{Record, micros, prompt, whole};

/// The names of the columns that hold time, prompt and output tokens, in any letters.
const NAMES: [[&str; 3]; 2] =
    [["timestamp", "contexttokens", "generatedtokens"], ["timestamp", "request tokens", "response tokens"]];

/// Where they are.
#[derive(Debug)]
pub(super) struct Columns {
    count: usize,
    places: [usize; 3],
    names: [&'static str; 3],
}

impl Columns {
    /// Those of a header; `None` where it lacks one.
    pub(super) fn of(header: &str) -> Option<Self> {
        NAMES.into_iter().find_map(|names| {
            let place = |name: &str| fields(header).position(|column| column.eq_ignore_ascii_case(name));
            let [Some(time), Some(input), Some(output)] = names.map(place) else { return None };
            Some(Self { count: fields(header).count(), places: [time, input, output], names })
        })
    }

    pub(super) fn parse(&self, line: &str) -> Result<Record> {
        let (mut found, mut count) = ([""; 3], 0);
        for field in fields(line) {
            if let Some(column) = self.places.iter().position(|&place| place == count) {
                found[column] = field;
            }
            count += 1;
        }
        // Beside a comma too many, what is read would be another column.
        ensure!(count == self.count, "{count} fields, the header has {}", self.count);
        let [at, input, output] = found;
        let tokens = |text: &str, name: &str| {
            let tokens = text.parse().ok().or_else(|| whole(text.parse().ok()?));
            tokens.with_context(|| format!("{name}: {text:?} is no number of tokens"))
        };
        Ok(Record {
            arrival_us: time(at)?,
            input_len: prompt(tokens(input, self.names[1])?)?,
            output_len: tokens(output, self.names[2])?,
            hash_ids: Vec::new(),
            block_tokens: 1,
        })
    }
}

/// The fields of a line; a comma between quotes is part of one.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let commas = move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    line.split(commas).map(|field| field.trim().trim_matches('"').trim())
}

/// Seconds, or a date: `2024-05-10 00:00:00.009930+00:00`, UTC where it says nothing.
fn time(text: &str) -> Result<u64> {
    if let Ok(seconds) = text.parse() {
        return micros(seconds, 1e6);
    }
    let Some(date) = date(text) else { bail!("timestamp: {text:?} is neither seconds nor a date") };
    micros(date, 1e6)
}

/// Seconds since 1970.
fn date(text: &str) -> Option<f64> {
    let sign = text.char_indices().skip("2024-05-10".len()).find(|(_, c)| "+-".contains(*c));
    let (local, ahead) = match sign {
        None => (text, 0.0),
        Some((at, sign)) => {
            let (hours, minutes) = text[at + 1..].split_once(':')?;
            let ahead = 3600.0 * f64::from(hours.parse::<u8>().ok()?) + 60.0 * f64::from(minutes.parse::<u8>().ok()?);
            (&text[..at], if sign == '-' { -ahead } else { ahead })
        }
    };
    let local = humantime::parse_rfc3339_weak(local).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(local.as_secs_f64() - ahead)
}
