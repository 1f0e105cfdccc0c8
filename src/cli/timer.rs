//! How long each step of a run takes: logged where logs are wanted, else shown as progress. Reads the monotonic clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::log;
use super::progress::TerminalProgress;
use super::run_report::StepTime;
use crate::control::{Progress, Step};

/// Times a run from its beginning, step by step. Clones share their state.
#[derive(Clone)]
pub struct Steps {
    begun: Instant,
    taken: Arc<Mutex<Taken>>,
    terminal: Option<Arc<TerminalProgress>>,
}

#[derive(Default)]
struct Taken {
    ended: Vec<StepTime>,
    current: Option<(&'static str, Option<String>, Instant)>,
}

impl Steps {
    /// Begins now. With logs on, a terminal shows no progress.
    pub fn begin(with_logs: bool) -> Self {
        let terminal = (!with_logs).then(|| Arc::new(TerminalProgress::new()));
        Self { begun: Instant::now(), taken: Arc::default(), terminal }
    }

    /// Ends the last step. Returns the milliseconds since the beginning, and all steps in order.
    pub fn end(&self) -> (u64, Vec<StepTime>) {
        let mut taken = self.taken();
        taken.end_current();
        (milliseconds_since(self.begun), taken.ended.clone())
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn end_current(&mut self) {
        let Some((name, stamp, begun)) = self.current.take() else { return };
        let step = StepTime { name, duration_ms: milliseconds_since(begun) };
        log::step_ended(&step, stamp.as_deref());
        self.ended.push(step);
    }
}

impl Progress for Steps {
    fn begin(&self, step: Step<'_>, units: u64) {
        let mut taken = self.taken();
        taken.end_current();
        let stamp = step.stamp.map(ToString::to_string);
        log::step_begun(step.name, stamp.as_deref());
        taken.current = Some((step.name, stamp, Instant::now()));
        drop(taken);
        if let Some(terminal) = &self.terminal {
            terminal.begin(step, units);
        }
    }

    fn advance(&self) {
        if let Some(terminal) = &self.terminal {
            terminal.advance();
        }
    }
}

fn milliseconds_since(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
