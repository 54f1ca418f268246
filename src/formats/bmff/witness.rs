//! Other eyes on the result: kamadak-exif, which must find no Exif, and a small reader of boxes that shares nothing with the
//! one that planned. It reads the index as one slice, looks for boxes, times and names that must be gone at any depth, and
//! counts whether every byte of media belongs to a sample or an item.

use crate::clean::Job;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Reader, Source, Span};

/// The largest index that is read.
const MOST: u64 = 24 << 20;
/// The largest picture that the library is asked about: it reads all of it.
const PICTURE: u64 = 256 << 20;

/// Looks at a film.
pub(crate) fn movie(job: &Job, _before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut eyes = Eyes { timed: job.keeps(Token::TimedMetadata), ..Eyes::default() };
    eyes.file(after)?;
    Ok(vec!["second box reader"])
}

/// Looks at a picture.
pub(crate) fn picture(job: &Job, before: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let mut names = movie(job, before, after)?;
    if after.len() <= PICTURE {
        let mut reader = std::io::BufReader::new(Reader::new(after, after.span()));
        match exif::Reader::new().continue_on_error(true).read_from_container(&mut reader) {
            Ok(_) | Err(exif::Error::PartialResult(_)) => {
                return Err(Refusal::new(Code::Leftover, "kamadak-exif still finds Exif in the result"));
            }
            Err(exif::Error::NotFound(_)) => names.push("kamadak-exif"),
            // What it cannot read it cannot speak for.
            Err(_) => {}
        }
    }
    Ok(names)
}

/// Types that must not be left anywhere.
const GONE: &[&[u8; 4]] = &[
    b"free", b"skip", b"wide", b"junk", b"XMP_", b"\xa9xyz", b"\xa9nam", b"\xa9ART", b"\xa9day", b"\xa9too", b"\xa9cmt", b"loci",
    b"keys", b"mpvd", b"sefd", b"prft", b"Xtra", b"jumb", b"xml ", b"bxml", b"GPMF", b"CAME", b"MUID", b"iods", b"udes", b"pnot",
];
/// Boxes with boxes inside, and how many bytes come first.
const AROUND: &[(&[u8; 4], usize)] = &[
    (b"moov", 0),
    (b"trak", 0),
    (b"mdia", 0),
    (b"minf", 0),
    (b"stbl", 0),
    (b"edts", 0),
    (b"udta", 0),
    (b"mvex", 0),
    (b"moof", 0),
    (b"traf", 0),
    (b"iprp", 0),
    (b"ipco", 0),
    (b"meta", 4),
    (b"ilst", 0),
    (b"stsd", 8),
    (b"grpl", 0),
];

#[derive(Default)]
struct Eyes {
    timed: bool,
    /// What samples and items say is theirs.
    owned: Vec<(u64, u64)>,
    /// The insides of media data.
    media: Vec<(u64, u64)>,
    /// Whether something is there whose bytes this reader cannot count.
    unsure: bool,
    /// Where the slice begins in the file.
    base: u64,
    /// Where the data of a fragment goes on.
    next: u64,
    /// The usual size of samples, by track.
    usual: Vec<(u64, u64)>,
}

/// The tables of one track, as slices.
#[derive(Default)]
struct Tables<'a> {
    sound: bool,
    stsc: &'a [u8],
    stsz: &'a [u8],
    stco: &'a [u8],
    co64: &'a [u8],
}

fn be(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes.get(at..at + width).unwrap_or_default().iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

fn left(what: &str, at: u64) -> Refusal {
    Refusal::new(Code::Leftover, format!("the second box reader still finds {what}")).at(at)
}

impl Eyes {
    fn file(&mut self, file: &dyn Source) -> Result<()> {
        let mut at = 0;
        while at + 8 <= file.len() {
            let head = file.bytes(Span::new(at, (at + 16).min(file.len())), 16)?;
            let (header, size) = match be(&head, 0, 4) {
                0 => (8, file.len() - at),
                1 => (16, be(&head, 8, 8)),
                n => (8, n),
            };
            let end = at.checked_add(size).filter(|e| size >= header && *e <= file.len());
            let end = end.ok_or_else(|| Refusal::new(Code::Damaged, "the second box reader finds a broken box").at(at))?;
            let kind = <[u8; 4]>::try_from(&head[4..8]).unwrap_or_default();
            match &kind {
                b"mdat" => self.media.push((at + header, end)),
                b"meta" | b"moov" | b"moof" if size <= MOST => {
                    let bytes = file.bytes(Span::new(at, end), MOST)?;
                    (self.base, self.next) = (at, at);
                    self.boxes(&bytes, &mut Tables::default(), 0)?;
                }
                b"meta" | b"moov" | b"moof" => self.unsure = true,
                b"ftyp" | b"styp" | b"sidx" | b"mfra" => {}
                _ => return Err(left("a box that should be gone", at)),
            }
            at = end;
        }
        if at != file.len() {
            return Err(left("bytes after the last box", at));
        }
        self.count()
    }

    fn boxes<'a>(&mut self, bytes: &'a [u8], tables: &mut Tables<'a>, depth: u8) -> Result<()> {
        let mut rest = bytes;
        while rest.len() >= 8 && depth < 12 {
            let (header, size) = match be(rest, 0, 4) {
                1 => (16, be(rest, 8, 8)),
                n => (8, n),
            };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let Some(body) = rest.get(header..size) else { return Ok(()) };
            let kind = &rest[4..8];
            self.judge(kind, body)?;
            match kind {
                b"trak" => {
                    let mut own = Tables::default();
                    self.boxes(body, &mut own, depth + 1)?;
                    self.samples(&own);
                }
                b"hdlr" if depth == 3 => tables.sound = body.get(8..12) == Some(b"soun"),
                b"stsc" => tables.stsc = body,
                b"stsz" => tables.stsz = body,
                b"trex" => self.usual.push((be(body, 4, 4), be(body, 16, 4))),
                b"traf" => {
                    self.boxes(body, tables, depth + 1)?;
                    self.fragment(body);
                }
                b"stz2" => self.unsure = true,
                b"stco" => tables.stco = body,
                b"co64" => tables.co64 = body,
                b"iloc" => self.items(body),
                _ => {
                    if let Some((_, skip)) = AROUND.iter().find(|(k, _)| k[..] == *kind) {
                        self.boxes(body.get(*skip..).unwrap_or_default(), tables, depth + 1)?;
                    }
                }
            }
            rest = &rest[size..];
        }
        Ok(())
    }

    fn judge(&self, kind: &[u8], body: &[u8]) -> Result<()> {
        if GONE.iter().any(|k| k[..] == *kind) {
            return Err(left(&format!("a box that should be gone ({})", kind.escape_ascii()), self.base));
        }
        let zero = |from: usize, to: usize| body.get(from..to).unwrap_or_default().iter().all(|b| *b == 0);
        let bad = match kind {
            b"hdlr" if !zero(24, body.len()) => "a name in a handler",
            b"mvhd" | b"tkhd" | b"mdhd" if !zero(4, if body.first() == Some(&0) { 12 } else { 20 }) => "a time",
            b"infe" if body.first() == Some(&2) && body.get(12).is_some_and(|b| *b != 0) => "the name of an item",
            b"infe" if body.first() == Some(&2) && body.get(8..12) == Some(b"Exif") => "an Exif item",
            b"uuid" if !body.starts_with(&[0xff, 0xcc, 0x82, 0x63]) => "a private box",
            b"mebx" | b"gpmd" | b"camm" | b"rtmd" | b"djmd" if !self.timed => "a track of positions or sensors",
            _ => return Ok(()),
        };
        Err(left(bad, self.base))
    }

    /// Counts what the tables of a track own.
    fn samples(&mut self, t: &Tables) {
        let same = be(t.stsz, 4, 4);
        // Sound that is counted in samples and stored in packets is not for this reader.
        self.unsure |= t.sound && same > 0;
        let (table, width) = if t.co64.is_empty() { (t.stco, 4) } else { (t.co64, 8) };
        let (chunks, runs) = (be(table, 4, 4) as usize, be(t.stsc, 4, 4) as usize);
        let (mut run, mut per, mut sample, all) = (0, 0, 0usize, be(t.stsz, 8, 4) as usize);
        for chunk in 0..chunks.min(table.len() / width) {
            while run < runs && be(t.stsc, 8 + 12 * run, 4) <= chunk as u64 + 1 {
                per = be(t.stsc, 12 + 12 * run, 4) as usize;
                run += 1;
            }
            let start = be(table, 8 + width * chunk, width);
            let samples = per.min(all - sample);
            let length = match same {
                0 => (sample..sample + samples).map(|i| be(t.stsz, 12 + 4 * i, 4)).sum(),
                n => n.saturating_mul(samples as u64),
            };
            sample += samples;
            self.own(start, length);
        }
    }

    /// Counts what a fragment of a track owns.
    fn fragment(&mut self, traf: &[u8]) {
        let (mut rest, mut base, mut size) = (traf, self.base, 0);
        while let Some(body) = rest.get(8..be(rest, 0, 4) as usize) {
            let flags = be(body, 1, 3);
            let bits = |of: &[u64]| of.iter().filter(|f| flags & **f != 0).count();
            match &rest[4..8] {
                b"tfhd" => {
                    base = match flags {
                        f if f & 1 != 0 => be(body, 8, 8),
                        f if f & 0x2_0000 != 0 => self.base,
                        _ => self.next,
                    };
                    self.next = base;
                    let usual = self.usual.iter().find(|(track, _)| *track == be(body, 4, 4)).map_or(0, |(_, s)| *s);
                    let at = 8 + 8 * bits(&[1]) + 4 * bits(&[2, 8]);
                    size = if flags & 0x10 != 0 { be(body, at, 4) } else { usual };
                }
                b"trun" => {
                    let count = be(body, 4, 4);
                    let start = match flags & 1 {
                        1 => base.saturating_add_signed(i64::from(be(body, 8, 4) as i32)),
                        _ => self.next,
                    };
                    let (first, step) = (8 + 4 * bits(&[1, 4]), 4 * bits(&[0x100, 0x200, 0x400, 0x800]));
                    let length = match flags & 0x200 {
                        0 => count.saturating_mul(size),
                        _ => (0..count as usize).map(|i| be(body, first + step * i + 4 * bits(&[0x100]), 4)).sum(),
                    };
                    self.next = start.saturating_add(length);
                    self.own(start, length);
                }
                _ => {}
            }
            rest = &rest[8 + body.len()..];
        }
    }

    fn own(&mut self, start: u64, length: u64) {
        let end = start.saturating_add(length);
        match self.owned.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => self.owned.push((start, end)),
        }
    }

    /// Counts what the items own.
    fn items(&mut self, b: &[u8]) {
        let version = b.first().copied().unwrap_or_default();
        let (o, l) = (usize::from(be(b, 4, 1) as u8 >> 4), usize::from(be(b, 4, 1) as u8 & 15));
        let (s, i) = (usize::from(be(b, 5, 1) as u8 >> 4), if version > 0 { usize::from(be(b, 5, 1) as u8 & 15) } else { 0 });
        let id = if version == 2 { 4 } else { 2 };
        let mut at = 6 + id;
        for _ in 0..be(b, 6, id) {
            at += id;
            let method = if version > 0 { be(b, at, 2) & 15 } else { 0 };
            at += if version > 0 { 2 } else { 0 } + 2;
            let base = be(b, at, s);
            let extents = be(b, at + s, 2);
            at += s + 2;
            for _ in 0..extents {
                if at >= b.len() {
                    return;
                }
                let (offset, length) = (be(b, at + i, o), be(b, at + i + o, l));
                at += i + o + l;
                if method == 0 {
                    self.own(base.saturating_add(offset), length);
                }
            }
        }
    }

    /// Whether every byte of media has an owner.
    fn count(&mut self) -> Result<()> {
        if self.unsure {
            return Ok(());
        }
        self.owned.sort_unstable();
        for (start, end) in &self.media {
            let mut at = *start;
            for owned in self.owned.iter().filter(|o| o.1 > *start).take_while(|o| o.0 < *end) {
                if owned.0 > at {
                    break;
                }
                at = at.max(owned.1);
            }
            if at < *end {
                return Err(left("media that belongs to nothing", at));
            }
        }
        Ok(())
    }
}
