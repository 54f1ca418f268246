//! Changes to a text: spans that go or are written anew, collected in any order. Where one lies inside another, the outer
//! one counts; of two that overlap, the one that begins first. What a change means is the business of the format.

use std::collections::VecDeque;
use std::ops::Range;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What it is about; a span of no length is an insertion.
    pub span: Range<usize>,
    /// What stands there, for people.
    pub name: &'static str,
    /// What takes its place; `None` where it stays as it is, with all that lies in it.
    pub text: Option<Vec<u8>>,
    /// Whether it is a file of its own inside the text.
    pub inner: bool,
}

/// The changes so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

/// A stretch of a result, and which bytes of the text it stands for.
struct Piece<'a> {
    from: Range<usize>,
    name: &'static str,
    /// `None` where it is those bytes themselves.
    text: Option<&'a [u8]>,
    inner: bool,
}

impl Edits {
    /// Takes a span out.
    pub fn cut(&mut self, span: Range<usize>) {
        if !span.is_empty() {
            self.put(span, "");
        }
    }

    /// Puts text in place of a span.
    pub fn put(&mut self, span: Range<usize>, text: impl Into<Vec<u8>>) {
        self.push(Edit { span, name: "text", text: Some(text.into()), inner: false });
    }

    /// Any change.
    pub fn push(&mut self, edit: Edit) {
        self.0.push(edit);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes that count, in order.
    pub fn settled(mut self) -> Edits {
        // Insertions first, then the widest.
        self.0.sort_by_key(|e| (e.span.start, !e.span.is_empty(), std::cmp::Reverse(e.span.end)));
        let mut end = 0;
        self.0.retain(|e| {
            let counts = e.span.start >= end;
            end = if counts { e.span.end } else { end };
            counts
        });
        self
    }

    /// The bytes with the changes made. `None` where nothing differs.
    pub fn apply(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.is_empty() { None } else { self.settled().result(bytes) }
    }

    /// The same for changes that are [`Edits::settled`].
    pub fn result(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
        for edit in &self.0 {
            out.extend_from_slice(&bytes[at..edit.span.start]);
            out.extend_from_slice(edit.text.as_deref().unwrap_or(&bytes[edit.span.clone()]));
            at = edit.span.end;
        }
        out.extend_from_slice(&bytes[at..]);
        (out != bytes).then_some(out)
    }

    /// The changes that make of a text of `len` bytes what these and then `later` make of it, where `later` is about the
    /// result of these. Both must be [`Edits::settled`].
    pub fn then(&self, later: &Edits, len: usize) -> Edits {
        let (mut rest, mut out, mut at) = (self.pieces(len), Vec::new(), 0);
        for edit in &later.0 {
            let Some(text) = &edit.text else { continue };
            while let Some(piece) = before(&mut rest, &mut at, edit.span.start, true) {
                out.push(piece);
            }
            let start = rest.front().map_or(len, |p| p.from.start);
            let mut end = start;
            while let Some(piece) = before(&mut rest, &mut at, edit.span.end, false) {
                end = piece.from.end;
            }
            out.push(Piece { from: start..end, name: edit.name, text: Some(text), inner: edit.inner });
        }
        out.extend(rest);
        let mut edits: Vec<Edit> = Vec::new();
        let mut end = usize::MAX;
        for piece in out {
            let Some(text) = piece.text else { continue };
            match edits.last_mut() {
                // Neighbours become one, so that no place has two changes.
                Some(Edit { span, text: Some(before), inner, .. }) if end == piece.from.start => {
                    span.end = piece.from.end;
                    before.extend_from_slice(text);
                    *inner &= piece.inner;
                }
                _ => {
                    edits.push(Edit { span: piece.from.clone(), name: piece.name, text: Some(text.to_vec()), inner: piece.inner })
                }
            }
            end = piece.from.end;
        }
        Edits(edits)
    }

    /// The result as stretches of the text and of what is new.
    fn pieces(&self, len: usize) -> VecDeque<Piece<'_>> {
        let (mut out, mut at) = (VecDeque::new(), 0);
        for edit in &self.0 {
            let kept = at..edit.span.start;
            out.push_back(Piece { from: kept, name: "text", text: None, inner: false });
            out.push_back(Piece { from: edit.span.clone(), name: edit.name, text: edit.text.as_deref(), inner: edit.inner });
            at = edit.span.end;
        }
        out.push_back(Piece { from: at..len, name: "text", text: None, inner: false });
        out.retain(|p| p.text.is_some() || !p.from.is_empty());
        out
    }
}

/// The next piece in front of `to`, of which only the part in front of it is taken. `all` is whether pieces of no length
/// that lie at `to` are in front of it.
fn before<'a>(rest: &mut VecDeque<Piece<'a>>, at: &mut usize, to: usize, all: bool) -> Option<Piece<'a>> {
    let first = rest.front_mut()?;
    let len = first.text.map_or(first.from.len(), <[u8]>::len);
    let room = to - *at;
    if room == 0 && (len > 0 || !all) {
        return None;
    }
    if len <= room {
        *at += len;
        return rest.pop_front();
    }
    *at = to;
    let Piece { from, name, text, inner } = first;
    let head = match text {
        None => Piece { from: from.start..from.start + room, name, text: None, inner: *inner },
        Some(new) => {
            let (front, back) = new.split_at(room);
            *text = Some(back);
            Piece { from: from.clone(), name, text: Some(front), inner: *inner }
        }
    };
    from.start = head.from.end;
    Some(head)
}

impl IntoIterator for Edits {
    type Item = Edit;
    type IntoIter = std::vec::IntoIter<Edit>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(list: &[(Range<usize>, &str)]) -> Edits {
        let mut edits = Edits::default();
        list.iter().for_each(|(span, text)| edits.put(span.clone(), *text));
        edits.settled()
    }

    #[test]
    fn the_outer_change_counts() {
        assert_eq!(edits(&[(2..3, "x"), (1..4, "y"), (3..9, "z"), (1..1, "i")]).apply(b"abcdefghij").unwrap(), b"aiyefghij");
    }

    #[test]
    fn two_steps_are_one() {
        let text = b"abcdefghij";
        let spans = [0..0, 0..1, 1..3, 2..2, 2..5, 4..5, 5..5, 6..9, 9..10, 10..10];
        let some = |mask: usize, new: &'static str| {
            let chosen = spans.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
            edits(&chosen.map(|(i, s)| (s.clone(), if i % 3 == 0 { "" } else { new })).collect::<Vec<_>>())
        };
        for mask in 0..1 << spans.len() {
            let first = some(mask, "XY");
            let middle = first.result(text).unwrap_or_else(|| text.to_vec());
            let second = edits(&[(0..0, "!"), (1..3.min(middle.len()), "?"), (middle.len() - 1..middle.len(), "")]);
            let both = first.then(&second, text.len());
            assert_eq!(both.clone().settled(), both, "{first:?} {second:?}");
            assert_eq!(both.result(text), second.result(&middle), "{first:?} {second:?}");
        }
    }
}
