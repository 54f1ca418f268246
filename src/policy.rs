//! What may survive, as tokens that a person can name on the command line, and the limits that keep hostile input small.
//! A format asks [`Policy::keeps`]; it never looks at the command line.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::refusal::{Code, Refusal};

/// The two starting points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Base {
    /// Share without identifying anyone; nobody notices a difference when viewing.
    #[default]
    Default,
    /// As default, plus everything that is merely linkable; no residuals.
    Strict,
}

macro_rules! tokens {
    ($($variant:ident $name:literal $default:literal $strict:literal $doc:literal)*) => {
        /// A thing that can be kept or dropped by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Token { $(#[doc = $doc] $variant,)* }

        impl Token {
            /// Every token, in the order of the reference.
            pub const ALL: &'static [Token] = &[$(Token::$variant,)*];

            /// The name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Token::$variant => $name,)* }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $(Token::$variant => $doc,)* }
            }

            /// Whether `base` keeps it.
            pub fn kept_by(self, base: Base) -> bool {
                let (default, strict) = match self { $(Token::$variant => ($default, $strict),)* };
                let word = match base { Base::Default => default, Base::Strict => strict };
                word == "keep"
            }
        }
    };
}

tokens! {
    Orientation "orientation" "keep" "keep" "which way up: Exif Orientation, irot, display matrix"
    Color "color" "keep" "keep" "ICC data and colour chunks, their text neutralised"
    ColorText "color-text" "drop" "drop" "the original ICC description, copyright and creator"
    Dpi "dpi" "keep" "drop" "resolution for printing: JFIF density, pHYs, TIFF resolution, BMP ppm"
    GainMap "gain-map" "keep" "keep" "HDR gain map with its parameters"
    Depth "depth" "drop" "drop" "depth, disparity, matte and confidence images"
    MotionPhoto "motion-photo" "drop" "drop" "the video appended to a still"
    Thumbnails "thumbnails" "drop" "drop" "previews"
    Copyright "copyright" "drop" "drop" "the author's rights statement and licence"
    Provenance "provenance" "drop" "drop" "C2PA content credentials"
    Tags "tags" "drop" "drop" "title, artist, album, genre of media files"
    CoverArt "cover-art" "keep" "drop" "attached pictures in audio, video and books, cleaned"
    Lyrics "lyrics" "drop" "drop" "lyrics"
    Replaygain "replaygain" "keep" "drop" "loudness normalisation values"
    Chapters "chapters" "keep" "keep" "chapter times and titles (titles dropped in strict)"
    Subtitles "subtitles" "keep" "keep" "subtitle and caption tracks"
    TrackNames "track-names" "drop" "drop" "handler names and track titles"
    Language "language" "keep" "keep" "track, document and text language"
    TimedMetadata "timed-metadata" "drop" "drop" "GPS and sensor tracks: gpmd, camm, mebx, rtmd, djmd, NMEA"
    Timecode "timecode" "drop" "drop" "time code tracks"
    EncoderStrings "encoder-strings" "keep" "drop" "encoder names inside coded data"
    RawRender "raw-render" "keep" "drop" "camera model and maker notes that a raw decoder needs"
    JpegReconstruction "jpeg-reconstruction" "drop" "drop" "JPEG XL reconstruction data"
    Panorama "panorama" "keep" "keep" "360 degree projection values"
    Stereo "stereo" "keep" "keep" "the second picture of stereo pairs (MPO, JPS)"
    Geotiff "geotiff" "drop" "drop" "georeference of maps"
    ClippingPath "clipping-path" "drop" "drop" "named paths in JPEG and TIFF"
    OtherImages "other-images" "keep" "drop" "further visible images in HEIF"
    Signatures "signatures" "refuse" "refuse" "digital signatures: refused unless dropped on purpose"
    Attachments "attachments" "keep" "drop" "embedded files, cleaned"
    Fonts "fonts" "keep" "keep" "embedded fonts"
    Bookmarks "bookmarks" "keep" "keep" "document outline"
    Links "links" "keep" "keep" "links"
    Forms "forms" "keep" "keep" "form fields and their values"
    AltText "alt-text" "keep" "keep" "descriptions for readers who cannot see"
    Structure "structure" "keep" "keep" "document structure tags"
    Titles "titles" "drop" "drop" "the document title in properties"
    Annotations "annotations" "keep" "drop" "PDF mark-up, without author, date and history"
    Comments "comments" "drop" "drop" "office comments"
    TrackedChanges "tracked-changes" "drop" "drop" "tracked changes (accepted when dropped)"
    Notes "notes" "keep" "drop" "speaker notes"
    Hidden "hidden" "keep" "drop" "hidden sheets, rows, slides, layers, text; reported"
    Macros "macros" "drop" "drop" "VBA, JavaScript, open actions"
    ExternalLinks "external-links" "keep" "keep" "web links; file paths are dropped"
    EntryTimes "entry-times" "drop" "drop" "times of archive members"
    EntryOwner "entry-owner" "drop" "drop" "owners of archive members"
    EntryMode "entry-mode" "drop" "drop" "modes of archive members, but for the executable bit"
    JunkEntries "junk-entries" "drop" "drop" "__MACOSX, .DS_Store, Thumbs.db, desktop.ini and the like"
    Sidecars "sidecars" "keep" "drop" "side-car files: .xmp, .aae, .thm, .gpx, JSON of photo services"
    SfxStub "sfx-stub" "refuse" "refuse" "the program in front of a self-extracting archive"
    Name "name" "keep" "drop" "the file name"
    Mtime "mtime" "drop" "drop" "the modification time"
    Xattrs "xattrs" "drop" "drop" "extended attributes"
}

impl Token {
    fn bit(self) -> u64 {
        1 << self as u64
    }

    /// The token of that name.
    ///
    /// # Errors
    /// A sentence that lists the known ones.
    pub fn named(name: &str) -> Result<Token, String> {
        Token::ALL.iter().copied().find(|t| t.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Token::ALL.iter().map(|t| t.name()).collect();
            format!("unknown token '{name}'; known are: {}", known.join(", "))
        })
    }
}

/// What to do with a member of an archive whose type is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UnknownMembers {
    /// Refuse the archive.
    #[default]
    Refuse,
    /// Leave the member out, and say so.
    Omit,
    /// Copy the member as it is, and say so.
    Keep,
}

/// What to do with insertions and deletions that a document still remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TrackedChanges {
    /// As if all were accepted.
    #[default]
    Accept,
    /// As if all were rejected.
    Reject,
    /// Keep them without names and dates.
    Anonymise,
    /// Refuse the file.
    Refuse,
}

/// What may survive.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The starting point.
    pub base: Base,
    /// Changes to it, in the order they were given: the last one wins.
    pub changes: Vec<(Token, bool)>,
    /// Members of unknown type.
    pub unknown_members: UnknownMembers,
    /// Whether files that open with an empty password are written in the clear.
    pub decrypt: bool,
    /// What becomes of tracked changes in office documents.
    pub tracked_changes: TrackedChanges,
    /// Which wishes to keep something a format has asked about, as bits by token; shared by all copies of the policy.
    pub asked: Arc<AtomicU64>,
}

// A bit for each.
const _: () = assert!(Token::ALL.len() <= 64);

impl Policy {
    /// The policy for people who want no residuals.
    pub fn strict() -> Policy {
        Policy { base: Base::Strict, ..Policy::default() }
    }

    /// Whether the thing stays.
    pub fn keeps(&self, token: Token) -> bool {
        let said = self.said(token);
        if said == Some(true) && self.asked.load(Relaxed) & token.bit() == 0 {
            self.asked.fetch_or(token.bit(), Relaxed);
        }
        said.unwrap_or_else(|| token.kept_by(self.base))
    }

    /// Wishes to keep what would go otherwise that no format has asked about so far: no file had such a thing, or its row
    /// cannot keep it.
    pub fn idle_wishes(&self) -> impl Iterator<Item = Token> + '_ {
        let asked = self.asked.load(Relaxed);
        let idle = move |t: &Token| asked & t.bit() == 0 && self.said(*t) == Some(true) && !t.kept_by(self.base);
        Token::ALL.iter().copied().filter(idle)
    }

    /// Whether the thing was dropped by name, where the default is neither to keep nor to drop but to refuse.
    pub fn drops_on_purpose(&self, token: Token) -> bool {
        self.said(token) == Some(false)
    }

    /// Whether residuals are refused.
    pub fn is_strict(&self) -> bool {
        self.base == Base::Strict
    }

    /// The same policy with one more word.
    #[must_use]
    pub fn with(&self, token: Token, keep: bool) -> Policy {
        let mut policy = self.clone();
        policy.changes.push((token, keep));
        policy
    }

    fn said(&self, token: Token) -> Option<bool> {
        self.changes.iter().rev().find(|(t, _)| *t == token).map(|(_, keep)| *keep)
    }
}

/// Bounds on what hostile input can cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How deep members may nest.
    pub depth: u8,
    /// How many members there may be in one input, at all depths.
    pub members: u64,
    /// How many bytes may be inflated for one input: the larger of this and `ratio` times its size.
    pub expanded: u64,
    /// How many times its packed size a member may unpack to.
    pub ratio: u64,
    /// How many structures (segments, chunks, boxes, objects) one file may have.
    pub structures: usize,
    /// The largest block of metadata that is held in memory, in bytes.
    pub block: u64,
    /// The largest input that is taken, in bytes.
    pub size: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            depth: 8,
            members: 100_000,
            expanded: 4 << 30,
            ratio: 1000,
            structures: 4_000_000,
            block: 64 << 20,
            size: u64::MAX,
        }
    }
}

impl Limits {
    /// Refuses where a count of structures has grown past the limit.
    pub fn check_structures(&self, count: usize) -> Result<(), Refusal> {
        if count > self.structures {
            return Err(Refusal::new(Code::Limit, format!("more than {} structures in one file", self.structures)));
        }
        Ok(())
    }
}
