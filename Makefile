# Everything starts here: `make run` and `make test` set up what they need.
VENV ?= .venv
BIN := $(VENV)/bin
SECONDS ?= 600
SUBSCRIBERS ?= 200
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup run shell test test-lab test-long test-image soak check format reference bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup:  ## create .venv with pinned dependencies
	@tools/setup.sh $(VENV) $(PYTHON)

run: setup  ## start the emulated carrier, show the journey, then serve
	@$(BIN)/nfemu run

shell: setup  ## a shell with nfemu on PATH
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $${SHELL:-/bin/sh}

test: setup  ## the tests that need nothing but Python packages and curl
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not lab and not long" -q

test-lab: setup  ## the tests that need root, Chromium, PostgreSQL or a foreign peer
	@VENV=$(VENV) tools/lab.sh

test-long: setup  ## long fuzzing and scans, then the soak and the image, by hand
	@tools/peers.sh
	@$(BIN)/python -m pytest -m long -q
	@$(MAKE) --no-print-directory soak test-image

test-image: setup  ## build the image and check it with a Docker engine of its own (root)
	@VENV=$(VENV) tools/image.sh

soak: setup  ## a carrier under random journeys, judged (SECONDS=, SUBSCRIBERS=, SEED=)
	@$(BIN)/python -m bench.soak --seconds $(SECONDS) --subscribers $(SUBSCRIBERS) --seed $(SEED)

check: setup  ## format, lint, types, import contracts: what CI checks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup  ## put every file into the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reference: setup  ## write the pages, schemas and collections that are made from the code
	@$(BIN)/python -m tools.reference

bench: setup  ## ratios against named peers
	@$(BIN)/python -m bench

clean:  ## remove what the set-up made
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
