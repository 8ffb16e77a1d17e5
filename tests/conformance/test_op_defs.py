"""Each declaration reads as TensorFlow's own op definition: inputs, outputs, attributes, defaults, allowed values."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
from pathlib import Path

import harness
import numpy as np
import pytest

import teachtf.ops
from teachtf.core import op_def
from teachtf.core.dtypes import DType
from teachtf.core.shapes import TensorShape

ORACLE = os.environ.get("TEACHTF_ORACLE")
OWN: dict[str, str] = {}  # ops that TensorFlow does not have: name -> why
KNOWN = json.loads((harness.GOLDEN / "op_defs.json").read_text(encoding="utf-8"))

for _module in pkgutil.iter_modules(teachtf.ops.__path__):
    importlib.import_module(f"teachtf.ops.{_module.name}")
DECLARED = op_def.registry()


def dtype_name(dtype: DType) -> str:
    return {"float16": "half", "float32": "float", "float64": "double"}.get(dtype.base_dtype.name, dtype.base_dtype.name)


def arg_text(arg: op_def.Arg) -> str:
    text = arg.type_list_attr or arg.type_attr or dtype_name(arg.dtype)
    if arg.number_attr:
        text = f"{arg.number_attr} * {text}"
    return f"{arg.name}: {f'Ref({text})' if arg.is_ref else text}"


def plain(value):
    if isinstance(value, DType):
        return dtype_name(value)
    if isinstance(value, TensorShape):
        return "unknown" if value.ndims is None else [-1 if d is None else d for d in value.as_list()]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        dims = "".join(f"  dim {{\n    size: {d}\n  }}\n" for d in value.shape)
        values = "".join(f"int_val: {v}\n" for v in value.ravel())
        return f"dtype: DT_{value.dtype.name.upper()}\ntensor_shape {{\n{dims}}}\n{values}"
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def attr_facts(attr: op_def.Attr):
    facts = {"type": attr.kind}
    if attr.default is not op_def.REQUIRED:
        facts["default"] = plain(attr.default)
    if attr.allowed is not None:
        facts["allowed"] = plain(attr.allowed)
    if attr.minimum is not None:
        facts["minimum"] = attr.minimum
    return facts


def described(definition: op_def.OpDef):
    facts = {
        "inputs": [arg_text(a) for a in definition.inputs],
        "outputs": [arg_text(a) for a in definition.outputs],
        "attrs": {name: attr_facts(a) for name, a in definition.attrs.items()},
    }
    facts |= {flag: True for flag in ("is_stateful", "is_commutative") if getattr(definition, flag)}
    return facts


def in_any_order(facts):
    """Attributes are named, and allowed values are a set: only inputs and outputs have an order."""
    attrs = {k: {**v, "allowed": sorted(set(v["allowed"]))} if "allowed" in v else v for k, v in sorted(facts["attrs"].items())}
    return {**facts, "attrs": attrs}


def test_registry_is_not_empty():
    assert len(DECLARED) > 100


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_declared_as_in_tensorflow(name):
    if name in OWN:
        assert name not in KNOWN
        return
    assert name in KNOWN, f"{name} stands in no golden file: add it to COMMON in record_op_defs.py and run record.py op_defs"
    assert harness.differences(in_any_order(KNOWN[name]), in_any_order(described(DECLARED[name]))) == []


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
def test_golden_op_defs_are_what_tensorflow_says_today(tmp_path):
    script = Path(__file__).with_name("record.py")
    done = subprocess.run([ORACLE, script, "--out", tmp_path, "op_defs"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "op_defs.json").read_text(encoding="utf-8")) == KNOWN
