//! Office's Document Inspector, entry by entry: each of its 32 is removed here, or kept and reported with the word that
//! drops it, or refused in plain words. A test has the name of the entry it is about.

use crate::ooxml::*;
use crate::support::*;
use metascrub::finding::Action;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

const A: &str = "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"";
const PML: &str = "xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"";
const MS: &str = "http://schemas.microsoft.com/office";

/// Everything with CANARY goes, and the report says so under this label.
#[track_caller]
fn goes(name: &str, bytes: &[u8], label: &str) -> Clean {
    let clean = scrub(name, bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(clean.found(label).action.changes(), "{label} is told but kept");
    clean
}

/// It stays, and the report says so under this label.
#[track_caller]
fn stays(name: &str, bytes: &[u8], label: &str) {
    let clean = scrub(name, bytes).unwrap();
    assert!(matches!(clean.found(label).action, Action::Kept(_)), "{label} is told but not kept");
}

/// Where the policy drops the token, the thing goes and nothing with CANARY stays.
#[track_caller]
fn drops(name: &str, bytes: &[u8], token: Token) {
    scrub_under(&Policy::default().with(token, false), name, bytes).unwrap().had_secrets().tells_nothing();
}

/// Where the policy drops the token, the file is refused in plain words.
#[track_caller]
fn refuses(name: &str, bytes: &[u8], token: Token) {
    match scrub_under(&Policy::default().with(token, false), name, bytes) {
        Ok(_) => panic!("{name}: not refused"),
        Err(r) => assert_eq!(r.code(), Code::NeedsResidual, "{r}"),
    }
}

fn link(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{MS}/2011/relationships/{kind}\" Target=\"{target}\"/>")
}

/// A workbook with this in its main part, these links from there, and these further parts.
fn book(main: &str, links: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let main = format!(
        "<workbook {S} xmlns:r=\"{R}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets>{main}</workbook>"
    );
    let sheet = format!("<worksheet {S}><sheetData/></worksheet>");
    let mut parts = vec![("xl/s.xml", &*sheet)];
    parts.extend_from_slice(more);
    package(("xl/workbook.xml", "spreadsheetml.sheet", &main), &(rel("rId1", "worksheet", "s.xml", false) + links), &parts)
}

/// A presentation of one slide with this on it, these links from the slide, and these further parts.
fn slides(tree: &str, rest: &str, links: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let main = format!(
        "<p:presentation {PML} xmlns:r=\"{R}\"><p:sldIdLst><p:sldId id=\"256\" r:id=\"rId1\"/></p:sldIdLst><p:sldSz cx=\"1000\" cy=\"1000\"/></p:presentation>"
    );
    let slide = format!("<p:sld {PML} {A} xmlns:r=\"{R}\"><p:cSld><p:spTree>{tree}</p:spTree></p:cSld>{rest}</p:sld>");
    let list = rels(links);
    let mut parts = vec![("ppt/slide1.xml", &*slide), ("ppt/_rels/slide1.xml.rels", &list)];
    parts.extend_from_slice(more);
    package(("ppt/presentation.xml", "presentationml.presentation", &main), &rel("rId1", "slide", "slide1.xml", false), &parts)
}

/// An object on a slide.
fn object(attributes: &str, x: i64) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"7\" name=\"Shape 1\"{attributes}/></p:nvSpPr><p:spPr><a:xfrm><a:off x=\"{x}\" y=\"0\"/><a:ext cx=\"10\" cy=\"10\"/></a:xfrm></p:spPr>\
         <p:txBody><a:p><a:r><a:t>CANARY</a:t></a:r></a:p></p:txBody></p:sp>"
    )
}

#[test]
fn all_1_embedded_documents() {
    let inner = docx("<w:p w:rsidR=\"CANARY\"><w:r><w:t>KEEPME</w:t></w:r></w:p>", "", &[]);
    let outer = with_package(&inner);
    let clean = scrub("a.docx", &outer).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(matches!(clean.found("embedded documents").action, Action::Kept(_)));
    assert!(find_secret(&clean.bytes, "KEEPME").is_some());
    let without = scrub_under(&Policy::default().with(Token::Attachments, false), "a.docx", &outer).unwrap();
    assert!(find_secret(&without.bytes, "KEEPME").is_none());
}

fn with_package(inner: &[u8]) -> Vec<u8> {
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"docx\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let main = format!(
        "<w:document {W} xmlns:r=\"{R}\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><w:body><w:object><o:OLEObject r:id=\"rId1\"/></w:object></w:body></w:document>"
    );
    pack_bytes(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels(&rel("rId1", "officeDocument", "word/document.xml", false)).as_bytes()),
        ("word/document.xml", main.as_bytes()),
        ("word/_rels/document.xml.rels", rels(&rel("rId1", "package", "embeddings/document1.docx", false)).as_bytes()),
        ("word/embeddings/document1.docx", inner),
    ])
}

#[test]
fn all_2_ole_objects() {
    // Property sets, paths and slack go from the object itself; see the tests of objects in `ooxml`.
    let object = metascrub::grammar::cfb::write(&root_of(vec![stream("\u{5}SummaryInformation", b"CANARY")])).unwrap();
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"bin\" ContentType=\"application/vnd.openxmlformats-officedocument.oleObject\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let main = format!(
        "<w:document {W} xmlns:r=\"{R}\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><w:body><w:object><o:OLEObject r:id=\"rId1\"/></w:object></w:body></w:document>"
    );
    let bytes = pack_bytes(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels(&rel("rId1", "officeDocument", "word/document.xml", false)).as_bytes()),
        ("word/document.xml", main.as_bytes()),
        ("word/_rels/document.xml.rels", rels(&rel("rId1", "oleObject", "embeddings/oleObject1.bin", false)).as_bytes()),
        ("word/embeddings/oleObject1.bin", &object),
    ]);
    goes("a.docx", &bytes, "properties of an embedded object");
    drops("a.docx", &bytes, Token::Attachments);
}

#[test]
fn all_3_data_models() {
    let links = rel("rId2", "powerPivotData", "model/item.data", false) + &rel("rId3", "connections", "connections.xml", false);
    let bytes = book("", &links, &[("xl/model/item.data", "CANARY"), ("xl/connections.xml", "<a>CANARY password</a>")]);
    goes("a.xlsx", &bytes, "data connections");
}

#[test]
fn all_4_and_5_content_and_task_pane_apps() {
    let links = link("rId2", "webextension", "webextension1.xml");
    let bytes = slides(&object("", 1).replace("CANARY", "KEEPME"), "", &links, &[("ppt/webextension1.xml", "<a>CANARY</a>")]);
    goes("a.pptx", &bytes, "customised user interface");
}

#[test]
fn all_6_macros() {
    let links = "<Relationship Id=\"rId1\" Type=\"http://schemas.microsoft.com/office/2006/relationships/vbaProject\" Target=\"vbaProject.bin\"/>";
    goes("a.docm", &docx("<w:p/>", links, &[("word/vbaProject.bin", "CANARY")]), "macros and controls");
}

#[test]
fn all_7_legacy_macros() {
    let links = link("rId2", "xlMacrosheet", "m.xml");
    let bytes = book("", &links, &[("xl/m.xml", "<a>CANARY</a>")]);
    assert_eq!(refusal("a.xlsx", &bytes).code(), Code::NeedsResidual);
    scrub_under(&Policy::default().with(Token::Macros, true), "a.xlsx", &bytes).unwrap();
}

#[test]
fn excel_1_2_and_4_pivot_tables_pivot_charts_and_timelines() {
    let cache = format!(
        "<pivotCacheDefinition {S} xmlns:r=\"{R}\" r:id=\"rId1\" refreshedBy=\"CANARY\" refreshedDate=\"45000\"><cacheFields/></pivotCacheDefinition>"
    );
    let records = format!("<pivotCacheRecords {S}><r><s v=\"CANARY\"/></r></pivotCacheRecords>");
    let list = rels(&rel("rId1", "pivotCacheRecords", "r.xml", false));
    let bytes = book(
        "<pivotCaches><pivotCache cacheId=\"1\" r:id=\"rId2\"/></pivotCaches>",
        &rel("rId2", "pivotCacheDefinition", "c.xml", false),
        &[("xl/c.xml", &cache), ("xl/_rels/c.xml.rels", &list), ("xl/r.xml", &records)],
    );
    stays("a.xlsx", &bytes, "data behind pivot tables");
    drops("a.xlsx", &bytes, Token::Hidden);
    let clean = scrub_under(&Policy::default().with(Token::Hidden, false), "a.xlsx", &bytes).unwrap();
    assert!(part(&clean.bytes, "xl/c.xml").contains("saveData=\"0\" refreshOnLoad=\"1\""));
}

#[test]
fn excel_3_cube_formulas() {
    let sheet = "<sheetData><row r=\"1\"><c r=\"A1\"><f>CUBEVALUE(\"CANARY server\",\"[Measures].[x]\")</f><v>7</v></c></row></sheetData>";
    let clean = goes("a.xlsx", &xlsx(sheet, "", &[]), "formulas that ask a data model");
    assert!(part(&clean.bytes, "xl/s.xml").contains("<v>7</v>"));
}

#[test]
fn excel_5_word_3_custom_xml() {
    let links = rel("rId2", "customXml", "../customXml/item1.xml", false);
    goes("a.xlsx", &book("", &links, &[("customXml/item1.xml", "<a>CANARY</a>")]), "custom XML data");
    goes("a.docx", &docx("<w:p/>", &links, &[("customXml/item1.xml", "<a>CANARY</a>")]), "custom XML data");
}

#[test]
fn excel_6_powerpoint_1_word_1_comments_revisions_and_versions() {
    let comments = format!("<comments {S}><authors><author>CANARY</author></authors><commentList/></comments>");
    let bytes = xlsx("<sheetData/>", &rel("rId1", "comments", "c.xml", false), &[("xl/c.xml", &comments)]);
    goes("a.xlsx", &bytes, "comments");
    let revisions = rel("rId2", "revisionHeaders", "h.xml", false) + &rel("rId3", "usernames", "u.xml", false);
    let bytes = book(
        "",
        &revisions,
        &[("xl/h.xml", "<headers userName=\"CANARY\"/>"), ("xl/u.xml", "<users><userInfo name=\"CANARY\"/></users>")],
    );
    goes("a.xlsx", &bytes, "editing history");
    let comments = format!("<p:cmLst {PML}><p:cm><p:text>CANARY</p:text></p:cm></p:cmLst>");
    let bytes = slides("", "", &rel("rId1", "comments", "c.xml", false), &[("ppt/c.xml", &comments)]);
    goes("a.pptx", &bytes, "comments");
    let body = "<w:p><w:del w:id=\"1\" w:author=\"CANARY\"><w:r><w:delText>CANARY</w:delText></w:r></w:del><w:r><w:commentReference w:id=\"0\"/></w:r></w:p>";
    let comments = format!("<w:comments {W}><w:comment w:id=\"0\" w:author=\"CANARY\"/></w:comments>");
    let bytes = docx(body, &rel("rId1", "comments", "comments.xml", false), &[("word/comments.xml", &comments)]);
    goes("a.docx", &bytes, "insertions and deletions").found("comments");
}

#[test]
fn excel_7_powerpoint_2_word_2_properties_and_personal_information() {
    let types = format!(
        "<Types xmlns=\"{P}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>"
    );
    let core =
        format!("<Relationship Id=\"rId2\" Type=\"{P}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>");
    let labels = "<Relationship Id=\"rId4\" Type=\"http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels\" Target=\"docMetadata/LabelInfo.xml\"/>";
    let root = rels(
        &(rel("rId1", "officeDocument", "word/document.xml", false)
            + &core
            + &rel("rId3", "custom-properties", "docProps/custom.xml", false)
            + labels),
    );
    let bytes = pack(&[
        ("[Content_Types].xml", &types),
        ("_rels/.rels", &root),
        ("word/document.xml", &format!("<w:document {W}><w:body/></w:document>")),
        ("docProps/core.xml", "<a xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator>CANARY</dc:creator></a>"),
        ("docProps/custom.xml", "<a><property name=\"CANARY\">CANARY SharePoint</property></a>"),
        ("docMetadata/LabelInfo.xml", "<a siteId=\"CANARY\"/>"),
    ]);
    let clean = goes("a.docx", &bytes, "author");
    clean.found("custom property");
    clean.found("sensitivity labels");
}

#[test]
fn excel_8_word_4_headers_footers_and_watermarks() {
    let sheet = "<sheetData/><headerFooter><oddHeader>&amp;CKEEPME</oddHeader></headerFooter>";
    stays("a.xlsx", &xlsx(sheet, "", &[]), "headers and footers");
    let header = format!("<w:hdr {W}><w:p><w:r><w:t>KEEPME</w:t></w:r></w:p></w:hdr>");
    let body = format!("<w:sectPr><w:headerReference xmlns:r=\"{R}\" r:id=\"rId1\"/></w:sectPr>");
    stays(
        "a.docx",
        &docx(&body, &rel("rId1", "header", "header1.xml", false), &[("word/header1.xml", &header)]),
        "headers and footers",
    );
}

#[test]
fn excel_9_hidden_rows_and_columns() {
    let sheet = "<cols><col min=\"1\" max=\"1\" hidden=\"1\"/></cols><sheetData><row r=\"1\" hidden=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData>";
    let bytes = xlsx(sheet, "", &[]);
    stays("a.xlsx", &bytes, "hidden row");
    stays("a.xlsx", &bytes, "hidden column");
    refuses("a.xlsx", &bytes, Token::Hidden);
}

#[test]
fn excel_10_hidden_sheets_and_names() {
    let names = "<definedNames><definedName name=\"_xlnm._FilterDatabase\" hidden=\"1\">a!$A$1</definedName><definedName name=\"x\" hidden=\"1\">a!$A$1</definedName></definedNames>";
    stays("a.xlsx", &book(names, "", &[]), "hidden name");
    refuses("a.xlsx", &book(names, "", &[]), Token::Hidden);
    let sheet = "<sheets><sheet name=\"b\" sheetId=\"2\" state=\"veryHidden\" r:id=\"rId1\"/></sheets>";
    stays("a.xlsx", &book(sheet, "", &[]), "hidden sheet");
    refuses("a.xlsx", &book(sheet, "", &[]), Token::Hidden);
}

#[test]
fn excel_11_word_5_invisible_content() {
    let xdr = "xmlns:xdr=\"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing\"";
    let drawing = format!(
        "<xdr:wsDr {xdr}><xdr:sp><xdr:nvSpPr><xdr:cNvPr id=\"2\" name=\"Shape 1\" hidden=\"1\"/></xdr:nvSpPr></xdr:sp></xdr:wsDr>"
    );
    let bytes = xlsx("<sheetData/><drawing r:id=\"rId1\"/>", &rel("rId1", "drawing", "d.xml", false), &[("xl/d.xml", &drawing)]);
    stays("a.xlsx", &bytes, "hidden object");
    refuses("a.xlsx", &bytes, Token::Hidden);
    let shape = "<w:p><w:r><w:pict xmlns:v=\"urn:schemas-microsoft-com:vml\"><v:shape style=\"position:absolute;visibility: hidden\"/></w:pict></w:r></w:p>";
    stays("a.docx", &docx(shape, "", &[]), "hidden object");
    refuses("a.docx", &docx(shape, "", &[]), Token::Hidden);
}

#[test]
fn excel_12_external_links() {
    let sheet = "<sheetData><row r=\"1\"><c r=\"A1\"><f>[1]CANARY!A1</f><v>7</v></c></row></sheetData>\
                 <conditionalFormatting sqref=\"A1\"><cfRule type=\"expression\" priority=\"1\"><formula>[1]CANARY!A1=1</formula></cfRule></conditionalFormatting>";
    let clean = goes("a.xlsx", &xlsx(sheet, "", &[]), "formulas that reach into other workbooks");
    clean.found("rules that reach into other workbooks");
    assert!(!part(&clean.bytes, "xl/s.xml").contains("conditionalFormatting"));
    let links = rel("rId2", "externalLink", "e.xml", false);
    let bytes = book(
        "<externalReferences><externalReference r:id=\"rId2\"/></externalReferences>",
        &links,
        &[("xl/e.xml", "<a>CANARY</a>")],
    );
    goes("a.xlsx", &bytes, "cells of other workbooks");
}

#[test]
fn excel_13_surveys() {
    goes(
        "a.xlsx",
        &book("", &link("rId2", "survey", "q.xml"), &[("xl/q.xml", "<survey>CANARY</survey>")]),
        "part of an unknown kind",
    );
}

#[test]
fn excel_14_custom_sheet_properties() {
    let sheet = "<sheetData/><customProperties><customPr name=\"CANARY\" r:id=\"rId1\"/></customProperties>";
    let bytes = xlsx(sheet, &rel("rId1", "customProperty", "p.bin", false), &[("xl/p.bin", "CANARY")]);
    goes("a.xlsx", &bytes, "properties of a sheet");
}

#[test]
fn powerpoint_3_invisible_objects() {
    let bytes = slides(&object(" hidden=\"1\"", 1), "", "", &[]);
    stays("a.pptx", &bytes, "hidden objects");
    drops("a.pptx", &bytes, Token::Hidden);
    let moved = "<p:timing><p:spTgt spid=\"7\"/></p:timing>";
    refuses("a.pptx", &slides(&object(" hidden=\"1\"", 1), moved, "", &[]), Token::Hidden);
}

#[test]
fn powerpoint_4_objects_beside_the_slide() {
    let bytes = slides(&object("", 2000), "", "", &[]);
    stays("a.pptx", &bytes, "objects beside the slide");
    drops("a.pptx", &bytes, Token::Hidden);
    let on = scrub("a.pptx", &slides(&object("", 995).replace("CANARY", "KEEPME"), "", "", &[])).unwrap();
    assert!(on.cleaned.findings().iter().all(|f| f.label != "objects beside the slide"));
}

#[test]
fn powerpoint_5_notes() {
    let notes = format!("<p:notes {PML}><p:cSld name=\"CANARY\"/></p:notes>");
    let bytes = slides("", "", &rel("rId1", "notesSlide", "n.xml", false), &[("ppt/n.xml", &notes)]);
    stays("a.pptx", &bytes, "speaker notes");
    drops("a.pptx", &bytes, Token::Notes);
}

#[test]
fn word_6_hidden_text() {
    let hidden = "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>CANARY</w:t></w:r></w:p>";
    stays("a.docx", &docx(hidden, "", &[]), "hidden text");
    drops("a.docx", &docx(hidden, "", &[]), Token::Hidden);
    let styles = format!("<w:styles {W}><w:style w:styleId=\"s\"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>");
    let styled = |used: &str| {
        let body = format!("<w:p><w:r><w:rPr><w:rStyle w:val=\"{used}\"/></w:rPr><w:t>KEEPME</w:t></w:r></w:p>");
        docx(&body, &rel("rId1", "styles", "styles.xml", false), &[("word/styles.xml", &styles)])
    };
    stays("a.docx", &styled("s"), "text that a style hides");
    refuses("a.docx", &styled("s"), Token::Hidden);
    scrub_under(&Policy::default().with(Token::Hidden, false), "a.docx", &styled("t")).unwrap();
}
