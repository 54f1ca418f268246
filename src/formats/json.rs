//! JSON: data written as text. All of it is content, so every byte stays; but data tells more than a page does, so the report
//! says what kinds of things it tells: places, people, times, devices. Whether it is well-formed is not asked: it is not ours
//! to mend.

use std::collections::BTreeSet;

use super::text;
use crate::clean::Job;
use crate::finding::{Finding, Tells};
use crate::format::{Format, Head, Match};
use crate::grammar::json::{Scan, Value};
use crate::plan::{Draft, Plan};
use crate::refusal::Result;
use crate::source::{self, Shared};

/// The row.
pub static FORMAT: Format = Format {
    name: "JSON",
    extensions: &["json", "jsonl", "ndjson", "geojson"],
    container: false,
    keeps: "every byte: data is all content; what it tells is said",
    removes: "nothing",
    sniff,
    plan,
    witness: text::witness,
};

/// Why it stays.
const WHY: &str = "data is content: what it says, it still says";

/// So many different people are counted.
const MOST: usize = 1000;

/// A text of that name which begins as an object or a list does.
fn sniff(head: &Head) -> Option<Match> {
    let named = FORMAT.extensions.contains(&head.extension);
    let text = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes).trim_ascii_start();
    let begins = text.starts_with(b"{") || text.starts_with(b"[");
    (named && begins && text::is_text(head.bytes)).then_some(Match::Guess)
}

fn plan(_: &Job, source: &Shared) -> Result<Plan> {
    let mut draft = Draft::new(source);
    draft.essence(source.span(), "data");
    let invisible = text::read(source)?;
    let mut told = Told::default();
    let mut scan = Scan::default();
    source::each_block(&**source, source.span(), |block| scan.block(block, &mut |value| told.see(&value)))?;
    told.tell(&mut draft);
    text::tell_invisible(&mut draft, "JSON", invisible);
    draft.seal()
}

/// What a file of data tells.
#[derive(Default)]
struct Told {
    places: u64,
    times: u64,
    devices: u64,
    people: BTreeSet<String>,
    files: bool,
}

impl Told {
    fn see(&mut self, value: &Value) {
        // Zero stands for no place, an empty string for no person.
        if value.text.is_empty() || matches!(value.text, "null" | "false" | "true" | "0" | "0.0") {
            return;
        }
        self.files |= value.text.starts_with("data:") || value.text.starts_with("/9j/") || value.text.starts_with("iVBORw0KGgo");
        match tells(&value.within.to_lowercase(), &value.key.to_lowercase()) {
            Some(Tells::Where) => self.places += 1,
            Some(Tells::When) => self.times += 1,
            Some(Tells::Device) => self.devices += 1,
            Some(_) if self.people.len() < MOST => _ = self.people.insert(value.text.chars().take(64).collect()),
            _ => {}
        }
    }

    fn tell(self, draft: &mut Draft) {
        let mut note = |label: &'static str, tells, value: String| {
            draft.note(Finding::kept("JSON", label, tells, WHY).value(value));
        };
        let values = |n: u64| if n == 1 { "1 value".to_owned() } else { format!("{n} values") };
        if self.places > 0 {
            note("places in data", Tells::Where, values(self.places));
        }
        if !self.people.is_empty() {
            note(super::exports::PEOPLE, Tells::Who, super::exports::some_of(&self.people));
        }
        if self.devices > 0 {
            note("devices and addresses in data", Tells::Device, values(self.devices));
        }
        if self.times > 0 {
            note("times in data", Tells::When, values(self.times));
        }
        draft.note(Finding::kept("JSON", "the data itself", Tells::Text, WHY));
        if self.files {
            draft.warn("the data seems to hold pictures or other files written as text; they were not cleaned");
        }
    }
}

/// What a value of this name tells, by the words that services use.
fn tells(within: &str, key: &str) -> Option<Tells> {
    let of_a_person = matches!(key, "name" | "title" | "id") && matches!(within, "participants" | "people" | "author" | "sender");
    Some(match key {
        "latitude" | "longitude" | "lat" | "lng" | "lon" | "latitudee7" | "longitudee7" | "coordinates" | "address" | "city"
        | "geodata" | "geodataexif" | "location" | "location_name" | "place" => Tells::Where,
        "sender_name" | "from" | "from_id" | "actor" | "author" | "sender" | "participants" | "email" | "phone"
        | "phone_number" | "phonenumber" | "username" | "full_name" | "fullname" | "display_name" | "displayname" | "creator"
        | "owner" | "e164" | "profilename" => Tells::Who,
        "name" if of_a_person => Tells::Who,
        "ip" | "ip_address" | "ipaddress" | "user_agent" | "useragent" | "device" | "devicetype" | "device_id" | "deviceid"
        | "imei" | "localfoldername" => Tells::Device,
        _ if key.contains("timestamp") || key.ends_with("time") || key.starts_with("date") || key.ends_with("date") => {
            Tells::When
        }
        _ => return None,
    })
}
