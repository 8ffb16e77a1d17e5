"""What every test and doctest starts from. It stands here and not in `tests/` so that it serves the doctests in
`teachtf/` as well."""

from __future__ import annotations

from pathlib import Path

import pytest

import teachtf as tf


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
    return Path(__file__).resolve().parent
