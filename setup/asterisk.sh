#!/bin/sh
# Asterisk and all that it needs, unpacked in .build/asterisk for tests that telephone: sh setup/asterisk.sh
# Debian 12 and 13 do not have it, so it comes from sid there. Nothing is installed, and root is not needed.
set -eu
. setup/say.sh

place=.build/asterisk
recipe=$(sha256sum <setup/asterisk.sh)

finished() {
    [ "$(cat "$place/recipe" 2>/dev/null)" = "$recipe" ]
}

# Where this machine gets the packages of Debian from.
mirror() {
    # shellcheck disable=SC2016  # the names are apt's
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

# The sources of this release, if it has Asterisk, or else one: sid.
choose_source() {
    if [ -n "$(apt-cache madison asterisk 2>/dev/null)" ]; then return; fi
    uri=$(mirror)
    [ -n "$uri" ] || die "Asterisk is neither in this release nor is it known where Debian's packages come from."
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    signed=
    if [ -e "$keys" ]; then signed="[signed-by=$keys] "; fi
    echo "deb $signed$uri sid main" >"$new/sources"
}

# apt-get on a machine where nothing is installed, and that is kept in $new.
apt_get() {
    if [ -e "$new/sources" ]; then
        set -- --option "Dir::Etc::SourceList=$new/sources" --option Dir::Etc::SourceParts=/dev/null \
            --option Dir::Etc::PreferencesParts=/dev/null "$@"
    fi
    apt-get --yes --quiet --option "Dir::State=$new/state" --option "Dir::State::status=$new/status" \
        --option "Dir::Cache=$new/cache" --option APT::Sandbox::User= --option APT::Install-Recommends=false "$@"
}

# As part of a condition, where `set -e` is of no help.
unpack() {
    for part in bin lib lib64 sbin; do
        mkdir -p "$new/usr/$part" && ln -s "usr/$part" "$new/$part" || return
    done
    for package in "$new"/cache/archives/*.deb; do
        dpkg-deb --extract "$package" "$new" || return
    done
    rm -rf "$new/state" "$new/cache" "$new/usr/share/doc" "$new/usr/share/man" "$new/usr/share/locale" \
        "$new/usr/share/perl" "$new"/usr/lib/*/perl*
}

if finished; then exit 0; fi
mkdir -p .build
exec 9>"$place.lock"
flock 9
if finished; then exit 0; fi

new=$(pwd -P)/$place.new
chmod -R u+w "$new" 2>/dev/null || true
rm -rf "$new"
mkdir -p "$new/state/lists/partial" "$new/cache/archives/partial"
: >"$new/status"
choose_source
quietly "Reading the package lists for Asterisk" apt_get update
quietly "Fetching Asterisk" apt_get --download-only install asterisk
quietly "Unpacking Asterisk" unpack
echo "$recipe" >"$new/recipe"
rm -rf "$place"
mv "$new" "$place"
