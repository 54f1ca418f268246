"""The gate behind scripts/corpus.sh: which outcomes of the judge fail a run.

Crashes, hangs, leaks and damage in well-formed files fail it, and so does a format of which fewer files come out safe than
its bar says. The bars only ever rise."""
import collections
import json
import re
import sys

# Where the judge and the rules of this project differ, and why. Nothing else may leak or be damaged.
LEAKS = {
    "mkv": (r"TrackUID", "mandatory; it is the track number here"),
    "flac": (r"ReplayGain", "loudness values stay by default"),
    "mp3": (r"ReplayGain", "loudness values stay by default"),
    "pdf": (r"pdfaid|pdfuaid", "the claim to be PDF/A is written anew, alone"),
    "m4a": (r"ITunSMPB|iTunSMPB", "gapless playback, numbers only"),
    "mp4": (r"MovieFragmentSequence", "counts fragments"),
    "tiff": (r"OtherImage(Start|Length)|JPEGProc", "where old-style JPEG data lies"),
    "svg": (r".*", "attributes that draw the picture, and its visible title"),
    "doc": (r"FlashPix:(Identification|System)", "which version of the format it is, from the head that every reader needs"),
    "html": (r"(?i)http-?equiv|ContentType|Content-type|Refresh", "says how to read the page"),
}
DAMAGE = {
    "mp3": (r"duration", "estimated from the length of the file where there is no information frame"),
    "pdf": (r"links", "a link to a file on somebody's disk goes"),
    "svg": (r".*animation.*|.*script.*", "scripts go"),
    "docx": (r"pictures|images", "a picture that only a removed comment showed"),
    "psd": (r"layers: changed", "files inside smart objects are cleaned; the pixels of the layers are equal"),
    "doc": (r"streams: lost", "macros and custom XML go, and objects are numbered anew, since their numbers are times"),
    "html": (r"link|canonical", "the canonical address tells where a page was saved from"),
    "rtf": (r"text", "author and title lines that the converter prints"),
}

# Share of the well-formed files that must come out cleaned, leak-free and exact.
BARS = {"jpeg": 0.97, "png": 0.97, "webp": 0.97, "gif": 0.9, "bmp": 0.97, "ico": 0.97, "pdf": 0.88, "heic": 0.97, "avif": 0.97, "tiff": 0.85,
        "xls": 0.97, "ppt": 0.97, "docx": 0.88, "xlsx": 0.97, "odt": 0.97, "epub": 0.97, "mov": 0.97, "avi": 0.97, "wav": 0.97, "ogg": 0.97}


def is_known(table, fmt, text):
    return fmt in table and re.search(table[fmt][0], text)

rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
bad = []
by = collections.defaultdict(list)
for r in rows:
    name = f"{r['format']}/{r['path']}"
    if r["status"] in ("crashed", "timeout"):
        bad.append(f"{name}: {r['status']}")
    if r["state"] == "ok":
        by[r["format"]].append(r)
        bad += [f"{name}: leak {x['tag']} {x['value']}" for x in r.get("leaks", []) if not is_known(LEAKS, r["format"], x["tag"])][:3]
        bad += [f"{name}: damage {d}" for d in r.get("damage") or [] if not is_known(DAMAGE, r["format"], d)][:3]
for fmt, bar in BARS.items():
    files = by.get(fmt)
    if files:
        safe = sum(r["status"] == "cleaned" and not r.get("leaks") and not r.get("damage") for r in files)
        if safe < bar * len(files):
            bad.append(f"{fmt}: only {safe} of {len(files)} files are safe, the bar is {bar:.0%}")
for line in bad:
    print("FAIL", line)
sys.exit(bool(bad))
