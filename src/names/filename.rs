//! Names of files that speak: dates and counters of cameras, messengers and their senders, people, telephone numbers. A name
//! is content, so it stays unless a person wants otherwise; but what it says is told.

use crate::finding::Tells;

/// What a name discloses, most telling first; `path` may have folders in front.
pub fn speaks(path: &str) -> Vec<(&'static str, Tells)> {
    let path = path.trim_end_matches(['/', '\\']);
    let base = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
    let folders = path[..path.len() - path.rsplit(['/', '\\']).next().map_or(0, str::len)].to_lowercase();
    let mut out: Vec<(&'static str, Tells)> = Vec::new();
    let mut say = |what, tells| {
        if !out.iter().any(|(w, _)| *w == what) {
            out.push((what, tells));
        }
    };
    for (pattern, what, tells) in PATTERNS {
        if matches(pattern.as_bytes(), base.as_bytes()) {
            say(what, *tells);
        }
    }
    if has_home(&folders) {
        say("a home folder and its user", Tells::Who);
    }
    if has_mail(&base) {
        say("an e-mail address or handle", Tells::Who);
    }
    if has_phone(&base) {
        say("a telephone number", Tells::Who);
    }
    if has_date(base.as_bytes()) {
        say("a date", Tells::When);
    }
    out
}

/// `#` is a digit, `%` a hexadecimal digit, `*` anything, the rest itself.
const PATTERNS: &[(&str, &str, Tells)] = &[
    ("pxl_########_*", "a Google Pixel telephone and the time in UTC", Tells::Device),
    ("???-########-wa####*", "WhatsApp and the day of receipt", Tells::Software),
    ("whatsapp *", "WhatsApp", Tells::Software),
    ("_chat.txt", "a WhatsApp chat export", Tells::Who),
    ("signal-20*", "Signal", Tells::Software),
    ("photo_20*_*", "Telegram", Tells::Software),
    ("video_20*_*", "Telegram", Tells::Software),
    ("fb_img_#############*", "Facebook and a time", Tells::Software),
    ("received_##########*", "Facebook Messenger and an identifier", Tells::Identifier),
    ("snapchat-#*", "Snapchat and an identifier", Tells::Identifier),
    ("#####*_#####*_#####*_n.*", "Facebook or Instagram identifiers", Tells::Identifier),
    ("screenshot*", "a screenshot, perhaps with the program in use", Tells::Software),
    ("screen shot *", "a screenshot", Tells::Software),
    ("screen_recording_*", "a screen recording", Tells::Software),
    ("rpreplay_final##########*", "an iPhone screen recording and its time", Tells::When),
    ("bildschirmfoto *", "a screenshot and the language of the system", Tells::Software),
    ("capture d*", "a screenshot and the language of the system", Tells::Software),
    ("captura de pantalla*", "a screenshot and the language of the system", Tells::Software),
    ("снимок экрана*", "a screenshot and the language of the system", Tells::Software),
    ("スクリーンショット*", "a screenshot and the language of the system", Tells::Software),
    ("img_####.*", "the counter of a camera", Tells::Device),
    ("img_e####.*", "an edited iPhone photo and its counter", Tells::Device),
    ("dsc_####*", "the counter of a camera", Tells::Device),
    ("_dsc####*", "the counter of a camera", Tells::Device),
    ("dsc#####*", "the counter of a camera", Tells::Device),
    ("dscf####*", "the counter of a Fujifilm camera", Tells::Device),
    ("dscn####*", "the counter of a Nikon camera", Tells::Device),
    ("p#######.*", "the counter of a Panasonic or Olympus camera", Tells::Device),
    ("sam_####*", "the counter of a Samsung camera", Tells::Device),
    ("gopr####*", "the counter of a GoPro", Tells::Device),
    ("g?0#####.*", "the counter of a GoPro", Tells::Device),
    ("dji_*", "a DJI drone", Tells::Device),
    ("%%%%%%%%-%%%%-%%%%-%%%%-%%%%%%%%%%%%*", "an identifier that links copies", Tells::Identifier),
    ("camscanner *", "a scanner program", Tells::Software),
    ("adobe scan *", "a scanner program", Tells::Software),
    ("xerox scan*", "a scanner", Tells::Device),
    ("gmt20######-*", "a recorded meeting", Tells::When),
    ("*conflicted copy*", "a person or a host", Tells::Who),
    ("copy of *", "an earlier version", Tells::History),
    ("* - copy*", "an earlier version", Tells::History),
    ("*_final*", "an earlier version", Tells::History),
];

fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        let fits = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(b'#') => text[t].is_ascii_digit(),
            Some(b'%') => text[t].is_ascii_hexdigit(),
            Some(b'?') => true,
            Some(c) => *c == text[t],
            None => false,
        };
        match (fits, star) {
            (true, _) => (p, t) = (p + 1, t + 1),
            (false, Some((sp, st))) => {
                (p, t) = (sp + 1, st + 1);
                star = Some((sp, st + 1));
            }
            (false, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// `/home/jane/`, `Users\jane\`.
fn has_home(folders: &str) -> bool {
    let steps: Vec<&str> = folders.split(['/', '\\']).filter(|s| !s.is_empty()).collect();
    steps.windows(2).any(|pair| matches!(pair[0], "home" | "users" | "documents and settings"))
}

fn has_mail(base: &str) -> bool {
    base.char_indices().any(|(i, c)| {
        let before = base[..i].chars().next_back();
        let after = base[i + c.len_utf8()..].chars().next();
        c == '@' && after.is_some_and(char::is_alphanumeric) && before.is_none_or(|b| b.is_alphanumeric() || " _-.(".contains(b))
    })
}

/// A plus sign and eight digits or more, with the usual separators.
fn has_phone(base: &str) -> bool {
    base.match_indices('+').any(|(i, _)| {
        let number = base[i + 1..].chars().take_while(|c| c.is_ascii_digit() || " -()".contains(*c));
        number.filter(char::is_ascii_digit).count() >= 8
    })
}

/// A year from 1970 to 2099, a month and a day, together or with one separator between them.
fn has_date(base: &[u8]) -> bool {
    (0..base.len()).any(|i| {
        let starts = i == 0 || !base[i - 1].is_ascii_digit();
        starts && [&b""[..], b"-", b"_", b"."].iter().any(|sep| is_date(&base[i..], sep))
    })
}

fn is_date(text: &[u8], sep: &[u8]) -> bool {
    let Some((year, rest)) = digits(text, 4) else { return false };
    let Some((month, rest)) = rest.strip_prefix(sep).and_then(|r| digits(r, 2)) else { return false };
    let Some((day, _)) = rest.strip_prefix(sep).and_then(|r| digits(r, 2)) else { return false };
    (1970..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn digits(text: &[u8], n: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(n)?;
    let number = std::str::from_utf8(head).ok().filter(|h| h.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    Some((number, rest))
}
