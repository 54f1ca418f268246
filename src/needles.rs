//! Many byte strings sought at once, in one pass that skips most of the bytes [Wu and Manber, A fast algorithm for
//! multi-pattern searching, 1994]: the last three bytes of a window say how far it may move on before any needle could end
//! in it. Needles are long and few, content is long, and matches are nearly never there: that is what this is made for.

/// So many bytes are looked at to decide how far to move on.
const PROBE: usize = 3;

/// Byte strings to seek.
pub struct Needles {
    needles: Vec<Box<[u8]>>,
    /// How many bytes of each needle decide: the length of the shortest.
    window: usize,
    longest: usize,
    /// How the hash of a probe is cut down to the tables.
    bits: u32,
    /// How far a window with that probe at its end may move on.
    shifts: Box<[u8]>,
    /// Where in `ids` those begin whose window ends with that probe; where the next begins they end.
    starts: Box<[u32]>,
    ids: Box<[u32]>,
}

impl Needles {
    /// For these needles; `None` where there are none or one is shorter than the probe.
    pub fn new(needles: &[Vec<u8>]) -> Option<Needles> {
        let shortest = needles.iter().map(Vec::len).min().filter(|n| *n >= PROBE)?;
        let window = shortest.min(usize::from(u8::MAX));
        let bits = (needles.len() * window * 8).next_power_of_two().ilog2().clamp(8, 20);
        let mut made = Needles {
            needles: needles.iter().map(|n| n.clone().into_boxed_slice()).collect(),
            window,
            longest: needles.iter().map(Vec::len).max().unwrap_or(0),
            bits,
            shifts: vec![(window - PROBE + 1) as u8; 1 << bits].into_boxed_slice(),
            starts: vec![0; (1 << bits) + 1].into_boxed_slice(),
            ids: vec![0; needles.len()].into_boxed_slice(),
        };
        for needle in needles {
            for end in PROBE..=window {
                let shift = &mut made.shifts[hash(needle, end, bits)];
                *shift = (*shift).min((window - end) as u8);
            }
            made.starts[hash(needle, window, bits) + 1] += 1;
        }
        for i in 1..made.starts.len() {
            made.starts[i] += made.starts[i - 1];
        }
        let mut next = made.starts.clone();
        for (id, needle) in needles.iter().enumerate() {
            let slot = &mut next[hash(needle, window, bits)];
            made.ids[*slot as usize] = id as u32;
            *slot += 1;
        }
        for probe in 0..1 << bits {
            let ids = made.starts[probe] as usize..made.starts[probe + 1] as usize;
            made.ids[ids].sort_by_key(|id| &made.needles[*id as usize]);
        }
        Some(made)
    }

    /// The first needle in `text` from `at` on: which one, and where it begins. Of several that begin at one place, the
    /// longest.
    pub fn find(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let mut end = at.checked_add(self.window)?;
        while end <= text.len() {
            let probe = hash(text, end, self.bits);
            let shift = self.shifts[probe];
            if shift > 0 {
                end += usize::from(shift);
                continue;
            }
            let start = end - self.window;
            let ids = &self.ids[self.starts[probe] as usize..self.starts[probe + 1] as usize];
            if let Some(id) = self.longest_of(ids, &text[start..]) {
                return Some((id, start));
            }
            end += 1;
        }
        None
    }

    /// The longest of these needles, which are sorted, that `text` begins with. However many share their beginning, few of
    /// them are looked at.
    fn longest_of(&self, ids: &[u32], text: &[u8]) -> Option<usize> {
        let mut text = &text[..text.len().min(self.longest)];
        while text.len() >= self.window {
            let after = ids.partition_point(|id| *self.needles[*id as usize] <= *text);
            let id = *ids.get(after.checked_sub(1)?)? as usize;
            let needle = &self.needles[id];
            let common = needle.iter().zip(text).take_while(|(a, b)| a == b).count();
            if common == needle.len() {
                return Some(id);
            }
            // A needle that `text` begins with sorts before this one, so this one begins with it as well.
            text = &text[..common];
        }
        None
    }

    /// How many bytes the needle of that number has.
    pub fn len_of(&self, needle: usize) -> usize {
        self.needles[needle].len()
    }
}

/// The hash of the probe that ends at `end`.
fn hash(text: &[u8], end: usize, bits: u32) -> usize {
    let [a, b, c] = [text[end - 3], text[end - 2], text[end - 1]];
    let probe = u32::from_le_bytes([a, b, c, 0]);
    // [Knuth, The Art of Computer Programming 6.4: multiplicative hashing]
    (probe.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(needles: &[&str], text: &str) -> Vec<(usize, usize)> {
        let needles: Vec<Vec<u8>> = needles.iter().map(|n| n.as_bytes().to_vec()).collect();
        let made = Needles::new(&needles).unwrap();
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some((id, start)) = made.find(text.as_bytes(), at) {
            out.push((id, start));
            at = start + made.len_of(id);
        }
        out
    }

    #[test]
    fn the_longest_of_several_at_one_place_wins() {
        assert_eq!(all(&["abcdef", "abcd", "bcdefg"], "xxabcdefgabcdx"), [(0, 2), (1, 9)]);
        assert_eq!(all(&["abcd", "abcdef"], "abcdef"), [(1, 0)]);
        assert_eq!(all(&["abcd", "abcdx", "abcdef"], "abcdeabcdx"), [(0, 0), (1, 5)]);
        assert_eq!(all(&["aaaa"], "aaaaaaaaa"), [(0, 0), (0, 4)]);
        assert!(all(&["abcd"], "abc").is_empty() && all(&["abcd"], "").is_empty());
        assert!(Needles::new(&[]).is_none() && Needles::new(&[vec![1, 2]]).is_none());
    }

    /// Nothing that a plain search finds is missed, whatever is sought in whatever.
    #[test]
    fn it_finds_what_a_plain_search_finds() {
        let mut seed = 7u32;
        let mut random = |n: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % n
        };
        for round in 0..300u32 {
            let letters = 2 + round % 5;
            let text: Vec<u8> = (0..random(400)).map(|_| random(letters) as u8).collect();
            let needles: Vec<Vec<u8>> =
                (0..1 + random(12)).map(|_| (0..3 + random(9)).map(|_| random(letters) as u8).collect()).collect();
            let made = Needles::new(&needles).unwrap();
            for at in 0..=text.len() {
                let longest = |s: usize| needles.iter().filter(|n| text[s..].starts_with(n)).map(Vec::len).max();
                let plain = (at..text.len()).find_map(|s| longest(s).map(|len| (len, s)));
                let found = made.find(&text, at).map(|(id, s)| (made.len_of(id), s));
                assert_eq!(found, plain, "{needles:?} in {text:?} from {at}");
            }
        }
    }
}
