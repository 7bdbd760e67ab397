# `make demo` and `make test` need Python 3.11 or newer, make, and a way to install packages. Nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt

export OMP_NUM_THREADS ?= 1

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow lint clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/.demo ## Run the main job on a photograph and say where the result is
	$(BIN)/python scripts/demo.py

test: $(VENV)/.dev lint ## Everything that CI runs: lint, types and tests
	$(BIN)/python -m pytest -n 2

test-slow: $(VENV)/.dev ## The tests that are too slow for every change: more fuzzing, larger data
	$(BIN)/python -m pytest -n 2 -m slow

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

clean: ## Remove the environment, caches and everything that was built
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: 3.11 or newer is needed. Name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing quibble for the demonstration ..."
	$(PIP_INSTALL) --editable '.[data]'
	@touch $@

# torch goes first and alone, so that the constraint decides its build before anything else asks for one.
$(VENV)/.dev: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing quibble and everything for its tests (a few minutes the first time) ..."
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@
