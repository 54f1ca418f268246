//! ISO base media files and QuickTime files are boxes in boxes: a size, a type, a body. Here boxes are walked, always inside
//! the bounds of what is around them, and the header of a box that changes inside gets a size that follows. What a box means,
//! and what may survive, is not known here. [ISO/IEC 14496-12 4.2]

use crate::cursor::Cursor;
use crate::plan::{Draft, Fate, Number};
use crate::policy::Limits;
use crate::refusal::{Refusal, Result};
use crate::source::{Source, Span};

/// A box: "atom" in QuickTime, and here, since Rust has a `Box` already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atom {
    /// The four characters of its type.
    pub kind: [u8; 4],
    /// All of it.
    pub span: Span,
    /// How long its header is: 8, or 16 with a long size; the 16 bytes of a `uuid` type come after that.
    pub header: u64,
    /// Whether its size was written as "up to the end of the file".
    pub open: bool,
    /// Whether its size runs past the end of the file; the span does not.
    pub cut: bool,
}

impl Atom {
    /// What comes after the header.
    pub fn body(&self) -> Span {
        Span::new(self.span.start + self.header, self.span.end)
    }

    /// What comes after the header, the version and the flags of a full box. [4.2.2]
    pub fn full_body(&self) -> Span {
        Span::new((self.body().start + 4).min(self.span.end), self.span.end)
    }

    /// Whether it is of this type.
    pub fn is(&self, kind: &[u8; 4]) -> bool {
        self.kind == *kind
    }

    /// Its type in print.
    pub fn label(&self) -> String {
        print(self.kind)
    }
}

/// A type in print: Latin-1, as the copyright sign in QuickTime's types is.
pub fn print(kind: [u8; 4]) -> String {
    kind.iter().map(|b| if (0x20..0x7f).contains(b) || *b >= 0xa1 { char::from(*b) } else { '?' }).collect()
}

/// The boxes of a span, and what follows the last of them.
#[derive(Clone, Debug, Default)]
pub struct Atoms {
    /// In order.
    pub list: Vec<Atom>,
    /// Fewer bytes than a header takes, or a list terminator of zeros; mostly empty.
    pub tail: Span,
}

impl Atoms {
    /// The first of this type.
    pub fn first(&self, kind: &[u8; 4]) -> Option<Atom> {
        self.list.iter().copied().find(|a| a.is(kind))
    }

    /// The only one of this type, `None` where there is none.
    ///
    /// # Errors
    /// `Malformed` where there are two: readers differ in which they use.
    pub fn only(&self, kind: &[u8; 4]) -> Result<Option<Atom>> {
        let mut of_kind = self.list.iter().copied().filter(|a| a.is(kind));
        let first = of_kind.next();
        match of_kind.next() {
            Some(second) => Err(Refusal::malformed(format!("there are two {} boxes", second.label()), second.span.start)),
            None => Ok(first),
        }
    }

    /// The only one of this type.
    ///
    /// # Errors
    /// `Malformed` where there is none, or two.
    pub fn one(&self, kind: &[u8; 4], around: &Atom) -> Result<Atom> {
        let missing = || Refusal::malformed(format!("there is no {} box in {}", print(*kind), around.label()), around.span.start);
        self.only(kind)?.ok_or_else(missing)
    }
}

/// The boxes at the top of a file. The last may be open, or cut off by the end of the file; bytes that form no box are the
/// tail.
pub fn top(source: &dyn Source, limits: &Limits) -> Result<Atoms> {
    let mut cursor = Cursor::over(source);
    let mut atoms = Atoms { list: Vec::new(), tail: Span::new(source.len(), source.len()) };
    while !cursor.is_done() {
        let start = cursor.at();
        // What cannot be a box ends the list: what follows is a tail, and what lies in it is found by nobody.
        let Some(mut atom) = header(&mut cursor, true).unwrap_or(None) else {
            atoms.tail = Span::new(start, source.len());
            break;
        };
        if atom.span.end > source.len() {
            atom.cut = true;
            atom.span.end = source.len();
        }
        cursor.seek(atom.span.end)?;
        atoms.list.push(atom);
        limits.check_structures(atoms.list.len())?;
    }
    Ok(atoms)
}

/// The boxes in a span of a source.
///
/// # Errors
/// `Malformed` where one is shorter than its header or runs past the end of the span.
pub fn children(source: &dyn Source, span: Span, limits: &Limits) -> Result<Atoms> {
    let mut cursor = Cursor::new(source, span);
    let mut atoms = Atoms { list: Vec::new(), tail: Span::new(span.end, span.end) };
    while !cursor.is_done() {
        let start = cursor.at();
        let Some(atom) = header(&mut cursor, false)? else {
            atoms.tail = Span::new(start, span.end);
            break;
        };
        if atom.span.end > span.end {
            return Err(Refusal::malformed(format!("the box {} runs past the end of the one around it", atom.label()), start));
        }
        cursor.seek(atom.span.end)?;
        atoms.list.push(atom);
        limits.check_structures(atoms.list.len())?;
    }
    Ok(atoms)
}

/// Reads one header; `None` where too few bytes are left or a list ends here.
fn header(cursor: &mut Cursor, may_be_open: bool) -> Result<Option<Atom>> {
    let start = cursor.at();
    if cursor.left() < 8 {
        return Ok(None);
    }
    let size = u64::from(cursor.u32_be()?);
    let kind = cursor.array::<4>()?;
    let (header, size, open) = match size {
        0 if may_be_open && kind != [0; 4] => (8, cursor.end() - start, true),
        0 => return Ok(None),
        1 if cursor.left() < 8 => return Ok(None),
        1 => (16, cursor.u64_be()?, false),
        _ => (8, size, false),
    };
    if size < header {
        return Err(Refusal::malformed(format!("the box {} is shorter than its header", print(kind)), start));
    }
    let span = Span::at(start, size).ok_or_else(|| Refusal::malformed("a box is longer than any file", start))?;
    Ok(Some(Atom { kind, span, header, open, cut: false }))
}

/// Keeps the header of a box whose inside changes: the size follows.
pub fn open(draft: &mut Draft, atom: &Atom, name: &'static str) {
    let start = atom.span.start;
    let length = |code| Fate::Length { of: atom.span, plus: 0, code };
    if atom.open {
        draft.frame(Span::new(start, start + atom.header), name);
    } else if atom.header == 16 {
        draft.frame(Span::new(start, start + 8), name);
        draft.reframe(Span::new(start + 8, start + 16), name, length(Number::U64Be));
    } else {
        draft.reframe(Span::new(start, start + 4), name, length(Number::U32Be));
        draft.frame(Span::new(start + 4, start + 8), name);
    }
}

/// A box with this body, of at most 4 GiB.
pub fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
    [&size.to_be_bytes()[..], kind, body].concat()
}
