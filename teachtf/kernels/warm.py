"""`teachtf warm`: fill the compile cache, so that no later run waits for the compiler."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np

from teachtf.core.op_def import registry
from teachtf.kernels import library, prepared, update_rules

assert library  # its import declares every op

# How the inputs of a formula spread over the result: as large, one element, or one row (see `cpu.elementwise`).
_SPREADS = {1: ("f",), 2: ("ff", "f1", "1f", "fr")}
_ONE_ELEMENT, _ROW, _FULL = np.ones(1, np.float32), np.ones(3, np.float32), np.ones((2, 3), np.float32)
_DEFAULTS = {"use_nesterov": False, "update_slots": True}
_OPERANDS = {"f": _FULL, "1": _ONE_ELEMENT, "r": _ROW}


def _formulas() -> Iterator[tuple[str, Callable[[], object]]]:
    from teachtf.kernels.cpu.elementwise import compile_formula

    for op_def in registry().values():
        formula = op_def.formula
        if formula is None or "alpha" in op_def.attrs or op_def.name.startswith(("Logical", "Truncate")):
            continue
        names = tuple(arg.name for arg in op_def.inputs)
        same_shape = len(names) == 2 and op_def.name.endswith("Grad")
        for spread in ("ff",) if same_shape else _SPREADS[len(names)]:
            operands = [_OPERANDS[kind] for kind in spread]
            call = compile_formula(formula, names)
            yield f"{op_def.name} {spread}", lambda call=call, operands=operands: call(*operands)  # type: ignore[misc]


def _steps() -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps of the optimizers that most programs use."""
    from teachtf.kernels.cpu.elementwise import Formula

    for name in ("GradientDescent", "Momentum", "Adagrad", "Adam", "RMSProp"):
        node = SimpleNamespace(type=f"Apply{name}", _op_def=registry()[f"Apply{name}"], _attrs=_DEFAULTS)
        rule = update_rules.rule_of(node)
        count = len(rule.outputs)
        arrays = {"grad", *rule.inputs[:count]}
        shapes = [_FULL.shape if name in arrays else () for name in rule.inputs]
        dtypes = [_FULL.dtype] * len(shapes)
        yield node.type, lambda r=rule, s=shapes, d=dtypes, n=count: Formula(r).bind(s, d, n)  # type: ignore[misc]


def _modules() -> Iterator[tuple[str, Callable[[], object]]]:
    from teachtf.kernels.cpu import softmax

    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        for name in softmax.__all__:
            if name != "prepare":
                yield f"{name} {dtype}", lambda n=name, d=dtype: softmax.prepare(n, d)  # type: ignore[misc]
    yield "winograd", lambda: importlib.import_module("teachtf.kernels.cpu.winograd")


def warm(report: Callable[[str], object] = print) -> int:
    """Compile the kernels that lessons and common programs use; gives the number of them.

    Args:
      report: called with a line of text for each kernel that took noticeable time, and with a summary.
    """
    start, count = time.perf_counter(), 0
    for part in (prepared.steps, _modules, _steps, _formulas):
        for name, run in part():
            before = time.perf_counter()
            run()
            count += 1
            seconds = time.perf_counter() - before
            if seconds > 0.5:
                report(f"{name}: {seconds:.1f} s")
    report(f"{count} kernels are ready after {time.perf_counter() - start:.1f} s")
    return count
