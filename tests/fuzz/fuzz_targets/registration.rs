#![no_main]

#[path = "common.rs"]
#[allow(dead_code, reason = "each target uses its part")]
mod common;

use stacktally::read::{Reading, read_customer_subscriptions, read_registrations};
use stacktally::control::Control;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let snapshots = [common::snapshot(bytes)];
    for error in [
        read_registrations(&snapshots, &Reading::default(), &Control::silent()).err(),
        read_customer_subscriptions(&snapshots, &Reading::default(), &Control::silent()).err(),
    ] {
        assert!(error.is_none_or(|error| error.hint.is_some()));
    }
});
