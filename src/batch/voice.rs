//! What a run says while it runs, and where: the report on standard output, refusals on standard error, a progress bar only
//! where somebody looks. Everything about one file is said at once.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::walk::Work;
use super::{Outcome, Run};
use crate::report::text::{Detail, Style};
use crate::report::{json, text};
use crate::settings::{Mode, Rendering, Settings, Volume, When};

/// With so few files a bar would only flicker.
const FEW: usize = 4;
/// Unless they are large, in bytes.
const LARGE: u64 = 256 << 20;

pub(super) struct Voice<'a> {
    settings: &'a Settings,
    bar: Option<ProgressBar>,
    /// Nothing more is said on standard output: it carries a file, or nobody reads it any more.
    mute: bool,
    /// The first trouble with standard output.
    trouble: Option<io::Error>,
    out: Style,
    err: Style,
    several: bool,
}

impl<'a> Voice<'a> {
    pub(super) fn new(settings: &'a Settings, work: &Work) -> Voice<'a> {
        let several = work.items.len() > 1;
        let detail = match (settings.volume, settings.mode) {
            (Volume::Verbose, _) => Detail::Everything,
            (_, Mode::Inspect { .. }) => Detail::Full,
            _ if several => Detail::Line,
            _ => Detail::Full,
        };
        let style = |terminal: bool| Style { color: colored(settings.color, terminal), values: settings.values, detail };
        let silent = settings.volume == Volume::Quiet || (settings.mode == Mode::Check && settings.volume != Volume::Verbose);
        let mute = super::stdout_is_taken(work) || (silent && settings.format == Rendering::Text);
        Voice {
            settings,
            bar: bar(settings, work),
            mute,
            trouble: None,
            out: style(io::stdout().is_terminal()),
            err: style(io::stderr().is_terminal()),
            several,
        }
    }

    /// What was left out.
    pub(super) fn notes(&mut self, notes: &[String]) {
        if self.settings.volume > Volume::Quiet && self.settings.format == Rendering::Text && self.settings.mode != Mode::Check {
            for note in notes {
                self.complain(note);
            }
        }
    }

    /// What came of one file.
    pub(super) fn outcome(&mut self, outcome: &Outcome) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        match self.settings.format {
            Rendering::Text if outcome.result.is_ok() => self.say(&text::outcome(outcome, &self.out)),
            Rendering::Text => {}
            Rendering::Jsonl => self.say(&json::line(outcome, self.settings.values)),
            Rendering::Json => {}
        }
        if outcome.result.is_err() {
            self.shout(&text::outcome(outcome, &self.err));
        }
    }

    /// The end of it.
    pub(super) fn finish(&mut self, run: &Run) -> io::Result<()> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        match self.settings.format {
            Rendering::Text if self.several => self.say(&text::summary(run, &self.out)),
            Rendering::Json => self.say(&json::run(run, self.settings.values)),
            _ => {}
        }
        self.trouble.take().map_or(Ok(()), Err)
    }

    /// Something about the run as a whole.
    pub(super) fn complain(&mut self, what: &str) {
        self.shout(&format!("metascrub: {what}\n"));
    }

    fn say(&mut self, what: &str) {
        if self.mute {
            return;
        }
        let mut stdout = io::stdout().lock();
        let said = self.beside_the_bar(|| stdout.write_all(what.as_bytes()).and_then(|()| stdout.flush()));
        if let Err(e) = said {
            self.mute = true;
            // Whoever read it had enough; the files are cleaned all the same.
            if e.kind() != io::ErrorKind::BrokenPipe {
                self.trouble = Some(e);
            }
        }
    }

    fn shout(&self, what: &str) {
        // With nowhere to complain to, the exit status has to do.
        let _ = self.beside_the_bar(|| io::stderr().lock().write_all(what.as_bytes()));
    }

    fn beside_the_bar<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }
}

fn colored(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && !is_dumb(),
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|t| t == "dumb")
}

fn bar(settings: &Settings, work: &Work) -> Option<ProgressBar> {
    let files = work.items.len();
    let long = || {
        let sizes = work.items.iter().filter_map(|i| std::fs::metadata(&i.shown).ok()).map(|m| m.len());
        files >= FEW || sizes.sum::<u64>() >= LARGE
    };
    let wanted = match settings.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => settings.volume > Volume::Quiet && io::stderr().is_terminal() && !is_dumb() && long(),
    };
    if !wanted {
        return None;
    }
    let target = match settings.progress {
        When::Always => ProgressDrawTarget::term_like(Box::new(Always)),
        _ => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    let bar = match ProgressStyle::with_template("{spinner} {bar:30} {pos} of {len} files, {elapsed}") {
        Ok(style) => bar.with_style(style.progress_chars("━╸─")),
        Err(_) => bar,
    };
    // It lives while one large file takes its time.
    bar.enable_steady_tick(Duration::from_millis(120));
    Some(bar)
}

/// Standard error as a terminal, although it is none: for people who asked for that.
#[derive(Debug)]
struct Always;

impl indicatif::TermLike for Always {
    fn width(&self) -> u16 {
        80
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write_str(&format!("\x1b[{n}A")) }
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write_str(&format!("\x1b[{n}B")) }
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write_str(&format!("\x1b[{n}C")) }
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write_str(&format!("\x1b[{n}D")) }
    }
    fn write_line(&self, s: &str) -> io::Result<()> {
        self.write_str(s)?;
        self.write_str("\n")
    }
    fn write_str(&self, s: &str) -> io::Result<()> {
        io::stderr().lock().write_all(s.as_bytes())
    }
    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\x1b[2K")
    }
    fn flush(&self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
