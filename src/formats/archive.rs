//! What archives of all kinds share: the entries that systems and programs leave behind, the names that a member may have,
//! where links may lead, and what is said when members are of unknown types.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::names::filename;
use crate::plan::Draft;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::Shared;

/// The longest name, and the longest part of one, that file systems take.
const LONGEST_NAME: usize = 4096;
const LONGEST_STEP: usize = 255;

/// What a left-behind entry is, and what it tells; `None` where it is a member like any other.
pub fn junk(name: &str) -> Option<(&'static str, Tells)> {
    name.split(['/', '\\']).filter(|s| !s.is_empty()).find_map(|step| junk_step(&step.to_lowercase()))
}

fn junk_step(step: &str) -> Option<(&'static str, Tells)> {
    let mac = |what| Some((what, Tells::History));
    match step {
        "__macosx" | ".appledouble" => return mac("resource forks and download addresses of macOS"),
        ".ds_store" => return mac("the layout and the other names of a macOS folder"),
        ".spotlight-v100" | ".trashes" | ".fseventsd" | ".temporaryitems" | ".documentrevisions-v100" | "icon\r" => {
            return mac("leftovers of macOS");
        }
        "thumbs.db" | "ehthumbs.db" | "ehthumbs_vista.db" => return Some(("previews of a Windows folder", Tells::Preview)),
        "desktop.ini" | "$recycle.bin" | "system volume information" => return mac("leftovers of Windows"),
        ".directory" => return mac("the view of a KDE folder"),
        ".picasa.ini" => return Some(("faces and edits of Picasa", Tells::Who)),
        "paxheaders" => return mac("headers of tar"),
        _ => {}
    }
    if step.starts_with("._") {
        return mac("resource forks and download addresses of macOS");
    }
    if step.starts_with("~$") || (step.starts_with(".~lock.") && step.ends_with('#')) {
        return Some(("who had a document open", Tells::Who));
    }
    if step.ends_with(".swp") || step.ends_with(".swo") || (step.ends_with('~') && step.len() > 1) {
        return Some(("an editor's earlier version", Tells::History));
    }
    if step.ends_with(".aae") || step.ends_with(".xmp") {
        return Some(("a side-car of a photo", Tells::History));
    }
    step.starts_with("paxheaders.").then_some(("headers of tar", Tells::Software))
}

/// Whether a member is the side-car of another: data about a picture or a film in a file of its own.
pub fn is_sidecar(name: &str) -> bool {
    const ENDS: [&str; 11] = [".thm", ".lrv", ".gpx", ".nmea", ".srt", ".pp3", ".dop", ".cos", ".nksc", ".xmp", ".aae"];
    let name = name.to_lowercase();
    ENDS.iter().any(|e| name.ends_with(e)) || name.strip_suffix(".json").is_some_and(is_of_media)
}

/// Whether `stem` is the name of a picture or a film, as photo services call the JSON beside it: `a.jpg`, `a.jpg(1)`,
/// `a.jpg.supplemental-metadata(1)`, or that cut off where the whole name would be longer than 51 characters.
fn is_of_media(stem: &str) -> bool {
    const MEDIA: [&str; 22] = [
        "jpg", "jpeg", "jpe", "png", "gif", "webp", "heic", "heif", "avif", "bmp", "tif", "tiff", "dng", "cr2", "nef", "arw",
        "mp4", "mov", "m4v", "3gp", "avi", "mkv",
    ];
    let counted = stem.strip_suffix(')').and_then(|s| s.rsplit_once('('));
    let counted = counted.filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let stem = counted.map_or(stem, |(s, _)| s);
    let is_media = |name: &str| name.rsplit_once('.').is_some_and(|(s, e)| !s.is_empty() && MEDIA.contains(&e));
    is_media(stem)
        || stem.rsplit_once('.').is_some_and(|(of, word)| {
            word == "supplemental-metadata" || ("supplemental-metadata".starts_with(word) && is_media(of))
        })
}

/// Takes the entries that go whatever is in them; the finding, or `None` where the member is to be looked at.
pub fn left_behind(job: &Job, place: &'static str, name: &str) -> Option<Finding> {
    if !job.keeps(Token::JunkEntries)
        && let Some((what, tells)) = junk(name)
    {
        return Some(Finding::removed(place, what, tells).within(name));
    }
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if base.eq_ignore_ascii_case("ComicInfo.xml") {
        return Some(Finding::removed(place, "the description of a comic book", Tells::Text).within(name));
    }
    let sidecar = !job.keeps(Token::Sidecars) && is_sidecar(name);
    sidecar.then(|| Finding::removed(place, "a side-car of a photo", Tells::History).within(name))
}

/// The names of one archive: checked, made relative, numbered where they are not to be kept, and listened to.
pub struct Names {
    place: &'static str,
    keep: bool,
    number: u64,
    /// Names so far, and whether they are folders'.
    seen: HashMap<Vec<u8>, bool>,
    folded: HashSet<String>,
    tell: BTreeMap<&'static str, (Tells, String, u64)>,
    warnings: Vec<String>,
    clashes: u64,
    strange: u64,
    rewritten: BTreeMap<&'static str, (String, u64)>,
}

impl Names {
    /// For an archive of the kind `place`.
    pub fn new(job: &Job, place: &'static str) -> Names {
        Names {
            place,
            keep: job.keeps(Token::Name),
            number: 0,
            seen: HashMap::new(),
            folded: HashSet::new(),
            tell: BTreeMap::new(),
            warnings: Vec::new(),
            clashes: 0,
            strange: 0,
            rewritten: BTreeMap::new(),
        }
    }

    /// The name that a member may have, where it is not the one it has. `windows` is whether backslashes part its folders.
    ///
    /// # Errors
    /// `Malformed` for names that lead out of the archive, hold control characters or stand for two members; `Limit` for
    /// very long ones.
    pub fn admit(&mut self, raw: &[u8], is_folder: bool, windows: bool) -> Result<Option<Vec<u8>>> {
        let shown = String::from_utf8_lossy(raw).into_owned();
        is_safe(raw).map_err(|r| r.within(&shown))?;
        let relative = relative(raw, windows);
        if relative.iter().all(|b| *b == b'/') {
            return Err(Refusal::malformed("a member has no name", 0).within(&shown));
        }
        let name = if self.keep || is_folder { relative.clone() } else { self.numbered(&relative) };
        // A folder may be listed again; nothing in it is hidden by that.
        let before = self.seen.insert(essential(&name), is_folder);
        if before.is_some_and(|folder| !(folder && is_folder)) {
            return Err(Refusal::malformed("two members have the same name", 0)
                .within(&shown)
                .hint("unpack it and zip it again: programs would disagree about which of the two is meant"));
        }
        if let Ok(text) = std::str::from_utf8(&name) {
            self.listen(text, is_folder, before.is_some());
        } else {
            self.strange += 1;
        }
        if name == raw {
            return Ok(None);
        }
        let label = if name == relative { "names that are not relative" } else { "names of members" };
        self.rewritten.entry(label).or_insert_with(|| (shown, 0)).1 += 1;
        Ok(Some(name))
    }

    fn numbered(&mut self, name: &[u8]) -> Vec<u8> {
        self.number += 1;
        let cut = name.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
        let (folders, base) = name.split_at(cut);
        let extension = base.iter().rposition(|b| *b == b'.').filter(|i| *i > 0).map(|i| base[i + 1..].to_ascii_lowercase());
        let extension = extension.filter(|e| (1..=8).contains(&e.len()) && e.iter().all(u8::is_ascii_alphanumeric));
        let mut out = folders.to_vec();
        out.extend(format!("file-{:04}", self.number).bytes());
        out.extend(extension.iter().flat_map(|e| [&b"."[..], e].concat()));
        out
    }

    fn listen(&mut self, name: &str, is_folder: bool, again: bool) {
        if !again && !self.folded.insert(name.trim_end_matches('/').to_lowercase()) {
            self.clashes += 1;
        }
        for (what, tells) in filename::speaks(name) {
            let told = self.tell.entry(what).or_insert_with(|| (tells, name.to_owned(), 0));
            told.2 += 1;
        }
        if name.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')) {
            self.warnings.push("a name has invisible characters that change how it reads".to_owned());
        }
        let step = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
        if !is_folder && is_reserved(step) {
            self.warnings.push(format!("Windows cannot write a file called {step}"));
        }
        if name.split('/').any(|s| matches!(s, ".git" | ".svn" | ".hg" | ".idea" | ".vscode")) {
            let told = self.tell.entry("a project folder with its history and settings");
            told.or_insert_with(|| (Tells::History, name.to_owned(), 0)).2 += 1;
        }
    }

    /// Adds what the names tell to `draft`.
    pub fn tell(self, draft: &mut Draft) {
        const WHY: &str = "names are content; --rename or --drop name replaces them";
        let among = |name: String, count: u64| if count > 1 { format!("{name} and {} more", count - 1) } else { name };
        for (label, (name, count)) in self.rewritten {
            draft.note(Finding::rewritten(self.place, label, Tells::History).value(among(name, count)));
        }
        for (what, (tells, name, count)) in self.tell {
            draft.note(Finding::kept(self.place, format!("names that tell {what}"), tells, WHY).value(among(name, count)));
        }
        if self.strange > 0 {
            let why = "the encoding of the name is not known";
            draft.note(Finding::kept(self.place, "names that are not UTF-8", Tells::Where, why));
        }
        if self.clashes > 0 {
            draft.warn("names differ only in upper and lower case: some systems write one file over the other");
        }
        let mut warnings = self.warnings;
        warnings.sort();
        warnings.dedup();
        warnings.into_iter().for_each(|w| draft.warn(w));
    }
}

/// Fails for names that a program which unpacks could be tricked by.
fn is_safe(raw: &[u8]) -> Result<()> {
    if raw.len() > LONGEST_NAME || raw.split(|b| *b == b'/').any(|step| step.len() > LONGEST_STEP) {
        return Err(Refusal::limit("a name is too long for any file system"));
    }
    let control = match std::str::from_utf8(raw) {
        Ok(text) => text.contains(char::is_control),
        Err(_) => raw.iter().any(|b| *b < 0x20 || *b == 0x7f),
    };
    if control {
        return Err(Refusal::malformed("a name has control characters", 0));
    }
    if raw.split(|b| matches!(b, b'/' | b'\\')).any(|step| step == b"..") {
        return Err(Refusal::malformed("a name leads out of the archive", 0));
    }
    Ok(())
}

/// The name without a drive, a server or a leading slash; folders parted by slashes.
fn relative(raw: &[u8], windows: bool) -> Vec<u8> {
    let mut name = raw.to_vec();
    if windows && std::str::from_utf8(raw).is_ok() {
        name.iter_mut().filter(|b| **b == b'\\').for_each(|b| *b = b'/');
    }
    let mut rest = &name[..];
    loop {
        rest = match rest {
            [b'/' | b'\\', after @ ..] => after,
            [b'.', b'/', after @ ..] if !after.is_empty() => after,
            [drive, b':', b'/' | b'\\', after @ ..] if drive.is_ascii_alphabetic() => after,
            _ => return rest.to_vec(),
        };
    }
}

/// The name as a file system sees it: `a//b/./c/` is `a/b/c`.
fn essential(name: &[u8]) -> Vec<u8> {
    let steps: Vec<&[u8]> = name.split(|b| *b == b'/').filter(|s| !s.is_empty() && *s != b".").collect();
    steps.join(&b'/')
}

fn is_reserved(step: &str) -> bool {
    let stem = step.split('.').next().unwrap_or(step).to_lowercase();
    let numbered = |p: &str| stem.strip_prefix(p).is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()));
    matches!(&stem[..], "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To something inside the archive.
    Inside,
    /// To a place on the system that packed it.
    Absolute,
    /// Out of the archive by way of `..`.
    Outside,
}

/// Where a link in the member `name` to `target` leads.
pub fn leads(name: &[u8], target: &[u8]) -> Leads {
    if target.starts_with(b"/") || target.starts_with(b"\\") || target.get(1) == Some(&b':') {
        return Leads::Absolute;
    }
    let mut depth = essential(name).split(|b| *b == b'/').count() as i64 - 1;
    for step in target.split(|b| *b == b'/') {
        match step {
            b".." => depth -= 1,
            b"" | b"." => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return Leads::Outside;
        }
    }
    Leads::Inside
}

/// What becomes of a symbolic link in the member `name`: `None` where it leads into the archive and is content; the finding
/// where it leads to a place on somebody's disk and goes.
///
/// # Errors
/// `Malformed` where it leads out of the archive.
pub fn link(place: &'static str, shown: &str, name: &[u8], target: &[u8]) -> Result<Option<Finding>> {
    match leads(name, target) {
        Leads::Inside => Ok(None),
        Leads::Outside => Err(Refusal::new(Code::Malformed, "a link leads out of the archive").within(shown)),
        Leads::Absolute => {
            let found = Finding::removed(place, "a link to a place outside of the archive", Tells::History);
            Ok(Some(found.value(String::from_utf8_lossy(target).into_owned()).within(shown)))
        }
    }
}

/// What came of the bytes of a member.
pub enum Inside {
    /// Nothing changes.
    Same,
    /// Nothing changes, and nobody knows what they are.
    Unknown,
    /// These take their place.
    Changed(Shared),
    /// The member is left out.
    Gone(Finding),
}

/// What comes of a member that [`Job::member`] was asked to clean; of an unknown type, the policy decides.
///
/// # Errors
/// Those of the member, but for its unknown type, which is noted.
pub fn inside(
    job: &Job,
    draft: &mut Draft,
    unknowns: &mut Unknowns,
    place: &'static str,
    name: &str,
    cleaned: Result<Member>,
) -> Result<Inside> {
    const UNKNOWN: &str = "a member of unknown type";
    match cleaned? {
        Member::Same(cleaned) => {
            draft.adopt(name, &cleaned);
            Ok(Inside::Same)
        }
        Member::Changed(cleaned) => {
            draft.adopt(name, &cleaned);
            Ok(Inside::Changed(cleaned.bytes()))
        }
        Member::Unknown(why) => match job.unknown_member(name, &why) {
            Ok(false) => Ok(Inside::Gone(Finding::removed(place, UNKNOWN, Tells::Unknown).within(name))),
            kept => {
                if let Err(refusal) = kept {
                    unknowns.note(name, refusal)?;
                }
                draft.note(Finding::kept(place, UNKNOWN, Tells::Unknown, "--unknown-members keep").within(name));
                Ok(Inside::Unknown)
            }
        },
    }
}

/// Members of unknown types, gathered so that a person learns of all of them at once.
#[derive(Default)]
pub struct Unknowns {
    list: Vec<String>,
    count: u64,
    first: Option<Refusal>,
    sidecars: bool,
}

impl Unknowns {
    /// How many are listed by name.
    const LISTED: usize = 8;

    /// Notes the refusal of a member if it is for its unknown type.
    ///
    /// # Errors
    /// Any other refusal.
    pub fn note(&mut self, name: &str, refusal: Refusal) -> Result<()> {
        if refusal.code() != Code::UnknownMember {
            return Err(refusal);
        }
        self.count += 1;
        self.sidecars |= is_sidecar(name);
        if self.list.len() < Unknowns::LISTED {
            self.list.push(name.to_owned());
        }
        self.first.get_or_insert(refusal);
        Ok(())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Fails where there are any.
    ///
    /// # Errors
    /// `UnknownMember`, naming them.
    pub fn refuse(self) -> Result<()> {
        let Some(first) = self.first else { return Ok(()) };
        let refusal = match self.count {
            1 => first,
            _ => {
                let more = self.count - self.list.len() as u64;
                let and = if more > 0 { format!(" and {more} more") } else { String::new() };
                let what = format!("{} members are of types that cannot be cleaned: {}{and}", self.count, self.list.join(", "));
                Refusal::new(Code::UnknownMember, what)
            }
        };
        Err(match self.sidecars {
            true => refusal.hint("--drop sidecars leaves side-cars of photos out; for others, --unknown-members omit or keep"),
            false => refusal,
        })
    }
}
