//! How a 7z archive lies in its bytes: a head of 32 bytes that says where the header is; packed streams; and the header, which
//! may be packed itself. Members are parts of what folders of coders unpack to, one after the other [7zFormat.txt, 7-Zip 26].
//! What may survive is not known here.

pub mod coders;
mod read;
pub mod write;

use crate::source::Span;

/// The sign, and the version that all programs write. [7zFormat.txt, Signature Header]
pub const SIGN: [u8; 8] = [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, 0, 4];
/// The head in front of everything: positions in the header count from its end.
pub const HEAD: u64 = 32;

/// Numbers of properties. [7zFormat.txt, Property IDs]
mod id {
    pub(super) const END: u8 = 0x00;
    pub(super) const HEADER: u8 = 0x01;
    pub(super) const ARCHIVE: u8 = 0x02;
    pub(super) const ADDITIONAL: u8 = 0x03;
    pub(super) const STREAMS: u8 = 0x04;
    pub(super) const FILES: u8 = 0x05;
    pub(super) const PACK: u8 = 0x06;
    pub(super) const UNPACK: u8 = 0x07;
    pub(super) const PARTS: u8 = 0x08;
    pub(super) const SIZE: u8 = 0x09;
    pub(super) const CRC: u8 = 0x0a;
    pub(super) const FOLDER: u8 = 0x0b;
    pub(super) const UNPACK_SIZE: u8 = 0x0c;
    pub(super) const PART_COUNT: u8 = 0x0d;
    pub(super) const EMPTY_STREAM: u8 = 0x0e;
    pub(super) const EMPTY_FILE: u8 = 0x0f;
    pub(super) const ANTI: u8 = 0x10;
    pub(super) const NAMES: u8 = 0x11;
    pub(super) const CREATED: u8 = 0x12;
    pub(super) const READ: u8 = 0x13;
    pub(super) const WRITTEN: u8 = 0x14;
    pub(super) const ATTRIBUTES: u8 = 0x15;
    pub(super) const PACKED_HEADER: u8 = 0x17;
    pub(super) const DUMMY: u8 = 0x19;
}

/// An archive as its header tells it.
#[derive(Default)]
pub struct Archive {
    /// Where each packed stream is.
    pub streams: Vec<Span>,
    /// What unpacks them, in their order.
    pub folders: Vec<Folder>,
    /// The members, in order.
    pub files: Vec<File>,
    /// The header, as it is written.
    pub header: Span,
    /// Where packed headers are, from the outside in.
    pub packed_headers: Vec<Span>,
    /// Whether the header says more than it needs to.
    pub says_more: bool,
}

/// Coders that unpack some streams to one.
#[derive(Clone, Default)]
pub struct Folder {
    /// The coders.
    pub coders: Vec<Coder>,
    /// Which input of a coder is the output of another: their numbers.
    pub binds: Vec<(u64, u64)>,
    /// Which inputs are packed streams.
    pub packed: Vec<u64>,
    /// How long the output of each coder is.
    pub sizes: Vec<u64>,
    /// CRC-32 of what it unpacks to, where that is said.
    pub crc: Option<u32>,
    /// The members in it.
    pub parts: Vec<Part>,
}

/// A way of packing.
#[derive(Clone, PartialEq, Eq)]
pub struct Coder {
    /// Its number, as bytes.
    pub id: Vec<u8>,
    /// What it needs to know.
    pub properties: Vec<u8>,
    /// How many inputs it has.
    pub inputs: u64,
    /// How many outputs.
    pub outputs: u64,
}

/// A member's place in a folder.
#[derive(Clone, Copy)]
pub struct Part {
    /// How long it is.
    pub size: u64,
    /// CRC-32 of it, where that is said.
    pub crc: Option<u32>,
}

/// A member.
#[derive(Clone, Default)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Whether it has a part in a folder.
    pub has_stream: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it stands for something that is to be deleted.
    pub is_anti: bool,
    /// When it was written, in steps of 100 ns since 1601.
    pub written: Option<u64>,
    /// Whether times of creation or access are said.
    pub has_more_times: bool,
    /// Windows attributes, and a Unix mode in the upper half.
    pub attributes: Option<u32>,
}

impl Folder {
    /// How long what it unpacks to is: the output that no input takes.
    pub fn size(&self) -> Option<u64> {
        let last = (0..self.sizes.len() as u64).find(|out| !self.binds.iter().any(|(_, o)| o == out))?;
        self.sizes.get(usize::try_from(last).ok()?).copied()
    }
}

/// Whether so many bits, the first in the highest place, are set, in bytes.
fn bits(bytes: &[u8], count: usize) -> Vec<bool> {
    (0..count).map(|i| bytes.get(i / 8).is_some_and(|b| b & (0x80 >> (i % 8)) != 0)).collect()
}
