#!/bin/sh
# Builds and installs the program for this user, then, if wanted, "Clean with metascrub" for the desktop.
#
#   scripts/install.sh [--desktop | --no-desktop]     without either it asks, or leaves the desktop alone when it cannot
set -u
cd "$(dirname "$0")/.." || exit
desktop=ask
case ${1-} in
    --desktop) desktop=yes ;;
    --no-desktop) desktop=no ;;
    '') ;;
    *) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
command -v cargo >/dev/null || { echo "cargo was not found; install Rust from https://rustup.rs first" >&2; exit 1; }
cargo install --locked --path . || exit
if [ $desktop = ask ] && [ -t 0 ]; then
    printf 'Add "Clean with metascrub" to the menus of the file manager? [y/N] '
    read -r answer
    case $answer in [yY]*) desktop=yes ;; esac
fi
[ $desktop = yes ] || exit 0
case $(uname) in
    Darwin) exec scripts/desktop/macos/install.sh ;;
    MINGW* | MSYS* | CYGWIN*) exec powershell.exe -ExecutionPolicy Bypass -File scripts/desktop/windows/install.ps1 ;;
    *) exec scripts/desktop/linux/install.sh ;;
esac
