//! What the outside may see and say while a run goes on: progress out, a signal to stop in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// Receives progress. Called from many threads.
pub trait Progress: Send + Sync {
    /// A step begins, such as `reading northwest`, with as many units to do; 0 when that is unknown.
    fn begin(&self, step: &str, units: u64);
    /// One more unit of the step is done.
    fn advance(&self);
}

/// Progress and the signal to stop, handed to every stage that may take long.
pub struct Watch {
    signal: Arc<AtomicUsize>,
    progress: Box<dyn Progress>,
}

impl Watch {
    /// `signal` holds 0 until a signal arrives, then its number.
    pub fn new(signal: Arc<AtomicUsize>, progress: Box<dyn Progress>) -> Self {
        Self { signal, progress }
    }

    /// A watch that shows nothing and is never stopped.
    pub fn silent() -> Self {
        struct Silent;
        impl Progress for Silent {
            fn begin(&self, _: &str, _: u64) {}
            fn advance(&self) {}
        }
        Self::new(Arc::default(), Box::new(Silent))
    }

    /// Goes on, or stops when a signal has arrived.
    ///
    /// # Errors
    /// The signal, as an error.
    pub fn check(&self) -> Result<()> {
        match self.signal.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Error::stopped(signal as i32)),
        }
    }

    pub fn begin(&self, step: &str, units: u64) {
        self.progress.begin(step, units);
    }

    pub fn advance(&self) {
        self.progress.advance();
    }
}
