//! TAR: v7, ustar, GNU and pax. Members are cleaned where they lie by the rows that they belong to; in front of each comes
//! one header of one form, with no owner, no time and no more of the mode than whether it can be run, and a pax header only
//! for what does not fit. A file that was packed without its holes comes out of programs as it went in, but what is in its
//! map cannot be cleaned, so sparse members are refused.

mod head;
mod told;

use std::collections::HashMap;

use super::archive::{self, Inside, Names, Unknowns};
use super::exports::Survey;
use crate::ahead::ahead;
use crate::clean::{self, Job};
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::tar::{self as grammar, BLOCK, Item, Member, RECORD, Walk, is_zero};
use crate::plan::{Draft, Fate, Plan};
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Reader, Shared, Source, Span, Window};
use head::head;
use told::Told;
pub(super) use told::date;

/// The row.
pub static FORMAT: Format = Format {
    name: "TAR",
    extensions: &["tar"],
    container: true,
    keeps: "the members, cleaned by their own rules; names, order, links, whether a file can be run",
    removes: "owners, times, permissions, extended attributes, comments, labels, left-behind entries, slack",
    sniff,
    plan,
    witness,
};

/// The magic of ustar and of GNU; older archives have but a checksum that fits.
fn sniff(head: &Head) -> Option<Match> {
    if !grammar::is_header(head.bytes) {
        return None;
    }
    Some(if head.has(257, b"ustar") { Match::Exact } else { Match::Family })
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    // An archive in an archive is walked by one of several threads already; one that is packed is alone.
    if source.len() <= source::SMALL || job.depth() > 1 {
        return planned(job, source, &mut || None);
    }
    ahead(&|first, step| clean_ahead(job, source, first, step), |next| planned(job, source, next))
}

/// What came of a member's data before it was asked for; `None` for what has none to clean.
type Ahead = Option<Result<clean::Member>>;

/// Every `step`-th item from the one numbered `first`, cleaned. The headers are walked by each thread for itself: that is
/// quick, and takes no memory. Where a walk fails it ends, and fails again for who asks.
fn clean_ahead<'a>(job: &'a Job, source: &'a Shared, first: usize, step: usize) -> impl Iterator<Item = Ahead> + 'a {
    let mut walk = Walk::new(source);
    let items = std::iter::from_fn(move || walk.step().ok().filter(|item| !matches!(item, Item::End(_))));
    items.enumerate().filter(move |(i, _)| i % step == first).map(move |(_, item)| match item {
        Item::Member(member) if member.has_data() && !member.is_sparse() => {
            let shown = String::from_utf8_lossy(&member.path);
            let stays = archive::left_behind(job, "TAR", &shown).is_none();
            stays.then(|| job.member(&shown, &Window::shared(source, member.data)))
        }
        _ => None,
    })
}

fn planned(job: &Job, source: &Shared, next: &mut dyn FnMut() -> Option<Ahead>) -> Result<Plan> {
    let mut tar = Tar {
        job,
        source,
        draft: Draft::new(source),
        names: Names::new(job, "TAR"),
        unknowns: Unknowns::default(),
        survey: Survey::default(),
        told: Told::default(),
        kept: HashMap::new(),
        written: 0,
    };
    let mut walk = Walk::new(source);
    let mut count = 0;
    loop {
        count += 1;
        job.limits().check_structures(count)?;
        match walk.step()? {
            Item::End(at) => {
                tar.end(at);
                break;
            }
            Item::Global(span, records) => {
                next();
                tar.global(span, &records)?;
            }
            Item::Member(member) => {
                let shown = String::from_utf8_lossy(&member.path).into_owned();
                tar.member(&member, &shown, next().flatten())?;
            }
        }
    }
    tar.unknowns.refuse()?;
    tar.names.tell(&mut tar.draft);
    tar.survey.tell(job, "TAR", &mut tar.draft);
    tar.told.findings().into_iter().for_each(|f| tar.draft.note(f));
    tar.draft.seal()
}

struct Tar<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    draft: Draft,
    names: Names,
    unknowns: Unknowns,
    survey: Survey,
    told: Told,
    /// The names that hard links may mean, as they were and as they are.
    kept: HashMap<Vec<u8>, Vec<u8>>,
    /// How long the result is so far.
    written: u64,
}

impl Tar<'_> {
    /// A global header speaks of all that follow: nothing in it is needed. Those of git name the commit.
    fn global(&mut self, span: Span, records: &[(String, Vec<u8>)]) -> Result<()> {
        if let Some((key, _)) =
            records.iter().find(|(k, _)| matches!(&k[..], "path" | "linkpath" | "size") || k.contains("sparse"))
        {
            return Err(Refusal::unsupported(format!("a global header that gives every member the same {key}")).at(span.start));
        }
        let value = records.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v))).collect::<Vec<_>>().join(", ");
        let found = Finding::removed("TAR", "global header", Tells::History).value(value);
        self.draft.remove(span, "global header", found);
        Ok(())
    }

    fn member(&mut self, member: &Member, shown: &str, ahead: Ahead) -> Result<()> {
        let all = Span::new(member.head.start, member.padding.end);
        let at = member.head.start;
        if member.is_sparse() {
            let why = Refusal::unsupported("a sparse member").at(at).within(shown);
            return Err(why.hint("unpack it and pack it again without its holes (tar without --sparse)"));
        }
        if let Some(found) = archive::left_behind(self.job, "TAR", shown) {
            self.draft.remove(all, "member", found);
            return Ok(());
        }
        self.survey.see(shown);
        let folder = member.is_folder();
        let link = match member.kind() {
            b'0' | 0 | b'7' | b'5' => Vec::new(),
            b'1' => self
                .kept
                .get(&member.link)
                .cloned()
                .ok_or_else(|| Refusal::unsupported("a hard link to a member that is not there").at(at).within(shown))?,
            b'2' => match archive::link("TAR", shown, &member.path, &member.link)? {
                None => member.link.clone(),
                Some(found) => {
                    self.draft.remove(all, "link", found);
                    return Ok(());
                }
            },
            b'V' => {
                self.draft.remove(all, "label", Finding::removed("TAR", "volume label", Tells::Text).value(shown));
                return Ok(());
            }
            b'N' | b'A' => {
                let found = Finding::removed("TAR", "access lists and old names", Tells::Who);
                self.draft.remove(all, "old extension", found);
                return Ok(());
            }
            b'M' => return Err(Refusal::new(Code::MultiVolume, "this is one part of a split archive").at(at)),
            b'3' | b'4' | b'6' => return Err(Refusal::unsupported("a device or a pipe in an archive").at(at).within(shown)),
            _ => return Err(Refusal::unsupported("a member of a kind that is not known").at(at).within(shown)),
        };
        // Only ustar knows folders by their slash; without it they would be files to the others.
        let name = self.names.admit(&member.path, folder, false)?.unwrap_or_else(|| member.path.clone());
        let size = match member.has_data() {
            true => match self.data(member, shown, ahead)? {
                Ok(size) => size,
                Err(found) => {
                    self.draft.remove(all, "member", found);
                    return Ok(());
                }
            },
            false if member.data.is_empty() => 0,
            false => return Err(Refusal::malformed("a folder with content of its own", at).within(shown)),
        };
        self.kept.insert(member.path.clone(), name.clone());
        self.write(member, &name, &link, folder, size)
    }

    /// Cleans the data of a member and says how long it is, or why the member is to be left out.
    fn data(&mut self, member: &Member, shown: &str, ahead: Ahead) -> Result<std::result::Result<u64, Finding>> {
        let cleaned = ahead.unwrap_or_else(|| self.job.member(shown, &Window::shared(self.source, member.data)));
        let changed = match archive::inside(self.job, &mut self.draft, &mut self.unknowns, "TAR", shown, cleaned)? {
            Inside::Gone(found) => return Ok(Err(found)),
            Inside::Unknown => {
                self.draft.essence(member.data, "member");
                return Ok(Ok(member.data.len()));
            }
            Inside::Same => None,
            Inside::Changed(bytes) => Some(bytes),
        };
        let size = changed.as_ref().map_or(member.data.len(), |b| b.len());
        self.draft.member(member.data, "member", changed);
        Ok(Ok(size))
    }

    /// Writes down the fates of a member's headers and of what fills it up.
    fn write(&mut self, member: &Member, name: &[u8], link: &[u8], folder: bool, size: u64) -> Result<()> {
        let new = head(self.job, member, name, link, folder, size);
        let old = self.source.bytes(member.head, 4 << 20)?;
        if old == new {
            self.claim(member);
        } else {
            self.told.compare(self.job, member, &new[new.len() - BLOCK as usize..], name);
            self.draft.replace(member.head, "header", Fate::put(new.clone()), Vec::new());
        }
        let fill = (size.next_multiple_of(BLOCK) - size) as usize;
        let there = self.source.bytes(member.padding, BLOCK)?;
        if !is_zero(&there) {
            self.told.slack += there.len() as u64;
        }
        if there.len() == fill && is_zero(&there) {
            self.draft.frame(member.padding, "padding");
        } else {
            self.draft.reframe(member.padding, "padding", Fate::put(vec![0; fill]));
            // A last block that is not filled up is a packer's habit.
            self.told.packer |= there.len() as u64 != member.data.len().next_multiple_of(BLOCK) - member.data.len();
        }
        self.written += new.len() as u64 + size + fill as u64;
        Ok(())
    }

    /// A head that stays: what a person gave, the names, is content.
    fn claim(&mut self, member: &Member) {
        let own = member.head.end - BLOCK;
        let field = |from: u64, to: u64| Span::new(own + from, own + to);
        let (extension, records) = (Span::new(member.head.start, own), Span::new((member.head.start + BLOCK).min(own), own));
        self.draft.frame(Span::new(extension.start, records.start), "pax header");
        self.draft.essence(records, "pax header");
        self.draft.essence(field(0, 100), "name");
        self.draft.frame(field(100, 157), "header");
        self.draft.essence(field(157, 257), "link");
        self.draft.frame(field(257, 345), "header");
        self.draft.essence(field(345, 500), "prefix");
        self.draft.frame(field(500, 512), "header");
    }

    /// Two blocks of zeros, filled up to a whole record; whatever stands behind them goes.
    fn end(&mut self, at: u64) {
        let len = self.source.len();
        let wanted = (self.written + 2 * BLOCK).next_multiple_of(RECORD) - self.written;
        let rest = Span::new(at, len);
        let mut zeros = at;
        let mut zero = true;
        let read = source::each_block(&**self.source, rest, |block| {
            let n = block.iter().take_while(|b| **b == 0).count();
            zeros += if zero { n as u64 } else { 0 };
            zero &= n == block.len();
        });
        if read.is_err() {
            zeros = at;
        }
        if zeros < len {
            let found = Finding::removed("TAR", "data after the archive", Tells::Hidden);
            self.draft.remove(Span::new(zeros, len), "data after the archive", found);
        }
        let there = Span::new(at, zeros);
        if there.is_empty() {
            self.draft.warn("the archive has no end: it may be cut off");
        }
        if there.len() == wanted {
            self.draft.frame(there, "end");
        } else {
            self.draft.reframe(there, "end", Fate::put(vec![0; wanted as usize]));
            // Where members have gone or shrunk the end moves by itself, and they tell of it.
            self.told.packer |= self.written == at;
        }
    }
}

/// The `tar` crate: it finds every member, without owner, time and extensions that tell.
///
/// # Errors
/// As [`Format::witness`].
fn witness(job: &Job, _: &dyn Source, after: &dyn Source) -> Result<Vec<&'static str>> {
    let damaged = |e: std::io::Error| Refusal::new(Code::Damaged, format!("the tar crate cannot read the result: {e}"));
    let mut archive = tar::Archive::new(Reader::new(after, after.span()));
    for entry in archive.entries_with_seek().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let leftover = |what: &str| Refusal::new(Code::Leftover, format!("{what} is still there")).within(&name);
        let header = entry.header();
        if header.mtime().map_err(damaged)? != 0 && !job.keeps(Token::EntryTimes) {
            return Err(leftover("the time of a member"));
        }
        let owned = header.uid().map_err(damaged)? != 0 || header.username_bytes().is_some_and(|n| !n.is_empty());
        if owned && !job.keeps(Token::EntryOwner) {
            return Err(leftover("the owner of a member"));
        }
        if let Some(records) = entry.pax_extensions().map_err(damaged)? {
            for record in records {
                let record = record.map_err(damaged)?;
                if !matches!(record.key_bytes(), b"path" | b"linkpath" | b"size") {
                    return Err(leftover("a pax record"));
                }
            }
        }
    }
    Ok(vec!["tar"])
}
