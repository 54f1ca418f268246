//! PowerPoint 97 to 2003. Each saving of a presentation may append what changed and leave the old slides where they were:
//! so the file is written anew from the newest state, with what the document refers to and nothing else, record by record
//! by an allow-list. Users, comments, review data, tags, macros and paths go; pictures are cleaned. [MS-PPT]

mod objects;
mod pictures;
mod records;

use std::collections::{BTreeMap, BTreeSet};

use records::*;

use super::{App, Work};
use crate::finding::{Finding, Tells};
use crate::format::Format;
use crate::grammar::cfb::Entry;
use crate::grammar::officeart::{HEADER, Head, u16_at, u32_at};
use crate::refusal::{Code, Refusal, Result};

/// The row.
pub static FORMAT: Format = Format {
    name: "PPT",
    extensions: &["ppt", "pps", "pot"],
    container: false,
    keeps: "slides, masters, notes, text, shapes, animations, links to the web, embedded objects and pictures (cleaned)",
    removes: "document properties, user names, earlier savings, deleted slides, comments, review data, tags, paths, macros, \
              pictures that no slide uses, free sectors and slack",
    sniff: |head| super::sniff(head, &[STREAM]),
    plan: |job, source| super::plan(job, source, &APP, clean),
    witness: |job, before, after| super::look(job, before, after, &APP),
};

const STREAM: &str = "PowerPoint Document";
const USER: &str = "Current User";
const PICTURES: &str = "Pictures";

static APP: App = App {
    name: "PPT",
    class: [0x10, 0x8d, 0x81, 0x64, 0x9b, 0x4f, 0xcf, 0x11, 0x86, 0xea, 0, 0xaa, 0, 0xb9, 0x29, 0xe8],
    kind: ["", "", "PowerPoint.Show.8"],
    main: STREAM,
    stream: |name| matches!(name, STREAM | USER | PICTURES),
    storage: |_| false,
    hint: "save it as PPTX or PDF and clean that",
};

/// What the chain of savings says: the newest state.
struct State {
    /// The body of the newest saving.
    edit: Vec<u8>,
    /// Where each object of the newest state lies.
    objects: BTreeMap<u32, usize>,
    /// How often it was saved into the same file.
    savings: usize,
}

/// The token of a presentation that is locked. [MS-PPT 2.3.2]
const LOCKED: u32 = 0xf3d1_c4df;
/// The bytes of a saving's body without a lock. [MS-PPT 2.3.3]
const EDIT: usize = 28;

fn clean(work: &mut Work, entries: &mut Vec<Entry>) -> Result<()> {
    let bytes = super::take(entries, STREAM).unwrap_or_default();
    let user = super::take(entries, USER).ok_or_else(|| work.malformed("a presentation without its current user", 0))?;
    let store = super::take(entries, PICTURES).unwrap_or_default();
    let state = state(work, &bytes, &user)?;
    let mut objects = objects::reach(work, &bytes, &state)?;
    let pictures = pictures::clean(work, &mut objects, &store)?;
    let (stream, edit_at) = write(&objects, &state);
    tell(work, &state, &objects, &bytes, &stream);
    visible(work, &stream);
    super::put(entries, STREAM, stream);
    let neutral = current_user(&user, edit_at);
    if let Some(name) = user_name(&user) {
        work.found.push(Finding::removed("PPT", "user name", Tells::Who).value(name));
    }
    super::put(entries, USER, neutral);
    if pictures.is_empty() {
        entries.retain(|e| e.text() != PICTURES);
    } else {
        super::put(entries, PICTURES, pictures);
    }
    Ok(())
}

/// Follows the savings from the newest to the oldest.
fn state(work: &Work, bytes: &[u8], user: &[u8]) -> Result<State> {
    let locked = || {
        Refusal::new(Code::Encrypted, "the presentation is locked with a password")
            .hint("open it, remove the password, save it, and clean that")
    };
    if Head::peek(user, 0).is_none_or(|h| h.kind != CURRENT_USER) || user.len() < 28 {
        return Err(work.malformed("a presentation whose current user cannot be read", 0));
    }
    if u32_at(user, 12) == LOCKED {
        return Err(locked());
    }
    let mut at = u32_at(user, 16) as usize;
    let (mut newest, mut objects, mut seen) = (None, BTreeMap::new(), BTreeSet::new());
    loop {
        if !seen.insert(at) {
            return Err(work.malformed("the savings of a presentation go round in a circle", at));
        }
        let head = Head::read(bytes, at).filter(|h| h.kind == USER_EDIT && h.len >= EDIT);
        let head = head.ok_or_else(|| work.malformed("a saving of the presentation is not where it should be", at))?;
        let body = &bytes[at + HEADER..at + HEADER + head.len];
        if head.len > EDIT && u32_at(body, EDIT) != 0 {
            return Err(locked());
        }
        directory(work, bytes, u32_at(body, 12) as usize, &mut objects)?;
        newest = newest.or_else(|| Some(body[..EDIT].to_vec()));
        at = u32_at(body, 8) as usize;
        if at == 0 {
            break;
        }
    }
    Ok(State { edit: newest.unwrap_or_default(), objects, savings: seen.len() })
}

/// One directory of objects: runs of positions. What a newer saving has said stays. [MS-PPT 2.3.4]
fn directory(work: &Work, bytes: &[u8], at: usize, objects: &mut BTreeMap<u32, usize>) -> Result<()> {
    let head = Head::read(bytes, at).filter(|h| h.kind == DIRECTORY);
    let head = head.ok_or_else(|| work.malformed("a directory of the presentation is not where it should be", at))?;
    let body = &bytes[at + HEADER..at + HEADER + head.len];
    let mut place = 0;
    while place + 4 <= body.len() {
        let run = u32_at(body, place);
        place += 4;
        for i in 0..run >> 20 {
            if place + 4 > body.len() {
                return Err(work.malformed("a directory of the presentation ends in the middle", at));
            }
            objects.entry((run & 0xf_ffff) + i).or_insert(u32_at(body, place) as usize);
            place += 4;
        }
    }
    Ok(())
}

/// Remembers where texts and names stand.
fn visible(work: &mut Work, stream: &[u8]) {
    let mut at = 0;
    while let Some(head) = Head::read(stream, at) {
        let from = at + HEADER;
        if is_visible(head.kind) {
            work.shows(STREAM, from..from + head.len);
        }
        at = from + if head.is_container() { 0 } else { head.len };
    }
}

/// The objects, one directory, one saving. Returns where the saving lies.
fn write(objects: &BTreeMap<u32, Vec<u8>>, state: &State) -> (Vec<u8>, usize) {
    let (mut out, mut directory) = (Vec::new(), Vec::<u8>::new());
    let (mut run_at, mut last) = (0, None);
    for (id, object) in objects {
        let run = directory.get(run_at..).map_or(0, |r| u32_at(r, 0));
        if last.is_some_and(|l: u32| l + 1 == *id) && run >> 20 < 0xfff {
            directory[run_at..run_at + 4].copy_from_slice(&(run + (1 << 20)).to_le_bytes());
        } else {
            run_at = directory.len();
            directory.extend_from_slice(&(id | 1 << 20).to_le_bytes());
        }
        directory.extend_from_slice(&(out.len() as u32).to_le_bytes());
        out.extend_from_slice(object);
        last = Some(*id);
    }
    let directory_at = out.len() as u32;
    let head = Head { version: 0, instance: 0, kind: DIRECTORY, len: 0 };
    out.extend_from_slice(&head.written(directory.len()));
    out.extend_from_slice(&directory);
    let edit_at = out.len();
    let mut edit = state.edit.clone();
    edit[8..12].fill(0);
    edit[12..16].copy_from_slice(&directory_at.to_le_bytes());
    edit[20..24].copy_from_slice(&last.unwrap_or(0).to_le_bytes());
    edit[26..28].fill(0);
    let head = Head { version: 0, instance: 0, kind: USER_EDIT, len: 0 };
    out.extend_from_slice(&head.written(edit.len()));
    out.extend_from_slice(&edit);
    (out, edit_at)
}

/// The stream of the current user, without one. [MS-PPT 2.3.2]
fn current_user(user: &[u8], edit_at: usize) -> Vec<u8> {
    let mut body = user[8..26].to_vec();
    body[8..12].copy_from_slice(&(edit_at as u32).to_le_bytes());
    body[12..14].fill(0);
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&8u32.to_le_bytes());
    let head = Head { version: 0, instance: 0, kind: CURRENT_USER, len: 0 };
    [&head.written(body.len())[..], &body].concat()
}

/// The name in the stream of the current user.
fn user_name(user: &[u8]) -> Option<String> {
    let len = usize::from(u16_at(user, 20));
    let name = String::from_utf8_lossy(user.get(28..28 + len)?).trim_matches(['\0', ' ']).to_owned();
    // Some programs write the name of the stream for want of another.
    (!name.is_empty() && name != USER).then_some(name)
}

/// Says what was left behind.
fn tell(work: &mut Work, state: &State, objects: &BTreeMap<u32, Vec<u8>>, before: &[u8], after: &[u8]) {
    if state.savings > 1 {
        work.tally.gone("earlier savings", Tells::History, before.len().saturating_sub(after.len()));
    }
    let gone = state.objects.len().saturating_sub(objects.len());
    if gone > 0 {
        let found = Finding::removed("PPT", "objects that the presentation does not use any more", Tells::Hidden);
        work.found.push(found.value(format!("{gone} objects")));
    }
}
