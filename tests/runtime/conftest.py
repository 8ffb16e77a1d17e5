from __future__ import annotations

from collections.abc import Iterator

import pytest

import teachtf as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    """An empty graph for each test."""
    with tf.Graph().as_default() as made:
        yield made
