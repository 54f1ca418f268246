//! One file from opening to publishing. Whatever happens to it (a refusal, a full disk, a fault of this program) ends here
//! as an outcome, and the batch goes on.

use std::cell::RefCell;
use std::fs::Metadata;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::input::{self, Id, Opened};
use super::walk::{Input, Item, Target, Work};
use super::{naming, outside};
use crate::clean::{self, Cleaned, Job};
use crate::detect;
use crate::finding::Finding;
use crate::policy::Limits;
use crate::prove::{self, Proof};
use crate::publish::{self, Manner, Pending};
use crate::refusal::{Code, Refusal, Result};
use crate::report::{Outcome, Receipt, Status, safe};
use crate::settings::{Destination, Mode, Mtime, Settings};
use crate::sink::Sink;
use crate::source::{self, FileSource, Reader, SMALL, Shared, Source, Spool};
use crate::view::View;

/// 1980-01-01T00:00:00Z, in seconds since 1970: the first day that every file system can hold.
const EPOCH: u64 = 315_532_800;

thread_local! {
    /// Where the last panic of this thread happened.
    static STUMBLED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics from writing to the terminal on their own: they become outcomes.
pub(super) fn hush_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        STUMBLED.with(|s| s.replace(place));
    }));
}

/// Where the last panic of this thread happened.
pub(super) fn stumbled() -> String {
    STUMBLED.with(|s| s.take())
}

/// Does one thing.
pub(super) fn item(settings: &Settings, work: &Work, item: &Item, hash: bool) -> Outcome {
    let started = Instant::now();
    let mut outcome = Outcome {
        path: item.shown.clone(),
        format: None,
        bytes: 0,
        result: Err(Refusal::new(Code::Internal, "nothing was done")),
        seconds: 0.0,
    };
    let one = AssertUnwindSafe(|| One { settings, work, item, hash, outcome: &mut outcome, outside: Vec::new() }.run());
    let result = panic::catch_unwind(one).unwrap_or_else(|_| {
        Err(Refusal::new(Code::Internal, format!("this program stumbled over the file (in {})", stumbled())))
    });
    outcome.result = result;
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}

struct One<'a> {
    settings: &'a Settings,
    work: &'a Work,
    item: &'a Item,
    hash: bool,
    outcome: &'a mut Outcome,
    /// What the file system remembers besides the bytes; no output has it.
    outside: Vec<Finding>,
}

impl One<'_> {
    fn run(&mut self) -> Result<Receipt> {
        match &self.item.input {
            Input::Refused(why) => Err(why.refusal()),
            Input::Stdin => {
                let source = input::standard_input(self.settings.limits.size)?;
                self.clean(&source, None)
            }
            Input::File { follow } => {
                let opened = Opened::file(&self.item.shown, *follow)?;
                self.outside = outside::attributes(&opened.file);
                self.clean(&opened.source.clone(), Some(&opened))
            }
        }
    }

    fn clean(&mut self, source: &Shared, opened: Option<&Opened>) -> Result<Receipt> {
        self.outcome.bytes = source.len();
        self.turn_down_early(opened.and_then(Opened::id))?;
        let name = self.name();
        let spools = self.spools();
        let limits = self.limits();
        let job = Job::new(&self.settings.policy, &limits, &name, &spools);
        let cleaned = clean::inspect(&job, source).inspect_err(|_| {
            // A refusal should still say of what; detecting is cheap and happens only here.
            self.outcome.format = detect::detect(source, &name).ok().map(|f| f.name);
        })?;
        self.outcome.format = Some(cleaned.format().name);
        match &self.item.target {
            Target::Nowhere => Ok(self.receipt(cleaned)),
            Target::InPlace(_) if cleaned.is_identity() && self.outside.is_empty() => {
                let receipt = self.receipt(cleaned);
                Ok(Receipt { output: Some(self.item.shown.clone()), ..receipt })
            }
            Target::Stdout => self.to_stdout(&job, cleaned),
            Target::File(path) => self.to_file(&job, cleaned, path, opened),
            Target::InPlace(path) => self.to_file(&job, cleaned, path, opened),
        }
    }

    /// What is known to fail before the work is done.
    fn turn_down_early(&self, id: Option<Id>) -> Result<()> {
        let Target::File(path) = &self.item.target else { return Ok(()) };
        let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
        let there = input::id(&there);
        if there.is_some() && there == id {
            return Err(Refusal::new(Code::Exists, "the output would be the input itself").hint("use --in-place to replace it"));
        }
        if !self.settings.force {
            return Err(publish::exists(path));
        }
        if there.is_some_and(|t| self.work.inputs.contains(&t)) {
            let what = format!("the output would replace another input: {}", safe::path(path));
            return Err(Refusal::new(Code::Exists, what).hint("choose another --output"));
        }
        Ok(())
    }

    /// The name that formats may look at.
    fn name(&self) -> String {
        match self.item.input {
            Input::Stdin => String::new(),
            _ => self.item.shown.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    fn limits(&self) -> Limits {
        self.settings.limits.clone()
    }

    /// Spools lie beside the output, where there is room for it.
    fn spools(&self) -> Arc<Path> {
        let folder = match &self.item.target {
            Target::File(path) | Target::InPlace(path) => source::folder_of(path),
            Target::Stdout | Target::Nowhere => return Spool::default_dir(),
        };
        // The folder of an output may not be there yet; it is made when there is something to put in it.
        let there = folder.ancestors().find(|f| f.is_dir()).unwrap_or(Path::new(".")).to_path_buf();
        Arc::from(if there.as_os_str().is_empty() { PathBuf::from(".") } else { there })
    }

    /// A plan that was not applied.
    fn receipt(&self, cleaned: Cleaned) -> Receipt {
        let nothing = cleaned.is_identity() && self.outside.is_empty();
        let status = match (nothing, self.settings.mode) {
            (true, _) => Status::AlreadyClean,
            (false, Mode::Clean) => Status::Cleaned,
            (false, _) => Status::WouldClean,
        };
        Receipt {
            status,
            output: None,
            bytes: cleaned.bytes().len(),
            findings: cleaned.findings().iter().chain(&self.outside).chain(&self.name_tells()).cloned().collect(),
            proof: None,
            essence_sha256: None,
            witnesses: cleaned.witnesses().to_vec(),
            warnings: cleaned.warnings().to_vec(),
        }
    }

    /// What the name of the output tells; without an output, that of the input.
    fn name_tells(&self) -> Option<Finding> {
        match &self.item.target {
            Target::Stdout => None,
            Target::File(path) => naming::tells(path),
            Target::Nowhere | Target::InPlace(_) => naming::tells(&self.item.shown),
        }
    }

    /// A plan that was applied and proved.
    fn proved(&self, cleaned: Cleaned, proof: Proof, output: &Path) -> Result<Receipt> {
        let hash = if self.hash { Some(prove::essence_sha256(cleaned.view())?) } else { None };
        let receipt = self.receipt(cleaned);
        Ok(Receipt { output: Some(output.to_path_buf()), proof: Some(proof), essence_sha256: hash, ..receipt })
    }

    fn to_stdout(&self, job: &Job, mut cleaned: Cleaned) -> Result<Receipt> {
        clean::examine(job, &mut cleaned)?;
        let mut sink = Sink::Spool(job.spool());
        let bytes = cleaned.bytes();
        bytes.send(bytes.span(), &mut sink).map_err(Refusal::write)?;
        let Sink::Spool(spool) = sink else { return Err(Refusal::new(Code::Internal, "a spool is no spool")) };
        let result = source::at_hand(&spool.finish().map_err(Refusal::write)?)?;
        let proof = prove::prove(cleaned.view(), &*result)?;
        let mut stdout = io::stdout().lock();
        let sent = io::copy(&mut Reader::new(&*result, result.span()), &mut stdout).and_then(|_| stdout.flush());
        match sent {
            // Whoever read it had enough.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.map_err(Refusal::write)?,
        }
        self.proved(cleaned, proof, Path::new("-"))
    }

    /// A large result is looked at while it is written: one waits for the processor, the other for memory and disk.
    fn look_and_write(&self, job: &Job, cleaned: &mut Cleaned, path: &Path, opened: Option<&Opened>) -> Result<(Pending, Proof)> {
        let view = cleaned.view().clone();
        thread::scope(|scope| {
            // What nests deep is walked on this thread, whose stack is large.
            let writes = scope.spawn(|| self.write(&view, path, opened));
            let looked = clean::examine(job, cleaned);
            let written = writes.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
            looked.and(written)
        })
    }

    /// The result under a name that nobody knows, proved.
    fn write(&self, view: &View, path: &Path, opened: Option<&Opened>) -> Result<(Pending, Proof)> {
        let pending = Pending::new(path, opened.is_some())?;
        let written = FileSource::growing(pending.file()?);
        let proof = prove::write(view, &mut Sink::File(pending.file()?), &written)?;
        Ok((pending, proof))
    }

    fn to_file(&self, job: &Job, mut cleaned: Cleaned, path: &Path, opened: Option<&Opened>) -> Result<Receipt> {
        let (pending, proof) = if cleaned.view().len() > SMALL {
            self.look_and_write(job, &mut cleaned, path, opened)?
        } else {
            clean::examine(job, &mut cleaned)?;
            self.write(cleaned.view(), path, opened)?
        };
        let mut receipt = self.proved(cleaned, proof, self.shown_output(path))?;
        if let Some(opened) = opened {
            opened.still(&self.item.shown)?;
        }
        let in_place = matches!(self.item.target, Target::InPlace(_));
        if in_place {
            receipt.warnings.extend(opened.and_then(|o| other_names(&o.about)));
        }
        let backup = match self.settings.to {
            Destination::InPlace { backup: true } => Some(publish::back_up(path, self.settings.force)?),
            _ => None,
        };
        let published = pending.publish(&self.manner(in_place, opened.map(|o| &o.about)));
        if let (Err(_), Some(backup)) = (&published, backup) {
            // The original still stands under its own name.
            let _ = std::fs::remove_file(backup);
        }
        published.map(|()| receipt)
    }

    /// In place, the output is called what the input was called.
    fn shown_output<'p>(&'p self, path: &'p Path) -> &'p Path {
        if matches!(self.item.target, Target::InPlace(_)) { &self.item.shown } else { path }
    }

    fn manner(&self, in_place: bool, about: Option<&Metadata>) -> Manner {
        let mtime = match self.settings.mtime {
            Mtime::Now => None,
            Mtime::Epoch => Some(SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH)),
            Mtime::Keep => about.and_then(|a| a.modified().ok()),
        };
        let strict = self.settings.policy.is_strict() && !in_place;
        let mode = if strict { Some(0o644) } else { about.and_then(publish::mode) };
        let owner = if in_place { about.and_then(owner) } else { None };
        Manner { mode, owner, mtime, replace: in_place || self.settings.force, sync: in_place }
    }
}

#[cfg(unix)]
fn owner(about: &Metadata) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((about.uid(), about.gid()))
}

#[cfg(unix)]
fn other_names(about: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let others = about.nlink().checked_sub(1).filter(|n| *n > 0)?;
    Some(format!("the file has {others} more name(s) on this disk; what they lead to is still the original"))
}

#[cfg(not(unix))]
fn owner(_: &Metadata) -> Option<(u32, u32)> {
    None
}

#[cfg(not(unix))]
fn other_names(_: &Metadata) -> Option<String> {
    None
}
