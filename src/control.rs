//! The interface of a run with the outside: progress out, a stop signal in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::Stamp;
use crate::error::{Error, Result};

/// Receives progress. Called from many threads.
pub trait Progress: Send + Sync {
    /// A step begins, with its number of units; 0 when that is unknown. It ends with the next step or the run.
    fn begin(&self, step: Step<'_>, units: u64);
    /// One unit of the step is done.
    fn advance(&self);
}

/// A step of a run, by one of the few names that logs and metrics know, and its stamp.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Such as `reading_usage`.
    pub name: &'static str,
    /// The stamp, where the step is one stamp's.
    pub stamp: Option<&'a Stamp>,
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stamp.map_or(Ok(()), |stamp| write!(f, "{stamp}: "))?;
        f.write_str(&self.name.replace('_', " "))
    }
}

/// Progress and the signal to stop, handed to every stage that may take long.
pub struct Control {
    signal: Arc<AtomicUsize>,
    progress: Box<dyn Progress>,
}

impl Control {
    /// `signal` holds 0 until a signal arrives, then its number.
    pub fn new(signal: Arc<AtomicUsize>, progress: Box<dyn Progress>) -> Self {
        Self { signal, progress }
    }

    /// A control without progress or signal.
    pub fn silent() -> Self {
        struct Silent;
        impl Progress for Silent {
            fn begin(&self, _: Step<'_>, _: u64) {}
            fn advance(&self) {}
        }
        Self::new(Arc::default(), Box::new(Silent))
    }

    /// Continues, or stops when a signal has arrived.
    ///
    /// # Errors
    /// The signal, as an error.
    pub fn check(&self) -> Result<()> {
        match self.signal.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Error::stopped(signal as i32)),
        }
    }

    /// A step of the whole run begins.
    pub fn begin(&self, name: &'static str) {
        self.progress.begin(Step { name, stamp: None }, 0);
    }

    /// A step of one stamp begins, with its number of units; 0 when that is unknown.
    pub fn begin_stamp(&self, name: &'static str, stamp: &Stamp, units: u64) {
        self.progress.begin(Step { name, stamp: Some(stamp) }, units);
    }

    pub fn advance(&self) {
        self.progress.advance();
    }
}
