#!/bin/sh
# Makes requirements/*.lock of pyproject.toml: sh setup/lock.sh [--upgrade]
set -eu
. setup/say.sh

venv=.build/uv
python=.venv/bin/python

compile() {
    "$venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header "$@"
}

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}

[ -x "$venv/bin/python" ] || quietly "Making $venv" "$python" -m venv "$venv"
quietly "Installing uv" pip install --require-hashes --requirement requirements/uv.lock
quietly "Locking uv" compile "$@" --output-file requirements/uv.lock requirements/uv.in
quietly "Locking peers" compile "$@" --output-file requirements/peers.lock requirements/peers.in
quietly "Locking test" compile "$@" --group build --group dev --output-file requirements/test.lock pyproject.toml
# What runs is what was tested: the same releases.
quietly "Locking run" compile "$@" --group build --constraint requirements/test.lock \
    --output-file requirements/run.lock pyproject.toml
