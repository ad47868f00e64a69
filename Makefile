# make run: everything on this machine. make test, make lint, make bench, make faults, make reset.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Debian's Python has no ensurepip, so pip is run from its wheel.
PIP := $(BIN)/python $(wildcard tools/pip/pip-*.whl)/pip

# What was compiled once is kept, whatever the shell says: every process would compile it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install install-dev test lint bench faults reset lock

run: $(VENV)/.installed
	@exec ./mykaohsiung run

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "mykaohsiung: Python 3.11 or newer is needed; set PYTHON to it"; exit 2; }
	@$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "  installing the locked dependencies"
	@$(PIP) install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(BIN)/python
	@echo "  installing the locked dependencies of the tests"
	@$(PIP) install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

test: $(VENV)/.installed-dev
	@sh tools/chromium.sh
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

faults: $(VENV)/.installed-dev
	FAULT_ROUNDS=200 $(BIN)/python -m pytest -m faults $(ARGS)

reset: $(VENV)/.installed
	@./mykaohsiung reset --yes

lock: $(VENV)/.installed-dev
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements-dev.in -o requirements-dev.txt
