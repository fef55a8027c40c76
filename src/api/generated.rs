// The declarations as feature `bindgen` made them during this build.
include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// The committed file is what the headers give.
#[cfg(test)]
#[test]
fn committed_bindings_are_current() {
    let generated = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));
    assert!(generated == include_str!("bindings.rs"), "copy OUT_DIR/bindings.rs over src/api/bindings.rs");
}
