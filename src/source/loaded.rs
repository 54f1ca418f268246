//! Small sources read into memory, in buffers that the next one takes over.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use super::{SMALL, Shared, Source, Span, read_slice, send_slice};
use crate::sink::Sink;

/// A small source read into memory, so that planning, copying and proving it touch the disk once; a large one as it is.
pub fn at_hand(source: &Shared) -> io::Result<Shared> {
    if source.as_bytes().is_some() || source.len() > SMALL {
        return Ok(source.clone());
    }
    let len = source.len() as usize;
    let spare = SPARE.with(|spare| spare.borrow_mut().pop());
    // A buffer that is too small is let go rather than grown: growing would copy what nobody needs.
    let buffer = spare.filter(|b| b.len() >= len).unwrap_or_else(|| vec![0; len]);
    let mut loaded = Loaded { buffer, len };
    source.fill(0, &mut loaded.buffer[..len])?;
    Ok(Arc::new(loaded))
}

thread_local! {
    /// Buffers of files that are done with, for the next, the largest last: fresh memory costs as much as reading a photo
    /// into it.
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A small source that was read into memory: the first `len` bytes of a buffer that may be longer.
struct Loaded {
    buffer: Vec<u8>,
    len: usize,
}

impl Loaded {
    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        // Where the thread itself is ending there is nobody to spare it for.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            spare.push(buffer);
            spare.sort_by_key(Vec::len);
            if spare.len() > 2 {
                spare.remove(0);
            }
        });
    }
}

impl Source for Loaded {
    fn len(&self) -> u64 {
        self.len as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        read_slice(self.bytes(), at, buf)
    }

    fn send(&self, span: Span, to: &mut Sink) -> io::Result<()> {
        send_slice(self.bytes(), span, to)
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self.bytes())
    }
}
