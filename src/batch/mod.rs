//! Many files: workers that take the next one, outcomes in the order of the inputs, one exit status at the end. A file that
//! goes wrong never stops the others.

mod input;
mod naming;
mod outside;
mod voice;
mod walk;
mod work;

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::ahead::STACK;
use crate::policy::{Base, Policy};
use crate::publish::{self, Manner, Pending};
use crate::report::{self, Outcome, Run};
use crate::settings::{Destination, Mode, Rendering, Settings};

use voice::Voice;
use walk::{Item, Target, Work};

/// Everything was cleaned, or there was nothing to clean.
pub const FINE: u8 = 0;
/// At least one file was refused or failed.
pub const BAD: u8 = 1;
/// The request made no sense.
pub const USAGE: u8 = 2;
/// Something was found, and whether is what was asked.
pub const FOUND: u8 = 3;
/// The run was interrupted.
pub const INTERRUPTED: u8 = 130;

/// Does what was asked, and returns the exit status.
///
/// # Errors
/// A sentence, where nothing could be begun.
pub fn run(settings: &Settings) -> Result<u8, String> {
    check_report(settings)?;
    work::hush_panics();
    watch_for_interrupts();
    let status = panic::catch_unwind(AssertUnwindSafe(|| all(settings)));
    Ok(status.unwrap_or_else(|_| {
        let what = format!("metascrub: this program stumbled (in {}); please report this as a bug\n", work::stumbled());
        let _ = io::Write::write_all(&mut io::stderr(), what.as_bytes());
        BAD
    }))
}

fn all(settings: &Settings) -> u8 {
    let started = Instant::now();
    let work = walk::walk(settings);
    if settings.mode == Mode::Clean {
        for (folder, mode) in &work.folders {
            // Files in it will say why it cannot be made.
            let _ = publish::folder(folder, *mode);
        }
    }
    let mut run = Run { mode: settings.mode, policy: in_words(&settings.policy), ..Run::default() };
    let mut voice = Voice::new(settings, &work);
    voice.notes(&work.notes);
    let keep = settings.report.is_some() || settings.format == Rendering::Json;
    let hash = settings.format != Rendering::Text || has_hashes(settings);
    each(settings, &work, hash, |outcome| {
        run.tally.count(&outcome);
        voice.outcome(&outcome);
        if keep {
            run.files.push(outcome);
        }
    });
    let idle: Vec<String> = settings.policy.idle_wishes().map(|token| idle_wish(token.name())).collect();
    voice.notes(&idle);
    run.notes = work.notes;
    run.notes.extend(idle);
    run.seconds = started.elapsed().as_secs_f64();
    let mut status = status(settings, &run);
    if let Err(e) = voice.finish(&run) {
        voice.complain(&format!("standard output could not be written: {e}"));
        status = status.max(BAD);
    }
    if let Err(e) = write_report(settings, &run) {
        voice.complain(&format!("the report could not be written: {e}"));
        status = status.max(BAD);
    }
    status
}

/// A wish that changed nothing is said: whoever asked for a thing to stay should not find out later that it went.
fn idle_wish(token: &str) -> String {
    format!("--keep {token} made no difference: none of these files has such a thing, or its format cannot keep it")
}

/// Calls `done` with every outcome, in the order of the items.
fn each(settings: &Settings, work: &Work, hash: bool, mut done: impl FnMut(Outcome)) {
    let workers = match (work.items.len(), settings.jobs) {
        // One file needs no second thread, and nobody has to be asked.
        (few @ 0..=1, _) => few,
        (items, 0) => items.min(thread::available_parallelism().map_or(1, usize::from)),
        (items, wanted) => items.min(wanted),
    };
    if workers <= 1 {
        work.items.iter().for_each(|item| done(work::item(settings, work, item, hash)));
        return;
    }
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::sync_channel::<(usize, Outcome)>(workers * 4);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (send, next) = (send.clone(), &next);
            let worker = move || {
                while let Some((i, item)) = take(next, &work.items) {
                    if send.send((i, work::item(settings, work, item, hash))).is_err() {
                        return;
                    }
                }
            };
            // With fewer workers than hoped for, the others do the work; with none, this thread does.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker);
        }
        drop(send);
        let (mut due, mut early) = (0, BTreeMap::new());
        for (i, outcome) in receive {
            early.insert(i, outcome);
            while let Some(outcome) = early.remove(&due) {
                done(outcome);
                due += 1;
            }
        }
        while let Some((_, item)) = take(&next, &work.items) {
            done(work::item(settings, work, item, hash));
        }
    });
}

fn take<'a>(next: &AtomicUsize, items: &'a [Item]) -> Option<(usize, &'a Item)> {
    let i = next.fetch_add(1, Ordering::Relaxed);
    items.get(i).map(|item| (i, item))
}

fn status(settings: &Settings, run: &Run) -> u8 {
    let asks = matches!(settings.mode, Mode::Check | Mode::Inspect { findings_fail: true });
    match () {
        () if run.tally.bad() > 0 => BAD,
        () if asks && run.tally.would_clean > 0 => FOUND,
        () => FINE,
    }
}

/// An interrupted run leaves no unpublished file and no half-published one.
fn watch_for_interrupts() {
    // Without a handler the system ends the process, and the next run removes what is left.
    let _ = ctrlc::set_handler(|| {
        publish::close();
        let _ = io::Write::write_all(&mut io::stderr(), b"\nmetascrub: interrupted; nothing half-written is left\n");
        std::process::exit(i32::from(INTERRUPTED));
    });
}

/// The policy in one line.
fn in_words(policy: &Policy) -> String {
    let mut words = match policy.base {
        Base::Default => "default".to_owned(),
        Base::Strict => "strict".to_owned(),
    };
    for (token, keep) in &policy.changes {
        words.push_str(if *keep { ", keep " } else { ", drop " });
        words.push_str(token.name());
    }
    words
}

fn ending(settings: &Settings) -> &str {
    settings.report.as_deref().and_then(|p| p.extension()).and_then(|e| e.to_str()).unwrap_or_default()
}

fn has_hashes(settings: &Settings) -> bool {
    matches!(ending(settings), "json" | "jsonl" | "html" | "htm")
}

/// A report is refused before the hour of work, not after it.
fn check_report(settings: &Settings) -> Result<(), String> {
    let Some(path) = &settings.report else { return Ok(()) };
    if !matches!(ending(settings), "json" | "jsonl" | "html" | "htm" | "txt") {
        return Err("the name of a report ends in .json, .jsonl, .html or .txt".to_owned());
    }
    if !settings.force && std::fs::symlink_metadata(path).is_ok() {
        return Err(format!("the report {} is already there; use --force to overwrite it", report::safe::path(path)));
    }
    Ok(())
}

fn write_report(settings: &Settings, run: &Run) -> Result<(), String> {
    let Some(path) = &settings.report else { return Ok(()) };
    let text = match ending(settings) {
        "json" => report::json::run(run, settings.values),
        "jsonl" => run.files.iter().map(|f| report::json::line(f, settings.values)).collect(),
        "txt" => report::text::page(run, settings.values),
        _ => report::html::page(run, settings.values),
    };
    let write = || -> crate::refusal::Result<()> {
        let pending = Pending::new(path, false)?;
        io::Write::write_all(&mut pending.file()?, text.as_bytes()).map_err(crate::refusal::Refusal::write)?;
        pending.publish(&Manner { replace: settings.force, ..Manner::default() })
    };
    write().map_err(|r| r.to_string())
}

/// Whether standard output carries a cleaned file, so that nothing else may be said there.
fn stdout_is_taken(work: &Work) -> bool {
    work.items.iter().any(|item| item.target == Target::Stdout)
}

/// Whether a run like this writes a cleaned file to standard output; known from the request alone.
pub fn takes_stdout(settings: &Settings) -> bool {
    let filter = settings.inputs.iter().any(|i| walk::is_stdin(i)) && settings.to == Destination::Beside;
    let asked = matches!(&settings.to, Destination::Output(o) if walk::is_stdin(o));
    settings.mode == Mode::Clean && (filter || asked)
}
