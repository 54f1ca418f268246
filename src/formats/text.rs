//! Plain text without markup. Everything in it is content, so everything stays, and the report says so, and says where
//! characters stand that nobody sees. Text whose name says so may be UTF-8, UTF-16 or of one byte a character; without a
//! name it must be UTF-8 that does not begin as data, programs or messages do. Bytes that are no text are declined.

use super::{exports, known};
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source};

/// The row.
pub static FORMAT: Format = Format {
    name: "Text",
    extensions: &["txt", "text", "md", "csv", "tsv", "log", "srt", "vtt", "nfo", "asc"],
    container: false,
    keeps: "every byte: plain text is all content",
    removes: "nothing",
    sniff,
    plan,
    witness,
};

/// How its characters are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Utf8,
    Utf16([u8; 2]),
    /// Some code page: any byte but control characters.
    Bytes,
}

/// A file is text if its name says so, or if it has none, reads as text and nobody knows better.
fn sniff(head: &Head) -> Option<Match> {
    let named = FORMAT.extensions.contains(&head.extension);
    let plain = || head.extension.is_empty() && is_text(head.bytes) && !says_otherwise(head);
    (named && written(head.bytes).is_some() || plain()).then_some(Match::Guess)
}

/// Whether a text without a name begins as something that is more than text: data, whose content nobody has looked at, is
/// not for this row.
fn says_otherwise(head: &Head) -> bool {
    const BEGIN: [&[u8]; 12] = [
        b"<",
        b"{",
        b"[",
        b"#!",
        b"%",
        b"BEGIN:",
        b"From ",
        b"Received:",
        b"Return-Path:",
        b"MIME-Version:",
        b"Message-ID:",
        b"---\n",
    ];
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes).trim_ascii_start();
    BEGIN.iter().any(|b| text.starts_with(b)) || known::refusal(head).is_some()
}

/// How the text that begins so is written; `None` where it is none.
fn written(head: &[u8]) -> Option<Written> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => None,
        [a @ 0xff, b @ 0xfe, ..] | [a @ 0xfe, b @ 0xff, ..] => Some(Written::Utf16([*a, *b])),
        _ if is_text(head) => Some(Written::Utf8),
        _ => (!head.iter().any(is_control)).then_some(Written::Bytes),
    }
}

fn is_control(b: &u8) -> bool {
    matches!(b, 0..=8 | 14..=26 | 28..=31 | 127)
}

/// Valid UTF-8 (but for a character cut off at the end) without control characters other than white space.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    valid && !bytes.iter().any(is_control)
}

/// Characters that take up no room: marks can be hidden with them. [Unicode 23.2, 23.9]
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Reads a text block by block, and keeps what a block ends with until the next one comes.
struct Reader {
    written: Written,
    carry: Vec<u8>,
    /// How many bytes came before `carry`.
    at: u64,
    odd: Option<u64>,
    invisible: u64,
}

impl Reader {
    fn block(&mut self, block: &[u8]) {
        let bytes = [&self.carry[..], block].concat();
        let (text, used) = match self.written {
            Written::Bytes => (None, bytes.len()),
            Written::Utf8 => match std::str::from_utf8(&bytes) {
                Ok(text) => (Some(text.to_owned()), bytes.len()),
                Err(e) if e.error_len().is_none() => {
                    (std::str::from_utf8(&bytes[..e.valid_up_to()]).ok().map(str::to_owned), e.valid_up_to())
                }
                Err(e) => return self.odd(e.valid_up_to()),
            },
            Written::Utf16(mark) => {
                let unit =
                    |p: &[u8]| if mark[0] == 0xff { u16::from_le_bytes([p[0], p[1]]) } else { u16::from_be_bytes([p[0], p[1]]) };
                let mut units: Vec<u16> = bytes.chunks_exact(2).map(unit).collect();
                units.pop_if(|last| (0xd800..0xdc00).contains(last));
                let Ok(text) = String::from_utf16(&units) else { return self.odd(0) };
                (Some(text), 2 * units.len())
            }
        };
        let controls = match &text {
            Some(text) => text.bytes().position(|b| is_control(&b)),
            None => bytes.iter().position(is_control),
        };
        if let Some(i) = controls {
            return self.odd(i);
        }
        let first = u64::from(self.at == 0 && text.as_ref().is_some_and(|t| t.starts_with('\u{feff}')));
        self.invisible += text.map_or(0, |t| t.chars().filter(|c| is_invisible(*c)).count() as u64) - first;
        self.at += used as u64;
        self.carry = bytes[used..].to_vec();
    }

    fn odd(&mut self, i: usize) {
        self.odd.get_or_insert(self.at + i as u64);
    }
}

/// Reads all of a text, and says how many characters in it nobody sees.
///
/// # Errors
/// `Unsupported` where it holds bytes that are no text.
pub(super) fn read(source: &Shared) -> Result<u64> {
    let written = written(&source::head(&**source, 0, Head::SIZE)?).unwrap_or(Written::Utf8);
    let mut reader = Reader { written, carry: Vec::new(), at: 0, odd: None, invisible: 0 };
    source::each_block(&**source, source.span(), |block| {
        if reader.odd.is_none() {
            reader.block(block);
        }
    })?;
    if let Some(at) = reader.odd.or((!reader.carry.is_empty()).then_some(reader.at)) {
        return Err(Refusal::new(Code::Unsupported, "it is called text but holds other bytes").at(at));
    }
    Ok(reader.invisible)
}

/// Notes the characters that nobody sees, where there are any.
pub(super) fn tell_invisible(draft: &mut Draft, place: &'static str, count: u64) {
    if count > 0 {
        let why = "some writing needs them, and marks can be hidden with them";
        draft.note(Finding::kept(place, "invisible characters", Tells::Hidden, why).value(count.to_string()));
    }
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let invisible = read(source)?;
    let mut draft = Draft::new(source);
    draft.essence(source.span(), "text");
    draft.note(Finding::kept("Text", "the text itself", Tells::Text, "plain text is content: what it says, it still says"));
    if exports::chat::is_chat(job.name()) {
        exports::chat::note(source, &mut draft)?;
    }
    tell_invisible(&mut draft, "Text", invisible);
    draft.seal()
}

/// The standard library's reading of a text that stays as it is.
///
/// # Errors
/// `Damaged` where it does not.
pub(super) fn witness(_: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    if before.len() != after.len() {
        return Err(Refusal::new(Code::Damaged, "text changed its length"));
    }
    Ok(vec!["std::str"])
}
