//! A block: what one folder of coders unpacks to, with the members that lie in it one after the other.

use std::io::{Read, Write};

use lzma_rust2::{Lzma2Options, Lzma2Writer};

use super::Becomes;
use crate::clean::Job;
use crate::grammar::sevenz::coders::{self, COPY, LZMA2};
use crate::grammar::sevenz::{Coder, Folder, Part};
use crate::refusal::{Refusal, Result};
use crate::source::{self, BLOCK, Shared, Span, Spool, Window};

/// How hard is tried when a block is packed again, always the same: 3 is the last level that is fast.
const EFFORT: u32 = 3;

/// What becomes of a block.
pub(super) enum Block {
    /// Nothing in it changes.
    Same(Kept),
    /// It was packed again, into this place of the common spool.
    Packed(Kept, Span),
    /// All members in it go.
    Gone,
    /// There never was a member in it.
    Unowned,
}

/// A block that stays, as the header will tell it.
pub(super) struct Kept {
    pub(super) folder: Folder,
    pub(super) packed: Vec<u64>,
}

impl Block {
    pub(super) fn kept(&self) -> Option<&Kept> {
        match self {
            Block::Same(kept) | Block::Packed(kept, _) => Some(kept),
            Block::Gone | Block::Unowned => None,
        }
    }
}

/// A block that was unpacked, and what was decided of its members so far.
pub(super) struct Reading<'a> {
    folder: &'a Folder,
    streams: &'a [Span],
    /// Whether bytes stand behind the end of the packed stream.
    pub(super) slack: bool,
    unpacked: Shared,
    places: Vec<Span>,
    crcs: Vec<u32>,
    decided: Vec<Becomes>,
}

impl<'a> Reading<'a> {
    /// Unpacks a block, and holds every member in it against its checksum.
    ///
    /// # Errors
    /// `Malformed` where size or checksum do not hold, `Limit` for bombs, and those of its coders.
    pub(super) fn open(job: &Job, source: &Shared, folder: &'a Folder, streams: &'a [Span]) -> Result<Reading<'a>> {
        let packed = streams.first().copied().unwrap_or_default();
        let broken =
            || Refusal::malformed("the packed data is damaged: it does not unpack to what the header says", packed.start);
        let size = folder.size().ok_or_else(broken)?;
        // What the header says is the most that is ever unpacked, so the limit can be asked before a byte is.
        job.expanded(packed.len(), size)?;
        let mut stream = coders::open(&**source, folder, packed)?;
        let mut spool = job.spool();
        let (mut places, mut crcs) = (Vec::new(), Vec::new());
        let mut block = vec![0; BLOCK.min(size as usize + 1)];
        let mut whole = crc32fast::Hasher::new();
        for part in &folder.parts {
            let start = spool.len();
            let mut crc = crc32fast::Hasher::new();
            let mut left = part.size;
            while left > 0 {
                let want = left.min(block.len() as u64) as usize;
                let n = stream.read(&mut block[..want]).map_err(|e| coders::damaged(e, packed.start))?;
                if n == 0 {
                    return Err(broken());
                }
                crc.update(&block[..n]);
                whole.update(&block[..n]);
                spool.write_all(&block[..n]).map_err(Refusal::write)?;
                left -= n as u64;
            }
            let crc = crc.finalize();
            if part.crc.is_some_and(|said| said != crc) {
                return Err(broken());
            }
            places.push(Span::new(start, spool.len()));
            crcs.push(crc);
        }
        // Reading on makes the stream come to its end; there must be nothing more in it.
        if stream.read(&mut [0]).map_err(|e| coders::damaged(e, packed.start))? != 0 {
            return Err(broken());
        }
        let slack = !stream.is_all_taken();
        if folder.crc.is_some_and(|said| said != whole.finalize()) {
            return Err(broken());
        }
        let unpacked = spool.finish().map_err(Refusal::write)?;
        Ok(Reading { folder, streams, slack, unpacked, places, crcs, decided: Vec::new() })
    }

    /// The place of the next member that nothing was decided of.
    pub(super) fn next_part(&self) -> Option<Span> {
        self.places.get(self.decided.len()).copied()
    }

    /// A member's bytes.
    pub(super) fn bytes(&self, place: Span) -> Shared {
        Window::shared(&self.unpacked, place)
    }

    /// What becomes of the next member.
    pub(super) fn decide(&mut self, becomes: Becomes) {
        self.decided.push(becomes);
    }

    /// Carries out what was decided.
    ///
    /// # Errors
    /// Those of reading and of writing.
    pub(super) fn close(self, spool: &mut Spool) -> Result<Block> {
        if self.decided.iter().all(|b| matches!(b, Becomes::Gone)) {
            return Ok(Block::Gone);
        }
        if !self.slack && self.decided.iter().all(|b| matches!(b, Becomes::Same)) {
            let parts = self.folder.parts.iter().zip(&self.crcs).map(|(p, crc)| Part { size: p.size, crc: Some(*crc) });
            let folder = Folder { parts: parts.collect(), crc: None, ..self.folder.clone() };
            return Ok(Block::Same(Kept { folder, packed: self.streams.iter().map(|s| s.len()).collect() }));
        }
        let start = spool.len();
        let is_copy = self.folder.coders.iter().all(|c| c.id == COPY);
        let (parts, coder) = match is_copy {
            true => (self.write(spool)?, Coder { id: COPY.to_vec(), properties: Vec::new(), inputs: 1, outputs: 1 }),
            false => {
                let mut options = Lzma2Options::with_preset(EFFORT);
                options.set_chunk_size(None);
                let window = options.lzma_options.dict_size;
                let mut packer = Lzma2Writer::new(&mut *spool, options);
                let parts = self.write(&mut packer)?;
                packer.finish().map_err(Refusal::write)?;
                // The smallest of the windows 2 << 11, 3 << 11, 2 << 12 … that is large enough. [Methods.txt, LZMA2]
                let exponent = (0..40u8).find(|e| (2 | u64::from(e & 1)) << (e / 2 + 11) >= window.into()).unwrap_or(39);
                (parts, Coder { id: LZMA2.to_vec(), properties: vec![exponent], inputs: 1, outputs: 1 })
            }
        };
        let place = Span::new(start, spool.len());
        let size = parts.iter().map(|p| p.size).sum();
        let folder = Folder { coders: vec![coder], binds: Vec::new(), packed: vec![0], sizes: vec![size], crc: None, parts };
        Ok(Block::Packed(Kept { folder, packed: vec![place.len()] }, place))
    }

    /// Writes the members that stay, one after the other.
    fn write(&self, to: &mut dyn Write) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for (place, becomes) in self.places.iter().zip(&self.decided) {
            let bytes = match becomes {
                Becomes::Gone => continue,
                Becomes::Same => self.bytes(*place),
                Becomes::Bytes(bytes) => bytes.clone(),
            };
            let mut crc = crc32fast::Hasher::new();
            let mut wrote = Ok(());
            source::each_block(&*bytes, bytes.span(), |block| {
                crc.update(block);
                if wrote.is_ok() {
                    wrote = to.write_all(block);
                }
            })?;
            wrote.map_err(Refusal::write)?;
            parts.push(Part { size: bytes.len(), crc: Some(crc.finalize()) });
        }
        Ok(parts)
    }
}
