//! The package around an office document: parts by name, their content types, their relationships, and which types of
//! relationship lead to something that may stay. [ISO 29500-2]

use std::collections::HashMap;

use super::ns::{self, PACKAGE};
use crate::clean::Job;
use crate::finding::Tells;
use crate::formats::zip::unpack;
use crate::grammar::text::Text;
use crate::grammar::xml::{Doctype, Document, NONE};
use crate::grammar::zip::Archive;
use crate::refusal::{Refusal, Result};
use crate::source::Shared;

/// The name of the list of content types.
pub(super) const TYPES: &str = "[Content_Types].xml";
/// The largest XML part that is taken apart.
pub(super) const LARGEST: u64 = 512 << 20;

/// The parts of a package.
pub(super) struct Package<'a> {
    job: &'a Job<'a>,
    source: &'a Shared,
    archive: &'a Archive,
    /// Where in the archive a part is, by its name in lower case.
    index: HashMap<String, usize>,
    defaults: HashMap<String, String>,
    overrides: HashMap<String, String>,
}

/// One relationship.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// Its identifier, which elements refer to.
    pub(super) id: String,
    /// The last step of its type.
    pub(super) kind: String,
    /// Where it leads, as written.
    pub(super) target: String,
    /// Whether it leads out of the package.
    pub(super) external: bool,
    /// Its element in the list.
    pub(super) node: usize,
}

impl<'a> Package<'a> {
    /// Reads the list of content types.
    ///
    /// # Errors
    /// `Malformed` where two parts have one name or the list is missing.
    pub(super) fn open(job: &'a Job<'a>, source: &'a Shared, archive: &'a Archive) -> Result<Package<'a>> {
        let mut index = HashMap::new();
        for (i, entry) in archive.entries.iter().enumerate() {
            let name = String::from_utf8_lossy(&entry.name).replace('\\', "/").to_lowercase();
            if index.insert(name, i).is_some() {
                return Err(Refusal::malformed("two parts have the same name", entry.header.fixed.start)
                    .within(&String::from_utf8_lossy(&entry.name)));
            }
        }
        let mut package = Package { job, source, archive, index, defaults: HashMap::new(), overrides: HashMap::new() };
        let types = package.find(TYPES).ok_or_else(|| Refusal::malformed("there is no list of content types", 0))?;
        let bytes = package.read(types)?;
        let doc = parse(&bytes).map_err(|r| r.within(TYPES))?;
        for n in doc.children(0) {
            let get = |name| doc.attr(n, NONE, name).map(|a| a.value().into_owned()).unwrap_or_default();
            match doc.local(n) {
                "Default" => _ = package.defaults.insert(get("Extension").to_lowercase(), get("ContentType")),
                "Override" => {
                    _ = package.overrides.insert(get("PartName").trim_start_matches('/').to_lowercase(), get("ContentType"));
                }
                _ => {}
            }
        }
        Ok(package)
    }

    /// Where in the archive a part of this name is.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        let found = self.index.get(&name).or_else(|| self.index.get(&percent_decoded(&name)));
        found.copied()
    }

    /// The name of a part.
    pub(super) fn name(&self, part: usize) -> String {
        String::from_utf8_lossy(&self.archive.entries[part].name).replace('\\', "/")
    }

    /// The content type of a part, empty where it has none.
    pub(super) fn content_type(&self, part: usize) -> &str {
        let name = self.name(part).to_lowercase();
        let extension = name.rsplit('/').next().and_then(|n| n.rsplit_once('.')).map_or("", |(_, e)| e);
        self.overrides.get(&name).or_else(|| self.defaults.get(extension)).map_or("", String::as_str)
    }

    /// Whether a part has no bytes at all.
    pub(super) fn is_empty(&self, part: usize) -> bool {
        self.archive.entries[part].unpacked == 0
    }

    /// The bytes of an XML part, in UTF-8.
    ///
    /// # Errors
    /// Those of a damaged archive, `Malformed` for damaged UTF-16, and `Limit`.
    pub(super) fn read(&self, part: usize) -> Result<Vec<u8>> {
        let raw = self.raw(part)?;
        let wide = {
            let text = Text::read(&raw).map_err(|r| r.within(&self.name(part)))?;
            text.is_wide().then(|| text.bytes().to_vec())
        };
        Ok(wide.unwrap_or(raw))
    }

    /// An XML part in UTF-8 as it is to be written: in the encoding that the part has.
    pub(super) fn written(&self, part: usize, bytes: Vec<u8>) -> Vec<u8> {
        let head = unpack::peek(self.source, &self.archive.entries[part], 4).unwrap_or_default();
        match Text::read(&head) {
            Ok(text) => text.write(bytes),
            Err(_) => bytes,
        }
    }

    /// The bytes of a part as they are.
    ///
    /// # Errors
    /// Those of a damaged archive, and `Limit`.
    pub(super) fn raw(&self, part: usize) -> Result<Vec<u8>> {
        let entry = &self.archive.entries[part];
        let name = String::from_utf8_lossy(&entry.name);
        if entry.unpacked > LARGEST {
            return Err(Refusal::limit("an XML part of more than 512 MiB").within(&name));
        }
        let unpacked = unpack::unpack(self.job, self.source, entry).map_err(|r| r.within(&name))?;
        Ok(unpacked.bytes.bytes(unpacked.bytes.span(), LARGEST)?)
    }

    /// The part that lists the relationships of `part` (of the package itself where that is none).
    pub(super) fn relations_of(&self, part: Option<usize>) -> Option<usize> {
        self.find(&relations_name(part.map(|p| self.name(p)).as_deref().unwrap_or("")))
    }

    /// Where a relationship of `from` leads, as the name of a part.
    ///
    /// # Errors
    /// `Malformed` where that is out of the package.
    pub(super) fn resolve(&self, from: Option<usize>, target: &str) -> Result<String> {
        let target = target.split(['#', '?']).next().unwrap_or_default().replace('\\', "/");
        let base = from.map(|p| self.name(p)).unwrap_or_default();
        let folder = base.rsplit_once('/').map_or("", |(f, _)| f);
        let whole = match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{folder}/{target}"),
        };
        let mut steps: Vec<&str> = Vec::new();
        for step in whole.split('/') {
            match step {
                "" | "." => {}
                ".." if steps.pop().is_none() => return Err(Refusal::malformed("a relationship leads out of the package", 0)),
                ".." => {}
                step => steps.push(step),
            }
        }
        Ok(steps.join("/"))
    }
}

/// The name of the part that lists the relationships of the part of that name.
fn relations_name(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/_rels/{file}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// Takes an XML part apart.
///
/// # Errors
/// As [`Document::parse`].
pub(super) fn parse(bytes: &[u8]) -> Result<Document<'_>> {
    Document::parse(bytes, Doctype::Refused, &ns::number)
}

/// The relationships in a list of them.
pub(super) fn relations(doc: &Document) -> Vec<Relation> {
    let of = |n| {
        let get = |name| doc.attr(n, NONE, name).map(|a| a.value().trim().to_owned()).unwrap_or_default();
        let kind = get("Type");
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        Relation {
            id: get("Id"),
            kind,
            target: get("Target"),
            external: get("TargetMode").eq_ignore_ascii_case("external"),
            node: n,
        }
    };
    doc.children(0).filter(|n| doc.ns(*n) == PACKAGE && doc.local(*n) == "Relationship").map(of).collect()
}

fn percent_decoded(name: &str) -> String {
    let (mut out, bytes) = (Vec::with_capacity(name.len()), name.as_bytes());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| bytes.get(i + 1..i + 3)).flatten();
        match hex.and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(b) => {
                out.push(b);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).to_lowercase()
}

/// What a relationship leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// An XML part that is taken apart and followed.
    Xml,
    /// A picture, a sound, a film.
    Media,
    /// A document inside the document.
    Package,
    /// An object of another program.
    Object,
    /// An embedded font.
    Font,
    /// A document that is merged into this one when it is opened.
    Chunk,
    /// A link that a person can follow.
    Link,
    /// Macros, where the policy keeps them.
    Macros,
    /// Something that goes.
    Gone(&'static str, Tells),
}

/// What a type of relationship leads to. Types that are not known lead to something that goes.
pub(super) fn leads(kind: &str, content_type: &str) -> Leads {
    let gone = |label, tells| Leads::Gone(label, tells);
    match kind {
        "customXml" if content_type.eq_ignore_ascii_case("application/inkml+xml") => Leads::Xml,
        "styles"
        | "settings"
        | "fontTable"
        | "numbering"
        | "theme"
        | "footnotes"
        | "endnotes"
        | "header"
        | "footer"
        | "chart"
        | "chartEx"
        | "diagramData"
        | "diagramLayout"
        | "diagramQuickStyle"
        | "diagramColors"
        | "diagramDrawing"
        | "themeOverride"
        | "chartUserShapes"
        | "chartStyle"
        | "chartColorStyle"
        | "worksheet"
        | "chartsheet"
        | "dialogsheet"
        | "sharedStrings"
        | "sheetMetadata"
        | "table"
        | "drawing"
        | "vmlDrawing"
        | "legacyDiagramText"
        | "pivotTable"
        | "pivotCacheDefinition"
        | "pivotCacheRecords"
        | "slicer"
        | "slicerCache"
        | "timeline"
        | "timelineCache"
        | "ctrlProp"
        | "rdRichValue"
        | "rdRichValueStructure"
        | "rdRichValueTypes"
        | "rdSupportingPropertyBag"
        | "rdSupportingPropertyBagStructure"
        | "richStyles"
        | "richValueRel"
        | "rdRichValueWebImage"
        | "FeaturePropertyBag"
        | "slide"
        | "slideLayout"
        | "slideMaster"
        | "notesSlide"
        | "notesMaster"
        | "handoutMaster"
        | "tableStyles"
        | "presProps"
        | "ink" => Leads::Xml,
        "image" | "audio" | "video" | "media" => Leads::Media,
        "package" => Leads::Package,
        "oleObject" => Leads::Object,
        "font" => Leads::Font,
        "aFChunk" => Leads::Chunk,
        "hyperlink" => Leads::Link,
        "core-properties" | "extended-properties" | "extendedProperties" | "custom-properties" | "customProperties" => {
            gone("document properties", Tells::Who)
        }
        "thumbnail" => gone("preview picture", Tells::Preview),
        "customXml" | "customXmlProps" => gone("custom XML data", Tells::Unknown),
        "vbaProject" | "wordVbaData" | "control" | "activeXControlBinary" => gone("macros and controls", Tells::Software),
        "extensibility"
        | "userCustomization"
        | "attachedToolbars"
        | "keyMapCustomizations"
        | "webextension"
        | "webextensiontaskpanes"
        | "taskpanes" => gone("customised user interface", Tells::Software),
        "comments" | "commentsExtended" | "commentsIds" | "commentsExtensible" | "threadedComment" => {
            gone("comments", Tells::Who)
        }
        "people" | "person" | "commentAuthors" | "authors" => gone("people who commented", Tells::Who),
        "printerSettings" => gone("printer settings", Tells::Device),
        "attachedTemplate" => gone("path of the template", Tells::History),
        "mailMergeSource" | "mailMergeHeaderSource" | "recipientData" => gone("mail merge", Tells::Who),
        "connections" | "queryTable" | "xmlMaps" | "volatileDependencies" | "powerPivotData" | "tableSingleCells" => {
            gone("data connections", Tells::Who)
        }
        "externalLink" | "externalLinkPath" | "externalLinkLongPath" | "xlPathMissing" => {
            gone("cells of other workbooks", Tells::History)
        }
        "revisionHeaders" | "revisionLog" | "usernames" | "changesInfo" | "revisionInfo" | "slideUpdateInfo" => {
            gone("editing history", Tells::History)
        }
        "calcChain" => gone("order of calculation", Tells::History),
        "tags" | "customProperty" => gone("tags of programs", Tells::Identifier),
        "viewProps" | "webSettings" | "stylesWithEffects" => gone("settings of the program", Tells::Software),
        "glossaryDocument" => gone("building blocks", Tells::Hidden),
        "subDocument" | "frame" => gone("path of another document", Tells::History),
        "hdphoto" => gone("original of an edited picture", Tells::Hidden),
        "origin" | "signature" | "certificate" => gone("digital signature", Tells::Who),
        "classificationlabels" => gone("sensitivity labels", Tells::Identifier),
        _ => gone("part of an unknown kind", Tells::Unknown),
    }
}

/// Whether elements name relationships of this kind, so that one that no element names is nobody's.
pub(super) fn is_named(leads: Leads) -> bool {
    !matches!(leads, Leads::Xml | Leads::Font | Leads::Macros | Leads::Gone(..))
}

/// Whether a link may stay: addresses of the web, of mail and telephone, places in this document, files beside it.
pub(super) fn may_link(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    let scheme = lower
        .split_once(':')
        .map(|(s, _)| s)
        .filter(|s| s.len() > 1 && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')));
    match scheme {
        Some(s) => matches!(
            s,
            "http"
                | "https"
                | "mailto"
                | "ftp"
                | "ftps"
                | "sftp"
                | "tel"
                | "sms"
                | "callto"
                | "xmpp"
                | "news"
                | "nntp"
                | "irc"
                | "sip"
                | "skype"
                | "msteams"
                | "geo"
        ),
        None => {
            let is_path = target.contains('\\') || target.starts_with('/') || target.contains(':') || target.contains("%5C");
            !is_path && !leads_home(&lower)
        }
    }
}

/// Whether an address leads up to the root of a disk and down again into somebody's folder.
fn leads_home(lower: &str) -> bool {
    let down = lower.trim_start_matches("../");
    let mut folders = down.split('/');
    let home = matches!(folders.next(), Some("home" | "users" | "documents%20and%20settings" | "documents and settings"));
    down.len() < lower.len() && home && folders.count() > 1
}
