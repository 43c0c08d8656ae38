#!/bin/sh
# Lets bubblewrap make namespaces where Ubuntu's AppArmor keeps users from it: sh setup/apparmor.sh
# Without it Depesche works as well, but converts documents outside the sandbox.
set -eu
. setup/say.sh
. setup/root.sh

machine=${MACHINE:-}  # a folder that stands for /, in tests
restriction=$machine/proc/sys/kernel/apparmor_restrict_unprivileged_userns
profile=$machine/etc/apparmor.d/bwrap

restricted() {
    [ "$(cat "$restriction" 2>/dev/null)" = 1 ] && ! bwrap --unshare-all --unshare-user --ro-bind / / true 2>/dev/null
}

# The parser is not on the PATH of every user; in containers, which cannot load profiles, it is not there at all.
PATH=$PATH:/usr/sbin:/sbin
if ! command -v apparmor_parser >/dev/null || ! restricted; then exit 0; fi
# Whoever put it there, or switched it off, knows why.
if [ -e "$profile" ]; then exit 0; fi

echo "AppArmor lets no user sandbox anything: allowing it to bubblewrap, by $profile (undo: docs/howto/operate.md) ..."
# shellcheck disable=SC2016  # $1 is the inner shell's
if ! may_be_root || ! as_root sh -c '
    install -m 644 setup/apparmor/bwrap "$1" && { apparmor_parser --replace "$1" || { rm "$1"; exit 1; }; }
' sh "$profile"; then
    echo "That did not work. Documents will be converted with limits only, outside the sandbox."
fi
