# Every job of the project by one word. `make` alone explains itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIMIT ?= 500
NOTEBOOK_CELL_S ?= 120
CANARY := data/canary
CANARY_TESTS = -m pytest -q --tb=line -o cache_dir=$(CANARY)/cache -m "not slow and not browser and not spark"
# One more than the cores of a small machine, each with one thread: tests wait for servers they start.
WORKERS ?= 3
export JUPYTER_PLATFORM_DIRS = 1
# What is imported is compiled once and kept: to compile all that is installed takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-slow lint bench bench-large spark spark-test canary lab notebooks browser snapshot hunt-labels resolve trigger writeback report \
        cooldown-migrate cooldown-process cooldown-stats serve faults audit-deps requirements clean

help:  ## Explain the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One stamp stands for the whole environment: it is rebuilt when the pins or the project file change. The pins name all
# that is needed, so that nothing else is looked up; pip unpacks them on one core, so it does so twice at once.
$(BIN)/.installed: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
	    uv pip install --quiet --python $(BIN)/python --no-deps -r requirements.txt && \
	    uv pip install --quiet --python $(BIN)/python --no-deps --editable . ; \
	else \
	    awk '{print > ("$(VENV)/pins-" NR % 2 ".txt")}' requirements.txt && \
	    printf '%s\n' '-r $(VENV)/pins-0.txt' '-r $(VENV)/pins-1.txt' '--editable .' | xargs -P 3 -L 1 \
	        $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps ; \
	fi
	@# What all commands share is compiled before several of them start at once.
	@$(BIN)/python -c "import enrich.main_job"
	@touch $@

setup: $(BIN)/.installed  ## Make .venv with everything pinned in requirements.txt

run: setup  ## The whole job on the demo world, TRACKLISTS=file or ENRICH_DATABASE_URL (MIGRATE=1 adds our tables, APPLY=1 writes)
	@$(BIN)/enrich run $(if $(TRACKLISTS),--tracklists "$(TRACKLISTS)") $(if $(MIGRATE),--migrate) $(if $(APPLY),--apply)

test: setup lint  ## Lint, types, tests and notebooks (about seven minutes on two cores)
	POLARS_MAX_THREADS=1 OMP_NUM_THREADS=1 \
	    $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not browser"
	$(if $(wildcard notebooks/*.ipynb),ENRICH_SOURCES= $(BIN)/python -m pytest -q -n 2 --dist loadfile --nbval-lax --nbval-cell-timeout=$(NOTEBOOK_CELL_S) notebooks)

test-slow: setup  ## The tests that take longer than that
	$(BIN)/python -m pytest -q -m slow

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup  ## Measure against peers, side by side; ONLY=name for one row
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

bench-large: setup  ## 5e7 plays ranked by DuckDB in 2 GiB of memory, and checked (under data/bench)
	$(BIN)/python -m bench.out_of_core --folder data/bench/large $(if $(PLAYS),--plays $(PLAYS))

spark: setup  ## PySpark, for `enrich rank-artists --engine spark` (some 400 MB; needs Java 17)
	@$(BIN)/python -c "import pyspark" 2>/dev/null || \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt

spark-test: spark  ## The ranking on Spark equals DuckDB's, to the row; prints both times
	$(BIN)/python -m pytest -q -s -m spark tests/cooccurrence

canary: setup  ## The newest releases of every package, and which tests they break (in a throw-away environment)
	@rm -rf $(CANARY) && $(PYTHON) -m venv $(CANARY)
	@$(CANARY)/bin/python -m pip install -qq --disable-pip-version-check --upgrade --upgrade-strategy eager \
	    --editable ".[api,notebooks,survival,dev]"
	@echo "newer than what is pinned:"
	@$(CANARY)/bin/python -m pip freeze --exclude-editable | tr A-Z_ a-z- | grep -vxFf requirements.txt || echo "nothing"
	@$(CANARY)/bin/python $(CANARY_TESTS) $(or $(TESTS),tests) || { \
	    echo "THE SAME TESTS WITH THE PINNED PACKAGES; what passes here is broken by the newest releases"; \
	    $(BIN)/python $(CANARY_TESTS) --last-failed $(or $(TESTS),tests); exit 1; }

AUDIT := data/audit
WEAKNESSES := https://api.osv.dev
audit-deps: setup  ## Known weaknesses of every pinned package (pip-audit); says so where their database is out of reach
	@timeout 5 $(BIN)/python -c "import httpx; httpx.head('$(WEAKNESSES)', timeout=4)" 2>/dev/null || { \
	    echo "NOT AUDITED: $(WEAKNESSES), the database of weaknesses, is out of reach from here" >&2; exit 0; }; \
	test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && \
	    $(AUDIT)/bin/python -m pip install -qq --disable-pip-version-check pip-audit==2.10.1; }; \
	timeout 300 $(AUDIT)/bin/pip-audit -s osv --no-deps --disable-pip --progress-spinner off -r requirements.txt

# Kernels start in the folder of their notebook; the data folder is the checkout's.
lab notebooks browser: export ENRICH_DATA_DIR ?= $(CURDIR)/data

lab: setup  ## JupyterLab on the first notebook
	$(BIN)/jupyter lab $(firstword $(sort $(wildcard notebooks/*.ipynb)))

notebooks: setup  ## Execute every notebook on the demo world; HTML renderings under data/notebooks
	$(BIN)/python -m jupyter nbconvert --config=notebooks/rendering.py --log-level=WARN --execute --to html \
	    --output-dir data/notebooks notebooks/*.ipynb
	@ENRICH_DATA_DIR="$$ENRICH_DATA_DIR/analyst" $(BIN)/enrich db stop >/dev/null
	@echo "data/notebooks: $$(ls data/notebooks/*.html | wc -l) notebooks as HTML"

browser: setup  ## Drive JupyterLab in headless Chromium, installed by apt where it may; screenshots in data/browser
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    timeout 120 apt-get -qq update && DEBIAN_FRONTEND=noninteractive timeout 600 \
	    apt-get -qq install -y --no-install-recommends chromium >/dev/null; } || \
	    echo "NO CHROMIUM, and it cannot be installed here: THE BROWSER TEST WILL BE SKIPPED" >&2
	$(BIN)/python -m pytest -q -m browser tests/notebooks tests/api

snapshot: setup  ## Postgres into a new DuckDB snapshot
	$(BIN)/enrich snapshot

hunt-labels: setup  ## Tier 0 on failed tracks without a label (LIMIT=500)
	$(BIN)/enrich hunt-labels --limit $(LIMIT)

resolve: setup  ## Tiers 0–3 on failed tracks (LIMIT=500)
	$(BIN)/enrich resolve --limit $(LIMIT)

trigger: setup  ## The standard cycle on pending tracks (LIMIT=500)
	$(BIN)/enrich trigger --limit $(LIMIT)

writeback: setup  ## Show what would be written; APPLY=1 writes it
	$(BIN)/enrich writeback $(if $(APPLY),--apply)

cooldown-migrate: setup  ## Failed tracks into the cool-down queue (LIMIT=500)
	$(BIN)/enrich cooldown migrate --limit $(LIMIT)

cooldown-process: setup  ## Due tracks back to pending (LIMIT=500)
	$(BIN)/enrich cooldown process --limit $(LIMIT)

cooldown-stats: setup  ## How the queue stands
	$(BIN)/enrich cooldown stats

report: setup  ## Recovery report: projected beside actual, of the database or of TRACKLISTS=file
	$(BIN)/enrich report $(if $(TRACKLISTS),--tracklists "$(TRACKLISTS)")

serve: setup  ## The HTTP API on port 8022
	$(BIN)/enrich serve

faults: setup  ## The long form of the fault suite: every step of every operation (about half an hour)
	ENRICH_FAULTS=long $(BIN)/python -m pytest -q tests/faults

requirements: setup  ## Pin the newest releases that fit pyproject.toml
	uv pip compile --quiet $(addprefix --extra ,api notebooks browser bench survival dev) --no-header --no-annotate \
	    --no-emit-index-url pyproject.toml -o requirements.txt
	uv pip compile --quiet --extra spark -c requirements.txt --no-header --no-annotate --no-emit-index-url \
	    pyproject.toml | grep -vxFf requirements.txt > requirements-spark.txt

clean:  ## Stop the embedded server; remove the environment, caches and everything the project made
	@if [ -x $(BIN)/enrich ]; then $(BIN)/enrich db stop || true; ENRICH_DATA_DIR=data/analyst $(BIN)/enrich db stop >/dev/null || true; fi
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	find data -mindepth 1 -maxdepth 1 ! -name README.md ! -name seed -exec rm -rf {} +
