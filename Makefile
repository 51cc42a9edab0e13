# Everything a person or a machine does with this project. `make help` lists it.
# Needs python3 (3.11 or newer, with venv) and make; nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
WORKERS ?= auto
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
SECONDS ?= 40
SEED ?=

# Dozens of processes of one program: each would compile all of it anew where this is set.
export PYTHONDONTWRITEBYTECODE :=

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help run dev test test-browser lint bench bench-reports chaos lock migration clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMPS)/run ## start everything: database, API, worker, demo data (PORT, DATABASE_URL, DATA_DIR, DEMO_PASSWORD)
	@exec $(BIN)/baojing run

dev: $(STAMPS)/test ## the same with one API process, started again when a source file changes
	@exec $(BIN)/baojing run --reload

test: lint ## lint, then the whole test suite on a PostgreSQL of its own (WORKERS=auto, EXAMPLES=6 per operation)
	$(PYTEST) -m "not browser"

test-browser: $(STAMPS)/test ## the tests that drive Debian's chromium
	$(PYTEST) -m browser

lint: $(STAMPS)/test ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMPS)/test ## measure the service against floors measured in the same run
	$(BIN)/python -m tests.load.bench

bench-reports: $(STAMPS)/test ## measure reports over ten million ledger entries against floors of the same run, and the memory of exports; fails where a bound breaks
	$(BIN)/python -m tests.load.reports

chaos: $(STAMPS)/test ## kill every process again and again under load, then audit (SECONDS=40, SEED=n)
	$(BIN)/python -m tests.load.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

migration: $(STAMPS)/test ## draft a revision from the models (M="what changes")
	@test -n "$(M)" || { echo 'usage: make migration M="what changes"' >&2; exit 2; }
	$(BIN)/baojing migrate --draft "$(M)"

lock: $(STAMPS)/test ## resolve the dependencies anew into the two lock files
	$(BIN)/uv pip compile pyproject.toml --upgrade $(LOCK_FLAGS) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --upgrade --group dev -c requirements.lock $(LOCK_FLAGS) -o tests/requirements.lock
	@! grep -nE 'https?://|^--' requirements.lock tests/requirements.lock

LOCK_FLAGS := --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

clean: ## remove what the other targets made (never data)
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: each stamp is newer than what it was made from, so that a second run takes no time ---

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "需要 Python 3.11 或更新的版本，可用 make PYTHON=… 指定 / Python 3.11 or newer is needed; name one with make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python 缺少 venv 模块（Debian：apt-get install python3-venv）/ this Python has no venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "建立虚拟环境 / making the virtual environment: $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements.lock pyproject.toml
	@echo "安装依赖 / installing: requirements.lock"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# All that the program needs is in the second lock too, at the same versions; what is imported gets compiled then.
$(STAMPS)/test: $(STAMPS)/venv requirements.lock tests/requirements.lock pyproject.toml
	@echo "安装依赖 / installing: tests/requirements.lock"
	@$(PIP) install --no-compile --require-hashes -r tests/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(STAMPS)/run $@
