//! How an output gets its name. It is written under a name of its own in the folder where it will stand, proved there, and
//! renamed in one step: whoever looks sees the whole file or none. An unpublished file is locked while its process lives,
//! so that those of killed runs can be told apart and are removed the next time somebody publishes there.
//!
//! Permission bits are set, without setuid, setgid and sticky; extended attributes, access lists and forks are not copied,
//! since bytes are written and files are not cloned. Nothing here claims that old blocks are erased.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use crate::refusal::{Code, Refusal, Result};
use crate::source::folder_of;

/// How the names of unpublished files begin.
pub const PREFIX: &str = ".metascrub-";
/// How they end.
pub const SUFFIX: &str = ".part";

/// The unpublished files of this process. Renaming and giving up both hold the lock, so one of them happens wholly.
static LIVE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
/// Folders in which the leavings of killed runs were already looked for.
#[cfg(unix)]
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn locked(set: &'static Mutex<BTreeSet<PathBuf>>) -> MutexGuard<'static, BTreeSet<PathBuf>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every unpublished file of this process and publishes nothing any more: the last thing before an interrupted
/// process ends.
pub fn close() {
    let live = locked(&LIVE);
    for path in live.iter() {
        // What cannot be removed now is removed by the next run.
        let _ = fs::remove_file(path);
    }
    // Held for ever: nobody may publish after this.
    std::mem::forget(live);
}

/// Whether this is the name of an unpublished file.
pub fn is_unpublished(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// Makes a folder of a mirrored tree with the permission bits of its model, so that what was private stays private.
///
/// # Errors
/// Those of the system; a folder that is there already is fine.
pub fn folder(path: &Path, mode: Option<u32>) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    if let Some(mode) = mode {
        use std::os::unix::fs::PermissionsExt;
        // Whoever makes a folder must be able to fill it.
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o777 | 0o700))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(())
}

/// The permission bits of a file or folder, without setuid, setgid and sticky, where the system has such bits.
pub fn mode(about: &fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777);
    #[cfg(not(unix))]
    {
        let _ = about;
        None
    }
}

/// What an output gets besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Its permission bits; `None` leaves them to the umask.
    pub mode: Option<u32>,
    /// Its owner and group, where it takes the place of a file that had others. Best effort.
    pub owner: Option<(u32, u32)>,
    /// Its modification time; `None` is now.
    pub mtime: Option<SystemTime>,
    /// Whether it may take the place of something.
    pub replace: bool,
    /// Whether it must be on the disk before it replaces anything: for originals that are not kept.
    pub sync: bool,
}

/// An output without its name. Dropped, it is gone.
pub struct Pending {
    temp: Option<NamedTempFile>,
    target: PathBuf,
}

impl Pending {
    /// Begins an output that will stand at `target`; its folder is made where it is missing.
    ///
    /// # Errors
    /// `Write`, where the folder cannot be made or written to.
    pub fn new(target: &Path, private: bool) -> Result<Pending> {
        let folder = folder_of(target);
        fs::create_dir_all(&folder).map_err(|e| cannot(&folder, "the output folder cannot be made", &e))?;
        sweep(&folder);
        for _ in 0..8 {
            let mut live = locked(&LIVE);
            let temp = create(&folder, private).map_err(|e| cannot(&folder, "the output folder cannot be written to", &e))?;
            if claim(temp.as_file()) {
                live.insert(temp.path().to_path_buf());
                return Ok(Pending { temp: Some(temp), target: target.to_path_buf() });
            }
        }
        Err(Refusal::new(Code::Write, "unpublished files in the output folder keep disappearing"))
    }

    /// Another handle on the file.
    ///
    /// # Errors
    /// Those of the system.
    pub fn file(&self) -> Result<File> {
        match &self.temp {
            Some(temp) => temp.as_file().try_clone().map_err(Refusal::write),
            None => Err(Refusal::new(Code::Internal, "an output was published twice")),
        }
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// `Exists` where something stands there and may not be replaced; `Write`.
    pub fn publish(mut self, manner: &Manner) -> Result<()> {
        let Some(temp) = self.temp.take() else { return Err(Refusal::new(Code::Internal, "an output was published twice")) };
        dress(temp.as_file(), manner).map_err(Refusal::write)?;
        if manner.sync {
            temp.as_file().sync_all().map_err(Refusal::write)?;
        }
        let mut live = locked(&LIVE);
        let name = temp.path().to_path_buf();
        let outcome = if manner.replace { replace(temp, &self.target) } else { rename(temp, &self.target) };
        live.remove(&name);
        drop(live);
        outcome?;
        if manner.sync {
            sync_folder(&folder_of(&self.target)).map_err(Refusal::write)?;
        }
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(temp) = self.temp.take() {
            let mut live = locked(&LIVE);
            live.remove(temp.path());
            drop(temp);
        }
    }
}

fn create(folder: &Path, private: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(8);
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = private;
    builder.tempfile_in(folder)
}

/// Locks a new file. `false` where a sweep took it for a leaving in the moment between.
#[cfg(unix)]
fn claim(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    // A file system without locks has no sweeps either.
    if rustix::fs::flock(file, rustix::fs::FlockOperation::LockExclusive).is_err() {
        return true;
    }
    file.metadata().map_or(true, |m| m.nlink() > 0)
}

#[cfg(not(unix))]
fn claim(_: &File) -> bool {
    true
}

/// Removes unpublished files that no living process holds.
#[cfg(unix)]
fn sweep(folder: &Path) {
    use rustix::fs::{FlockOperation, flock};
    if !locked(&SWEPT).insert(folder.to_path_buf()) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|e| is_unpublished(&e.file_name())) {
        if entry.file_type().is_ok_and(|t| t.is_file())
            && let Ok(file) = File::open(entry.path())
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(not(unix))]
fn sweep(_: &Path) {}

#[cfg(unix)]
fn dress(file: &File, manner: &Manner) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if let Some((user, group)) = manner.owner {
        // Only the superuser may give files away; for everybody else the owner is the one who runs this.
        let _ = std::os::unix::fs::fchown(file, Some(user), Some(group));
    }
    if let Some(mode) = manner.mode {
        file.set_permissions(fs::Permissions::from_mode(mode & 0o777))?;
    }
    set_time(file, manner)
}

#[cfg(not(unix))]
fn dress(file: &File, manner: &Manner) -> io::Result<()> {
    set_time(file, manner)
}

fn set_time(file: &File, manner: &Manner) -> io::Result<()> {
    match manner.mtime {
        Some(time) => file.set_times(fs::FileTimes::new().set_modified(time).set_accessed(time)),
        None => Ok(()),
    }
}

fn rename(temp: NamedTempFile, target: &Path) -> Result<()> {
    let temp = match temp.persist_noclobber(target) {
        Ok(_) => return Ok(()),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(target)),
        Err(e) => e.file,
    };
    // Some file systems know neither a rename that spares its target nor hard links.
    if fs::symlink_metadata(target).is_ok() {
        return Err(exists(target));
    }
    replace(temp, target)
}

fn replace(temp: NamedTempFile, target: &Path) -> Result<()> {
    // A device would become a file, and a folder would have to go with all that is in it.
    if let Ok(there) = fs::symlink_metadata(target)
        && !there.is_file()
        && !there.is_symlink()
    {
        let what = if there.is_dir() { "a folder" } else { "something that is no file" };
        return Err(Refusal::new(Code::Exists, format!("{what} stands where the output would go: {}", target.display()))
            .hint("choose another --output; -o - is standard output"));
    }
    swap(temp, target).map_err(Refusal::write)
}

/// Puts the file in the place of what is there, if anything is.
#[cfg(not(windows))]
fn swap(temp: NamedTempFile, target: &Path) -> io::Result<()> {
    temp.persist(target).map(|_| ()).map_err(|e| e.error)
}

/// Puts the file in the place of what is there, if anything is. That may be the input, which is still open: newer systems
/// allow that, for older ones it is moved out of the way first.
#[cfg(windows)]
fn swap(temp: NamedTempFile, target: &Path) -> io::Result<()> {
    let (file, new) = temp.keep().map_err(|e| e.error)?;
    drop(file);
    let aside = new.with_extension("old.part");
    let outcome = fs::rename(&new, target).or_else(|_| {
        fs::rename(target, &aside)?;
        fs::rename(&new, target).inspect_err(|_| {
            // What stood there stands there again.
            let _ = fs::rename(&aside, target);
        })
    });
    match outcome {
        // What stood there is gone as soon as nobody has it open.
        Ok(()) => _ = fs::remove_file(&aside),
        Err(_) => _ = fs::remove_file(&new),
    }
    outcome
}

/// Keeps `original` under `NAME.orig` before it is replaced, and returns that name.
///
/// # Errors
/// `Exists` where there is one already and it may not be replaced; `Write`.
pub fn back_up(original: &Path, force: bool) -> Result<PathBuf> {
    let mut name = original.file_name().unwrap_or_default().to_os_string();
    name.push(".orig");
    let backup = original.with_file_name(name);
    if fs::symlink_metadata(&backup).is_ok() {
        if !force {
            return Err(exists(&backup));
        }
        fs::remove_file(&backup).map_err(Refusal::write)?;
    }
    match fs::hard_link(original, &backup) {
        Ok(()) => Ok(backup),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(&backup)),
        // No hard links here: a copy it is, which leaves the original where it stands.
        Err(_) => fs::copy(original, &backup).map(|_| backup).map_err(Refusal::write),
    }
}

/// Something stands where an output would go.
pub fn exists(target: &Path) -> Refusal {
    Refusal::new(Code::Exists, format!("the output {} is already there", target.display()))
}

fn cannot(folder: &Path, what: &str, error: &io::Error) -> Refusal {
    Refusal::new(Code::Write, format!("{what}: {}: {error}", folder.display()))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(target: &Path, manner: &Manner) -> Result<()> {
        let pending = Pending::new(target, true)?;
        pending.file()?.write_all(b"cleaned").map_err(Refusal::write)?;
        pending.publish(manner)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_published_file_is_whole_and_an_abandoned_one_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("new/folder/a"), &Manner::default()).unwrap();
        assert_eq!(fs::read(dir.path().join("new/folder/a")).unwrap(), b"cleaned");
        drop(Pending::new(&dir.path().join("b"), true).unwrap());
        assert_eq!(names(dir.path()), ["new"]);
    }

    #[test]
    fn nothing_is_overwritten_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a");
        fs::write(&target, "mine").unwrap();
        assert_eq!(write(&target, &Manner::default()).unwrap_err().code(), Code::Exists);
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        write(&target, &Manner { replace: true, sync: true, ..Manner::default() }).unwrap();
        assert_eq!((fs::read(&target).unwrap().as_slice(), names(dir.path()).len()), (&b"cleaned"[..], 1));
        fs::create_dir(dir.path().join("folder")).unwrap();
        let over_folder = write(&dir.path().join("folder"), &Manner { replace: true, ..Manner::default() });
        assert_eq!(over_folder.unwrap_err().code(), Code::Exists);
    }

    #[cfg(unix)]
    #[test]
    fn special_bits_do_not_travel() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a"), &Manner { mode: Some(0o6755), ..Manner::default() }).unwrap();
        assert_eq!(fs::metadata(dir.path().join("a")).unwrap().permissions().mode() & 0o7777, 0o755);
    }

    #[cfg(unix)]
    #[test]
    fn leavings_of_killed_runs_go_and_those_of_living_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".metascrub-dead.part"), "half").unwrap();
        let alive = File::create(dir.path().join(".metascrub-alive.part")).unwrap();
        rustix::fs::flock(&alive, rustix::fs::FlockOperation::LockExclusive).unwrap();
        write(&dir.path().join("a"), &Manner::default()).unwrap();
        assert_eq!(names(dir.path()), [".metascrub-alive.part", "a"]);
    }
}
