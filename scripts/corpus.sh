#!/usr/bin/env bash
# Runs the release build over real files that nobody here made, judged by other people's programs (../shared/check), and
# fails on a crash, a hang, a leak or damage in a well-formed file that is not on the list of known gaps.
#   scripts/corpus.sh [--format jpeg,png] [--sample N]
set -euo pipefail
cd "$(dirname "$0")/.."
check=../shared/check
home=${CHECK_HOME:-$HOME/.cache/metascrub-check}
[ -x "$home/venv/bin/python" ] && [ -d "$home/node_modules" ] || bash "$check/setup.sh" >/dev/null 2>&1 || {
  echo "SKIPPED: the judge's own programs could not be installed"
  exit 0
}
result=$(mktemp)
METASCRUB=$PWD/target/release/metascrub python3 "$check/run.py" --tool metascrub --jobs "$(nproc)" --out "$result" "$@" 2>/dev/null
python3 "$check/report.py" "$result" | sed -n '1,/^Files leaking/p'
python3 scripts/corpus_gate.py "$result"
rm -f "$result"
