#!/bin/bash
# Tries the Linux integration for real: Thunar under a virtual display, in a home folder of its own, the entry picked
# from the context menu, files dropped on the icon, and pictures of what the user sees. Non-zero when a copy is missing.
#
#   try-thunar.sh [FOLDER-FOR-PICTURES]       needs Xvfb, openbox, dunst, thunar, zenity, xdotool, ImageMagick, dbus
#   METASCRUB=PATH                            the program to use (default: the stand-in of the self-test, which copies)
set -u
if [ -z "${TRY_INSIDE-}" ]; then
    for tool in xvfb-run xauth openbox dunst thunar zenity xdotool import dbus-run-session; do
        command -v "$tool" >/dev/null || { echo "try-thunar.sh: skipped, $tool is not installed"; exit 77; }
    done
    here=$(cd "$(dirname "$0")" && pwd)
    shots=$(mkdir -p "${1:-/tmp/metascrub-desktop}" && cd "${1:-/tmp/metascrub-desktop}" && pwd) || exit
    home=$(mktemp -d) || exit
    mkdir -m 700 "$home/run"
    unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME WAYLAND_DISPLAY
    TRY_INSIDE=1 HERE=$here SHOTS=$shots HOME="$home" XDG_RUNTIME_DIR="$home/run" NO_AT_BRIDGE=1 LC_ALL=C.UTF-8 \
        xvfb-run -a -s '-screen 0 1100x760x24' dbus-run-session -- "$0" 2>"$shots/log"
    status=$?
    rm -rf "$home"
    exit $status
fi

trap 'kill $(jobs -p) 2>/dev/null' EXIT
failed=0
expect() { for name; do [ -e "$name" ] || { echo "missing: $name"; failed=1; }; done; }
shot() { sleep 1; import -window root "$SHOTS/$1.png"; echo "picture: $SHOTS/$1.png"; }
answer() { xdotool search --sync --onlyvisible --class zenity windowactivate --sync; xdotool key Return; sleep 1; }
pick() { xdotool key Menu; sleep 1; shot "$1"; xdotool key Up Up Return; sleep 3; } # ours stands above Properties

mkdir -p "$HOME/Desktop" "$HOME/my files" && cd "$HOME/my files" || exit
if [ -z "${METASCRUB-}" ]; then
    METASCRUB=$HOME/metascrub
    sed -n "/<<'FAKE'/,/^FAKE/{/FAKE/d;p}" "$HERE/metascrub-drop-test" >"$METASCRUB"
    chmod +x "$METASCRUB"
fi
export METASCRUB
"$HERE/linux/install.sh" --prefix "$HOME" >/dev/null || exit
for name in 'two words.txt' "it's \"quoted\".txt" '$(touch OUCH) 100%.txt' '-rf.txt' 'Grüße 写真.txt' 'back\slash <b>.txt' \
    $'line\nbreak.txt'; do
    echo 'Nothing in here but text.' >"./$name"
done

convert -size 64x64 gradient:red-blue -set comment 'by Anna Example' photo.png
mkdir "$HOME/more" "$HOME/drag me" "$HOME/launched"
echo 'Nothing in here but text.' | tee "$HOME/more/fine.txt" "$HOME/drag me/dropped here.txt" >"$HOME/launched/by launcher.txt"
printf '\000\001\002' >"$HOME/more/odd.xyz"
printf '\000\001\002' >"$HOME/more/back\\slash <i>odd & 100%.bin"

openbox >/dev/null 2>&1 & dunst & thunar --daemon & sleep 2

# 1. The menu of a selection, everything goes well: a notification.
browse() { # folder, place from the left
    thunar "$1"
    xdotool search --sync --onlyvisible --name "^$(basename "$1") - Thunar" windowsize --sync 520 480 windowmove "$2" 20 \
        windowactivate --sync
    sleep 2
}
browse "$HOME/my files" 20
xdotool key ctrl+a
pick 1-menu
shot 2-all-well
expect 'two words.clean.txt' "it's \"quoted\".clean.txt" '$(touch OUCH) 100%.clean.txt' './-rf.clean.txt' \
    'Grüße 写真.clean.txt' 'back\slash <b>.clean.txt' $'line\nbreak.clean.txt' photo.clean.png
xdotool key ctrl+w

# 2. Some are refused: a dialog that waits.
browse "$HOME/more" 20
xdotool key ctrl+a
pick 3-menu
shot 4-refused
answer
xdotool search --onlyvisible --class zenity && { echo "the dialog did not close"; failed=1; }
expect "$HOME/more/fine.clean.txt"
xdotool key ctrl+w

# 3. A file dragged from its folder onto the icon.
browse "$HOME/drag me" 20
browse "$HOME/Desktop" 560
xdotool mousemove 265 170 mousedown 1 sleep 0.3
for step in 1 2 3 4 5 6 7 8 9 10; do xdotool mousemove $((265 + step * 54)) 170 sleep 0.05; done
shot 5-dragging
xdotool mouseup 1
sleep 3
shot 6-dropped
expect "$HOME/drag me/dropped here.clean.txt"

# 4. The launcher itself, as a dock or a menu starts it.
gio launch "$HOME/.local/share/applications/metascrub.desktop" "$HOME/launched/by launcher.txt"
sleep 2
expect "$HOME/launched/by launcher.clean.txt"

# 5. Afterwards Thunar has forgotten it.
"$HERE/linux/uninstall.sh" --prefix "$HOME" >/dev/null
! grep -rq metascrub-drop "$HOME/.config" "$HOME/.local" "$HOME/Desktop" || { echo "left behind after uninstall"; failed=1; }
thunar -q
exit $failed
