#!/bin/sh
# Puts the Quick Action "Clean with metascrub" into the Finder and a droplet into ~/Applications, for this user only.
#
#   install.sh [--prefix DIR]                 run it again after updating: the result is the same
#   install.sh --uninstall [--prefix DIR]     takes away what this put there and nothing else
#
# --prefix DIR stands in for the home folder; nothing outside of it is touched then.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit
remove='' home=$HOME real=yes
fail() { printf 'install.sh: %s\n' "$1" >&2; exit "${2-1}"; }
while [ $# -gt 0 ]; do
    case $1 in
        --uninstall) remove=yes ;;
        --prefix)
            { [ -n "${2-}" ] && mkdir -p -- "$2" && home=$(cd -- "$2" && pwd); } || fail "--prefix needs a folder" 2
            real='' && shift ;;
        *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done
support="$home/Library/Application Support/metascrub"
action="$home/Library/Services/Clean with metascrub.workflow"
droplet="$home/Applications/Clean with metascrub.app"

# Only what carries our marks is replaced or removed.
if [ -e "$action" ] && ! grep -q metascrub-drop "$action/Contents/document.wflow" 2>/dev/null; then
    fail "left alone, it is not ours: $action"
fi
rm -rf -- "$action"
if [ -e "$support/droplet-is-ours" ]; then rm -rf -- "$droplet"; fi
if [ -n "$remove" ]; then
    rm -f -- "$support/metascrub-drop" "$support/metascrub-drop-test" "$support/droplet-is-ours"
    rmdir -- "$support" 2>/dev/null
    said="Removed. The program metascrub itself, and your files, are as they were."
else
    { mkdir -p -- "$support" "$home/Library/Services" "$home/Applications" &&
        cp -- "$here/../metascrub-drop" "$here/../metascrub-drop-test" "$support/" &&
        chmod 755 "$support/metascrub-drop" "$support/metascrub-drop-test" &&
        cp -R -- "$here/Clean with metascrub.workflow" "$home/Library/Services/"; } || fail "cannot write below $home/Library"
    if [ -e "$droplet" ]; then
        echo "left alone, it is not ours: $droplet" >&2
    elif command -v osacompile >/dev/null; then
        osacompile -o "$droplet" "$here/droplet.applescript" && : >"$support/droplet-is-ours"
    fi
    said="Installed for this user. Finder: select files, right-click, Quick Actions, Clean with metascrub."
fi
if [ -n "$real" ] && [ -x /System/Library/CoreServices/pbs ]; then /System/Library/CoreServices/pbs -flush; fi
echo "$said"
