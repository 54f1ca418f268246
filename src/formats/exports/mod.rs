//! What messengers and services give people who ask for their data: chats, accounts, whole photo libraries. Such a folder or
//! archive tells far more in its content than in its files' metadata, and content is not ours to cut: so it is recognised by
//! the names in it, and the report says what it tells. Nothing here decides a fate.

pub mod chat;

use std::collections::{BTreeMap, BTreeSet};

use super::archive;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::plan::Draft;
use crate::policy::Token;

/// The label of findings that name people.
pub(super) const PEOPLE: &str = "people in data";

/// A service, and how its exports are known.
struct Service {
    name: &'static str,
    tells: &'static str,
    /// Whether a path, in lower case, is one that only its exports have.
    has: fn(&str) -> bool,
}

/// Exports by paths that no other folder has.
static SERVICES: &[Service] = &[
    Service {
        name: "a WhatsApp chat export",
        tells: "who wrote what and when, with names or telephone numbers, in the text of the chat",
        has: |path| chat::is_chat(path),
    },
    Service {
        name: "a WhatsApp account report",
        tells: "the telephone number, contacts, groups, devices and addresses of the account",
        has: |path| base(path) == "portability.json" || path.contains("whatsapp_account_information"),
    },
    Service {
        name: "a Google Takeout archive",
        tells: "the account, and in JSON side-cars the time, the place and the people of every photo",
        has: |path| path.split('/').any(|step| step == "takeout") || base(path) == "archive_browser.html",
    },
    Service {
        name: "a Facebook archive",
        tells: "the account, friends, messages, places, times and addresses of devices",
        has: |path| step(path, "your_facebook_activity") || step(path, "facebook_accounts_center"),
    },
    Service {
        name: "an Instagram archive",
        tells: "the account, followers, messages, places, times and addresses of devices",
        has: |path| {
            step(path, "your_instagram_activity")
                || step(path, "followers_and_following")
                || step(path, "instagram_profile_information")
        },
    },
    Service {
        name: "a Telegram export",
        tells: "who wrote what and when, with names and numbers of accounts",
        has: |path| {
            path.split('/').any(|s| s.starts_with("chatexport_") || s.starts_with("dataexport_"))
                || base(path) == "export_results.html"
        },
    },
    Service {
        name: "a Signal export",
        tells: "who wrote what and when, with names and telephone numbers",
        has: |path| {
            let base = base(path);
            (base.starts_with("signal-") && base.ends_with(".backup")) || path.split('/').any(|s| s.starts_with("signal-export"))
        },
    },
    Service {
        name: "an archive of Apple's privacy page",
        tells: "the account, its devices, addresses and purchases, and in tables the names and times of every photo",
        has: |path| {
            let base = base(path);
            (base.starts_with("photo details") && base.ends_with(".csv"))
                || path.split('/').any(|s| {
                    s.starts_with("icloud ") || s.starts_with("apple_media_services") || s.starts_with("apple id account")
                })
        },
    },
    Service {
        name: "a Snapchat archive",
        tells: "the account, friends, chats, and the time and place of every memory",
        has: |path| matches!(base(path), "memories_history.json" | "memories_history.html" | "snap_history.json"),
    },
    Service {
        name: "an archive of X (Twitter)",
        tells: "the account, its posts, messages and addresses of devices",
        has: |path| matches!(base(path), "your archive.html" | "tweets.js" | "direct-messages.js"),
    },
];

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn step(path: &str, name: &str) -> bool {
    path.split('/').any(|s| s == name)
}

/// What the names in a folder or an archive show, gathered while they pass by.
#[derive(Default)]
pub struct Survey {
    services: BTreeSet<usize>,
    sidecars: u64,
    first: Option<String>,
}

impl Survey {
    /// Looks at the path of a file that stays; folders in it are parted by slashes or backslashes.
    pub fn see(&mut self, path: &str) {
        let lower = path.to_lowercase().replace('\\', "/");
        self.services.extend((0..SERVICES.len()).filter(|i| (SERVICES[*i].has)(&lower)));
        if archive::is_sidecar(&lower) {
            self.sidecars += 1;
            self.first.get_or_insert_with(|| path.to_owned());
        }
    }

    /// What was recognised, in sentences.
    pub fn words(&self) -> Vec<String> {
        let known = self.services.iter().map(|i| &SERVICES[*i]);
        known.map(|s| format!("this is {}: it tells {}; that is content, so it stays", s.name, s.tells)).collect()
    }

    /// How many side-cars stay, and the first of them.
    pub fn sidecars(&self) -> Option<String> {
        let first = self.first.as_deref()?;
        Some(if self.sidecars > 1 { format!("{first} and {} more", self.sidecars - 1) } else { first.to_owned() })
    }

    /// Tells it of an archive of the kind `place`, with what the members themselves were found to tell.
    pub fn tell(self, job: &Job, place: &'static str, draft: &mut Draft) {
        if let Some(sidecars) = self.sidecars().filter(|_| job.keeps(Token::Sidecars)) {
            let why = "they tell times and places of the files beside them; --drop sidecars leaves them out";
            draft.note(Finding::kept(place, "side-cars of photos and films", Tells::Where, why).value(sidecars));
        }
        let sum = summary(draft);
        let sum = if sum.is_empty() { String::new() } else { format!(" ({sum})") };
        for words in self.words() {
            draft.warn(format!("{words}{sum}"));
        }
    }
}

/// What the members tell, in one line: people by their names, the rest by the number of files.
fn summary(draft: &Draft) -> String {
    let mut counts: BTreeMap<Tells, u64> = BTreeMap::new();
    let mut people = Vec::new();
    for found in draft.findings() {
        let block = found.place.steps().last().map_or("", |s| s);
        if !matches!(block, "JSON" | "Text") || found.action.changes() {
            continue;
        }
        if found.label == PEOPLE {
            people.extend(found.value.clone());
        }
        *counts.entry(found.tells).or_default() += 1;
    }
    let files = |n: u64, what: &str| if n == 1 { format!("{what} in 1 file") } else { format!("{what} in {n} files") };
    let mut out: Vec<String> = Vec::new();
    out.extend(people.first().map(|names| match people.len() {
        1 => format!("people: {names}"),
        n => format!("people: {names}, and more in {} other files", n - 1),
    }));
    for (tells, what) in [(Tells::Where, "places"), (Tells::When, "times"), (Tells::Device, "devices or addresses")] {
        out.extend(counts.get(&tells).map(|n| files(*n, what)));
    }
    out.join("; ")
}

/// The first few names of many.
pub(super) fn some_of(names: &BTreeSet<String>) -> String {
    const FEW: usize = 6;
    let shown = names.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
