#!/bin/sh
# Puts "Clean with metascrub" into the menus of the file managers, and an icon to drop files on, for this user only.
#
#   install.sh [--no-icon] [--prefix DIR]      run it again after moving or updating: the result is the same
#   uninstall.sh [--prefix DIR]                takes away what this put there and nothing else
#
# --prefix DIR stands in for the home folder (and the XDG folders are then DIR/.local/share and DIR/.config).
# shellcheck disable=SC1111 # the curly quotes are for the reader
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit
remove='' icon=yes home=$HOME
data=${XDG_DATA_HOME:-$HOME/.local/share} config=${XDG_CONFIG_HOME:-$HOME/.config}
desktop=$(xdg-user-dir DESKTOP 2>/dev/null) || desktop=$HOME/Desktop
mine=metascrub-drop # every entry of ours names it; a file that does not is somebody else's

fail() { printf '%s: %s\n' "$(basename "$0")" "$1" >&2; exit "${2-1}"; }
while [ $# -gt 0 ]; do
    case $1 in
        --uninstall) remove=yes ;;
        --no-icon) icon='' ;;
        --prefix)
            { [ -n "${2-}" ] && mkdir -p -- "$2" && home=$(cd -- "$2" && pwd); } || fail "--prefix needs a folder" 2
            data=$home/.local/share config=$home/.config desktop=$home/Desktop
            shift ;;
        *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done
drop=$data/metascrub/$mine
case $drop in # one spelling has to be right in a shell, in a desktop entry and in XML
    *[\"\\\$\`%\&\<\>\|]* | *'
'*) fail "the path $data has a character that menus cannot hold; choose another with XDG_DATA_HOME" ;;
esac

ours() { [ -f "$1" ] && grep -q -e "$mine" -e '<!-- metascrub -->' "$1"; }

put() { # template, place, mode: whole or not at all, and never over a file of somebody else
    if [ -n "$remove" ]; then
        if ours "$2"; then rm -f -- "$2"; fi
        return
    fi
    if [ -e "$2" ] && ! ours "$2"; then
        echo "left alone, it is not ours: $2" >&2
        return
    fi
    { mkdir -p -- "$(dirname "$2")" && sed "s|@DROP@|$drop|g" "$here/$1" >"$2.new" && chmod "$3" "$2.new" &&
        mv -f -- "$2.new" "$2"; } || fail "cannot write $2"
}

# Thunar keeps all custom actions of a user in one file. Ours is found by its unique-id; the rest is copied as it is.
thunar() {
    list=$config/Thunar/uca.xml
    system=/etc/xdg/Thunar/uca.xml # what a user without a list of their own sees
    if [ -L "$list" ]; then list=$(readlink -f "$list"); fi
    base=$list
    if [ ! -s "$list" ]; then
        [ -n "$remove" ] && return
        base=$(mktemp) || exit
        if [ -r "$system" ]; then cat "$system"; else printf '<?xml version="1.0" encoding="UTF-8"?>\n<actions>\n</actions>\n'; fi >"$base"
    fi
    mkdir -p -- "$(dirname "$list")"
    if sed "s|@DROP@|$drop|g" "$here/thunar-action.xml" |
        awk -v remove="$remove" '
        NR == FNR { if (!remove) action = action $0 "\n"; next }
        { text = text $0 "\n" }
        END {
            sub(/<actions[ \t\n]*\/>/, "<actions>\n</actions>", text)
            while ((from = index(text, "<action>")) > 0) {
                size = index(substr(text, from), "</action>") + 8
                if (size == 8) exit 1
                block = substr(text, from, size)
                if (block ~ /<unique-id>metascrub-clean<\/unique-id>/) {
                    done = done substr(text, 1, from - 1)
                    text = substr(text, from + size)
                    sub(/^\n/, "", text)
                } else {
                    done = done substr(text, 1, from + size - 1)
                    text = substr(text, from + size)
                }
            }
            end = index(text, "</actions>")
            if (!end) exit 1
            printf "%s%s%s%s", done, substr(text, 1, end - 1), action, substr(text, end)
        }' - "$base" >"$list.new"; then
        if [ -e "$list" ]; then chmod --reference="$list" "$list.new" 2>/dev/null; fi
        mv -f -- "$list.new" "$list"
        # When nothing but the list of the system is left, the user had none of their own.
        if [ -n "$remove" ] && awk 1 "$system" 2>/dev/null | cmp -s - "$list"; then rm -f -- "$list"; fi
    else
        rm -f -- "$list.new"
        echo "left alone, it is not a list of Thunar actions: $list" >&2
    fi
    [ "$base" = "$list" ] || rm -f -- "$base"
}

put ../metascrub-drop "$drop" 755
put ../metascrub-drop-test "$drop-test" 755
put metascrub.svg "$data/icons/hicolor/scalable/apps/metascrub.svg" 644
put metascrub.desktop "$data/applications/metascrub.desktop" 644
put script-menu "$data/nautilus/scripts/Clean with metascrub" 755
put script-menu "$config/caja/scripts/Clean with metascrub" 755
put metascrub.nemo_action "$data/nemo/actions/metascrub.nemo_action" 644
put pcmanfm.desktop "$data/file-manager/actions/metascrub.desktop" 644
put dolphin.desktop "$data/kio/servicemenus/metascrub.desktop" 755
thunar
if [ -n "$remove" ]; then
    put '' "$desktop/metascrub.desktop" ''
    rmdir -- "$data/metascrub" 2>/dev/null
    echo "Removed. The program metascrub itself, and your files, are as they were."
    exit 0
fi
if [ -n "$icon" ] && [ -d "$desktop" ]; then
    put metascrub.desktop "$desktop/metascrub.desktop" 755
    { # GNOME and XFCE want to be told that the user trusts a launcher on the desktop
        gio set "$desktop/metascrub.desktop" metadata::trusted true
        sum=$(sha256sum <"$desktop/metascrub.desktop") &&
            gio set "$desktop/metascrub.desktop" metadata::xfce-exe-checksum "${sum%% *}"
    } 2>/dev/null
fi
echo "Installed for this user: “Clean with metascrub” in the menu of each file manager."
echo "A file manager that is open shows it when it is started again (Thunar: thunar -q, Nautilus: nautilus -q)."
PATH=$PATH:$home/.cargo/bin:$home/.local/bin
command -v metascrub >/dev/null || echo "The program metascrub is not there yet: run cargo install --path . in its folder."
