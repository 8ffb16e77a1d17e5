"""Matrix products against NumPy in float64."""

import os
import platform
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teachtf.kernels.cpu import gemm, threads, tiles
from teachtf.kernels.cpu.gemm import batch_matmul, matmul

SIZES = st.one_of(st.integers(0, 5), st.integers(12, 18), st.integers(28, 40), st.sampled_from([64, 100, 130, 600]))
TOLERANCE = {"float32": 1e-6, "float64": 1e-14, "float16": 1e-3, "bfloat16": 8e-3}


def close(actual, expected, k):
    tolerance = TOLERANCE[actual.dtype.name]
    np.testing.assert_allclose(actual.astype(np.float64), expected, rtol=4 * tolerance, atol=8 * tolerance * max(1, k) ** 0.5)


@pytest.fixture
def always_ours(monkeypatch):
    """Sends small products through the microkernel too, in pieces, so that every edge is tried."""
    monkeypatch.setattr(gemm, "_SMALL", 0)
    monkeypatch.setattr(gemm, "_UNIT_WORK", 1 << 10)


@settings(max_examples=150, deadline=None)
@given(
    m=SIZES, k=SIZES, n=SIZES, transpose_a=st.booleans(), transpose_b=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]), fortran=st.booleans(), ours=st.booleans(),
)  # fmt: skip
def test_matmul(m, k, n, transpose_a, transpose_b, dtype, fortran, ours):
    random = np.random.default_rng(m * 10007 + k * 101 + n)
    a, b = random.uniform(-1, 1, (m, k)), random.uniform(-1, 1, (k, n))
    given_a = np.array(a.T if transpose_a else a, dtype, order="F" if fortran else "C")
    given_b = np.array(b.T if transpose_b else b, dtype, order="F" if fortran else "C")
    with pytest.MonkeyPatch.context() as patch:
        if ours:
            patch.setattr(gemm, "_SMALL", 0)
            patch.setattr(gemm, "_UNIT_WORK", 1 << 10)
        product = matmul(given_a, given_b, transpose_a, transpose_b)
        before = random.uniform(-1, 1, (m, n)).astype(dtype)
        total = np.array(before)
        assert matmul(given_a, given_b, transpose_a, transpose_b, out=total, accumulate=True) is total
    assert product.dtype == dtype and product.shape == (m, n)
    expected = a.astype(dtype).astype(float) @ b.astype(dtype).astype(float)
    close(product, expected, k)
    close(total, expected + before, k + 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_tile_edge(dtype, always_ours):
    random = np.random.default_rng(0)
    width = tiles.panel_width(dtype)
    for m in range(2, 2 * tiles.TALL + 3):
        for n in (2, width // 2, width // 2 + 1, width, width + 3, 2 * width):
            a, b = random.normal(size=(m, 5)).astype(dtype), random.normal(size=(5, n)).astype(dtype)
            close(matmul(a, b), a.astype(float) @ b.astype(float), 5)


OTHER_CPU = """
import numpy as np
from teachtf.kernels.cpu import gemm, tiles, vector
gemm._SMALL = 0
for m in range(2, 30):
    for n in (3, tiles.panel_width("f") // 2, tiles.panel_width("f") + 5):
        a, b = np.arange(m * 9, dtype="f").reshape(m, 9), np.arange(9 * n, dtype="f").reshape(9, n)
        np.testing.assert_array_equal(gemm.matmul(a, b), a.astype("d") @ b.astype("d"))
print(vector.VECTOR_BYTES)
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names x86 features")
@pytest.mark.parametrize(("features", "expected"), [("+avx2,+fma", 32), ("", 16)])
def test_lesser_cpus(features, expected, tmp_path):
    settings = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features, "TEACHTF_CACHE_DIR": str(tmp_path)}
    root = os.path.abspath(os.path.join(gemm.__file__, *[os.pardir] * 4))
    done = subprocess.run(
        [sys.executable, "-c", OTHER_CPU], env={**os.environ, **settings, "PYTHONPATH": root}, capture_output=True,
        text=True,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == (str(expected), "")


def test_long_inner_axis_is_summed_in_passes(always_ours):
    random = np.random.default_rng(1)
    a, b = random.uniform(size=(20, 1500)).astype("f"), random.uniform(size=(1500, 40)).astype("f")
    np.testing.assert_allclose(matmul(a, b), a.astype(float) @ b.astype(float), rtol=1e-5)


def test_views_read_only_and_unaligned_inputs(always_ours):
    random = np.random.default_rng(2)
    whole = random.normal(size=(80, 90)).astype("f")
    a, b = whole[::2, ::3], whole[5:35, 7:47]
    expected = a.astype(float) @ b.astype(float)
    close(matmul(a, b), expected, 30)
    frozen = a.copy()
    frozen.flags.writeable = False
    close(matmul(frozen, b), expected, 30)
    unaligned = np.frombuffer(b"x" + np.ascontiguousarray(b).tobytes(), "f", offset=1).reshape(b.shape)
    close(matmul(a, unaligned), expected, 30)


@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "complex64"])
def test_empty_axes_give_zeros(shape, dtype):
    m, k, n = shape
    out = np.full((m, n), 7, dtype)
    for product in (
        matmul(np.ones((m, k), dtype), np.ones((k, n), dtype)),
        matmul(np.ones((m, k), dtype), np.ones((k, n), dtype), out=out),
    ):
        np.testing.assert_array_equal(product, np.zeros((m, n), dtype), strict=True)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "int64", "complex128"])
def test_other_dtypes(dtype):
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    random = np.random.default_rng(3)
    a, b = random.integers(-3, 4, (40, 50)).astype(dtype), random.integers(-3, 4, (50, 60)).astype(dtype)
    product = matmul(a, b)
    assert product.dtype == dtype
    wide = np.complex128 if dtype.kind == "c" else np.float64
    np.testing.assert_array_equal(product.astype(wide), (a.astype(wide) @ b.astype(wide)).astype(dtype).astype(wide))


def test_nan_and_infinity_spread_as_in_numpy(always_ours):
    a, b = np.ones((20, 3), "f"), np.ones((3, 40), "f")
    a[4, 1], b[1, 7], a[6, 0], b[0, 9] = np.nan, np.inf, np.inf, 0
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(matmul(a, b), a @ b)


def test_out_is_written_and_returned(always_ours):
    a, b = np.ones((40, 8), "f"), np.ones((8, 33), "f")
    out = np.empty((40, 33), "f")
    assert matmul(a, b, out=out) is out and (out == 8).all()


@pytest.mark.parametrize("size", [(40, 30, 400), (60, 30, 391), (20, 3000, 200)])
def test_every_way_of_cutting_the_work(size, always_ours, monkeypatch):
    random = np.random.default_rng(6)
    m, k, n = size
    a, b = random.uniform(-1, 1, (m, k)).astype("f"), random.uniform(-1, 1, (k, n)).astype("f")
    for rows in (1, 1024):
        monkeypatch.setattr(gemm, "_PACK_ROWS", rows)
        for work in (1 << 10, 1 << 40):
            monkeypatch.setattr(gemm, "_UNIT_WORK", work)
            close(matmul(a, b), a.astype(float) @ b.astype(float), k)
        close(matmul(b.T, a.T), (a.astype(float) @ b.astype(float)).T, k)


def test_mismatched_shapes():
    with pytest.raises(ValueError, match="The inner dimensions differ: 4 and 5"):
        matmul(np.ones((3, 4), "f"), np.ones((5, 6), "f"))
    with pytest.raises(ValueError, match="The inner dimensions differ: 40 and 50"):
        batch_matmul(np.ones((2, 30, 40), "f"), np.ones((2, 50, 60), "f"))


@pytest.mark.parametrize("outer", [((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((4,), ()), ((), (4,)), ((0,), (1,))])
@pytest.mark.parametrize("size", [(3, 4, 5), (35, 40, 33)])
@pytest.mark.parametrize("dtype", ["float32", "complex64", "float16"])
def test_batch_matmul(outer, size, dtype):
    random = np.random.default_rng(4)
    m, k, n = size
    for adj_x in (False, True):
        for adj_y in (False, True):
            a = random.integers(-3, 4, (*outer[0], *((k, m) if adj_x else (m, k)))).astype(dtype)
            b = random.integers(-3, 4, (*outer[1], *((n, k) if adj_y else (k, n)))).astype(dtype)
            wide = np.complex128 if dtype == "complex64" else np.float64
            if dtype == "complex64":
                a += 1j
                b -= 2j
            x, y = (np.conj(v.swapaxes(-1, -2)) if adj else v for v, adj in ((a, adj_x), (b, adj_y)))
            product = batch_matmul(a, b, adj_x, adj_y)
            np.testing.assert_array_equal(product, np.matmul(x.astype(wide), y.astype(wide)).astype(product.dtype))
            assert product.dtype == dtype


def test_parallel_for_covers_once_and_raises(monkeypatch):
    monkeypatch.setattr(threads, "thread_count", lambda: 3)
    monkeypatch.setattr(threads, "_pool", None)
    seen = np.zeros(1000, int)

    def visit(start, stop):
        threads.parallel_for(lambda low, high: np.add.at(seen, np.arange(start + low, start + high), 1), stop - start, 10)

    for _ in range(20):
        threads.parallel_for(visit, 1000, 50)
    assert (seen == 20).all()

    def fail(start, stop):
        if start > 500:
            raise KeyError("a piece failed")

    with pytest.raises(KeyError, match="a piece failed"):
        threads.parallel_for(fail, 1000, 50)
    threads.parallel_for(visit, 0, 1)


def test_thread_count_comes_from_the_environment(monkeypatch):
    for text, expected in (("3", 3), ("", None)):
        monkeypatch.setenv("TEACHTF_NUM_THREADS", text)
        count = threads.thread_count.__wrapped__()
        assert count == expected or (expected is None and count >= 1)
    monkeypatch.setenv("TEACHTF_NUM_THREADS", "many")
    with pytest.raises(ValueError, match="TEACHTF_NUM_THREADS is 'many'"):
        threads.thread_count.__wrapped__()
