//! Reads a part of a file from storage: at once while it is in the system's memory, from the first piece that is not some pieces ahead of
//! what the network takes.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream::BoxStream};
use object_store::{GetResult, GetResultPayload};
use tokio::task::{JoinHandle, spawn_blocking};

/// How much of a file is best read at once, in bytes: enough that the hop to another thread does not count, little enough that many slow
/// lines hold little.
pub(crate) const PIECE: usize = 256 * 1024;
/// The same for a line that takes much at once.
pub(crate) const LARGE_PIECE: usize = 512 * 1024;
/// How many pieces are read ahead.
const AHEAD: usize = 2;

/// The bytes of a part of a file, in order.
pub(crate) enum Reader {
    /// From the local disk.
    Local(LocalReader),
    /// From elsewhere, in the pieces that it sends. A piece may wait here until its bytes are allowed to flow.
    Remote {
        /// The pieces.
        stream: BoxStream<'static, object_store::Result<Bytes>>,
        /// What is left of the last piece.
        rest: Bytes,
    },
}

impl Reader {
    pub(crate) fn new(result: GetResult) -> Self {
        match result.payload {
            GetResultPayload::File(file, _) => Self::Local(LocalReader::new(file, result.range)),
            GetResultPayload::Stream(stream) => Self::Remote { stream, rest: Bytes::new() },
        }
    }

    /// The next bytes, at most `most` of them, never none; a local file is read in pieces of so many. `None` at the end.
    pub(crate) fn poll_next(&mut self, task: &mut Context<'_>, most: usize) -> Poll<Option<io::Result<Bytes>>> {
        let rest = match self {
            Self::Local(local) => {
                if local.rest.is_empty() {
                    match ready!(local.poll_piece(task, most)) {
                        Some(Ok(piece)) => local.rest = piece,
                        other => return Poll::Ready(other),
                    }
                }
                &mut local.rest
            }
            Self::Remote { stream, rest } => {
                while rest.is_empty() {
                    match ready!(stream.poll_next_unpin(task)) {
                        Some(Ok(piece)) => *rest = piece,
                        Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                        None => return Poll::Ready(None),
                    }
                }
                rest
            }
        };
        Poll::Ready(Some(Ok(rest.split_to(most.min(rest.len())))))
    }
}

/// A part of a local file. Buffers are used again: a download's memory is the same whatever the file's size.
pub(crate) struct LocalReader {
    file: Arc<File>,
    range: Range<u64>,
    reading: VecDeque<JoinHandle<io::Result<Bytes>>>,
    buffers: Buffers,
    rest: Bytes,
}

impl LocalReader {
    fn new(file: File, range: Range<u64>) -> Self {
        Self { file: Arc::new(file), range, reading: VecDeque::new(), buffers: Buffers::default(), rest: Bytes::new() }
    }

    fn poll_piece(&mut self, task: &mut Context<'_>, most: usize) -> Poll<Option<io::Result<Bytes>>> {
        if self.reading.is_empty()
            && let Some(piece) = self.at_once(most)
        {
            return Poll::Ready(Some(Ok(piece)));
        }
        while self.reading.len() < AHEAD && !self.range.is_empty() {
            let (file, buffers, offset) = (self.file.clone(), self.buffers.clone(), self.range.start);
            let length = self.next_length(most);
            self.range.start += length as u64;
            self.reading.push_back(spawn_blocking(move || read(&file, offset, length, buffers)));
        }
        let Some(first) = self.reading.front_mut() else { return Poll::Ready(None) };
        let piece = ready!(first.poll_unpin(task)).map_err(io::Error::other);
        self.reading.pop_front();
        Poll::Ready(Some(piece.and_then(std::convert::identity)))
    }

    fn next_length(&self, most: usize) -> usize {
        usize::try_from(self.range.end - self.range.start).map_or(most, |left| left.min(most))
    }

    /// What the system has in memory: copying it takes less time than a hop to another thread.
    fn at_once(&mut self, most: usize) -> Option<Bytes> {
        if self.range.is_empty() {
            return None;
        }
        let length = self.next_length(most);
        let mut buffer = Buffer { bytes: self.buffers.take(length), used: 0, home: self.buffers.clone() };
        buffer.used = read_without_waiting(&self.file, &mut buffer.bytes[..length], self.range.start)?;
        self.range.start += buffer.used as u64;
        Some(Bytes::from_owner(buffer))
    }
}

/// Some of the bytes at `offset`, if they are there without waiting for a disk.
#[cfg(target_os = "linux")]
fn read_without_waiting(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
    let read = rustix::io::preadv2(file, &mut [io::IoSliceMut::new(buffer)], offset, rustix::io::ReadWriteFlags::NOWAIT);
    read.ok().filter(|read| *read > 0)
}

#[cfg(not(target_os = "linux"))]
const fn read_without_waiting(_: &File, _: &mut [u8], _: u64) -> Option<usize> {
    None
}

fn read(file: &File, offset: u64, length: usize, buffers: Buffers) -> io::Result<Bytes> {
    let mut buffer = Buffer { bytes: buffers.take(length), used: length, home: buffers };
    read_at(file, &mut buffer.bytes[..length], offset)?;
    Ok(Bytes::from_owner(buffer))
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[read..];
        offset += read as u64;
    }
    Ok(())
}

/// A stream's buffers that are free.
#[derive(Clone, Default)]
struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    /// One of at least so many bytes.
    fn take(&self, length: usize) -> Vec<u8> {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.filter(|buffer| buffer.len() >= length).unwrap_or_else(|| vec![0; length])
    }
}

/// A buffer on its way through the network, which goes home when it has been written.
struct Buffer {
    bytes: Vec<u8>,
    used: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.home.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{future::poll_fn, io::Write};

    use super::*;

    const SIZE: usize = 3 * PIECE + 17;

    async fn read_all(file: &File, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut reader = Reader::Local(LocalReader::new(file.try_clone()?, range));
        let mut all = Vec::new();
        // Of different sizes, as a line changes its pace and a link's segments end anywhere.
        let mut sizes = [PIECE / 2 + 1, PIECE, 1].into_iter().cycle();
        while let Some(most) = sizes.next()
            && let Some(bytes) = poll_fn(|task| reader.poll_next(task, most)).await
        {
            all.extend_from_slice(&bytes?);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn a_file_is_the_same_from_memory_and_from_the_disk() {
        let content: Vec<u8> = (0..SIZE).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        file.sync_all().unwrap();
        for range in [0..SIZE, 5..SIZE - 9, PIECE..PIECE + 2, 2 * PIECE..SIZE] {
            for in_memory in [true, false] {
                if !in_memory {
                    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
                }
                let all = read_all(&file, range.start as u64..range.end as u64).await.unwrap();
                assert!(all == content[range.clone()], "{range:?}, in memory: {in_memory}");
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_was_cut_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"short").unwrap();
        let mut reader = LocalReader::new(file, 0..9);
        let error = loop {
            match poll_fn(|task| reader.poll_piece(task, PIECE)).await.unwrap() {
                Ok(piece) => assert_eq!(piece, b"short".as_slice()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
