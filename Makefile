# Every target sets up .venv first if need be; nothing else on the machine is touched.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501
BIN := .venv/bin

.PHONY: app test soak bench docs lint format clean

app: .venv/installed  ## open the dashboard
	$(BIN)/cartography app --host $(HOST) --port $(PORT)

test: .venv/installed  ## run the tests on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not soak"

soak: .venv/installed  ## run the long tests too
	$(BIN)/python -m pytest

bench: .venv/installed  ## measure the speed against its targets, in less than 15 minutes
	$(BIN)/python benchmarks/step.py
	$(BIN)/python benchmarks/learning.py trec
	$(BIN)/python benchmarks/learning.py agnews --pairs 3
	$(BIN)/python benchmarks/seeds.py
	$(BIN)/python benchmarks/large.py --times 3
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/startup.py

docs: .venv/installed  ## build the documentation in site/
	$(BIN)/zensical build --clean --strict

lint: .venv/installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed  ## fix style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable ".[dev]"
	@touch $@

clean:  ## remove the environment and all caches
	rm -rf .venv build dist site *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find cache -mindepth 1 ! -name README.md -delete
