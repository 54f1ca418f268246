//! Where bytes are made that are read later: members that were packed again, what came from standard input.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use super::{FileSource, Memory, Shared};

/// Bytes being made here: in memory while small, in an unnamed file of private mode once large.
pub struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    len: u64,
    dir: Arc<Path>,
}

impl Spool {
    /// Up to this many bytes stay in memory.
    pub const IN_MEMORY: usize = 1 << 20;

    /// An empty spool whose file, should it need one, lies in `dir` and has no name there.
    pub fn new(dir: &Arc<Path>) -> Spool {
        Spool { memory: Vec::new(), file: None, len: 0, dir: dir.clone() }
    }

    /// The folder for spools where no output folder is known.
    pub fn default_dir() -> Arc<Path> {
        Arc::from(std::env::temp_dir())
    }

    /// How many bytes were written.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Ends the writing; what was written can be read from now on.
    pub fn finish(mut self) -> io::Result<Shared> {
        match self.file.take() {
            None => Ok(Memory::shared(std::mem::take(&mut self.memory))),
            Some(mut file) => {
                file.write_all(&self.memory)?;
                Ok(Arc::new(FileSource::of(file, self.len)))
            }
        }
    }
}

impl Write for Spool {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.memory.len() + buf.len() > Spool::IN_MEMORY {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(tempfile::tempfile_in(&self.dir)?),
            };
            file.write_all(&self.memory)?;
            self.memory.clear();
            file.write_all(buf)?;
        } else {
            self.memory.extend_from_slice(buf);
        }
        self.len += buf.len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
