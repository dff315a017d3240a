# Every target sets up .venv first if need be; nothing else on the machine is touched.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8501
BIN := .venv/bin

.PHONY: app test soak bench lint format clean

app: .venv/installed  ## open the dashboard
	$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT)

test: .venv/installed  ## run the tests
	$(BIN)/python -m pytest -m "not soak"

soak: .venv/installed  ## run the long tests too
	$(BIN)/python -m pytest

bench: .venv/installed  ## measure the speed beside its bars, in less than 15 minutes
	$(BIN)/python benchmarks/step.py
	$(BIN)/python benchmarks/learning.py trec
	$(BIN)/python benchmarks/learning.py agnews --pairs 3
	$(BIN)/python benchmarks/seeds.py
	$(BIN)/python benchmarks/large.py --times 3
	$(BIN)/python benchmarks/growth.py

lint: .venv/installed  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed  ## mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable ".[dashboard,dev]"
	@touch $@

clean:  ## remove the environment and all caches
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find cache -mindepth 1 ! -name README.md -delete
