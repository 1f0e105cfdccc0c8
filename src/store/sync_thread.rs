//! Brings staged files to the disk while others are still made: what the commit has to wait for is there by then.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::disk::{self, step};
use crate::error::{Error, Result};

/// A thread that waits for the disk, and hardly computes.
#[derive(Debug)]
pub(crate) struct Syncing {
    paths: Sender<PathBuf>,
    thread: JoinHandle<Result<()>>,
}

impl Syncing {
    /// # Errors
    /// The machine gives no thread.
    pub fn start() -> Result<Self> {
        let (paths, staged) = mpsc::channel::<PathBuf>();
        let sync = |path: PathBuf| {
            step!("stage::sync", "sync", &path);
            disk::sync_one(&path)
        };
        // What is found to be broken is kept: the kernel tells it once.
        let thread = thread::Builder::new().spawn(move || staged.into_iter().try_for_each(sync));
        let thread = thread.map_err(|error| Error::system("start a thread", error))?;
        Ok(Self { paths, thread })
    }

    /// Takes a file that is written.
    pub fn add(&self, path: PathBuf) {
        // Without a thread to take it, `finish` says why.
        let _ = self.paths.send(path);
    }

    /// Waits until all files are on the disk.
    ///
    /// # Errors
    /// One of them cannot be brought there.
    pub fn finish(self) -> Result<()> {
        drop(self.paths);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
