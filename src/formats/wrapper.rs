//! What compressed files share that hold one file each: what is inside is cleaned by its own row, and where nothing changes
//! the compressed bytes stay as they are.

use std::io::{self, Read, Write};

use crate::clean::{Job, Member};
use crate::cursor::Cursor;
use crate::finding::{Finding, Tells};
use crate::format::Head;
use crate::plan::{Draft, Fate, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, BLOCK, Shared, Source, Span, Spool};
use crate::view;

/// The name of what is inside: `letter.txt` of `letter.txt.gz`, `x.tar` of `x.tgz`.
pub fn inner_name(name: &str, endings: &[(&str, &str)]) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let lower = base.to_ascii_lowercase();
    let found = endings.iter().find(|(ending, _)| lower.ends_with(ending) && lower.len() > ending.len());
    match found {
        Some((ending, inner)) => format!("{}{inner}", &base[..base.len() - ending.len()]),
        None => base.to_owned(),
    }
}

/// What came of the file inside.
pub enum Inside {
    /// Nothing changes.
    Same,
    /// These bytes take its place.
    Changed(Shared),
}

/// Cleans the file inside.
///
/// # Errors
/// Those of the file; `UnknownMember` where its type is unknown and the policy is not to keep such.
pub fn inside(job: &Job, draft: &mut Draft, place: &'static str, name: &str, bytes: &Shared) -> Result<Inside> {
    if bytes.is_empty() {
        return Ok(Inside::Same);
    }
    match job.member(name, bytes)? {
        Member::Same(cleaned) => {
            draft.adopt(name, &cleaned);
            Ok(Inside::Same)
        }
        Member::Changed(cleaned) => {
            draft.adopt(name, &cleaned);
            Ok(Inside::Changed(cleaned.bytes()))
        }
        Member::Unknown(why) => match job.unknown_member(name, &why)? {
            true => {
                let found = Finding::kept(place, "content of unknown type", Tells::Unknown, "--unknown-members keep");
                draft.note(found.within(name));
                Ok(Inside::Same)
            }
            false => Err(Refusal::new(Code::UnknownMember, why.to_string()).within(name)),
        },
    }
}

/// Unpacks a stream into a spool, block by block, and stops where it grows past what is honest.
pub struct Unpacking<'a> {
    job: &'a Job<'a>,
    spool: Spool,
    block: Vec<u8>,
}

impl<'a> Unpacking<'a> {
    /// Into a new spool.
    pub fn new(job: &'a Job<'a>) -> Unpacking<'a> {
        Unpacking { job, spool: job.spool(), block: vec![0; BLOCK] }
    }

    /// Unpacks all of `stream`, of which `packed` tells how many bytes it has taken so far. `look` is shown the bytes.
    ///
    /// # Errors
    /// `Limit` for bombs, `Malformed` where the stream is damaged.
    pub fn all<R: Read>(&mut self, stream: &mut R, packed: impl Fn(&R) -> u64, mut look: impl FnMut(&[u8])) -> Result<u64> {
        let mut done = 0u64;
        loop {
            let n = match stream.read(&mut self.block) {
                Ok(0) => return Ok(done),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.get_ref().is_some_and(|inner| inner.is::<Refusal>()) => return Err(e.into()),
                Err(e) => return Err(Refusal::new(Code::Malformed, format!("the compressed data is damaged ({e})"))),
            };
            done += n as u64;
            let ratio = self.job.limits().ratio;
            // The allowance that the job gives is for each call; over the whole stream it is given once.
            if done > packed(stream).saturating_mul(ratio).saturating_add(1 << 20) {
                return Err(Refusal::limit(format!("the content unpacks to more than {ratio} times its size")));
            }
            self.job.expanded(n as u64, n as u64)?;
            look(&self.block[..n]);
            self.spool.write_all(&self.block[..n]).map_err(Refusal::write)?;
        }
    }

    /// What was unpacked.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(self) -> Result<Shared> {
        self.spool.finish().map_err(Refusal::write)
    }
}

/// What a compressed file is made of, one after the other.
pub enum Piece {
    /// A stream or frame, whose content was unpacked.
    Stream(Span),
    /// Positions in the streams, which hold while these stay as they are.
    Index(Span),
    /// Bytes that no content is in.
    Gone(Span, Finding),
}

impl Piece {
    /// Where it is.
    pub fn span(&self) -> Span {
        match self {
            Piece::Stream(span) | Piece::Index(span) | Piece::Gone(span, _) => *span,
        }
    }
}

/// A way of compressing one file.
pub struct Packing {
    /// The name of the format.
    pub place: &'static str,
    /// Its endings, and those of what is inside.
    pub endings: &'static [(&'static str, &'static str)],
    /// Reads the piece that begins at a position, and unpacks it where it is a stream.
    pub read: fn(&Shared, u64, &mut Unpacking) -> Result<Piece>,
    /// Packs bytes into a spool, always with the same effort.
    pub pack: fn(&dyn Source, &mut Spool) -> io::Result<()>,
}

/// The plan for a compressed file.
///
/// # Errors
/// Those of its streams and of the file inside.
pub fn plan(job: &Job, source: &Shared, packing: &Packing) -> Result<Plan> {
    let mut draft = Draft::new(source);
    let (pieces, bytes) = read(job, source, packing)?;
    let name = inner_name(job.name(), packing.endings);
    let mut packed = match inside(job, &mut draft, packing.place, &name, &bytes)? {
        Inside::Same => None,
        Inside::Changed(bytes) => Some(pack(job, packing, &bytes)?),
    };
    let changed = packed.is_some();
    for piece in pieces {
        match piece {
            Piece::Gone(span, found) => draft.remove(span, "no content", found),
            Piece::Index(span) if !changed => draft.frame(span, "index"),
            Piece::Index(span) => draft.remove(span, "index", Finding::removed(packing.place, "index", Tells::Software)),
            Piece::Stream(span) if !changed => draft.member(span, "stream", None),
            Piece::Stream(span) => match packed.take() {
                Some(first) => draft.member(span, "stream", Some(first)),
                None => _ = draft.replace(span, "stream", Fate::Drop, Vec::new()),
            },
        }
    }
    draft.seal()
}

fn read(job: &Job, source: &Shared, packing: &Packing) -> Result<(Vec<Piece>, Shared)> {
    let mut unpacking = Unpacking::new(job);
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < source.len() {
        let piece = (packing.read)(source, at, &mut unpacking)?;
        if piece.span().end <= at {
            return Err(Refusal::malformed("a stream without an end", at));
        }
        at = piece.span().end;
        pieces.push(piece);
        job.limits().check_structures(pieces.len())?;
    }
    Ok((pieces, unpacking.finish()?))
}

/// Packs the cleaned bytes, and unpacks them again to see that they are the same.
fn pack(job: &Job, packing: &Packing, bytes: &Shared) -> Result<Shared> {
    let mut spool = job.spool();
    (packing.pack)(&**bytes, &mut spool).map_err(Refusal::write)?;
    let packed = spool.finish().map_err(Refusal::write)?;
    let (_, again) = read(job, &packed, packing)?;
    if again.len() != bytes.len() || !view::same(&**bytes, &*again, again.span())? {
        return Err(Refusal::new(Code::Damaged, "what was packed does not unpack to the same"));
    }
    Ok(packed)
}

/// The witness of compressed files that carry no metadata: that there is something which unpacks was seen before.
///
/// # Errors
/// `Damaged` where nothing is left.
pub fn witness(_: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    match after.is_empty() {
        true => Err(Refusal::new(Code::Damaged, "nothing is left")),
        false => Ok(Vec::new()),
    }
}

/// Whether the first frame that is not skippable begins with `magic`.
pub fn first_frame(head: &Head, magic: &[u8; 4]) -> bool {
    let mut at = 0;
    for _ in 0..64 {
        match skippable(&**head.source, at) {
            Ok(Some(span)) => at = span.end,
            _ => break,
        }
    }
    source::head(&**head.source, at, 4).is_ok_and(|there| there == magic)
}

/// A skippable frame of zstd or LZ4 at `at`: where it ends. [RFC 8878 3.1.2]
///
/// # Errors
/// `Malformed` where it is cut off.
pub fn skippable(source: &dyn Source, at: u64) -> Result<Option<Span>> {
    let mut cursor = Cursor::new(source, Span::new(at, source.len()));
    if cursor.left() < 8 || cursor.u32_le()? & 0xffff_fff0 != 0x184d_2a50 {
        return Ok(None);
    }
    let len = cursor.u32_le()?;
    Ok(Some(Span::new(at, cursor.skip(len.into())?.end)))
}

/// The frame at `at` as a piece that goes, where decoders skip it.
///
/// # Errors
/// As [`skippable`].
pub fn skipped(source: &Shared, at: u64, place: &'static str) -> Result<Option<Piece>> {
    let gone = |span| Piece::Gone(span, Finding::removed(place, "skippable frame", Tells::Hidden));
    Ok(skippable(&**source, at)?.map(gone))
}

/// The refusal of a frame that needs more than what is in the file.
pub fn needs_a_dictionary(at: u64) -> Refusal {
    Refusal::unsupported("it needs a dictionary of its own").at(at).hint("unpack it and clean what is inside")
}
