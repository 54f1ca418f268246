#!/bin/bash
# Every check of the desktop integration that can run on this machine, without a desktop. Non-zero when one fails.
# METASCRUB_TEST_REAL=PATH also tries the real program; try-thunar.sh is the test with a real file manager.
set -u
cd "$(dirname "$0")" || exit
failed=0 skipped=''
room=$(mktemp -d) || exit
trap 'rm -rf "$room"' EXIT
bad() { echo "FAILED: $1"; failed=$((failed + 1)); }
ok() { "$@" >"$room/out" 2>&1 || { bad "$*"; cat "$room/out"; }; }
have() { command -v "$1" >/dev/null || { skipped="$skipped $1"; return 1; }; }

# --- the wrapper, with every shell and awk there is -----------------------------------------------------------------
ok ./metascrub-drop --self-test
for shell in 'bash --posix' 'busybox sh'; do
    if have "${shell%% *}"; then
        printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$shell" "$PWD/metascrub-drop" >"$room/with-shell"
        chmod +x "$room/with-shell"
        ok $shell ./metascrub-drop-test "$room/with-shell"
    fi
done
for awk in mawk original-awk 'busybox awk'; do
    if have "${awk%% *}"; then
        mkdir -p "$room/awk"
        printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$room/awk/awk"
        chmod +x "$room/awk/awk"
        ok env PATH="$room/awk:$PATH" ./metascrub-drop --self-test
    fi
done

# --- Linux: install, install again, uninstall, next to entries of other people --------------------------------------
user="$room/a user"
uca="$user/.config/Thunar/uca.xml"
mkdir -p "$user/Desktop" "$user/.config/Thunar" "$user/.local/share/nemo/actions"
tree() { (cd "$user" && find . -type f -exec cksum {} + | sort -k3); }
entry() { grep -c '<unique-id>metascrub-clean</unique-id>' "$uca"; }
cat >"$uca" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<actions>
<action>
	<name>Mine &amp; only mine</name>
	<unique-id>1234-1</unique-id>
	<command>echo "metascrub" %F</command>
</action></actions>
XML
echo 'somebody else' >"$user/.local/share/nemo/actions/metascrub.nemo_action"
before=$(tree)
ok linux/install.sh --prefix "$user"
once=$(tree)
[ "$(entry)" = 1 ] || bad 'one Thunar entry'
grep -q 'Mine &amp; only mine' "$uca" || bad 'the other Thunar entry stays'
[ "$(cat "$user/.local/share/nemo/actions/metascrub.nemo_action")" = 'somebody else' ] || bad 'a file of somebody else stays'
ok linux/install.sh --prefix "$user"
[ "$(tree)" = "$once" ] || bad 'installing twice is installing once'
if have xmllint; then ok xmllint --noout "$uca"; fi
if have desktop-file-validate; then
    ok desktop-file-validate "$user/.local/share/applications/metascrub.desktop" "$user/Desktop/metascrub.desktop"
fi
! grep -rq '@DROP@' "$user" || bad 'every place is filled in'
for menu in "$user/.local/share/nautilus/scripts/Clean with metascrub" "$user/.local/share/kio/servicemenus/metascrub.desktop"; do
    [ -x "$menu" ] || bad "can be run: $menu"
done

# What the menu entries start, with the names as each file manager gives them.
mkdir "$user/my files" && cd "$user/my files" || exit
sed -n "/<<'FAKE'/,/^FAKE/{/FAKE/d;p}" "$OLDPWD/metascrub-drop-test" >"$room/stand-in"
chmod +x "$room/stand-in"
export METASCRUB="$room/stand-in" METASCRUB_DROP_SHOW=print
odd='it'\''s 100% "$(a)"
é.jpg'
for name in "$odd" args.jpg locked.jpg; do echo picture >"$name"; done
address="file://$(printf '%s' "$user" | sed 's/ /%20/g')/my%20files/it's%20100%25%20%22\$(a)%22%0A%C3%A9.jpg"
script="$user/.local/share/nautilus/scripts/Clean with metascrub"
for who in NAUTILUS CAJA; do
    ok env "${who}_SCRIPT_SELECTED_URIS=$address
" "$script" 'mangled 100.jpg'
    [ -f "${odd%.jpg}.clean.jpg" ] || bad "$who: names from the list of addresses"
    rm -f -- "${odd%.jpg}.clean.jpg"
done
ok env "NAUTILUS_SCRIPT_SELECTED_URIS=recent:///x
" "$script" args.jpg
[ -f args.clean.jpg ] || bad 'names from the arguments when the addresses are elsewhere'
if have gio; then
    rm args.clean.jpg
    ok gio launch "$user/.local/share/applications/metascrub.desktop" "$PWD/args.jpg"
    sleep 1
    [ -f args.clean.jpg ] || bad 'the launcher'
fi
cd "$OLDPWD" || exit
rm -r "$user/my files"
ok env -u METASCRUB "$user/.local/share/metascrub/metascrub-drop" --self-test
ok linux/uninstall.sh --prefix "$user"
[ "$(tree)" = "$before" ] || { bad 'uninstalling leaves what was there before'; diff <(echo "$before") <(tree); }
rm "$uca"
ok linux/install.sh --prefix "$user"
ok linux/uninstall.sh --prefix "$user"
[ ! -e "$uca" ] || bad 'no list of Thunar actions where there was none'
printf '<actions/>' >"$uca"
ok linux/install.sh --prefix "$user"
[ "$(entry)" = 1 ] || bad 'an empty list of Thunar actions'
echo 'not a list' >"$uca"
ok linux/install.sh --prefix "$user"
[ "$(cat "$uca")" = 'not a list' ] || bad 'what is not a list of Thunar actions stays'
! linux/install.sh --prefix "$room/a \$ user" >/dev/null 2>&1 || bad 'a path that menus cannot hold is refused'

# --- macOS: what can be seen from here ------------------------------------------------------------------------------
mac="$room/mac user"
ok macos/install.sh --prefix "$mac"
ok macos/install.sh --prefix "$mac"
if have python3; then
    ok python3 -c '
import plistlib, sys
flow = plistlib.load(open(sys.argv[1] + "/document.wflow", "rb"))
told = flow["actions"][0]["action"]["ActionParameters"]
assert told["inputMethod"] == 1 and told["shell"] == "/bin/sh", told
open(sys.argv[2], "w").write(told["COMMAND_STRING"])
service = plistlib.load(open(sys.argv[1] + "/Info.plist", "rb"))["NSServices"][0]
assert service["NSMenuItem"]["default"] == "Clean with metascrub" and service["NSSendFileTypes"] == ["public.item"]
' "$mac/Library/Services/Clean with metascrub.workflow/Contents" "$room/quick-action"
    echo picture >"$room/two words.jpg"
    ok env HOME="$mac" /bin/sh "$room/quick-action" "$room/two words.jpg"
    [ ! -e "$room/two words.clean.jpg" ] && ok env HOME="$mac" /bin/sh -c "$(cat "$room/quick-action")" sh "$room/two words.jpg"
    [ -f "$room/two words.clean.jpg" ] || bad 'the command of the Quick Action'
fi
ok macos/install.sh --uninstall --prefix "$mac"
[ -z "$(find "$mac" -type f)" ] || bad 'uninstalling from macOS'

# --- Windows: run with PowerShell where there is one, else looked at ------------------------------------------------
for shell in powershell.exe pwsh; do
    if command -v $shell >/dev/null; then ok $shell -NoProfile -File windows/metascrub-drop.ps1 -SelfTest; ran=$shell; fi
done
[ -n "${ran-}" ] || skipped="$skipped PowerShell"
for file in windows/*; do
    ! LC_ALL=C grep -n '[^ -~	'$'\r'']' "$file" || bad "$file: ASCII only, older PowerShells guess the encoding"
done
[ "$(grep -c $'\r$' windows/metascrub-drop.cmd)" = "$(wc -l <windows/metascrub-drop.cmd)" ] || bad 'the .cmd has CRLF line ends'
grep -qi '%\*' <(grep -vi '^rem' windows/metascrub-drop.cmd) && bad 'the .cmd must not read %*'
for pair in '{ }' '( )' '[ ]'; do
    for file in windows/*.ps1; do # outside of strings and comments the brackets match
        bare=$(sed -e "s/'[^']*'//g" -e 's/`"//g' -e 's/"[^"$]*"//g' -e 's/#.*//' "$file")
        [ "$(tr -cd "${pair% *}" <<<"$bare" | wc -c)" = "$(tr -cd "${pair#* }" <<<"$bare" | wc -c)" ] || bad "$file: unmatched $pair"
    done
done

# --- the scripts themselves -----------------------------------------------------------------------------------------
for file in metascrub-drop metascrub-drop-test linux/*.sh linux/script-menu macos/install.sh ../install.sh ../hooks/*; do ok sh -n "$file"; done
for file in *.sh; do ok bash -n "$file"; done
if have shellcheck; then
    ok shellcheck metascrub-drop metascrub-drop-test linux/*.sh linux/script-menu macos/install.sh ../install.sh ../hooks/*
    ok shellcheck -e SC2015,SC2016,SC2086,SC2153 ./*.sh
fi

[ -z "$skipped" ] || echo "desktop: skipped, not on this machine:$skipped"
if [ $failed -gt 0 ]; then echo "desktop: $failed checks failed"; exit 1; fi
echo "desktop: all well"
