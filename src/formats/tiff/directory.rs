//! A page's directory, written anew: the tags that stay, in ascending order, each once, their values where they lie or in
//! the entry itself with nothing behind them.

use super::data::Claims;
use super::table::{self, Rule};
use crate::blocks::icc;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::grammar::tiff::{Directory, Entry, Order, Tiff, width};
use crate::names;
use crate::plan::{Draft, Fate, Number};
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Span};

/// An entry that stays.
struct Kept {
    entry: Entry,
    /// How many values it has now.
    count: u64,
    /// The value field.
    field: Vec<Fate>,
}

/// What is known while the directories are written anew.
pub(super) struct Writer<'a, 'j> {
    pub(super) job: &'a Job<'j>,
    pub(super) source: &'a Shared,
    pub(super) tiff: &'a Tiff<'a>,
    pub(super) draft: Draft,
    /// The data and the values that pages point to.
    pub(super) claims: Claims,
    pub(super) found: Vec<Finding>,
}

impl Writer<'_, '_> {
    /// Puts the page into the draft; `next` is where the next page's directory stands.
    pub(super) fn page(&mut self, page: &Directory, next: Option<u64>) -> Result<()> {
        let tiff = self.tiff;
        let mut entries: Vec<Entry> = page.entries.clone();
        entries.sort_by_key(|e| e.tag);
        entries.dedup_by_key(|e| e.tag);
        self.claims.page(self.job, self.source, tiff, &entries)?;
        let zero_resolution = [0x011a, 0x011b].iter().any(|t| {
            let entry = entries.iter().find(|e| e.tag == *t);
            entry.is_some_and(|e| tiff.rationals(e, 1).first().is_some_and(|(_, d)| *d == 0))
        });
        // These speak of old JPEG; elsewhere of a preview.
        let old_jpeg = entries.iter().any(|e| e.tag == 0x0103 && tiff.numbers(e, 1) == [6]);
        let preview = |e: &Entry| (0x0200..=0x0209).contains(&e.tag) && !old_jpeg;
        let mut kept = Vec::new();
        let mut gone = page.entries.len() - entries.len();
        for entry in entries {
            // What goes must not claim its values first: nothing would point to them any more.
            let resolution = matches!(entry.tag, 0x011a | 0x011b | 0x0128);
            if preview(&entry) || resolution && zero_resolution {
                gone += 1;
                continue;
            }
            match self.keep(&entry)? {
                Some(entry) => kept.push(entry),
                None => gone += 1,
            }
        }
        if gone > 0 && self.found.is_empty() {
            self.found.push(Finding::removed("TIFF", format!("{gone} tags"), Tells::Unknown));
        }
        let order = tiff.order;
        let number = |n: u64, w: usize| {
            let be = n.to_be_bytes();
            let mut out = be[8 - w..].to_vec();
            if order == Order::Little {
                out.reverse();
            }
            out
        };
        let wide = if tiff.big { 8 } else { 4 };
        let mut pieces = vec![Fate::put(number(kept.len() as u64, if tiff.big { 8 } else { 2 }))];
        for Kept { entry, count, field } in kept {
            let head = [number(entry.tag.into(), 2), number(entry.kind.into(), 2), number(count, wide)].concat();
            pieces.push(Fate::put(head));
            pieces.extend(field);
        }
        pieces.push(match next {
            Some(of) => Fate::Position { of, origin: 0, code: super::position(tiff) },
            None => Fate::put(vec![0; wide]),
        });
        self.draft.insert(page.span.start, "alignment", Fate::Pad(2));
        self.draft.compose(page.span, "directory", pieces);
        Ok(())
    }

    /// The entry as it stays, if it does.
    fn keep(&mut self, entry: &Entry) -> Result<Option<Kept>> {
        let tiff = self.tiff;
        let rule = table::rule(self.job, entry.tag);
        if rule == Rule::Gone {
            return Ok(None);
        }
        let Some(data) = entry.data else {
            // Values of an unknown type, or past the end: pictures need their positions, the rest is better gone.
            return match rule {
                Rule::Offsets | Rule::Counts => {
                    Err(Refusal::malformed("the positions of the picture data pass the end", entry.span.start))
                }
                _ => Ok(None),
            };
        };
        match rule {
            Rule::Number => {
                let text = tiff.bytes(entry, 64);
                let text = String::from_utf8_lossy(&text);
                let text = text.trim_end_matches('\0');
                if entry.kind != 2 || text.trim().parse::<f64>().is_err() {
                    return Ok(None);
                }
            }
            Rule::Profile => return self.profile(entry, data),
            Rule::Offsets | Rule::Counts if !matches!(entry.kind, 3 | 4 | 13 | 16 | 18) => {
                return Err(Refusal::malformed("positions of picture data are no positions", entry.span.start));
            }
            Rule::Offsets => return Ok(Some(self.offsets(entry, data))),
            Rule::Keep if entry.tag == 0x0112 && !tiff.numbers(entry, 1).first().is_some_and(|o| (1..=8).contains(o)) => {
                return Ok(None);
            }
            _ => {}
        }
        Ok(Some(self.as_it_is(entry, data)))
    }

    /// The value in the entry, the rest of its field zero, or its position.
    fn as_it_is(&mut self, entry: &Entry, data: Span) -> Kept {
        let tiff = self.tiff;
        let field = if entry.is_inline() {
            let mut bytes = tiff.bytes(entry, 8);
            bytes.resize(entry.field.len() as usize, 0);
            vec![Fate::put(bytes)]
        } else {
            self.claims.value(data);
            vec![Fate::Position { of: data.start, origin: 0, code: super::position(tiff) }]
        };
        Kept { entry: *entry, count: entry.count, field }
    }

    /// Positions of data: they follow it.
    fn offsets(&mut self, entry: &Entry, data: Span) -> Kept {
        let tiff = self.tiff;
        let code = code(tiff, entry.kind);
        let field = if entry.is_inline() {
            let mut field: Vec<Fate> = tiff
                .numbers(entry, 4)
                .into_iter()
                .map(|of| if of == 0 { Fate::put(vec![0; code.width()]) } else { Fate::Position { of, origin: 0, code } })
                .collect();
            let rest = entry.field.len() - data.len();
            if rest > 0 {
                field.push(Fate::put(vec![0; rest as usize]));
            }
            field
        } else {
            self.draft.insert(data.start, "alignment", Fate::Pad(2));
            self.draft.reframe(data, "offsets", Fate::Offsets { origin: 0, code });
            vec![Fate::Position { of: data.start, origin: 0, code: super::position(tiff) }]
        };
        Kept { entry: *entry, count: entry.count, field }
    }

    fn profile(&mut self, entry: &Entry, data: Span) -> Result<Option<Kept>> {
        let bytes = self.source.bytes(data, self.job.limits().block)?;
        let Some(neutral) = icc::neutral(&bytes)? else {
            self.found.push(Finding::removed("ICC", "colour profile that cannot be read", Tells::Rendering).bytes(data.len()));
            return Ok(None);
        };
        if neutral == bytes || entry.is_inline() {
            return Ok(Some(self.as_it_is(entry, data)));
        }
        let count = neutral.len() as u64;
        self.draft.insert(data.start, "alignment", Fate::Pad(2));
        let mut told = names::icc::describe("ICC", &bytes);
        told.push(Finding::rewritten("ICC", "colour profile: colours kept, texts neutral", Tells::Rendering));
        self.draft.replace(data, "colour profile", Fate::put(neutral), told);
        let field = vec![Fate::Position { of: data.start, origin: 0, code: super::position(self.tiff) }];
        Ok(Some(Kept { entry: *entry, count, field }))
    }
}

/// How the values of an entry of this type are written.
fn code(tiff: &Tiff, kind: u16) -> Number {
    match (width(kind), tiff.order) {
        (Some(2), Order::Little) => Number::U16Le,
        (Some(2), Order::Big) => Number::U16Be,
        (Some(8), Order::Little) => Number::U64Le,
        (Some(8), Order::Big) => Number::U64Be,
        (_, Order::Little) => Number::U32Le,
        (_, Order::Big) => Number::U32Be,
    }
}
