//! Syncs staged files while others are still written, so that the commit waits less.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::disk::{self, step};
use crate::error::{Error, Result};

/// A thread that mostly waits for the disk.
#[derive(Debug)]
pub(crate) struct Syncing {
    paths: Sender<PathBuf>,
    thread: JoinHandle<Result<()>>,
}

impl Syncing {
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn start() -> Result<Self> {
        let (paths, staged) = mpsc::channel::<PathBuf>();
        let sync = |path: PathBuf| {
            step!("stage::sync", "sync", &path);
            disk::sync_one(&path)
        };
        // An error is kept, because the kernel reports it only once.
        let thread = thread::Builder::new().spawn(move || staged.into_iter().try_for_each(sync));
        let thread = thread.map_err(|error| Error::system("start a thread", error))?;
        Ok(Self { paths, thread })
    }

    /// Queues a written file.
    pub(crate) fn add(&self, path: PathBuf) {
        // If the thread is gone, `finish` says why.
        let _ = self.paths.send(path);
    }

    /// Waits until all files are synced.
    ///
    /// # Errors
    /// One of them cannot be synced.
    pub(crate) fn finish(self) -> Result<()> {
        drop(self.paths);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
