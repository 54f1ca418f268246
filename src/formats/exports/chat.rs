//! The text of a WhatsApp chat: a line a message, each with its time and who wrote it. It is content, and stays; the names of
//! the people and the time it spans are read so that the report can say them.

use std::collections::BTreeSet;

use crate::finding::{Finding, Tells};
use crate::plan::Draft;
use crate::source::{self, Shared};

/// What exported chats are called in the languages of the program, in front of the name of the chat.
const NAMES: [&str; 12] = [
    "whatsapp chat with ",
    "whatsapp chat - ",
    "whatsapp-chat mit ",
    "chat de whatsapp con ",
    "discussion whatsapp avec ",
    "conversa do whatsapp com ",
    "chat whatsapp con ",
    "whatsapp-chat met ",
    "чат whatsapp с ",
    "czat whatsapp z ",
    "whatsapp chat ile ",
    "historico do whatsapp com ",
];

/// A line is looked at up to here; more than a time and a name is not needed.
const LONGEST: usize = 256;
/// So many different people are counted.
const MOST: usize = 1000;

/// Whether a path is that of the text of a chat.
pub fn is_chat(path: &str) -> bool {
    let base = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    base == "_chat.txt" || (base.ends_with(".txt") && NAMES.iter().any(|n| base.starts_with(n)))
}

/// Who wrote, and from when to when.
#[derive(Default)]
struct Chat {
    people: BTreeSet<String>,
    first: Option<String>,
    last: String,
    line: Vec<u8>,
}

/// Reads the chat in `source` and notes what it tells.
///
/// # Errors
/// Those of reading.
pub fn note(source: &Shared, draft: &mut Draft) -> std::io::Result<()> {
    let mut chat = Chat::default();
    source::each_block(&**source, source.span(), |block| chat.block(block))?;
    chat.end_of_line();
    let why = "the chat is content: what people wrote, they still wrote";
    if !chat.people.is_empty() {
        draft.note(Finding::kept("Text", super::PEOPLE, Tells::Who, why).value(super::some_of(&chat.people)));
    }
    if let Some(first) = chat.first {
        draft.note(Finding::kept("Text", "times of messages", Tells::When, why).value(format!("{first} to {}", chat.last)));
    }
    Ok(())
}

impl Chat {
    fn block(&mut self, block: &[u8]) {
        for part in block.split_inclusive(|b| *b == b'\n') {
            let room = LONGEST.saturating_sub(self.line.len()).min(part.len());
            self.line.extend(&part[..room]);
            if part.ends_with(b"\n") {
                self.end_of_line();
            }
        }
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let Some((time, rest)) = message(&line) else { return };
        self.first.get_or_insert_with(|| time.to_owned());
        time.clone_into(&mut self.last);
        // A line without a name is the program's own: somebody came or went.
        if let Some((who, _)) = rest.split_once(": ")
            && who.chars().count() <= 64
            && self.people.len() < MOST
        {
            self.people.insert(who.trim_start_matches(['\u{200e}', '\u{200f}', '~', '\u{202f}', '\u{a0}', ' ']).to_owned());
        }
    }
}

/// The time of a message and what follows it: `[31.01.24, 15:45:01] Anna: …` or `31/01/2024, 15:45 - Anna: …`.
fn message(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(['\u{200e}', '\u{200f}', '\u{feff}']);
    let (time, rest) = match line.strip_prefix('[') {
        Some(line) => line.split_once("] ")?,
        None => line.split_once(" - ")?,
    };
    let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':') && time.chars().count() <= 32;
    is_time.then_some((time, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_lines_are_read() {
        assert_eq!(message("\u{200e}[31.01.24, 15:45:01] Anna: hi: you"), Some(("31.01.24, 15:45:01", "Anna: hi: you")));
        assert_eq!(message("1/31/24, 3:45\u{202f}PM - Bob: x"), Some(("1/31/24, 3:45\u{202f}PM", "Bob: x")));
        assert_eq!(message("a further line - of text"), None);
        assert!(is_chat("x/_chat.txt") && is_chat("WhatsApp Chat with Anna.txt") && !is_chat("chat.txt"));
    }

    #[test]
    fn blocks_may_part_lines_anywhere() {
        let text = "[1.2.24, 10:00] Anna: hi\n[1.2.24, 10:01] Anna changed the name\n[2.2.24, 9:00] +49 170 1: ho";
        for step in [1, 7, 4096] {
            let mut chat = Chat::default();
            text.as_bytes().chunks(step).for_each(|c| chat.block(c));
            chat.end_of_line();
            assert_eq!(chat.people.iter().map(String::as_str).collect::<Vec<_>>(), ["+49 170 1", "Anna"]);
            assert_eq!((chat.first.as_deref(), &chat.last[..]), (Some("1.2.24, 10:00"), "2.2.24, 9:00"));
        }
    }
}
