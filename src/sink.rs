//! Where output goes: a file that has no final name yet, or a spool. It is written forwards only, and it counts.

use std::fs::File;
use std::io::{self, Write};

use crate::source::{BLOCK, Span, Spool, read_at};

/// A function that is shown bytes, in order.
pub type Look = Box<dyn FnMut(&[u8]) + Send>;

/// Something that bytes are sent to, in order.
pub enum Sink {
    /// A file, written from where its cursor stands.
    File(File),
    /// Memory or an unnamed file.
    Spool(Spool),
    /// Nowhere: the bytes are shown to a function, for checksums.
    Look(Look),
}

impl Sink {
    /// Copies a part of `file` without a detour through memory where the kernel can do that.
    pub(crate) fn copy_from_file(&mut self, file: &File, span: Span) -> io::Result<()> {
        let mut at = span.start;
        #[cfg(target_os = "linux")]
        if let Sink::File(to) = self {
            at = kernel_copy(file, to, span)?;
        }
        let mut block = vec![0; (BLOCK as u64).min(span.end - at) as usize];
        while at < span.end {
            let want = (block.len() as u64).min(span.end - at) as usize;
            let n = read_at(file, at, &mut block[..want])?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.write_all(&block[..n])?;
            at += n as u64;
        }
        Ok(())
    }
}

/// Lets the kernel copy as much as it will; returns the position up to which it did.
#[cfg(target_os = "linux")]
fn kernel_copy(from: &File, to: &File, span: Span) -> io::Result<u64> {
    use rustix::io::Errno;
    let mut at = span.start;
    while at < span.end {
        let want = (span.end - at).min(1 << 30) as usize;
        match rustix::fs::copy_file_range(from, Some(&mut at), to, None, want) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            // Some file systems cannot; the ordinary way can.
            Err(Errno::XDEV | Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP | Errno::PERM | Errno::BADF) => break,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(at)
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Sink::File(file) => file.write(buf),
            Sink::Spool(spool) => spool.write(buf),
            Sink::Look(look) => {
                look(buf);
                Ok(buf.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::File(file) => file.flush(),
            Sink::Spool(_) | Sink::Look(_) => Ok(()),
        }
    }
}
