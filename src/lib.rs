//! `metascrub` cleans files before they are shared. It writes a copy that tells nothing (an allow-list decides what
//! survives), loses nothing (content is kept byte for byte), and proves both on the file as it was written.
//!
//! The house, in reading order:
//!
//! 1. [`source`], [`sink`]: bytes by position, parts of them, spools; where output goes.
//! 2. [`plan`], [`view`], [`prove`], [`echo`]: the engine. A format proposes what becomes of every byte; the engine lays it
//!    out, writes it and proves it.
//! 3. [`clean`]: the pipeline that ties them together, for files and for members of files; [`ahead`]: several at a time.
//! 4. [`format`](mod@format), [`detect`], [`formats`]: the table, one row a format.
//! 5. [`grammar`]: how bytes lie, and nothing about privacy. [`blocks`]: Exif, ICC and XMP in their minimal form. [`names`]:
//!    human names for what was found; they never decide.
//! 6. [`finding`], [`policy`], [`refusal`]: the vocabulary.
//! 7. [`settings`], [`batch`], [`publish`], [`report`]: the command, but for its arguments: what was asked, many files, one
//!    output, what came of it.

pub mod ahead;
pub mod batch;
pub mod blocks;
pub mod clean;
pub mod cursor;
pub mod detect;
pub mod echo;
pub mod finding;
pub mod format;
pub mod formats;
pub mod grammar;
pub mod names;
pub mod needles;
pub mod number;
pub mod plan;
pub mod policy;
pub mod prove;
pub mod publish;
pub mod refusal;
pub mod report;
pub mod settings;
pub mod sink;
pub mod source;
pub mod view;
