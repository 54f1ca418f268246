//! Books, built here file by file.

use std::io::{Read, Write};

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

const CONTAINER: &str = "<container><rootfiles><rootfile full-path=\"b.opf\"/></rootfiles></container>";

fn pack(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in members {
        let method = if *name == "mimetype" { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        zip.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn part(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().by_name(name).ok()?.read_to_end(&mut out).ok()?;
    Some(out)
}

fn opf(metadata: &str, items: &[(&str, &str)]) -> String {
    let items: String = items.iter().map(|(h, t)| format!("<item href=\"{h}\" media-type=\"{t}\"/>")).collect();
    format!(
        "<package xmlns=\"http://www.idpf.org/2007/opf\" unique-identifier=\"i\"><metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         {metadata}</metadata><manifest>{items}</manifest></package>"
    )
}

fn book(metadata: &str, items: &[(&str, &str)], more: &[(&str, &[u8])]) -> Vec<u8> {
    let opf = opf(metadata, items);
    let mut all: Vec<(&str, &[u8])> =
        vec![("mimetype", b"application/epub+zip"), ("META-INF/container.xml", CONTAINER.as_bytes()), ("b.opf", opf.as_bytes())];
    all.extend_from_slice(more);
    pack(&all)
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/epub").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("book.epub", &sample("book.epub"), 61);
}

#[test]
fn nothing_to_remove() {
    scrub("clean.epub", &sample("clean.epub")).unwrap().unchanged();
    let once = scrub("book.epub", &sample("book.epub")).unwrap();
    scrub("book.epub", &once.bytes).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("book.epub", &sample("book.epub")).unwrap();
    clean.had_secrets().tells_nothing().found("identifier of the book");
    let text = |name| String::from_utf8(part(&clean.bytes, name).unwrap()).unwrap();
    let package = text("OPS/book.opf");
    assert!(package.contains("<dc:title id=\"t\">KEEPME</dc:title>") && package.contains("rendition:layout"));
    assert!(package.contains("<dc:identifier id=\"id\">urn:uuid:00000000-") && package.contains("1980-01-01T00:00:00Z"));
    assert!(package.contains("name=\"cover\""));
    assert!(text("OPS/toc.ncx").contains("content=\"urn:uuid:00000000-"));
    assert!(text("OPS/a.xhtml").contains("KEEPME&nbsp;text") && text("OPS/a.xhtml").contains("rel=\"stylesheet\""));
    assert_eq!(text("OPS/s.css"), "p{color:red;content:\"/*KEEPME*/\"}");
}

#[test]
fn hidden_at_the_end() {
    let mut bytes = book("", &[], &[("more.xhtml", b"CANARY")]);
    bytes.extend_from_slice(b"CANARY");
    scrub("a.epub", &bytes).unwrap().had_secrets().tells_nothing();
}

#[test]
fn out_of_order() {
    let opf = opf("", &[]);
    let bytes = pack(&[
        ("b.opf", opf.as_bytes()),
        ("META-INF/container.xml", CONTAINER.as_bytes()),
        ("mimetype", b"application/epub+zip"),
    ]);
    assert_eq!(scrub("a.epub", &bytes).unwrap().cleaned.format().name, "EPUB");
}

#[test]
fn who_wrote_it_stays_where_it_is_asked_for() {
    let bytes = book("<dc:creator>KEEPME</dc:creator><dc:contributor>CANARY</dc:contributor>", &[], &[]);
    let clean = scrub_under(&Policy::default().with(Token::Tags, true), "a.epub", &bytes).unwrap();
    clean.tells_nothing();
    assert!(String::from_utf8(part(&clean.bytes, "b.opf").unwrap()).unwrap().contains("KEEPME"));
}

#[test]
fn obfuscated_fonts_are_written_plain() {
    let plain: Vec<u8> = b"OTTO".iter().copied().chain((0..2000u32).map(|i| (i * 7) as u8)).collect();
    // SHA-1 of "abc".
    let key = [
        0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d_u8,
    ];
    let idpf: Vec<u8> = plain.iter().enumerate().map(|(i, b)| if i < 1040 { b ^ key[i % 20] } else { *b }).collect();
    let adobe: Vec<u8> =
        plain.iter().enumerate().map(|(i, b)| if i < 1024 { b ^ [0x11, 0x22][(i % 16) / 8] } else { *b }).collect();
    let uuid = "urn:uuid:11111111-1111-1111-2222-222222222222";
    for (font, method, id) in
        [(&idpf, "http://www.idpf.org/2008/embedding", " a b\nc"), (&adobe, "http://ns.adobe.com/pdf/enc#RC", uuid)]
    {
        let list = format!(
            "<encryption><EncryptedData><EncryptionMethod Algorithm=\"{method}\"/><CipherData><CipherReference URI=\"f.otf\"/></CipherData></EncryptedData></encryption>"
        );
        let more = [("META-INF/encryption.xml", list.as_bytes()), ("f.otf", &font[..])];
        let metadata = |id: &str| format!("<dc:identifier>other</dc:identifier><dc:identifier id=\"i\">{id}</dc:identifier>");
        let items = [("f.otf", "application/vnd.ms-opentype")];
        let clean = scrub("a.epub", &book(&metadata(id), &items, &more)).unwrap();
        assert_eq!(part(&clean.bytes, "f.otf").unwrap(), plain);
        assert!(part(&clean.bytes, "META-INF/encryption.xml").is_none());
        assert_eq!(refusal("a.epub", &book(&metadata("wrong"), &items, &more)).code(), Code::Drm);
    }
}

#[test]
fn protected_signed_and_broken_books_are_refused() {
    let locked = b"<encryption><EncryptedData><EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/></EncryptedData></encryption>";
    assert_eq!(refusal("a.epub", &book("", &[], &[("META-INF/encryption.xml", locked)])).code(), Code::Drm);
    assert_eq!(refusal("a.epub", &book("", &[], &[("META-INF/license.lcpl", b"{}")])).code(), Code::Drm);
    assert_eq!(refusal("a.epub", &book("", &[], &[("META-INF/signatures.xml", b"<a/>")])).code(), Code::Signed);
    assert_eq!(refusal("a.epub", &pack(&[("mimetype", b"application/epub+zip")])).code(), Code::Malformed);
}

#[test]
fn a_page_that_names_a_buyer_is_told() {
    let page = b"<html><body>This ebook is licensed to somebody</body></html>";
    let clean = scrub("a.epub", &book("", &[("p.xhtml", "application/xhtml+xml")], &[("p.xhtml", page)])).unwrap();
    assert!(clean.cleaned.warnings().iter().any(|w| w.contains("sold to")));
}

#[test]
fn a_contents_list_keeps_an_element_that_says_nothing() {
    let ncx = "<ncx xmlns=\"http://www.daisy.org/z3986/2005/ncx/\"><head><meta content=\"\" name=\"\" scheme=\"\"/>\
               <meta name=\"\" content=\"CANARY\"/></head></ncx>";
    let given = book("", &[("a.ncx", "application/x-dtbncx+xml")], &[("a.ncx", ncx.as_bytes())]);
    let clean = scrub("b.epub", &given).unwrap();
    clean.tells_nothing();
    let list = String::from_utf8(part(&clean.bytes, "a.ncx").unwrap()).unwrap();
    assert!(list.contains("<head><meta content=\"\" name=\"\" scheme=\"\"/></head>"), "{list}");
}
