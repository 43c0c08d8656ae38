# shellcheck shell=sh
# What setup tells people: one line for each step, the noise of the programs in a log, shown when one fails.

log=.build/setup.log

die() {
    printf 'depesche: %s\n' "$*" >&2
    exit 1
}

# quietly STEP COMMAND...
quietly() {
    step=$1
    shift
    printf '%s ...\n' "$step"
    mkdir -p "$(dirname "$log")"
    printf '\n$ %s\n' "$*" >>"$log"
    if ! "$@" </dev/null >>"$log" 2>&1; then
        awk '/^\$ / { said = "" } { said = said $0 "\n" } END { printf "%s", said }' "$log" | tail -n 30 >&2
        die "$step: failed. The whole of it is in $log."
    fi
}
