//! The last look: do values that were removed still stand somewhere in the result? Names, serial numbers, coordinates,
//! addresses, identifiers and paths of eight bytes or more are searched as UTF-8 and as UTF-16, in the result and in every
//! member and unpacked stream that planning it again comes across. In content that is a kindness to say; in structure it
//! means that something was overlooked, and the file is refused. What the blocks written here say in every file is no echo.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use crate::blocks;
use crate::finding::Finding;
use crate::needles::Needles;
use crate::plan::{Part, Plan};
use crate::refusal::{Code, Refusal, Result};
use crate::source::{self, Source, Span};

/// The shortest value that is searched for, in bytes.
pub const SHORTEST: usize = 8;
/// At most so many values are searched for; longer ones first, since they are the better evidence.
const MOST: usize = 5000;
/// Of a long value only the beginning is searched for.
const LONGEST: usize = 64;

/// Removed values to listen for, and where they were heard in content.
pub struct Echo {
    values: Vec<(String, String)>,
    patterns: Vec<usize>,
    search: Search,
    longest: usize,
    heard: Mutex<BTreeSet<String>>,
}

/// How the values are searched for. Of a photo there are few, and vector instructions find those fastest; of an archive
/// there are many, and with those it is better to skip.
enum Search {
    Few(AhoCorasick),
    Many(Needles),
}

impl Search {
    /// So many at most are found by vector instructions. [the limit of Teddy in aho-corasick]
    const FEW: usize = 64;

    fn new(needles: &[Vec<u8>]) -> Option<Search> {
        if needles.len() > Search::FEW {
            return Needles::new(needles).map(Search::Many);
        }
        // Small and quick to build: what it looks for is rare, and found by its prefilter.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostFirst).kind(kind).build(needles).ok().map(Search::Few)
    }

    /// Calls `each` with every match in `text`: which needle, and where.
    fn each(&self, text: &[u8], mut each: impl FnMut(usize, Range<usize>) -> Result<()>) -> Result<()> {
        match self {
            Search::Few(automaton) => automaton.find_iter(text).try_for_each(|m| each(m.pattern().as_usize(), m.range())),
            Search::Many(needles) => {
                let mut at = 0;
                while let Some((needle, start)) = needles.find(text, at) {
                    at = start + needles.len_of(needle);
                    each(needle, start..at)?;
                }
                Ok(())
            }
        }
    }
}

impl Echo {
    /// Listens for the values of `findings`; `None` where none of them could identify anybody.
    pub fn of(findings: &[Finding]) -> Option<Echo> {
        let mut values: Vec<(String, String)> = findings.iter().filter(|f| f.identifies()).filter_map(telling).collect();
        values.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.cmp(b)));
        values.dedup_by(|a, b| a.1 == b.1);
        values.retain(|(_, value)| !blocks::say(value));
        values.truncate(MOST);
        if values.is_empty() {
            return None;
        }
        let (mut patterns, mut needles) = (Vec::new(), Vec::new());
        for (i, (_, value)) in values.iter().enumerate() {
            let utf16: Vec<u16> = value.encode_utf16().collect();
            let le = utf16.iter().flat_map(|u| u.to_le_bytes()).collect();
            let be = utf16.iter().flat_map(|u| u.to_be_bytes()).collect();
            for needle in [value.clone().into_bytes(), le, be] {
                patterns.push(i);
                needles.push(needle);
            }
        }
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        let search = Search::new(&needles)?;
        Some(Echo { values, patterns, search, longest, heard: Mutex::new(BTreeSet::new()) })
    }

    /// Listens to a source that was planned again: in content a value is remembered for a warning, elsewhere refused.
    /// Members are not listened to here; each is heard by itself, unpacked.
    ///
    /// # Errors
    /// `Leftover` where a removed value stands in the structure of the file.
    pub fn hear(&self, place: &str, source: &dyn Source, plan: &Plan) -> Result<()> {
        for step in plan.steps().iter().filter(|s| s.part != Part::Member && s.part != Part::Recoded) {
            let content = step.part == Part::Essence;
            self.listen(source, step.span, |value, at| self.tell(value, place, content, Some(at)))?;
        }
        Ok(())
    }

    /// Listens to an unpacked stream inside a source: a page of text, say. `content` is whether a person sees it.
    ///
    /// # Errors
    /// As [`Echo::hear`].
    pub fn hear_bytes(&self, place: &str, bytes: &[u8], content: bool) -> Result<()> {
        self.search.each(bytes, |needle, _| self.tell(self.patterns[needle], place, content, None))
    }

    /// Listens to an unpacked stream that is a source.
    ///
    /// # Errors
    /// As [`Echo::hear`].
    pub fn hear_stream(&self, place: &str, stream: &dyn Source, content: bool) -> Result<()> {
        self.listen(stream, stream.span(), |value, _| self.tell(value, place, content, None))
    }

    /// The warnings for what was heard in content.
    pub fn warnings(&self) -> Vec<String> {
        self.heard.lock().map(|heard| heard.iter().cloned().collect()).unwrap_or_default()
    }

    fn tell(&self, value: usize, place: &str, content: bool, at: Option<u64>) -> Result<()> {
        let (label, _) = &self.values[value];
        if !content {
            let refusal = Refusal::new(Code::Leftover, format!("the removed {label} still stands in the structure of {place}"));
            return Err(at.map_or_else(
                || Refusal::new(Code::Leftover, format!("the removed {label} still stands in {place}")),
                |at| refusal.at(at),
            ));
        }
        if let Ok(mut heard) = self.heard.lock() {
            heard.insert(format!("the removed {label} still stands in the content of {place}"));
        }
        Ok(())
    }

    /// Calls `each` with the value and the position of every match in `span`, across the borders of blocks.
    fn listen(&self, source: &dyn Source, span: Span, mut each: impl FnMut(usize, u64) -> Result<()>) -> Result<()> {
        let mut outcome = Ok(());
        let mut search = |text: &[u8], base: u64, from: usize| {
            if outcome.is_ok() {
                outcome = self.search.each(text, |needle, found| match found.end > from {
                    true => each(self.patterns[needle], base + found.start as u64),
                    false => Ok(()),
                });
            }
        };
        let reach = self.longest.saturating_sub(1);
        // The end of what was heard so far, for values that the border cuts in two.
        let (mut tail, mut at) = (Vec::new(), span.start);
        source::each_block(source, span, |block| {
            let seen = tail.len();
            if seen > 0 {
                tail.extend_from_slice(&block[..block.len().min(reach)]);
                search(&tail, at - seen as u64, seen);
            }
            search(block, at, 0);
            at += block.len() as u64;
            if block.len() >= reach {
                tail.clear();
                tail.extend_from_slice(&block[block.len() - reach..]);
            } else {
                if seen == 0 {
                    tail.extend_from_slice(block);
                }
                tail.drain(..tail.len().saturating_sub(reach));
            }
        })?;
        outcome
    }
}

/// What of a finding's value is worth searching: enough bytes, and not just one character repeated or digits of a date.
fn telling(finding: &Finding) -> Option<(String, String)> {
    let value = finding.value.as_deref()?.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let value = &value[..end];
    let distinct = value.bytes().collect::<BTreeSet<u8>>().len();
    (value.len() >= SHORTEST && distinct >= 4).then(|| (finding.label.to_string(), value.to_owned()))
}
