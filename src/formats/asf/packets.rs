//! The media: packets of one size. What a packet leaves unused at its end becomes zeros. [Advanced Systems Format
//! Specification 01.20.06, 5]

use super::Film;
use crate::finding::{Finding, Tells};
use crate::grammar::asf::{Object, Rest};
use crate::plan::{Fate, Number};
use crate::refusal::{Refusal, Result};
use crate::source::{self, Span};

/// Identifier, size, the file's identifier, a count of packets, two reserved bytes. [5.1]
const HEAD: u64 = 50;

impl Film<'_, '_> {
    /// The data object.
    pub(super) fn data(&mut self, data: &Object) -> Result<()> {
        let start = data.span.start;
        if data.span.len() < HEAD {
            return Err(Refusal::malformed("the media is shorter than its head", start));
        }
        self.draft.frame(Span::new(start, start + 24), "data");
        self.file_id(start + 24);
        self.draft.frame(Span::new(start + 40, start + 48), "count of packets");
        let found = Finding::rewritten("ASF", "reserved bytes", Tells::Hidden);
        self.draft.replace(Span::new(start + 48, start + HEAD), "reserved", Fate::put([1, 1]), vec![found]);
        if data.cut {
            self.draft.warn("the recording was cut off; what there is of it stays");
        }
        let media = Span::new(start + HEAD, data.span.end);
        let (mut run, mut hidden) = (media.start, 0);
        if self.packet > 0 {
            let mut at = media.start;
            while at + self.packet <= media.end {
                let packet = Span::new(at, at + self.packet);
                at = packet.end;
                let head = source::head(&**self.source, packet.start, self.packet.min(48) as usize)?;
                let unused = unused(&head).filter(|n| *n > 0 && *n < self.packet);
                let Some(span) = unused.map(|n| Span::new(packet.end - n, packet.end)) else { continue };
                let mut zero = true;
                source::each_block(&**self.source, span, |block| zero &= block.iter().all(|b| *b == 0))?;
                if !zero {
                    hidden += span.len();
                    self.draft.essence(Span::new(run, span.start), "packets");
                    self.draft.replace(span, "unused end of a packet", Fate::Blank, Vec::new());
                    self.job.limits().check_structures(self.draft.count())?;
                    run = span.end;
                }
            }
        }
        self.draft.essence(Span::new(run, media.end), "packets");
        if hidden > 0 {
            self.draft.note(Finding::blanked("ASF", "unused ends of packets", Tells::Hidden).bytes(hidden));
        }
        Ok(())
    }
}

/// How many bytes at the end of a packet with this head are padding; `None` where that cannot be told. [5.2]
fn unused(head: &[u8]) -> Option<u64> {
    let mut rest = Rest(head);
    let mut flags = rest.take(1)?[0];
    if flags & 0x80 != 0 {
        // Only this way of correcting errors is known.
        if flags & 0x70 != 0 {
            return None;
        }
        rest.take(usize::from(flags & 0x0f))?;
        flags = rest.take(1)?[0];
    }
    rest.take(1)?;
    let mut number = |kind: u8| {
        Some(match kind & 3 {
            0 => 0,
            1 => Number::U8.decode(rest.take(1)?),
            2 => Number::U16Le.decode(rest.take(2)?),
            _ => Number::U32Le.decode(rest.take(4)?),
        })
    };
    number(flags >> 5)?;
    number(flags >> 1)?;
    number(flags >> 3)
}
