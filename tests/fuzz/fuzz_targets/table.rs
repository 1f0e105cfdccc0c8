#![no_main]

#[path = "common.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod common;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| common::usage(bytes));
