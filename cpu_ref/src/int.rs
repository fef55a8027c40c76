//! The element types of index arrays and outputs.

use core::fmt::{Debug, Display, Formatter, Result};

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
}

/// An element type of index arrays and outputs: `i32` or `i64`, nothing else.
///
/// SGLang mixes both: request pool indices are usually int64, prefix lengths and offsets either, locations int64 on
/// CUDA and CPU, int32 on NPU. Each array of an operation therefore has a type parameter of its own.
pub trait Int: sealed::Sealed + Copy + Eq + Ord + Debug + Display + Send + Sync + 'static {
    /// The tag of this type.
    const TYPE: IntType;

    /// The value, sign-extended to 64 bits.
    fn to_i64(self) -> i64;

    /// A table entry as an output element, sign-extended: -1 stays -1.
    fn from_slot(slot: i32) -> Self;
}

impl Int for i32 {
    const TYPE: IntType = IntType::I32;

    #[inline(always)]
    fn to_i64(self) -> i64 {
        self.into()
    }

    #[inline(always)]
    fn from_slot(slot: i32) -> Self {
        slot
    }
}

impl Int for i64 {
    const TYPE: IntType = IntType::I64;

    #[inline(always)]
    fn to_i64(self) -> i64 {
        self
    }

    #[inline(always)]
    fn from_slot(slot: i32) -> Self {
        slot.into()
    }
}

/// The tag of an [`Int`] type, for code that picks a type at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntType {
    /// `i32`, 4 bytes.
    I32,
    /// `i64`, 8 bytes.
    I64,
}

impl IntType {
    /// `"i32"` or `"i64"`, the name in Rust and in case files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    /// The type by its name in Rust (`"i32"`, `"i64"`) or in numpy and torch (`"int32"`, `"int64"`); `None` of any other.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "i32" | "int32" => Some(Self::I32),
            "i64" | "int64" => Some(Self::I64),
            _ => None,
        }
    }

    /// Bytes of an element.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::I32 => 4,
            Self::I64 => 8,
        }
    }
}

impl Display for IntType {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.name())
    }
}
