# The commands of this project. `make help` lists them. Needs Python 3.11 to 3.13, git and make; everything else is installed
# into .venv (and, where uv is missing, .cchc-tools) beside this file.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
# Tests start this project a thousand times as a process of its own; where the shell forbids to keep the compiled code, each compiles it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo "$$p"; break; }; done)
UV := $(shell if uv --version >/dev/null 2>&1; then command -v uv; else echo .cchc-tools/uv; fi)
BIN := .venv/bin
INSTALLED := .venv/installed-from-lock
LOCKED := --universal --python-version 3.11 --generate-hashes --no-header --quiet
# the shell has a variable SECONDS of its own, so only one that is given on the command line counts
SECONDS_OF_FAULTS = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),3600)
ONCE ?=
SCALE ?=
SBOM ?= sbom.cdx.json
# `make coverage` runs the tests that take seconds: neither the whole stack, the random worlds and the SQL cases, nor files that take minutes.
COVERED_BY := $(addprefix tests/,cli declared forms plans profiles publication quality reference reports runs secondary sources staging typed warehouse) \
	$(addprefix --ignore=tests/,cli/test_months_to_refresh.py plans/test_two_plans.py publication/test_publication.py \
	reference/test_refresh_after_change.py runs/test_clocks.py runs/test_overlapping.py)

.PHONY: help setup demo up down status test test-all test-quick nightly faults replay fuzz coverage check format bench bench-life bench-pages dictionary reference schemas lock sbom check-advisories clean check-types check-packages release-notes dashboard-script screenshots

help: ## list the commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo ONCE=1 stops everything and ends when the scorecard is printed; make demo SCALE=0.05 makes a small district."

setup: $(INSTALLED) ## install what requirements-dev.lock lists into .venv (the others do it by themselves)

demo: $(INSTALLED) ## from nothing to Airflow's UI with the demo district of 2023 loaded, and its scorecard
	@$(BIN)/cchc demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(SCALE),--scale $(SCALE))

up: $(INSTALLED) ## start the embedded PostgreSQL and Airflow, with the real sources
	@$(BIN)/cchc up

down: ## stop what `make up` or `make demo` started
	@if [ -x $(BIN)/cchc ]; then $(BIN)/cchc down; else echo "Nothing is installed here, so nothing runs."; fi

status: $(INSTALLED) ## what runs
	@$(BIN)/cchc status || true

test: $(INSTALLED) ## while working, in ten minutes on two cores: every room with a real PostgreSQL, without the tests marked long
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not nightly and not long" $(ARGS)

test-all: $(INSTALLED) ## what .ci/run runs: the long tests too (tests/README.md), with one walk through a real Airflow
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-quick: $(INSTALLED) ## units and SQL cases, within a minute: no Airflow, no LibreOffice, no whole stack
	@$(BIN)/python -m pytest --quick -n auto --dist loadfile --no-loadscope-reorder $$(sed '/^#/d' tests/quick.txt) $(ARGS)

nightly: $(INSTALLED) | $(UV) ## every mutant, twenty random worlds, the containers, each supported Python
	@$(BIN)/python -m pytest -n auto -m nightly $(ARGS)
	@UV="$(UV)" tests/each_python.sh

faults: $(INSTALLED) ## an hour of faults (SECONDS=…, SEED=…): kill -9, full disks, lying sources; every row is compared
	@$(BIN)/python -m tests.faults --seconds $(SECONDS_OF_FAULTS) --seed $(or $(SEED),1) $(ARGS)

replay: $(INSTALLED) ## any past moment of DAYS=60 daily loads against what was said then, and how long an answer takes (hours for DAYS=365)
	@CCHC_REPLAY_DAYS=$(or $(DAYS),60) $(BIN)/python -m pytest tests/publication/test_replay.py -s --timeout 0 $(ARGS)

fuzz: $(INSTALLED) ## an hour of fuzzing (SECONDS=…, SEED=…): each parser given what Hypothesis and a coverage-guided fuzzer make
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS_OF_FAULTS) --seed $(or $(SEED),1) $(ARGS)

coverage: $(INSTALLED) ## how much of plugins/cchc the fast tests run
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --timeout 900 --cov=plugins/cchc $(COVERED_BY) $(ARGS)

check: $(INSTALLED) check-types check-packages check-advisories ## lint, format, types, the order of the rooms, undeclared packages, advisories, SQL lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint --disable-progress-bar --nocolor -p 2 include/sql

check-types: $(INSTALLED)
	$(BIN)/mypy plugins/cchc dags demo tests

check-packages: $(INSTALLED)
	$(BIN)/deptry plugins dags demo --no-ansi
	$(BIN)/deptry tests --exclude '\.venv' --ignore DEP002,DEP004 --no-ansi

check-advisories: $(INSTALLED) ## known advisories against the locked packages, without a network (docs/security/dependencies.md)
	@$(BIN)/python -m tests.support.advisories

sbom: $(INSTALLED) ## write sbom.cdx.json: what requirements.lock puts into the image, with hashes (CycloneDX)
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o $(SBOM)

format: $(INSTALLED) ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) | $(UV) ## how fast it is, on generated data: CPU seconds, beside COPY, dlt and pandas (ARGS=--quick: in seconds)
	@$(BIN)/python -W ignore -m tests.bench $(ARGS)

bench-life: $(INSTALLED) ## what a day costs after three years: a simulated run, day by day (ARGS="--every 7": a week a step)
	@$(BIN)/python -W ignore -m tests.bench.life $(ARGS)

bench-pages: $(INSTALLED) ## how long each page of the dashboard takes, on generated data
	@$(BIN)/python -W ignore -m tests.bench.pages $(ARGS)

dictionary: $(INSTALLED) ## write docs/data-dictionary.md and docs/mart-diagram.md anew, from a fresh warehouse
	@export CCHC_HOME="$$(mktemp -d)"; unset CCHC_WAREHOUSE_URL; trap '$(BIN)/cchc down >/dev/null; rm -rf "$$CCHC_HOME"' EXIT; \
		$(BIN)/cchc init >/dev/null && $(BIN)/python -m cchc.documentation.dictionary >docs/data-dictionary.md && \
		$(BIN)/python -m cchc.documentation.diagram >docs/mart-diagram.md

reference: $(INSTALLED) ## write docs/reference anew: indicators, contracts, rules, plan, DAGs
	@$(BIN)/python -m cchc.documentation.reference

schemas: $(INSTALLED) ## write docs/schemas and docs/reference/profile.md anew, from the models that read the YAML files
	@$(BIN)/python -m cchc.documentation.schemas
	@$(BIN)/python -m cchc.documentation.vocabulary

lock: | $(UV) ## write requirements.lock (server), requirements-dev.lock (tests and tools too) and that of include/executors anew
	$(UV) pip compile pyproject.toml $(LOCKED) -o requirements.lock
	$(UV) pip compile pyproject.toml $(LOCKED) --extra dev -c requirements.lock -o requirements-dev.lock
	$(UV) pip compile include/executors/requirements.in $(LOCKED) -c requirements.lock -o include/executors/requirements.lock

dashboard-script: ## build include/dashboard/static/dashboard.js anew from its sources (needs Node.js and npm)
	@copy="$$(mktemp -d)"; trap 'rm -rf "$$copy"' EXIT; cp -R include/dashboard/. "$$copy"; \
		cd "$$copy" && npm ci --no-audit --no-fund --silent && node build.mjs "$(CURDIR)/include/dashboard/static/dashboard.js"

screenshots: $(INSTALLED) ## test the dashboard in a browser and keep a picture of each page in docs/images
	@mkdir -p docs/images
	@CCHC_SCREENSHOTS="$(CURDIR)/docs/images" $(BIN)/python -m pytest tests/dashboard/test_browser.py $(ARGS)

release-notes: ## the entries of CHANGELOG.md for the version in pyproject.toml
	@awk -v version="$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1)" \
		'/^## / { found = ($$2 == version); next } found' CHANGELOG.md

clean: down ## remove the environment; the data in .cchc stay
	rm -rf .venv .cchc-tools .mypy_cache .ruff_cache .pytest_cache

$(INSTALLED): requirements-dev.lock | $(UV)
	@test -n "$(PYTHON)" || { echo "This needs Python 3.11, 3.12 or 3.13. Found none; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$(PYTHON)" .venv
	@echo "installing the packages of requirements-dev.lock into .venv: about 1.2 GB, two minutes on a fast line"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements-dev.lock & installing=$$!; \
		while sleep 2 && kill -0 $$installing 2>/dev/null; do \
			seconds=$$((SECONDS / 10)); \
			if [ "$$seconds" != "$${told:-0}" ]; then told=$$seconds; echo "  [$${SECONDS} s] $$(du -sh .venv | cut -f1) installed"; fi; \
		done; wait $$installing
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

# Where uv is not on the path: a private copy. Some systems have Python without venv, some without pip, so both ways are tried.
.cchc-tools/uv:
	@test -n "$(PYTHON)" || { echo "This needs Python 3.11, 3.12 or 3.13. Found none; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "installing uv into .cchc-tools"
	@mkdir -p .cchc-tools
	@{ "$(PYTHON)" -m venv .cchc-tools/env && .cchc-tools/env/bin/python -m pip install --quiet --disable-pip-version-check uv \
		&& ln -sf env/bin/uv .cchc-tools/uv; } >.cchc-tools/log 2>&1 \
	|| { "$(PYTHON)" -m pip install --quiet --disable-pip-version-check --target .cchc-tools/packages uv \
		&& ln -sf packages/bin/uv .cchc-tools/uv; } >>.cchc-tools/log 2>&1 \
	|| { cat .cchc-tools/log >&2; \
		echo "uv could not be installed: this Python has neither a working venv nor pip. Install one of them (Debian: python3-venv), or uv itself." >&2; exit 1; }
