"""The table of what GPUs compute is TensorFlow's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from teachtf.core.op_def import registry
from teachtf.runtime import machine

ORACLE = os.environ.get("TEACHTF_ORACLE")


def test_every_row_can_be_read() -> None:
    table = machine._gpu_kernels()
    assert table["MatMul"]["T"] >= {"float16", "float32", "float64"} and "int32" not in table["VariableV2"]["dtype"]
    assert table["NoOp"] == {} and "SaveV2" not in table
    for op_type, allowed in table.items():
        if op_type in registry():
            assert set(allowed) <= set(registry()[op_type].attrs), op_type


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
def test_the_table_is_what_tensorflow_says_today(tmp_path: Path) -> None:
    code = f"import record_gpu_kernels as r; r.main({str(tmp_path / 'table.txt')!r})"
    assert ORACLE is not None
    subprocess.run([ORACLE, "-c", code], cwd=Path(__file__).parent, check=True, capture_output=True)
    today = (tmp_path / "table.txt").read_text(encoding="utf-8")
    if " Conv2D " not in today:
        pytest.skip("this TensorFlow was built without GPU kernels")
    assert today == Path(machine.__file__).with_name("gpu_kernels.txt").read_text(encoding="utf-8")
