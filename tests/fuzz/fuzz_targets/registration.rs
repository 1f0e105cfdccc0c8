#![no_main]

#[path = "common.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod common;

use stacktally::read::{Reading, read_customer_subscriptions, read_registration};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let snapshot = common::snapshot(bytes);
    for error in [
        read_registration(&snapshot, &Reading::default()).err(),
        read_customer_subscriptions(&snapshot, &Reading::default()).err(),
    ] {
        assert!(error.is_none_or(|error| error.hint.is_some()));
    }
});
