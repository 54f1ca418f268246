//! The header of a 7z archive, read with every count held against the bytes there are.

use super::{Archive, Coder, File, Folder, HEAD, Part, SIGN, bits, coders, id};
use crate::refusal::{Refusal, Result};
use crate::source::{Shared, Span};

/// The largest header that is held in memory.
const LARGEST: u64 = 64 << 20;
/// Headers are packed once; twice would be odd, and more is a trap.
const PACKED: usize = 4;
/// More coders in a row than any program writes.
const CODERS: u64 = 8;

impl Archive {
    /// Reads the head and the header.
    ///
    /// # Errors
    /// `Malformed` where they contradict themselves or the file, `Encrypted` where the header is locked, `Limit` for more
    /// than `most` members.
    pub fn open(source: &Shared, most: u64) -> Result<Archive> {
        let head = source.bytes(Span::new(0, HEAD), HEAD)?;
        if head[6] != SIGN[6] {
            return Err(Refusal::unsupported("a 7z archive of another version").at(6));
        }
        if crc32fast::hash(&head[12..32]).to_le_bytes() != head[8..12] {
            return Err(Refusal::malformed("the head of the archive is damaged", 8));
        }
        let word = |at: usize| head[at..at + 8].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let cut_off = || Refusal::malformed("the archive is cut off: its header is missing", HEAD);
        let start = HEAD.checked_add(word(12)).ok_or_else(cut_off)?;
        let span = Span::at(start, word(20)).filter(|s| s.end <= source.len()).ok_or_else(cut_off)?;
        let mut archive = Archive { header: span, ..Archive::default() };
        if span.is_empty() {
            return Ok(archive);
        }
        let mut header = source.bytes(span, LARGEST)?;
        if crc32fast::hash(&header).to_le_bytes() != head[28..32] {
            return Err(Refusal::malformed("the header of the archive is damaged", span.start));
        }
        while header.first() == Some(&id::PACKED_HEADER) {
            if archive.packed_headers.len() == PACKED {
                return Err(Refusal::malformed("a header in a header in a header", span.start));
            }
            let (inner, at) = unpack(source, &header, span.start)?;
            archive.packed_headers.push(at);
            header = inner;
        }
        let mut reader = Bytes { rest: &header, at: span.start };
        if reader.byte()? != id::HEADER {
            return Err(reader.lies());
        }
        reader.header(&mut archive, most)?;
        let fits = |s: &Span| s.end <= span.start;
        if !archive.streams.iter().chain(&archive.packed_headers).all(fits) {
            return Err(Refusal::malformed("a packed stream lies outside of the archive", span.start));
        }
        Ok(archive)
    }
}

/// Unpacks a packed header; returns it and where it was.
fn unpack(source: &Shared, header: &[u8], at: u64) -> Result<(Vec<u8>, Span)> {
    let mut reader = Bytes { rest: &header[1..], at };
    let mut own = Archive::default();
    reader.streams(&mut own)?;
    let ([folder], [packed]) = (&own.folders[..], &own.streams[..]) else { return Err(reader.lies()) };
    let size = folder.size().ok_or_else(|| reader.lies())?;
    if packed.end > at || size > LARGEST {
        return Err(Refusal::malformed("the packed header lies outside of the archive", at));
    }
    let mut out = Vec::new();
    let mut stream = coders::open(&**source, folder, *packed)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut stream, size), &mut out)
        .map_err(|e| coders::damaged(e, packed.start))?;
    if out.len() as u64 != size || folder.crc.is_some_and(|crc| crc != crc32fast::hash(&out)) {
        return Err(Refusal::malformed("the packed header is damaged", packed.start));
    }
    Ok((out, *packed))
}

/// A header on its way by.
struct Bytes<'a> {
    rest: &'a [u8],
    /// Where the header is, for refusals.
    at: u64,
}

impl<'a> Bytes<'a> {
    fn lies(&self) -> Refusal {
        Refusal::malformed("the header of the archive contradicts itself", self.at)
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).map_err(|_| self.lies())?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.lies())?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn expect(&mut self, what: u8) -> Result<()> {
        if self.byte()? == what { Ok(()) } else { Err(self.lies()) }
    }

    fn u32(&mut self) -> Result<u32> {
        let b = self.take(4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// A number of one to nine bytes; the first says by its leading ones how many follow.
    fn number(&mut self) -> Result<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let low = self.take(more.into())?.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let high = if more >= 7 { 0 } else { (u64::from(first) & ((1u64 << (7 - more)) - 1)) << (8 * more) };
        Ok(low | high)
    }

    /// A number of things, each of which takes a byte or more of what follows.
    fn count(&mut self) -> Result<u64> {
        let n = self.number()?;
        if n <= self.rest.len() as u64 { Ok(n) } else { Err(self.lies()) }
    }

    /// Which of `count` things have something: all, or those whose bits are set.
    fn defined(&mut self, count: usize) -> Result<Vec<bool>> {
        match self.byte()? {
            0 => Ok(bits(self.take(count.div_ceil(8) as u64)?, count)),
            _ => Ok(vec![true; count]),
        }
    }

    fn digests(&mut self, count: usize) -> Result<Vec<Option<u32>>> {
        let defined = self.defined(count)?;
        defined.into_iter().map(|d| if d { self.u32().map(Some) } else { Ok(None) }).collect()
    }

    fn header(&mut self, archive: &mut Archive, most: u64) -> Result<()> {
        loop {
            match self.byte()? {
                id::END => break,
                id::ARCHIVE => {
                    archive.says_more = true;
                    while self.byte()? != id::END {
                        let size = self.number()?;
                        self.take(size)?;
                    }
                }
                id::ADDITIONAL => return Err(Refusal::unsupported("an archive whose header is spread out").at(self.at)),
                id::STREAMS => self.streams(archive)?,
                id::FILES => self.files(archive, most)?,
                _ => return Err(self.lies()),
            }
        }
        archive.says_more |= !self.rest.is_empty();
        let parts: usize = archive.folders.iter().map(|f| f.parts.len()).sum();
        if archive.files.iter().filter(|f| f.has_stream).count() != parts {
            return Err(self.lies());
        }
        Ok(())
    }

    fn streams(&mut self, archive: &mut Archive) -> Result<()> {
        let mut divided = false;
        loop {
            match self.byte()? {
                id::END => break,
                id::PACK => self.pack(archive)?,
                id::UNPACK => self.unpack(archive)?,
                id::PARTS => {
                    self.parts(archive)?;
                    divided = true;
                }
                _ => return Err(self.lies()),
            }
        }
        if !divided {
            archive.folders.iter_mut().for_each(whole);
        }
        let wanted: usize = archive.folders.iter().map(|f| f.packed.len()).sum();
        if wanted == archive.streams.len() { Ok(()) } else { Err(self.lies()) }
    }

    fn pack(&mut self, archive: &mut Archive) -> Result<()> {
        let mut at = HEAD.checked_add(self.number()?).ok_or_else(|| self.lies())?;
        let count = self.count()?;
        loop {
            match self.byte()? {
                id::END => break,
                id::SIZE => {
                    for _ in 0..count {
                        let span = Span::at(at, self.number()?).ok_or_else(|| self.lies())?;
                        archive.streams.push(span);
                        at = span.end;
                    }
                }
                id::CRC => _ = self.digests(count as usize)?,
                _ => return Err(self.lies()),
            }
        }
        if archive.streams.len() as u64 == count { Ok(()) } else { Err(self.lies()) }
    }

    fn unpack(&mut self, archive: &mut Archive) -> Result<()> {
        self.expect(id::FOLDER)?;
        let count = self.count()?;
        self.expect(0)?;
        for _ in 0..count {
            archive.folders.push(self.folder()?);
        }
        self.expect(id::UNPACK_SIZE)?;
        for folder in &mut archive.folders {
            for _ in 0..folder.coders.iter().map(|c| c.outputs).sum::<u64>() {
                folder.sizes.push(self.number()?);
            }
        }
        loop {
            match self.byte()? {
                id::END => return Ok(()),
                id::CRC => {
                    let crcs = self.digests(archive.folders.len())?;
                    archive.folders.iter_mut().zip(crcs).for_each(|(f, crc)| f.crc = crc);
                }
                _ => return Err(self.lies()),
            }
        }
    }

    fn folder(&mut self) -> Result<Folder> {
        let mut folder = Folder::default();
        let count = self.count()?;
        if count == 0 || count > CODERS {
            return Err(self.lies());
        }
        for _ in 0..count {
            let flags = self.byte()?;
            let id = self.take((flags & 15).into())?.to_vec();
            let (inputs, outputs) = if flags & 0x10 != 0 { (self.number()?, self.number()?) } else { (1, 1) };
            let len = if flags & 0x20 != 0 { self.number()? } else { 0 };
            let properties = self.take(len)?.to_vec();
            if flags & 0xc0 != 0 || inputs > CODERS || outputs > CODERS {
                return Err(self.lies());
            }
            folder.coders.push(Coder { id, properties, inputs, outputs });
        }
        let inputs: u64 = folder.coders.iter().map(|c| c.inputs).sum();
        let outputs: u64 = folder.coders.iter().map(|c| c.outputs).sum();
        let bound = outputs.checked_sub(1).ok_or_else(|| self.lies())?;
        for _ in 0..bound {
            folder.binds.push((self.number()?, self.number()?));
        }
        let packed = inputs.checked_sub(bound).ok_or_else(|| self.lies())?;
        if packed == 1 {
            let free = (0..inputs).find(|i| !folder.binds.iter().any(|(input, _)| input == i));
            folder.packed.push(free.ok_or_else(|| self.lies())?);
        } else {
            for _ in 0..packed {
                folder.packed.push(self.number()?);
            }
        }
        Ok(folder)
    }

    fn parts(&mut self, archive: &mut Archive) -> Result<()> {
        let mut counts = vec![1u64; archive.folders.len()];
        let mut kind = self.byte()?;
        if kind == id::PART_COUNT {
            for n in &mut counts {
                *n = self.count()?;
            }
            kind = self.byte()?;
        }
        let sized = kind == id::SIZE;
        for (folder, count) in archive.folders.iter_mut().zip(&counts) {
            let mut left = folder.size().ok_or_else(|| self.lies())?;
            for i in 0..*count {
                let size = match i + 1 == *count {
                    true => left,
                    false if sized => self.number()?,
                    false => return Err(self.lies()),
                };
                left = left.checked_sub(size).ok_or_else(|| self.lies())?;
                folder.parts.push(Part { size, crc: None });
            }
        }
        if sized {
            kind = self.byte()?;
        }
        for folder in &mut archive.folders {
            if let ([only], Some(crc)) = (&mut folder.parts[..], folder.crc) {
                only.crc = Some(crc);
            }
        }
        loop {
            match kind {
                id::END => return Ok(()),
                id::CRC => {
                    let parts = archive.folders.iter_mut().flat_map(|f| &mut f.parts).filter(|p| p.crc.is_none());
                    let open: Vec<&mut Part> = parts.collect();
                    let crcs = self.digests(open.len())?;
                    open.into_iter().zip(crcs).for_each(|(part, crc)| part.crc = crc);
                }
                _ => return Err(self.lies()),
            }
            kind = self.byte()?;
        }
    }

    fn files(&mut self, archive: &mut Archive, most: u64) -> Result<()> {
        let count = self.count()?;
        if count > most {
            return Err(Refusal::limit(format!("more than {most} members")));
        }
        let count = count as usize;
        let mut files = vec![File { has_stream: true, ..File::default() }; count];
        let (mut empty_files, mut anti) = (Vec::new(), Vec::new());
        loop {
            let kind = self.byte()?;
            if kind == id::END {
                break;
            }
            let size = self.number()?;
            let mut inner = Bytes { rest: self.take(size)?, at: self.at };
            let empty = files.iter().filter(|f| !f.has_stream).count();
            match kind {
                id::EMPTY_STREAM => files.iter_mut().zip(bits(inner.rest, count)).for_each(|(f, b)| f.has_stream = !b),
                id::EMPTY_FILE => empty_files = bits(inner.rest, empty),
                id::ANTI => anti = bits(inner.rest, empty),
                id::NAMES => inner.names(&mut files)?,
                id::CREATED | id::READ => files.iter_mut().for_each(|f| f.has_more_times = true),
                id::WRITTEN => {
                    let defined = inner.defined(count)?;
                    inner.expect(0)?;
                    for (file, _) in files.iter_mut().zip(defined).filter(|(_, d)| *d) {
                        file.written = Some(inner.u64()?);
                    }
                }
                id::ATTRIBUTES => {
                    let defined = inner.defined(count)?;
                    inner.expect(0)?;
                    for (file, _) in files.iter_mut().zip(defined).filter(|(_, d)| *d) {
                        file.attributes = Some(inner.u32()?);
                    }
                }
                id::DUMMY => archive.says_more |= inner.rest.iter().any(|b| *b != 0),
                _ => archive.says_more = true,
            }
        }
        for (i, file) in files.iter_mut().filter(|f| !f.has_stream).enumerate() {
            file.is_folder = !empty_files.get(i).copied().unwrap_or(false);
            file.is_anti = anti.get(i).copied().unwrap_or(false);
        }
        archive.files = files;
        Ok(())
    }

    fn names(&mut self, files: &mut [File]) -> Result<()> {
        if self.byte()? != 0 {
            return Err(Refusal::unsupported("an archive whose header is spread out").at(self.at));
        }
        let mut units = self.rest.chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]]));
        for file in files {
            let name: Vec<u16> = units.by_ref().take_while(|u| *u != 0).collect();
            file.name = String::from_utf16(&name).map_err(|_| Refusal::malformed("a name is no text", self.at))?;
        }
        Ok(())
    }
}

/// A folder that is one member.
fn whole(folder: &mut Folder) {
    folder.parts = folder.size().map(|size| Part { size, crc: folder.crc }).into_iter().collect();
}
