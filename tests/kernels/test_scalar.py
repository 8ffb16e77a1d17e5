"""The compiled functions against mpmath, over all of float32; and both meanings of each name against each other."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from teachtf.kernels import scalar
from teachtf.kernels.cpu.elementwise import compile_formula
from teachtf.kernels.numpy_math import NUMPY

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, 88.72284, -103.97, 710.0]


def every_size(count: int) -> np.ndarray:
    """float32 numbers of both signs, evenly over the bit patterns of all finite ones, and closely between -20 and 20."""
    bits = np.linspace(0, 0x7F7FFFFF, count).astype(np.uint32).view(np.float32)
    near = np.random.default_rng(1).uniform(-20, 20, count).astype(np.float32)
    unit = np.random.default_rng(2).uniform(-1.2, 1.2, count).astype(np.float32)
    return np.concatenate([bits, -bits, near, unit, np.float32([88.5, 88.72, -87.5, -100.0, -103.5])])


def true_value(name: str, x: float) -> float:
    """By mpmath, with digits enough that rounding to float64 is the only error."""
    mp = mpmath
    x = mp.mpf(float(x))
    match name:
        case "sigmoid":
            return 1 / (1 + mp.exp(-x))
        case "softplus":
            return max(x, mp.mpf(0)) + mp.log1p(mp.exp(-abs(x)))
        case "rsqrt":
            return 1 / mp.sqrt(x)
        case _:
            return getattr(mp, name)(x)


# The largest error in ulp, and the x for which the function has a finite real value.
EVERYWHERE = (-np.inf, np.inf)
POSITIVE = (0.0, np.inf)
ACCURACY = {
    "exp": (1.1, (-104, 88.72)),
    "expm1": (1.6, (-np.inf, 88.72)),
    "log": (1.0, POSITIVE),
    "log1p": (1.0, (-1, np.inf)),
    "tanh": (2.5, EVERYWHERE),
    "sigmoid": (2.5, (-104, np.inf)),
    "softplus": (2.0, (-103, np.inf)),
    "sin": (0.6, EVERYWHERE),
    "cos": (0.6, EVERYWHERE),
    "tan": (0.6, EVERYWHERE),
    "erf": (0.6, EVERYWHERE),
    "erfc": (0.8, (-np.inf, 10.0)),
    "rsqrt": (1.5, POSITIVE),
    "sqrt": (0.6, POSITIVE),
}


@pytest.mark.parametrize("name", ACCURACY)
def test_float32_error_in_ulp(name):
    allowed, (low, high) = ACCURACY[name]
    x = every_size(500)
    x = x[(x > low) & (x < high)]
    got = compile_formula(f"{name}(x)", ("x",))(x)
    with mpmath.workdps(60):
        true = np.array([float(true_value(name, v)) for v in x])
    with np.errstate(all="ignore"):
        step = np.spacing(np.abs(true).astype(np.float32)).astype(np.float64)
    error = np.abs(got - true) / step
    worst = int(np.argmax(error))
    assert error[worst] <= allowed, f"{name}({x[worst]!r}) = {got[worst]!r}, {error[worst]:.2f} ulp from {true[worst]}"


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus"])
def test_float64_error_in_ulp(name):
    _, (low, high) = ACCURACY[name]
    x = every_size(300)
    x = x[(x > low) & (x < high) & (np.abs(x) > 1e-30)].astype(np.float64)
    x *= 1 + 1e-9 * np.sin(np.arange(x.size))  # not float32 numbers
    got = compile_formula(f"{name}(x)", ("x",))(x)
    with mpmath.workdps(60):
        error = [
            abs((true_value(name, v) - mpmath.mpf(float(g))) / float(np.spacing(abs(g)))) for v, g in zip(x, got, strict=True)
        ]
    worst = int(np.argmax([float(e) for e in error]))
    assert error[worst] <= 2.5, f"{name}({x[worst]!r}) is {float(error[worst]):.2f} ulp away"


@pytest.mark.parametrize("power", [-3.0, -0.5, 0.0, 0.5, 1 / 3, 2.0, 3.0, 7.25, 50.0])
def test_pow_float32(power):
    x = np.abs(every_size(3000))
    y = np.full_like(x, power)
    got = compile_formula("pow(x, y)", ("x", "y"))(x, y)
    with np.errstate(all="ignore"):
        true = x.astype(np.float64) ** y.astype(np.float64)
        np.testing.assert_allclose(got, true.astype(np.float32), rtol=1.3e-7, atol=1e-45)


def test_pow_at_the_edges_is_numpys():
    values = np.float32([0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, np.inf, -np.inf, np.nan])
    x, y = (a.reshape(-1).copy() for a in np.meshgrid(values, values))
    formula = compile_formula("pow(x, y)", ("x", "y"))
    np.testing.assert_allclose(formula(x, y), formula.with_numpy(x, y), rtol=1.3e-7)


NOT_FUNCTIONS_OF_ONE = {"atan2", "div_no_nan", "floordiv", "floormod", "max", "min", "pow", "truncdiv", "truncmod", "where"}


def test_both_lists_hold_the_same_names():
    assert set(scalar.SCALAR) == set(NUMPY)


@pytest.mark.parametrize("name", sorted(set(NUMPY) - NOT_FUNCTIONS_OF_ONE - {"logical_not"}))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_argument_means_the_same_in_numpy_and_compiled(name, dtype):
    formula = compile_formula(f"{name}(x)", ("x",))
    with np.errstate(over="ignore"):
        x = np.concatenate([np.array(SPECIAL), np.linspace(-9, 9, 101)]).astype(dtype)
    got, expected = formula(x), formula.with_numpy(x)
    assert got.dtype == expected.dtype
    tiny = np.finfo(dtype).tiny  # NumPy's own are not exact below this
    if name in ("lgamma", "digamma"):  # near their zeros only the absolute error is small
        tiny = 1e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(got, expected, rtol=4e-7 if dtype == np.float32 else 2e-14, atol=tiny)


TWO = ["max", "min", "floordiv", "floormod", "truncdiv", "truncmod"]


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("name", TWO)
def test_two_arguments_mean_the_same_in_numpy_and_compiled(name, dtype):
    values = [0, 1, 2, 3, 5, 7, 100] + ([-1, -2, -3, -100] if np.dtype(dtype).kind != "u" else [])
    values += [np.inf, np.nan] if np.dtype(dtype).kind == "f" else [np.iinfo(dtype).max, np.iinfo(dtype).min]
    x, y = (np.array(a, dtype).reshape(-1) for a in np.meshgrid(np.array(values, dtype), np.array(values, dtype)))
    if np.dtype(dtype).kind != "f" and name not in ("max", "min"):
        x, y = x[y != 0], y[y != 0]
    formula = compile_formula(f"{name}(x, y)", ("x", "y"))
    got, expected = formula(x, y), formula.with_numpy(x, y)
    assert got.dtype == expected.dtype == dtype
    np.testing.assert_array_equal(got, expected)


def test_whole_number_division_by_zero_does_not_stop_the_process():
    zero = compile_formula("floordiv(x, y)", ("x", "y"))(np.array([5, -5]), np.array([0, 0]))
    assert zero.tolist() == [0, 0]
