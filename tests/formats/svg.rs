//! SVG.

use crate::support::*;
use metascrub::policy::{Policy, Token};
use metascrub::refusal::Code;

const OPEN: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">"#;

fn svg(inside: &str) -> Vec<u8> {
    format!("{OPEN}{inside}</svg>").into_bytes()
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/svg").join(name)).unwrap()
}

/// What stays of `dirty` is `clean`, byte for byte.
fn becomes(dirty: &str, clean: &str) {
    let result = scrub("a.svg", &svg(dirty)).unwrap();
    assert_eq!(String::from_utf8_lossy(&result.bytes), String::from_utf8_lossy(&svg(clean)));
}

#[test]
fn truncated() {
    truncate_everywhere("a.svg", &sample("everything.svg"), 7);
    truncate_everywhere("a.svg", &sample("illustrator.svg"), 3);
}

#[test]
fn nothing_to_remove() {
    scrub("a.svg", &sample("clean.svg")).unwrap().unchanged();
    let odd = "<g  id = 'KEEPME'\n\tfill=\"url(#a)\" ><text xml:space=\"preserve\"> KEEPME &amp; &#x41; <![CDATA[ <!-- KEEPME --> ]]></text ></g >";
    scrub("a.svg", &svg(odd)).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for name in ["everything.svg", "illustrator.svg"] {
        let clean = scrub(name, &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        let kept = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("KEEPME").count();
        assert_eq!(kept(&clean.bytes), kept(&clean.input));
    }
    scrub("a.svgz", &sample("everything.svgz")).unwrap().changed().tells_nothing();
}

#[test]
fn hidden_at_the_end() {
    let clean = scrub("a.svg", &[svg("<g/>"), b"<!-- CANARY --><?CANARY?>\n".to_vec()].concat()).unwrap();
    assert_eq!(clean.bytes, [svg("<g/>"), b"\n".to_vec()].concat());
    assert_eq!(refusal("a.svg", &[svg("<g/>"), b"CANARY".to_vec()].concat()).code(), Code::Malformed);
    assert_eq!(refusal("a.svg", &[svg("<g/>"), svg("")].concat()).code(), Code::Malformed);
}

#[test]
fn out_of_order() {
    becomes("<g/><metadata>CANARY</metadata><g><metadata a='b'/></g>", "<g/><g></g>");
}

#[test]
fn styles_lose_their_comments_and_nothing_else() {
    becomes("<style>a/*CANARY*/b{fill:red/* CANARY */;}</style>", "<style>a/**/b{fill:red;}</style>");
    becomes("<style>a{content:'/*KEEPME*/'}</style>", "<style>a{content:'/*KEEPME*/'}</style>");
    becomes("<style>a{x:url( \"file:///CANARY\" ) /* CANARY</style>", "<style>a{x:url( \"\" ) </style>");
    becomes("<style>@import '../CANARY.css';b{}</style>", "<style>@import '';b{}</style>");
}

#[test]
fn paths_and_scripts_in_addresses_go() {
    for address in
        ["C:\\CANARY\\a.png", "\\\\CANARY\\a", "../CANARY.png", "/home/CANARY.png", "file:CANARY", "javascript:CANARY()"]
    {
        becomes(&format!("<image xlink:href='{address}'/>"), "<image xlink:href=''/>");
    }
    becomes("<a href='java&#10;script:CANARY()'/>", "<a href=''/>");
    becomes("<image href='KEEPME..2.png'/>", "<image href='KEEPME..2.png'/>");
    becomes("<use href='#KEEPME'/><a href='https://KEEPME'/>", "<use href='#KEEPME'/><a href='https://KEEPME'/>");
}

#[test]
fn pictures_in_pictures_are_cleaned() {
    let inner = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3C!--CANARY--%3E%3C/svg%3E";
    becomes(
        &format!("<image href=\"{inner}\"/>"),
        "<image href=\"data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnPjwvc3ZnPg==\"/>",
    );
    becomes("<image href='data:application/x-canary,CANARY'/>", "<image href=''/>");
}

#[test]
fn undeclared_and_unknown_attributes_go() {
    becomes("<g data-name='CANARY' author='CANARY' i:x='CANARY' onclick='CANARY' cx='1'/>", "<g cx='1'/>");
    let selected = "<style>[data-kept]{fill:red}</style><g data-kept='KEEPME'/>";
    becomes(selected, selected);
}

#[test]
fn document_types_that_do_more_are_refused() {
    for subset in
        ["<!ENTITY a SYSTEM 'file:///etc/passwd'>", "<!ENTITY % a 'b'>", "<!ENTITY a '&#60;g/>'>", "<!ATTLIST svg id ID 'a'>"]
    {
        let bytes = format!("<!DOCTYPE svg [{subset}]>{OPEN}</svg>");
        assert_eq!(refusal("a.svg", bytes.as_bytes()).code(), Code::Unsupported, "{subset}");
    }
}

#[test]
fn hidden_elements_go_on_demand() {
    let bytes = svg("<g style='display: none'>CANARY</g><g/>");
    scrub("a.svg", &bytes).unwrap().unchanged();
    let clean = scrub_under(&Policy::default().with(Token::Hidden, false), "a.svg", &bytes).unwrap();
    assert_eq!(clean.bytes, svg("<g/>"));
}

#[test]
fn pictures_in_utf_16_are_cleaned_where_they_stand() {
    let wide = |text: &str| [&[0xff, 0xfe][..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
    let whole = |inner: &str| wide(&format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{OPEN}{inner}</svg>"));
    let clean = scrub("a.svg", &whole("<!--CANARY--><text>KEEPME \u{1f600}</text><g data-x='CANARY'/>")).unwrap();
    assert_eq!(clean.bytes, whole("<text>KEEPME \u{1f600}</text><g/>"));
    assert_eq!(clean.cleaned.witnesses(), ["quick-xml"]);
}

#[test]
fn strict_policies_number_the_names_of_elements() {
    let becomes = |dirty: &str, clean: &str| {
        let result = scrub_under(&Policy::strict(), "a.svg", &svg(dirty)).unwrap();
        assert_eq!(String::from_utf8_lossy(&result.bytes), String::from_utf8_lossy(&svg(clean)));
    };
    becomes(
        "<defs><path id='path-CANARY john'/><mask id=\"m.jane\"/></defs><use xlink:href='#path-CANARY%20john'/><g mask='url(#m.jane)' \
         style='clip-path:url(\"#m.jane\")' fill='#abc'/><a href='#path-CANARY john'/><g id='nobody'/>",
        "<defs><path id='i1'/><mask id=\"i2\"/></defs><use xlink:href='#i1'/><g mask='url(#i2)' \
         style='clip-path:url(\"#i2\")' fill='#abc'/><a href='#i1'/><g id='i3'/>",
    );
    // What styles, animations and readers refer to keeps its name; new names do not clash with it.
    let kept = "<style>#i1 { fill: red }</style><g id='i1'/><animate id='anim' begin='i1.click'/><g id='lbl'/><g aria-labelledby='lbl'/>";
    becomes(&format!("{kept}<g id='other'/>"), &format!("{}<g id='i3'/>", kept.replace("id='anim'", "id='i2'")));
    // Under the default policy names stay.
    scrub("a.svg", &svg("<g id='KEEPME'/><use href='#KEEPME'/>")).unwrap().unchanged();
}

#[test]
fn links_with_marks_of_advertising_stay_and_are_told() {
    let out = scrub("a.svg", &svg("<a href='https://KEEPME.org/?utm_source=x'/>")).unwrap();
    out.unchanged().found("links with marks of advertising");
}
