"""Kernels of formulas, the CPU's own: one pass over memory, a thread an element, whatever a formula's length.

A formula becomes a small Python file in the compile cache, one for each choice of dtypes and of how its inputs lie.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from teachtf.core.op_def import registry as op_defs
from teachtf.kernels.cpu.elementwise import module_file
from teachtf.kernels.cpu.formula import Statements, Writer, names_in
from teachtf.kernels.cuda import ufuncs
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.jit import cached, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import index_type, of_shape
from teachtf.kernels.elementwise import formula_of
from teachtf.kernels.registry import Call

__all__ = ["DIVISIONS", "Broadcast", "Elementwise", "broadcast_of", "call_of", "function_of", "write_kernel"]

assert ufuncs  # NumPy's functions that Numba's CUDA lacks

_KEPT = 256  # choices of shapes a formula whose launches are remembered

# --- how inputs lie --------------------------------------------------------------------------------------------------


class Broadcast(NamedTuple):
    """How inputs lie along a loop over `shape`.

    `kinds` has a letter for each: those of `cpu.formula.Spread` ("f" an array as long as the outputs, "1" one element, "r" a
    row of `width` that repeats, "c" a column with an element for each row), and "g" for any other. Those are stepped through
    along axes of `sizes`; `steps` has what each steps by along each.
    """

    shape: tuple[int, ...]
    kinds: str
    width: int
    sizes: tuple[int, ...]
    steps: tuple[int, ...]


@functools.lru_cache(1024)
def broadcast_of(shapes: tuple[tuple[int, ...], ...]) -> Broadcast:
    """How inputs of these shapes lie.

    Raises:
      ValueError: they cannot be broadcast.
    """
    whole = np.broadcast_shapes(*shapes)
    chosen = [_kind(shape, whole) for shape in shapes]
    width = next((w for _, w in chosen if w), 0)
    kinds = "".join(kind if w in (0, width) else "g" for kind, w in chosen)
    general = [np.broadcast_to(of_shape(s), whole).strides for s, kind in zip(shapes, kinds, strict=True) if kind == "g"]
    axes: list[tuple[int, ...]] = []  # (size, the step of each), as few as there can be
    for size, *steps in zip(whole, *general, strict=True) if general else ():
        if axes and all(before == step * size for before, step in zip(axes[-1][1:], steps, strict=True)):
            axes[-1] = (axes[-1][0] * size, *steps)
        elif size != 1:
            axes.append((size, *steps))
    sizes, stepped = tuple(a[0] for a in axes), tuple(a[k] for k in range(1, len(general) + 1) for a in axes)
    return Broadcast(whole, kinds, width, sizes, stepped)


def _kind(shape: tuple[int, ...], whole: tuple[int, ...]) -> tuple[str, int]:
    """How one input lies, and the width of the rows if there are rows."""
    if math.prod(shape) == math.prod(whole):
        return "f", 0  # but for axes of one element they are the same
    if math.prod(shape) == 1:
        return "1", 0
    full = (1,) * (len(whole) - len(shape)) + shape
    same = [own == size for own, size in zip(full, whole, strict=True)]
    first, last = same.index(False), len(same) - same[::-1].index(False)
    if math.prod(full[:last]) == 1:
        return "r", math.prod(whole[last:])
    return ("c", math.prod(whole[first:])) if math.prod(full[first:]) == 1 else ("g", 0)


# --- the text of a kernel --------------------------------------------------------------------------------------------

_READS = {"f": "i", "1": "0", "r": "column", "c": "row", "g": "{}_at"}
_MODULE = '''\
"""{formula}"""
import numpy as np
from numba import cuda

{names}
{constants}


def kernel({arguments}):
    i = cuda.grid(1)
    if i < count:
{body}
'''


def write_kernel(
    formula: Statements,
    dtypes: Sequence[np.dtype],
    kinds: str,
    rank: int = 0,
    index: str = "uint32",
    divisor: str = "",
    as_written: bool = False,
) -> tuple[str, list[np.dtype]]:
    """The text of a module with a function `kernel`, and the dtypes of the outputs that its formula gives.

    The kernel takes the outputs, the inputs, a flag if there is a `divisor`, `sizes` and `steps` if an input is general, the
    rows' `width` if there are rows or columns, and the count of elements.

    Args:
      kinds: how the inputs lie (`Broadcast`), with `rank` sizes.
      index: the type to take places apart in.
      divisor: the input that must not be zero anywhere; where it is, the kernel raises the flag.
      as_written: whether the expressions are the kernel's own Python; they convert numbers themselves.
    """
    writer = Writer({n: n for n in formula.inputs}, dict(zip(formula.inputs, dtypes, strict=True)))
    arguments = [*(f"{n}_out" for n in formula.outputs), *(f"{n}_in" for n in formula.inputs)]
    general = [n for n, kind in zip(formula.inputs, kinds, strict=True) if kind == "g"]
    lines = []
    if divisor:
        arguments.append("flag")
    if general:
        arguments += ["sizes", "steps"]
        lines += [f"{' = '.join(f'{n}_at' for n in general)} = np.int64(0)", f"rest = np.{index}(i)"]
        for axis in range(rank - 1, -1, -1):
            if axis:
                lines += [f"whole = np.{index}(rest // sizes[{axis}])", f"place = np.int64(rest - whole * sizes[{axis}])"]
                lines.append("rest = whole")
            else:
                lines.append("place = np.int64(rest)")
            lines += [f"{n}_at += place * steps[{k * rank + axis}]" for k, n in enumerate(general)]
    if "r" in kinds or "c" in kinds:
        arguments.append("width")
        lines += [f"row = np.{index}(np.{index}(i) // width)", f"column = np.{index}(i) - row * width"]
    arguments.append("count")
    lines += [f"{n} = {n}_in[{_READS[kind].format(n)}]" for n, kind in zip(formula.inputs, kinds, strict=True)]
    if divisor:
        lines += [f"if {divisor} == 0:", "    flag[0] = 1"]
    for name, expression in formula.steps:
        text, dtype = (expression, None) if as_written else writer.write(ast.parse(expression, mode="eval").body)
        writer.reads[name], writer.dtypes[name] = f"{name}_", dtype or dtypes[0]
        lines.append(f"{name}_ = {text}")
    lines += [f"{name}_out[i] = {writer.reads[name]}" for name in formula.outputs]
    text = _MODULE.format(
        formula="; ".join(expression for _, expression in formula.steps),
        names=f"from teachtf.kernels.scalar import {', '.join(sorted(writer.names))}" if writer.names else "",
        constants="\n".join(f"{name} = {value}" for value, name in writer.constants.items()),
        arguments=", ".join(arguments),
        body="\n".join(f"        {line}" for line in lines),
    )
    return text, [writer.dtypes[name] for name in formula.outputs]


@functools.cache
def _kernel(
    formula: Statements, dtypes: tuple[np.dtype, ...], kinds: str, rank: int, index: str, divisor: str, as_written: bool
) -> tuple[Any, list[np.dtype]]:
    text, results = write_kernel(formula, dtypes, kinds, rank, index, divisor, as_written)
    return cached(function_of(text)), results


def function_of(text: str) -> Any:
    """The function `kernel` of a module with this text, which is kept as a file: tracebacks show it, and its code is cached."""
    name = f"teachtf_cuda_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    spec = importlib.util.spec_from_file_location(name, module_file(text, name))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where Numba looks a cached function's module up
    spec.loader.exec_module(module)
    return module.kernel


@functools.lru_cache(1024)
def _fills(formula: Statements, shapes: tuple[tuple[int, ...], ...]) -> bool:
    known = dict(zip(formula.inputs, shapes, strict=True))
    try:
        whole = np.broadcast_shapes(*shapes)
        for name, expression in formula.steps:
            known[name] = np.broadcast_shapes(*(known[n] for n in names_in(expression) if n in known))
    except ValueError:
        return False
    return all(known[name] == whole for name in formula.outputs)


# --- calls -----------------------------------------------------------------------------------------------------------


class Elementwise:
    """A formula to call with arrays of the GPU, which broadcast as NumPy's do.

    Args:
      formula: its outputs must be as large as its inputs broadcast together.
      dtypes: those of the results, where they are not the formula's.
      divisor: the input of which no element may be zero.
      as_written: whether the formula is the kernel's own Python.
    """

    def __init__(
        self, formula: Statements, dtypes: Sequence[np.dtype] | None = None, divisor: str = "", as_written: bool = False
    ) -> None:
        self._formula, self._dtypes, self._how = formula, dtypes, (divisor, as_written)
        self._known: dict[Any, Any] = {}

    def __call__(self, *inputs: GpuArray, flag: Any = None) -> tuple[GpuArray, ...]:
        """The results; `flag` is for the kernel to raise if a divisor is zero.

        Raises:
          ValueError: the shapes cannot be broadcast.
        """
        asked = tuple([(x.shape, x.dtype) for x in inputs])
        found = self._known.get(asked)
        if found is None:
            found = self._bound(*zip(*asked, strict=True))
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[asked] = found
        compiled, shape, dtypes, numbers = found
        outs = tuple([empty(shape, dtype) for dtype in dtypes])
        flags = () if flag is None else (flag,)
        launch(compiled, outs[0].size, *[a.flat for a in outs], *[x.flat for x in inputs], *flags, *numbers)
        return outs

    def serves(self, inputs: Sequence[GpuArray]) -> bool:
        """Whether one kernel can compute this: the shapes match, and each result is as large as the inputs together."""
        asked = tuple([(x.shape, x.dtype) for x in inputs])
        return asked in self._known or _fills(self._formula, tuple([shape for shape, _ in asked]))

    def _bound(self, shapes: tuple[tuple[int, ...], ...], dtypes: tuple[np.dtype, ...]) -> Any:
        lie = broadcast_of(shapes)
        count = math.prod(lie.shape)
        index = index_type(count)
        compiled, results = _kernel(self._formula, dtypes, lie.kinds, len(lie.sizes), index.__name__, *self._how)
        numbers: list[Any] = [tuple(index(n) for n in lie.sizes), lie.steps] if "g" in lie.kinds else []
        if "r" in lie.kinds or "c" in lie.kinds:
            numbers.append(index(lie.width))
        return compiled, lie.shape, self._dtypes or results, (*numbers, count)


DIVISIONS = ("FloorDiv", "TruncateDiv", "Div", "FloorMod", "TruncateMod", "Mod", "RealDiv")
_COMPLEX = {"Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Neg", "Square", "SquaredDifference", "Inv", "Reciprocal"}
_COMPLEX |= {"ReciprocalGrad", "RsqrtGrad", "SqrtGrad", "SigmoidGrad", "TanhGrad", "Equal", "NotEqual"}


def _of_formula(op: Any) -> Call | None:
    in_type = op.inputs[0].dtype.base_dtype
    if in_type.is_complex and op.type not in _COMPLEX:
        return None  # functions of complex numbers are NumPy's
    formula = "x / y" if in_type.is_complex and op.type == "Div" else formula_of(op)
    names = tuple(arg.name for arg in op._op_def.inputs)
    return call_of(op, formula, names, names[-1] if in_type.is_integer and op.type in DIVISIONS else "")


def call_of(op: Any, formula: str, names: Sequence[str], divisor: str = "", as_written: bool = False) -> Call:
    """The call that computes an op of one output by a formula. Wrong shapes are refused in the CPU's words."""
    result = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    statements = Statements((("result", formula),), ("result",), tuple(names))
    function = Elementwise(statements, [result], divisor, as_written)

    def call(*inputs: Any) -> Any:
        flag = new_flag() if divisor else None
        try:
            (made,) = function(*inputs, flag=flag)
        except ValueError:
            return on_cpu(op, *inputs)  # which says what is wrong
        if divisor:
            refused(op, flag, *inputs)
        return made

    return call


for _op_def in list(op_defs().values()):
    if _op_def.formula is not None:
        gpu_kernel(_op_def.name, metadata=True)(_of_formula)


@gpu_kernel("AddN", metadata=True)
def _add_n(op: Any) -> Call:
    names = [f"x{i}" for i in range(len(op.inputs))]
    return call_of(op, " + ".join(names), names)


@gpu_kernel("ClipByValue", metadata=True)
def _clip_by_value(op: Any) -> Call:
    return call_of(op, "min(max(x, low), high)", ("x", "low", "high"))


@gpu_kernel("Select", "SelectV2", metadata=True)
def _select(op: Any) -> Call:
    chosen = call_of(op, "where(condition, t, e)", ("condition", "t", "e"))

    def call(condition: Any, t: Any, e: Any) -> Any:
        if condition.ndim == 1 and t.ndim > 1 and op.type == "Select":
            condition = condition.reshaped((*condition.shape, *[1] * (t.ndim - 1)))
        return chosen(condition, t, e)

    return call


@gpu_kernel("Cast", metadata=True)
def _cast(op: Any) -> Call:
    source, target = op.inputs[0].dtype.base_dtype, op._attrs["DstT"]
    if source == target:
        return lambda x: x
    part = "x.real" if source.is_complex and not target.is_complex else "x"
    return call_of(op, f"{part} != 0" if target.is_bool else part, ("x",), as_written=True)


_COMPLEX_PARTS = {
    "Complex": ("complex(real, imag)", ("real", "imag")),
    "ComplexAbs": ("abs(x)", ("x",)),
    "Conj": ("x.conjugate()", ("x",)),
    "Imag": ("x.imag", ("x",)),
    "Real": ("x.real", ("x",)),
}


@gpu_kernel(*_COMPLEX_PARTS)
def _complex_parts(op: Any) -> Call:
    return call_of(op, *_COMPLEX_PARTS[op.type], as_written=True)
