# The five commands of every day, and two more. `make` alone lists them.
PYTHON = .venv/bin/python

.PHONY: help setup quick test check pages site coverage
help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

setup:  ## an environment with all that a contributor needs
	python3 -m venv .venv
	.venv/bin/pip install --quiet -e '.[dev]'
	.venv/bin/pre-commit install

quick:  ## the tests of every day: no terminal, no whole lessons, no planted faults
	$(PYTHON) -m pytest -q -m "not slow"

test:  ## all tests
	$(PYTHON) -m pytest

check:  ## everything that must pass, in an environment of its own
	.ci/run

pages:  ## the generated pages of docs/ and the pictures, made anew
	cd docs && ../$(PYTHON) make.py
	$(PYTHON) docs/pictures/make.py

site:  ## the docs as a site, in site/
	.venv/bin/mkdocs build --strict

coverage:  ## which lines no test runs
	$(PYTHON) -m pytest -q --cov --cov-report=term
