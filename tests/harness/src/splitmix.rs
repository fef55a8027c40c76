//! The generator that the case format defines, used wherever a seed must mean the same everywhere.

/// One step of splitmix64 from state `x`.
#[must_use]
pub fn splitmix64(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Numbers below what is asked for, one after another.
pub fn draws(salt: u64) -> impl FnMut(u64) -> u64 {
    let mut turn = 0;
    move |below| {
        turn += 1;
        splitmix64(salt << 8 | turn) % below
    }
}

/// Element `i` of the table `seeded:s`: splitmix64(s + i) mod 2^31.
#[must_use]
pub fn seeded_slot(seed: u64, i: u64) -> i32 {
    (splitmix64(seed.wrapping_add(i)) & 0x7FFF_FFFF) as i32
}
