//! Progress on a terminal; none anywhere else, so that a cron mail holds only what matters.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::control::{Progress, Step};

/// One line on standard error: the current step, and how far it is.
pub struct TerminalProgress {
    bar: Mutex<ProgressBar>,
}

impl TerminalProgress {
    /// Progress that is shown if standard error is a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        Self { bar: Mutex::new(bar) }
    }

    fn with(&self, act: impl Fn(&ProgressBar)) {
        act(&self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for TerminalProgress {
    fn begin(&self, step: Step<'_>, units: u64) {
        let template = if units == 0 { "{spinner} {msg}" } else { "{spinner} {msg} {wide_bar} {pos}/{len} {eta}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.with(|bar| {
            bar.set_style(style.clone());
            bar.reset();
            bar.set_length(units);
            bar.set_message(step.to_string());
            bar.enable_steady_tick(Duration::from_millis(200));
        });
    }

    fn advance(&self) {
        self.with(|bar| bar.inc(1));
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.with(ProgressBar::finish_and_clear);
    }
}
