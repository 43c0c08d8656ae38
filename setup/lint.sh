#!/bin/sh
# Every linter, also after one has found something; fails if any did.
found=0
.venv/bin/ruff check --quiet . || found=1
.venv/bin/ruff format --check --quiet . || found=1
.venv/bin/mypy || found=1
.venv/bin/lint-imports --no-logo || found=1
git ls-files -z --cached --others --exclude-standard -- '*.sh' .ci/run | xargs -0 shellcheck --external-sources || found=1
exit $found
