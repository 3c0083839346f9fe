.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
SETUP_INPUTS := pyproject.toml uv.lock scripts/setup
TEST_WORKERS ?= auto

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target does; do \
		printf '  make %-10s %s\n' "$$target" "$$does"; done

setup: .venv/.setup-dev ## make .venv with all that working on Tallystick needs

serve: .venv/.setup-run ## run the server; HOST, PORT, DATABASE_URL and API_KEY are honoured
	@exec $(BIN)/tallystick serve

demo: .venv/.setup-run ## run the server on a throw-away database filled with a year of business
	@exec $(BIN)/tallystick demo

# Each process of the tests would compile every module anew.
test test-fast: export PYTHONDONTWRITEBYTECODE :=

test: lint ## lint, then the whole suite on SQLite and PostgreSQL
	@$(BIN)/pytest --quiet -n $(TEST_WORKERS) --dist worksteal

test-fast: export HYPOTHESIS_PROFILE ?= sample
test-fast: setup ## the core, and a sample of the rest on SQLite
	@$(BIN)/pytest --quiet -n $(TEST_WORKERS) --database sqlite --sample -m "not slow"

lint: setup ## ruff and mypy --strict
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

format: setup ## format the code and fix what ruff can
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

bench: setup ## measure speed, each figure beside its limit
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.dialects

clean: ## remove the environment and all caches; databases stay
	@rm -rf .venv .venv-uv .pytest_cache .ruff_cache .mypy_cache .hypothesis dist
	@find src tests testing bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.venv/.setup-dev: $(SETUP_INPUTS)
	@echo 'setting up .venv' >&2
	@scripts/setup
	@touch .venv/.setup-run $@

.venv/.setup-run: $(SETUP_INPUTS)
	@echo 'setting up .venv' >&2
	@scripts/setup --no-dev
	@touch $@

.PHONY: help setup serve demo test test-fast lint format bench clean
