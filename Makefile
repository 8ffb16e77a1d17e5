# teachtf: `make lab` to learn, `make test` to check. Both first make a virtual environment, once.
# Works with GNU make 3.81 (macOS) and later. Needs Python 3.11, 3.12 or 3.13 and nothing else.

VENV ?= .venv
ORACLE ?= .venv-oracle
CUDA_VENV ?= .venv-cuda
TORCH ?= .venv-torch
PYTEST_ARGS ?= -n auto --maxprocesses 4
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

# PYTHON=... chooses the Python; without it, the first of these that is of a supported version.
ifdef PYTHON
PYTHON_TRIED := $(PYTHON)
else
PYTHON_TRIED := python3 python3.13 python3.12 python3.11 python
endif

# One stamp for each thing installed, older than pyproject.toml when that has changed.
READY := $(VENV)/.teachtf-ready
ORACLE_READY := $(ORACLE)/.teachtf-ready
CUDA_READY := $(CUDA_VENV)/.teachtf-ready
TORCH_READY := $(TORCH)/.teachtf-ready

.DEFAULT_GOAL := help
.PHONY: help lab warm test lint types layers unit lessons \
	check-wheel check-browser check-binder check-cuda conformance bench bench-gpu clean

help:  ## Show this list
	@echo "make lab             open the lessons in JupyterLab"
	@echo "make test            run all tests: lint, types, import layers, unit tests, doctests, every lesson"
	@echo "make warm            compile the kernels now"
	@echo
	@echo "make lint | types | layers | unit | lessons    one part of make test"
	@echo "make check-wheel     build the wheel and try it in an environment of its own"
	@echo "make check-browser   run every lesson in JupyterLab in a real browser (Chromium)"
	@echo "make check-binder    check the Binder environment"
	@echo "make check-cuda      run the CUDA kernels in Numba's simulator and compile them, in an environment of its own; no GPU needed"
	@echo "make conformance     compare with real TensorFlow, in an environment of its own"
	@echo "make bench           time the same programs under teachtf and TensorFlow, turn about (ten minutes, on a quiet machine)"
	@echo "make bench-gpu       time teachtf and PyTorch on an NVIDIA GPU, turn about, in environments of their own"
	@echo "make clean           remove what was built; the environments stay"
	@echo
	@echo "PYTHON=python3.12    choose the Python (3.11 to 3.13)"
	@echo "PYTEST_ARGS='-k ops' choose the tests (default: $(PYTEST_ARGS))"

# --- the environment ------------------------------------------------------------------------------------------------

# $(call make-venv,FOLDER): a virtual environment with the chosen Python; one of another version is made anew.
define make-venv
@for python in $(PYTHON_TRIED); do \
	if command -v $$python >/dev/null 2>&1 && $$python -c '$(SUPPORTED)' 2>/dev/null; then found=$$python; break; fi; \
done; \
if [ -z "$$found" ]; then \
	echo "teachtf needs Python 3.11, 3.12 or 3.13, and found none of them. It tried: $(PYTHON_TRIED)" >&2; \
	echo "(python3 is $$(python3 --version 2>&1)). Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	exit 1; \
fi; \
wanted=$$($$found -c 'import sys; print(*sys.version_info[:2])'); \
if [ "$$($(1)/bin/python -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null)" != "$$wanted" ]; then \
	echo "Making $(1) with $$($$found --version)"; \
	$$found -m venv --clear $(1) || { \
		echo "$$found cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
fi
endef

ifdef PYTHON
ifneq ($(shell $(PYTHON) -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null),$(shell $(BIN)/python -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null))
.PHONY: $(READY)
endif
endif

$(READY): pyproject.toml
	$(call make-venv,$(VENV))
	@echo "Installing teachtf, JupyterLab and the test tools into $(VENV); this takes a minute or two"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable '.[dev]'
	@touch $@

$(ORACLE_READY): pyproject.toml
	$(call make-venv,$(ORACLE))
	@echo "Installing TensorFlow into $(ORACLE), for comparison only"
	@$(ORACLE)/bin/python -m pip install --disable-pip-version-check --quiet 'tensorflow-cpu==2.21.*' 'tf_keras==2.21.*' pytest
	@touch $@

$(CUDA_READY): pyproject.toml
	$(call make-venv,$(CUDA_VENV))
	@echo "Installing teachtf, Numba's CUDA and the test tools into $(CUDA_VENV)"
	@$(CUDA_VENV)/bin/python -m pip install --disable-pip-version-check --quiet --editable '.[dev,gpu]'
	@touch $@

$(TORCH_READY): pyproject.toml
	$(call make-venv,$(TORCH))
	@echo "Installing PyTorch into $(TORCH), for comparison only; this takes 5 GB"
	@$(TORCH)/bin/python -m pip install --disable-pip-version-check --quiet numpy torch
	@touch $@

# --- learning -------------------------------------------------------------------------------------------------------

lab: $(READY)
	@$(BIN)/teachtf lab lessons

warm: $(READY)
	@$(BIN)/teachtf warm

# --- tests ----------------------------------------------------------------------------------------------------------

test: lint types layers lessons unit

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/pytest $(PYTEST_ARGS)

# The lessons run in a copy, so that what their cells write does not lie about in the source tree.
lessons: $(READY)
	@rm -rf build/lessons && mkdir -p build && cp -R lessons build/lessons
	@if ls build/lessons/*.ipynb >/dev/null 2>&1; then set -x; \
		$(BIN)/pytest -c tests/lessons.ini --rootdir build/lessons --nbval-lax --nbval-current-env $(PYTEST_ARGS) --dist loadfile build/lessons; \
	else echo "lessons/ holds no notebook yet"; fi

# --- slower checks --------------------------------------------------------------------------------------------------

check-wheel: $(READY)
	$(BIN)/python tests/smoke/check_wheel.py build/wheel

check-browser: $(READY)
	@sh tests/browser/install_chromium.sh
	$(BIN)/pytest -c tests/browser/pytest.ini --rootdir tests/browser tests/browser

check-binder: $(READY)
	$(BIN)/python tests/smoke/check_binder.py build/binder

# The simulator takes the compiler's place in a whole process, so there are two; the launches of the first are compiled in the second.
check-cuda: export TEACHTF_CUDA_LAUNCHES := $(CURDIR)/build/launches
check-cuda: $(CUDA_READY)
	rm -rf build/launches
	NUMBA_ENABLE_CUDASIM=1 $(CUDA_VENV)/bin/python -m pytest $(PYTEST_ARGS) -c tests/cuda/pytest.ini --rootdir . tests/cuda
	$(CUDA_VENV)/bin/python -m pytest $(PYTEST_ARGS) -c tests/cuda/pytest.ini --rootdir . \
		$(addprefix tests/cuda/test_,ptx.py launches.py elementwise.py jit.py pool.py)

conformance: $(READY) $(ORACLE_READY)
	TEACHTF_ORACLE="$(CURDIR)/$(ORACLE)/bin/python" $(BIN)/pytest $(PYTEST_ARGS) tests/conformance

bench: $(READY) $(ORACLE_READY)
	$(BIN)/python tests/benchmarks/bench.py --oracle $(ORACLE)/bin/python --write

# PyTorch is not installed before a GPU is seen.
bench-gpu: $(CUDA_READY)
	@$(CUDA_VENV)/bin/python tests/benchmarks/gpu.py
	@$(MAKE) --no-print-directory $(TORCH_READY)
	$(CUDA_VENV)/bin/python tests/benchmarks/gpu.py --torch $(TORCH)/bin/python --write

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find teachtf widgets tests -name __pycache__ -type d -prune -exec rm -rf {} +
