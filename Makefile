# make demo    the site with made-up people and opportunities, at http://127.0.0.1:8000/ (PORT=8001 for another)
# make test    everything, the browser tests too
# make fuzz    10,000 odd requests to every form, at most half an hour (FUZZ_SEED=1 for others)
# make check   lint, types, migrations, messages and the fast tests
# make bench   what each page costs beside the bare framework: docs/performance.md
# make rush    500 suppliers send in the last minute before closing: nothing lost, late or doubled
# make scale-drill  the same on several servers, some of which are killed in the middle
# make bench-volume  search in 100,000 opportunities, exports of 10,000, mails and closings by the thousand
# make lock    after a change in requirements*.in
# make messages  after a change of words: then translate locale/fr/LC_MESSAGES/django.po
# make clean   throw away the demonstration's data, the tests' database and what was built

PORT ?= 8000
SYSTEM_PYTHON := $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin/python
AS_TESTS := DJANGO_SETTINGS_MODULE=tests.settings $(RUN) manage.py
JOBS ?= 2
COMPILE := $(RUN) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: demo test fuzz check bench bench-volume rush scale-drill lint dev lock messages clean
.DEFAULT_GOAL := demo

demo:
	@$(SYSTEM_PYTHON) -m microacq.bootstrap demo
	@DEMO=1 PORT=$(PORT) exec $(RUN) manage.py serve_demo

dev:
	@$(SYSTEM_PYTHON) -m microacq.bootstrap dev

test: lint
	@$(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder; status=$$?; $(RUN) -m microacq.devdb stop test; exit $$status

fuzz: dev
	@mkdir -p var
	@FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} FUZZ_REQUESTS=$${FUZZ_REQUESTS:-10000} FUZZ_SECONDS=$${FUZZ_SECONDS:-1800} \
		$(RUN) -m pytest tests/audit/test_every_form.py -k test_22 -s --show-capture=no 2>var/fuzz.log

check: lint
	@$(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not browser and not slow"; status=$$?; $(RUN) -m microacq.devdb stop test; exit $$status

bench: dev
	@$(RUN) -m tests.bench

bench-volume: dev
	@$(RUN) -m tests.bench.volume

rush: dev
	@$(RUN) -m tests.bench.rush

scale-drill:
	@$(SYSTEM_PYTHON) -m microacq.bootstrap drill
	@$(RUN) -m tests.bench.scale_drill

lint: dev
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m djlint --quiet --lint templates
	.venv/bin/lint-imports --no-cache
	$(RUN) -m mypy
	$(RUN) -m microacq.devdb start test
	$(AS_TESTS) makemigrations --check --dry-run
	$(AS_TESTS) messages

lock: dev
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) --no-deps requirements-demo.in -o requirements-demo.txt
	$(COMPILE) --no-deps requirements-drill.in -o requirements-drill.txt
	@$(SYSTEM_PYTHON) -m microacq.bootstrap dev
	$(RUN) -m microacq.licences

messages: dev
	$(AS_TESTS) messages --update

clean:
	-$(RUN) -m microacq.devdb remove demo
	-$(RUN) -m microacq.devdb remove test
	-$(RUN) -m microacq.devdb remove bench
	rm -rf var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache test-results
