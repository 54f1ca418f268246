//! JPEG XL.

use crate::support::*;
use metascrub::policy::Policy;
use metascrub::refusal::Code;

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn file(boxes: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut out = [boxed(b"JXL ", b"\r\n\x87\n"), boxed(b"ftyp", b"jxl \0\0\0\0jxl ")].concat();
    boxes.iter().for_each(|(kind, body)| out.extend(boxed(kind, body)));
    out
}

const STREAM: &[u8] = b"\xff\x0a\x80KEEPME\x90\xa0";

fn plain() -> Vec<u8> {
    file(&[(b"jxlc", STREAM)])
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(root().join("samples/jxl").join(name)).unwrap()
}

#[test]
fn truncated() {
    truncate_everywhere("a.jxl", &sample("everything.jxl"), 1);
    truncate_everywhere("a.jxl", &sample("parts.jxl"), 1);
}

#[test]
fn nothing_to_remove() {
    scrub("a.jxl", &plain()).unwrap().unchanged();
    scrub("a.jxl", STREAM).unwrap().unchanged();
}

#[test]
fn everything_at_once() {
    for name in ["everything.jxl", "parts.jxl"] {
        let clean = scrub("a.jxl", &sample(name)).unwrap();
        clean.had_secrets().tells_nothing();
        assert!(find_secret(&clean.bytes, "KEEPME").is_some() || name == "parts.jxl");
    }
}

#[test]
fn hidden_at_the_end() {
    for end in [&b"CANARY"[..], b"\0\0\0\x20CANARY", &boxed(b"free", b"CANARY")] {
        assert_eq!(scrub("a.jxl", &[&plain(), end].concat()).unwrap().bytes, plain());
    }
    // Behind a bare codestream it cannot be told apart from it.
    let text = [STREAM, b"CANARY: a letter from somebody to somebody"].concat();
    assert_eq!(refusal("a.jxl", &text).code(), Code::Malformed);
    assert_eq!(refusal("a.jxl", &file(&[(b"jxlc", &text)])).code(), Code::Malformed);
}

#[test]
fn out_of_order() {
    let dirty =
        file(&[(b"xml ", b"CANARY"), (b"jxlp", b"\0\0\0\0\xff\x0a"), (b"jbrd", b"CANARY"), (b"jxlp", b"\x80\0\0\x01\x80")]);
    let clean = file(&[(b"jxlp", b"\0\0\0\0\xff\x0a"), (b"jxlp", b"\x80\0\0\x01\x80")]);
    assert_eq!(scrub("a.jxl", &dirty).unwrap().bytes, clean);
    let swapped = file(&[(b"jxlp", b"\x80\0\0\x01\x80"), (b"jxlp", b"\0\0\0\0\xff\x0a")]);
    assert_eq!(refusal("a.jxl", &swapped).code(), Code::Malformed);
}

#[test]
fn codestreams_that_are_not_whole_are_refused() {
    for boxes in [
        &[(&b"jxlp"[..], &b"\0\0\0\0\xff\x0a"[..])][..],
        &[(b"jxlp", b"\x80\0\0\0\xff\x0a"), (b"jxlc", STREAM)],
        &[(b"jxlc", STREAM), (b"jxlc", STREAM)],
        &[(b"brob", b"jxlcCANARY")],
        &[(b"jxlp", b"\0")],
        &[],
    ] {
        assert_eq!(refusal("a.jxl", &file(boxes)).code(), Code::Malformed, "{boxes:?}");
    }
}

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, n: u32, value: u32) -> &mut Bits {
        self.0.extend((0..n).map(|i| value >> i & 1 == 1));
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Bits {
        text.iter().for_each(|b| _ = self.put(8, (*b).into()));
        self
    }

    fn align(&mut self) -> &mut Bits {
        self.0.resize(self.0.len().next_multiple_of(8), false);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|c| c.iter().rev().fold(0, |n, b| n << 1 | u8::from(*b))).collect()
    }
}

/// Eight by eight pixels with an alpha channel of this name, in one frame of six bytes.
fn with_channel(name: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(16, 0x0aff).put(1, 1).put(5, 0).put(3, 1);
    // Not everything as usual: eight bits, one extra channel; no profile, no extensions.
    bits.put(2, 0).put(3, 0).put(1, 1).put(2, 1);
    bits.put(1, 0).put(2, 0).put(3, 0).put(2, 0).put(2, 1).put(4, name.len() as u32).text(name).put(1, 0);
    bits.put(1, 1).put(1, 1).put(2, 0).put(1, 1).align();
    bits.put(1, 1).put(1, 0).align().put(2, 0).put(10, 6).align().text(b"KEEPME");
    bits.bytes()
}

#[test]
fn names_in_the_codestream_are_told_and_declined_by_strict_policies() {
    let named = with_channel(b"my channel");
    let clean = scrub("a.jxl", &named).unwrap();
    assert_eq!(clean.unchanged().found("names of layers or channels").value.as_deref(), Some("my channel"));
    assert_eq!(scrub_under(&Policy::strict(), "a.jxl", &named).err().unwrap().code(), Code::NeedsResidual);
    let plain = with_channel(b"");
    scrub_under(&Policy::strict(), "a.jxl", &plain).unwrap().unchanged();
    let dirty = [&plain[..], b"CANARY"].concat();
    assert_eq!(scrub("a.jxl", &dirty).unwrap().bytes, plain);
    assert_eq!(scrub("a.jxl", &file(&[(b"jxlc", &dirty)])).unwrap().bytes, file(&[(b"jxlc", &plain)]));
    truncate_everywhere("a.jxl", &dirty, 1);
}

#[test]
fn packed_boxes_are_looked_into() {
    let clean = scrub("a.jxl", &sample("everything.jxl")).unwrap();
    let told = clean.cleaned.findings().iter().any(|f| f.value.as_deref().is_some_and(|v| v.contains("CANARY packed")));
    assert!(told, "{:#?}", clean.cleaned.findings());
}

#[test]
fn strict_policies_do_not_take_what_was_not_looked_into() {
    assert_eq!(scrub_under(&Policy::strict(), "a.jxl", &plain()).err().unwrap().code(), Code::NeedsResidual);
}
