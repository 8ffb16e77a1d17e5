"""What every test and doctest starts from. It stands here and not in `tests/` so that it serves the doctests in
`teachtf/` as well."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import teachtf as tf

# Tests see compiled kernels from the first run on. What serves until those stand is for tests/kernels/test_compiling.py.
os.environ.setdefault("TEACHTF_COMPILER", "first")

ROOT = Path(__file__).resolve().parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Scripts that stand beside the tests (recorders, smoke tests) are no place to look for doctests."""
    beside_tests = ROOT / "tests" in collection_path.parents and collection_path.suffix == ".py"
    return True if beside_tests and not collection_path.name.startswith("test_") else None


@pytest.fixture(autouse=True)
def _fresh_graph() -> None:
    """An empty default graph: names are made unique within a graph, so no test may see the nodes of those before it."""
    reset = getattr(tf, "reset_default_graph", None)
    if reset is not None:
        reset()


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace: dict[str, object]) -> None:
    """A doctest may say `tf` without importing it."""
    doctest_namespace["tf"] = tf


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the source checkout."""
    return ROOT
