//! What the commands do once their settings are known. `run` and `check` are one pipeline, with and without an OUT.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::progress::TerminalProgress;
use super::settings::Settings;
use super::{exit, message};
use crate::error::{Error, Result};
use crate::pipeline;
use crate::watch::Watch;

/// How a command ended: what to say on standard output, and the exit code.
#[derive(Debug)]
pub struct Ending {
    pub text: String,
    pub code: u8,
}

/// Runs the pipeline and words its outcome. `signal` becomes the number of a signal that arrives.
///
/// # Errors
/// As [`pipeline::run`].
pub fn run_pipeline(settings: &Settings, signal: Arc<AtomicUsize>) -> Result<Ending> {
    if let Some(threads) = settings.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| Error::engine("start the threads", error))?;
    }
    let watch = Watch::new(signal, Box::new(TerminalProgress::new()));
    let outcome = pipeline::run(&settings.plan, &watch)?;
    drop(watch);
    Ok(Ending { text: message::summary(&outcome, settings.plan.out.as_deref()), code: exit::of_outcome(&outcome) })
}
