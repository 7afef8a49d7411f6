# What a fresh clone needs: Python >= 3.11 and a package index. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo

.PHONY: demo test test-slow test-attack test-cluster test-oldest references lint docs clean

demo: $(VENV)/.installed
	$(BIN)/vpd demo --out $(OUT)

# A process a core, each with one thread: the networks in the tests are too small to share. The tests of one file
# run in one process, so that what they share is made once.
test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

# Kills, full disks, damage, fuzzed files and a soak, as docs/measurements/reliability.md has them: within an hour.
SEED ?= 1
test-attack: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/attack.py --seed $(SEED)
	$(BIN)/python benchmarks/damage.py --files 750 --seed $(SEED)
	$(BIN)/python benchmarks/table_mutations.py --labels 10000 --others 300 --seed $(SEED)
	$(BIN)/python benchmarks/soak.py --videos 24 --rounds 6 --seed $(SEED) --small-disk
	$(BIN)/python benchmarks/soak.py --videos 1000 --rounds 20 --seed $(SEED)

# One process, so that no test competes with another. A line a test as it ends, the slowest at the end, and a report
# for machines. AGAIN=1 runs only those that failed last time.
test-slow: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -vv --tb=short --timeout=3600 --durations=20 -rfEs \
	  --junitxml=slow.xml $(if $(AGAIN),--last-failed --last-failed-no-failures none)

# A Ray cluster of two nodes on this computer that loses processes, nodes and programs at 20 moments; half an hour.
test-cluster: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[ray,cloud]' 'moto[server]>=5' gcp-storage-emulator
	$(BIN)/python benchmarks/cluster.py kills --moments 20
	$(BIN)/python benchmarks/cluster.py tasks --count 10000
	$(BIN)/python -m pytest -m slow tests/pipeline/test_on_ray.py tests/pipeline/test_shard.py \
	  tests/pipeline/test_train_on_ray.py tests/library/test_remote.py

# The tests on the oldest versions that pyproject.toml allows, in an environment of its own.
OLDEST := .venv-oldest
test-oldest: $(VENV)/bin/python
	$(BIN)/python -m venv $(OLDEST)
	$(BIN)/python tools/oldest.py > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check -q -e '.[test]' -c $(OLDEST)/oldest.txt
	OMP_NUM_THREADS=1 $(OLDEST)/bin/python -m pytest -n auto --dist loadfile

# Other programs that tests compare with. These four pin OpenCV with windows or an older numpy, which they do
# not need here: they come without what they ask for, and the extra `references` brings what they do need.
references: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[references]'
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps trackers supervision datumaro label-studio-sdk

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site in site/: a warning is an error. It asks for nothing from outside; open site/index.html.
docs: $(VENV)/.installed-docs
	$(BIN)/python tools/measurements.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "vpd needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)."; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv"; \
	  rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[test,dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) $(OLDEST) $(OUT) site
