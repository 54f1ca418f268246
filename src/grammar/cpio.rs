//! How a cpio archive lies in its bytes: members one after the other, each behind a header of numbers written as text, in
//! octal (odc, which macOS packs folders with) or hexadecimal (newc, for packages and start-up discs) [cpio(5)]. What of it may
//! survive is not known here.

use crate::cursor::Cursor;
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Span};

/// The name of the member that ends the archive.
pub const TRAILER: &[u8] = b"TRAILER!!!";
/// Archives are filled up to so many bytes.
pub const RECORD: u64 = 512;
/// The longest name that is held in memory.
const NAME: u64 = 1 << 16;

/// How the headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Octal, no padding. [POSIX.1-1997 cpio Interchange Format]
    Odc,
    /// Hexadecimal, in steps of four bytes.
    Newc,
}

/// A member.
pub struct Member {
    /// How its header is written.
    pub form: Form,
    /// Header, name and padding.
    pub head: Span,
    /// The data.
    pub data: Span,
    /// What fills the data up.
    pub padding: Span,
    /// The name.
    pub name: Vec<u8>,
    /// The numbers of its header.
    pub fields: Fields,
}

/// The numbers in a header.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields {
    /// The device and the number on it: equal for names of one file.
    pub file: [u64; 3],
    /// Type and permissions.
    pub mode: u64,
    /// User and group.
    pub owner: [u64; 2],
    /// How many names the file has.
    pub links: u64,
    /// When it changed, in seconds since 1970.
    pub time: u64,
    /// The device that it stands for.
    pub device: [u64; 2],
}

/// How a header at the start of `bytes` is written.
pub fn form(bytes: &[u8]) -> Option<Form> {
    let digits = |at: usize, len: usize, hex: bool| {
        bytes
            .get(at..at + len)
            .is_some_and(|d| d.iter().all(|b| if hex { b.is_ascii_hexdigit() } else { (b'0'..b'8').contains(b) }))
    };
    match bytes.get(..6)? {
        b"070707" if digits(6, 70, false) => Some(Form::Odc),
        b"070701" | b"070702" if digits(6, 104, true) => Some(Form::Newc),
        _ => None,
    }
}

/// The member at `at`.
///
/// # Errors
/// `Malformed` where its header is damaged or it is cut off.
pub fn member(source: &Shared, at: u64) -> Result<Member> {
    let head = crate::source::head(&**source, at, 110)?;
    let form = form(&head).ok_or_else(|| Refusal::malformed("a header of the archive is damaged", at))?;
    let number = |from: usize, len: usize| {
        let radix = if form == Form::Odc { 8 } else { 16 };
        std::str::from_utf8(&head[from..from + len]).ok().and_then(|d| u64::from_str_radix(d, radix).ok()).unwrap_or(0)
    };
    let (fields, named, size, fixed) = match form {
        Form::Odc => {
            let six = |i: usize| number(6 + 6 * i, 6);
            let fields = Fields {
                file: [six(0), 0, six(1)],
                mode: six(2),
                owner: [six(3), six(4)],
                links: six(5),
                time: number(48, 11),
                device: [six(6), 0],
            };
            (fields, number(59, 6), number(65, 11), 76)
        }
        Form::Newc => {
            let eight = |i: usize| number(6 + 8 * i, 8);
            let fields = Fields {
                file: [eight(7), eight(8), eight(0)],
                mode: eight(1),
                owner: [eight(2), eight(3)],
                links: eight(4),
                time: eight(5),
                device: [eight(9), eight(10)],
            };
            (fields, eight(11), eight(6), 110)
        }
    };
    let mut cursor = Cursor::new(&**source, Span::new(at, source.len()));
    cursor.skip(fixed)?;
    let name = cursor.skip(named)?;
    let bytes = source.bytes(name, NAME)?;
    let Some((0, text)) = bytes.split_last() else { return Err(Refusal::malformed("a name has no end", name.start)) };
    let head = Span::new(at, padded(source, form, at, name.end));
    let data = Span::at(head.end, size).filter(|d| d.end <= source.len());
    let data = data.ok_or_else(|| Refusal::malformed("the archive is cut off in a member", at))?;
    let padding = Span::new(data.end, padded(source, form, at, data.end));
    Ok(Member { form, head, data, padding, name: text.to_vec(), fields })
}

/// Where padding after `end` ends. Members themselves begin at multiples of four, counted from the first.
fn padded(source: &Shared, form: Form, at: u64, end: u64) -> u64 {
    match form {
        Form::Odc => end,
        Form::Newc => (at + (end - at).next_multiple_of(4)).min(source.len()),
    }
}

/// The header of a member, with its name and what fills that up.
pub fn header(form: Form, fields: &Fields, name: &[u8], size: u64) -> Vec<u8> {
    let Fields { file, mode, owner, links, time, device } = fields;
    let named = name.len() + 1;
    let mut out = match form {
        Form::Odc => format!(
            "070707{:06o}{:06o}{mode:06o}{:06o}{:06o}{links:06o}{:06o}{time:011o}{named:06o}{size:011o}",
            file[0], file[2], owner[0], owner[1], device[0]
        ),
        Form::Newc => format!(
            "070701{:08X}{mode:08X}{:08X}{:08X}{links:08X}{time:08X}{size:08X}{:08X}{:08X}{:08X}{:08X}{named:08X}{:08X}",
            file[2], owner[0], owner[1], file[0], file[1], device[0], device[1], 0
        ),
    }
    .into_bytes();
    out.extend(name);
    out.push(0);
    if form == Form::Newc {
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// How many zeros fill up `size` bytes of data.
pub fn fill(form: Form, size: u64) -> u64 {
    match form {
        Form::Odc => 0,
        Form::Newc => size.next_multiple_of(4) - size,
    }
}
