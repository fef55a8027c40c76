// The declarations as feature `bindgen` made them during this build.
include!(concat!(env!("OUT_DIR"), "/sim.rs"));
