#!/bin/sh
# Brings .venv to what a lock says, and Depesche itself into it, editable: sh setup/venv.sh LOCK
set -eu
. setup/say.sh

lock=$1
venv=.venv
stamp=$venv/$(basename "$lock" .lock).stamp
python=${PYTHON:-python3}

# Changes with the lock, with pyproject.toml, with the interpreter behind .venv.
fingerprint() {
    { "$venv/bin/python" --version && cat "$lock" pyproject.toml; } 2>/dev/null | sha256sum
}

# Made at this very place (its programs name it in their first line), by an interpreter that is still there.
usable() {
    grep -qsF -- " $(pwd -P)/$venv" "$venv/pyvenv.cfg" && "$venv/bin/python" -c 'import pip' 2>/dev/null
}

check_python() {
    command -v "$python" >/dev/null || die "there is no $python here. Name one: make run PYTHON=/path/to/python3"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1). Name another: make run PYTHON=/path/to/python3"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python cannot make virtual environments: its 'venv' package is missing (Debian: python3-venv)."
}

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}

if ! usable; then
    check_python
    quietly "Making $venv" "$python" -m venv --clear "$venv"
fi
if [ ! -f "$stamp" ] || [ "$(fingerprint)" != "$(cat "$stamp")" ]; then
    quietly "Installing Python packages of $lock" pip install --require-hashes --requirement "$lock"
    quietly "Installing Depesche" pip install --no-build-isolation --no-deps --editable .
    fingerprint >"$stamp"
fi
