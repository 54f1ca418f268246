#!/usr/bin/env bash
# Speed and memory beside cp and the tools people use today, in one run, on files made here. Prints a Markdown table and,
# with --readme, puts it into README.md between its markers.
#   scripts/bench.sh [--readme] [--big]        --big adds the 3 GB archive
# Needs hyperfine, ImageMagick, exiftool; mat2, jhead and qpdf are measured where they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
readme= big=
for a in "$@"; do case $a in --readme) readme=1 ;; --big) big=1 ;; *) sed -n '2,6p' "$0"; exit 2 ;; esac; done
for need in hyperfine convert exiftool python3; do command -v $need >/dev/null || { echo "needs $need"; exit 1; }; done
cargo build --release --quiet
bin=$PWD/target/release/metascrub
work=${BENCH_DIR:-target/bench}
mkdir -p "$work"
work=$(cd "$work" && pwd)

# 100 photos of 1 to 10 MB: ten pictures with grain like a sensor's, of ten sizes, each with its own Exif.
if [ ! -e "$work/photos/100.jpg" ]; then
  mkdir -p "$work/photos"
  for i in $(seq 1 10); do
    convert -seed "$i" -size $((1600 + 280 * i))x$((1200 + 210 * i)) plasma:fractal -attenuate 0.35 +noise Gaussian -quality 91 "$work/base$i.jpg"
  done
  for i in $(seq 1 100); do cp "$work/base$(((i - 1) % 10 + 1)).jpg" "$work/photos/$i.jpg"; done
  exiftool -q -q -overwrite_original -Make=Canon -Model="Canon EOS R5" -SerialNumber=012021000123 -Artist="Jane Q. Public" \
    -GPSLatitude=48.2 -GPSLatitudeRef=N -GPSLongitude=16.37 -GPSLongitudeRef=E -Orientation#=6 -XMP:Creator="Jane Q. Public" \
    -IPTC:City=Vienna "-DateTimeOriginal=2026:06:01 12:00:00" "$work/photos"
fi
# 60 documents of some pages.
if [ ! -e "$work/pdfs/60.pdf" ]; then
  mkdir -p "$work/pdfs"
  python3 scripts/bench_pdfs.py "$work/pdfs"
fi
# A zip of stored photos.
if [ ! -e "$work/photos.zip" ]; then
  python3 - "$work" 1000000000 photos.zip <<'PY'
import pathlib, sys, zipfile
work, size, name = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
photos = sorted((work / "photos").glob("*.jpg"))
with zipfile.ZipFile(work / name, "w", zipfile.ZIP_STORED) as z:
    done = n = 0
    while done < size:
        p = photos[n % len(photos)]
        z.write(p, f"{n:05}.jpg"); done += p.stat().st_size; n += 1
PY
fi

rows=$work/rows.md
: > "$rows"
# measure TITLE REFERENCE-NAME NAME COMMAND [NAME COMMAND…]: means in seconds, and times the first one.
measure() {
  local title=$1; shift
  local args=() names=()
  while [ $# -gt 0 ]; do names+=("$1"); args+=(--command-name "$1" "$2"); shift 2; done
  hyperfine --style none --warmup 1 --min-runs 3 --max-runs 8 --prepare "rm -rf $work/out; mkdir -p $work/out" --export-json "$work/h.json" "${args[@]}" >/dev/null 2>&1
  python3 - "$work/h.json" "$title" >> "$rows" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))["results"]
base = r[0]["median"]
for x in r:
    print(f"| {sys.argv[2]} | {x['command']} | {x['median']:.3f} s | {x['median'] / base:.1f}× |")
PY
}
optional() { command -v "$1" >/dev/null; }

set -- cp "cp $work/photos/*.jpg $work/out/" metascrub "$bin -q -o $work/out $work/photos/*.jpg" "exiftool -all= (batch)" "exiftool -q -q -all= -o $work/out/ $work/photos"
optional jhead && set -- "$@" "cp + jhead -purejpg" "cp $work/photos/*.jpg $work/out/ && jhead -q -purejpg $work/out/*.jpg"
measure "100 photos, $(du -sm "$work/photos" | cut -f1) MB" "$@"
if optional mat2; then
  measure "10 of these photos" cp "cp $work/photos/?.jpg $work/out/" metascrub "$bin -q -o $work/out $work/photos/?.jpg" mat2 "cp $work/photos/?.jpg $work/out/ && mat2 $work/out/*.jpg"
fi
convert -seed 3 -size 400x300 plasma:fractal -quality 85 "$work/small.jpg" 2>/dev/null
exiftool -q -q -overwrite_original -Artist="Jane Q. Public" "$work/small.jpg"
measure "one small photo" cp "cp $work/small.jpg $work/out/" metascrub "$bin -q -o $work/out/small.jpg $work/small.jpg" "exiftool -all=" "exiftool -q -q -all= -o $work/out/small.jpg $work/small.jpg"
if optional qpdf; then
  measure "60 PDFs" "60 runs of qpdf" "for f in $work/pdfs/*.pdf; do qpdf \$f $work/out/\$(basename \$f); done" metascrub "$bin -q -o $work/out $work/pdfs/*.pdf" cp "cp $work/pdfs/*.pdf $work/out/"
fi
measure "a zip of stored photos, 1 GB" cp "cp $work/photos.zip $work/out/" metascrub "$bin -q -o $work/out/photos.zip $work/photos.zip"

memory() { python3 - "$@" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL)
print(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
PY
}
rm -rf "$work/out"; mkdir -p "$work/out"
echo "| memory: a zip of stored photos, 1 GB | metascrub | $(memory "$bin" -q -o "$work/out/p.zip" "$work/photos.zip") | |" >> "$rows"
if [ -n "$big" ]; then
  [ -e "$work/big.zip" ] || python3 - "$work" <<'PY'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
photos = sorted((work / "photos").glob("*.jpg"))
with zipfile.ZipFile(work / "big.zip", "w", zipfile.ZIP_STORED) as z:
    done = n = 0
    while done < 3_000_000_000:
        p = photos[n % len(photos)]
        z.write(p, f"{n:05}.jpg"); done += p.stat().st_size; n += 1
PY
  echo "| memory: a zip of stored photos, 3 GB | metascrub | $(memory "$bin" -q -o "$work/out/b.zip" "$work/big.zip") | |" >> "$rows"
fi
rm -rf "$work/out"

{
  echo "| what | tool | time or memory | against the first |"
  echo "| --- | --- | --: | --: |"
  cat "$rows"
  echo
  echo "$(nproc) cores, $(date +%Y-%m-%d), warm cache, medians of 3 to 8 runs; metascrub $("$bin" --version | cut -d' ' -f2) with all four looks on, exiftool $(exiftool -ver)$(optional mat2 && echo ", $(mat2 --version)")."
} > "$work/table.md"
cat "$work/table.md"
if [ -n "$readme" ]; then
  python3 - "$work/table.md" <<'PY'
import re, sys
text, table = open("README.md").read(), open(sys.argv[1]).read()
text = re.sub(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda m: m[1] + table + m[2], text, flags=re.S)
open("README.md", "w").write(text)
PY
fi
