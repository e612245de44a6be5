# One target per job; `make help` lists them. Everything runs in .venv, which is made on first use.
# Needs Python >= 3.11 and make, nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
APK ?= sample_apks/pins-expired/pins-expired.apk
ARGS ?=
T ?= tests
K ?=
A ?=

.DEFAULT_GOAL := help
.PHONY: help scan test pythons slow dev lint format types architecture samples samples-check recall reports reports-check schema docs docs-check wheel-test browser bench check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp changes with the list of dependencies, so that a pull brings the environment up to date.
$(VENV)/.run: pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed; set PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	@touch $@

dev: $(VENV)/.dev ## Make the development environment

scan: $(VENV)/.run ## Scan APK=… and write the HTML report under reports/
	@$(BIN)/pinscope scan "$(APK)" $(ARGS) --fail-on never

test: $(VENV)/.dev ## Run the tests (T=path, K=pattern)
	$(BIN)/python -m pytest $(T) $(if $(K),-k "$(K)") -n auto -m "not browser and not slow"

pythons: $(VENV)/.dev ## Make environments for the other Pythons that are installed; the tests of chains then run on each
	@sh tools/pythons.sh "$(VENV)"

slow: $(VENV)/.dev ## Run the tests that take minutes: damaged code by the thousand, large packages against androguard
	$(BIN)/python -m pytest $(T) $(if $(K),-k "$(K)") -n auto -m slow

browser: $(VENV)/.dev ## Run the tests that need Chromium
	$(BIN)/python -m pytest tests -m browser

bench: $(VENV)/.dev ## Measure speed and memory against androguard and the targets (takes minutes; A=apps)
	$(BIN)/python -m tests.benchmarks $(A)

lint: $(VENV)/.dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## Rewrite files in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## Check types of package, tests and sample builder
	$(BIN)/mypy analyzer tests sample_apks/build.py

architecture: $(VENV)/.dev ## Check that layers depend downwards only
	$(BIN)/lint-imports

samples: $(VENV)/.dev ## Rebuild the sample APKs (needs the tools of .ci/build-tools)
	$(BIN)/python sample_apks/build.py

samples-check: $(VENV)/.dev ## Rebuild the sample APKs and compare them with the committed ones
	$(BIN)/python sample_apks/build.py --check

recall: $(VENV)/.dev ## Print recall and precision of pins, of OkHttp clients and of TLS code for each way to build an app
	@$(BIN)/python -m tools.recall
	@$(BIN)/python -m tools.client_recall
	@$(BIN)/python -m tools.code_recall

reports: $(VENV)/.dev ## Regenerate the sample reports
	$(BIN)/python -m tools.sample_reports

docs: $(VENV)/.dev ## Regenerate the generated documents
	$(BIN)/python -m tools.documents

reports-check: $(VENV)/.dev ## Fail when a sample report is stale
	$(BIN)/python -m tools.sample_reports --check

docs-check: $(VENV)/.dev ## Fail when a generated document is stale
	$(BIN)/python -m tools.documents --check

wheel-test: $(VENV)/.dev ## Run the tests against the built wheel in an environment of its own
	sh tools/wheel_test.sh "$(VENV)"

check: lint types architecture docs-check reports-check test ## Everything but the browser, wheel and rebuild checks

clean: ## Remove what the targets make
	rm -rf $(VENV) .venv-3.* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
