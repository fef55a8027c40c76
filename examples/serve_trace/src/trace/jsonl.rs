//! Lines of JSON: Mooncake's and Bailian's.

use std::fmt::{Formatter, Result as FmtResult};

use anyhow::{Result, ensure};
use harness::lines::json;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Unexpected, Visitor};

use super::{Record, micros, prompt};

#[derive(serde::Deserialize)]
struct Line {
    timestamp: f64,
    input_length: Tokens,
    output_length: Tokens,
    hash_ids: Option<Vec<u64>>,
    chat_id: Option<IgnoredAny>,
}

/// Milliseconds and blocks of 512 tokens, or with a chat id seconds and blocks of 16.
pub(super) fn parse(line: &str) -> Result<Record> {
    ensure!(line.starts_with('{'), "not a JSON object");
    let Line { timestamp, input_length, output_length, hash_ids, chat_id } = json(line)?;
    let (unit_us, block_tokens) = if chat_id.is_some() { (1e6, 16) } else { (1e3, 512) };
    Ok(Record {
        arrival_us: micros(timestamp, unit_us)?,
        input_len: prompt(input_length.0)?,
        output_len: output_length.0,
        hash_ids: hash_ids.unwrap_or_default(),
        block_tokens,
    })
}

/// A number of tokens; written as a float by programs whose columns are floats.
struct Tokens(usize);

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TokensVisitor;
        impl Visitor<'_> for TokensVisitor {
            type Value = Tokens;

            fn expecting(&self, f: &mut Formatter<'_>) -> FmtResult {
                f.write_str("a number of tokens")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Tokens, E> {
                let tokens = usize::try_from(value);
                tokens.map(Tokens).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Tokens, E> {
                Err(E::invalid_value(Unexpected::Signed(value), &self))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Tokens, E> {
                let whole = super::whole(value).ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))?;
                Ok(Tokens(whole))
            }
        }
        deserializer.deserialize_any(TokensVisitor)
    }
}
