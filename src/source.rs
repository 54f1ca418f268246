//! Bytes to look at, read by position. There is no cursor, so there is no order of calls to get wrong, and a part of a
//! source is a source: a member stored in an archive is planned without a copy, and a file of 100 GB is the same code as
//! a file of a hundred bytes. This module knows where bytes are; it knows nothing of what they mean.

use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::sink::Sink;

mod file;
mod loaded;
mod spool;

pub use file::FileSource;
pub(crate) use file::read_at;
pub use loaded::at_hand;
pub use spool::Spool;

/// Sources up to this many bytes are read into memory once instead of being looked at again and again.
pub const SMALL: u64 = 12 << 20;

/// How much is moved at once where bytes pass through memory.
pub const BLOCK: usize = 256 << 10;

/// A half-open range of positions, in bytes from the start of the source it speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u64,
    /// One past the last byte; never before `start`.
    pub end: u64,
}

impl Span {
    /// The span from `start` up to `end`; empty where `end` lies before `start`.
    pub fn new(start: u64, end: u64) -> Span {
        Span { start, end: end.max(start) }
    }

    /// The span of `len` bytes at `start`, or `None` where that would pass the largest position there is.
    pub fn at(start: u64, len: u64) -> Option<Span> {
        Some(Span { start, end: start.checked_add(len)? })
    }

    /// How many bytes it covers.
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether it covers none.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `inner` lies wholly inside.
    pub fn contains(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// The bytes both cover; empty where there are none.
    pub fn meet(self, other: Span) -> Span {
        Span::new(self.start.max(other.start), self.end.min(other.end))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Bytes that can be read at any position.
pub trait Source: Send + Sync {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Reads at `at` into `buf` and returns how many bytes came; zero only at the end or for an empty `buf`.
    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// Sends the bytes of `span` to `to`. Sources that have a file behind them let the kernel copy.
    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        let mut block = vec![0; (BLOCK as u64).min(span.len()) as usize];
        let mut at = span.start;
        while at < span.end {
            let want = (block.len() as u64).min(span.end - at) as usize;
            self.fill(at, &mut block[..want])?;
            to.write_all(&block[..want])?;
            at += want as u64;
        }
        Ok(())
    }

    /// The bytes themselves where they are already in memory.
    fn as_bytes(&self) -> Option<&[u8]> {
        None
    }

    /// The first bytes of `span`, as many as lie together in memory already: at least one, or `None`.
    fn lend(&self, span: Span) -> Option<&[u8]> {
        self.as_bytes()?.get(span.start as usize..span.end as usize).filter(|piece| !piece.is_empty())
    }

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it.
    fn span(&self) -> Span {
        Span { start: 0, end: self.len() }
    }

    /// Reads exactly `buf.len()` bytes at `at`.
    ///
    /// # Errors
    /// `UnexpectedEof` where the source ends before that.
    fn fill(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < buf.len() {
            match self.read_at(at + done as u64, &mut buf[done..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// The bytes of `span`, which must lie inside the source and hold no more than `limit` bytes. No memory is taken
    /// before both are known.
    ///
    /// # Errors
    /// `UnexpectedEof` where the span passes the end, `FileTooLarge` where it is longer than `limit`.
    fn bytes(&self, span: Span, limit: u64) -> io::Result<Vec<u8>> {
        if span.end > self.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if span.len() > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut out = vec![0; span.len() as usize];
        self.fill(span.start, &mut out)?;
        Ok(out)
    }
}

/// A source that is owned by everybody who looks at it.
pub type Shared = Arc<dyn Source>;

/// Reads up to `max` bytes at `at`: fewer only where the source ends.
pub fn head(source: &dyn Source, at: u64, max: usize) -> io::Result<Vec<u8>> {
    let there = source.len().saturating_sub(at).min(max as u64) as usize;
    let mut out = vec![0; there];
    source.fill(at, &mut out)?;
    Ok(out)
}

/// Bytes in memory.
pub struct Memory(Box<[u8]>);

impl Memory {
    /// Takes the bytes over.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Memory {
        Memory(bytes.into())
    }

    /// Takes the bytes over, to be shared.
    pub fn shared(bytes: impl Into<Box<[u8]>>) -> Shared {
        Arc::new(Memory::new(bytes))
    }
}

impl Source for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        read_slice(&self.0, at, buf)
    }

    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        send_slice(&self.0, span, to)
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}

/// A part of a source, as a source of its own.
pub struct Window {
    of: Shared,
    span: Span,
}

impl Window {
    /// The part of `of` that `span` covers, cut off at the end of `of`.
    pub fn new(of: Shared, span: Span) -> Window {
        let span = span.meet(of.span());
        Window { of, span }
    }

    /// The same, to be shared.
    pub fn shared(of: &Shared, span: Span) -> Shared {
        Arc::new(Window::new(of.clone(), span))
    }
}

impl Source for Window {
    fn len(&self) -> u64 {
        self.span.len()
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.len().saturating_sub(at).min(buf.len() as u64) as usize;
        if want == 0 {
            return Ok(0);
        }
        self.of.read_at(self.span.start + at, &mut buf[..want])
    }

    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        if span.end > self.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.of.send(Span::new(self.span.start + span.start, self.span.start + span.end), to)
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.of.as_bytes()?.get(self.span.start as usize..self.span.end as usize)
    }

    fn lend(&self, span: Span) -> Option<&[u8]> {
        self.of.lend(Span::new(self.span.start + span.start, (self.span.start + span.end).min(self.span.end)))
    }
}

fn read_slice(bytes: &[u8], at: u64, buf: &mut [u8]) -> io::Result<usize> {
    let from = bytes.get(at.min(bytes.len() as u64) as usize..).unwrap_or_default();
    let n = from.len().min(buf.len());
    buf[..n].copy_from_slice(&from[..n]);
    Ok(n)
}

fn send_slice(bytes: &[u8], span: Span, to: &mut Sink) -> io::Result<()> {
    let part = usize::try_from(span.start).ok().zip(usize::try_from(span.end).ok());
    to.write_all(part.and_then(|(a, b)| bytes.get(a..b)).ok_or(io::ErrorKind::UnexpectedEof)?)
}

/// Feeds the bytes of `span` to `each`, block by block, in order; where they are in memory, as they lie there.
///
/// # Errors
/// Those of the source, and `UnexpectedEof` where the span passes its end.
pub fn each_block(source: &dyn Source, span: Span, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    if span.end > source.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut block = Vec::new();
    let mut at = span.start;
    while at < span.end {
        if let Some(piece) = source.lend(Span::new(at, span.end)) {
            each(piece);
            at += piece.len() as u64;
            continue;
        }
        let want = (BLOCK as u64).min(span.end - at) as usize;
        if block.len() < want {
            block.resize(want, 0);
        }
        source.fill(at, &mut block[..want])?;
        each(&block[..want]);
        at += want as u64;
    }
    Ok(())
}

/// A source read from front to end, for libraries that want `Read`.
pub struct Reader<'a> {
    source: &'a dyn Source,
    at: u64,
    end: u64,
}

impl<'a> Reader<'a> {
    /// Reads the bytes of `span`.
    pub fn new(source: &'a dyn Source, span: Span) -> Reader<'a> {
        Reader { source, at: span.start, end: span.end.min(source.len()) }
    }

    /// Where it stands.
    pub fn at(&self) -> u64 {
        self.at
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.end.saturating_sub(self.at).min(buf.len() as u64) as usize;
        let n = self.source.read_at(self.at, &mut buf[..want])?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let place = match to {
            io::SeekFrom::Start(n) => Some(n),
            io::SeekFrom::End(n) => self.end.checked_add_signed(n),
            io::SeekFrom::Current(n) => self.at.checked_add_signed(n),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The folder that holds `path`, for spools that should lie beside it.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
