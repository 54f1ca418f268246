//! ZIP archives that are something else to the program that made them: documents, programs, scenes. Cleaned as mere
//! archives they would look clean and be broken, or not be clean; so those that have no row of their own are refused.

use crate::clean::Job;
use crate::grammar::zip::Archive;
use crate::policy::Token;
use crate::refusal::{Code, Refusal, Result};

const EXPORT: &str = "export it as PDF or as pictures and clean those";

/// Whether it is a Python wheel, which lists the checksum of every file in it. [Binary distribution format, The RECORD file]
pub(super) fn is_wheel(archive: &Archive) -> bool {
    let has = |name: &str| {
        let ends = |e: &[u8]| e.ends_with(name.as_bytes()) && e.iter().filter(|b| **b == b'/').count() == 1;
        archive.entries.iter().any(|e| ends(&e.name))
    };
    has(".dist-info/RECORD") && has(".dist-info/WHEEL")
}

/// The refusal of a wheel in which the member `name` would not stay as it is.
pub(super) fn broken_wheel(name: &str) -> Refusal {
    Refusal::unsupported("a Python wheel whose list of checksums (RECORD) would no longer hold")
        .within(name)
        .hint("clean the project's files and build the wheel from them")
}

/// Fails where the archive is a document or a program of a kind that is not supported.
///
/// # Errors
/// `Signed` or `Unsupported`, saying what it is.
pub(super) fn is_plain(job: &Job, archive: &Archive) -> Result<()> {
    let has = |name: &[u8]| archive.entries.iter().any(|e| e.name.eq_ignore_ascii_case(name));
    let any = |test: &dyn Fn(&str) -> bool| archive.entries.iter().any(|e| std::str::from_utf8(&e.name).is_ok_and(test));
    let signed = any(&|n| {
        let upper = n.to_uppercase();
        let file = upper.strip_prefix("META-INF/").filter(|f| !f.contains('/'));
        file.is_some_and(|f| [".SF", ".RSA", ".DSA", ".EC"].iter().any(|e| f.ends_with(e)))
    });
    if signed && !job.policy().drops_on_purpose(Token::Signatures) {
        return Err(Refusal::new(Code::Signed, "the archive is signed (JAR, APK or extension)"));
    }
    let refuse =
        |what: &str| Err(Refusal::unsupported(format!("{what} is not supported, so it could not be cleaned")).hint(EXPORT));
    let refuse_for = |what: &str, hint: &'static str| {
        Err(Refusal::unsupported(format!("{what} is not supported, so it could not be cleaned")).hint(hint))
    };
    let first = archive.entries.first().map_or(&b""[..], |e| &e.name);
    let scene = [&b".usd"[..], b".usda", b".usdc"].iter().any(|e| first.to_ascii_lowercase().ends_with(e));
    match () {
        () if has(b"AndroidManifest.xml") => refuse("an Android program"),
        () if has(b"META-INF/MANIFEST.MF") && any(&|n| n.ends_with(".class")) => refuse("a Java program"),
        () if has(b"3D/3dmodel.model") => refuse("a 3MF model"),
        () if has(b"xl/workbook.bin") => {
            refuse_for("a binary Excel workbook (XLSB)", "save it as XLSX in an office program and clean that")
        }
        () if any(&|n| n.to_lowercase().ends_with(".fdseq")) => {
            refuse_for("an XPS document", "print it to a PDF or convert it to one, and clean that")
        }
        () if has(b"visio/document.xml") => refuse_for("a Visio drawing", "export it as PDF or SVG and clean that"),
        () if has(b"[Content_Types].xml") => refuse("this kind of Office or Open Packaging document"),
        () if any(&|n| n.ends_with(".iwa") || n == "Index.zip" || n == "index.apxl" || n == "index.xml.gz") => refuse_for(
            "an iWork document (Pages, Numbers, Keynote)",
            "export it as DOCX, XLSX, PPTX or PDF in the program that made it, and clean that",
        ),
        () if first == b"mimetype" => refuse("this kind of document in a ZIP (OpenDocument, EPUB, Krita, OpenRaster …)"),
        () if scene => refuse("a USDZ scene"),
        () if has(b"document.json") && any(&|n| n.starts_with("pages/")) => refuse("a Sketch document"),
        () => Ok(()),
    }
}
