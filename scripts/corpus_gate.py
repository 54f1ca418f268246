"""The gate behind scripts/corpus.sh: which outcomes of the judge fail a run.

Crashes, hangs, leaks and damage in well-formed files fail it, and so does a format of which fewer files come out safe than
its bar says. The bars only ever rise."""
import collections
import json
import sys

# Share of the well-formed files that must come out cleaned, leak-free and exact.
BARS = {}

rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
bad = []
by = collections.defaultdict(list)
for r in rows:
    name = f"{r['format']}/{r['path']}"
    if r["status"] in ("crashed", "timeout"):
        bad.append(f"{name}: {r['status']}")
    if r["state"] == "ok":
        by[r["format"]].append(r)
        bad += [f"{name}: leak {x['tag']} {x['value']}" for x in r.get("leaks", [])[:3]]
        bad += [f"{name}: damage {d}" for d in (r.get("damage") or [])[:3]]
for fmt, bar in BARS.items():
    files = by.get(fmt)
    if files:
        safe = sum(r["status"] == "cleaned" and not r.get("leaks") and not r.get("damage") for r in files)
        if safe < bar * len(files):
            bad.append(f"{fmt}: only {safe} of {len(files)} files are safe, the bar is {bar:.0%}")
for line in bad:
    print("FAIL", line)
sys.exit(bool(bad))
