//! The echo hears removed values, in whichever encoding, across the borders of blocks, and tells content from structure.

use std::io;

use metascrub::echo::Echo;
use metascrub::finding::{Finding, Tells};
use metascrub::plan::{Draft, Plan};
use metascrub::refusal::Code;
use metascrub::source::{Memory, Shared, Source, Span};

fn owner(name: &str) -> Finding {
    Finding::removed("Exif", "owner name", Tells::Who).value(name)
}

fn all(source: &Shared, content: bool) -> Plan {
    let mut draft = Draft::new(source);
    match content {
        true => draft.essence(source.span(), "all"),
        false => draft.frame(source.span(), "all"),
    }
    draft.seal().unwrap()
}

/// Not in memory, so that it is read in blocks.
struct Far(Vec<u8>);

impl Source for Far {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        Memory::new(self.0.clone()).read_at(at, buf)
    }
}

/// In memory, in pieces of three bytes.
struct Crumbs(Vec<u8>);

impl Source for Crumbs {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        Memory::new(self.0.clone()).read_at(at, buf)
    }
    fn lend(&self, span: Span) -> Option<&[u8]> {
        self.0.get(span.start as usize..span.end.min(span.start + 3) as usize)
    }
}

#[test]
fn values_in_crumbs_are_heard() {
    let echo = Echo::of(&[owner("Jane Q. Public"), owner("4 Privet Drive, London")]).unwrap();
    for front in 0..6 {
        let text = [vec![b'.'; front], b"Jane Q. Public".to_vec()].concat();
        assert!(echo.hear_stream("a", &Crumbs([&text[..], b"..."].concat()), false).is_err());
        assert!(echo.hear_stream("a", &Crumbs(text), false).is_err());
    }
    echo.hear_stream("a", &Crumbs(b"Jane Q. Publi".to_vec()), false).unwrap();
}

#[test]
fn short_or_harmless_values_are_not_listened_for() {
    assert!(Echo::of(&[owner("Ann")]).is_none());
    assert!(Echo::of(&[owner("        ")]).is_none());
    // A damaged field may hold what we write into every packet ourselves.
    assert!(Echo::of(&[owner("rdf:about=\"\" xmlns:hdrgm=\"http://ns.ad")]).is_none());
    assert!(Echo::of(&[owner("00000000000")]).is_none());
    assert!(Echo::of(&[Finding::removed("Exif", "software", Tells::Software).value("Adobe Photoshop")]).is_none());
    assert!(Echo::of(&[Finding::kept("Exif", "owner", Tells::Who, "because").value("Jane Q. Public")]).is_none());
}

#[test]
fn structure_refuses_and_content_warns() {
    let echo = Echo::of(&[owner("Jane Q. Public")]).unwrap();
    let source = Memory::shared(*b"....Jane Q. Public....");
    assert_eq!(echo.hear("a.jpg", &*source, &all(&source, false)).unwrap_err().code(), Code::Leftover);
    echo.hear("a.jpg", &*source, &all(&source, true)).unwrap();
    assert_eq!(echo.warnings(), ["the removed owner name still stands in the content of a.jpg"]);
}

#[test]
fn utf16_is_heard() {
    let echo = Echo::of(&[owner("Jane Q. Public")]).unwrap();
    for flip in [false, true] {
        let text: Vec<u8> =
            "Jane Q. Public".encode_utf16().flat_map(|u| if flip { u.to_be_bytes() } else { u.to_le_bytes() }).collect();
        let source = Memory::shared(text);
        assert!(echo.hear("a", &*source, &all(&source, false)).is_err());
    }
}

#[test]
fn the_border_of_two_blocks_hides_nothing() {
    let echo = Echo::of(&[owner("Jane Q. Public")]).unwrap();
    let border = metascrub::source::BLOCK;
    for shift in 0..16 {
        let mut bytes = vec![b'.'; border * 2];
        let at = border - 15 + shift;
        bytes[at..at + 14].copy_from_slice(b"Jane Q. Public");
        let source: Shared = std::sync::Arc::new(Far(bytes));
        let refusal = echo.hear("a", &*source, &all(&source, false)).unwrap_err();
        assert_eq!(refusal.offset(), Some(at as u64));
    }
}

#[test]
fn members_are_not_heard_in_their_packed_form() {
    let echo = Echo::of(&[owner("Jane Q. Public")]).unwrap();
    let source = Memory::shared(*b"Jane Q. Public");
    let mut draft = Draft::new(&source);
    draft.member(Span::new(0, 14), "member", None);
    echo.hear("a", &*source, &draft.seal().unwrap()).unwrap();
    assert!(echo.warnings().is_empty());
}

#[test]
fn one_of_many_values_is_heard() {
    let names: Vec<Finding> = (0..300).map(|n| owner(&format!("Person {n:04} of Vienna"))).collect();
    let echo = Echo::of(&names).unwrap();
    for n in [0, 17, 299] {
        for front in 0..40 {
            let text = [vec![b'.'; front], format!("Person {n:04} of Vienna").into_bytes()].concat();
            assert!(echo.hear_stream("a", &Crumbs(text.clone()), false).is_err(), "{n} {front}");
            assert!(echo.hear_bytes("a", &text, false).is_err(), "{n} {front}");
        }
    }
    echo.hear_bytes("a", b"Person 0300 of Vienna", false).unwrap();
}
