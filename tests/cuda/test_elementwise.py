"""Formulas on the GPU: their values for whole numbers and at the edges, ways to lie, and that all compile to PTX."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import config

from teachtf.core import dtypes
from teachtf.core.op_def import registry as op_defs
from teachtf.kernels import registry as cpu_registry
from teachtf.kernels.cpu.formula import Statements
from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import to_gpu, to_host
from teachtf.kernels.cuda.elementwise import DIVISIONS, Elementwise, broadcast_of, function_of, write_kernel
from teachtf.runtime.gpus import visible_gpus

sys.path.insert(0, str(Path(__file__).parent))
from compare import built, floats, ramp, same, same_error

# NumPy's settings are each thread's own, and the simulator has a thread for each of CUDA's.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
simulated = pytest.mark.skipif(not visible_gpus(), reason="it takes the simulator, or a GPU")
compiled = pytest.mark.skipif(config.ENABLE_CUDASIM, reason="the simulator has no compiler")
FORMULAS = sorted((d for d in op_defs().values() if d.formula is not None), key=lambda d: d.name)


def takes(definition: Any, dtype: Any) -> bool:
    allowed = definition.attrs["T"].allowed
    return allowed is None or dtypes.as_dtype(dtype) in allowed


# --- how inputs lie --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shapes, kinds, width, sizes, steps",
    [
        (((2, 3), (2, 3)), "ff", 0, (), ()),
        (((2, 3), ()), "f1", 0, (), ()),
        (((2, 3), (3,)), "fr", 3, (), ()),
        (((2, 3, 4), (3, 4)), "fr", 12, (), ()),
        (((2, 3, 4), (2, 1, 1)), "fc", 12, (), ()),
        (((2, 3, 4), (2, 3, 1), (4,)), "fcr", 4, (), ()),
        (((2, 3, 4), (2, 3, 1), (3, 4)), "fcg", 4, (2, 12), (0, 1)),
        (((2, 3, 4), (3, 1)), "fg", 0, (2, 3, 4), (0, 1, 0)),
        (((2, 1), (1, 3)), "cr", 3, (), ()),
        (((2, 1, 4), (1, 3, 1)), "gg", 0, (2, 3, 4), (4, 0, 1, 0, 1, 0)),
        (((1, 2, 1), (2, 1)), "ff", 0, (), ()),
        (((0, 3), (3,)), "fr", 3, (), ()),
        (((0, 3), (1, 1)), "f1", 0, (), ()),
    ],
    ids=str,
)
def test_how_inputs_lie(shapes: Any, kinds: str, width: int, sizes: Any, steps: Any) -> None:
    lie = broadcast_of(shapes)
    assert lie == (np.broadcast_shapes(*shapes), kinds, width, sizes, steps)


@simulated
@pytest.mark.parametrize(
    "shapes", [((2, 1, 4), (1, 3, 1)), ((2, 3, 4), (2, 3, 1), (3, 4)), ((5, 7), (5, 1)), ((0, 3), (3,))], ids=str
)
def test_they_are_read_right(shapes: Any) -> None:
    names = tuple(f"x{i}" for i in range(len(shapes)))
    inputs = [floats(*shape, seed=i) for i, shape in enumerate(shapes)]
    for index in ("uint32", "int64"):
        function = Elementwise(Statements((("y", " + ".join(names)),), ("y",), names))
        (made,) = function(*map(to_gpu, inputs))
        np.testing.assert_array_equal(to_host(made), sum(inputs[1:], inputs[0]), err_msg=index)


# --- values ----------------------------------------------------------------------------------------------------------


@simulated
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8])
def test_whole_numbers(dtype: Any) -> None:
    x = np.array([0, 1, 7, 120, np.iinfo(dtype).max, np.iinfo(dtype).min], dtype)
    y = np.array([3, 1, 2, 5, 7, 11], dtype)
    for name in (*DIVISIONS, "AddV2", "Sub", "Mul", "Maximum", "LessEqual", "NotEqual"):
        if takes(op_defs()[name], dtype):
            with np.errstate(over="ignore"):
                same(name, np.tile(x, 12), np.tile(y, 12))
    same("Square", np.tile(y, 12))
    for name in ("BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift"):
        same(name, np.tile(x, 12), np.tile(y, 12))
    same("Invert", np.tile(x, 12))


@simulated
def test_division_by_zero() -> None:
    for name in ("FloorDiv", "TruncateMod", "FloorMod", "Div"):
        same_error(name, ramp(70, dtype=np.int32), np.zeros(70, np.int32))
        same_error(name, ramp(3, dtype=np.int32), np.array([1, 0, 2], np.int32))


@simulated
def test_shapes_that_do_not_match() -> None:
    for inputs in ([floats(2), floats(3)], [floats(2, 4), floats(2)]):
        words = []
        for device in (cpu_registry, registry):
            call, arrays = built("AddV2", inputs, {}, device, known=())
            with pytest.raises(ValueError) as raised:  # NumPy's words, which a session puts into TensorFlow's
                call(*arrays)
            words.append(str(raised.value))
        assert words[0] == words[1]


@simulated
def test_few_whole_numbers_stay_with_the_host() -> None:
    call, arrays = built("FloorDiv", [np.array([7, 8], np.int32), np.array(2, np.int32)], {}, registry)
    assert isinstance(call(*arrays), np.ndarray)


@simulated
@pytest.mark.parametrize("source", ["bool", "int8", "uint8", "int32", "int64", "float32", "float64", "complex64"])
def test_casts(source: str) -> None:
    x = np.tile(np.array([0, 1, 2, 100], source), 20)
    for target in ("bool", "int8", "uint16", "int32", "int64", "float32", "float64", "complex64", "complex128"):
        if source != "complex64" or target.startswith("complex"):
            same("Cast", x, DstT=np.dtype(target))


@simulated
def test_choices() -> None:
    t, e = floats(4, 3, 2), floats(4, 3, 2, seed=1)
    same("Select", np.array([True, False, True, True]), t, e)
    same("Select", t > 0, t, e)
    same("Select", np.array(True), t, e)
    same("SelectV2", np.array([[True], [False], [True]]), t, e[0])
    same("ClipByValue", t, np.float32(-0.2), np.float32(0.3))
    same("AddN", [t, e, t])
    same("AddN", [t])


@simulated
def test_complex_numbers() -> None:
    z = (floats(5) + 1j * floats(5, seed=1)).astype(np.complex64)
    for name in ("Conj", "Real", "Imag", "ComplexAbs"):
        same(name, z, rtol=1e-6)
    same("Complex", floats(5), floats(1, seed=2))
    for name in ("AddV2", "Mul", "RealDiv", "Equal"):
        same(name, z, z[::-1].copy(), rtol=1e-6)


@simulated
def test_numbers_at_the_edges() -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, -1.5], np.float32)
    for definition in FORMULAS:
        names = [a.name for a in definition.inputs]
        if "alpha" in definition.attrs or definition.name.startswith("Logical") or definition.name in ("Lgamma", "Digamma"):
            continue
        with np.errstate(all="ignore"):
            if len(names) == 1:
                same(definition.name, x, rtol=2e-6)
            else:
                same(definition.name, np.tile(x, len(x)), np.repeat(x, len(x)), rtol=2e-6)


# --- machine code ----------------------------------------------------------------------------------------------------


def compile_all(formula: str, names: Any, dtypes: Any, kinds: str, capability: Any, monkeypatch: Any, **how: Any) -> None:
    from numba import cuda, types
    from numba.np.numpy_support import from_dtype

    monkeypatch.setattr("numba.cuda.dispatcher.get_current_device", lambda: SimpleNamespace(compute_capability=capability))
    text, results = write_kernel(Statements((("result", formula),), ("result",), names), dtypes, kinds, 3, **how)
    arguments = [types.Array(from_dtype(d), 1, "C") for d in (*results, *dtypes)]
    if how.get("divisor"):
        arguments.append(types.Array(types.int32, 1, "C"))
    if "g" in kinds:
        arguments += [types.UniTuple(types.uint32, 3), types.UniTuple(types.int64, 3 * kinds.count("g"))]
    if "r" in kinds or "c" in kinds:
        arguments.append(types.uint32)
    ptx, _ = cuda.compile_ptx(function_of(text), types.void(*arguments, types.int64), cc=capability)
    assert ".visible .entry" in ptx


@compiled
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("definition", FORMULAS, ids=lambda d: d.name)
def test_every_formula_compiles(definition: Any, dtype: Any, monkeypatch: Any) -> None:
    if definition.name.startswith("Logical"):
        dtype = np.bool_
    elif not takes(definition, dtype):
        pytest.skip("the op is not for this type")
    formula = definition.formula.replace("alpha", "0.2")
    names = tuple(a.name for a in definition.inputs)
    divisor = names[-1] if definition.name in DIVISIONS and dtype == np.int32 else ""
    compile_all(formula, names, [np.dtype(dtype)] * len(names), "f" * len(names), (7, 5), monkeypatch, divisor=divisor)


@compiled
@pytest.mark.parametrize("kinds", ["f1", "fr", "cr", "gg", "fg"])
@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)], ids=lambda c: f"sm_{c[0]}{c[1]}")
def test_every_way_to_lie_compiles(kinds: str, capability: Any, monkeypatch: Any) -> None:
    compile_all("tanh(x) * sigmoid(y)", ("x", "y"), [np.dtype(np.float32)] * 2, kinds, capability, monkeypatch)


@compiled
@pytest.mark.parametrize("expression", ["x != 0", "x.real", "abs(x)", "x.conjugate()", "complex(x.imag, x.real)"])
def test_complex_numbers_compile(expression: str, monkeypatch: Any) -> None:
    compile_all(expression, ("x",), [np.dtype(np.complex64)], "f", (7, 5), monkeypatch, as_written=True)
