//! What compressed files share that hold one file each: what is inside is cleaned by its own row, and where nothing changes
//! the compressed bytes stay as they are.

use std::io::{self, Read, Write};

use crate::clean::{Job, Member};
use crate::finding::{Finding, Tells};
use crate::plan::Draft;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{BLOCK, Shared, Spool};

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
