#!/bin/sh
# apt-get for root, without questions; services that it brings do not run, now or later: sh setup/apt.sh ARGUMENT...
# Tests and benchmarks start servers of their own, and nobody who wants to measure PHP wants nginx on port 80.
set -eu

machine=${MACHINE:-}  # a folder that stands for /, in tests
policy=$machine/usr/sbin/policy-rc.d

# Debian asks this program before it starts a service (invoke-rc.d(8)): 101 forbids it. If we are killed and the file
# stays, it forbids nothing any more.
forbid() {
    cat >"$policy" <<EOF
#!/bin/sh
# For as long as setup/apt.sh of Depesche installs packages.
if kill -0 $$ 2>/dev/null; then exit 101; fi
EOF
    chmod 755 "$policy"
}

# Services that systemd starts with the machine.
enabled() {
    find "$machine/etc/systemd/system" -path '*.wants/*.service' -exec basename {} \; 2>/dev/null | sort -u
}

# One that is there already is an administrator's word, or a container's.
if [ ! -e "$policy" ] || grep -qs 'setup/apt.sh of Depesche' "$policy"; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    forbid
fi
before=$(enabled)
DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get --yes --option DPkg::Lock::Timeout=300 "$@"
for service in $(enabled); do
    if ! printf '%s\n' "$before" | grep -qxF "$service"; then systemctl disable "$service"; fi
done
