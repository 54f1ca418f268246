//! What Nikon's programs wrote about edits: a list of records in which decoders look for a changed white balance and for a
//! turn of the picture. Those stay; all other records lose their name and what they hold. [LibRaw nikon.cpp 0x0e01]

/// In front of the records, and in front of each: name, what nobody reads, size.
const HEAD: usize = 22;
/// Whether the balance was changed; a byte.
const ACTIVE: u32 = 0x76a4_3204;
/// Red and blue of the changed balance; two doubles.
const BALANCE: u32 = 0xbf3c_6c20;
/// Degrees; two bytes.
const TURN: u32 = 0x76a4_3207;

/// The list with what stays; `None` where nothing in it changes the picture.
pub(super) fn edits(block: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?));
    let mut new = vec![0; block.len()];
    let (mut active, mut changes) = (false, false);
    let mut at = HEAD;
    for _ in 0..1024 {
        if at + HEAD >= block.len() {
            break;
        }
        let (name, size) = (word(at)?, word(at + 18)?);
        let payload = at + HEAD;
        // What is no record, zeros nearly always, ends the list.
        let len = size.checked_sub(4).map(|n| n as usize);
        let Some(end) = len.and_then(|n| payload.checked_add(n)).filter(|end| *end <= block.len()) else { break };
        new[at + 18..payload].copy_from_slice(&block[at + 18..payload]);
        let stays = match name {
            ACTIVE => {
                active = block.get(payload).is_some_and(|b| *b != 0);
                usize::from(active)
            }
            BALANCE if active => 16,
            TURN => 2,
            _ => 0,
        };
        if stays > 0 && payload + stays <= end {
            new[at..at + 4].copy_from_slice(&block[at..at + 4]);
            new[payload..payload + stays].copy_from_slice(&block[payload..payload + stays]);
            changes |= name == BALANCE || name == TURN && block[payload..payload + 2] != [0, 0];
        }
        at = end;
    }
    changes.then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: u32, payload: &[u8]) -> Vec<u8> {
        [&name.to_le_bytes()[..], b"CANARY unread.", &(payload.len() as u32 + 4).to_le_bytes(), payload].concat()
    }

    #[test]
    fn a_changed_balance_and_a_turn_stay() {
        let head = b"CANARY head of records";
        let balance = [1.5f64.to_le_bytes(), 2.5f64.to_le_bytes()].concat();
        let end = [0; 30];
        let block = [&head[..], &record(7, b"CANARY edit"), &record(ACTIVE, &[1]), &record(BALANCE, &balance), &end].concat();
        let new = edits(&[&block[..block.len() - 30], &record(TURN, &[90, 0]), &[0; 2]].concat()).unwrap();
        assert_eq!(new.len(), block.len() - 30 + 26);
        assert!(new.windows(16).any(|w| w == balance) && !new.windows(6).any(|w| w == b"CANARY"));
        assert_eq!(edits(&new).unwrap(), new, "once more changes nothing");
        let idle = [&head[..], &record(ACTIVE, &[0]), &record(BALANCE, &balance), &record(TURN, &[0, 0])].concat();
        assert!(edits(&idle).is_none());
        assert!(edits(b"").is_none() && edits(&[&head[..], &[0xff; 40]].concat()).is_none());
    }
}
