#!/usr/bin/env bash
# Other people's programs, the judges of the tests: says which are missing, and installs them where it may.
#   scripts/oracles.sh            install what is missing (needs apt-get and root, or sudo without a password)
#   scripts/oracles.sh --list     only print what is missing
set -uo pipefail

# command:package
wanted="exiftool:libimage-exiftool-perl convert:imagemagick qpdf:qpdf pdftotext:poppler-utils unzip:unzip ffmpeg:ffmpeg
webpinfo:webp djpeg:libjpeg-turbo-progs python3:python3 7z:p7zip-full shellcheck:shellcheck desktop-file-validate:desktop-file-utils"

missing() {
  for pair in $wanted; do command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair##*:}"; done
}

# LibRaw and the readers of Office documents as Python packages, in an environment of their own.
develop="$HOME/.cache/metascrub-oracles"
modules='import rawpy, docx, openpyxl, pptx'
if [ "${1:-}" != --list ] && ! python3 -c "$modules" 2>/dev/null && ! "$develop/bin/python" -c "$modules" 2>/dev/null; then
  { python3 -m venv "$develop" && "$develop/bin/python" -m pip install -q rawpy python-docx openpyxl python-pptx; } >/dev/null 2>&1 \
    || echo "could not be installed: rawpy, python-docx, openpyxl, python-pptx"
fi

packages=$(missing)
if [ "${1:-}" = --list ] || [ -z "$packages" ]; then
  [ -z "$packages" ] || printf '%s\n' "$packages"
  exit 0
fi
command -v apt-get >/dev/null 2>&1 || { echo "missing, and there is no apt-get here: $packages"; exit 0; }
if [ "$(id -u)" = 0 ]; then as_root=(env); elif sudo -n true 2>/dev/null; then as_root=(sudo); else
  echo "missing, and installing needs root: $packages"
  exit 0
fi
echo "installing: $packages"
"${as_root[@]}" apt-get update -qq >/dev/null 2>&1 || true
# shellcheck disable=SC2086  # a list of names
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 \
  || echo "some could not be installed: $(missing)"
