//! EPUB 2 and 3: books. Pages, contents lists and style sheets keep every byte that does not go; the package keeps its
//! title, its language and how it is to be shown, and what it must have besides is a constant; pictures, sounds and films
//! are cleaned by their own rows; files that the package does not list go. Books with copy protection are refused; fonts
//! that are only obfuscated are written plain. It cannot find a buyer's name that is woven into the text or the pictures.

mod fonts;
mod sift;

use std::collections::{HashMap, HashSet};

use super::zip::headers::Kind;
use super::zip::rewrite::{Part, Verdict, rewrite};
use super::zip::unpack;
use crate::clean::Job;
use crate::detect::detect;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::xml::NONE;
use crate::grammar::zip::{Archive, LOCAL};
use crate::plan::Plan;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};
use crate::source::{Memory, Shared};
use fonts::Method;

/// The row.
pub static FORMAT: Format = Format {
    name: "EPUB",
    extensions: &["epub"],
    container: true,
    keeps: "pages, contents, styles, title, language, cover and pictures (cleaned), fonts, how it is shown",
    removes: "author, publisher, identifiers, dates, notes of programs and shops, comments, files that the book does not list",
    sniff,
    plan,
    witness: super::zip::witness,
};

const CONTAINER: &str = "META-INF/container.xml";
const LARGEST: u64 = 512 << 20;

fn sniff(head: &Head) -> Option<Match> {
    (head.has(0, LOCAL) && super::odf::mimetype(head.source)? == "application/epub+zip").then_some(Match::Exact)
}

/// What becomes of the files that stay.
enum Stays {
    Sifted(Option<Shared>, Vec<Finding>),
    File,
    Same,
}

fn plan(job: &Job, source: &Shared) -> Result<Plan> {
    let archive = Archive::open(source, job.limits().members)?;
    let mut names = HashSet::new();
    for entry in &archive.entries {
        if !names.insert(String::from_utf8_lossy(&entry.name).into_owned()) {
            return Err(Refusal::malformed("two members have the same name", entry.header.fixed.start));
        }
    }
    let read = |name: &str| -> Result<Option<Vec<u8>>> {
        let Some(entry) = archive.entries.iter().find(|e| e.name == name.as_bytes()) else { return Ok(None) };
        let unpacked = unpack::unpack(job, source, entry).map_err(|r| r.within(name))?;
        Ok(Some(unpacked.bytes.bytes(unpacked.bytes.span(), LARGEST)?))
    };
    if names.contains("META-INF/signatures.xml") && !job.policy().drops_on_purpose(Token::Signatures) {
        return Err(Refusal::new(Code::Signed, "the book is signed").hint("to drop the signature: --drop signatures"));
    }
    let obfuscated = protection(&names, &read)?;

    let mut stays = HashMap::from([("mimetype".to_owned(), Stays::Same)]);
    let container = read(CONTAINER)?.ok_or_else(|| Refusal::malformed("the book has no container.xml", 0))?;
    let within = |name: &str| {
        let name = name.to_owned();
        move |r: Refusal| r.within(&name)
    };
    put(&mut stays, CONTAINER, sift::plain(&container).map_err(within(CONTAINER))?);
    if let Some(bytes) = read("META-INF/com.apple.ibooks.display-options.xml")? {
        let name = "META-INF/com.apple.ibooks.display-options.xml";
        put(&mut stays, name, sift::plain(&bytes).map_err(within(name))?);
    }
    let mut identifiers = Vec::new();
    let mut items = Vec::new();
    for root in roots(&container)? {
        let bytes = read(&root)?.ok_or_else(|| Refusal::malformed("the package of the book is missing", 0).within(&root))?;
        let package = sift::package(job, &bytes).map_err(within(&root))?;
        put(&mut stays, &root, package.sifted);
        identifiers.extend(package.identifiers);
        let folder = root.rsplit_once('/').map_or("", |(f, _)| f).to_owned();
        items.extend(package.items.into_iter().filter_map(|i| Some((name_of(&folder, &i.href)?, i.kind))));
    }
    // What a library shows for the book is the picture of its first page: a part of what is read.
    let cover = items.iter().find(|(name, kind)| kind.starts_with("image/") && name.to_lowercase().contains("cover"));
    let cover = cover.map(|(name, _)| Finding::kept(name.clone(), "cover", Tells::Text, "it is a page of the book; cleaned"));
    for (name, kind) in items {
        if stays.contains_key(&name) {
            continue;
        }
        let Some(bytes) = (match is_read(&kind, &name) || obfuscated.contains_key(&name) {
            true => read(&name)?,
            false => None,
        }) else {
            stays.insert(name, Stays::File);
            continue;
        };
        let fate = item(&name, &kind, &bytes, obfuscated.get(&name).copied(), &identifiers).map_err(within(&name))?;
        stays.insert(name, fate);
    }
    let mut marks = Vec::new();
    let mut draft = rewrite(job, source, &archive, &mut |part| verdict(job, part, &mut stays, &mut marks))?;
    cover.into_iter().for_each(|found| draft.note(found));
    for name in marks {
        draft.warn(format!("{name}: it seems to say whom the book was sold to; that is text, so it stays"));
    }
    draft.seal()
}

fn put(stays: &mut HashMap<String, Stays>, name: &str, (bytes, tally): sift::Sifted) {
    stays.insert(name.to_owned(), Stays::Sifted(bytes.map(Memory::shared), tally.findings(name)));
}

/// The packages that the container names.
fn roots(container: &[u8]) -> Result<Vec<String>> {
    let doc = sift::parse(container)?;
    let of = |n: usize| doc.attr(n, NONE, "full-path").map(|a| a.value().trim_start_matches('/').to_owned());
    let roots: Vec<String> = (0..doc.len()).filter(|n| doc.local(*n) == "rootfile").filter_map(of).collect();
    match roots.is_empty() {
        true => Err(Refusal::malformed("the book names no package", 0).within(CONTAINER)),
        false => Ok(roots),
    }
}

/// Which fonts are obfuscated. Anything else that is encrypted is copy protection.
fn protection(names: &HashSet<String>, read: &dyn Fn(&str) -> Result<Option<Vec<u8>>>) -> Result<HashMap<String, Method>> {
    let drm = || Refusal::new(Code::Drm, "the book is protected against copying").hint("only whoever sold it can lift that");
    let mut out = HashMap::new();
    if let Some(bytes) = read("META-INF/encryption.xml")? {
        let doc = sift::parse(&bytes).map_err(|r| r.within("META-INF/encryption.xml"))?;
        for n in (0..doc.len()).filter(|n| doc.local(*n) == "EncryptedData") {
            let find = |local: &str, name: &str| {
                (n..doc.past(n))
                    .find(|c| doc.local(*c) == local)
                    .and_then(|c| doc.attr(c, NONE, name))
                    .map(|a| a.value().into_owned())
            };
            let method = find("EncryptionMethod", "Algorithm").and_then(|a| Method::named(&a)).ok_or_else(drm)?;
            let uri = find("CipherReference", "URI").and_then(|u| name_of("", &u)).ok_or_else(drm)?;
            out.insert(uri, method);
        }
    }
    if names.contains("META-INF/license.lcpl") || names.contains("META-INF/sinf.xml") {
        return Err(drm());
    }
    Ok(out)
}

/// The name of the member that an address relative to `folder` leads to; `None` for addresses of the web.
fn name_of(folder: &str, href: &str) -> Option<String> {
    let href = href.split(['#', '?']).next().unwrap_or_default();
    if href.split_once(':').is_some_and(|(s, _)| !s.contains('/')) {
        return None;
    }
    let mut bytes = Vec::new();
    let raw = href.as_bytes();
    let mut i = 0;
    while i < raw.len() {
        let hex = (raw[i] == b'%').then(|| href.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        bytes.push(hex.unwrap_or(raw[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    let href = String::from_utf8_lossy(&bytes).into_owned();
    let whole = if href.starts_with('/') { href } else { format!("{folder}/{href}") };
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => _ = steps.pop()?,
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

fn ends(name: &str, ends: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    ends.iter().any(|e| name.ends_with(e))
}

/// Whether a file is taken apart here.
fn is_read(kind: &str, name: &str) -> bool {
    matches!(
        kind,
        "application/xhtml+xml"
            | "application/x-dtbncx+xml"
            | "text/css"
            | "application/smil+xml"
            | "text/html"
            | "application/oebps-page-map+xml"
            | "text/x-oeb1-document"
            | "text/x-oeb1-css"
            | "application/pls+xml"
    ) || ends(name, &[".xhtml", ".html", ".htm", ".ncx", ".css", ".smil"])
}

fn item(name: &str, kind: &str, bytes: &[u8], method: Option<Method>, identifiers: &[String]) -> Result<Stays> {
    if let Some(method) = method {
        let plain = fonts::plain(bytes, method, identifiers)
            .ok_or_else(|| Refusal::new(Code::Drm, "a font is obfuscated, and no identifier of the book is its key"))?;
        let found = Finding::rewritten(name.to_owned(), "obfuscation of a font by the identifier of the book", Tells::Identifier);
        return Ok(Stays::Sifted(Some(Memory::shared(plain)), vec![found]));
    }
    let sifted = match () {
        () if kind == "application/x-dtbncx+xml" || ends(name, &[".ncx"]) => sift::contents(bytes)?,
        () if kind == "text/css" || kind == "text/x-oeb1-css" || ends(name, &[".css"]) => sift::styles(bytes),
        () if kind.contains("html") || kind == "text/x-oeb1-document" || ends(name, &["html", ".htm"]) => match sift::page(bytes)
        {
            Ok(sifted) => sifted,
            // A page that is no XML is one for the row of HTML, where there is one.
            Err(why) => match detect(&Memory::shared(bytes), name) {
                Ok(_) => return Ok(Stays::File),
                Err(_) => return Err(why),
            },
        },
        () => sift::plain(bytes)?,
    };
    let (bytes, tally) = sifted;
    Ok(Stays::Sifted(bytes.map(Memory::shared), tally.findings(name)))
}

fn verdict(job: &Job, part: &Part, stays: &mut HashMap<String, Stays>, marks: &mut Vec<String>) -> Result<Verdict> {
    let name = part.name().to_owned();
    match stays.remove(&name) {
        Some(Stays::Sifted(bytes, findings)) => {
            let shown = bytes.clone().map_or_else(|| part.bytes(), Ok)?;
            if ends(&name, &["html", ".htm"]) && is_marked(&shown)? {
                marks.push(name);
            }
            Ok(match bytes {
                Some(bytes) => Verdict::bytes(bytes, findings),
                None => findings.into_iter().fold(Verdict::same(), Verdict::and),
            })
        }
        Some(Stays::Same) => Ok(Verdict::same()),
        Some(Stays::File) if part.entry.unpacked == 0 => Ok(Verdict::same()),
        Some(Stays::File) if ends(&name, &[".ttf", ".otf", ".woff", ".woff2", ".ttc"]) => Ok(Verdict::same()),
        Some(Stays::File) if ends(&name, &[".js"]) => {
            Ok(Verdict::same().and(Finding::kept(name, "a script", Tells::Software, "what a page does is content")))
        }
        Some(Stays::File) => part.clean(job),
        None => {
            let (label, tells) = leftover(&name, part.kind);
            Ok(Verdict::gone(vec![Finding::removed(name, label, tells)]))
        }
    }
}

/// Whether a page seems to name a buyer.
fn is_marked(page: &Shared) -> Result<bool> {
    let text = page.bytes(page.span(), LARGEST)?.to_ascii_lowercase();
    let signs = [
        &b"ebook is licensed to"[..],
        b"this book is licensed to",
        b"prepared exclusively for",
        b"this copy belongs to",
        b"purchased by",
    ];
    Ok(signs.iter().any(|s| memchr::memmem::find(&text, s).is_some()))
}

/// What a file that goes was.
fn leftover(name: &str, kind: Kind) -> (&'static str, Tells) {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file {
        _ if kind == Kind::Folder => ("folders in the archive", Tells::Software),
        "calibre_bookmarks.txt" => ("bookmarks of a reader", Tells::History),
        "iTunesMetadata.plist" | "iTunesArtwork" | "iTunesMetadata-original.plist" => ("receipt of a shop", Tells::Who),
        "rights.xml" => ("rights of a buyer", Tells::Who),
        "encryption.xml" => ("list of obfuscated fonts", Tells::Identifier),
        "signatures.xml" => ("digital signature", Tells::Who),
        "metadata.xml" => ("descriptions of the book", Tells::Text),
        _ => ("a file that the book does not list", Tells::Hidden),
    }
}
