"""The golden checkpoints that real TensorFlow wrote, and the values it was given."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of TensorFlow's files."""
    return Path(__file__).with_name("golden")


@pytest.fixture(scope="session")
def recorded() -> ModuleType:
    """The recording script, which has the values in the files."""
    path = Path(__file__).parents[1] / "conformance" / "record_checkpoints.py"
    spec = importlib.util.spec_from_file_location("record_checkpoints", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
