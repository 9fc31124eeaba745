PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The machine's own certificates, so that it also works behind a company's proxy.
UV := PYTHONPATH=.tools UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 $(PY) -m uv
export DJANGO_SETTINGS_MODULE := portal.settings
export GRPC_VERBOSITY ?= ERROR

.DEFAULT_GOAL := help
.PHONY: faults load image-inputs mutants lint screenshot help setup setup-dev run test check fix bench fuzz docs messages lock vendor

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.tools/.done:
	$(PY) -m pip install -q --disable-pip-version-check --root-user-action=ignore --upgrade --target .tools 'uv>=0.13,<0.14'
	@touch $@

$(VENV)/.run: requirements-demo.txt .tools/.done
	@test -x $(BIN)/python || $(UV) venv -q --python $(PY) $(VENV)
	@echo "Installing what the portal needs into .venv …"
	@$(UV) pip install -q --require-hashes -r requirements-demo.txt --python $(BIN)/python
	@$(UV) pip install -q --no-deps --editable . --python $(BIN)/python
	@touch $@

$(VENV)/.dev: requirements-dev.txt .tools/.done
	@test -x $(BIN)/python || $(UV) venv -q --python $(PY) $(VENV)
	@$(UV) pip sync -q --require-hashes requirements-dev.txt --python $(BIN)/python
	@$(UV) pip install -q --no-deps --editable . --python $(BIN)/python
	@touch $@ $(VENV)/.run

setup: $(VENV)/.run ## Install what the portal needs, into .venv and nowhere else

setup-dev: $(VENV)/.dev ## Install what its developers need besides

run: setup ## Migrate, seed a demo, start everything, print the URL and sign-in links
	@$(BIN)/python manage.py up --demo

# Everything runs on the production pair where there is one; on SQLite and the embedded broker then what is marked for it.
# One process more than there are cores: journeys wait for processes of their own most of the time.
PYTEST := $(BIN)/python -m pytest -n $(shell expr $$(nproc) + 1) --dist worksteal

test: setup-dev ## Run the tests; what this machine lacks (a browser, PostgreSQL) is left out with the reason
ifdef TEST_POSTGRESQL_URL
	@DATABASE_URL=$(TEST_POSTGRESQL_URL) $(PYTEST) -m "not only_embedded" $(ARGS)
	@TEST_REDIS_URL= $(PYTEST) -m "embedded or only_embedded" $(ARGS)
else
	@TEST_REDIS_URL= $(PYTEST) -m "not postgresql" $(ARGS)
	@echo "PostgreSQL: left out. Set TEST_POSTGRESQL_URL=postgresql://USER:PASSWORD@HOST:PORT/postgres to run the suite on it."
	@test "$(CI)" != "true"
endif

screenshot: setup-dev ## Take the README's picture of the reviewer's page again
	@SCREENSHOT=docs/reviewer.png $(BIN)/python -m pytest -q tests/journeys -k picture

check: lint ## All of it: lint, and the house's own rules
	$(BIN)/python -m pytest -q tests/house

lint: setup-dev ## Format, lint, types, contracts, templates, spelling, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/typos
	$(BIN)/python manage.py makemigrations --check --dry-run

fix: setup-dev ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## Measure: sizes, start-up, one change from approval to verified
	@$(BIN)/python -m tests.bench

load: setup-dev ## Ten minutes of 16 people on the production shape over 100,000 changes (DATABASE_URL: a PostgreSQL)
	@$(BIN)/python -m tests.load $(ARGS)

faults: setup-dev ## Every fault at every act with real processes, then 500 seeds of random schedules
	@$(BIN)/python -m tests.faults $(ARGS)

image-inputs: setup-dev ## Write what is in the image: deploy/made/sbom.cdx.json (CycloneDX)
	@mkdir -p deploy/made
	@$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --short-PURLs --validate \
		-o deploy/made/sbom.cdx.json 2>/dev/null
	@echo "deploy/made/sbom.cdx.json"

mutants: setup-dev ## Put faults into the heart on purpose; each must be noticed by a test (ARGS: words of rules)
	@$(BIN)/python -m tests.mutants $(ARGS)

fuzz: setup-dev ## Throw mutated files at intake for SECONDS (an hour without it)
	@test -d .tools/fuzz/atheris || $(UV) pip install -q --require-hashes -r requirements-fuzz.txt --python $(BIN)/python --target .tools/fuzz
	@PYTHONPATH=.tools/fuzz $(BIN)/python -m tests.fuzz $(or $(SECONDS),3600)

docs: setup-dev ## Generate docs/states.md, docs/rights.md and docs/checks.md
	@$(BIN)/python manage.py rights_doc > docs/rights.md
	@$(BIN)/python manage.py states_doc > docs/states.md
	@$(BIN)/python -m pki.documentation > docs/checks.md

messages: setup-dev ## Compile the Chinese catalogue
	@$(BIN)/pybabel -q compile -d portal/locale -D django -l zh_Hans

lock: .tools/.done ## Resolve pyproject.toml into the requirements files (maintainers)
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra demo pyproject.toml -o requirements-demo.txt
	$(UV) pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group fuzz -o requirements-fuzz.txt
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev --group browser --group image --extra demo --extra sentry --extra opentelemetry pyproject.toml -o requirements-dev.txt

vendor: ## Copy Tabler and its icons into static/ again (maintainers; needs npm)
	sh static/vendor/vendor.sh
