//! 7z. Members are unpacked, cleaned by the rows that they belong to, and held against their checksums. A block in which nothing
//! changes keeps its packed bytes; one in which something does is packed again as a whole; the header is written anew, with no
//! times, one form of attributes and nothing that no member needs.

mod block;
mod told;

use super::archive::{self, Inside, Names, Unknowns};
use super::exports::Survey;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::sevenz::{Archive, File, HEAD, SIGN, write};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Reader, Shared, Source, Span, Spool, Window};
use block::Block;
use told::Told;

/// The row.
pub static FORMAT: Format = Format {
    name: "7z",
    extensions: &["7z", "cb7"],
    container: true,
    keeps: "the members, cleaned by their own rules; names, order, folders, links, whether a file can be run",
    removes: "times, attributes, left-behind entries, bytes that no member owns",
    sniff,
    plan,
    witness,
};

fn sniff(head: &Head) -> Option<Match> {
    head.has(0, &SIGN[..6]).then_some(Match::Exact)
}

/// Windows attributes of a folder and of a file, and the mark that a Unix mode is in the upper half. [7zFormat.txt, Attributes]
const A_FOLDER: u32 = 0x10;
const A_FILE: u32 = 0x20;
const A_REPARSE: u32 = 0x400;
const A_UNIX: u32 = 0x8000;

/// What a member is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Program,
    Folder,
    Link,
}

impl Kind {
    fn of(file: &File) -> Result<Kind> {
        let attributes = file.attributes.unwrap_or(0);
        let mode = if attributes & A_UNIX != 0 { attributes >> 16 } else { 0 };
        match mode & 0o170_000 {
            _ if file.is_folder => Ok(Kind::Folder),
            0o120_000 => Ok(Kind::Link),
            _ if attributes & A_REPARSE != 0 => Err(Refusal::unsupported("a link of Windows in an archive").within(&file.name)),
            0 | 0o100_000 if mode & 0o111 != 0 => Ok(Kind::Program),
            0 | 0o100_000 | 0o040_000 => Ok(Kind::File),
            _ => Err(Refusal::unsupported("a device, a pipe or a socket in an archive").within(&file.name)),
        }
    }

    fn attributes(self) -> u32 {
        match self {
            Kind::File => A_FILE | A_UNIX | 0o100_644 << 16,
            Kind::Program => A_FILE | A_UNIX | 0o100_755 << 16,
            Kind::Folder => A_FOLDER | A_UNIX | 0o040_755 << 16,
            Kind::Link => A_FILE | A_UNIX | 0o120_777 << 16,
        }
    }
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let archive = Archive::open(source, job.limits().members)?;
    let mut rebuilt = Rebuilt {
        job,
        source,
        draft: Draft::new(source),
        names: Names::new(job, "7z"),
        unknowns: Unknowns::default(),
        survey: Survey::default(),
        told: Told::default(),
        files: Vec::new(),
    };
    // One spool for all that is packed again: many small spools would be much memory.
    let mut spool = job.spool();
    let blocks = rebuilt.blocks(&archive, &mut spool)?;
    rebuilt.unknowns.refuse()?;
    let packed = spool.finish().map_err(Refusal::write)?;
    let Rebuilt { mut draft, names, survey, told, files, .. } = rebuilt;

    let mut at = 0;
    for (block, streams) in blocks.iter().zip(streams_of(&archive)) {
        match block {
            Block::Same(_) => streams.iter().for_each(|s| draft.member(*s, "packed stream", None)),
            Block::Packed(_, place) => {
                let (first, rest) =
                    streams.split_first().ok_or_else(|| Refusal::new(Code::Internal, "a block without a stream"))?;
                draft.member(*first, "packed stream", Some(Window::shared(&packed, *place)));
                rest.iter().for_each(|s| _ = draft.replace(*s, "packed stream", Fate::Drop, Vec::new()));
            }
            Block::Gone => streams.iter().for_each(|s| _ = draft.replace(*s, "packed stream", Fate::Drop, Vec::new())),
            Block::Unowned => {
                let found = |s: &Span| Finding::removed("7z", "packed data of no member", Tells::Hidden).bytes(s.len());
                streams.iter().for_each(|s| draft.remove(*s, "packed stream", found(s)));
            }
        }
    }
    let kept: Vec<&block::Kept> = blocks.iter().filter_map(Block::kept).collect();
    let sizes: Vec<u64> = kept.iter().flat_map(|k| k.packed.iter().copied()).collect();
    sizes.iter().for_each(|n| at += n);
    let folders: Vec<_> = kept.iter().map(|k| k.folder.clone()).collect();
    let header = write::header(&sizes, &folders, &files);
    draft.reframe(Span::new(0, HEAD), "head", Fate::put(write::head(at, &header)));
    for span in &archive.packed_headers {
        draft.replace(*span, "packed header", Fate::Drop, Vec::new());
    }
    match archive.header.is_empty() {
        true => draft.insert(archive.header.start, "header", Fate::put(header)),
        false => draft.reframe(archive.header, "header", Fate::put(header)),
    }
    let end = archive.header.end;
    draft.remove_gaps("left over", |gap| {
        let label = if gap.start >= end { "data after the archive" } else { "data that no member owns" };
        Finding::removed("7z", label, Tells::Hidden)
    });
    names.tell(&mut draft);
    survey.tell(job, "7z", &mut draft);
    told.findings(&archive).into_iter().for_each(|f| draft.note(f));
    draft.otherwise(Finding::rewritten("7z", "form of the header", Tells::Software));
    draft.seal()
}

/// The packed streams of each folder.
fn streams_of(archive: &Archive) -> impl Iterator<Item = &[Span]> {
    let mut rest = &archive.streams[..];
    archive.folders.iter().map(move |folder| {
        let (own, after) = rest.split_at(folder.packed.len().min(rest.len()));
        rest = after;
        own
    })
}

struct Rebuilt<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    names: Names,
    unknowns: Unknowns,
    survey: Survey,
    told: Told,
    files: Vec<write::File>,
}

/// What becomes of a member's bytes.
enum Becomes {
    Same,
    Bytes(Shared),
    Gone,
}

impl Rebuilt<'_> {
    /// Goes through the members in their order, and through the blocks as they need them.
    fn blocks(&mut self, archive: &Archive, spool: &mut Spool) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        let mut files = archive.files.iter();
        for (folder, streams) in archive.folders.iter().zip(streams_of(archive)) {
            if folder.parts.is_empty() {
                blocks.push(Block::Unowned);
                continue;
            }
            let mut block = block::Reading::open(self.job, self.source, folder, streams)?;
            while let Some(place) = block.next_part() {
                let file = self.up_to_next(&mut files)?;
                let bytes = block.bytes(place);
                let becomes = self.member(file, &bytes)?;
                block.decide(becomes);
            }
            if block.slack {
                self.draft.note(Finding::removed("7z", "bytes behind the packed data", Tells::Hidden));
            }
            blocks.push(block.close(spool)?);
        }
        for file in files {
            self.without_bytes(file)?;
        }
        Ok(blocks)
    }

    /// The next member that has bytes; those before it have none.
    fn up_to_next<'f>(&mut self, files: &mut impl Iterator<Item = &'f File>) -> Result<&'f File> {
        loop {
            match files.next() {
                Some(file) if file.has_stream => return Ok(file),
                Some(file) => self.without_bytes(file)?,
                None => return Err(Refusal::new(Code::Internal, "more parts than members")),
            }
        }
    }

    fn without_bytes(&mut self, file: &File) -> Result<()> {
        if file.is_anti {
            return Err(Refusal::unsupported("an order to delete a file").within(&file.name));
        }
        if let Some(found) = archive::left_behind(self.job, "7z", &file.name) {
            self.draft.note(found);
            return Ok(());
        }
        let kind = Kind::of(file)?;
        self.keep(file, kind)
    }

    /// Cleans a member with bytes, and lists it where it stays.
    fn member(&mut self, file: &File, bytes: &Shared) -> Result<Becomes> {
        if let Some(found) = archive::left_behind(self.job, "7z", &file.name) {
            self.draft.note(found);
            return Ok(Becomes::Gone);
        }
        let kind = Kind::of(file)?;
        let becomes = match kind {
            Kind::Link => self.link(file, bytes)?,
            _ if bytes.is_empty() => Becomes::Same,
            _ => self.clean(file, bytes)?,
        };
        if !matches!(becomes, Becomes::Gone) {
            self.keep(file, kind)?;
        }
        Ok(becomes)
    }

    fn clean(&mut self, file: &File, bytes: &Shared) -> Result<Becomes> {
        let inside =
            archive::inside(self.job, &mut self.draft, &mut self.unknowns, "7z", &file.name, self.job.member(&file.name, bytes))?;
        Ok(match inside {
            Inside::Same | Inside::Unknown => Becomes::Same,
            Inside::Changed(bytes) => Becomes::Bytes(bytes),
            Inside::Gone(found) => {
                self.draft.note(found);
                Becomes::Gone
            }
        })
    }

    fn link(&mut self, file: &File, bytes: &Shared) -> Result<Becomes> {
        let target = bytes.bytes(bytes.span(), 4096)?;
        Ok(match archive::link("7z", &file.name, file.name.as_bytes(), &target)? {
            None => Becomes::Same,
            Some(found) => {
                self.draft.note(found);
                Becomes::Gone
            }
        })
    }

    /// Lists a member that stays.
    fn keep(&mut self, file: &File, kind: Kind) -> Result<()> {
        self.survey.see(&file.name);
        let admitted = self.names.admit(file.name.as_bytes(), kind == Kind::Folder, false)?;
        let name = admitted.map_or_else(|| file.name.clone(), |n| String::from_utf8_lossy(&n).into_owned());
        let attributes = match file.attributes {
            Some(said) if self.job.keeps(Token::EntryMode) => said,
            _ => kind.attributes(),
        };
        let written = file.written.filter(|_| self.job.keeps(Token::EntryTimes));
        self.told.member(file, attributes, written.is_some());
        self.files.push(write::File { name, has_stream: file.has_stream, is_folder: file.is_folder, written, attributes });
        Ok(())
    }
}

/// Up to so many bytes of an archive the witness unpacks every member; the planner has checked each of larger ones.
const UNPACKED_BY_WITNESS: u64 = 64 << 20;
/// So much memory the witness may take for a header, in KiB.
const MEMORY: usize = 320 << 10;

/// The `sevenz-rust2` crate: it finds every member, without times, and unpacks them.
///
/// # Errors
/// As [`Format::witness`].
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let damaged =
        |e: sevenz_rust2::Error| Refusal::new(Code::Damaged, format!("the sevenz-rust2 crate cannot read the result: {e}"));
    // An archive without members is nothing but a head, which that crate does not know.
    if after.len() == HEAD {
        return Ok(Vec::new());
    }
    let password = sevenz_rust2::Password::empty();
    let reader = Reader::new(after, after.span());
    let mut archive = sevenz_rust2::ArchiveReader::new_with_memory_limit(reader, password, MEMORY).map_err(damaged)?;
    for member in &archive.archive().files {
        let dated = member.has_last_modified_date || member.has_creation_date || member.has_access_date;
        if dated && !job.keeps(Token::EntryTimes) {
            return Err(Refusal::new(Code::Leftover, "the time of a member is still there").within(member.name()));
        }
    }
    if after.len() <= UNPACKED_BY_WITNESS {
        archive
            .for_each_entries(|_, bytes| {
                std::io::copy(bytes, &mut std::io::sink())?;
                Ok(true)
            })
            .map_err(damaged)?;
    }
    Ok(vec!["sevenz-rust2"])
}
