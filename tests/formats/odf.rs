//! OpenDocument files, built here member by member.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::policy::{Policy, Token, TrackedChanges};
use metascrub::refusal::Code;

const KIND: &str = "application/vnd.oasis.opendocument.text";

fn pack(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in members {
        let method = if *name == "mimetype" { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        zip.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(data.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn part(bytes: &[u8], name: &str) -> Option<String> {
    let mut out = String::new();
    zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().by_name(name).ok()?.read_to_string(&mut out).ok()?;
    Some(out)
}

fn content(body: &str) -> String {
    let ns = ["office", "text", "table", "style"]
        .map(|p| format!("xmlns:{p}=\"urn:oasis:names:tc:opendocument:xmlns:{p}:1.0\""))
        .join(" ");
    format!(
        "<office:document-content {ns} xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><office:body>{body}</office:body></office:document-content>"
    )
}

fn odt(body: &str) -> Vec<u8> {
    pack(&[("mimetype", KIND), ("content.xml", &content(body))])
}

fn cleaned(given: &str) -> String {
    let text = part(&scrub("a.odt", &odt(given)).unwrap().bytes, "content.xml").unwrap();
    let start = text.find("<office:body>").unwrap() + 13;
    text[start..text.find("</office:body>").unwrap()].to_owned()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/odf").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("letter.odt", &sample("letter.odt"), 61);
}

#[test]
fn nothing_to_remove() {
    scrub("clean.odt", &sample("clean.odt")).unwrap().unchanged();
    let once = scrub("letter.odt", &sample("letter.odt")).unwrap();
    scrub("letter.odt", &once.bytes).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("letter.odt", &sample("letter.odt")).unwrap();
    clean.had_secrets().tells_nothing().found("author");
    let text = part(&clean.bytes, "content.xml").unwrap();
    assert_eq!(text.matches("KEEPME").count(), 7);
    assert!(text.contains("KEEPME Alice KEEPME link"), "what a field and a link show stays: {text}");
    let settings = part(&clean.bytes, "settings.xml").unwrap();
    assert!(settings.contains("AddParaTableSpacing") && !settings.contains("Rsid") && !settings.contains("ViewAreaTop"));
    let manifest = part(&clean.bytes, "META-INF/manifest.xml").unwrap();
    assert!(manifest.contains("Pictures/1.gif") && !manifest.contains("meta.xml") && !manifest.contains("manifest:size"));
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = pack(&[("mimetype", KIND), ("content.xml", &content("KEEPME")), ("more.xml", "<a>CANARY</a>")]);
    bytes.extend_from_slice(b"CANARY");
    scrub("a.odt", &bytes).unwrap().had_secrets().tells_nothing();
}

#[test]
fn out_of_order() {
    let bytes = pack(&[("content.xml", &content("KEEPME")), ("mimetype", KIND)]);
    assert_eq!(scrub("a.odt", &bytes).unwrap().cleaned.format().name, "OpenDocument");
}

#[test]
fn tracked_changes_are_accepted_and_the_text_after_a_mark_stays() {
    let gone = "<text:tracked-changes><text:changed-region><text:deletion><text:p>CANARY</text:p></text:deletion></text:changed-region></text:tracked-changes>";
    assert_eq!(
        cleaned(&format!("{gone}<text:p>a<text:change/>b<text:change-start/>c<text:change-end/>d</text:p>")),
        "<text:p>abcd</text:p>"
    );
}

fn under(policy: &Policy, given: &str) -> String {
    let clean = scrub_under(policy, "a.odt", &odt(given)).unwrap();
    clean.tells_nothing();
    scrub_under(policy, "a.odt", &clean.bytes).unwrap().unchanged();
    let text = part(&clean.bytes, "content.xml").unwrap();
    let start = text.find("<office:body>").unwrap() + 13;
    text[start..text.find("</office:body>").unwrap()].to_owned()
}

const BY: &str = "<office:change-info><dc:creator>CANARY</dc:creator><dc:date>2024-01-01T00:00:00</dc:date></office:change-info>";

fn region(id: &str, change: &str, inside: &str) -> String {
    format!("<text:changed-region text:id=\"{id}\"><text:{change}>{BY}{inside}</text:{change}></text:changed-region>")
}

#[test]
fn tracked_changes_are_rejected() {
    let policy = Policy { tracked_changes: TrackedChanges::Reject, ..Policy::default() };
    let mark = |kind: &str, id: &str| format!("<text:{kind} text:change-id=\"{id}\"/>");
    let given = format!(
        "<text:tracked-changes>{}{}{}</text:tracked-changes><text:p>a{}b</text:p><text:p>c{}CANARY</text:p><text:p>CANARY{}d{}e</text:p>",
        region("i", "insertion", ""),
        region("d", "deletion", "<text:p>x</text:p>"),
        region("e", "deletion", "<text:p>y</text:p><text:p>mid</text:p><text:p>z</text:p>"),
        mark("change", "d"),
        mark("change-start", "i"),
        mark("change-end", "i"),
        mark("change", "e"),
    );
    assert_eq!(under(&policy, &given), "<text:p>axb</text:p><text:p>cdy</text:p><text:p>mid</text:p><text:p>ze</text:p>");
    let format = format!("<text:tracked-changes>{}</text:tracked-changes>", region("f", "format-change", ""));
    assert!(scrub_under(&policy, "a.odt", &odt(&format)).is_err());
}

#[test]
fn tracked_changes_and_comments_are_kept_without_people_and_times() {
    let mut policy = Policy { tracked_changes: TrackedChanges::Anonymise, ..Policy::default() };
    let given = format!(
        "<text:tracked-changes>{}</text:tracked-changes><text:p>a<text:change text:change-id=\"ctCANARY\"/></text:p>",
        region("ctCANARY", "deletion", "<text:p>x</text:p>")
    );
    let kept = given.replace("ctCANARY", "n1").replace("CANARY", "Author").replace("2024-01-01T00:00:00", "1980-01-01T00:00:00");
    assert_eq!(under(&policy, &given), kept);
    policy = Policy::default().with(Token::Comments, true);
    let given = "<text:p><office:annotation office:name=\"__CANARY\"><dc:creator>CANARY</dc:creator><dc:date>2024-01-01T00:00:00</dc:date>\
                 <text:p>KEEPME</text:p></office:annotation>a<office:annotation-end office:name=\"__CANARY\"/></text:p>";
    let kept = given.replace("__CANARY", "n1").replace("CANARY", "Author").replace("2024", "1980");
    assert_eq!(under(&policy, given), kept);
}

#[test]
fn addresses_of_places_on_a_disk_go() {
    for href in ["file:///home/CANARY/x", "/home/CANARY", "../CANARY.odt", "C:\\CANARY", "c:/CANARY"] {
        assert_eq!(cleaned(&format!("<text:p><text:a xlink:href=\"{href}\">a</text:a></text:p>")), "<text:p>a</text:p>");
        assert_eq!(cleaned(&format!("<text:p><draw:image xlink:href=\"{href}\"/></text:p>")), "<text:p></text:p>");
    }
    let web = "<text:p><text:a xlink:href=\"mailto:a@example.org\">a</text:a></text:p>";
    assert_eq!(cleaned(web), web);
    let formula = "<table:table-cell table:formula=\"of:='file:///CANARY.ods'#$A.A1\">5</table:table-cell>";
    assert_eq!(cleaned(formula), "<table:table-cell>5</table:table-cell>");
}

#[test]
fn identifiers_stay_where_something_refers_to_them() {
    let used = "<text:p xml:id=\"a\"/><text:p text:x=\"a\"/>";
    assert_eq!(cleaned(used), used);
    assert_eq!(cleaned("<text:p xml:id=\"CANARY\"/>"), "<text:p/>");
}

#[test]
fn objects_inside_are_sifted_too() {
    let inner = content("<text:p>KEEPME<!--CANARY--></text:p>");
    let bytes = pack(&[
        ("mimetype", KIND),
        ("content.xml", &content("<draw:object xlink:href=\"./Object 1\"/>")),
        ("Object 1/content.xml", &inner),
        ("Object 1/meta.xml", "<CANARY/>"),
        ("Object 2/content.xml", &inner),
    ]);
    let clean = scrub("a.odt", &bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(part(&clean.bytes, "Object 1/content.xml").unwrap().contains("KEEPME"));
    assert!(part(&clean.bytes, "Object 2/content.xml").is_none());
}

#[test]
fn locked_signed_and_hostile_documents_are_refused() {
    let locked = "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>";
    let with = |name, data| pack(&[("mimetype", KIND), ("content.xml", &content("")), (name, data)]);
    assert_eq!(refusal("a.odt", &with("META-INF/manifest.xml", locked)).code(), Code::Encrypted);
    assert_eq!(refusal("a.odt", &with("META-INF/documentsignatures.xml", "<a/>")).code(), Code::Signed);
    assert_eq!(refusal("a.odt", &odt("<text:p></text:q>")).code(), Code::Malformed);
    assert_eq!(refusal("a.odt", &pack(&[("mimetype", KIND)])).code(), Code::Malformed);
}

#[test]
fn strict_takes_notes_out_and_refuses_hidden_parts_that_it_cannot() {
    let bytes = odt("<table:table table:display=\"false\"/>");
    let refusal = scrub_under(&Policy::strict(), "a.odt", &bytes).err().unwrap();
    assert_eq!(refusal.code(), Code::NeedsResidual, "{refusal}");
    scrub("a.odt", &bytes).unwrap();
    let ns = "xmlns:presentation=\"urn:oasis:names:tc:opendocument:xmlns:presentation:1.0\"";
    let notes = format!("<draw:page>a<presentation:notes {ns}><text:p>CANARY</text:p></presentation:notes></draw:page>");
    assert_eq!(under(&Policy::strict(), &notes), "<draw:page>a</draw:page>");
}

const FLAT: &str = "<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
    xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" \
    xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\">";

#[test]
fn flat_documents_follow_the_same_rules() {
    let bytes = std::fs::read(root().join("samples/odf/letter.fodt")).unwrap();
    let clean = scrub("a.fodt", &bytes).unwrap();
    clean.had_secrets().changed().tells_nothing();
    let text = String::from_utf8(clean.bytes.clone()).unwrap();
    assert_eq!(text.matches("KEEPME").count(), String::from_utf8_lossy(&bytes).matches("KEEPME").count());
    assert!(!text.contains("Q0FOQVJZ"), "the comment of the picture is still there in base64");
    clean.found("comment");
    truncate_everywhere("a.fodt", &bytes, 41);
}

#[test]
fn flat_documents_keep_what_they_say() {
    let text = format!(
        "{FLAT}<office:body><office:text><text:p>KEEPME &amp; <text:s/>so</text:p></office:text></office:body></office:document>"
    );
    scrub("a.fodt", text.as_bytes()).unwrap().unchanged();
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    scrub("a.fodt", &wide).unwrap().unchanged();
}

#[test]
fn hidden_rows_are_told_and_refused_where_the_policy_drops_them() {
    let text = format!(
        "{FLAT}<office:body><office:spreadsheet><table:table><table:table-row table:visibility=\"collapse\"/></table:table></office:spreadsheet></office:body></office:document>"
    );
    scrub("a.fods", text.as_bytes()).unwrap().found("hidden parts");
    let policy = Policy::default().with(Token::Hidden, false);
    assert!(scrub_under(&policy, "a.fods", text.as_bytes()).is_err());
}

#[test]
fn telling_names_of_pictures_are_counted() {
    let gif = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let content = "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
        xmlns:draw=\"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"><office:body>\
        <draw:image xlink:href=\"Pictures/CANARY%20one.gif\"/><draw:image xlink:href=\"Pictures/image1.gif\"/></office:body></office:document-content>";
    let entry = |name: &str| format!("<m:file-entry m:full-path=\"{name}\" m:media-type=\"x\"/>");
    let manifest = format!(
        "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">{}{}{}</m:manifest>",
        entry("content.xml"),
        entry("Pictures/CANARY one.gif"),
        entry("Pictures/image1.gif")
    );
    let bytes = pack(&[
        ("mimetype", KIND),
        ("content.xml", content),
        ("Pictures/CANARY one.gif", gif),
        ("Pictures/image1.gif", gif),
        ("META-INF/manifest.xml", &manifest),
    ]);
    let clean = scrub("a.odt", &bytes).unwrap();
    clean.tells_nothing().found("name of a file inside the document");
    assert!(part(&clean.bytes, "content.xml").unwrap().contains("\"Pictures/image2.gif\""));
    assert!(part(&clean.bytes, "META-INF/manifest.xml").unwrap().contains("\"Pictures/image2.gif\""));
    assert_eq!(part(&clean.bytes, "Pictures/image2.gif").unwrap(), gif);
}

#[test]
fn comments_of_slides_go_under_the_name_that_libreoffice_gives_them() {
    let added = "xmlns:o=\"http://openoffice.org/2009/office\"";
    let comment = "<dc:creator>CANARY one</dc:creator><dc:date>2020-01-02T03:04:05</dc:date><text:p>what it says</text:p>";
    let given = format!("<draw:page>KEEPME<o:annotation {added}>{comment}</o:annotation></draw:page>");
    assert_eq!(cleaned(&given), "<draw:page>KEEPME</draw:page>");
    scrub("a.odt", &odt(&given)).unwrap().found("comments");
    let kept = under(&Policy::default().with(Token::Comments, true), &given);
    assert!(kept.contains("what it says") && !kept.contains("CANARY") && !kept.contains("2020"), "{kept}");
    let stray = "<text:p>KEEPME<dc:creator>CANARY</dc:creator></text:p>";
    assert_eq!(cleaned(stray), "<text:p>KEEPME</text:p>");
}

#[test]
fn scripts_in_the_text_and_lines_for_signatures_go() {
    assert_eq!(cleaned("<text:p>KEEPME<text:script>CANARY</text:script></text:p>"), "<text:p>KEEPME</text:p>");
    let line = "<l:signatureline xmlns:l=\"urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0\" \
                l:suggested-signer-name=\"CANARY\"/>";
    assert_eq!(cleaned(&format!("<draw:frame>KEEPME{line}</draw:frame>")), "<draw:frame>KEEPME</draw:frame>");
}

#[test]
fn new_names_of_pictures_differ_in_more_than_capitals() {
    let gif = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let images = "<draw:image xlink:href=\"Pictures/CANARY.gif\"/><draw:image xlink:href=\"Pictures/Image1.gif\"/>";
    let text = content(images);
    let given = pack(&[("mimetype", KIND), ("content.xml", &text), ("Pictures/CANARY.gif", gif), ("Pictures/Image1.gif", gif)]);
    let clean = scrub("a.odt", &given).unwrap();
    clean.tells_nothing();
    assert!(part(&clean.bytes, "Pictures/Image1.gif").is_some() && part(&clean.bytes, "Pictures/image2.gif").is_some());
}
