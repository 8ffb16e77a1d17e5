"""`teachtf warm`: fill the compile cache, so that no later run waits for the compiler."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator

import numpy as np

from teachtf.core.op_def import registry
from teachtf.kernels import library

assert library  # its import declares every op

# How the inputs of a formula spread over the result: as large, one element, or one row (see `cpu.elementwise`).
_SPREADS = {1: ("f",), 2: ("ff", "f1", "1f", "fr")}
_ONE_ELEMENT, _ROW, _FULL = np.ones(1, np.float32), np.ones(3, np.float32), np.ones((2, 3), np.float32)
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


def _products() -> Iterator[tuple[str, Callable[[], object]]]:
    from teachtf.kernels.cpu import conv, gemm, optimizers, philox, pooling

    for dtype in (np.float32, np.float64):
        a = np.ones((64, 64), dtype)
        yield f"matmul {a.dtype}", lambda a=a: gemm.matmul(a, a, True, True)  # type: ignore[misc]
        weights = np.ones(2048, dtype)
        yield (
            f"adam {a.dtype}",
            lambda w=weights: optimizers.adam(w, w, w, w, 0.1, 0.9, 0.999, 1e-8),  # type: ignore[misc]
        )
    image, kernel = np.ones((1, 16, 16, 8), np.float32), np.ones((3, 3, 8, 8), np.float32)
    pad, one = ((1, 1), (1, 1)), (1, 1)
    yield "conv2d", lambda: conv.conv2d(image, kernel, one, pad, one)
    yield "winograd", lambda: importlib.import_module("teachtf.kernels.cpu.winograd")
    yield "conv2d back to the input", lambda: conv.conv2d_backprop_input(image.shape, kernel, image, one, pad, one)
    yield "conv2d back to the filter", lambda: conv.conv2d_backprop_filter(image, kernel.shape, image, one, pad, one)
    window, half, none = (2, 2), image[:, ::2, ::2], ((0, 0), (0, 0))
    yield "max_pool", lambda: pooling.max_pool(image, window, window, none)
    yield (
        "max_pool back",
        lambda: pooling.max_pool_grad(image, np.ascontiguousarray(half), np.ascontiguousarray(half), window, window, none),
    )
    yield "avg_pool", lambda: pooling.avg_pool(image, window, window, none)
    yield "avg_pool back", lambda: pooling.avg_pool_grad(image.shape, np.ascontiguousarray(half), window, window, none)
    for method in ("uniform", "normal", "truncated_normal"):
        yield method, lambda method=method: getattr(philox.Generator(1, 2), method)((64,), np.float32)  # type: ignore[misc]


def warm(report: Callable[[str], object] = print) -> int:
    """Compile the kernels that lessons and common programs use; gives the number of them.

    Args:
      report: called with a line of text for each kernel that took noticeable time, and with a summary.
    """
    start, count = time.perf_counter(), 0
    for part in (_products, _formulas):
        for name, run in part():
            before = time.perf_counter()
            run()
            count += 1
            seconds = time.perf_counter() - before
            if seconds > 0.5:
                report(f"{name}: {seconds:.1f} s")
    report(f"{count} kernels are ready after {time.perf_counter() - start:.1f} s")
    return count
