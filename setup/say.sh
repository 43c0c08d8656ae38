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
    mkdir -p "$(dirname "$log")"
    printf '\n$ %s\n' "$*" >>"$log"
    if [ -t 1 ]; then
        printf '%s ...' "$step"
        dots &
    else
        printf '%s ...\n' "$step"
    fi
    result=0
    "$@" </dev/null >>"$log" 2>&1 || result=$?
    if [ -t 1 ]; then
        kill $!
        printf '\n'
    fi
    if [ "$result" -ne 0 ]; then
        awk '/^\$ / { said = "" } { said = said $0 "\n" } END { printf "%s", said }' "$log" | tail -n 30 >&2
        die "$step: failed. The whole of it is in $log."
    fi
}

# One more every two seconds, as long as this shell lives: somebody is watching.
dots() {
    while sleep 2 && kill -0 $$ 2>/dev/null; do
        printf .
    done
}
