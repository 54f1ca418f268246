#!/usr/bin/env bash
# Everything: formatting, lints, unit, property, snapshot and end-to-end tests, other people's programs as judges, the
# desktop wrappers, and, where ../shared/check is there, the real files of its corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
started=$SECONDS
skipped=()
step() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }

step "tools"
bash scripts/oracles.sh
for package in $(bash scripts/oracles.sh --list); do skipped+=("checks that need $package"); done

step "formatting"
cargo fmt --check

step "lints"
cargo clippy --quiet --all-targets -- -D warnings

for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
  [ "$(rustc -vV | sed -n 's/^host: //p')" = "$target" ] && continue
  step "lints for $target"
  if rustup target list --installed 2>/dev/null | grep -qx "$target" || timeout 120 rustup target add "$target" >/dev/null 2>&1; then
    cargo clippy --quiet --target "$target" -- -D warnings
  else
    skipped+=("lints for $target, whose standard library could not be installed")
  fi
done

step "unit, property, snapshot and command-line tests"
cargo test --quiet

step "release build"
cargo build --release --quiet
size=$(stat -c %s target/release/metascrub 2>/dev/null || stat -f %z target/release/metascrub)
echo "binary: $size bytes"
[ "$size" -lt $((8 << 20)) ] || { echo "the binary is larger than 8 MiB"; exit 1; }

step "the samples are what their scripts make"
if command -v python3 >/dev/null; then
  fresh=$(mktemp -d)
  cp -r scripts "$fresh/" && python3 "$fresh/scripts/samples.py" >/dev/null
  diff -r samples "$fresh/samples"
  rm -rf "$fresh"
fi

step "the main job on the samples, judged by other programs"
if command -v python3 >/dev/null; then python3 tests/oracles.py; else skipped+=("tests/oracles.py: no python3"); fi

if [ -x scripts/desktop/self-test.sh ]; then
  step "desktop wrappers"
  bash scripts/desktop/self-test.sh
fi

if [ -d ../shared/check ] && [ -z "${NO_CORPUS:-}" ]; then
  step "real files"
  bash scripts/corpus.sh
else
  skipped+=("real files: there is no ../shared/check")
fi

step "done"
for s in "${skipped[@]:-}"; do [ -z "$s" ] || echo "SKIPPED: $s"; done
echo "$((SECONDS - started)) s"
