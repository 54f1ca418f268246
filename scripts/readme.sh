#!/usr/bin/env bash
# Writes the table of formats and the picture of a run into README.md, between their markers.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${METASCRUB:-target/release/metascrub}
[ -x "$bin" ] || cargo build --release --quiet
"$bin" --list-formats | python3 -c '
import re, sys
rows, text = [], sys.stdin.read()
for block in text.strip().split("\n\n"):
    if block.count("\n") != 2:
        continue
    head, stays, goes = block.split("\n")
    name, extensions = re.match(r"(.*?) +(\..*)", head).groups()
    rows.append("| %s | %s | %s | %s |" % (name.strip(), extensions.strip(), stays.split("stays:")[1].strip(), goes.split("goes:")[1].strip()))
table = "| format | names | stays | goes |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
run = "```text\n" + open("tests/cli/run.txt").read().strip() + "\n```\n"
readme = open("README.md").read()
for mark, new in (("formats", table), ("run", run)):
    readme = re.sub(r"(<!-- %s -->\n).*?(<!-- /%s -->)" % (mark, mark), lambda m: m[1] + new + m[2], readme, flags=re.S)
open("README.md", "w").write(readme)
'
