"""Writes docs/kernels.md: which op types are computed, for which dtypes, and by what.

    .venv/bin/python docs/make_kernels.py

What runs on the CPU is found out by running the small example that tests/ops has of each op, once for each dtype. What runs on
a GPU is asked of the CUDA kernels; that takes `numba-cuda`, so it is recorded in docs/cuda_kernels.json: run this with a Python
that has it (`make check-cuda` makes one) to record it anew. tests/kernels/test_inventory.py checks that the page is true.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import types
import unittest.mock
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.core.op_def import OpDef, registry
from teachtf.kernels import library
from teachtf.kernels import registry as kernels
from teachtf.kernels.fused import expression_of
from teachtf.kernels.update_rules import RULES
from teachtf.runtime.machine import _gpu_kernels

assert library  # its import declares every op
ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "kernels.md"
RECORD = ROOT / "docs" / "cuda_kernels.json"

GROUPS = {
    "floats": ["float16", "bfloat16", "float32", "float64"],
    "ints": ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
    "complex": ["complex64", "complex128"],
    "bool": ["bool"],
    "string": ["string"],
}
DTYPES = [name for names in GROUPS.values() for name in names]
SHORT = {"float": "f", "bfloat": "bf", "int": "i", "uint": "u", "complex": "c"}

# What a plan or the session does without a kernel's call, or what only a run of its own shows.
BY_THE_PLAN = {
    *("Const", "NoOp", "Placeholder", "VariableV2", "Variable", "ControlTrigger", "LoopCond"),
    *(f"{ref}{what}" for ref in ("", "Ref") for what in ("Enter", "Exit", "NextIteration", "Switch", "Merge")),
}


@cache
def samples() -> dict[str, Any]:
    """The small example of each op, from tests/ops."""
    path = ROOT / "tests" / "ops" / "conftest.py"
    spec = importlib.util.spec_from_file_location("op_samples", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["op_samples"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {sample.op_type: sample for sample in module.SAMPLES} | {
        op: module.Sample(op, inputs, attrs) for op, (inputs, attrs) in _updates().items()
    }


def _updates() -> dict[str, Any]:
    """Examples of the ops that change a variable, which tests/ops leaves to other tests; and longer bytes to decode."""
    rows, at, one = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0, 2], np.int32), np.array(0.5)
    found: dict[str, Any] = {"Assign": ((rows, rows), {}), "AssignAdd": ((rows, rows), {}), "AssignSub": ((rows, rows), {})}
    found["CountUpTo"] = ((np.array(1),), {"limit": 5})
    found["DecodeRaw"] = ((np.array(b"sixteen letters.", object),), {"out_type": tf.float32})
    for op in registry().values():
        names = [arg.name for arg in op.inputs]
        if op.name.startswith("ScatterNd") and op.inputs[0].is_ref:
            found[op.name] = ((rows, at.reshape(2, 1), rows[:2]), {})
        elif op.name.startswith("Scatter") and op.inputs[0].is_ref:
            found[op.name] = ((rows, at, rows[:2]), {})
        elif op.name.startswith(("Apply", "SparseApply")):
            grad = rows[:2] if op.name.startswith("Sparse") else rows
            given = {"grad": grad, "indices": at, "delta": rows, "global_step": np.array(1)}
            found[op.name] = (
                tuple([given.get(n, rows if a.is_ref else one) for n, a in zip(names, op.inputs, strict=True)]),
                {},
            )
    return found


def principal(definition: OpDef) -> str | None:
    """The attribute that is an op's dtype: `T`, or the type of its first output or input; None if that is fixed."""
    first = [arg.type_attr for arg in (*definition.outputs[:1], *definition.inputs[:1]) if arg.type_attr is not None]
    return "T" if "T" in first and "dtype" not in first else first[0] if first else None


def declared(definition: OpDef, attr: str) -> list[str]:
    """The dtypes that the op takes by its declaration, leaving out the quantised and opaque ones."""
    allowed = definition.attrs[attr].allowed
    return [name for name in DTYPES if allowed is None or tf.as_dtype(name) in allowed]


def node(sample: Any, attr: str | None, dtype: str | None) -> tuple[Any, list[Any]]:
    """The op of a sample with a dtype, and the arrays (and cells) that its kernel takes."""
    definition = registry()[sample.op_type]
    arrays: list[Any] = []

    def one(value: Any, arg: Any) -> Any:
        if isinstance(value, list):
            return [one(v, arg) for v in value]
        array = _as(value, dtype, sample) if arg.type_attr == attr and attr is not None else _as(value, None, sample)
        if arg.is_ref:
            variable = tf.Variable(array, trainable=False)
            cell = kernels.Cell(variable.op.name)
            cell.value = array
            arrays.append(cell)
            return variable._ref()
        arrays.append(array)
        return tf.constant(array, None if array.dtype == object else tf.as_dtype(array.dtype))

    inputs = [one(v, a) for v, a in zip(sample.inputs, definition.inputs, strict=True)]
    attrs = dict(sample.attrs)
    if attr is not None and attr in attrs:
        attrs[attr] = tf.as_dtype(dtype)
        if "value" in attrs:
            attrs["value"] = attrs["value"].astype(tf.as_dtype(dtype).as_numpy_dtype)
    elif attr is not None and all(arg.type_attr != attr for arg in definition.inputs):
        attrs[attr] = tf.as_dtype(dtype)
    if "Tout" in attrs and attr == "T":  # the parts of a complex number
        attrs["Tout"] = {"complex64": tf.float32, "complex128": tf.float64, "float32": tf.complex64}.get(dtype, attrs["Tout"])
    made = apply_op(sample.op_type, *inputs, **attrs)
    op = made if isinstance(made, tf.Operation) else (made[0] if isinstance(made, list | tuple) else made).op
    return op, arrays


def _as(value: Any, dtype: str | None, sample: Any) -> Any:
    """A sample's array with another dtype: fractions are spread over whole numbers."""
    if dtype is None:
        return value.astype(sample.float_type) if value.dtype == np.float64 else value
    if dtype == "string":
        return value if value.dtype == object else value.astype(str).astype(object)
    target = tf.as_dtype(dtype)
    if value.dtype.kind == "f" and target.is_integer:
        value = np.abs(value * 4 + 5)
    if value.dtype.kind == "c" and not target.is_complex:
        value = value.real
    return np.asarray(value > 0 if target == tf.bool and value.dtype != bool else value).astype(target.as_numpy_dtype)


def runs(op: Any, arrays: Iterable[Any]) -> bool:
    """Whether the CPU's kernel takes these arrays, and gives what the op promises."""
    with np.errstate(all="ignore"):
        values = kernels.build(op, kernels.State())(*arrays)
    values = values if isinstance(values, tuple) else (values,)
    kept = [(v, t) for v, t in zip(values, op.outputs, strict=False) if not isinstance(v, kernels.Cell)]
    return all(t.dtype == tf.string or np.asarray(v).dtype == t.dtype.as_numpy_dtype for v, t in kept)


def working(sample: Any, works: Callable[[Any, list[Any]], bool]) -> list[str] | None:
    """The dtypes for which `works(op, arrays)`; None for an op of one fixed type if it works at all, [] if it does not."""
    attr = principal(registry()[sample.op_type])
    found = []
    for dtype in declared(registry()[sample.op_type], attr) if attr is not None else [None]:
        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if works(*node(sample, attr, dtype)):
                    found.append(dtype)
            except Exception:
                continue  # that is the answer: not for this dtype
    return None if found == [None] else [name for name in found if name is not None]


# --- what serves -----------------------------------------------------------------------------------------------------

CPU_FILES = {p.stem for p in (ROOT / "teachtf" / "kernels" / "cpu").glob("*.py")} - {
    "__init__",
    "formula",
    "threads",
    "elementwise",
}


def compiled_files(function: Any, op_type: str, seen: set[Any] | None = None) -> set[str]:
    """The files of kernels/cpu that a function, or one of teachtf's that it calls for this op type, imports."""
    seen = set() if seen is None else seen
    if isinstance(function, type):
        methods = [f for f in vars(function).values() if isinstance(f, types.FunctionType)]
        return set().union(*(compiled_files(f, op_type, seen) for f in methods))
    function = getattr(function, "__wrapped__", function)
    if not isinstance(function, types.FunctionType) or function in seen:
        return set()
    seen.add(function)
    names = set(_names(function.__code__))
    result = {n.rpartition(".")[2] for n in names if n.startswith("teachtf.kernels.cpu.")}
    if names & {"teachtf.kernels.cpu", "served"}:  # `served` of kernels.prepared takes a file's name
        result |= names
    used = [function.__globals__.get(n) for n in names] + [c.cell_contents for c in function.__closure__ or ()]
    for table in [value for value in used if isinstance(value, dict)]:
        used += [value for key, value in table.items() if isinstance(key, str) and op_type.endswith(key)]
    for other in used:
        home = getattr(other, "__module__", None) or ""
        if home.startswith("teachtf.kernels") and not home.startswith("teachtf.kernels.cpu"):
            result |= compiled_files(other, op_type, seen)
    return result & CPU_FILES


def _names(code: Any) -> Iterator[str]:
    """The names, and the texts that may be names, in a function's code."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
        elif isinstance(constant, str) and constant.isidentifier():
            yield constant


def factory_of(op_type: str) -> Any:
    """What makes the CPU's kernel of an op type."""
    return kernels._factories.get(op_type) or kernels._stateful[op_type]


def serving(op_type: str) -> str:
    """What computes an op on the CPU."""
    if op_type in BY_THE_PLAN:
        return "the plan itself"
    if registry()[op_type].formula is not None or op_type in ("AddN", "BiasAdd"):
        op = node(samples()[op_type], *first_type(op_type))[0]
        return "compiled loop, fused" if expression_of(op) is not None else "compiled loop"
    if op_type.removeprefix("Apply") in RULES:
        return "compiled loop"
    files = told_file(op_type) or compiled_files(factory_of(op_type), op_type)
    return f"compiled: {', '.join(sorted(files))}" if files else "NumPy"


def told_file(op_type: str) -> set[str]:
    """The file of kernels/cpu whose code a kernel says that it waits for (`kernels.serving`); empty if it says nothing."""
    if op_type not in samples():
        return set()
    op, arrays = node(samples()[op_type], *first_type(op_type))
    code = getattr(kernels.build(op, kernels.State()), "code", None)
    key = None if code is None else code([((256, 256), np.dtype(np.float32))] * len(arrays))
    return {key[0]} & CPU_FILES if isinstance(key, tuple) and isinstance(key[0], str) else set()


def first_type(op_type: str) -> tuple[str | None, str | None]:
    attr = principal(registry()[op_type])
    if attr is None:
        return None, None
    names = declared(registry()[op_type], attr)
    return attr, "float32" if "float32" in names else names[0]


# --- the GPU ---------------------------------------------------------------------------------------------------------


def cuda_record() -> dict[str, Any] | None:
    """What the CUDA kernels say of each op type: the dtypes that they take, or the reason why the CPU computes it. None
    without numba-cuda."""
    if importlib.util.find_spec("numba_cuda") is None:
        return None
    os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")
    from teachtf.kernels.cuda import fallbacks, library
    from teachtf.kernels.cuda import registry as cuda

    assert library
    reasons = {op: reason for reason, ops in fallbacks.FALLBACKS.items() for op in ops}
    record: dict[str, Any] = {}
    for op_type in sorted(registry()):
        if op_type in cuda.registered():
            sample = samples().get(op_type)
            found = [] if sample is None else working(sample, lambda op, _: cuda.build(op, kernels.State()) is not None)
            record[op_type] = {"dtypes": found} if sample is not None else {"dtypes": "its own tests"}
        elif op_type in reasons:
            record[op_type] = {"falls back": reasons[op_type]}
    return record


def on_gpu(op_type: str, record: dict[str, Any]) -> str:
    """The cell of the table."""
    found = record.get(op_type)
    if op_type in BY_THE_PLAN:
        return "the plan itself"
    if found is None:
        return "TensorFlow has none" if op_type not in _gpu_kernels() else "none yet: the CPU"
    if "falls back" in found:
        return f"the CPU: {found['falls back']}"
    return "yes" if found["dtypes"] in (None, "its own tests") else listed(found["dtypes"])


# --- the page --------------------------------------------------------------------------------------------------------


def listed(names: Iterable[str]) -> str:
    """Dtypes in few letters: groups where all of one are there.

    >>> listed(["float32", "float64", "bool"]), listed(DTYPES)
    ('f32 f64 bool', 'floats ints complex bool string')
    """
    names, words = set(names), []
    for group, members in GROUPS.items():
        there = [m for m in members if m in names]
        if len(there) == len(members) and len(members) > 1:
            words.append(group)
        else:
            words += [f"{SHORT.get(m.rstrip('0123456789'), m)}{m.lstrip('abcdefghijklmnopqrstuvwxyz')}" for m in there]
    return " ".join(words)


def cpu_cells(op_type: str) -> tuple[str, str]:
    """The dtypes that run, and those that are declared and do not."""
    sample = samples().get(op_type)
    attr = principal(registry()[op_type])
    if sample is None or op_type in BY_THE_PLAN:
        return "all" if op_type in BY_THE_PLAN else "its own tests", ""
    found = working(sample, runs)
    if attr is None:
        return ("fixed" if found is None else "none"), ""
    names = found or []
    return listed(names), listed(n for n in declared(registry()[op_type], attr) if n not in names)


def page(record: dict[str, Any]) -> str:
    """The text of docs/kernels.md. No compiler is waited for: NumPy takes the dtypes that compiled code takes."""
    with unittest.mock.patch.dict(os.environ, TEACHTF_COMPILER="off"):
        return _page(record)


def _page(record: dict[str, Any]) -> str:
    families: dict[str, dict[tuple[str, ...], list[str]]] = defaultdict(lambda: defaultdict(list))
    counts = defaultdict(int)
    for op_type in sorted(registry()):
        _, _, family = factory_of(op_type).__module__.rpartition(".")
        family = "checkpoint" if family == "kernels" else family
        with tf.Graph().as_default():
            row = (*cpu_cells(op_type), serving(op_type), on_gpu(op_type, record))
        families[family][row].append(op_type)
        counts[row[3].partition(":")[0] if row[3].startswith(("the ", "none", "TensorFlow")) else "kernel"] += 1
    lines = [*HEAD, *_summary(counts)]
    for family, rows in sorted(families.items()):
        lines += [f"## {family.replace('_', ' ')}", "", "| ops | CPU | not | by | CUDA |", "|---|---|---|---|---|"]
        ordered = sorted(rows.items(), key=lambda item: (-len(item[1]), item[1]))
        lines += [f"| {' '.join(ops)} | {' | '.join(row)} |" for row, ops in ordered]
        lines.append("")
    return "\n".join(lines)


HEAD = """# The kernels: op x device x dtype

Written by `docs/make_kernels.py`, which runs a small example of each op for each dtype; a test checks that it is true.

- **CPU**: the dtypes that run: `floats` are f16 bf16 f32 f64, `ints` are i8 i16 i32 i64 u8 u16 u32 u64, `complex` is c64 c128.
  They are those of the attribute `T`, or else of the first output or input. `fixed`: the op has one type. `its own tests`: an
  op that needs a loop, a file, a feed or a session round it; the tests of these run it.
- **not**: dtypes that the declaration, which is TensorFlow's, allows and that do not run here. Often TensorFlow has no kernel
  either.
- **by**: what computes large arrays. `compiled loop`: the formula of the declaration, compiled for f32 and f64; `fused`: in one
  loop with its neighbours. `compiled`: a file of `teachtf/kernels/cpu/`. Small arrays, and all while the compiler works, go to
  NumPy.
- **CUDA**: the dtypes that a CUDA kernel takes; or why the CPU computes it, and the plan carries the values.
  `TensorFlow has none`: the op is on the CPU there too, and here `tf.device("/gpu:0")` needs soft placement, as there.
""".splitlines()


def _summary(counts: dict[str, int]) -> list[str]:
    total = sum(counts.values())
    told = {
        "kernel": "have a CUDA kernel",
        "the plan itself": "need none, as the plan does their work",
        "the CPU": "are left to the CPU for the reason given",
        "none yet": "wait for a CUDA kernel",
        "TensorFlow has none": "have no GPU kernel in TensorFlow",
    }
    parts = [f"{counts[key]} {text}" for key, text in told.items() if counts.get(key)]
    return ["", f"{total} op types, all with a CPU kernel: {', '.join(parts)}.", ""]


if __name__ == "__main__":
    recorded = cuda_record()
    if recorded is not None:
        RECORD.write_text(json.dumps(recorded, indent=0) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(RECORD.read_text(encoding="utf-8"))), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
