//! Brings staged files to the disk while others are still made: what the commit has to wait for is there by then.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::disk;
use crate::error::Result;

/// A thread that waits for the disk, and hardly computes.
#[derive(Debug)]
pub(super) struct Syncing {
    paths: Sender<PathBuf>,
    thread: JoinHandle<Result<()>>,
}

impl Syncing {
    pub fn start() -> Self {
        let (paths, staged) = mpsc::channel::<PathBuf>();
        // What is found to be broken is kept: the kernel tells it once.
        let thread = thread::spawn(move || staged.into_iter().try_for_each(|path| disk::sync_one(&path)));
        Self { paths, thread }
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
