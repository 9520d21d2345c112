# The two commands a newcomer needs are `make run` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
CHROMIUM ?= /usr/bin/chromium

.PHONY: run test test-slow check drill fuzz eval eval-trust bench bench-load bench-pdf bench-scale bench-widget train-heads lock clean install dev format messages pictures fonts

run: $(VENV)/.installed ## ingest docs_corpus/ if there is no index yet, and serve the chat
	$(BIN)/sanad serve --ingest docs_corpus

test: dev ## run the tests
	$(BIN)/pytest -m "not slow" -n 2 tests

test-slow: $(VENV)/.ray ## the suites that take longer than half a minute each
	$(BIN)/pytest -m slow -n 2 tests

check: dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_docs.py

eval: dev ## evaluation suites over docs_corpus/, with pass marks
	$(BIN)/sanad ingest docs_corpus --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/client.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/shapes.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/declines.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/summit.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/multilingual.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/disputes.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/unanswerable.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/dialogues.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/sensitive.yaml --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/practitioners.jsonl --data-dir .sanad/eval
	$(BIN)/sanad eval run evals/suites/catalogue.yaml --data-dir .sanad/eval
	$(BIN)/python -m evals.abstention --policy
	$(BIN)/python -m evals.training.heads --measure-only --held-out evals/held_out/*.csv
	$(BIN)/python -m evals.conversation --data-dir .sanad/eval

eval-trust: dev ## planted orders and lying models: what of it reaches a reader
	$(BIN)/sanad ingest docs_corpus --data-dir .sanad/eval
	$(BIN)/python -m evals.attacks
	$(BIN)/python -m evals.liars --data-dir .sanad/eval

bench: $(VENV)/.bench ## speed beside a vanilla LangChain and Chroma pipeline in the same run
	$(BIN)/python -m evals.bench

bench-load: dev ## ten minutes of visitors, Gradio beside us; then worker processes
	$(BIN)/python -m evals.bench.load --minutes 10
	$(BIN)/python -m evals.bench.load_workers

bench-pdf: dev ## PDF readers side by side: PDF=FOLDER of files, and what of a known text each finds
	$(BIN)/python -m evals.bench.pdf $(PDF)

bench-scale: $(VENV)/.bench ## growth on one machine: DATA=FOLDER with scale/ (see docs/scaling.md), WORK=FOLDER
	$(BIN)/python -m evals.bench.scale $(DATA) $(WORK) --sizes 10000 100000 1000000
	$(BIN)/python -m evals.bench.scale $(DATA) $(WORK) --files 100000

bench-widget: dev ## how soon a question can be typed over a slow line, widget and Gradio's page
	$(BIN)/python -m evals.bench.first_view

train-heads: $(VENV)/.train ## the heads anew from evals/training/questions.csv, and how they do on questions nobody tuned on
	$(BIN)/python -m evals.training.heads --held-out evals/held_out/*.csv

drill: dev ## the twenty-five faults of docs/faults.md, made on purpose; most of an hour
	$(BIN)/python -m evals.drills

install: $(VENV)/.installed

dev: $(VENV)/.dev

messages: dev ## after en.pot was edited: its new and changed entries into every translation
	for file in rag/messages/*.po; do $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date --no-wrap -i rag/messages/en.pot -o $$file -l $$(basename $$file .po); done

pictures: dev ## retake docs/images from the running program
	$(BIN)/python docs/screenshots.py

fonts: dev ## remake ui/static/fonts from the published families; needs npm
	$(BIN)/python docs/fonts.py

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python $(LOCK) pyproject.toml
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable ".[dev]"
	@touch $@

$(VENV)/.ray: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable ".[ray]"
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable ".[fuzz]"
	@touch $@

$(VENV)/.train: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable ".[train]"
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable ".[bench]"
	@touch $@

lock: ## resolve anew into an empty environment and write the lock
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade pip
	.venv-lock/bin/python -m pip install --quiet ".[dev,bench,fuzz,train,anthropic,ollama,redis,ray]"
	.venv-lock/bin/python -m pip freeze --exclude sanad \
		| sed -e 's/^torch==\([0-9.]*\).*/torch==\1/' -e '/ @ file:/d' > $(LOCK)
	rm -rf .venv-lock

fuzz: $(VENV)/.fuzz ## every parser of untrusted input under atheris: SECONDS=60 each
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

clean:
	rm -rf $(VENV) .venv-lock build dist .mypy_cache .ruff_cache .hypothesis
