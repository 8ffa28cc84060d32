# `make` or `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BRANCHLINE := $(VENV)/bin/branchline
INBOX ?= inbox

.DEFAULT_GOAL := help
# An environment that was moved here from another folder does not work.
MOVED := $(shell grep -qsF "in $(CURDIR)/$(VENV)" $(VENV)/branchline.stamp || echo moved)

.PHONY: help setup demo run test lint format docs status bench bench-quick stop clean lock again

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/branchline.stamp ## Create .venv, install the locked packages and the dbt packages
	@$(BRANCHLINE) setup

$(VENV)/branchline.stamp: requirements.lock pyproject.toml operate/bootstrap.py $(if $(MOVED),again)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || { \
	  echo "Branchline needs Python 3.10 to 3.13; '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>/dev/null || echo not installed)."; \
	  echo "Choose another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -I operate/bootstrap.py $(VENV)

demo: setup ## Show everything with the sample company: load, build, test, docs, summary
	@$(BRANCHLINE) demo

run: setup ## Load INBOX (default: ./inbox) and build the changes
	@$(BRANCHLINE) run --inbox "$(INBOX)"

test: setup ## Check style and types and run all tests, on a temporary database
	@$(BRANCHLINE) check

lint: setup ## Only the checks of style and types; about a minute on two cores
	@$(BRANCHLINE) check --lint-only

format: setup ## Put Python and SQL into the house style
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

docs: setup ## Create the dbt docs as one static page
	@$(BRANCHLINE) docs

status: setup ## Show what has arrived, per feed and branch, and what is late
	@$(BRANCHLINE) status

bench: setup ## Measure loading and building, on a temporary PostgreSQL; 45 minutes
	@$(VENV)/bin/python -m bench

bench-quick: setup ## The same with a tenth of the data, in minutes; fails if a result is wrong
	@$(VENV)/bin/python -m bench --quick

stop: setup ## Stop the embedded warehouse; its data is kept
	@$(BRANCHLINE) warehouse stop

clean: ## Stop the warehouse and remove what can be recreated; the data in .warehouse is kept
	@if [ -x $(BRANCHLINE) ]; then $(BRANCHLINE) warehouse stop || true; fi
	rm -rf $(VENV) target logs dbt_packages package-lock.yml build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@echo "Kept: .warehouse (the data), profiles.yml, inbox."

lock: setup ## Renew requirements.lock from pyproject.toml, with the newest versions it allows
	@$(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/pip install --quiet uv
	@$(VENV)/uv/bin/uv pip compile pyproject.toml --extra dev --universal --upgrade \
	  --generate-hashes --python-version 3.10 --no-emit-index-url --no-annotate \
	  --no-strip-extras --custom-compile-command "make lock" --quiet \
	  --output-file requirements.lock
	@echo "requirements.lock is renewed; \`make setup\` installs it."
