//! A panic is a bug in stacktally: the command ends with a report of it and exit code 8, as for every other bug.

use std::env;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::OnceLock;

use crate::error::{Error, Result};

/// The first panic of the process: a later one follows from it.
static FIRST: OnceLock<String> = OnceLock::new();

/// From here on panics are noted instead of printed. With RUST_BACKTRACE they are printed as well.
pub fn note_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        #[cfg(feature = "failpoints")]
        die_at_failpoint(info);
        let _ = FIRST.set(description(info));
        if env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            print(info);
        }
    }));
}

/// What `run` returns.
///
/// # Errors
/// Those of `run`; a panic is a bug.
pub fn caught<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that a panic may have left half done is used again: the command ends.
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let description = FIRST.get().cloned().unwrap_or_else(|| "stacktally panicked".to_owned());
        Err(Error::panicked(description))
    })
}

fn description(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let message = info.payload_as_str().map_or_else(String::new, |text| format!(": {text}"));
    format!("stacktally panicked{place}{message}")
}

/// A step that is named in the environment variable FAILPOINTS ends the process there as SIGKILL would.
#[cfg(feature = "failpoints")]
fn die_at_failpoint(info: &PanicHookInfo<'_>) {
    if info.payload_as_str().is_some_and(|text| text.starts_with("failpoint ")) {
        std::process::abort();
    }
}
