"""The same small programs under real TensorFlow and under teachtf, and what both must agree on.

A program is a plain function of the module `tf`; it returns *facts*, anything JSON can hold, made with the helpers below: the
graph it built (`describe_graph`), values of a run, collections, errors. `record.py` keeps the facts of real TensorFlow in
`golden/`; `test_programs.py` compares teachtf's with them.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
MODULES = sorted(p.stem for p in HERE.glob("programs_*.py"))
WHOLE = 32  # arrays of up to so many elements are kept whole; of larger ones, a head and two sums
RTOL = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-5, "float64": 1e-9, "complex64": 2e-5, "complex128": 1e-9}

Program = Callable[[Any], Any]
STATUS = ["FailedPrecondition", "InvalidArgument", "NotFound", "OutOfRange", "Unimplemented", "Internal", "DataLoss", "Aborted"]


class Programs(dict[str, Program]):
    """The programs of one file, by name; used as a decorator."""

    def __call__(self, program: Program) -> Program:
        self.add(program.__name__, program)
        return program

    def add(self, name: str, program: Program) -> None:
        assert name not in self, name
        self[name] = program


def load(module: str) -> Programs:
    return importlib.import_module(module).programs


def run(tf: Any, program: Program) -> Any:
    """The facts of `program`, run in an empty graph, in the form in which JSON gives them back."""
    if hasattr(tf, "reset_default_graph"):
        tf.reset_default_graph()
    with tf.Graph().as_default():
        return json.loads(json.dumps(fact(tf, program(tf))))


def read_golden(module: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{module}.json").read_text(encoding="utf-8"))


def write_json(path: Path, facts: Any) -> None:
    """One line for what is short, one line an item for what is not: small files whose differences can be read."""
    path.write_text(_dump(facts, 0) + "\n", encoding="utf-8")


def _dump(facts: Any, depth: int) -> str:
    text = json.dumps(facts, ensure_ascii=False)
    if not isinstance(facts, (dict, list)) or (depth > 1 and len(text) < 120) or not facts:
        return text
    pad = " " * (depth + 1)
    if isinstance(facts, dict):
        items = [f"{pad}{json.dumps(k)}: {_dump(v, depth + 1)}" for k, v in facts.items()]
        return "{\n" + ",\n".join(items) + "\n" + " " * depth + "}"
    return "[\n" + ",\n".join(pad + _dump(v, depth + 1) for v in facts) + "\n" + " " * depth + "]"


# --- facts -----------------------------------------------------------------------------------------------------------


def fact(tf: Any, value: Any) -> Any:
    """`value` as JSON: arrays with dtype and shape, operations, tensors and variables by name."""
    if isinstance(value, (np.ndarray, np.generic)):
        return array_fact(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {str(k): fact(tf, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [fact(tf, v) for v in value]
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, tf.TensorShape):
        return shape_text(value)
    if isinstance(getattr(value, "name", None), str):
        return value.name
    raise TypeError(f"a program gave {value!r}, of which no fact can be made")


def _number(value: float, digits: int = 8) -> Any:
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    return float(f"{value:.{digits}g}")


def _numbers(flat: np.ndarray) -> list[Any]:
    if flat.dtype == object:
        return [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else str(v) for v in flat.tolist()]
    if flat.dtype.kind in "biu":
        return flat.tolist()
    if flat.dtype.kind == "c":
        return [[_number(v.real), _number(v.imag)] for v in flat.tolist()]
    return [_number(v, 15 if flat.dtype == np.float64 else 8) for v in flat.astype(np.float64).tolist()]


def array_fact(value: Any) -> Any:
    array = np.asarray(value)
    flat = array.reshape(-1)
    facts = {"dtype": str(array.dtype), "shape": list(array.shape)}
    if flat.size <= WHOLE or flat.dtype == object:
        return facts | {"values": _numbers(flat)}
    wide = flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64)
    return facts | {"head": _numbers(flat[:12]), "sums": _numbers(np.array([wide.sum(), np.abs(wide).sum()]))}


def shape_text(shape: Any) -> str:
    if shape.ndims is None:
        return "[...]"
    return "[" + ",".join("?" if d is None else str(d) for d in shape.as_list()) + "]"


def static(*tensors: Any) -> list[str]:
    """What is known of tensors before a run: `float32[2,?]`."""
    return [t.dtype.name + shape_text(t.shape) for t in tensors]


def describe_graph(tf: Any, graph: Any = None) -> list[str]:
    """Each operation of a graph in order, a line each: name, type, inputs, outputs, device, attributes."""
    return _without_strays([(op, describe_op(tf, op)) for op in (graph or tf.get_default_graph()).get_operations()])


def _without_strays(lines: list[tuple[Any, str]]) -> list[str]:
    """TensorFlow 2 tries an empty list as floats before it makes integers of it, and leaves that first try unused."""
    names = {op.name for op, _ in lines}
    strays = [
        op.name
        for op, _ in lines
        if op.type == "Const"
        and f"{op.name}_1" in names
        and op.outputs[0].dtype.name == "float32"
        and op.outputs[0].shape.as_list() == [0]
        and not op.outputs[0].consumers()
    ]
    kept = [line for op, line in lines if op.name not in strays]
    for name in strays:
        kept = [line.replace(f"{name}_1", name) for line in kept]
    return kept


def describe_op(tf: Any, op: Any) -> str:
    node = op.node_def
    inputs = [i.removesuffix(":0") for i in node.input if not i.startswith("^")]
    inputs += sorted(i for i in node.input if i.startswith("^"))
    attrs = [f"{k}={_attr(tf, node.attr[k])}" for k in sorted(node.attr) if k == "_class" or not k.startswith("_")]
    text = f"{op.name} = {op.type}({', '.join(inputs)}) -> {', '.join(static(*op.outputs))}"
    device = f" @ {op.device}" if op.device else ""
    return text + device + (f" | {' '.join(attrs)}" if attrs else "")


def op_names(tf: Any, graph: Any = None) -> list[str]:
    """Names and types alone."""
    return _without_strays([(op, f"{op.name} = {op.type}") for op in (graph or tf.get_default_graph()).get_operations()])


def _attr(tf: Any, attr: Any) -> str:
    kind = attr.WhichOneof("value")
    if kind == "list":
        for field in ("s", "i", "f", "b", "type", "shape"):
            items = getattr(attr.list, field)
            if len(items):
                return "[" + ",".join(_attr_value(tf, field, i) for i in items) + "]"
        return "[]"
    return "none" if kind is None else _attr_value(tf, kind, getattr(attr, kind))


def _attr_value(tf: Any, kind: str, value: Any) -> str:
    if kind == "type":
        return tf.as_dtype(value).name
    if kind == "s":
        return repr(value.decode("utf-8", "backslashreplace"))
    if kind == "f":
        return f"{value:.6g}"
    if kind == "shape":
        return "[...]" if value.unknown_rank else "[" + ",".join("?" if d.size < 0 else str(d.size) for d in value.dim) + "]"
    if kind == "tensor":
        return _tensor_value(tf, value)
    if kind == "func":
        return value.name
    return str(value)


def _tensor_value(tf: Any, proto: Any) -> str:
    array = np.asarray(tf.make_ndarray(proto))
    shape = "[" + ",".join(map(str, array.shape)) + "]"
    flat = array.reshape(-1)
    if flat.size > 8:
        return f"{shape}{{{flat.size} values}}"
    if flat.dtype == object:
        return shape + "{" + ",".join(_numbers(flat)) + "}"
    if flat.dtype.kind in "biu":
        return shape + "{" + ",".join(map(str, flat.tolist())) + "}"
    digits = "{:.6g}".format
    return shape + "{" + ",".join(digits(v) for v in flat.astype(complex if flat.dtype.kind == "c" else float).tolist()) + "}"


def collections(tf: Any, graph: Any = None) -> dict[str, Any]:
    """Every collection of a graph: the names of what is in it."""
    graph = graph or tf.get_default_graph()
    keys = sorted(k for k in graph.get_all_collection_keys() if isinstance(k, str) and not k.startswith("__"))
    return {k: [_item(tf, i) for i in graph.get_collection(k)] for k in keys}


def _item(tf: Any, item: Any) -> Any:
    name = getattr(item, "name", None)
    if isinstance(name, str):
        return name
    return item if isinstance(item, (str, int, float)) else type(item).__name__


def error(tf: Any, call: Callable[[], Any], *parts: str) -> dict[str, Any]:
    """The class of the error that `call` raises, and which of `parts` its message holds."""
    try:
        call()
    except Exception as raised:
        known = [c for c in type(raised).__mro__ if c.__module__ == "builtins" or c.__name__.removesuffix("Error") in STATUS]
        return {"class": known[0].__name__, "says": {part: part in str(raised) for part in parts}}
    return {"class": None}


# --- comparing -------------------------------------------------------------------------------------------------------


def differences(expected: Any, got: Any, path: str = "") -> list[str]:
    """Where two facts differ, a line each; numbers agree to rounding of their dtype."""
    if isinstance(expected, dict) and isinstance(got, dict):
        if "dtype" in expected and ("values" in expected or "head" in expected):
            return _array_differences(expected, got, path)
        lines = []
        for key in [*expected, *(k for k in got if k not in expected)]:
            here = f"{path}/{key}"
            if key not in got:
                lines.append(f"{here}: missing, expected {expected[key]!r}")
            elif key not in expected:
                lines.append(f"{here}: not expected, got {got[key]!r}")
            else:
                lines += differences(expected[key], got[key], here)
        return lines
    if isinstance(expected, list) and isinstance(got, list):
        if expected and isinstance(expected[0], str) and " = " in expected[0]:
            return _graph_differences(expected, got, path)
        if len(expected) != len(got):
            return [f"{path}: {len(expected)} items expected, got {len(got)}:\n    {expected!r}\n    {got!r}"]
        return [line for i, (a, b) in enumerate(zip(expected, got, strict=True)) for line in differences(a, b, f"{path}/{i}")]
    if isinstance(expected, float) and isinstance(got, (int, float)) and not isinstance(got, bool):
        same = math.isclose(expected, got, rel_tol=2e-5, abs_tol=1e-7)
        return [] if same else [f"{path}: expected {expected!r}, got {got!r}"]
    return [] if expected == got and type(expected) is type(got) else [f"{path}: expected {expected!r}, got {got!r}"]


def _array_differences(expected: dict[str, Any], got: dict[str, Any], path: str) -> list[str]:
    for key in ("dtype", "shape"):
        if expected[key] != got.get(key):
            return [f"{path}: {key} {expected[key]} expected, got {got.get(key)}"]
    rtol = RTOL.get(expected["dtype"])
    lines = []
    for key in ("values", "head", "sums"):
        if key not in expected:
            continue
        a, b = expected[key], got[key]
        if rtol is None:
            if a != b:
                lines.append(f"{path}: {key} expected {a}, got {b}")
            continue
        x, y = np.array(a, dtype=np.float64), np.array(b, dtype=np.float64)
        largest = np.max(np.abs(x[np.isfinite(x)]), initial=0.0)
        if not np.allclose(x, y, rtol=rtol, atol=rtol * (largest + 0.05), equal_nan=True):
            lines.append(f"{path}: {key} expected {a}, got {b}")
    return lines


def _graph_differences(expected: list[str], got: list[str], path: str) -> list[str]:
    def name(line: str) -> str:
        return line.partition(" = ")[0]

    a, b = {name(line): line for line in expected}, {name(line): line for line in got}
    lines = []
    for key in [*a, *(k for k in b if k not in a)]:
        if key not in b:
            lines.append(f"{path}: missing op {a[key]}")
        elif key not in a:
            lines.append(f"{path}: op not expected {b[key]}")
        elif a[key] != b[key]:
            lines.append(f"{path}: expected {a[key]}\n{' ' * len(path)}       got {b[key]}")
    if not lines and list(a) != list(b):
        i = next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
        lines.append(f"{path}: order differs from op {i}: expected {list(a)[i : i + 6]}, got {list(b)[i : i + 6]}")
    return lines
