//! Every reason why nothing was written: a code that scripts can match, a sentence, the offset where it helps, the member
//! it happened in, and what to do next. Parsers give static sentences; the place is added at the door of each member.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::finding::Place;

/// What every fallible step of the engine and of the formats returns.
pub type Result<T> = std::result::Result<T, Refusal>;

/// The kinds of refusal. The names printed for them are part of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The type is not known at all.
    Unknown,
    /// The type, or something in the file that must not be lost, is known but not supported.
    Unsupported,
    /// The bytes break the rules of their format.
    Malformed,
    /// The file cannot be read without a password, or only opens because its password is empty.
    Encrypted,
    /// A digital signature would be broken.
    Signed,
    /// A part that decoders must understand is not known to us.
    UnknownCritical,
    /// What stays would satisfy two grammars at once.
    Polyglot,
    /// A limit on depth, size, count or ratio was passed.
    Limit,
    /// Cleaning would have to leave something that this policy does not allow.
    NeedsResidual,
    /// Copy protection.
    Drm,
    /// One part of several.
    MultiVolume,
    /// A member of an unknown type, and the policy is to refuse those.
    UnknownMember,
    /// The result is not what the plan says: nothing is published.
    Damaged,
    /// A witness or the echo still sees something that should be gone.
    Leftover,
    /// The input could not be read, or changed while it was.
    Read,
    /// The output could not be written.
    Write,
    /// Something already stands where the output would go.
    Exists,
    /// The run was interrupted.
    Interrupted,
    /// A fault of this program.
    Internal,
}

impl Code {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Code::Unknown => "unknown-type",
            Code::Unsupported => "unsupported",
            Code::Malformed => "malformed",
            Code::Encrypted => "encrypted",
            Code::Signed => "signed",
            Code::UnknownCritical => "unknown-critical",
            Code::Polyglot => "polyglot",
            Code::Limit => "limit",
            Code::NeedsResidual => "needs-residual",
            Code::Drm => "drm",
            Code::MultiVolume => "multi-volume",
            Code::UnknownMember => "unknown-member",
            Code::Damaged => "damaged",
            Code::Leftover => "leftover",
            Code::Read => "read",
            Code::Write => "write",
            Code::Exists => "exists",
            Code::Interrupted => "interrupted",
            Code::Internal => "internal",
        }
    }

    /// Whether the file was *refused* (a judgement on its bytes) or the run *failed* (disk, permissions, ourselves).
    pub fn is_failure(self) -> bool {
        matches!(self, Code::Damaged | Code::Read | Code::Write | Code::Exists | Code::Interrupted | Code::Internal)
    }
}

/// Why nothing was written.
#[derive(Debug)]
pub struct Refusal(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    what: Cow<'static, str>,
    at: Option<u64>,
    place: Place,
    hint: Option<Cow<'static, str>>,
    source: Option<io::Error>,
}

impl Refusal {
    /// A refusal with its sentence: no capital, no full stop, what is wrong rather than what was expected.
    pub fn new(code: Code, what: impl Into<Cow<'static, str>>) -> Refusal {
        let inner = Inner { code, what: what.into(), at: None, place: Place::default(), hint: None, source: None };
        Refusal(Box::new(inner))
    }

    /// Bytes that break the rules of their format, at this offset from the start of the file or member.
    pub fn malformed(what: impl Into<Cow<'static, str>>, at: u64) -> Refusal {
        Refusal::new(Code::Malformed, what).at(at)
    }

    /// Something known that is not supported.
    pub fn unsupported(what: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(Code::Unsupported, what)
    }

    /// A limit that was passed.
    pub fn limit(what: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(Code::Limit, what)
    }

    /// The output could not be written.
    pub fn write(error: io::Error) -> Refusal {
        // Sending reads and writes; a refusal met on the way keeps its own reason.
        if error.get_ref().is_some_and(|inner| inner.is::<Refusal>()) {
            return error.into();
        }
        let mut refusal = Refusal::new(Code::Write, "the output could not be written");
        refusal.0.source = Some(error);
        refusal
    }

    /// The input could not be read.
    pub fn read(error: io::Error) -> Refusal {
        let mut refusal = Refusal::new(Code::Read, "the file could not be read");
        refusal.0.source = Some(error);
        refusal
    }

    /// Adds the offset, in bytes from the start of the file or member.
    #[must_use]
    pub fn at(mut self, at: u64) -> Refusal {
        self.0.at = Some(at);
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Refusal {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the member in which it happened, outermost last.
    #[must_use]
    pub fn within(mut self, name: &str) -> Refusal {
        self.0.place = self.0.place.under(name);
        self
    }

    /// Which kind of refusal it is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The members on the way to it, outermost first; empty where it is the file itself.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The offset, where one helps.
    pub fn offset(&self) -> Option<u64> {
        self.0.at
    }

    /// What to do next: the particular advice, else the general one for its kind.
    pub fn advice(&self) -> &str {
        if let Some(hint) = &self.0.hint {
            return hint;
        }
        match self.0.code {
            Code::Unknown | Code::Unsupported => "export or save it in a supported format (metascrub --list-formats)",
            Code::Malformed => "open it in the program that made it and save it again",
            Code::Encrypted => "remove the password first",
            Code::Signed => "share it unsigned, or clean it on purpose with --drop signatures",
            Code::UnknownCritical => "save it again with a common program",
            Code::Polyglot => "save it again with a common program",
            Code::Limit => "raise the limit if you trust the file",
            Code::NeedsResidual => "use the default policy, or allow it with --keep",
            Code::Drm => "remove the copy protection first",
            Code::MultiVolume => "join the parts first",
            Code::UnknownMember => "use --unknown-members omit or keep, or clean the members by themselves",
            Code::Damaged | Code::Internal => "please report this as a bug, with the file if you can",
            Code::Leftover => "please report this as a bug; do not share the file",
            Code::Read => "check that the file is there, readable and not being written",
            Code::Write => "check the free space and the rights of the output folder",
            Code::Exists => "use --force to overwrite it, or another --output",
            Code::Interrupted => "run it again",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if !inner.place.is_empty() {
            write!(f, "{}: ", inner.place)?;
        }
        f.write_str(&inner.what)?;
        if let Some(at) = inner.at {
            write!(f, " (at byte {at})")?;
        }
        if let Some(e) = &inner.source {
            write!(f, ": {e}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e as _)
    }
}

/// Reading past the end means that a length or an offset in the file lies; everything else is a fault of the medium. A
/// refusal may travel inside an `io::Error` and comes out whole.
impl From<io::Error> for Refusal {
    fn from(e: io::Error) -> Refusal {
        match e.kind() {
            io::ErrorKind::UnexpectedEof => Refusal::new(Code::Malformed, "the file ends before it should"),
            io::ErrorKind::FileTooLarge => Refusal::limit("a block of metadata is larger than any honest one"),
            _ if e.get_ref().is_some_and(|inner| inner.is::<Refusal>()) => match e.into_inner().map(|b| b.downcast()) {
                Some(Ok(refusal)) => *refusal,
                _ => Refusal::new(Code::Internal, "an error lost its reason"),
            },
            _ => Refusal::read(e),
        }
    }
}

impl From<Refusal> for io::Error {
    fn from(r: Refusal) -> io::Error {
        io::Error::other(r)
    }
}
