#!/bin/sh
# Every linter, also after one has found something; fails if any did.
found=0
.venv/bin/ruff check . || found=1
.venv/bin/ruff format --check . || found=1
.venv/bin/mypy || found=1
.venv/bin/lint-imports || found=1
exit $found
