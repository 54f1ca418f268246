//! Files on disk. Walking a container means thousands of reads of a few bytes each, most of them close to the one before:
//! those are answered from pages that were read for it.

use std::fs::File;
use std::io;
use std::sync::Mutex;

use super::{Source, Span};
use crate::sink::Sink;

/// How much is read where little was asked for; pages begin at multiples of it.
const PAGE: u64 = 4096;
/// Reads up to so many bytes are small.
const LITTLE: usize = 512;
/// How many pages are kept: of what is walked, of an index that points there, of a table beside it.
const PAGES: usize = 8;

/// A file on disk. Positions count from its first byte; the length is the one it had when it was opened.
pub struct FileSource {
    file: File,
    len: u64,
    /// `None` where what is in the file may still change.
    pages: Option<Mutex<Pages>>,
}

/// The pages that were read last.
#[derive(Default)]
struct Pages {
    pages: Vec<(u64, Vec<u8>)>,
    /// Which one the next takes the place of.
    oldest: usize,
}

impl FileSource {
    /// Looks at an open file.
    pub fn new(file: File) -> io::Result<FileSource> {
        let len = file.metadata()?.len();
        Ok(FileSource::of(file, len))
    }

    /// Looks at the first `len` bytes of a file that nobody writes to any more.
    pub(super) fn of(file: File, len: u64) -> FileSource {
        FileSource { file, len, pages: Some(Mutex::default()) }
    }

    /// Looks at a file that is still being written: whatever is in it at the time of reading.
    pub(crate) fn growing(file: File) -> FileSource {
        FileSource { file, len: u64::MAX, pages: None }
    }
}

impl Pages {
    /// Copies what the page of `at` has for `buf`; how much that was.
    fn read(&mut self, file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let start = at - at % PAGE;
        let i = match self.pages.iter().position(|(of, _)| *of == start) {
            Some(i) => i,
            None => self.load(file, start)?,
        };
        let there = self.pages[i].1.get((at - start) as usize..).unwrap_or_default();
        let n = there.len().min(buf.len());
        buf[..n].copy_from_slice(&there[..n]);
        Ok(n)
    }

    fn load(&mut self, file: &File, start: u64) -> io::Result<usize> {
        let i = self.oldest;
        self.oldest = (i + 1) % PAGES;
        if i == self.pages.len() {
            self.pages.push((start, Vec::new()));
        }
        let (of, page) = &mut self.pages[i];
        // Nothing is there until all of it is.
        *of = u64::MAX;
        page.resize(PAGE as usize, 0);
        let n = read_at(file, start, page)?;
        page.truncate(n);
        *of = start;
        Ok(i)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.len.saturating_sub(at).min(buf.len() as u64) as usize;
        let buf = &mut buf[..want];
        // Whoever finds another at the pages reads by itself, and so does who finds nothing in them: a system may give less
        // than was asked for.
        if (1..=LITTLE).contains(&want)
            && let Some(pages) = &self.pages
            && let Ok(mut pages) = pages.try_lock()
            && let n @ 1.. = pages.read(&self.file, at, buf)?
        {
            return Ok(n);
        }
        read_at(&self.file, at, buf)
    }

    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        to.copy_from_file(&self.file, span)
    }
}

/// Reads from a file at a position: as much as the system gives at once.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, at)
}

/// Reads from a file at a position: as much as the system gives at once.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, at)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Whatever is read in whatever order, it is what the file holds, across the borders of pages and at the end.
    #[test]
    fn small_reads_give_what_large_ones_give() {
        let bytes: Vec<u8> = (0..50_000u32).flat_map(|i| (i * 7).to_le_bytes()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let source = FileSource::new(file).unwrap();
        let mut seed = 1u32;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (seed >> 8) as usize % bytes.len();
            let mut buf = vec![0; (1 + (seed & 1023) as usize).min(bytes.len() - at)];
            source.fill(at as u64, &mut buf).unwrap();
            assert_eq!(buf, bytes[at..at + buf.len()], "at {at}");
        }
        assert_eq!(source.read_at(bytes.len() as u64, &mut [0]).unwrap(), 0);
        assert_eq!(source.read_at(bytes.len() as u64 - 1, &mut [0; 9]).unwrap(), 1);
    }
}
