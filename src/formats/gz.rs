//! GZIP [RFC 1952]: one file, compressed, in one member or several. Its headers name the file, the time and the system it
//! came from; ours name none. The compressed data stays as it is unless what is in it changes.

use std::io::{BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::wrapper::{self, Inside, Unpacking};
use super::zip::unpack;
use crate::clean::Job;
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, BLOCK, Reader, Shared, Source, Span};

/// The row.
pub static FORMAT: Format = Format {
    name: "GZIP",
    extensions: &["gz", "tgz", "svgz", "cpgz", "adz"],
    container: true,
    keeps: "the compressed file, cleaned by its own rules",
    removes: "the name, time, comment and system in its headers; bytes after the end",
    sniff,
    plan,
    witness,
};

const ENDINGS: &[(&str, &str)] =
    &[(".tgz", ".tar"), (".svgz", ".svg"), (".cpgz", ".cpio"), (".adz", ".adf"), (".gz", ""), (".z", "")];

/// The header we write: deflate, no flags, no time, unknown system. [RFC 1952 2.3]
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

/// Sub-fields that readers find their way by: block sizes of BGZF, chunk sizes of dictzip.
const INDEXES: [&[u8; 2]; 2] = [b"BC", b"RA"];

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &HEADER[..3]).then_some(Match::Exact)
}

/// One member: where its parts are.
struct Member {
    fixed: Span,
    extra: Span,
    name: Span,
    comment: Span,
    check: Span,
    data: Span,
    trailer: Span,
}

impl Member {
    fn span(&self) -> Span {
        Span::new(self.fixed.start, self.trailer.end)
    }
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let mut unpacking = Unpacking::new(job);
    let mut members = Vec::new();
    let mut at = 0;
    // Whatever does not begin as a further member is not read by any program.
    while members.is_empty() || source::head(&**source, at, 2)?.starts_with(&HEADER[..2]) {
        let member = read(source, at, &mut unpacking)?;
        at = member.trailer.end;
        members.push(member);
        job.limits().check_structures(members.len())?;
    }
    let name = wrapper::inner_name(job.name(), ENDINGS);
    let bytes = unpacking.finish()?;
    match wrapper::inside(job, &mut draft, "GZIP", &name, &bytes)? {
        Inside::Same => members.iter().try_for_each(|m| keep(job, source, &mut draft, m))?,
        Inside::Changed(bytes) => repack(job, source, &mut draft, &members, &bytes)?,
    }
    draft.remove_gaps("trailer", |_| Finding::removed("GZIP", "data after the end", Tells::Hidden));
    draft.seal()
}

fn read(source: &Shared, at: u64, unpacking: &mut Unpacking) -> Result<Member> {
    let mut cursor = Cursor::new(&**source, Span::new(at, source.len()));
    let fixed = cursor.array::<10>()?;
    if fixed[..3] != HEADER[..3] || fixed[3] & 0xe0 != 0 {
        return Err(Refusal::malformed("a further member is damaged", at));
    }
    let flag = |bit: u8| fixed[3] & bit != 0;
    let here = |c: &Cursor| Span::new(c.at(), c.at());
    let extra = match flag(FEXTRA) {
        true => {
            let start = cursor.at();
            let len = cursor.u16_le()?;
            Span::new(start, cursor.skip(len.into())?.end)
        }
        false => here(&cursor),
    };
    let name = if flag(FNAME) { text(&mut cursor)? } else { here(&cursor) };
    let comment = if flag(FCOMMENT) { text(&mut cursor)? } else { here(&cursor) };
    let check = if flag(FHCRC) { cursor.skip(2)? } else { here(&cursor) };
    let start = cursor.at();
    let packed = BufReader::with_capacity(BLOCK, Reader::new(&**source, Span::new(start, source.len())));
    let mut stream = DeflateDecoder::new(packed);
    let mut crc = crc32fast::Hasher::new();
    let len = unpacking.all(&mut stream, DeflateDecoder::total_in, |bytes| crc.update(bytes))?;
    let data = Span::new(start, start + stream.total_in());
    cursor.seek(data.end)?;
    if cursor.u32_le()? != crc.finalize() || cursor.u32_le()? != len as u32 {
        return Err(Refusal::malformed("the compressed data is damaged: its checksum does not hold", data.end));
    }
    let trailer = Span::new(data.end, cursor.at());
    Ok(Member { fixed: Span::new(at, at + 10), extra, name, comment, check, data, trailer })
}

/// Passes over a text that ends with a NUL.
fn text(cursor: &mut Cursor) -> Result<Span> {
    let start = cursor.at();
    while cursor.u8()? != 0 {}
    Ok(Span::new(start, cursor.at()))
}

/// A member whose data stays.
fn keep(job: &Job, source: &Shared, draft: &mut Draft, member: &Member) -> Result<()> {
    // An index counts the bytes of the header that it stands in, so it only stays in one that stays.
    let index = index(source, member.extra)?;
    header(job, source, draft, member, if index { FEXTRA } else { 0 })?;
    match index {
        true => draft.frame(member.extra, "extra field"),
        false if !member.extra.is_empty() => {
            draft.remove(member.extra, "extra field", Finding::removed("GZIP", "extra field", Tells::Unknown));
        }
        false => {}
    }
    draft.member(member.data, "compressed data", None);
    draft.frame(member.trailer, "checksum and size");
    Ok(())
}

/// All members as one whose data is compressed anew.
fn repack(job: &Job, source: &Shared, draft: &mut Draft, members: &[Member], bytes: &Shared) -> Result<()> {
    let mut spool = job.spool();
    let (_, crc) = unpack::deflate(&**bytes, &mut spool)?;
    let packed = spool.finish().map_err(Refusal::write)?;
    let Some((first, rest)) = members.split_first() else { return Err(Refusal::new(Code::Internal, "no member")) };
    header(job, source, draft, first, 0)?;
    if !first.extra.is_empty() {
        draft.remove(first.extra, "extra field", Finding::removed("GZIP", "extra field", Tells::Unknown));
    }
    draft.member(first.data, "compressed data", Some(packed));
    let trailer = [crc.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    draft.reframe(first.trailer, "checksum and size", Fate::put(trailer));
    for member in rest {
        draft.replace(member.span(), "further member", Fate::Drop, Vec::new());
    }
    Ok(())
}

/// The fixed header and the texts after it.
fn header(job: &Job, source: &Shared, draft: &mut Draft, member: &Member, flags: u8) -> Result<()> {
    let old = source.bytes(member.fixed, 10)?;
    let mut new = HEADER;
    new[3] = flags;
    if job.keeps(Token::EntryTimes) {
        new[4..8].copy_from_slice(&old[4..8]);
    }
    let mut found = Vec::new();
    if old[4..8] != new[4..8] {
        let seconds = u32::from_le_bytes([old[4], old[5], old[6], old[7]]);
        found.push(Finding::removed("GZIP", "time of the file", Tells::When).value(super::tar::date(seconds.into())));
    }
    if old[8..] != new[8..] || (old[3] ^ new[3]) & !(FEXTRA | FNAME | FCOMMENT | FHCRC) != 0 {
        found.push(Finding::rewritten("GZIP", "system and settings of the packer", Tells::Software));
    }
    draft.replace(member.fixed, "header", Fate::put(new), found);
    let texts = [(member.name, "name of the file", Tells::History), (member.comment, "comment", Tells::Text)];
    for (span, label, tells) in texts.into_iter().filter(|(span, ..)| !span.is_empty()) {
        let bytes = source::head(&**source, span.start, (span.len() - 1).min(4096) as usize)?;
        let text = bytes.iter().map(|b| char::from(*b)).collect::<String>();
        draft.remove(span, label, Finding::removed("GZIP", label, tells).value(text));
    }
    if !member.check.is_empty() {
        draft.remove(member.check, "header checksum", Finding::removed("GZIP", "header checksum", Tells::Software));
    }
    Ok(())
}

/// Whether the extra field is nothing but an index that readers need.
fn index(source: &Shared, extra: Span) -> Result<bool> {
    let bytes = source.bytes(extra, 2 + u64::from(u16::MAX))?;
    let mut rest = bytes.get(2..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(false);
    }
    while let [a, b, low, high, after @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        if !INDEXES.contains(&&[*a, *b]) || after.len() < len {
            return Ok(false);
        }
        rest = &after[len..];
    }
    Ok(rest.is_empty())
}

/// `flate2`'s own reader of the format: it reads to the end, and its header is empty.
///
/// # Errors
/// As [`Format::witness`].
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut reader = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BLOCK, Reader::new(after, after.span())));
    let mut block = vec![0; BLOCK];
    while reader.read(&mut block).map_err(|e| Refusal::new(Code::Damaged, format!("flate2 cannot read the result: {e}")))? > 0 {}
    if let Some(header) = reader.header() {
        let timed = header.mtime() != 0 && !job.keeps(Token::EntryTimes);
        if timed || header.filename().is_some() || header.comment().is_some() {
            return Err(Refusal::new(Code::Leftover, "the header still names a file or a time"));
        }
    }
    Ok(vec!["flate2"])
}
