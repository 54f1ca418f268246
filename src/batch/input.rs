//! One input, opened so that looking at it changes nothing, waits for nothing and can be told from what it becomes later.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::refusal::{Code, Refusal, Result};
use crate::source::{FileSource, Shared, Spool};

/// An open input.
pub(super) struct Opened {
    /// The file itself.
    pub(super) file: File,
    stamp: Stamp,
    /// What the system says about it.
    pub(super) about: Metadata,
    /// Its bytes.
    pub(super) source: Shared,
}

/// What tells that a file is still the one that was opened.
#[derive(PartialEq, Eq)]
struct Stamp {
    id: Option<Id>,
    len: u64,
    modified: Option<SystemTime>,
}

/// A device and a number on it: which file this is, whatever its name.
pub(super) type Id = (u64, u64);

impl Opened {
    /// Opens a file. A symbolic link is followed only where `follow` says so.
    pub(super) fn file(path: &Path, follow: bool) -> Result<Opened> {
        let file = open(path, follow).map_err(Refusal::read)?;
        let about = file.metadata().map_err(Refusal::read)?;
        if !about.is_file() {
            return Err(special(&about));
        }
        let source: Shared = Arc::new(FileSource::new(file.try_clone().map_err(Refusal::read)?).map_err(Refusal::read)?);
        Ok(Opened { file, stamp: Stamp::of(&about), about, source })
    }

    /// Refuses where the file, or what its name leads to, is no longer what was opened.
    pub(super) fn still(&self, path: &Path) -> Result<()> {
        let now = self.file.metadata().map_err(Refusal::read)?;
        let named = std::fs::metadata(path).map_err(|_| changed())?;
        if Stamp::of(&now) != self.stamp || Stamp::of(&named) != self.stamp {
            return Err(changed());
        }
        Ok(())
    }

    /// Which file it is.
    pub(super) fn id(&self) -> Option<Id> {
        self.stamp.id
    }
}

/// All of standard input, spooled, since it cannot be read twice.
pub(super) fn standard_input(limit: u64) -> Result<Shared> {
    let mut spool = Spool::new(&Spool::default_dir());
    let mut input = io::Read::take(io::stdin().lock(), limit.saturating_add(1));
    io::copy(&mut input, &mut spool).map_err(Refusal::read)?;
    let source = spool.finish().map_err(Refusal::read)?;
    if source.len() > limit {
        return Err(Refusal::limit(format!("standard input is longer than {limit} bytes")).hint("raise --max-size"));
    }
    Ok(source)
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        Stamp { id: id(about), len: about.len(), modified: about.modified().ok() }
    }
}

fn changed() -> Refusal {
    Refusal::new(Code::Read, "the file changed while it was read").hint("wait until nothing writes to it, and run it again")
}

/// What something is that is no ordinary file.
pub(super) fn special(about: &Metadata) -> Refusal {
    let what = kind(about);
    Refusal::unsupported(format!("it is {what}, not a file")).hint(match what {
        "a named pipe" => "send it through standard input: metascrub - < PIPE",
        "a symbolic link" => "links inside folders are not followed; name it on the command line to clean what it leads to",
        _ => "only ordinary files can be cleaned",
    })
}

#[cfg(unix)]
fn kind(about: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let t = about.file_type();
    match () {
        () if t.is_symlink() => "a symbolic link",
        () if t.is_fifo() => "a named pipe",
        () if t.is_socket() => "a socket",
        () if t.is_block_device() || t.is_char_device() => "a device",
        () if t.is_dir() => "a folder",
        () => "something special",
    }
}

#[cfg(not(unix))]
fn kind(about: &Metadata) -> &'static str {
    if about.file_type().is_symlink() { "a symbolic link" } else { "something special" }
}

/// The identity of a file, where the system tells.
#[cfg(unix)]
pub(super) fn id(about: &Metadata) -> Option<Id> {
    use std::os::unix::fs::MetadataExt;
    Some((about.dev(), about.ino()))
}

/// The identity of a file, where the system tells.
#[cfg(not(unix))]
pub(super) fn id(_: &Metadata) -> Option<Id> {
    None
}

#[cfg(unix)]
fn open(path: &Path, follow: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    // A pipe must not make us wait, a terminal must not become ours.
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if !follow {
        flags |= OFlags::NOFOLLOW;
    }
    let open = |flags: OFlags| OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path);
    #[cfg(target_os = "linux")]
    // Reading should not leave a trace in the access time; only owners may ask for that.
    match open(flags | OFlags::NOATIME) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {}
        other => return other,
    }
    open(flags)
}

#[cfg(not(unix))]
fn open(path: &Path, _: bool) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}
