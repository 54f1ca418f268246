//! The pipeline: detect, plan, lay out, and then the four looks at the result: again, witness and echo through its [`View`],
//! before a byte of it is written, and the proof that what is written is what was looked at. Members are planned the same
//! way, one level deeper, and shown to their witness before the plan of what is around them is sealed; again and echo come
//! to them by way of the file that they are in, since planning that again plans them again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::detect::detect;
use crate::echo::Echo;
use crate::finding::Finding;
use crate::format::Format;
use crate::plan::Plan;
use crate::policy::{Limits, Policy, Token, UnknownMembers};
use crate::prove::{Proof, prove};
use crate::refusal::{Code, Refusal, Result};
use crate::sink::Sink;
use crate::source::{self, Shared, Source, Spool};
use crate::view::View;

/// What a format needs to know besides the bytes: what may survive, what is too much, and where members go.
pub struct Job<'a> {
    policy: &'a Policy,
    limits: &'a Limits,
    spools: Arc<Path>,
    spent: Arc<Spent>,
    depth: u8,
    name: String,
    /// Set while a result is planned again: members are planned but not looked at once more, and what passes by is heard.
    again: Option<Again<'a>>,
}

#[derive(Clone, Copy)]
struct Again<'a> {
    echo: Option<&'a Echo>,
}

/// What one input has cost so far, at all depths.
#[derive(Default)]
struct Spent {
    members: AtomicU64,
    expanded: AtomicU64,
    input: u64,
}

impl<'a> Job<'a> {
    /// A job for one input called `name`; spools that need a file have it, unnamed, in `spools`.
    pub fn new(policy: &'a Policy, limits: &'a Limits, name: &str, spools: &Arc<Path>) -> Job<'a> {
        Job { policy, limits, spools: spools.clone(), spent: Arc::default(), depth: 0, name: name.to_owned(), again: None }
    }

    /// What may survive.
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Whether the thing stays.
    pub fn keeps(&self, token: Token) -> bool {
        self.policy.keeps(token)
    }

    /// What is too much.
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// The name of the file or member, with its extension; empty for standard input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many containers are around it.
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// Whether this is the second plan, over a result: there should be nothing left to find.
    pub fn is_again(&self) -> bool {
        self.again.is_some()
    }

    /// An empty spool.
    pub fn spool(&self) -> Spool {
        Spool::new(&self.spools)
    }

    /// Counts bytes that were unpacked from `packed` bytes of the input.
    ///
    /// # Errors
    /// `Limit` where that is too many for one member or for the whole input.
    pub fn expanded(&self, packed: u64, unpacked: u64) -> Result<()> {
        /// So little is never a bomb.
        const ALLOWANCE: u64 = 1 << 20;
        if unpacked > packed.saturating_mul(self.limits.ratio).saturating_add(ALLOWANCE) {
            return Err(Refusal::limit(format!("a member unpacks to more than {} times its size", self.limits.ratio)));
        }
        let total = self.spent.expanded.fetch_add(unpacked, Relaxed).saturating_add(unpacked);
        if total > self.limits.expanded.saturating_add(self.spent.input.saturating_mul(2)) {
            return Err(Refusal::limit(format!("it unpacks to more than {} bytes", self.limits.expanded)));
        }
        Ok(())
    }

    /// Lets the echo listen to bytes that were unpacked on the way and are no member: a page's text, an XML part.
    /// `content` is whether a person sees them.
    ///
    /// # Errors
    /// `Leftover` where a removed value is heard in what nobody sees.
    pub fn hear(&self, place: &str, bytes: &[u8], content: bool) -> Result<()> {
        match self.again.and_then(|a| a.echo) {
            Some(echo) => echo.hear_bytes(place, bytes, content),
            None => Ok(()),
        }
    }

    /// The same for a stream that may be large.
    ///
    /// # Errors
    /// As [`Job::hear`].
    pub fn hear_stream(&self, place: &str, stream: &dyn Source, content: bool) -> Result<()> {
        match self.again.and_then(|a| a.echo) {
            Some(echo) => echo.hear_stream(place, stream, content),
            None => Ok(()),
        }
    }

    /// Whether somebody listens, so that unpacking for [`Job::hear`] is worth it.
    pub fn is_heard(&self) -> bool {
        self.again.is_some_and(|a| a.echo.is_some())
    }

    /// Cleans and proves a file inside this one, before what is around it is sealed.
    ///
    /// # Errors
    /// Every refusal of the member, with its name as the place. A member whose type is unknown is not an error here: what
    /// becomes of it is the policy's business, and the container's.
    pub fn member(&self, name: &str, bytes: &Shared) -> Result<Member> {
        self.member_under(self.policy, name, bytes)
    }

    /// The same under another policy, for members that live by other rules than files do (a JPEG in a PDF).
    ///
    /// # Errors
    /// As [`Job::member`].
    pub fn member_under(&self, policy: &Policy, name: &str, bytes: &Shared) -> Result<Member> {
        self.member_near(policy, name, &source::at_hand(bytes)?, bytes)
    }

    /// The same for a container that has the member's bytes at hand already: `near` holds them, `far` is where they are to
    /// be read from once the member is done, so that what is in memory can be let go.
    ///
    /// # Errors
    /// As [`Job::member`].
    pub fn member_near(&self, policy: &Policy, name: &str, near: &Shared, far: &Shared) -> Result<Member> {
        if self.depth >= self.limits.depth {
            return Err(Refusal::limit(format!("members nest deeper than {}", self.limits.depth)).within(name));
        }
        if self.spent.members.fetch_add(1, Relaxed) >= self.limits.members {
            return Err(Refusal::limit(format!("more than {} members", self.limits.members)).within(name));
        }
        let inner = Job {
            policy,
            limits: self.limits,
            spools: self.spools.clone(),
            spent: self.spent.clone(),
            depth: self.depth + 1,
            name: name.to_owned(),
            again: self.again,
        };
        inner.run(near, far).map_err(|r| r.within(name))
    }

    fn run(&self, near: &Shared, far: &Shared) -> Result<Member> {
        let format = match detect(near, &self.name) {
            Ok(format) => format,
            Err(r) if matches!(r.code(), Code::Unknown | Code::Unsupported) => return Ok(Member::Unknown(r)),
            Err(r) => return Err(r),
        };
        // Windows on a container outlive its plan, and would keep the copy in memory alive.
        let from = if format.container { far } else { near };
        let mut cleaned = match plan(self, format, from, from) {
            Ok(cleaned) => cleaned,
            // A row may claim a family and then meet a kind of it that nobody can clean: a document in a ZIP.
            Err(r) if r.code() == Code::Unsupported && r.place().is_empty() => return Ok(Member::Unknown(r)),
            Err(r) => return Err(r),
        };
        if !cleaned.identity && self.again.is_none() {
            // Planning what is around it again will plan this again, and the echo of all that was removed is heard then.
            let result = readable(&cleaned)?;
            cleaned.witnesses = (same_format(self, &cleaned, &result)?.witness)(self, &**near, &*result)?;
            if near.as_bytes().is_some() {
                let mut crc = crc32fast::Hasher::new();
                source::each_block(&*cleaned.view, cleaned.view.span(), |block| crc.update(block))?;
                cleaned.crc32 = Some(crc.finalize());
            }
        }
        match Arc::get_mut(&mut cleaned.view) {
            Some(view) => view.rest_on(far),
            None => return Err(Refusal::new(Code::Internal, "a result is still looked at")),
        }
        Ok(if cleaned.identity { Member::Same(cleaned) } else { Member::Changed(cleaned) })
    }

    /// What the policy says of a member of unknown type: `true` keeps it, `false` leaves it out.
    ///
    /// # Errors
    /// `UnknownMember` where the policy is to refuse.
    pub fn unknown_member(&self, name: &str, why: &Refusal) -> Result<bool> {
        match self.policy.unknown_members {
            UnknownMembers::Keep => Ok(true),
            UnknownMembers::Omit => Ok(false),
            UnknownMembers::Refuse => Err(Refusal::new(Code::UnknownMember, why.to_string()).within(name)),
        }
    }
}

/// What came of a file inside another.
pub enum Member {
    /// There was nothing to remove: keep its bytes, packed as they are.
    Same(Cleaned),
    /// The cleaned bytes are [`Cleaned::bytes`].
    Changed(Cleaned),
    /// No row of the table claims it; this is what would have been said of it as a file.
    Unknown(Refusal),
}

/// A file with its sealed plan.
pub struct Cleaned {
    format: &'static Format,
    view: Arc<View>,
    identity: bool,
    warnings: Vec<String>,
    witnesses: Vec<&'static str>,
    crc32: Option<u32>,
}

impl Cleaned {
    /// The row that made the plan.
    pub fn format(&self) -> &'static Format {
        self.format
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.view.plan()
    }

    /// The plan laid over its input.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// The result, readable before it is written.
    pub fn bytes(&self) -> Shared {
        self.view.clone()
    }

    /// Whether the result is the input.
    pub fn is_identity(&self) -> bool {
        self.identity
    }

    /// The CRC-32 of the result, where that was at hand anyway.
    pub fn crc32(&self) -> Option<u32> {
        self.crc32
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        self.plan().findings()
    }

    /// What a person should know although nothing was done about it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The parsers that looked at the result besides our own.
    pub fn witnesses(&self) -> &[&'static str] {
        &self.witnesses
    }
}

/// Detects and plans an input. Nothing is written and nothing is looked at yet.
///
/// # Errors
/// Whatever keeps the file from being cleaned.
pub fn inspect(job: &Job, source: &Shared) -> Result<Cleaned> {
    if source.len() > job.limits.size {
        return Err(Refusal::limit(format!("the file is larger than {} bytes", job.limits.size)).hint("raise --max-size"));
    }
    let job = Job {
        spent: Arc::new(Spent { input: source.len(), ..Spent::default() }),
        name: job.name.clone(),
        spools: job.spools.clone(),
        ..*job
    };
    let near = source::at_hand(source)?;
    let format = detect(&near, &job.name)?;
    plan(&job, format, &near, &near)
}

/// Looks at the result before it is written: again, witness, echo. (That what is written is this result, byte for byte, is
/// proved while it is written: [`crate::prove`].)
///
/// # Errors
/// `Damaged` or `Leftover`; the result must not be published.
pub fn examine(job: &Job, cleaned: &mut Cleaned) -> Result<()> {
    if cleaned.identity {
        return Ok(());
    }
    let before = cleaned.view.source().clone();
    look(job, cleaned, &before)
}

/// Cleans `source` into a spool: all of the pipeline, for standard output, for libraries and for tests.
///
/// # Errors
/// Whatever keeps the file from being cleaned, or the result from being proved.
pub fn to_spool(job: &Job, source: &Shared) -> Result<(Cleaned, Shared, Proof)> {
    let mut cleaned = inspect(job, source)?;
    examine(job, &mut cleaned)?;
    let mut sink = Sink::Spool(job.spool());
    cleaned.view.send(cleaned.view.span(), &mut sink).map_err(Refusal::write)?;
    let Sink::Spool(spool) = sink else { return Err(Refusal::new(Code::Internal, "a spool is no spool")) };
    let result = source::at_hand(&spool.finish().map_err(Refusal::write)?)?;
    let proof = prove(&cleaned.view, &*result)?;
    Ok((cleaned, result, proof))
}

/// `near` holds the bytes to plan from; `far` the same bytes, over which the plan is laid.
fn plan(job: &Job, format: &'static Format, near: &Shared, far: &Shared) -> Result<Cleaned> {
    let plan = (format.plan)(job, near)?;
    if let Some(again) = job.again
        && let Some(echo) = again.echo
    {
        let place = if job.name.is_empty() { format.name } else { &job.name };
        echo.hear(place, &**near, &plan)?;
    }
    let warnings = plan.warnings().to_vec();
    let mut view = View::new(plan, far.clone())?;
    let identity = view.is_identity()?;
    if !identity {
        view.plan_mut().tell_otherwise();
    }
    let changes = view.plan().has_changes();
    if identity && changes {
        return Err(Refusal::new(Code::Internal, "something is called removed and is not"));
    }
    if !identity && !changes {
        return Err(Refusal::new(Code::Internal, "something would change without a finding"));
    }
    Ok(Cleaned { format, view: Arc::new(view), identity, warnings, witnesses: Vec::new(), crc32: None })
}

/// The result for whoever reads it more than once: where its pieces lie if they are few, put together if they are many.
fn readable(cleaned: &Cleaned) -> Result<Shared> {
    let result = cleaned.view.clone() as Shared;
    if cleaned.view.is_at_hand() { Ok(result) } else { Ok(source::at_hand(&result)?) }
}

/// The row that the result belongs to, which must be that of the input.
fn same_format(job: &Job, cleaned: &Cleaned, result: &Shared) -> Result<&'static Format> {
    let format = detect(result, &job.name)?;
    if format.name == cleaned.format.name {
        return Ok(format);
    }
    Err(Refusal::new(Code::Damaged, format!("the result would be read as {}", format.name)))
}

/// The looks at a result with all that is in it: again, echo and witness.
fn look(job: &Job, cleaned: &mut Cleaned, before: &Shared) -> Result<()> {
    let result = readable(cleaned)?;
    let echo = Echo::of(cleaned.findings());
    let job = Job {
        spent: Arc::new(Spent { input: result.len(), ..Spent::default() }),
        name: job.name.clone(),
        spools: job.spools.clone(),
        again: Some(Again { echo: echo.as_ref() }),
        ..*job
    };
    let format = same_format(&job, cleaned, &result)?;
    let again = plan(&job, format, &result, &result)?;
    if !again.identity {
        let what = again.findings().iter().find(|f| f.action.changes());
        let what = what.map_or_else(|| "something".to_owned(), |f| format!("{} ({})", f.label, f.place));
        return Err(Refusal::new(Code::Leftover, format!("cleaning the result again would still change it: {what}")));
    }
    cleaned.witnesses = (format.witness)(&job, &**before, &*result)?;
    if let Some(echo) = &echo {
        cleaned.warnings.extend(echo.warnings());
    }
    Ok(())
}
