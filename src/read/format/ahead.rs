//! A file that is not compressed, read ahead by all threads.
//!
//! Whoever takes a large file apart needs its bytes in order, and so in one thread. Getting them from the system can
//! take longer than all that is done with them then; and that can be done for several blocks at once.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use crate::store;

/// Bytes that one thread reads at once.
const BLOCK_BYTES: usize = 1 << 18;

/// The bytes of a file, in order.
#[derive(Debug)]
pub(super) struct ReadAhead {
    opened: Arc<File>,
    /// Where in the file the next block begins.
    at: u64,
    /// Blocks that were read, and how much of the first one was taken.
    blocks: VecDeque<Vec<u8>>,
    taken: usize,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
}

/// Blocks of a file that are still to be read: apart from it, so that what was read can be taken meanwhile.
#[derive(Debug)]
pub(in crate::read) struct BlocksAhead {
    opened: Arc<File>,
    /// Where the first begins.
    at: u64,
    buffers: Vec<Vec<u8>>,
}

/// These blocks when they were read, each with its length: a full one, unless it is the last of the file.
#[derive(Debug)]
pub(in crate::read) struct BlocksRead {
    at: u64,
    blocks: Vec<io::Result<(Vec<u8>, usize)>>,
}

impl BlocksAhead {
    /// Reads them by all threads.
    pub(in crate::read) fn read(self) -> BlocksRead {
        let Self { opened, at, buffers } = self;
        let read = |(place, mut buffer): (usize, Vec<u8>)| {
            let length = store::read_at(&opened, &mut buffer, at + (place * BLOCK_BYTES) as u64)?;
            Ok((buffer, length))
        };
        BlocksRead { at, blocks: buffers.into_par_iter().enumerate().map(read).collect() }
    }
}

impl ReadAhead {
    pub(super) fn new(opened: File) -> Self {
        Self { opened: Arc::new(opened), at: 0, blocks: VecDeque::new(), taken: 0, spare: Vec::new() }
    }

    /// What has to be read until so many bytes are there to be taken.
    pub(super) fn ahead(&mut self, bytes: usize) -> BlocksAhead {
        let there = self.blocks.iter().map(Vec::len).sum::<usize>() - self.taken;
        let count = bytes.saturating_sub(there).div_ceil(BLOCK_BYTES);
        let buffers = (0..count).map(|_| self.spare.pop().unwrap_or_else(|| vec![0; BLOCK_BYTES])).collect();
        BlocksAhead { opened: Arc::clone(&self.opened), at: self.at, buffers }
    }

    /// Puts blocks behind those that are there. Where others were put there meanwhile, they are read again in their
    /// turn.
    ///
    /// # Errors
    /// The system could not read them.
    pub(super) fn put(&mut self, read: BlocksRead) -> io::Result<()> {
        if read.at != self.at {
            return Ok(());
        }
        for block in read.blocks {
            let (mut buffer, length) = block?;
            self.at += length as u64;
            buffer.truncate(length);
            // What stands behind the end stays unread, even if the file has grown meanwhile.
            if length < BLOCK_BYTES {
                self.blocks.extend((length > 0).then_some(buffer));
                break;
            }
            self.blocks.push_back(buffer);
        }
        Ok(())
    }

    /// Adds up to so many bytes to a buffer: fewer only at the end.
    ///
    /// # Errors
    /// The system cannot read them.
    pub(super) fn take_into(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> io::Result<()> {
        let missing = self.ahead(bytes);
        self.put(missing.read())?;
        let mut left = bytes;
        while let Some(block) = self.blocks.front().filter(|_| left > 0) {
            let taken = &block[self.taken..block.len().min(self.taken + left)];
            buffer.extend_from_slice(taken);
            (left, self.taken) = (left - taken.len(), self.taken + taken.len());
            if self.taken == block.len() {
                let mut block = self.blocks.pop_front().unwrap_or_default();
                block.resize(BLOCK_BYTES, 0);
                self.spare.push(block);
                self.taken = 0;
            }
        }
        Ok(())
    }
}
