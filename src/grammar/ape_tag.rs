//! APE tags: a header, items, a footer; numbers have their least significant byte first. It knows how items lie, not what
//! they may tell. [APEv2 specification]

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its key as written.
    pub key: String,
    /// Whether it is bytes rather than text.
    pub binary: bool,
    /// Text in UTF-8, or bytes.
    pub value: Vec<u8>,
}

/// At most so many items are read.
const MOST: usize = 1000;

/// The items of a whole tag, as far as they can be read.
pub fn items(tag: &[u8]) -> Vec<Item> {
    let mut at: usize = if tag.starts_with(b"APETAGEX") { 32 } else { 0 };
    let end = tag.len().saturating_sub(32);
    let mut out = Vec::new();
    while let Some(head) = tag.get(at..at.saturating_add(8)).filter(|_| at < end && out.len() < MOST) {
        let size = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(key) = tag[at + 8..].iter().take(256).position(|b| *b == 0) else { break };
        let start = at + 8 + key + 1;
        let Some(value) = tag.get(start..start.saturating_add(size)) else { break };
        out.push(Item {
            key: String::from_utf8_lossy(&tag[at + 8..at + 8 + key]).into_owned(),
            binary: head[4] & 0x06 == 0x02,
            value: value.to_vec(),
        });
        at = start + size;
    }
    out
}

/// A whole tag of version 2 with these items; empty where there are none.
pub fn tag(items: &[Item]) -> Vec<u8> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut body = Vec::new();
    for item in items {
        body.extend((item.value.len() as u32).to_le_bytes());
        body.extend(if item.binary { 2u32 } else { 0 }.to_le_bytes());
        body.extend(item.key.as_bytes());
        body.push(0);
        body.extend(&item.value);
    }
    let end = |flags: u32| {
        let numbers = [2000, body.len() as u32 + 32, items.len() as u32, flags].map(u32::to_le_bytes).concat();
        [&b"APETAGEX"[..], &numbers, &[0; 8]].concat()
    };
    // [APEv2 flags] bit 31: there is a header; bit 29: this is it
    [end(0xa000_0000), body.clone(), end(0x8000_0000)].concat()
}
