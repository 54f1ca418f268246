//! The names of outputs: `photo.clean.jpg` beside the input, or `image-0001.jpg` where names should tell nothing. Neutral
//! names count in the order of the inputs; they are made neither from the content nor from the old name, since both could
//! be matched.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::input::Opened;
use super::walk::{Input, Item, Target};
use crate::detect;
use crate::finding::Finding;
use crate::format::Format;
use crate::formats::archive;
use crate::names::filename;
use crate::policy::{Policy, Token};
use crate::report::NAME;
use crate::settings::Settings;

/// The name of a cleaned file: `.clean` goes before the extension, and before both of `.tar.gz`.
pub(super) fn clean_file(name: &OsStr) -> OsString {
    let path = Path::new(name);
    let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else { return clean_folder(name) };
    let inner = Path::new(stem);
    let (stem, middle) = match (inner.file_stem(), inner.extension()) {
        (Some(short), Some(tar)) if tar.eq_ignore_ascii_case("tar") => (short, Some(tar)),
        _ => (stem, None),
    };
    let mut clean = stem.to_os_string();
    clean.push(".clean");
    for part in middle.into_iter().chain([extension]) {
        clean.push(".");
        clean.push(part);
    }
    clean
}

/// The name of a cleaned folder.
pub(super) fn clean_folder(name: &OsStr) -> OsString {
    let mut clean = name.to_os_string();
    clean.push(".clean");
    clean
}

/// Why an entry of a folder is left out: nobody means to share what systems and programs leave there, and it tells. The
/// same names go from archives.
pub(super) fn left_out(policy: &Policy, name: &OsStr) -> Option<&'static str> {
    let name = name.to_string_lossy();
    let junk = if policy.keeps(Token::JunkEntries) { None } else { archive::junk(&name).map(|(what, _)| what) };
    let sidecar = !policy.keeps(Token::Sidecars) && archive::is_sidecar(&name);
    junk.or(sidecar.then_some("a side-car of another file"))
}

/// What the name of an output tells, where it keeps one that does.
pub(super) fn tells(path: &Path) -> Option<Finding> {
    let name = path.file_name()?.to_string_lossy();
    let said = filename::speaks(&name);
    let (_, tells) = *said.first()?;
    let what: Vec<&str> = said.iter().map(|(what, _)| *what).collect();
    let why = format!("it tells of {}; --rename gives one that does not", what.join(" and "));
    Some(Finding::kept(NAME, "the file name", tells, why))
}

/// Gives every output that will be a file a name without content. What cannot be opened or is of no known type keeps its
/// name; it will be refused anyway. A name that somebody chose with `-o` is left alone.
pub(super) fn neutral(settings: &Settings, items: &mut [Item]) {
    let mut counts: HashMap<&'static str, u32> = HashMap::new();
    let mut taken: HashSet<PathBuf> = HashSet::new();
    for item in items {
        let (Target::File(place), Input::File { follow }) = (&item.target, &item.input) else { continue };
        let chosen = matches!(&settings.to, crate::settings::Destination::Output(o) if o == place);
        if chosen {
            continue;
        }
        let name = item.shown.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(opened) = Opened::file(&item.shown, *follow) else { continue };
        let Ok(format) = detect::detect(&opened.source, &name) else { continue };
        let extension = extension(format, &name);
        let kind = kind(&extension, format);
        let count = counts.entry(kind).or_insert(0);
        loop {
            *count += 1;
            let path = place.with_file_name(format!("{kind}-{count:04}.{extension}"));
            if (settings.force || std::fs::symlink_metadata(&path).is_err()) && taken.insert(path.clone()) {
                item.target = Target::File(path);
                break;
            }
        }
    }
}

/// The extension of a neutral name: the one the file has, where its format knows it, else the usual one.
fn extension(format: &Format, name: &str) -> String {
    let has = detect::extension_of(name);
    let known = format.extensions.contains(&has.as_str());
    if known { has } else { format.extensions.first().copied().unwrap_or("bin").to_owned() }
}

/// What a person calls files of this kind.
fn kind(extension: &str, format: &Format) -> &'static str {
    const KINDS: [(&str, &[&str]); 6] = [
        ("image", &["jpg", "jpeg", "png", "apng", "gif", "webp", "bmp", "ico", "cur", "tif", "tiff", "heic", "heif", "avif"]),
        ("image", &["jxl", "jp2", "jpx", "j2k", "svg", "svgz", "psd", "psb", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2"]),
        ("video", &["mp4", "m4v", "mov", "3gp", "3g2", "mkv", "webm", "avi", "wmv", "asf", "flv", "ts", "m2ts", "mpg", "ogv"]),
        ("audio", &["mp3", "m4a", "m4b", "aac", "flac", "ogg", "oga", "opus", "wav", "aif", "aiff", "ape", "wv", "wma", "mka"]),
        ("text", &["txt", "text", "md", "csv", "tsv", "log", "srt", "vtt", "nfo", "asc"]),
        ("archive", &["zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "cbz", "jar"]),
    ];
    const DOCUMENTS: [&str; 19] = [
        "pdf", "docx", "docm", "dotx", "xlsx", "xlsm", "pptx", "pptm", "odt", "ods", "odp", "odg", "epub", "html", "htm", "rtf",
        "doc", "xls", "ppt",
    ];
    match KINDS.iter().find(|(_, extensions)| extensions.contains(&extension)) {
        Some((kind, _)) => kind,
        None if DOCUMENTS.contains(&extension) => "document",
        None if format.container => "archive",
        None => "file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_goes_before_the_extension() {
        let clean = |name: &str| clean_file(OsStr::new(name)).into_string().unwrap();
        assert_eq!(clean("photo.jpg"), "photo.clean.jpg");
        assert_eq!(clean("a.b.jpg"), "a.b.clean.jpg");
        assert_eq!(clean("backup.tar.gz"), "backup.clean.tar.gz");
        assert_eq!(clean("README"), "README.clean");
        assert_eq!(clean(".hidden"), ".hidden.clean");
        assert_eq!(clean(".hidden.png"), ".hidden.clean.png");
    }

    #[test]
    fn names_that_speak_are_heard() {
        assert!(tells(Path::new("IMG-20240131-WA0007.jpg")).is_some());
        assert!(tells(Path::new("2024-01-31/boat.jpg")).is_none());
    }
}
