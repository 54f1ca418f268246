//! Acrobat's categories of hidden information, one by one: each is removed here, or kept and reported, or refused. A test
//! has the name of the category it is about.

use crate::pdf::*;
use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

/// Everything with CANARY goes, and the report says so under this label.
#[track_caller]
fn goes(bytes: &[u8], label: &str) {
    let clean = cleaned(bytes);
    assert!(clean.found(label).action.changes(), "{label} is told but kept");
}

/// Nothing is lost, and a warning says so.
#[track_caller]
fn warns(bytes: &[u8], words: &str) {
    let clean = scrub("a.pdf", bytes).unwrap();
    let warnings = clean.cleaned.warnings().join("\n");
    assert!(warnings.contains(words), "{warnings}");
}

/// What the token names stays, and goes where it is dropped.
#[track_caller]
fn drops(bytes: &[u8], token: Token, word: &str) {
    assert!(has(&scrub("a.pdf", bytes).unwrap(), word), "{word} did not stay");
    assert!(!has(&scrub_under(&Policy::default().with(token, false), "a.pdf", bytes).unwrap(), word), "{word} did not go");
}

#[test]
fn metadata() {
    goes(
        &simple("/Metadata 6 0 R", "", &[&stream("/Type/Metadata", b"CANARY")], "/Info<</Author(CANARY)>>"),
        "trailer entry Info",
    );
    goes(&simple("", "", &[b"<</Author(CANARY)>>"], "/Info 6 0 R"), "author");
}

#[test]
fn embedded_and_attached_files() {
    let file = stream("/Type/EmbeddedFile", b"KEEPFILE");
    let names = "/Names<</EmbeddedFiles<</Names[(a.txt) 6 0 R]>>>>";
    drops(&simple(names, "", &[b"<</EF<</F 7 0 R>>/F(a.txt)/Type/Filespec>>", &file], ""), Token::Attachments, "KEEPFILE");
}

#[test]
fn scripts_and_actions() {
    goes(&simple("/OpenAction<</S/JavaScript/JS(CANARY)>>", "", &[], ""), "action on opening (JavaScript)");
    goes(&simple("", "/AA<</O<</S/JavaScript/JS(CANARY)>>>>", &[], ""), "actions that run by themselves");
}

#[test]
fn links() {
    let link = "/Annots[<</A<</S/URI/URI(https://KEEPLINK.org)>>/Rect[0 0 1 1]/Subtype/Link/Type/Annot>>]";
    drops(&simple("", link, &[], ""), Token::Links, "KEEPLINK");
}

#[test]
fn hidden_layers() {
    let layers = "/OCProperties<</D<</OFF[6 0 R]>>/OCGs[6 0 R]>>";
    warns(&simple(layers, "", &[b"<</Name(KEEPME)/Type/OCG>>"], ""), "hidden layers");
}

#[test]
fn embedded_search_index() {
    goes(
        &simple("/PieceInfo<</SearchIndex<</Private 6 0 R>>>>", "", &[&stream("", b"CANARY")], ""),
        "private data of the program that made it",
    );
}

#[test]
fn stored_form_data() {
    let form = "/AcroForm<</Fields[6 0 R]>>";
    let field: &[u8] = b"<</FT/Tx/Rect[0 0 1 1]/Subtype/Widget/T(a)/Type/Annot/V(KEEPVALUE)>>";
    drops(&simple(form, "", &[field], ""), Token::Forms, "KEEPVALUE");
}

#[test]
fn comments_and_markups() {
    let note = "/Annots[<</Contents(KEEPNOTE)/M(D:CANARY)/NM(CANARY)/Rect[0 0 1 1]/Subtype/Text/T(CANARY)/Type/Annot>>]";
    goes(&simple("", note, &[], ""), "author of the annotation");
    drops(&simple("", note, &[], ""), Token::Annotations, "KEEPNOTE");
}

#[test]
fn comments_hidden_in_the_body() {
    let mut bytes = simple("", "", &[], "");
    let at = memchr::memmem::find(&bytes, b"xref").unwrap();
    bytes.splice(at..at, *b"% CANARY\n");
    let bytes = String::from_utf8_lossy(&bytes).replace(&format!("startxref\n{at}"), &format!("startxref\n{}", at + 9));
    cleaned_bytes(&bytes);
}

fn cleaned_bytes(text: &str) {
    // The second line is binary and was replaced; it says nothing.
    cleaned(text.as_bytes());
}

#[test]
fn hidden_data_of_earlier_saves() {
    let mut bytes = simple("", "/Contents 6 0 R", &[&stream("", b"(CANARY) Tj")], "");
    let earlier = memchr::memmem::rfind(&bytes, b"xref\n0").unwrap();
    let object = bytes.len();
    bytes.extend_from_slice(b"3 0 obj\n<</Contents 4 0 R/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>>>/Type/Page>>\nendobj\n");
    let at = bytes.len();
    bytes.extend_from_slice(
        format!("xref\n3 1\n{object:010} 00000 n \ntrailer\n<</Prev {earlier}/Root 1 0 R/Size 7>>\nstartxref\n{at}\n%%EOF\n")
            .as_bytes(),
    );
    goes(&bytes, "an earlier revision of the document");
}

#[test]
fn obscured_text_and_overlapping_objects() {
    let text = b"BT /F1 12 Tf 100 700 Td (KEEPME) Tj ET 0 g 90 690 100 30 re f";
    warns(&one_page("", "", &stream("", text), &[], ""), "under opaque boxes");
}

#[test]
fn deleted_or_cropped_content() {
    warns(&simple("", "/CropBox[0 0 9 9]/MediaBox[0 0 99 99]", &[], ""), "cropped");
    warns(&one_page("", "", &stream("", b"BT 3 Tr /F1 12 Tf 20 700 Td (KEEPME) Tj ET"), &[], ""), "not shown");
}

#[test]
fn unreferenced_data() {
    goes(&simple("", "", &[b"(CANARY)"], ""), "objects that nothing leads to (1)");
}

#[test]
fn bookmarks() {
    let outlines = "/Outlines<</First 6 0 R/Last 6 0 R/Count 1>>";
    let mark: &[u8] = b"<</Dest[3 0 R/Fit]/Title(KEEPMARK)>>";
    drops(&simple(outlines, "", &[mark], ""), Token::Bookmarks, "KEEPMARK");
}

#[test]
fn signatures_and_private_data_of_others() {
    let form = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>";
    let field: &[u8] = b"<</FT/Sig/Rect[0 0 1 1]/Subtype/Widget/T(a)/Type/Annot/V<</ByteRange[0 1 2 3]/Name(CANARY)/Type/Sig>>>>";
    assert_eq!(refusal("a.pdf", &simple(form, "", &[field], "")).code(), Code::Signed);
    goes(&simple("", "/PieceInfo<</Illustrator<</Private(CANARY)>>>>", &[], ""), "private data of the program that made it");
}
