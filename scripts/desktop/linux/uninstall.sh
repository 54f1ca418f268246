#!/bin/sh
# Takes away what install.sh put there, and nothing else. Options as for install.sh.
exec "$(dirname "$0")/install.sh" --uninstall "$@"
