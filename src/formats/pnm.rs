//! Portable pixmaps of every kind: bits, grey, colour, as bytes and as text, arbitrary maps and maps of floats. The header is
//! written anew without comments; samples stay as they are, comments between samples in text go, and so does what follows
//! the last picture. Several pictures in a row stay. [netpbm]

use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::pnm::Header;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Shared, Source, Span};

use super::behind;

/// The row.
pub static FORMAT: Format = Format {
    name: "PNM",
    extensions: &["ppm", "pgm", "pbm", "pnm", "pam", "pfm"],
    container: false,
    keeps: "samples, size, depth, scale, every picture in a row of them",
    removes: "comments, unknown tuple types, data behind the end",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    let sign = head.bytes.get(..2)?;
    (sign[0] == b'P' && Header::read(&**head.source, 0).is_ok()).then_some(Match::Exact)
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut at = 0;
    loop {
        let header = Header::read(&**source, at)?;
        self::header(&mut draft, &header);
        at = match header.bytes() {
            Some(len) => {
                let span = behind::pixels(&mut draft, source, header.span.end, len);
                draft.essence(span, "samples");
                span.end
            }
            None => text(source, &mut draft, &header)?,
        };
        job.limits().check_structures(draft.count())?;
        let more = matches!(header.kind, b'4'..=b'7') && Header::read(&**source, at).is_ok_and(|h| matches!(h.kind, b'4'..=b'7'));
        if !more {
            break;
        }
    }
    behind::remove(&mut draft, source, at);
    draft.seal()
}

fn header(draft: &mut Draft, header: &Header) {
    let mut found: Vec<Finding> = header.comments.iter().map(|c| comment(c)).collect();
    if found.is_empty() {
        found.push(Finding::rewritten("PNM", "spacing of the header", Tells::Hidden));
    }
    draft.replace(header.span, "header", Fate::put(header.canonical()), found);
}

fn comment(text: &str) -> Finding {
    Finding::removed("PNM", "comment", Tells::Text).value(text)
}

/// Samples as numbers in text; bits may stand without space between them. Where they end.
fn text(source: &Shared, draft: &mut Draft, header: &Header) -> Result<u64> {
    let (bits, want) = (header.kind == b'1', header.samples());
    let (mut seen, mut inside, mut hidden) = (0u64, false, None::<u64>);
    let (mut at, mut end, mut wrong) = (header.span.end, None, None);
    let mut gaps = Vec::new();
    source::each_block(&**source, Span::new(header.span.end, source.len()), |block| {
        for b in block {
            if end.is_some() || wrong.is_some() {
                return;
            }
            match (hidden, b) {
                (Some(start), b'\n' | b'\r') => {
                    gaps.push(Span::new(start, at));
                    hidden = None;
                }
                (Some(_), _) => {}
                (None, b'#') => (hidden, inside) = (Some(at), false),
                (None, b'0'..=b'9') => {
                    seen += u64::from(bits || !inside);
                    inside = true;
                }
                (None, b) if b.is_ascii_whitespace() => inside = false,
                _ => wrong = Some(at),
            }
            // Bits end with the last of them, numbers with the space behind the last.
            if seen == want && (bits || !inside) {
                end = Some(at + u64::from(bits));
                return;
            }
            at += 1;
        }
    })?;
    if let Some(at) = wrong {
        return Err(Refusal::malformed("something between the samples is no number", at));
    }
    if let Some(start) = hidden {
        gaps.push(Span::new(start, source.len()));
    }
    if seen < want {
        draft.warn("the samples end before the last row; what is there is kept");
    }
    let mut end = end.unwrap_or(source.len());
    // The end of the line belongs to it; some readers want it.
    let rest = source::head(&**source, end, 3)?;
    end += match rest.iter().position(|b| *b == b'\n') {
        Some(i) if rest[..i].iter().all(u8::is_ascii_whitespace) => i as u64 + 1,
        _ => 0,
    };
    let mut from = header.span.end;
    for gap in gaps {
        draft.essence(Span::new(from, gap.start), "samples");
        let words = source::head(&**source, gap.start + 1, (gap.len() - 1).min(256) as usize)?;
        draft.remove(gap, "comment", comment(String::from_utf8_lossy(&words).trim()));
        from = gap.end;
    }
    draft.essence(Span::new(from, end), "samples");
    Ok(end)
}

/// Looks at the first lines of the result: no number sign may stand there.
fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let head = source::head(after, 0, 512)?;
    let lines = if head.starts_with(b"P7") { 8 } else { 3 - usize::from(matches!(head.get(1), Some(b'1' | b'4'))) };
    let header = head.split(|b| *b == b'\n').take(lines).take_while(|l| *l != b"ENDHDR");
    match header.flatten().any(|b| *b == b'#') {
        true => Err(Refusal::new(Code::Leftover, "a comment still stands in the header")),
        false => Ok(vec!["pnm-lines"]),
    }
}
