//! DNG opcode lists: what a converter does to the picture, lens correction above all. The known ones stay; an unknown one
//! that may be skipped goes; an unknown one that may not makes the file unsupported. [DNG 1.7 chapter 7]

use crate::refusal::{Code, Refusal, Result};

/// WarpRectilinear to WarpRectilinear2. [DNG 1.7 chapter 7]
const KNOWN: std::ops::RangeInclusive<u32> = 1..=14;

/// The list with what may stay. Lists are big-endian whatever the file is.
pub(super) fn known(list: &[u8]) -> Result<Vec<u8>> {
    let broken = || Refusal::new(Code::Malformed, "a DNG opcode list is broken");
    let number = |at: usize| -> Result<u32> {
        let bytes = at.checked_add(4).and_then(|end| list.get(at..end)).ok_or_else(broken)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let mut out = vec![0; 4];
    let mut stay = 0u32;
    let mut at = 4;
    for _ in 0..number(0)? {
        // Identifier, version, flags, length of the parameters. Bit 0 of the flags: it may be skipped.
        let (id, flags) = (number(at)?, number(at + 8)?);
        let end = (at + 16).checked_add(number(at + 12)? as usize).ok_or_else(broken)?;
        let opcode = list.get(at..end).ok_or_else(broken)?;
        if KNOWN.contains(&id) {
            out.extend(opcode);
            stay += 1;
        } else if flags & 1 == 0 {
            return Err(Refusal::new(Code::UnknownCritical, format!("the DNG needs opcode {id}, which is not known here")));
        }
        at = end;
    }
    out[..4].copy_from_slice(&stay.to_be_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opcode(id: u32, flags: u32, parameters: &[u8]) -> Vec<u8> {
        let head = [id, 0x0103_0000, flags, parameters.len() as u32];
        [head.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>(), parameters.to_vec()].concat()
    }

    #[test]
    fn unknown_opcodes_go_or_refuse() {
        let list = [&2u32.to_be_bytes()[..], &opcode(1, 0, b"warp"), &opcode(99, 1, b"CANARY")].concat();
        let clean = [&1u32.to_be_bytes()[..], &opcode(1, 0, b"warp")].concat();
        assert_eq!(known(&list).unwrap(), clean);
        assert_eq!(known(&clean).unwrap(), clean);
        let needed = [&1u32.to_be_bytes()[..], &opcode(99, 0, b"")].concat();
        assert_eq!(known(&needed).unwrap_err().code(), Code::UnknownCritical);
        assert!(known(&clean[..20]).is_err());
        assert!(known(b"\xff\xff\xff\xff").is_err());
    }
}
