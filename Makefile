# Plumbline. `make` says what there is; `make run` and `make test` do their own set-up.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run check test lint format lock metrics bench clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SIZE ?= demo
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) \
	  | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY)  ## Make .venv with the locked versions (once, and when the lock changes)

run: setup  ## Demo world if there is none; check, build, score, publish it; then its past weeks
	@raw="$${PLUMBLINE_RAW:-data/raw}"; \
	if [ ! -e "$$raw" ]; then $(BIN)/plumbline demo --size $(SIZE); \
	else echo "Using the world in $$raw: $$(cat "$$raw/demo-world.json" 2>/dev/null || \
	  echo "not made by plumbline demo") (another size: plumbline demo --size $(SIZE))"; fi
	@if [ -e "$${PLUMBLINE_WAREHOUSE:-warehouse}/plumbline.duckdb" ]; then $(BIN)/plumbline nightly; \
	else $(BIN)/plumbline nightly --no-docs; fi
	@echo "The list above is there to work with. Its past weeks follow (Ctrl-C loses nothing: make run goes on)."
	@$(BIN)/plumbline backfill

test: setup lint  ## Every check: style and tests
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup lint  ## Build, test and lint what changed, on a small world that is kept
	@$(BIN)/python tests/python/check_changes.py
	@$(BIN)/python -m pytest tests/python/test_project_rules.py tests/python/test_lineage.py \
	  tests/python/test_reasons.py -k "not together_lie and not parsed_serves_every_night"

lint: setup  ## Style of Python (that of SQL is among the tests: it needs compiled models)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { \
	  echo "error: Python is not formatted — make format" >&2; exit 1; }

format: setup  ## Format Python
	@$(BIN)/ruff format --quiet .

lock: setup  ## Renew requirements.lock within pyproject.toml and constraints.txt (needs uv)
	@command -v uv >/dev/null || { \
	  echo "error: uv is not installed — install it (pip install uv), then make lock" >&2; exit 1; }
	@uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-annotate --no-header --python-version 3.11 --extra dev --extra semantic --extra lineage \
	  --extra backtest --extra xlsx --extra notebook --extra salesforce -c constraints.txt \
	  pyproject.toml -o requirements.lock
	@echo "requirements.lock is new; now make test"

metrics: setup  ## Register new metrics and new versions of their definitions
	@$(BIN)/python -m plumbline.proofs.metric_versions

bench: setup  ## Speed and memory, measured on this machine; appended to bench/results
	@$(BIN)/python -m bench

clean:  ## Remove what can be made again; data, warehouse and .venv stay
	@rm -rf target logs .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@python=""; \
	for candidate in $${PYTHON:-python3.11} python3.11 python3.12 python3.13 python3; do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	    2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "error: no Python 3.11, 3.12 or 3.13 found — install one, or: make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" -V) (once; a minute or two)"; \
	if ! "$$python" -m venv --clear $(VENV); then \
	  echo "error: $$python cannot make a virtual environment — install its venv package (Debian: python3-venv)" >&2; \
	  exit 1; \
	fi
	@$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib plumbline ml >/dev/null || true
	@touch $@
