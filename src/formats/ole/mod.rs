//! Old office documents: compound files of Word, Excel and PowerPoint. The file is rebuilt: streams by an allow-list, in a
//! new compound file without slack, times, free sectors and forgotten names; the property sets go, and the main streams are
//! cleaned by modules of their own, record by record. What those do not understand is refused with the advice to save the
//! document in the newer format. A second reader must find the same streams in the result. [MS-CFB, MS-OSHARED]

mod art;
mod excel;
mod picture;
mod powerpoint;
mod properties;
mod theme;
mod witness;
mod word;

use std::ops::Range;

use crate::clean::{Cleaned, Job};
use crate::finding::{Finding, Tells};
use crate::format::{Head, Match};
use crate::grammar::cfb::{self, Content, Entry, Written};
use crate::plan::{Draft, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Shared, Source, Span};

use super::office::object;
use super::office::tally::Tally;

pub use excel::FORMAT as EXCEL;
pub use powerpoint::FORMAT as POWERPOINT;
pub use word::FORMAT as WORD;

/// The largest document that is taken.
const LARGEST: u64 = 512 << 20;

/// An application: what its files are made of.
struct App {
    /// As in the table of formats.
    name: &'static str,
    /// The class of the root. It shows nobody anything but which program opens the file.
    class: [u8; 16],
    /// What the object description says: for people, the clipboard, and programs.
    kind: [&'static str; 3],
    /// The stream without which a file is not the application's.
    main: &'static str,
    /// Whether a stream is one that its own module cleans.
    stream: fn(&str) -> bool,
    /// The same for a storage.
    storage: fn(&str) -> bool,
    /// What to do with files that are refused.
    hint: &'static str,
}

/// What a module works with.
struct Work<'a> {
    job: &'a Job<'a>,
    app: &'static App,
    tally: Tally,
    found: Vec<Finding>,
    warnings: Vec<String>,
    members: Vec<(String, Cleaned)>,
    /// What a person sees of the streams as they will be written: texts and names.
    visible: Vec<(&'static str, Range<usize>)>,
}

impl Work<'_> {
    /// Something that is not understood.
    fn unsupported(&self, what: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
        Refusal::unsupported(what).hint(self.app.hint)
    }

    /// Text or a name in a stream: where the echo is heard there, it is content.
    fn shows(&mut self, stream: &'static str, range: Range<usize>) {
        self.visible.push((stream, range));
    }

    /// Bytes that break the rules.
    fn malformed(&self, what: &'static str, at: usize) -> Refusal {
        Refusal::malformed(what, at as u64).hint(self.app.hint)
    }
}

/// Whether a compound file is the application's.
fn sniff(head: &Head, main: &[&str]) -> Option<Match> {
    if !head.has(0, cfb::MAGIC) {
        return None;
    }
    let names = cfb::top(&**head.source);
    let has = |name: &str| names.iter().any(|n| n == name);
    (main.iter().any(|m| has(m)) && !has("EncryptedPackage")).then_some(Match::Exact)
}

/// Reads a compound file, lets `clean` have the application's own streams, and writes what is left of it anew.
fn plan(job: &Job, source: &Shared, app: &'static App, clean: fn(&mut Work, &mut Vec<Entry>) -> Result<()>) -> Result<Plan> {
    let bytes = source.bytes(source.span(), LARGEST)?;
    let mut root = cfb::read(&bytes)?;
    let Content::Storage(entries) = &mut root.content else {
        return Err(Refusal::new(Code::Internal, "a root that is no storage"));
    };
    let mut work = Work {
        job,
        app,
        tally: Tally::default(),
        found: Vec::new(),
        warnings: Vec::new(),
        members: Vec::new(),
        visible: Vec::new(),
    };
    protection(job, entries)?;
    clean(&mut work, entries)?;
    sweep(&mut work, entries)?;
    let app = work.app;
    root.name = "Root Entry".encode_utf16().collect();
    root.class = app.class;
    root.state = 0;
    let Written { bytes: out, streams } = cfb::lay(&root)?;
    if cfb::read(&out)? != root {
        return Err(Refusal::new(Code::Damaged, "the compound file could not be written anew"));
    }
    let mut draft = Draft::new(source);
    let Work { tally, found, warnings, members, visible, .. } = work;
    let mut findings = tally.findings(app.name);
    findings.extend(found);
    if out == bytes {
        findings.retain(|f| !f.action.changes());
        content(&mut draft, app, &streams, &visible);
    } else {
        draft.recode(source.span(), "document", crate::source::Memory::shared(out));
        if !findings.iter().any(|f| f.action.changes()) {
            findings.push(Finding::rewritten(app.name, "times, free sectors and slack of the compound file", Tells::Hidden));
        }
    }
    findings.into_iter().for_each(|f| draft.note(f));
    for (name, member) in &members {
        draft.adopt(name, member);
    }
    warnings.into_iter().for_each(|w| draft.warn(w));
    draft.seal()
}

/// Tells content from structure in a file that stays as it is: of the application's streams what people see, of all other
/// streams everything.
fn content(draft: &mut Draft, app: &App, streams: &[(String, Range<usize>)], visible: &[(&str, Range<usize>)]) {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (name, place) in streams {
        let shown = visible.iter().filter(|(stream, _)| stream == name);
        let mut shown: Vec<_> = shown.map(|(_, r)| place.start + r.start..(place.start + r.end).min(place.end)).collect();
        if !(app.stream)(name) && !name.starts_with('\u{1}') {
            shown.push(place.clone());
        }
        ranges.extend(shown);
    }
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut at = 0;
    for range in ranges {
        let from = range.start.max(at);
        if from < range.end {
            draft.essence(Span::new(from as u64, range.end as u64), "content");
            at = range.end;
        }
    }
    for gap in draft.gaps() {
        draft.frame(gap, "structure");
    }
}

/// Refuses what is locked or signed.
fn protection(job: &Job, entries: &mut Vec<Entry>) -> Result<()> {
    let locked = |name: &str| {
        matches!(name, "EncryptedPackage" | "EncryptionInfo" | "\u{6}DataSpaces" | "\u{9}DRMContent" | "EncryptedSummary")
    };
    let signed = |name: &str| matches!(name, "_signatures" | "_xmlsignatures");
    if entries.iter().any(|e| locked(&e.text())) {
        return Err(Refusal::new(Code::Encrypted, "the document is encrypted or its rights are managed")
            .hint("open it, remove the password or the restriction, save it, and clean that"));
    }
    if entries.iter().any(|e| signed(&e.text())) {
        if !job.policy().drops_on_purpose(Token::Signatures) {
            return Err(Refusal::new(Code::Signed, "the document is digitally signed"));
        }
        entries.retain(|e| !signed(&e.text()));
    }
    Ok(())
}

/// Keeps the application's own streams and objects, writes the description of the object anew, and drops all else.
fn sweep(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let mut kept = Vec::new();
    for mut entry in std::mem::take(entries) {
        let name = entry.text();
        entry.state = 0;
        let own = match entry.content {
            Content::Stream(_) => work.app.stream,
            Content::Storage(_) => work.app.storage,
        };
        if own(&name) {
            if matches!(entry.content, Content::Stream(_)) {
                entry.class = [0; 16];
            }
            kept.push(entry);
            continue;
        }
        match (name.as_str(), &mut entry.content) {
            ("\u{1}CompObj", Content::Stream(data)) => {
                let neutral = description(work.app);
                if *data != neutral {
                    work.tally.rewritten("description of the program", Tells::Software);
                }
                *data = neutral;
                entry.class = [0; 16];
                kept.push(entry);
            }
            ("\u{1}Ole", Content::Stream(data)) => {
                neutral_link(work, data);
                entry.class = [0; 16];
                kept.push(entry);
            }
            ("Macros" | "_VBA_PROJECT_CUR" | "_VBA_PROJECT", Content::Storage(_)) => {
                if work.job.keeps(Token::Macros) {
                    return Err(work.unsupported("macros of old documents cannot be cleaned, only removed"));
                }
                work.tally.gone("macros", Tells::Software, size(&entry));
            }
            ("MsoDataStore", _) => work.tally.gone("custom data", Tells::Hidden, size(&entry)),
            (n, Content::Stream(data)) if n.starts_with('\u{5}') => properties::tell(work, n, data),
            ("Ctls", _) => return Err(work.unsupported("it has controls, which cannot be cleaned")),
            ("Revision Log" | "User Names", _) => work.tally.gone("log of changes and their authors", Tells::Who, size(&entry)),
            _ => {
                let label: String = name.chars().filter(|c| !c.is_control()).collect();
                let found = Finding::removed(work.app.name, "a stream that the document does not need", Tells::Unknown);
                work.found.push(found.value(label).bytes(size(&entry) as u64));
            }
        }
    }
    *entries = kept;
    Ok(())
}

/// How many bytes an entry holds, at all depths.
fn size(entry: &Entry) -> usize {
    match &entry.content {
        Content::Stream(data) => data.len(),
        Content::Storage(entries) => entries.iter().map(size).sum(),
    }
}

/// The stream that says what kind of object this is. [MS-OLEDS 2.3.8]
fn description(app: &App) -> Vec<u8> {
    let mut out = vec![1, 0, 0xfe, 0xff, 3, 10, 0, 0, 0xff, 0xff, 0xff, 0xff];
    out.extend_from_slice(&app.class);
    for text in app.kind {
        out.extend_from_slice(&(text.len() as u32 + 1).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
    out.extend_from_slice(&0x71b2_39f4u32.to_le_bytes());
    out.extend_from_slice(&[0; 12]);
    out
}

/// Takes a stream's bytes out of the entries, to be put back with [`put`].
fn take(entries: &mut [Entry], name: &str) -> Option<Vec<u8>> {
    entries.iter_mut().find(|e| e.text() == name).and_then(|e| match &mut e.content {
        Content::Stream(data) => Some(std::mem::take(data)),
        Content::Storage(_) => None,
    })
}

/// Puts a stream's bytes back.
fn put(entries: &mut [Entry], name: &str, bytes: Vec<u8>) {
    if let Some(entry) = entries.iter_mut().find(|e| e.text() == name) {
        entry.content = Content::Stream(bytes);
    }
}

/// An embedded object: a document of its own goes through its own row, everything else through the rules for objects.
fn object(work: &mut Work, entry: &mut Entry, place: &str) -> Result<()> {
    let mut root = Entry { name: "Root Entry".encode_utf16().collect(), ..entry.clone() };
    root.state = 0;
    let bytes = cfb::write(&root)?;
    let cleaned = whole(work, bytes, place)?;
    let read = cfb::read(&cleaned)?;
    entry.class = read.class;
    entry.state = 0;
    entry.content = read.content;
    Ok(())
}

/// The same for an object that is a compound file already.
fn whole(work: &mut Work, bytes: Vec<u8>, place: &str) -> Result<Vec<u8>> {
    if let Some((out, found)) = object::clean(work.job, &bytes, place).map_err(|r| r.within(place))? {
        // What became of times and slack of a file that only exists in our hands is not worth a word.
        work.found.extend(found.into_iter().map(|f| f.within(work.app.name)));
        return Ok(out);
    }
    picture::member(work, "object.ole", bytes)
}

/// What an object is linked to: nothing. [MS-OLEDS 2.3.3]
fn neutral_link(work: &mut Work, data: &mut Vec<u8>) {
    // Links keep the path of what they lead to behind the first twenty bytes.
    let mut neutral = vec![0; 20];
    neutral[..4].copy_from_slice(&[1, 0, 0, 2]);
    if *data != neutral {
        work.tally.rewritten("link of the object", Tells::History);
    }
    *data = neutral;
}

/// Looks at the result with another reader.
fn look(job: &Job, before: &dyn Source, after: &dyn Source, app: &App) -> Result<Vec<&'static str>> {
    witness::look(job, before, after, app)
}
