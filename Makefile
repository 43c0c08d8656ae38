# `make` lists what there is. Nothing here needs more than git, make and root or sudo on Debian 12, 13 or Ubuntu 24.04.

PORT ?= 8080
DATA ?= data
PYTHON ?= python3
ARGS ?=
WORKERS ?= $(shell expr $$(nproc) + 1)
SECONDS ?= 600
DELIVERIES ?= 10000
KILLS ?= 100
SEED ?=

export PYTHON

BIN := .venv/bin
TEST_PACKAGES = $(shell find tests -name node_modules -prune -o -name packages.txt -print)
BENCH_PACKAGES = $(shell find bench -name packages.txt)

.DEFAULT_GOAL := help
.PHONY: help run test test-long lint fmt bench fuzz crash lock clean runtime workshop

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PORT=$(PORT) DATA=$(DATA) PYTHON=$(PYTHON) (makes .venv, 3.11 or newer), WORKERS=$(WORKERS) (of test), ARGS= (more for pytest, bench, lock)"

# `exec`: Ctrl-C ends the server, and no shell in between complains about it.
run: runtime ## Install what is missing and serve the sandbox on 127.0.0.1:PORT, data in DATA
	@exec $(BIN)/depesche serve --demo --port "$(PORT)" --data "$(DATA)"

# One worker more than processors: tests wait as well. Folder by folder: what takes long comes first, and units fill up.
test: workshop ## Install what is missing and run every test, linters included (ARGS="-k fax")
	@exec $(BIN)/pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: workshop ## Run the tests that take too long for each time: long faxes, many calls (ARGS="-k killed")
	@exec $(BIN)/pytest -m long $(ARGS)

lint: workshop ## Run the linters: ruff, mypy, import-linter, shellcheck
	@sh setup/lint.sh

fmt: workshop ## Set the code as ruff does
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: workshop ## Run the benchmarks and write docs/reference/benchmarks.md
	@sh setup/debian.sh $(BENCH_PACKAGES)
	@sh setup/peers.sh
	@PYTHONPATH=tests exec $(BIN)/python -m bench $(ARGS)

fuzz: workshop ## Fuzz what reads customers' input, SECONDS long (ARGS=codec: one target)
	@PYTHONPATH=tests exec $(BIN)/python -m fuzz --seconds "$(SECONDS)" $(ARGS)

crash: workshop ## Kill workers KILLS times over DELIVERIES deliveries, and count what arrived (SEED=7, ARGS=sqlite: one database)
	@PYTHONPATH=tests exec $(BIN)/python -m crash --deliveries "$(DELIVERIES)" --kills "$(KILLS)" $(SEED:%=--seed %) $(ARGS)

lock: runtime ## Bring requirements/ to what pyproject.toml asks for (ARGS=--upgrade: newest releases)
	@sh setup/lock.sh $(ARGS)

clean: ## Remove what make has made; DATA stays
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -prune -exec rm -rf {} +

runtime:
	@sh setup/debian.sh setup/packages.txt
	@sh setup/apparmor.sh
	@sh setup/venv.sh requirements/run.lock

workshop: runtime
	@sh setup/debian.sh $(TEST_PACKAGES)
	@sh setup/asterisk.sh || true  # whoever cannot have it sees why, and runs the other tests
	@sh setup/venv.sh requirements/test.lock
