//! PDF.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// A document from its objects (1 is the catalog) and what its trailer says besides `Size`.
pub fn document(objects: &[&[u8]], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut places = Vec::new();
    for (i, body) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n", i + 1).as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(b"\nendobj\n");
    }
    let at = out.len();
    out.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for place in places {
        out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    out.extend_from_slice(format!("trailer\n<<{trailer}/Size {}>>\nstartxref\n{at}\n%%EOF\n", objects.len() + 1).as_bytes());
    out
}

pub fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let mut out = format!("<<{entries}/Length {}>>stream\n", data.len()).into_bytes();
    out.extend_from_slice(data);
    out.extend_from_slice(b"\nendstream");
    out
}

trait Replace {
    fn replacen(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    /// Puts `to` in the place of the first `from`, which must be as long.
    fn replacen(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let at = self.windows(from.len()).position(|w| w == from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

pub const TEXT: &[u8] = b"BT /F1 12 Tf 20.50 700 Td (KEEPME) Tj ET";
pub const FONT: &[u8] = b"<</BaseFont/Helvetica/Subtype/Type1/Type/Font>>";

/// One page; `catalog` and `page` are what stands there besides the necessary, `more` are objects from 6 on.
pub fn one_page(catalog: &str, page: &str, contents: &[u8], more: &[&[u8]], trailer: &str) -> Vec<u8> {
    let catalog = format!("<<{catalog}/Pages 2 0 R/Type/Catalog>>");
    let page = format!("<<{page}/Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>>>/Type/Page>>");
    let pages: &[u8] = b"<</Count 1/Kids[3 0 R]/MediaBox[0 0 612 792.000]/Type/Pages>>";
    let mut objects: Vec<&[u8]> = vec![catalog.as_bytes(), pages, page.as_bytes(), contents, FONT];
    objects.extend_from_slice(more);
    document(&objects, &format!("/Root 1 0 R{trailer}"))
}

pub fn simple(catalog: &str, page: &str, more: &[&[u8]], trailer: &str) -> Vec<u8> {
    one_page(catalog, page, &stream("", TEXT), more, trailer)
}

pub fn has(clean: &Clean, needle: &str) -> bool {
    find_secret(&clean.bytes, needle).is_some()
}

#[track_caller]
pub fn cleaned(bytes: &[u8]) -> Clean {
    let clean = scrub("a.pdf", bytes).unwrap();
    clean.had_secrets().tells_nothing();
    assert!(has(&clean, "KEEPME"));
    clean
}

#[test]
fn truncated() {
    let bytes = simple("/Metadata 6 0 R", "", &[&stream("/Type/Metadata", b"CANARY")], "/Info 7 0 R");
    truncate_everywhere("a.pdf", &bytes, 7);
}

#[test]
fn nothing_to_remove() {
    scrub("a.pdf", &simple("", "", &[], "")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let bytes = std::fs::read(root().join("samples/pdf/everything.pdf")).unwrap();
    let clean = cleaned(&bytes);
    for kept in
        ["KEEPME: the text of the page", "KEEPME note", "KEEPME bookmark", "KEEPME field", "KEEPME value", "example.org/KEEPME"]
    {
        assert!(has(&clean, kept), "{kept} is gone");
    }
    for label in ["author", "company", "file identifier", "author of the annotation", "thumbnail of the page", "scripts"] {
        clean.found(label);
    }
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = simple("", "", &[], "");
    bytes.extend_from_slice(b"CANARY: a second file");
    cleaned(&bytes);
}

#[test]
fn out_of_order() {
    // The page before the catalog, keys unsorted, odd white space, a generation that is not 0.
    let mut out = b"%PDF-1.3\n".to_vec();
    let mut places = [0usize; 4];
    for (number, body) in [
        (3, "<< /Type\t/Page /Parent 2 0 R\r\n/Contents 4 0 R >>"),
        (2, "<</Kids[ 3 0 R ]/Type/Pages/Count 1/MediaBox [ 0 0 10 10 ]>>"),
        (1, "<</Type/Catalog /Pages 2 0 R/CANARY(CANARY)>>"),
    ] {
        places[number] = out.len();
        out.extend_from_slice(format!("{number} 0 obj {body} endobj\n").as_bytes());
    }
    places[0] = out.len();
    out.extend_from_slice(b"4 0 obj");
    out.extend_from_slice(&stream("", b"0 0 m % KEEP out\n(KEEPME) Tj"));
    out.extend_from_slice(b"\nendobj\n");
    let at = out.len();
    out.extend_from_slice(b"xref\n0 5\n0000000000 65535 f \n");
    for place in [places[1], places[2], places[3], places[0]] {
        out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    out.extend_from_slice(format!("trailer <</Root 1 0 R/Size 5>>\nstartxref\n{at}\n%%EOF").as_bytes());
    cleaned(&out);
}

#[test]
fn numbers_keep_their_text() {
    let clean = scrub("a.pdf", &simple("/PieceInfo(CANARY)", "/TrimBox[0.10 16777217 1234.56789012 .5]", &[], "")).unwrap();
    assert!(has(&clean, "[0.10 16777217 1234.56789012 .5]"));
}

#[test]
fn an_earlier_revision_goes() {
    let clean = cleaned(&std::fs::read(root().join("samples/pdf/revised.pdf")).unwrap());
    clean.found("an earlier revision of the document");
    assert!(!has(&clean, "the text of"));
    assert!(has(&clean, "KEEPME: corrected"));
}

#[test]
fn a_page_that_was_taken_out_of_the_tree_goes_though_a_bookmark_leads_to_it() {
    let outline = b"<</First 7 0 R/Last 7 0 R/Type/Outlines>>";
    let item = b"<</Dest[8 0 R/Fit]/Parent 6 0 R/Title(KEEPME)>>";
    let page = b"<</Type/Page/Parent 2 0 R/Contents 9 0 R>>";
    let contents = stream("", b"(CANARY) Tj");
    cleaned(&simple("/Outlines 6 0 R", "", &[outline, item, page, &contents], ""));
}

#[test]
fn bytes_behind_packed_data_go() {
    let mut data = zlib(TEXT);
    data.extend_from_slice(b"CANARY");
    let clean = cleaned(&one_page("", "", &stream("/Filter/FlateDecode", &data), &[], ""));
    clean.found("bytes behind the end of packed data");
}

#[test]
fn bytes_behind_data_packed_twice_go() {
    let mut inner = zlib(TEXT);
    inner.extend_from_slice(b"CANARY");
    let hex: String = inner.iter().map(|b| format!("{b:02x}")).collect();
    let bytes =
        one_page("", "", &stream("/Filter[/ASCIIHexDecode/FlateDecode]", format!("{hex}>").as_bytes()), &[], "/X(CANARY)");
    let clean = scrub("a.pdf", &bytes).unwrap();
    assert!(!has(&clean, "43414e415259"));
    clean.tells_nothing().found("bytes behind the end of packed data");
}

#[test]
fn comments_go_from_content_but_not_from_strings_and_inline_pictures() {
    let text = b"(50 % KEEPME) Tj % CANARY\nBI /W 1 /H 1 /BPC 8 /CS /G ID %EI\nEI Q\n(100% KEEPME 2) Tj";
    let clean = cleaned(&one_page("", "", &stream("", text), &[], ""));
    assert!(has(&clean, "50 % KEEPME") && has(&clean, "ID %EI\nEI Q") && has(&clean, "100% KEEPME 2"));
}

#[test]
fn a_password_is_refused_and_an_empty_one_too() {
    let encrypt = "/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<0000000000000000000000000000000000000000000000000000000000000000>\
                   /U<0000000000000000000000000000000000000000000000000000000000000000>>>/ID[<00><00>]";
    assert_eq!(refusal("a.pdf", &simple("", "", &[], encrypt)).code(), Code::Encrypted);
}

#[test]
fn an_encryption_that_cannot_be_read_is_refused_however_the_file_is_read() {
    // Neither the trailer nor the password says what to do: what is read is not what is written there.
    for encrypt in ["/Encrypt 99 0 R", "/Encrypt<</Filter/Standard/V 5/R 6>>", "/Encrypt[]/X<</Encrypt 7 0 R>>"] {
        let bytes = simple("", "", &[], encrypt);
        assert_eq!(refusal("a.pdf", &bytes).code(), Code::Encrypted, "{encrypt}");
        let broken = replaced(&bytes, b"startxref", b"startxxxx");
        assert_eq!(refusal("a.pdf", &broken).code(), Code::Encrypted, "{encrypt}");
    }
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).rposition(|w| w == old).unwrap();
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[test]
fn attached_files_keep_their_names_but_not_the_paths_of_a_disk() {
    let names = "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>";
    let file = stream("/Type/EmbeddedFile", b"KEEPME: a file");
    for path in
        ["C:/Users/CANARY/note.txt", "/home/CANARY/note.txt", "\\\\\\\\CANARY\\\\share\\\\note.txt", "C:\\\\CANARY\\\\note.txt"]
    {
        let spec = format!("<</Type/Filespec/F({path})/UF(note.txt)/EF<</F 7 0 R>>>>");
        let clean = cleaned(&simple(names, "", &[spec.as_bytes(), &file], ""));
        assert!(has(&clean, "/F(note.txt)"), "{path}");
        clean.found("path of an attached file");
    }
    let wide: String = "/CANARY/n".encode_utf16().map(|u| format!("{u:04X}")).collect();
    let spec = format!("<</Type/Filespec/UF<FEFF{wide}>/EF<</F 7 0 R>>>>");
    let clean = scrub("a.pdf", &simple(names, "", &[spec.as_bytes(), &file], "")).unwrap();
    clean.found("path of an attached file");
    assert!(!has(&clean, &wide) && has(&clean, "<FEFF006E>"));
    let inner = "<</Type/Filespec/F(KEEPME/note.txt)/EF<</F 7 0 R>>>>";
    assert!(has(&scrub("a.pdf", &simple(names, "", &[inner.as_bytes(), &file], "")).unwrap(), "KEEPME/note.txt"));
}

#[test]
fn signatures_are_refused_unless_dropped_on_purpose() {
    let field =
        b"<</FT/Sig/T(KEEPME)/Subtype/Widget/Rect[0 0 9 9]/V<</Type/Sig/Name(CANARY Signer)/ByteRange[0 1 2 3]/Contents<00>>>>>";
    let bytes = simple("/AcroForm<</Fields[6 0 R]/SigFlags 3>>", "/Annots[6 0 R]", &[field], "");
    assert_eq!(refusal("a.pdf", &bytes).code(), Code::Signed);
    let policy = Policy::default().with(Token::Signatures, false);
    scrub_under(&policy, "a.pdf", &bytes).unwrap().tells_nothing().found("signer");
}

#[test]
fn a_redaction_that_was_never_applied_is_refused() {
    let bytes = simple("", "/Annots[6 0 R]", &[b"<</Subtype/Redact/Rect[0 0 9 9]/Type/Annot>>"], "");
    assert_eq!(refusal("a.pdf", &bytes).code(), Code::NeedsResidual);
}

#[test]
fn a_dynamic_form_is_refused() {
    assert_eq!(refusal("a.pdf", &simple("/NeedsRendering true", "", &[], "")).code(), Code::Unsupported);
}

#[test]
fn attachments_are_cleaned_or_refused_or_dropped() {
    let names = "/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>";
    let spec = |name: &str| format!("<</Type/Filespec/F({name})/EF<</F 7 0 R>>/Desc(CANARY)>>");
    let file = stream("/Type/EmbeddedFile/Params<</ModDate(CANARY)>>", b"KEEPME: a file");
    let clean = cleaned(&simple(names, "", &[spec("note.txt").as_bytes(), &file], ""));
    assert!(has(&clean, "KEEPME: a file"));
    let unknown = simple(names, "", &[spec("note.weird").as_bytes(), &stream("", b"\0CANARY")], "");
    assert_eq!(refusal("a.pdf", &unknown).code(), Code::UnknownMember);
    let policy = Policy::default().with(Token::Attachments, false);
    scrub_under(&policy, "a.pdf", &unknown).unwrap().tells_nothing().found("attached files");
}

#[test]
fn a_pdf_in_a_pdf_is_cleaned_too() {
    let inner = simple("/PieceInfo(CANARY)", "", &[], "/Info<</Author(CANARY Inner)>>");
    let file = stream("/Type/EmbeddedFile", &inner);
    let spec = b"<</Type/Filespec/F(in.pdf)/EF<</F 7 0 R>>>>";
    cleaned(&simple("/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", "", &[spec, &file], ""));
}

#[test]
fn an_archive_document_still_says_so() {
    let xmp = b"<x:xmpmeta><rdf:Description pdfaid:part=\"2\" pdfaid:conformance='B' dc:creator=\"CANARY\"/></x:xmpmeta>";
    let clean = cleaned(&simple("/Metadata 6 0 R", "", &[&stream("/Type/Metadata/Subtype/XML", xmp)], ""));
    assert!(has(&clean, "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"));
    assert!(has(&clean, "/ID["));
}

#[test]
fn scripts_and_paths_go_and_web_addresses_stay() {
    let annots = "/Annots[<</Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(https://KEEPME.example)/Next<</S/JavaScript/JS(CANARY)>>>>>>\
                  <</Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(file:///home/CANARY)>>>>]";
    cleaned(&simple("/OpenAction<</S/JavaScript/JS(CANARY)>>", annots, &[], ""));
}

#[test]
fn a_removed_name_that_stands_in_the_text_is_warned_of() {
    let contents = stream("", b"BT (Written by KEEPME Miller) Tj ET");
    let clean = scrub("a.pdf", &one_page("", "", &contents, &[b"<</Author(KEEPME Miller)>>"], "/Info 6 0 R")).unwrap();
    let warnings = clean.cleaned.warnings();
    assert!(warnings.iter().any(|w| w.contains("author") && w.contains("page 1")), "{warnings:?}");
}

#[test]
fn objects_packed_in_streams_stay_packed() {
    let packed = |objects: &[(u32, &str)]| {
        let (mut index, mut bodies) = (String::new(), String::new());
        for (number, body) in objects {
            index += &format!("{number} {} ", bodies.len());
            bodies += body;
            bodies.push(' ');
        }
        (index.len(), zlib((index + &bodies).as_bytes()))
    };
    let (first, data) = packed(&[
        (1, "<</Type/Catalog/Pages 2 0 R/PieceInfo(CANARY)>>"),
        (2, "<</Type/Pages/Count 1/Kids[3 0 R]/MediaBox[0 0 9 9]>>"),
        (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>"),
    ]);
    let mut out = b"%PDF-1.5\n".to_vec();
    let four = out.len();
    out.extend_from_slice(b"4 0 obj\n");
    out.extend(stream("", b"(KEEPME) Tj"));
    out.extend_from_slice(b"\nendobj\n");
    let five = out.len();
    out.extend_from_slice(b"5 0 obj\n");
    out.extend(stream(&format!("/Type/ObjStm/N 3/First {first}/Filter/FlateDecode"), &data));
    out.extend_from_slice(b"\nendobj\n");
    let six = out.len() as u16;
    let mut rows = vec![0, 0, 0, 0];
    for row in [[2, 0, 5, 0], [2, 0, 5, 1], [2, 0, 5, 2]] {
        rows.extend_from_slice(&row);
    }
    for place in [four as u16, five as u16, six] {
        rows.push(1);
        rows.extend_from_slice(&place.to_be_bytes());
        rows.push(0);
    }
    out.extend_from_slice(b"6 0 obj\n");
    out.extend(stream("/Type/XRef/Size 7/W[1 2 1]/Root 1 0 R", &rows));
    out.extend_from_slice(format!("\nendobj\nstartxref\n{six}\n%%EOF\n").as_bytes());
    let clean = cleaned(&out);
    assert!(clean.bytes.windows(7).any(|w| w == b"/ObjStm"));
    assert!(!clean.bytes.windows(7).any(|w| w == b"trailer"));
}

#[test]
fn a_type_1_font_does_not_say_when_it_was_made() {
    let clear = "%!PS-AdobeFont-1.1: KEEPME 1.0\n%%CreationDate: CANARY\n/Notice (100% fine) readonly def\ncurrentfile eexec\n";
    let font = stream(&format!("/Length1 {}/Length2 4/Length3 0", clear.len()), &[clear.as_bytes(), b"\x80%\x82\x83"].concat());
    let more: [&[u8]; 3] =
        [b"<</Type/Font/Subtype/Type1/BaseFont/X/FontDescriptor 7 0 R>>", b"<</Type/FontDescriptor/FontFile 8 0 R>>", &font];
    let bytes = simple("", "/Group<</CS[/X]/S/Transparency>>", &more, "").replacen(b"/F1 5 0 R", b"/F1 6 0 R");
    let clean = cleaned(&bytes);
    assert!(has(&clean, "(100% fine)"));
    let length = format!("/Length1 {}", clear.len() - "%%CreationDate: CANARY".len());
    assert!(has(&clean, &length), "Length1 does not follow");
}

#[test]
fn every_hiding_place_that_keys_make() {
    // Each of these names a place of the catalog, of the page, of an annotation, of a picture or of the structure.
    let catalog = "/SpiderInfo<</X(CANARY)>>/Legal(CANARY)/DSS<</X(CANARY)>>/DPartRoot(CANARY)/ADBE_X(CANARY)/URI<</Base(file:///CANARY)>>\
                   /MarkInfo<</Marked true/X(CANARY)>>/ViewerPreferences<</X(CANARY)>>/PageLabels<</Nums[0<</S/D/X(CANARY)>>]>>\
                   /OCProperties<</OCGs[6 0 R]/D<</Creator(CANARY)/ON[6 0 R]/Name(KEEPME)>>>>/OutputIntents[<</S/GTS_X/Info(CANARY)>>]\
                   /Threads[<</F<</R[0 0 1 1]>>/I<</Author(CANARY)>>>>]/Extensions<</ADBE<</BaseVersion/1.7/URL(CANARY)>>>>\
                   /StructTreeRoot<</K<</S/P/A<</O/X/Y(CANARY)>>/AF(CANARY)/Alt(KEEPME)>>/X(CANARY)>>/Names<</IDS(CANARY)/URLS(CANARY)>>";
    let page = "/Metadata(CANARY)/ID(CANARY)/PresSteps(CANARY)/TemplateInstantiated/CANARY/VP[(CANARY)]/LGIDict(CANARY)/AF(CANARY)\
                /AA<</O<</S/JavaScript/JS(CANARY)>>>>/Annots[<</Subtype/Highlight/Rect[0 0 1 1]/T(CANARY)/Subj(CANARY)/NM(CANARY)\
                /M(CANARY)/AAPL:AKExtras(CANARY)/ExData(CANARY)/Contents(KEEPME)>><</Subtype/Text/Rect[0 0 1 1]/State(CANARY)\
                /StateModel/Review>><</Subtype/Screen/Rect[0 0 1 1]/MK<</X(CANARY)>>/A<</S/Rendition/R(CANARY)>>>>]";
    let group: &[u8] =
        b"<</Type/OCG/Name(KEEPME)/Usage<</CreatorInfo<</Creator(CANARY)>>/User<</Name(CANARY)>>/Language<</Lang(en)>>>>>>";
    cleaned(&simple(catalog, page, &[group], "/Info<</X(CANARY)>>/CANARY(CANARY)"));
}

#[test]
fn hostile_structures_end() {
    // A page tree that leads back to itself, an object that is itself, an outline that has no end, deep nesting.
    let deep = format!("<</Type/Catalog/Pages 2 0 R/Lang {}1{}>>", "[".repeat(5000), "]".repeat(5000));
    let tree: &[u8] = b"<</Type/Pages/Count 1/Kids[2 0 R 3 0 R]/MediaBox[0 0 9 9]>>";
    let page: &[u8] = b"<</Type/Page/Parent 2 0 R/Resources 4 0 R/Contents 5 0 R>>";
    for catalog in ["<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>", &deep] {
        let objects: &[&[u8]] = &[catalog.as_bytes(), tree, page, b"4 0 R", b"5 0 R", b"<</First 6 0 R/Next 6 0 R/Last 6 0 R>>"];
        if let Err(r) = scrub("a.pdf", &document(objects, "/Root 1 0 R")) {
            assert!(!matches!(r.code(), Code::Internal | Code::Damaged), "{r}");
        }
    }
}

#[test]
fn what_is_lost_is_not_repaired_in_silence() {
    // The cross-references point nowhere, and one object of the page cannot be read: a repair would lose the page's text.
    let good = simple("", "", &[], "");
    let broken = |bytes: Vec<u8>| bytes.replacen(b"startxref\n", b"startxxxx\n");
    scrub("a.pdf", &broken(good.clone())).unwrap().changed();
    let lost = good.replacen(b"4 0 obj", b"4 0 xxx");
    assert_eq!(refusal("a.pdf", &broken(lost)).code(), Code::Malformed);
    let missing = good.replacen(b"/Kids[3 0 R]", b"/Kids[9 0 R]");
    assert_eq!(refusal("a.pdf", &missing).code(), Code::Malformed);
}

/// The warnings about a page with these operators.
fn warnings(contents: &str) -> String {
    let bytes = one_page("", "", &stream("", contents.as_bytes()), &[], "");
    scrub("a.pdf", &bytes).unwrap().cleaned.warnings().join("\n")
}

#[test]
fn text_under_an_opaque_box_is_warned_of() {
    let text = "BT /F1 12 Tf 100 700 Td (KEEPME) Tj ET ";
    let covered = "under opaque boxes or pictures (page 1)";
    assert!(warnings(&format!("{text} 0 g 90 690 100 30 re f")).contains(covered));
    assert!(warnings(&format!("{text} q 1 0 0 1 90 690 cm 0 0 m 100 0 l 100 30 l 0 30 l h 0 0 0 rg f Q")).contains(covered));
    for clear in [
        // Beneath, beside, a line under it, clipped away.
        format!("0 g 90 690 100 30 re f 1 g {text}"),
        format!("{text} 0 g 90 600 100 30 re f"),
        format!("{text} 0 g 90 696 100 1 re f"),
        format!("{text} q 0 0 10 10 re W n 0 g 90 690 100 30 re f Q"),
        format!("{text} 90 690 100 30 re S"),
    ] {
        assert_eq!(warnings(&clear), "", "{clear}");
    }
    let policy = Policy::default().with(Token::Hidden, false);
    let bytes = one_page("", "", &stream("", format!("{text} 0 g 90 690 100 30 re f").as_bytes()), &[], "");
    assert_eq!(scrub_under(&policy, "a.pdf", &bytes).err().unwrap().code(), Code::NeedsResidual);
}

#[test]
fn what_shines_through_covers_nothing() {
    let page = |settings: &str| {
        let page =
            format!("<</Contents 4 0 R/Parent 2 0 R/Resources<</ExtGState<</G {settings}>>/Font<</F1 5 0 R>>>>/Type/Page>>");
        let pages: &[u8] = b"<</Count 1/Kids[3 0 R]/MediaBox[0 0 612 792.000]/Type/Pages>>";
        let text = stream("", b"BT /F1 12 Tf 100 700 Td (KEEPME) Tj ET /G gs 0 g 90 690 100 30 re f");
        let bytes = document(&[b"<</Pages 2 0 R/Type/Catalog>>", pages, page.as_bytes(), &text, FONT], "/Root 1 0 R");
        scrub("a.pdf", &bytes).unwrap().cleaned.warnings().join("\n")
    };
    assert_eq!(page("<</ca 0.5>>"), "");
    assert_eq!(page("<</BM/Multiply>>"), "");
    assert!(page("<</ca 1/BM/Normal>>").contains("opaque"));
}

#[test]
fn white_text_and_text_beside_the_page_are_warned_of() {
    assert!(warnings("BT 1 g /F1 12 Tf 100 700 Td (KEEPME) Tj ET").contains("white text on a white page (page 1)"));
    assert_eq!(warnings("0 0 1 rg 0 600 612 200 re f BT 1 1 1 rg /F1 12 Tf 100 700 Td (KEEPME) Tj ET"), "");
    assert!(warnings("BT /F1 12 Tf 100 2000 Td (KEEPME) Tj ET").contains("outside of the page"));
}

#[test]
fn a_square_drawn_over_text_is_warned_of() {
    let square = "/Annots[<</Type/Annot/Subtype/Square/Rect[10 690 200 720]/IC[0 0 0]/F 4>>]";
    let clean = scrub("a.pdf", &simple("", square, &[], "")).unwrap();
    assert!(clean.cleaned.warnings().join("").contains("under opaque boxes"));
}

#[test]
fn comments_of_jbig2_pictures_go() {
    let page = b"\0\0\0\0\x30\0\x01\0\0\0\x13\0\0\0\x08\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0";
    let comment = [&b"\0\0\0\x01\x3e\0\x01\0\0\0\x0a\x20\0\0\0"[..], b"CANARY"].concat();
    let image = |more: &[u8]| {
        stream("/BitsPerComponent 1/Filter/JBIG2Decode/Height 8/Subtype/Image/Type/XObject/Width 8", &[page, more].concat())
    };
    let page_of = |image: &[u8]| {
        let page: &[u8] = b"<</Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</I 6 0 R>>>>/Type/Page>>";
        let pages: &[u8] = b"<</Count 1/Kids[3 0 R]/MediaBox[0 0 612 792.000]/Type/Pages>>";
        document(&[b"<</Pages 2 0 R/Type/Catalog>>", pages, page, &stream("", TEXT), FONT, image], "/Root 1 0 R")
    };
    let clean = cleaned(&page_of(&image(&comment)));
    clean.found("comments of a JBIG2 picture");
    assert!(memchr::memmem::find(&clean.bytes, page).is_some());
}

#[test]
fn maps_lose_where_they_are_unless_that_is_kept() {
    let map = "/VP[<</Type/Viewport/BBox[0 0 1 1]/Measure<</Type/Measure/Subtype/GEO/GPTS[48.1 11.5]/GCS<</Type/GEOGCS/EPSG 4326/WKT(KEEPME WGS)>>/LGI(CANARY)>>>>]";
    let bytes = simple("", map, &[], "");
    let clean = cleaned(&bytes);
    assert!(!has(&clean, "GPTS"));
    clean.found("georeference");
    let kept = scrub_under(&Policy::default().with(Token::Geotiff, true), "a.pdf", &bytes).unwrap();
    kept.tells_nothing();
    assert!(has(&kept, "GPTS[48.1 11.5]") && has(&kept, "KEEPME WGS"));
}

#[test]
fn scripts_that_are_to_be_kept_are_refused_in_plain_words() {
    let policy = Policy::default().with(Token::Macros, true);
    for catalog in ["/Names<</JavaScript<</Names[(a) 6 0 R]>>>>", "/OpenAction 6 0 R"] {
        let bytes = simple(catalog, "", &[b"<</S/JavaScript/JS(CANARY)>>"], "");
        let refused = scrub_under(&policy, "a.pdf", &bytes).err().unwrap();
        assert_eq!(refused.code(), Code::Unsupported, "{catalog}");
        cleaned(&bytes);
    }
}

#[test]
fn pictures_and_fonts_are_the_same_data() {
    // Scans, masks, letters drawn by operators, a font of its own and maps: all pass the second reader's comparison.
    let image =
        stream("/BitsPerComponent 8/ColorSpace/DeviceGray/Height 2/SMask 7 0 R/Subtype/Image/Type/XObject/Width 2", b"abcd");
    let mask = stream(
        "/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/FlateDecode/Height 4/Subtype/Image/Type/XObject/Width 4",
        &zlib(b"efghijklmnopqrst"),
    );
    let font: &[u8] = b"<</CharProcs<</a 9 0 R>>/Encoding<</Differences[0/a]/Type/Encoding>>/FirstChar 0/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/LastChar 0/Subtype/Type3/ToUnicode 10 0 R/Type/Font/Widths[500]>>";
    let page: &[u8] = b"<</Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F1 5 0 R/F2 8 0 R>>/XObject<</I 6 0 R>>>>/Type/Page>>";
    let pages: &[u8] = b"<</Count 1/Kids[3 0 R]/MediaBox[0 0 612 792.000]/Type/Pages>>";
    let (glyph, map) = (stream("", b"% CANARY\n500 0 d0 0 0 1 1 re f"), stream("", b"% CANARY\nbegincmap endcmap"));
    let catalog: &[u8] = b"<</Pages 2 0 R/Type/Catalog>>";
    let bytes =
        document(&[catalog, pages, page, &stream("", TEXT), FONT, &image, &mask, font, &glyph, &map], "/Root 1 0 R/Info 11 0 R");
    let clean = cleaned(&bytes);
    assert!(has(&clean, "abcd"), "the picture");
    assert!(has(&clean, "efgh"), "the mask");
}
