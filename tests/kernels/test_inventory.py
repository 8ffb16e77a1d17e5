"""The page of kernels in the docs is what the kernels are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

import teachtf as tf
from teachtf.kernels import registry as kernels
from teachtf.runtime.inspection.code import SILENT


@pytest.fixture(scope="module")
def make_kernels() -> Any:
    path = Path(__file__).resolve().parents[2] / "docs" / "make_kernels.py"
    spec = importlib.util.spec_from_file_location("make_kernels", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
def test_the_page_is_true(make_kernels: Any) -> None:
    record = json.loads(make_kernels.RECORD.read_text(encoding="utf-8"))
    assert make_kernels.PAGE.read_text(encoding="utf-8") == make_kernels.page(record), (
        "write it again: .venv/bin/python docs/make_kernels.py"
    )


@pytest.mark.filterwarnings("ignore")
def test_plans_know_what_compiled_code_serves(make_kernels: Any) -> None:
    """A kernel with compiled code either tells its state by itself (`kernels.serving`) or is in the table of `explain`."""
    silent = set()
    for op_type in make_kernels.registry():
        files = make_kernels.compiled_files(make_kernels.factory_of(op_type), op_type)
        if op_type not in make_kernels.samples() or not files:
            continue
        with tf.Graph().as_default():
            op, _ = make_kernels.node(make_kernels.samples()[op_type], *make_kernels.first_type(op_type))
            if not hasattr(kernels.build(op, kernels.State()), "code"):
                silent.add(op_type)
    assert silent == SILENT
