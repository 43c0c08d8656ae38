# shellcheck shell=sh
# What needs the rights of root.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Whether `as_root` works; sudo asks for the password if it has to, and if there is somebody to ask.
may_be_root() {
    [ "$(id -u)" -eq 0 ] || sudo --non-interactive true 2>/dev/null || sudo --validate
}
