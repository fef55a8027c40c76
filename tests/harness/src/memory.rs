//! How much memory a tool may take for what it is fed: the option `--max-memory`.

use std::collections::TryReserveError;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// A number of bytes, as `--max-memory` takes it: `4G`, `512M`, `65536`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// What the tools take where `--max-memory` is not given, on a machine that has enough.
pub const DEFAULT: Bytes = Bytes(4 << 30);

const UNITS: [(char, u32); 4] = [('T', 40), ('G', 30), ('M', 20), ('K', 10)];

impl Bytes {
    /// The longest line that fits: what is made of one takes up to sixteen times as much.
    #[must_use]
    pub fn longest_line(self) -> usize {
        usize::try_from(self.0 / 16).unwrap_or(usize::MAX - 1)
    }
}

/// What a tool takes where `--max-memory` is not given: 4G, or where this process may not have twice that, a half or a
/// quarter of it, and so on. An allocation that fails later would end it.
#[must_use]
pub fn sensible() -> Bytes {
    let mut bytes = DEFAULT.0;
    while !usize::try_from(2 * bytes).is_ok_and(|len| room_for::<u8>(len).is_ok()) {
        bytes /= 2;
    }
    Bytes(bytes)
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit = UNITS.into_iter().find(|(unit, _)| text.ends_with([*unit, unit.to_ascii_lowercase()]));
        let (digits, shift) = unit.map_or((text, 0), |(_, shift)| (&text[..text.len() - 1], shift));
        let bytes =
            digits.parse::<u64>().ok().and_then(|count| count.checked_mul(1 << shift)).filter(|&bytes| bytes > 0);
        bytes.map(Self).ok_or_else(|| "not a number of bytes such as 4G, 512M or 65536".into())
    }
}

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let unit = UNITS.into_iter().find(|(_, shift)| self.0 >> shift > 0);
        match unit {
            Some((unit, shift)) if self.0.is_multiple_of(1 << shift) => write!(f, "{}{unit}", self.0 >> shift),
            Some((unit, shift)) => write!(f, "{:.1}{unit}", self.0 as f64 / (1_u64 << shift) as f64),
            None => write!(f, "{}", self.0),
        }
    }
}

/// `len` times a value.
///
/// # Errors
/// Where the machine has no memory for them.
pub fn filled<T: Clone>(value: T, len: usize) -> Result<Vec<T>, TryReserveError> {
    let mut values = Vec::new();
    values.try_reserve_exact(len)?;
    values.resize(len, value);
    Ok(values)
}

/// `len` zeros that cost nothing until they are touched.
///
/// # Errors
/// Where the machine has no room for them.
pub fn zeroed(len: usize) -> Result<Vec<i32>, TryReserveError> {
    // What there is no room for would abort the program below.
    room_for::<i32>(len)?;
    Ok(vec![0; len])
}

/// Whether the process may have `len` more values.
fn room_for<T>(len: usize) -> Result<(), TryReserveError> {
    let mut values = Vec::<T>::new();
    // The compiler may take an allocation that nobody uses for one that succeeds.
    std::hint::black_box(&mut values).try_reserve_exact(len)
}

#[cfg(test)]
mod tests {
    use super::{Bytes, DEFAULT, filled, sensible, zeroed};

    #[test]
    fn bytes_are_read_and_shown_by_their_units() {
        for (text, bytes, shown) in [
            ("4G", 4 << 30, "4G"),
            ("1536m", 1536 << 20, "1.5G"),
            ("65536", 65536, "64K"),
            ("999", 999, "999"),
            ("1T", 1 << 40, "1T"),
        ] {
            let parsed: Bytes = text.parse().unwrap();
            assert_eq!((parsed.0, &*parsed.to_string()), (bytes, shown));
        }
        for text in ["", "G", "0", "-1", "1.5G", "4GB", "4 G", "16777216T", "18446744073709551616", "\u{e9}"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_no_machine_has_is_an_error() {
        assert!(sensible() <= DEFAULT);
        assert!(filled(0_i32, 1 << 60).is_err() && zeroed(1 << 60).is_err());
        assert_eq!((filled(7, 2).unwrap(), zeroed(2).unwrap()), (vec![7, 7], vec![0, 0]));
    }
}
