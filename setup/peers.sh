#!/bin/sh
# The queues that Depesche is measured beside, in an environment of their own: sh setup/peers.sh
set -eu
. setup/say.sh

venv=.build/peers
lock=requirements/peers.lock

[ -x "$venv/bin/python" ] || quietly "Making $venv" .venv/bin/python -m venv "$venv"
if ! cmp -s "$lock" "$venv/lock"; then
    quietly "Installing Python packages of $lock" "$venv/bin/python" -m pip --disable-pip-version-check --no-input \
        install --require-hashes --requirement "$lock"
    cp "$lock" "$venv/lock"
fi
