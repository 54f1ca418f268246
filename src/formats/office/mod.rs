//! What office documents of all makes share: gathered findings, metafiles, and what text is the name of a file.

pub(crate) mod metafile;
pub(crate) mod object;
pub(crate) mod tally;

use crate::clean::Job;
use crate::policy::{Token, TrackedChanges};

/// What stands in place of the name of whoever wrote a comment or a change.
pub(crate) const AUTHOR: &str = "Author";
/// What stands in place of a time that must be there.
pub(crate) const MOMENT: &str = "1980-01-01T00:00:00";

/// What becomes of tracked changes: to keep them is to keep them without people and times.
pub(crate) fn tracked_changes(job: &Job) -> TrackedChanges {
    match job.policy().tracked_changes {
        TrackedChanges::Accept if job.keeps(Token::TrackedChanges) => TrackedChanges::Anonymise,
        said => said,
    }
}

/// Whether a text is a path or the bare name of a file.
pub(crate) fn is_path(text: &str) -> bool {
    let text = text.trim();
    let bytes = text.as_bytes();
    let drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'\\' | b'/');
    if text.contains('\\') || text.contains(":/") || text.starts_with(['/', '~']) || drive {
        return true;
    }
    const ENDS: &[&str] = &[
        "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "emf", "wmf", "svg", "webp", "heic", "heif", "psd", "ai", "eps",
        "raw", "pdf", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "odt", "ods", "odp", "mp4", "mov", "avi",
        "wmv", "mp3", "wav", "m4a", "vsd", "vsdx", "ico", "jfif",
    ];
    text.rsplit_once('.').is_some_and(|(_, e)| ENDS.contains(&e.to_ascii_lowercase().as_str()))
}

/// Fields of Word and RTF that tell of people, times, places on disks, or data bases: their text stays, their code goes.
pub(crate) const TELLING_FIELDS: &[&str] = &[
    "AUTHOR",
    "LASTSAVEDBY",
    "USERNAME",
    "USERINITIALS",
    "USERADDRESS",
    "FILENAME",
    "TEMPLATE",
    "CREATEDATE",
    "SAVEDATE",
    "PRINTDATE",
    "EDITTIME",
    "REVNUM",
    "DOCPROPERTY",
    "TITLE",
    "SUBJECT",
    "KEYWORDS",
    "COMMENTS",
    "INFO",
    "DOCVARIABLE",
    "ADDIN",
    "CITATION",
    "BIBLIOGRAPHY",
    "INCLUDEPICTURE",
    "INCLUDETEXT",
    "LINK",
    "DDE",
    "DDEAUTO",
    "MERGEFIELD",
    "DATABASE",
    "IMPORT",
    "RD",
    "FILESIZE",
    "PRIVATE",
    "HTMLCONTROL",
];
