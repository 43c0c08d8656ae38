#!/bin/sh
# Installs the Debian packages that lists name and the machine lacks: sh setup/debian.sh LIST...
set -eu
. setup/say.sh
. setup/root.sh

# Lines of the lists of which no name is installed, nor provided by an installed package; `a|b` each.
missing() {
    dpkg-query --show --showformat '${db:Status-Status} ${Package}, ${Provides}\n' |
        awk '
            FILENAME == "-" && $1 != "installed" { next }
            FILENAME == "-" { gsub(/\([^)]*\)|,/, " "); for (i = 2; i <= NF; i++) have[$i]; next }
            { sub(/#.*/, ""); gsub(/[ \t]/, "") }
            $0 == "" || $0 in seen { next }
            { seen[$0]; n = split($0, names, "|"); for (i = 1; i <= n; i++) if (names[i] in have) next; print }
        ' - "$@"
}

# The first of `a|b` that this release of Debian has.
choose() {
    for name in $(printf '%s' "$1" | tr '|' ' '); do
        if apt-cache show "$name" >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return
        fi
    done
    die "no package $1 here. On Ubuntu it may be in 'universe': add-apt-repository universe"
}

apt_get() {
    as_root sh setup/apt.sh "$@"
}

if ! command -v dpkg-query >/dev/null; then
    echo "This is neither Debian nor Ubuntu: what $* name must be there already."
    exit 0
fi

lacking=$(missing "$@")
[ -n "$lacking" ] || exit 0

list=$(printf '%s' "$lacking" | tr '\n' ' ')
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "Debian packages are missing, and this is neither root nor is there sudo.
Have an administrator install: $list"
fi
may_be_root || die "Debian packages are missing, and sudo does not let this user install them: $list"

quietly "Reading Debian's package lists" apt_get update
names=
for alternatives in $lacking; do
    names="$names $(choose "$alternatives")"
done
# shellcheck disable=SC2086  # names are words
quietly "Installing Debian packages:$names" apt_get install --no-install-recommends $names
