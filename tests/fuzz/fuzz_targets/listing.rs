#![no_main]

#[path = "common.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod common;

use stacktally::read::{Reading, read_listings};
use stacktally::control::Control;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = read_listings(&[common::snapshot(bytes)], &Reading::default(), &Control::silent()) {
        assert!(error.hint.is_some(), "{error}");
    }
});
