#![no_main]

#[path = "common.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod common;

use stacktally::read::{Reading, read_listing};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = read_listing(&common::snapshot(bytes), &Reading::default()) {
        assert!(error.hint.is_some(), "{error}");
    }
});
