"""Formulas compiled to loops."""

from __future__ import annotations

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from teachtf.kernels.cpu.elementwise import Formula, compile_formula
from teachtf.kernels.cpu.formula import Statements, spread_of, write_loop

CHAIN = "max(sigmoid(exp(tanh(x))) - 0.5, 0)"


def normal(*shape, dtype=np.float32):
    return np.random.default_rng(5).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (0,), (4, 0), (50_000,), (300, 401)])
def test_a_chain_at_any_size(shape):
    x, formula = normal(*shape), compile_formula(CHAIN, ("x",))
    got = formula(x)
    assert got.shape == shape and got.dtype == np.float32
    np.testing.assert_allclose(got, formula.with_numpy(x), rtol=1e-5, atol=2e-7)


SHAPES = [((6, 4), (4,)), ((6, 4), ()), ((), (6, 4)), ((1, 1), (6, 4)), ((2, 3, 4), (1, 4)), ((6, 1), (1, 4)), ((6, 4), (6, 1))]


@pytest.mark.parametrize("left, right", SHAPES)
def test_broadcasting_is_numpys(left, right):
    x, y = normal(*left), normal(*right)
    np.testing.assert_array_equal(compile_formula("x - y", ("x", "y"))(x, y), x - y)


def test_a_bias_on_many_rows_is_cut_between_rows():
    x, b = normal(3000, 37), normal(37)
    np.testing.assert_array_equal(compile_formula("max(x + b, 0)", ("x", "b"))(x, b), np.maximum(x + b, 0))


def test_a_view_that_is_not_contiguous():
    x = normal(40, 30)[::2, ::3]
    np.testing.assert_array_equal(compile_formula("x * x", ("x",))(x), x * x)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_whole_numbers_wrap_at_their_own_width(dtype):
    x = np.array([100, 101, 3], dtype)
    got = compile_formula("x * x - 2 * x", ("x",))(x)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, x * x - dtype(2) * x)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_rounds_once(dtype):
    x = normal(100).astype(dtype)
    got = compile_formula("x * 0.5 + 1", ("x",))(x)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, (x.astype(np.float32) * 0.5 + 1).astype(dtype))


def test_complex_numbers_go_to_numpy():
    x = normal(5) + 1j * normal(5)
    np.testing.assert_array_equal(compile_formula("x * x", ("x",))(x), x * x)


@pytest.mark.parametrize(
    "formula, expected",
    [("x > 0", [False, True, False]), ("isnan(x)", [False, False, True]), ("(x > 0) | (x < 0)", [True, True, False])],
)
def test_truth_values(formula, expected):
    got = compile_formula(formula, ("x",))(np.float32([-1, 2, np.nan]))
    assert got.dtype == bool and got.tolist() == expected


def test_where_takes_its_condition_from_a_truth_array():
    c, x, y = np.array([True, False]), np.float32([1, 2]), np.float32([3, 4])
    assert compile_formula("where(c, x, y)", ("c", "x", "y"))(c, x, y).tolist() == [1, 4]


def test_nan_passes_through_relu_as_in_tensorflow():
    assert np.isnan(compile_formula("max(x, 0)", ("x",))(np.float32([np.nan])))[0]


def test_out_is_written_and_returned():
    x, out = normal(10), np.empty(10, np.float32)
    assert compile_formula("x + x", ("x",))(x, out=out) is out
    np.testing.assert_array_equal(out, x + x)


def test_several_results_of_one_pass():
    statements = (("a", "tanh(x)"), ("b", "a * a + y"), ("c", "max(b, 0)"))
    x, y = normal(6, 5), normal(6, 1)
    formula = Formula(Statements(statements, ("a", "c"), ("x", "y")))
    for got, expected in zip(formula(x, y), formula.with_numpy(x, y), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_result_smaller_than_the_loop_is_left_to_numpy():
    statements = (("a", "x * 2"), ("b", "a + y"))
    assert spread_of(Statements(statements, ("a", "b"), ("x", "y")), [(5,), (6, 5)]) is None


def test_the_text_is_always_the_same_and_numbers_have_their_neighbours_dtype():
    dtypes = [np.dtype(np.float32)] * 2
    formula = Statements((("z", "max(0.5 * x + 1 / 12, y)"),), ("z",), ("x", "y"))
    text, dtype = write_loop(formula, dtypes, "fr")
    assert (text, dtype) == write_loop(formula, dtypes, "fr")
    assert "_C0 = np.float32(0.5)" in text and "np.float32((1 / 12))" in text


def test_a_formula_cannot_hold_other_python():
    with pytest.raises(ValueError, match="a formula cannot hold"):
        write_loop(Statements((("y", "[x]"),), ("y",), ("x",)), [np.dtype(np.float32)], "f")


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("")
    code = (
        "import numpy as np; from teachtf.kernels.cpu.elementwise import compile_formula;"
        "print(compile_formula('x + 1', ('x',))(np.float32([1])).tolist())"
    )
    environment = {"TEACHTF_CACHE_DIR": str(tmp_path / "file"), "PATH": "", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[2.0]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # the process's own folder went with it
