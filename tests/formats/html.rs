//! HTML and CSS.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

fn page(head: &str, body: &str) -> Vec<u8> {
    format!("<!doctype html><html><head>{head}</head><body>{body}</body></html>").into_bytes()
}

#[track_caller]
fn becomes(head: (&str, &str), body: (&str, &str)) {
    let clean = scrub("a.html", &page(head.0, body.0)).unwrap();
    assert_eq!(String::from_utf8_lossy(&clean.bytes), String::from_utf8_lossy(&page(head.1, body.1)));
}

#[track_caller]
fn body(before: &str, after: &str) {
    becomes(("", ""), (before, after));
}

#[track_caller]
fn head(before: &str, after: &str) {
    becomes((before, after), ("", ""));
}

fn everything() -> Vec<u8> {
    std::fs::read(root().join("samples/html/everything.html")).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.html", &everything(), 7);
}

#[test]
fn nothing_to_remove() {
    scrub("a.html", &page("<title>KEEPME</title>", "<p class='x' data-y=1>KEEPME<br/>&amp; a < b <> </p>")).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    let clean = scrub("a.html", &everything()).unwrap();
    clean.had_secrets().tells_nothing();
    let text = String::from_utf8(clean.bytes.clone()).unwrap();
    for kept in [
        "KEEPME title",
        "KEEPME text &am<!---->p; more",
        "KEEPME alt",
        "KEEPME link",
        "KEEPME <!-- not a comment -->",
        "style.css",
    ] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
    assert_eq!(clean.found("meta author").value.as_deref(), Some("CANARY Author"));
}

#[test]
fn hidden_at_the_end() {
    let whole = page("", "KEEPME");
    let clean = scrub("a.html", &[&whole[..], b"<!-- CANARY"].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
    let clean = scrub("a.html", &[&whole[..], b"<a title=\"CANARY"].concat()).unwrap();
    assert_eq!(clean.bytes, whole);
}

#[test]
fn out_of_order() {
    body("x<meta name=author content=CANARY><title>KEEPME</title><link rel=me href=CANARY>", "x<title>KEEPME</title>");
}

#[test]
fn comments_of_every_form_go() {
    body("a<!--CANARY-->b<!-->c<!--->d<!--CANARY--!>e<!CANARY>f</ CANARY>g<?CANARY?>h<!--CANARY--->", "abcdefgh");
    body("<!--[if mso]>CANARY<![endif]--><!--[if !mso]><!-->KEEPME<!--<![endif]--><![if !x]>KEEPME<![endif]>", "KEEPMEKEEPME");
}

#[test]
fn nothing_becomes_markup_when_a_comment_goes() {
    body("<<!--CANARY-->script>alert(1)", "<<!---->script>alert(1)");
    body("&l<!--CANARY-->t;", "&l<!---->t;");
    body("&<!--CANARY-->lt;", "&<!---->lt;");
}

#[test]
fn raw_text_holds_no_comments() {
    for kept in [
        "<script>a<!--KEEPME--></script>",
        "<script><!-- <script>x</script> KEEPME <!--no--> --></script>",
        "<textarea><!--KEEPME--></textarea>",
        "<style>a{}<!--KEEPME--></style>",
        "<svg><style>a{}</style><![CDATA[<!--KEEPME-->]]></svg>",
    ] {
        body(kept, kept);
    }
    body("<svg><style>a{}<!--CANARY--></style></svg>", "<svg><style>a{}</style></svg>");
    body("<script>x</script><!--CANARY-->", "<script>x</script>");
}

#[test]
fn meta_elements_live_by_the_list() {
    let kept = "<meta charset=utf-8><meta name=viewport content=x><meta http-equiv=refresh content='0; url=a.html'>";
    head(kept, kept);
    head("<META NAME=Keywords CONTENT=CANARY><meta property='fb:admins' content=CANARY><meta CANARY>", "");
    head("<meta name=viewport property=og:x content=CANARY>", "");
    head("<link rel=canonical href=CANARY><link rel='shortcut icon' href=x>", "<link rel='shortcut icon' href=x>");
    head("<meta http-equiv=refresh content='0; url=file:///CANARY'>", "");
}

#[test]
fn paths_go_and_web_addresses_stay() {
    body(r#"<a href="file:///C:/CANARY">x</a><img src='C:\CANARY.png'><img src=\\CANARY\x>"#, "<a>x</a><img><img>");
    body("<a href=/home/index.html>x</a><a href='/home/CANARY/Desktop/x.png'>y</a>", "<a href=/home/index.html>x</a><a>y</a>");
    body(
        "<a href=../home/index.html>x</a><a href='../../home/CANARY/Desktop/x.png'>y</a>",
        "<a href=../home/index.html>x</a><a>y</a>",
    );
    body("<p style='background:url(file:///CANARY)'>", "<p style='background:url()'>");
    body("<a href='fi&#108;e:///CANARY'>x</a>", "<a>x</a>");
}

#[test]
fn styles_lose_what_word_wrote() {
    body("<p style='mso-x:\"CANARY;\";color:red;mso-y:1'>", "<p style='color:red;'>");
    head("<style>p{mso-x:CANARY;color:red}@page{mso-y:z}</style>", "<style>p{color:red}@page{}</style>");
}

#[test]
fn namespaces_go_when_nothing_uses_them() {
    let bytes = b"<html xmlns:o=\"urn:CANARY\" xmlns:w='urn:x'><body><w:p>KEEPME</w:p></body></html>";
    let clean = scrub("a.html", bytes).unwrap();
    assert_eq!(clean.bytes, b"<html xmlns:w='urn:x'><body><w:p>KEEPME</w:p></body></html>");
}

#[test]
fn a_slash_ends_an_element_in_xml_only() {
    let xml = b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/></head><body><!--CANARY-->KEEPME</body></html>";
    let clean = scrub("a.xhtml", xml).unwrap();
    clean.tells_nothing();
    assert_eq!(clean.cleaned.witnesses(), ["quick-xml"]);
}

#[test]
fn source_maps_go_but_not_out_of_strings() {
    body("<script>a()\n//# sourceMappingURL=CANARY.map\nb()</script>", "<script>a()\n\nb()</script>");
    let kept = "<script>eval(\"a\\n//# sourceURL=webpack:///x\")</script>";
    body(kept, kept);
}

#[test]
fn strict_and_tokens_take_more() {
    let bytes = page("<title>CANARY</title><script>CANARY</script>", "<p onclick='CANARY'>KEEPME");
    scrub_under(&Policy::strict(), "a.html", &bytes).unwrap().had_secrets().tells_nothing();
    let clean = scrub_under(&Policy::default().with(Token::Macros, false), "a.html", &bytes).unwrap();
    assert_eq!(clean.bytes, page("<title>CANARY</title>", "<p>KEEPME"));
}

#[test]
fn pages_in_utf_16_are_cleaned_where_they_stand() {
    let dirty =
        "<html><!--CANARY--><meta name=author content='CANARY'><title>KEEPME \u{e4}\u{1f600}</title><p>\u{20ac}<!--CANARY";
    let clean = "<html><title>KEEPME \u{e4}\u{1f600}</title><p>\u{20ac}";
    let little = |text: &str| [&[0xff, 0xfe][..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
    let big = |text: &str| [&[0xfe, 0xff][..], &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()].concat();
    let bare = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    assert_eq!(scrub("a.html", &little(dirty)).unwrap().bytes, little(clean));
    assert_eq!(scrub("a.html", &big(dirty)).unwrap().bytes, big(clean));
    assert_eq!(scrub("a", &bare(dirty)).unwrap().bytes, bare(clean));
    assert_eq!(refusal("a.html", &[&little(dirty)[..], b"x"].concat()).code(), Code::Malformed);
    assert_eq!(refusal("a.html", &[&little(dirty)[..], b"\0\xd8"].concat()).code(), Code::Malformed);
    assert_eq!(scrub("a.css", &little("a{}/*CANARY*/")).unwrap().bytes, little("a{}"));
}

#[test]
fn unreadable_pages_are_refused() {
    assert_eq!(refusal("a.html", &page("", "<?php echo 1 ?>")).code(), Code::Unsupported);
    assert_eq!(refusal("a.html", b"<html>\0\0").code(), Code::Unsupported);
}

#[test]
fn many_open_elements_cost_little() {
    let deep = "<xml>".repeat(20_000) + &"<svg>".repeat(5000) + &"</x>".repeat(5000);
    _ = scrub("a.html", &page("", &deep));
}

#[test]
fn style_sheets_lose_comments() {
    let clean = scrub("a.css", b"a/*CANARY*/b{c:\"/*KEEPME*/\"}/*CANARY").unwrap();
    assert_eq!(clean.bytes, b"a/**/b{c:\"/*KEEPME*/\"}");
}

#[test]
fn scripts_in_links_are_told_and_go_with_the_scripts() {
    let page = b"<!doctype html><a href=\" java\tscript:KEEPME()\">x</a><a href='https://a.org/?utm_source=x&amp;b=1'>y</a>";
    let clean = scrub("a.html", page).unwrap();
    clean.unchanged().found("scripts in links");
    clean.found("links with marks of advertising");
    let policy = metascrub::policy::Policy::default().with(metascrub::policy::Token::Macros, false);
    let clean = scrub_under(&policy, "a.html", page).unwrap();
    assert!(clean.bytes.starts_with(b"<!doctype html><a>x</a>"));
}

#[test]
fn scripts_stay_and_lose_the_address_of_their_source() {
    let script = b"/* KEEPME */ let a = '//# sourceMappingURL=b';\n//# sourceMappingURL=file:///CANARY.js.map\n";
    let clean = scrub("a.js", script).unwrap();
    clean.tells_nothing().found("comments in the script");
    assert_eq!(clean.bytes, b"/* KEEPME */ let a = '//# sourceMappingURL=b';\n\n");
    scrub("a.mjs", b"export default 1;").unwrap().unchanged();
    assert!(scrub("a.js", b"\0\x01\x02").is_err());
}

#[test]
fn pages_saved_with_their_pictures_are_refused_by_name() {
    let mail = b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://CANARY\r\nMIME-Version: 1.0\r\n";
    let refused = refusal("a.mhtml", mail);
    assert!(refused.to_string().contains("MHTML"), "{refused}");
}

#[test]
fn who_changed_a_page_and_when_goes() {
    body(
        "<ins cite=\"mailto:CANARY\" datetime=2020-01-01T00:00>KEEPME</ins><del cite=https://example.org/why>KEEPME</del>",
        "<ins>KEEPME</ins><del cite=https://example.org/why>KEEPME</del>",
    );
}

#[test]
fn pages_in_frames_are_cleaned_like_pages() {
    body(
        "<iframe srcdoc=\"<html><!-- CANARY --><p title='a'>KEEPME &amp;amp; &quot;b&quot;</p></html>\"></iframe>",
        "<iframe srcdoc=\"<html><p title=&#39;a&#39;>KEEPME &amp;amp; &quot;b&quot;</p></html>\"></iframe>",
    );
    body("<iframe srcdoc=\"<html><p>KEEPME</p></html>\"></iframe>", "<iframe srcdoc=\"<html><p>KEEPME</p></html>\"></iframe>");
}
