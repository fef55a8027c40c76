//! What a figure of a cost table is.

/// An end of the range that a figure is known to lie in, by what it makes of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Everything as fast as what is published allows.
    Low,
    /// The best guess.
    Middle,
    /// Everything as slow as what is published allows.
    High,
}

impl End {
    /// From the fastest to the slowest.
    pub const ALL: [Self; 3] = [Self::Low, Self::Middle, Self::High];
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Cycles of a vector core's clock.
    Cycles,
    /// 10^9 bytes a second, which is bytes a nanosecond.
    GBps,
    /// Bytes.
    Bytes,
    /// A factor, or a number of things.
    Count,
}

impl Unit {
    /// As a table has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Cycles => "cycles",
            Self::GBps => "GB/s",
            Self::Bytes => "bytes",
            Self::Count => "",
        }
    }
}

/// A row of a cost table. `low` makes times short, `high` long: of a bandwidth, `low` is the larger number.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// The field of [`Costs`](super::Costs).
    pub name: &'static str,
    /// At the fast end.
    pub low: f64,
    /// The best guess, where the source has one.
    middle: f64,
    /// At the slow end.
    pub high: f64,
    /// What the three are counted in.
    pub unit: Unit,
    /// Where they are published; where nothing is, why the range is what it is.
    pub source: &'static str,
}

impl Figure {
    /// The best guess: the geometric mean of the ends, unless the source says otherwise.
    #[must_use]
    pub fn middle(&self) -> f64 {
        if self.middle == GEOMETRIC { (self.low * self.high).sqrt() } else { self.middle }
    }

    pub(super) const fn new(name: &'static str, ends: (f64, f64, f64), unit: Unit, source: &'static str) -> Self {
        Self { name, low: ends.0, middle: ends.1, high: ends.2, unit, source }
    }

    /// At one end, in nanoseconds where it is a time.
    pub(super) fn at(&self, end: End, ghz: f64) -> f64 {
        let value = match end {
            End::Low => self.low,
            End::Middle => self.middle(),
            End::High => self.high,
        };
        if self.unit == Unit::Cycles { value / ghz } else { value }
    }
}

/// Stands for the geometric mean of the ends while a table is written.
pub(super) const GEOMETRIC: f64 = 0.0;

/// Writes a table: a struct with a field a row, and the rows.
macro_rules! figures {
    ($(#[$doc:meta])* $costs:ident, $ghz:expr; $($(#[$what:meta])* $name:ident: $low:expr, $middle:expr, $high:expr, $unit:ident, $source:expr;)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub struct $costs {
            $($(#[$what])* pub $name: f64,)*
        }

        impl $costs {
            /// Every row, in the table's order.
            pub const FIGURES: &[Figure] =
                &[$(Figure::new(stringify!($name), ($low, $middle, $high), Unit::$unit, $source),)*];

            /// All figures at one end of their ranges.
            #[must_use]
            pub fn at(end: End) -> Self {
                let mut rows = Self::FIGURES.iter().map(|figure| figure.at(end, $ghz));
                let mut next = || rows.next().expect("a row for each field");
                Self { $($name: next(),)* }
            }
        }
    };
}
pub(super) use figures;
