# Everything that a fresh clone needs: `make studio` and `make test`. Each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNS := $(VENV)/.runs
export OMP_WAIT_POLICY ?= PASSIVE
unexport PYTHONDONTWRITEBYTECODE # each worker and each command of the tests would compile everything again

.DEFAULT_GOAL := help
.PHONY: help setup assets studio test check format bench clean

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(RUNS): pyproject.toml constraints.txt # what the studio needs; a whole set-up holds it
	@{ test $(READY) -nt pyproject.toml && test $(READY) -nt constraints.txt; } || \
		$(PYTHON) scripts/set_up.py $(VENV)
	@touch $@

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) scripts/set_up.py $(VENV) --develop
	@touch $@ $(RUNS)

setup: $(READY) ## Make .venv with pinned dependencies and the package, editable

assets: $(RUNS) ## Build the studio's page (does nothing when it is up to date)
	@$(BIN)/python hatch_build.py

studio: assets ## Open the studio in the browser; ARGS="--port 8000" are its options
	@echo "Studio       starting"
	@$(BIN)/inscape studio $(ARGS)

test: $(READY) assets ## Run every test
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(READY) assets ## Format, lint, types, import order, stale generated files: exactly what CI runs
	$(BIN)/ruff format --check src tests benchmarks scripts hatch_build.py
	$(BIN)/ruff check src tests benchmarks scripts hatch_build.py
	$(BIN)/mypy
	$(BIN)/python scripts/check_generated.py
	cd web && npm run --silent check

format: $(READY) ## Format and sort imports
	$(BIN)/ruff check --fix --quiet src tests benchmarks scripts hatch_build.py || true
	$(BIN)/ruff format --quiet src tests benchmarks scripts hatch_build.py

bench: $(READY) assets ## Run every benchmark; each prints one JSON document
	for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean: ## Remove what was built
	rm -rf $(VENV) dist src/inscape/studio/static web/node_modules .pytest_cache .mypy_cache .ruff_cache
