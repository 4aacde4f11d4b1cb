# Each target works alone on a fresh clone: Python 3.11 or newer with venv, Node 20, and apt or a browser.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PANEL := server_ext/workbench_server/labextension
LINK := $(VENV)/share/jupyter/labextensions/jupyter-ml-workbench
INSTALLED := $(VENV)/.installed
NODE := node_modules/.package-lock.json
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test soak lab bench lint docs generate clean install browser

install: $(INSTALLED)

$(INSTALLED): pyproject.toml package.json constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,test,lint]'
	touch $@

$(NODE): package.json package-lock.json
	npm install --no-fund --no-audit
	touch $@

# Installing builds the panel where it is missing; this builds it again when its source changed, and
# has JupyterLab take it from here rather than from a copy.
$(PANEL)/package.json: $(INSTALLED) $(NODE) $(shell find labextension -type f -not -path '*/lib/*' -not -path '*/node_modules/*')
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	rm -rf $(LINK) && ln -s $(CURDIR)/$(PANEL) $(LINK)

demo: $(INSTALLED)  ## run the quickstart notebook from end to end and show what comes out
	$(BIN)/python binder/run_notebook.py binder/quickstart.ipynb

test: lint $(PANEL)/package.json browser  ## lint, then all tests, those in a real browser included
	npm test --silent
	$(BIN)/python -m pytest -m 'not soak and not ui' --numprocesses 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m 'ui and not soak'

soak: $(PANEL)/package.json browser  ## long fault matrices, which test leaves out
	$(BIN)/python -m pytest -m soak

browser:
	@./tests/ui/install_browser.sh

lab: $(PANEL)/package.json  ## JupyterLab on the demo notebooks
	$(BIN)/jupyter lab --notebook-dir binder

bench: $(INSTALLED)  ## the measurements, as ratios against the peers
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,test,lint,bench]'
	$(BIN)/python benchmarks/run.py

lint: $(INSTALLED) $(NODE)  ## style, types, spelling and formatting; see .pre-commit-config.yaml
	$(BIN)/pre-commit run --all-files

docs: $(INSTALLED)  ## the documentation site, in site/
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,test,lint,docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

generate: $(INSTALLED) $(NODE)  ## what the panel has of the library: options, openapi.json, and the types made of that
	$(BIN)/python -m workbench.options.catalog > labextension/src/api/declarations.json
	$(BIN)/python -m scripts.openapi
	npm run --silent generate

clean:
	rm -rf $(VENV) $(PANEL) labextension/lib .workbench binder/.workbench build dist site .pytest_cache .mypy_cache .ruff_cache node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
