//! Word, Excel and PowerPoint documents, built here part by part.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::grammar::cfb::{self, Content, Entry};
use metascrub::policy::{Policy, Token, TrackedChanges, UnknownMembers};
use metascrub::refusal::Code;

pub const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
pub const P: &str = "http://schemas.openxmlformats.org/package/2006";
pub const W: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

pub fn pack(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(data.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn part(bytes: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = String::new();
    zip.by_name(name).unwrap_or_else(|_| panic!("{name} is not there")).read_to_string(&mut out).unwrap();
    out
}

pub fn has(bytes: &[u8], name: &str) -> bool {
    zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().by_name(name).is_ok()
}

pub fn rels(items: &str) -> String {
    format!("<Relationships xmlns=\"{P}/relationships\">{items}</Relationships>")
}

pub fn rel(id: &str, kind: &str, target: &str, external: bool) -> String {
    let mode = if external { " TargetMode=\"External\"" } else { "" };
    format!("<Relationship Id=\"{id}\" Type=\"{R}/{kind}\" Target=\"{target}\"{mode}/>")
}

/// A document with this body, these relationships, and these further parts.
pub fn docx(body: &str, links: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/word/document.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let document = format!(
        "<w:document {W} xmlns:r=\"{R}\" xmlns:w14=\"http://schemas.microsoft.com/office/word/2010/wordml\"><w:body>{body}</w:body></w:document>"
    );
    let (root, list) = (rels(&rel("rId1", "officeDocument", "word/document.xml", false)), rels(links));
    let mut parts = vec![("[Content_Types].xml", &*types), ("_rels/.rels", &root), ("word/document.xml", &document)];
    if !links.is_empty() {
        parts.push(("word/_rels/document.xml.rels", &list));
    }
    parts.extend_from_slice(more);
    pack(&parts)
}

pub fn body(bytes: &[u8]) -> String {
    let text = part(bytes, "word/document.xml");
    let start = text.find("<w:body>").unwrap() + 8;
    text[start..text.find("</w:body>").unwrap()].to_owned()
}

fn accepted(given: &str) -> String {
    body(&scrub("a.docx", &docx(given, "", &[])).unwrap().bytes)
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/ooxml").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("letter.docx", &sample("letter.docx"), 97);
}

#[test]
fn nothing_to_remove() {
    scrub("clean.docx", &sample("clean.docx")).unwrap().unchanged();
    for name in ["letter.docx", "table.xlsx", "slides.pptx"] {
        let once = scrub(name, &sample(name)).unwrap();
        scrub(name, &once.bytes).unwrap().unchanged();
    }
}

#[test]
fn everything_at_once() {
    for name in ["letter.docx", "table.xlsx", "slides.pptx"] {
        let clean = scrub(name, &sample(name)).unwrap();
        clean.had_secrets().tells_nothing().changed().found("author");
    }
    let clean = scrub("letter.docx", &sample("letter.docx")).unwrap();
    assert_eq!(body(&clean.bytes).matches("KEEPME").count(), 8);
    assert!(!has(&clean.bytes, "word/comments.xml") && !has(&clean.bytes, "word/media/image2.gif"));
    assert!(has(&clean.bytes, "word/media/image1.gif"));
    let clean = scrub("table.xlsx", &sample("table.xlsx")).unwrap();
    let sheet = part(&clean.bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<c r=\"B1\"><v>7</v></c>") && sheet.contains("<f>SUM(B1:B1)</f>"));
    assert!(!sheet.contains("legacyDrawing") && sheet.contains("<pageSetup orientation=\"portrait\"/>"));
    assert!(part(&clean.bytes, "xl/sharedStrings.xml").contains("<si><t/></si>"));
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = docx("<w:p/>", "", &[("word/forgotten.xml", "<a>CANARY</a>")]);
    scrub("a.docx", &bytes).unwrap().had_secrets().tells_nothing();
    bytes.extend_from_slice(b"CANARY");
    scrub("a.docx", &bytes).unwrap().tells_nothing();
}

#[test]
fn out_of_order() {
    let bytes = docx("<w:p><w:r><w:t>KEEPME</w:t></w:r></w:p>", "", &[]);
    let parts = ["word/document.xml", "_rels/.rels", "[Content_Types].xml"].map(|n| (n, part(&bytes, n)));
    let turned: Vec<(&str, &str)> = parts.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let clean = scrub("a.docx", &pack(&turned)).unwrap();
    assert_eq!(clean.cleaned.format().name, "Word");
    assert!(body(&clean.bytes).contains("KEEPME"));
}

#[test]
fn tracked_changes_are_accepted() {
    let by = "w:id=\"1\" w:author=\"CANARY\" w:date=\"2024-01-01T00:00:00Z\"";
    let gone = format!("<w:del {by}><w:r><w:delText>CANARY</w:delText></w:r></w:del>");
    assert_eq!(
        accepted(&format!("<w:p>{gone}<w:ins {by}><w:r><w:t>a</w:t></w:r></w:ins></w:p>")),
        "<w:p><w:r><w:t>a</w:t></w:r></w:p>"
    );
    let nested = format!("<w:p><w:ins {by}><w:r><w:t>a</w:t></w:r>{gone}</w:ins></w:p>");
    assert_eq!(accepted(&nested), "<w:p><w:r><w:t>a</w:t></w:r></w:p>");
    let format = format!("<w:p><w:r><w:rPr><w:b/><w:rPrChange {by}><w:rPr/></w:rPrChange></w:rPr><w:t>a</w:t></w:r></w:p>");
    assert_eq!(accepted(&format), "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>a</w:t></w:r></w:p>");
    let row = |mark: &str, text: &str| format!("<w:tr>{mark}<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc></w:tr>");
    let dead = format!("<w:trPr><w:del {by}/></w:trPr>");
    let table = |rows: &str| format!("<w:tbl>{rows}</w:tbl><w:p/>");
    assert_eq!(accepted(&table(&(row(&dead, "CANARY") + &row("", "b")))), table(&row("", "b")));
    assert_eq!(accepted(&table(&row(&dead, "CANARY"))), "<w:p/>");
}

#[test]
fn a_deleted_paragraph_mark_joins_the_paragraphs() {
    let mark = "<w:rPr><w:del w:id=\"1\" w:author=\"CANARY\"/></w:rPr>";
    let p = |properties: &str, text: &str| format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>");
    let joined = "<w:p><w:pPr><w:jc/></w:pPr><w:r><w:t>a</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>";
    assert_eq!(accepted(&(p(mark, "a") + &p("<w:jc/>", "b"))), joined);
    let empty = format!("<w:p><w:pPr>{mark}</w:pPr></w:p>");
    assert_eq!(accepted(&(empty.clone() + &p("<w:jc/>", "b"))), p("<w:jc/>", "b"));
    let last = format!("<w:tbl><w:tr><w:tc><w:p><w:pPr>{mark}</w:pPr></w:p></w:tc></w:tr></w:tbl><w:p/>");
    assert!(accepted(&last).contains("<w:tc><w:p><w:pPr><w:rPr></w:rPr></w:pPr></w:p></w:tc>"), "a cell keeps a paragraph");
    assert_eq!(accepted(&(p(mark, "a") + "<w:p/>")), "<w:p><w:r><w:t>a</w:t></w:r></w:p>");
}

fn tracked(mode: TrackedChanges, given: &str) -> String {
    let policy = Policy { tracked_changes: mode, ..Policy::default() };
    let clean = scrub_under(&policy, "a.docx", &docx(given, "", &[])).unwrap();
    scrub_under(&policy, "a.docx", &clean.bytes).unwrap().unchanged();
    body(&clean.bytes)
}

#[test]
fn tracked_changes_are_rejected() {
    let by = "w:id=\"1\" w:author=\"CANARY\" w:date=\"2024-01-01T00:00:00Z\"";
    let rejected = |given: &str| tracked(TrackedChanges::Reject, given);
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let gone = format!("<w:ins {by}>{}</w:ins><w:moveTo {by}>{}</w:moveTo>", run("CANARY"), run("CANARY"));
    let back = format!("<w:del {by}><w:r><w:delText xml:space=\"preserve\">a </w:delText></w:r></w:del>");
    let plain = "<w:p><w:r><w:t xml:space=\"preserve\">a </w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>";
    assert_eq!(rejected(&format!("<w:p>{gone}{back}<w:moveFrom {by}>{}</w:moveFrom></w:p>", run("b"))), plain);
    // What one inserted and another deleted was never there.
    assert_eq!(rejected(&format!("<w:p><w:ins {by}>{back}</w:ins></w:p>")), "<w:p></w:p>");
    let format = format!(
        "<w:p><w:pPr><w:jc/><w:rPr><w:i/></w:rPr><w:pPrChange {by}><w:pPr><w:ind/></w:pPr></w:pPrChange></w:pPr>\
         <w:r><w:rPr><w:b/><w:rPrChange {by}><w:rPr><w:u/></w:rPr></w:rPrChange></w:rPr><w:t>a</w:t></w:r></w:p>"
    );
    assert_eq!(
        rejected(&format),
        "<w:p><w:pPr><w:ind/><w:rPr><w:i/></w:rPr></w:pPr><w:r><w:rPr><w:u/></w:rPr><w:t>a</w:t></w:r></w:p>"
    );
    let row = |mark: &str, text: &str| format!("<w:tr><w:trPr>{mark}</w:trPr><w:tc><w:p>{}</w:p></w:tc></w:tr>", run(text));
    let (new, dead) = (format!("<w:ins {by}/>"), format!("<w:del {by}/>"));
    let table = |rows: &str| format!("<w:tbl>{rows}</w:tbl><w:p/>");
    assert_eq!(rejected(&table(&(row(&new, "CANARY") + &row(&dead, "b")))), table(&row("", "b")));
    assert_eq!(rejected(&table(&row(&new, "CANARY"))), "<w:p/>");
    let mark = format!("<w:rPr><w:ins {by}/></w:rPr>");
    let split = format!("<w:p><w:pPr>{mark}</w:pPr>{}</w:p><w:p><w:pPr><w:jc/></w:pPr>{}</w:p>", run("a"), run("b"));
    assert_eq!(rejected(&split), format!("<w:p><w:pPr><w:jc/></w:pPr>{}{}</w:p>", run("a"), run("b")));
    let kept = format!("<w:p><w:pPr><w:rPr><w:del {by}/></w:rPr></w:pPr>{}</w:p><w:p>{}</w:p>", run("a"), run("b"));
    assert_eq!(rejected(&kept).matches("<w:p>").count(), 2);
}

#[test]
fn tracked_changes_are_kept_without_people_and_times() {
    let by = "w:id=\"1\" w:author=\"CANARY\" w:date=\"2024-01-01T00:00:00Z\"";
    let given = format!(
        "<w:p><w:ins {by}><w:r><w:t>a</w:t></w:r></w:ins><w:moveFromRangeStart {by} w:name=\"CANARY\"/><w:moveFromRangeEnd w:id=\"1\"/></w:p>"
    );
    let by = "w:id=\"1\" w:author=\"Author\"";
    let kept = format!(
        "<w:p><w:ins {by}><w:r><w:t>a</w:t></w:r></w:ins><w:moveFromRangeStart {by} w:name=\"move1\"/><w:moveFromRangeEnd w:id=\"1\"/></w:p>"
    );
    assert_eq!(tracked(TrackedChanges::Anonymise, &given), kept);
}

#[test]
fn tracked_changes_are_refused_where_the_policy_says_so() {
    let bytes = docx("<w:p><w:ins w:id=\"1\" w:author=\"A\"><w:r/></w:ins></w:p>", "", &[]);
    let policy = Policy { tracked_changes: TrackedChanges::Refuse, ..Policy::default() };
    assert!(scrub_under(&policy, "a.docx", &bytes).is_err());
}

#[test]
fn fields_that_tell_become_what_they_show() {
    let c = |t: &str| format!("<w:r><w:fldChar w:fldCharType=\"{t}\"/></w:r>");
    let code = |s: &str| format!("<w:r><w:instrText>{s}</w:instrText></w:r>");
    let show = |s: &str| format!("<w:r><w:t>{s}</w:t></w:r>");
    let field = |s: &str, r: &str| c("begin") + &code(s) + &c("separate") + &show(r) + &c("end");
    let text = accepted(&format!("<w:p>{}</w:p>", field(" FILENAME \\p CANARY", "KEEPME")));
    assert!(text.contains("KEEPME") && !text.contains("fldChar") && !text.contains("instrText"));
    let page = format!("<w:p>{}</w:p>", field(" PAGE ", "1"));
    assert_eq!(accepted(&page), page);
    let nested = format!(
        "<w:p>{}{}{}{}{}{}</w:p>",
        c("begin"),
        code(" IF "),
        field(" AUTHOR ", "x"),
        c("separate"),
        show("KEEPME"),
        c("end")
    );
    assert!(accepted(&nested).contains(" IF "));
    assert_eq!(
        accepted("<w:p><w:fldSimple w:instr=\" AUTHOR \"><w:r><w:t>a</w:t></w:r></w:fldSimple></w:p>"),
        "<w:p><w:r><w:t>a</w:t></w:r></w:p>"
    );
}

#[test]
fn links_of_the_web_stay_and_links_to_files_go() {
    let body = "<w:p><w:hyperlink r:id=\"a\"><w:r/></w:hyperlink><w:hyperlink r:id=\"b\"><w:r/></w:hyperlink></w:p>";
    let links =
        rel("a", "hyperlink", "https://example.org", true) + &rel("b", "hyperlink", "file:///C:/Users/CANARY/x.docx", true);
    let clean = scrub("a.docx", &docx(body, &links, &[])).unwrap();
    clean.tells_nothing().found("link to a file");
    assert!(part(&clean.bytes, "word/document.xml").contains("<w:hyperlink><w:r/></w:hyperlink>"));
    assert!(part(&clean.bytes, "word/_rels/document.xml.rels").contains("https://example.org"));
}

#[test]
fn a_relationship_without_a_part_goes_with_its_reference() {
    let body = "<w:p><w:r><w:drawing><a:blip xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" r:embed=\"x\"/></w:drawing></w:r></w:p>";
    let clean = scrub("a.docx", &docx(body, &rel("x", "image", "media/none.png", false), &[])).unwrap();
    assert!(!part(&clean.bytes, "word/document.xml").contains("r:embed"));
    assert!(!part(&clean.bytes, "word/_rels/document.xml.rels").contains("none.png"));
}

#[test]
fn hostile_packages_are_refused() {
    let deep = "<w:p>".repeat(300) + &"</w:p>".repeat(300);
    assert_eq!(refusal("a.docx", &docx(&deep, "", &[])).code(), Code::Limit);
    assert_eq!(refusal("a.docx", &docx("<w:p></w:r>", "", &[])).code(), Code::Malformed);
    let up = rel("x", "image", "../../../etc/passwd", false);
    assert_eq!(refusal("a.docx", &docx("<w:p/>", &up, &[])).code(), Code::Malformed);
    assert_eq!(refusal("a.docx", &docx("<w:p/>", "", &[("WORD/document.xml", "<a/>")])).code(), Code::Malformed);
    let dtd = [("word/styles.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")];
    assert_eq!(refusal("a.docx", &docx("<w:p/>", &rel("x", "styles", "styles.xml", false), &dtd)).code(), Code::Unsupported);
}

#[test]
fn bytes_outside_of_what_goes_are_the_same() {
    let body = "<w:p  w:rsidR='00A1'\n><w:r ><w:t xml:space = \"preserve\"> a &#x26; b </w:t></w:r ></w:p >";
    assert_eq!(accepted(body), body.replace("  w:rsidR='00A1'", ""));
}

#[test]
fn an_empty_part_is_no_part() {
    let clean =
        scrub("a.docx", &docx("<w:p/>", &rel("x", "fontTable", "fontTable.xml", false), &[("word/fontTable.xml", "")])).unwrap();
    assert!(!has(&clean.bytes, "word/fontTable.xml"));
}

pub fn pack_bytes(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A document with one embedded object.
fn with_object(object: &[u8]) -> Vec<u8> {
    let plain = docx(
        "<w:p><w:r><w:object><o:OLEObject xmlns:o=\"urn:schemas-microsoft-com:office:office\" r:id=\"x\"/></w:object></w:r></w:p>",
        &rel("x", "oleObject", "embeddings/oleObject1.bin", false),
        &[],
    );
    let names = ["[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/_rels/document.xml.rels"];
    let texts: Vec<(&str, String)> = names.iter().map(|n| (*n, part(&plain, n))).collect();
    let mut parts: Vec<(&str, &[u8])> = texts.iter().map(|(n, t)| (*n, t.as_bytes())).collect();
    parts.push(("word/embeddings/oleObject1.bin", object));
    pack_bytes(&parts)
}

fn object_of(bytes: &[u8]) -> Entry {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = Vec::new();
    zip.by_name("word/embeddings/oleObject1.bin").unwrap().read_to_end(&mut out).unwrap();
    cfb::read(&out).unwrap()
}

pub fn stream(name: &str, data: &[u8]) -> Entry {
    Entry { name: name.encode_utf16().collect(), class: [0; 16], state: 0, content: Content::Stream(data.to_vec()) }
}

pub fn root_of(entries: Vec<Entry>) -> Entry {
    Entry { name: "Root Entry".encode_utf16().collect(), class: [7; 16], state: 0, content: Content::Storage(entries) }
}

#[test]
fn a_packed_file_loses_its_paths_and_keeps_its_content() {
    let mut inner = vec![2, 0];
    for text in ["CANARY.txt\0", "C:\\CANARY\\a.txt\0"] {
        inner.extend_from_slice(text.as_bytes());
    }
    inner.extend_from_slice(&[0, 0, 3, 0, 9, 0, 0, 0]);
    inner.extend_from_slice(b"C:\\CANARY\x06\0\0\0KEEPME");
    inner.extend_from_slice("CANARY".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().as_slice());
    let native = [&(inner.len() as u32).to_le_bytes()[..], &inner].concat();
    let big = [&b"KEEPME"[..], &[1; 9000]].concat();
    let root = root_of(vec![
        stream("\u{1}Ole10Native", &native),
        stream("\u{5}SummaryInformation", b"CANARY"),
        stream("\u{2}OlePres000", &big),
    ]);
    let mut bytes = cfb::write(&root).unwrap();
    bytes.extend_from_slice(b"CANARY");
    let clean = scrub("a.docx", &with_object(&bytes)).unwrap();
    clean.had_secrets().tells_nothing().found("path of a packed file");
    let Content::Storage(entries) = object_of(&clean.bytes).content else { panic!() };
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|e| e.content == Content::Stream(big.clone())));
    assert!(entries.iter().any(|e| matches!(&e.content, Content::Stream(d) if d.ends_with(b"object.txt\0\x06\0\0\0KEEPME"))));
}

#[test]
fn compound_files_are_written_as_they_are_read() {
    let many: Vec<Entry> = (0..40).map(|i| stream(&format!("s{i}"), &vec![i as u8; i * i * 4])).collect();
    let inner = Entry { name: "in".encode_utf16().collect(), class: [3; 16], state: 5, content: Content::Storage(many.clone()) };
    let root = root_of(many.into_iter().chain([inner]).collect());
    let bytes = cfb::write(&root).unwrap();
    let read = cfb::read(&bytes).unwrap();
    assert_eq!(cfb::write(&read).unwrap(), bytes);
    assert_eq!(cfb::read(&cfb::write(&read).unwrap()).unwrap(), read);
    for len in (0..bytes.len()).step_by(512) {
        let _ = cfb::read(&bytes[..len]);
    }
    for at in (0..bytes.len()).step_by(211) {
        let mut broken = bytes.clone();
        broken[at] ^= 0xff;
        let _ = cfb::read(&broken);
    }
}

#[test]
fn old_documents_inside_are_cleaned_by_their_own_rows() {
    for name in ["doc/letter.doc", "xls/table.xls", "ppt/show.ppt"] {
        let inside = std::fs::read(root().join("samples").join(name)).unwrap();
        let clean = scrub("a.docx", &with_object(&inside)).unwrap();
        clean.had_secrets().tells_nothing().found("last author");
        assert!(find_secret(&clean.bytes, "KEEPME description").is_some(), "{name}");
    }
}

#[test]
fn a_document_inside_that_cannot_be_cleaned_is_refused_and_named() {
    let root = root_of(vec![stream("VisioDocument", b"x")]);
    let bytes = with_object(&cfb::write(&root).unwrap());
    assert!(refusal("a.docx", &bytes).to_string().contains("an old Visio drawing"));
    let policy = Policy { unknown_members: UnknownMembers::Omit, ..Policy::default() };
    let clean = scrub_under(&policy, "a.docx", &bytes).unwrap();
    assert!(
        !part(&clean.bytes, "word/_rels/document.xml.rels").contains("oleObject1")
            && !has(&clean.bytes, "word/embeddings/oleObject1.bin")
    );
}

#[test]
fn line_breaks_of_vml_need_no_end() {
    let vml = "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\"><v:shape alt=\"C:\\CANARY.png\"><div>KEEPME<br>more<br></div></v:shape></xml>";
    let bytes = docx("<w:p r:id=\"x\"/>", &rel("x", "vmlDrawing", "v.vml", false), &[("word/v.vml", vml)]);
    let clean = scrub("a.docx", &bytes).unwrap();
    assert!(part(&clean.bytes, "word/v.vml").contains("<v:shape><div>KEEPME<br>more<br></div>"));
}

#[test]
fn broken_bodies_are_refused_or_proved() {
    let by = "w:id='1' w:author=\"CANARY\"";
    let body = format!(
        "<w:p w:rsidR=\"1\"><w:pPr><w:rPr><w:del {by}/></w:rPr></w:pPr><w:del {by}><w:r/></w:del><!--x--></w:p><w:p><w:ins {by}><w:r>\
         <w:fldChar w:fldCharType=\"begin\"/><w:instrText>AUTHOR</w:instrText><w:fldChar w:fldCharType=\"end\"/></w:r></w:ins></w:p>\
         <w:tbl><w:tr><w:trPr><w:del {by}/></w:trPr><w:tc><w:p/></w:tc></w:tr></w:tbl><w:p/>"
    );
    for at in 0..body.len() {
        for with in ["", "<", ">", "/", "\"", "&", " ", "w:"] {
            let broken = format!("{}{with}{}", &body[..at], &body[at + 1..]);
            if let Err(r) = scrub("a.docx", &docx(&broken, "", &[])) {
                assert!(!matches!(r.code(), Code::Internal | Code::Damaged | Code::Leftover), "at {at} with {with}: {r}");
            }
        }
    }
}

#[test]
fn comments_are_kept_without_people_and_times() {
    let policy = Policy::default().with(Token::Comments, true);
    let given = "<w:p><w:commentRangeStart w:id=\"0\"/><w:r><w:t>a</w:t></w:r><w:commentRangeEnd w:id=\"0\"/><w:r><w:commentReference w:id=\"0\"/></w:r></w:p>";
    let comments = format!(
        "<w:comments {W}><w:comment w:id=\"0\" w:author=\"CANARY\" w:initials=\"CANARY\" w:date=\"2024-01-01T00:00:00Z\"><w:p><w:r><w:t>KEEPME</w:t></w:r></w:p></w:comment></w:comments>"
    );
    let bytes = docx(given, &rel("rId1", "comments", "comments.xml", false), &[("word/comments.xml", &comments)]);
    let clean = scrub_under(&policy, "a.docx", &bytes).unwrap();
    clean.tells_nothing();
    assert_eq!(body(&clean.bytes), given);
    assert!(part(&clean.bytes, "word/comments.xml").contains("<w:comment w:id=\"0\" w:author=\"Author\"><w:p>"));
    scrub_under(&policy, "a.docx", &clean.bytes).unwrap().unchanged();
}

#[test]
fn hidden_text_goes_where_the_policy_drops_it() {
    let policy = Policy::default().with(Token::Hidden, false);
    let given = "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>CANARY</w:t></w:r><w:r><w:t>a</w:t></w:r></w:p>";
    let clean = scrub_under(&policy, "a.docx", &docx(given, "", &[])).unwrap();
    assert_eq!(body(&clean.bytes), "<w:p><w:r><w:t>a</w:t></w:r></w:p>");
}

#[test]
fn notes_and_hidden_slides_go_where_the_policy_drops_them() {
    let p = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"";
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/ppt/presentation.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml\"/></Types>"
    );
    let main = format!(
        "<p:presentation {p} xmlns:r=\"{R}\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/><p:sldId id=\"257\" r:id=\"rId2\"/></p:sldIdLst></p:presentation>"
    );
    let slides = rels(&(rel("rId1", "slide", "slide1.xml", false) + &rel("rId2", "slide", "slide2.xml", false)));
    let bytes = pack(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", &rels(&rel("rId1", "officeDocument", "ppt/presentation.xml", false))),
        ("ppt/presentation.xml", &main),
        ("ppt/_rels/presentation.xml.rels", &slides),
        ("ppt/slide1.xml", &format!("<p:sld {p}><p:cSld/></p:sld>")),
        ("ppt/_rels/slide1.xml.rels", &rels(&rel("rId1", "notesSlide", "notes1.xml", false))),
        ("ppt/notes1.xml", &format!("<p:notes {p}><p:cSld name=\"CANARY\"/></p:notes>")),
        ("ppt/slide2.xml", &format!("<p:sld {p} show=\"0\"><p:cSld name=\"CANARY\"/></p:sld>")),
    ]);
    let policy = Policy::default().with(Token::Hidden, false).with(Token::Notes, false);
    let clean = scrub_under(&policy, "a.pptx", &bytes).unwrap();
    clean.tells_nothing();
    assert!(!has(&clean.bytes, "ppt/slide2.xml") && !has(&clean.bytes, "ppt/notes1.xml") && has(&clean.bytes, "ppt/slide1.xml"));
    assert!(!part(&clean.bytes, "ppt/presentation.xml").contains("257"));
    scrub_under(&policy, "a.pptx", &clean.bytes).unwrap().unchanged();
}

/// A package whose main part has this name, kind and content, with these relationships and further parts.
pub fn package(main: (&str, &str, &str), links: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let (name, kind, content) = main;
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"vml\" ContentType=\"application/vnd.openxmlformats-officedocument.vmlDrawing\"/>\
         <Override PartName=\"/{name}\" ContentType=\"application/vnd.openxmlformats-officedocument.{kind}.main+xml\"/></Types>"
    );
    let (folder, file) = name.rsplit_once('/').unwrap();
    let (root, list, place) =
        (rels(&rel("rId1", "officeDocument", name, false)), rels(links), format!("{folder}/_rels/{file}.rels"));
    let mut parts = vec![("[Content_Types].xml", &*types), ("_rels/.rels", &root), (name, content), (&place, &list)];
    parts.extend_from_slice(more);
    pack(&parts)
}

pub const S: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";

/// A workbook of one sheet.
pub fn xlsx(sheet: &str, sheet_links: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let main =
        format!("<workbook {S} xmlns:r=\"{R}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
    let sheet = format!("<worksheet {S} xmlns:r=\"{R}\">{sheet}</worksheet>");
    let list = rels(sheet_links);
    let mut parts = vec![("xl/s.xml", &*sheet), ("xl/_rels/s.xml.rels", &list)];
    parts.extend_from_slice(more);
    package(("xl/workbook.xml", "spreadsheetml.sheet", &main), &rel("rId1", "worksheet", "s.xml", false), &parts)
}

#[test]
fn comments_of_cells_are_kept_without_people() {
    let policy = Policy::default().with(Token::Comments, true);
    let comments = format!(
        "<comments {S}><authors><author>CANARY</author></authors><commentList><comment ref=\"A1\" authorId=\"0\"><text><r><t>CANARY:</t></r>\
         <r><t>KEEPME</t></r></text></comment></commentList></comments>"
    );
    let vml = "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><v:shape>\
               <x:ClientData ObjectType=\"Note\"/></v:shape></xml>";
    let links = rel("rId1", "comments", "comments1.xml", false) + &rel("rId2", "vmlDrawing", "n.vml", false);
    let bytes = xlsx("<sheetData/><legacyDrawing r:id=\"rId2\"/>", &links, &[("xl/comments1.xml", &comments), ("xl/n.vml", vml)]);
    let clean = scrub_under(&policy, "a.xlsx", &bytes).unwrap();
    clean.tells_nothing();
    let kept = part(&clean.bytes, "xl/comments1.xml");
    assert!(kept.contains("KEEPME") && kept.contains("<author>Author</author>") && kept.contains("<t>Author:</t>"), "{kept}");
    assert!(has(&clean.bytes, "xl/n.vml"));
    let without = scrub("a.xlsx", &bytes).unwrap();
    assert!(!has(&without.bytes, "xl/comments1.xml") && !has(&without.bytes, "xl/n.vml"));
    assert!(!part(&without.bytes, "xl/s.xml").contains("legacyDrawing"));
}

#[test]
fn older_comments_of_slides_are_kept_without_people() {
    let policy = Policy::default().with(Token::Comments, true);
    let p = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"";
    let main = format!(
        "<p:presentation {p} xmlns:r=\"{R}\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst></p:presentation>"
    );
    let links = rel("rId1", "slide", "slide1.xml", false) + &rel("rId2", "commentAuthors", "authors.xml", false);
    let bytes = package(
        ("ppt/presentation.xml", "presentationml.presentation", &main),
        &links,
        &[
            ("ppt/slide1.xml", &format!("<p:sld {p}><p:cSld/></p:sld>")),
            ("ppt/_rels/slide1.xml.rels", &rels(&rel("rId1", "comments", "comment1.xml", false))),
            (
                "ppt/authors.xml",
                &format!(
                    "<p:cmAuthorLst {p}><p:cmAuthor id=\"0\" name=\"CANARY\" initials=\"CANARY\" lastIdx=\"1\" clrIdx=\"0\"/></p:cmAuthorLst>"
                ),
            ),
            (
                "ppt/comment1.xml",
                &format!(
                    "<p:cmLst {p}><p:cm authorId=\"0\" dt=\"2024-01-01T00:00:00.000\" idx=\"1\"><p:pos x=\"1\" y=\"1\"/><p:text>KEEPME</p:text></p:cm></p:cmLst>"
                ),
            ),
        ],
    );
    let clean = scrub_under(&policy, "a.pptx", &bytes).unwrap();
    clean.tells_nothing();
    let kept = part(&clean.bytes, "ppt/comment1.xml");
    assert!(kept.contains("KEEPME") && !kept.contains("2024"), "{kept}");
    assert!(!has(&scrub("a.pptx", &bytes).unwrap().bytes, "ppt/comment1.xml"));
}

#[test]
fn macros_are_kept_where_the_policy_says_so_and_told() {
    let project = root_of(vec![stream("PROJECT", b"Module=KEEPME"), stream("PROJECTwm", b"KEEPME")]);
    let project = cfb::write(&project).unwrap();
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/><Override PartName=\"/word/document.xml\" \
         ContentType=\"application/vnd.ms-word.document.macroEnabled.main+xml\"/></Types>"
    );
    let root = rels(&rel("rId1", "officeDocument", "word/document.xml", false));
    let links = rels(
        "<Relationship Id=\"rId1\" Type=\"http://schemas.microsoft.com/office/2006/relationships/vbaProject\" Target=\"vbaProject.bin\"/>",
    );
    let bytes = pack_bytes(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        ("word/document.xml", format!("<w:document {W}><w:body/></w:document>").as_bytes()),
        ("word/_rels/document.xml.rels", links.as_bytes()),
        ("word/vbaProject.bin", &project),
    ]);
    let kept = scrub_under(&Policy::default().with(Token::Macros, true), "a.docm", &bytes).unwrap();
    assert!(has(&kept.bytes, "word/vbaProject.bin"));
    kept.found("macros");
    let gone = scrub("a.docm", &bytes).unwrap();
    assert!(!has(&gone.bytes, "word/vbaProject.bin"));
    gone.found("macros and controls");
}

#[test]
fn telling_names_of_files_inside_are_counted() {
    let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"gif\" ContentType=\"image/gif\"/><Override PartName=\"/word/media/CANARY plan.gif\" ContentType=\"image/gif\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let document = format!(
        "<w:document {W} xmlns:r=\"{R}\" xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"><w:body><a:blip r:embed=\"a\"/><a:blip r:embed=\"b\"/></w:body></w:document>"
    );
    let links = rels(&(rel("a", "image", "media/CANARY%20plan.gif", false) + &rel("b", "image", "media/image1.gif", false)));
    let bytes = pack_bytes(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels(&rel("rId1", "officeDocument", "word/document.xml", false)).as_bytes()),
        ("word/document.xml", document.as_bytes()),
        ("word/_rels/document.xml.rels", links.as_bytes()),
        ("word/media/CANARY plan.gif", gif),
        ("word/media/image1.gif", gif),
    ]);
    let clean = scrub("a.docx", &bytes).unwrap();
    clean.tells_nothing();
    clean.found("name of a file inside the document");
    assert!(has(&clean.bytes, "word/media/image2.gif") && has(&clean.bytes, "word/media/image1.gif"));
    assert!(part(&clean.bytes, "word/_rels/document.xml.rels").contains("media/image2.gif"));
    assert!(part(&clean.bytes, "[Content_Types].xml").contains("/word/media/image2.gif"));
}

#[test]
fn parts_in_utf_16_stay_in_utf_16() {
    let wide = |text: &str| [&[0xff, 0xfe][..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><w:document {W}><w:body><w:p w:rsidR=\"CANARY\"><w:r><w:t>KEEPME ä</w:t></w:r></w:p></w:body></w:document>"
    );
    let root = rels(&rel("rId1", "officeDocument", "word/document.xml", false));
    let bytes = pack_bytes(&[
        ("[Content_Types].xml", &wide(&types)),
        ("_rels/.rels", &wide(&root)),
        ("word/document.xml", &wide(&document)),
    ]);
    let clean = scrub("a.docx", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&clean.bytes)).unwrap();
    let mut out = Vec::new();
    zip.by_name("word/document.xml").unwrap().read_to_end(&mut out).unwrap();
    assert_eq!(out, wide(&document.replace(" w:rsidR=\"CANARY\"", "")));
}

#[test]
fn charts_forget_where_their_numbers_came_from() {
    let c = "xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\"";
    let chart = format!(
        "<c:chartSpace {c} xmlns:r=\"{R}\"><c:pivotSource><c:name>[CANARY.xlsx]a!b</c:name></c:pivotSource><c:ser>\
         <c:tx><c:strRef><c:f>'C:\\CANARY\\[CANARY.xlsx]s'!$A$1</c:f><c:strCache><c:pt idx=\"0\"><c:v>KEEPME</c:v></c:pt></c:strCache></c:strRef></c:tx>\
         <c:val><c:numRef><c:f>[CANARY.xlsx]s!$A$2</c:f><c:numCache><c:ptCount val=\"1\"/><c:pt idx=\"0\"><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val>\
         <c:xVal><c:numRef><c:f>s!$A$3</c:f><c:numCache/></c:numRef></c:xVal></c:ser><c:externalData r:id=\"rId1\"/></c:chartSpace>"
    );
    let bytes = docx(
        "<w:p/>",
        &rel("rId1", "chart", "chart.xml", false),
        &[
            ("word/chart.xml", &chart),
            ("word/_rels/chart.xml.rels", &rels(&rel("rId1", "oleObject", "file:///C:/CANARY.xlsx", true))),
        ],
    );
    let clean = scrub("a.docx", &bytes).unwrap();
    clean.tells_nothing();
    let chart = part(&clean.bytes, "word/chart.xml");
    assert!(chart.contains("<c:tx><c:v>KEEPME</c:v></c:tx>"), "{chart}");
    assert!(chart.contains("<c:numLit><c:ptCount val=\"1\"/><c:pt idx=\"0\"><c:v>7</c:v></c:pt></c:numLit>"), "{chart}");
    assert!(chart.contains("<c:f>s!$A$3</c:f>") && !chart.contains("externalData"), "{chart}");
}

#[test]
fn a_hundred_thousand_parts_are_too_many() {
    let fill = |count: usize| {
        let types = format!(
            "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
        );
        let document = format!("<w:document {W}><w:body/></w:document>");
        let root = rels(&rel("rId1", "officeDocument", "word/document.xml", false));
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, data) in [("[Content_Types].xml", &types), ("_rels/.rels", &root), ("word/document.xml", &document)] {
            zip.start_file(name, plain).unwrap();
            zip.write_all(data.as_bytes()).unwrap();
        }
        for i in 0..count {
            zip.start_file(format!("word/{i}.xml"), plain).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    assert_eq!(refusal("a.docx", &fill(100_000)).code(), Code::Limit);
    let clean = scrub("a.docx", &fill(3_000)).unwrap();
    assert!(!has(&clean.bytes, "word/0.xml") && has(&clean.bytes, "word/document.xml"));
}

#[test]
fn bound_controls_show_what_word_shows() {
    let control = |path: &str, shown: &str| {
        format!(
            "<w:sdt><w:sdtPr><w:dataBinding w:xpath=\"{path}\" w:storeItemID=\"{{AB}}\"/><w:text/></w:sdtPr><w:sdtContent><w:r><w:t>{shown}</w:t></w:r><w:r><w:t/></w:r></w:sdtContent></w:sdt>"
        )
    };
    let given = control("/ns0:a[1]/ns0:b[2]", "KEEPME old")
        + &control("/a/@c", "KEEPME c")
        + &control("/a/b[text()='x']", "KEEPME as it is");
    let links = rel("rId1", "customXml", "../customXml/item1.xml", false);
    let properties =
        "<ds:datastoreItem xmlns:ds=\"http://schemas.openxmlformats.org/officeDocument/2006/customXml\" ds:itemID=\"{ab}\"/>";
    let bytes = docx(
        &given,
        &links,
        &[
            ("customXml/item1.xml", "<a xmlns=\"urn:x\" c=\"KEEPME c\"><b>CANARY</b><b>KEEPME &amp; new</b></a>"),
            ("customXml/_rels/item1.xml.rels", &rels(&rel("rId1", "customXmlProps", "itemProps1.xml", false))),
            ("customXml/itemProps1.xml", properties),
        ],
    );
    let clean = scrub("a.docx", &bytes).unwrap();
    clean.tells_nothing().found("custom XML data");
    let body = body(&clean.bytes);
    assert!(body.contains("<w:t>KEEPME &amp; new</w:t>") && !body.contains("old"), "{body}");
    assert!(body.contains("KEEPME c") && body.contains("KEEPME as it is") && !body.contains("dataBinding"), "{body}");
}

#[test]
fn documents_without_a_row_are_refused_by_name() {
    for (part, word, hint) in
        [("xl/workbook.bin", "XLSB", "XLSX"), ("FixedDocSeq.fdseq", "XPS", "PDF"), ("visio/document.xml", "Visio", "PDF")]
    {
        let refused = refusal("a.bin", &pack(&[("[Content_Types].xml", "<Types/>"), (part, "")]));
        assert!(refused.to_string().contains(word) && refused.advice().contains(hint), "{refused}");
    }
    let refused = refusal("a.pages", &pack(&[("Index/Document.iwa", "")]));
    assert!(refused.to_string().contains("iWork") && refused.advice().contains("DOCX"), "{refused}");
}

#[test]
fn lines_for_signatures_do_not_tell_who_is_to_sign() {
    let body = "<w:p><w:r><w:pict><v:shape xmlns:v=\"urn:schemas-microsoft-com:vml\" alt=\"KEEPME\"><o:signatureline \
                xmlns:o=\"urn:schemas-microsoft-com:office:office\" id=\"{CANARY}\" o:suggestedsigner=\"CANARY one\" \
                o:suggestedsigneremail=\"CANARY@example.org\" issignatureline=\"t\"/></v:shape></w:pict></w:r></w:p>";
    let clean = scrub("a.docx", &docx(body, "", &[])).unwrap();
    clean.had_secrets().tells_nothing().found("lines for signatures");
    assert!(part(&clean.bytes, "word/document.xml").contains("alt=\"KEEPME\""));
}

#[test]
fn tags_of_controls_stay_where_a_person_can_have_written_them() {
    let control =
        |tag: &str| format!("<w:sdt><w:sdtPr><w:tag w:val=\"{tag}\"/></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>");
    let program = format!("CITATION_CANARY_{}", "eyJpZCI6".repeat(9));
    let clean = accepted(&(control("KEEPME") + &control(&program)));
    assert!(clean.contains("<w:tag w:val=\"KEEPME\"/>") && !clean.contains("CANARY"), "{clean}");
}

#[test]
fn links_that_lead_up_to_a_home_folder_go() {
    let body = "<w:p><w:hyperlink r:id=\"a\"/><w:hyperlink r:id=\"b\"/><w:hyperlink r:id=\"c\"/></w:p>";
    let links = rel("a", "hyperlink", "../../home/CANARY/x.odt", true)
        + &rel("b", "hyperlink", "../KEEPME.docx", true)
        + &rel("c", "hyperlink", "home/KEEPME/y.docx", true);
    let clean = scrub("a.docx", &docx(body, &links, &[])).unwrap();
    clean.tells_nothing().found("link to a file");
    let list = part(&clean.bytes, "word/_rels/document.xml.rels");
    assert_eq!(list.matches("KEEPME").count(), 2, "{list}");
}

#[test]
fn data_that_converters_left_in_fields_goes() {
    let field = |code: &str| format!("<w:p><w:fldSimple w:instr=\"{code}\"><w:r><w:t>KEEPME</w:t></w:r></w:fldSimple></w:p>");
    let clean = accepted(&(field(" PRIVATE CANARY ") + &field(" HTMLCONTROL CANARY ")));
    assert_eq!(clean, "<w:p><w:r><w:t>KEEPME</w:t></w:r></w:p>".repeat(2));
}
