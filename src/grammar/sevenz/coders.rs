//! What packs the streams of a 7z archive [Methods.txt]: coders one behind the other, each with one input and one output.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::DeflateDecoder;
use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;
use lzma_rust2::{Lzma2Reader, LzmaReader, lzma_get_memory_usage_by_props, lzma2_get_memory_usage};

use super::{Coder, Folder};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{BLOCK, Source, Span};

/// So much memory a coder may ask for, in KiB: what the highest levels of common programs need.
const MEMORY: u32 = 320 << 10;

/// Bytes as they are.
pub const COPY: &[u8] = &[0];
/// LZMA2.
pub const LZMA2: &[u8] = &[0x21];
const LZMA: &[u8] = &[3, 1, 1];
const DEFLATE: &[u8] = &[4, 1, 8];
const BZIP2: &[u8] = &[4, 2, 2];
const DELTA: &[u8] = &[3];
const AES: &[u8] = &[6, 0xf1, 7, 1];

/// The bytes of a packed stream. The last of them comes alone, so that whether it was asked for tells whether the stream
/// really goes that far.
struct Packed<'a> {
    source: &'a dyn Source,
    rest: Span,
    taken: Rc<Cell<bool>>,
}

impl Read for Packed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = if self.rest.len() > 1 { self.rest.len() - 1 } else { self.rest.len() };
        let want = most.min(buf.len() as u64) as usize;
        let n = self.source.read_at(self.rest.start, &mut buf[..want])?;
        self.rest.start += n as u64;
        self.taken.set(self.rest.is_empty());
        Ok(n)
    }
}

/// What a packed stream unpacks to, and whether all of it was needed for that, once it has ended.
pub struct Unpacked<'a> {
    stream: Box<dyn Read + 'a>,
    taken: Rc<Cell<bool>>,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buf)
    }
}

impl Unpacked<'_> {
    /// Whether the stream has no bytes behind its end.
    pub fn is_all_taken(&self) -> bool {
        self.taken.get()
    }
}

/// What `packed` unpacks to.
///
/// # Errors
/// `Encrypted`, `Limit` for coders that ask for much memory, `Unsupported` for coders that are not known here.
pub fn open<'a>(source: &'a dyn Source, folder: &Folder, packed: Span) -> Result<Unpacked<'a>> {
    let lies = || Refusal::malformed("the coders of the archive contradict themselves", packed.start);
    if folder.coders.iter().any(|c| c.id == AES) {
        return Err(Refusal::new(Code::Encrypted, "the archive is locked with a password"));
    }
    if let Some(strange) = folder.coders.iter().find(|c| c.inputs != 1 || c.outputs != 1) {
        return Err(not_known(strange));
    }
    let mut chain = Vec::new();
    let mut next = (0..folder.coders.len() as u64).find(|out| !folder.binds.iter().any(|(_, o)| o == out));
    while let Some(coder) = next {
        if chain.len() == folder.coders.len() {
            return Err(lies());
        }
        chain.push(usize::try_from(coder).ok().filter(|c| *c < folder.coders.len()).ok_or_else(lies)?);
        next = folder.binds.iter().find(|(input, _)| *input == coder).map(|(_, out)| *out);
    }
    if chain.len() != folder.coders.len() {
        return Err(lies());
    }
    let taken = Rc::new(Cell::new(packed.is_empty()));
    let mut stream: Box<dyn Read + 'a> = Box::new(Packed { source, rest: packed, taken: taken.clone() });
    for i in chain.into_iter().rev() {
        let (coder, size) = (&folder.coders[i], folder.sizes.get(i).copied().ok_or_else(lies)?);
        stream = one(coder, size, stream, packed.start)?;
    }
    Ok(Unpacked { stream, taken })
}

fn one<'a>(coder: &Coder, size: u64, from: Box<dyn Read + 'a>, at: u64) -> Result<Box<dyn Read + 'a>> {
    let lies = || Refusal::malformed("the properties of a coder cannot be read", at);
    let memory = |need: u32| match need > MEMORY {
        true => Err(Refusal::limit("unpacking it would take more memory than it may have").at(at)),
        false => Ok(()),
    };
    let buffered = |from| BufReader::with_capacity(BLOCK, from);
    Ok(match &coder.id[..] {
        COPY => from,
        LZMA => {
            let [props, a, b, c, d] = coder.properties[..] else { return Err(lies()) };
            let window = u32::from_le_bytes([a, b, c, d]);
            memory(lzma_get_memory_usage_by_props(window, props).map_err(|_| lies())?)?;
            let mut stream = LzmaReader::new_with_props(from, size, props, window, None).map_err(|_| lies())?;
            stream.set_relaxed_end_condition(false);
            Box::new(stream)
        }
        LZMA2 => {
            let [exponent @ 0..40] = coder.properties[..] else { return Err(lies()) };
            let window = (2 | u64::from(exponent & 1)) << (exponent / 2 + 11);
            let window = u32::try_from(window).map_err(|_| lies())?;
            memory(lzma2_get_memory_usage(window))?;
            Box::new(Lzma2Reader::new(from, window, None))
        }
        DEFLATE => Box::new(DeflateDecoder::new(buffered(from))),
        BZIP2 => Box::new(MultiBzDecoder::new(buffered(from))),
        DELTA => Box::new(DeltaReader::new(from, usize::from(coder.properties.first().copied().unwrap_or(0)) + 1)),
        [3, 3, 1, 3] | [4] => Box::new(BcjReader::new_x86(from, 0)),
        [3, 3, 2, 5] | [5] => Box::new(BcjReader::new_ppc(from, 0)),
        [3, 3, 4, 1] | [6] => Box::new(BcjReader::new_ia64(from, 0)),
        [3, 3, 5, 1] | [7] => Box::new(BcjReader::new_arm(from, 0)),
        [3, 3, 7, 1] | [8] => Box::new(BcjReader::new_arm_thumb(from, 0)),
        [3, 3, 8, 5] | [9] => Box::new(BcjReader::new_sparc(from, 0)),
        [10] => Box::new(BcjReader::new_arm64(from, 0)),
        [11] => Box::new(BcjReader::new_riscv(from, 0)),
        _ => return Err(not_known(coder)),
    })
}

fn not_known(coder: &Coder) -> Refusal {
    let name = match coder.id[..] {
        [3, 4, 1] => "PPMd".to_owned(),
        [3, 3, 1, 0x1b] => "BCJ2, a filter for programs".to_owned(),
        [4, 1, 9] => "Deflate64".to_owned(),
        [4, 0xf7, 0x11, 1] => "Zstandard".to_owned(),
        _ => format!("method {}", coder.id.iter().map(|b| format!("{b:02x}")).collect::<String>()),
    };
    Refusal::unsupported(format!("packed with {name}, which cannot be looked into"))
        .hint("unpack it and pack it again as ZIP or with LZMA2")
}

/// What a failed read of a stream means.
pub fn damaged(e: io::Error, at: u64) -> Refusal {
    match e.raw_os_error().is_some() || e.get_ref().is_some_and(|inner| inner.is::<Refusal>()) {
        true => e.into(),
        false => Refusal::malformed("the packed data is damaged", at),
    }
}
