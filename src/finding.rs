//! What was found, what it tells, and what became of it. Findings hang on places, not on fates: one dropped segment may be
//! forty findings, and a member's findings have no position in the file around it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What kind of thing a piece of metadata tells about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tells {
    /// A place: coordinates, addresses, time zones, georeference.
    Where,
    /// A person or an organisation.
    Who,
    /// A device: maker, model, serial number, lens.
    Device,
    /// An identifier that links this file to others.
    Identifier,
    /// A date or a time.
    When,
    /// An earlier picture or state: thumbnails, previews, originals.
    Preview,
    /// Something inside that ordinary viewers do not show.
    Hidden,
    /// How it came about: edit history, paths, earlier versions.
    History,
    /// A program or its settings.
    Software,
    /// Free text: titles, comments, captions, keywords.
    Text,
    /// How the content is shown. Mostly for what is kept.
    Rendering,
    /// Bytes of unknown meaning.
    Unknown,
}

impl Tells {
    /// Every kind, in the order of reports.
    pub const ALL: [Tells; 12] = [
        Tells::Where,
        Tells::Who,
        Tells::Device,
        Tells::Identifier,
        Tells::When,
        Tells::Preview,
        Tells::Hidden,
        Tells::History,
        Tells::Software,
        Tells::Text,
        Tells::Rendering,
        Tells::Unknown,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Tells::Where => "where",
            Tells::Who => "who",
            Tells::Device => "device",
            Tells::Identifier => "identifier",
            Tells::When => "when",
            Tells::Preview => "preview",
            Tells::Hidden => "hidden",
            Tells::History => "history",
            Tells::Software => "software",
            Tells::Text => "text",
            Tells::Rendering => "rendering",
            Tells::Unknown => "unknown",
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Gone.
    Removed,
    /// Overwritten with zeros; its length remains.
    Blanked,
    /// Replaced by a minimal form built anew.
    Rewritten,
    /// Left in on purpose, and why.
    Kept(Cow<'static, str>),
}

impl Action {
    /// The name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Removed => "removed",
            Action::Blanked => "blanked",
            Action::Rewritten => "rewritten",
            Action::Kept(_) => "kept",
        }
    }

    /// Whether the output differs from the input because of it.
    pub fn changes(&self) -> bool {
        !matches!(self, Action::Kept(_))
    }
}

/// Where something was found: members from the outside in, then blocks, as in
/// `bundle.zip › letter.docx › image1.jpeg › Exif`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place(Arc<[Cow<'static, str>]>);

impl Place {
    /// A place of one step.
    pub fn new(step: impl Into<Cow<'static, str>>) -> Place {
        Place(Arc::new([step.into()]))
    }

    /// The same place, one step further in.
    #[must_use]
    pub fn then(&self, step: impl Into<Cow<'static, str>>) -> Place {
        Place(self.0.iter().cloned().chain([step.into()]).collect())
    }

    /// The same place, seen from outside the member `name`.
    #[must_use]
    pub fn under(&self, name: &str) -> Place {
        Place([Cow::Owned(name.to_owned())].into_iter().chain(self.0.iter().cloned()).collect())
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Cow<'static, str>] {
        &self.0
    }

    /// Whether it has no steps.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" › ")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// Its human name: "GPS position", "body serial number".
    pub label: Cow<'static, str>,
    /// What it tells.
    pub tells: Tells,
    /// What became of it.
    pub action: Action,
    /// Its value as a person would read it. It may hold any character: whoever prints it sanitises it.
    pub value: Option<String>,
    /// How many bytes it took up, where that is known; 0 where it is part of something counted elsewhere.
    pub bytes: u64,
}

impl Finding {
    /// Something that goes.
    pub fn removed(place: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, tells: Tells) -> Finding {
        let (place, label) = (Place::new(place), label.into());
        Finding { place, label, tells, action: Action::Removed, value: None, bytes: 0 }
    }

    /// Something that stays in a minimal form built anew.
    pub fn rewritten(place: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, tells: Tells) -> Finding {
        Finding { action: Action::Rewritten, ..Finding::removed(place, label, tells) }
    }

    /// Something overwritten with zeros.
    pub fn blanked(place: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, tells: Tells) -> Finding {
        Finding { action: Action::Blanked, ..Finding::removed(place, label, tells) }
    }

    /// Something that stays on purpose, and why.
    pub fn kept(
        place: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        tells: Tells,
        why: impl Into<Cow<'static, str>>,
    ) -> Finding {
        Finding { action: Action::Kept(why.into()), ..Finding::removed(place, label, tells) }
    }

    /// Adds the value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Finding {
        self.value = Some(value.into());
        self
    }

    /// Adds how many bytes it took up.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Finding {
        self.bytes = bytes;
        self
    }

    /// The same, seen from outside the member `name`.
    #[must_use]
    pub fn within(mut self, name: &str) -> Finding {
        self.place = self.place.under(name);
        self
    }

    /// Whether its value could identify somebody, so that the echo must look for it in the result.
    pub fn identifies(&self) -> bool {
        self.action.changes() && matches!(self.tells, Tells::Where | Tells::Who | Tells::Device | Tells::Identifier)
    }
}
