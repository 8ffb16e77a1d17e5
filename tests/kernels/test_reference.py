"""NumPy's versions of the kernels against the compiled ones: who serves must make no difference."""

import random

import ml_dtypes
import numpy as np
import pytest

from teachtf.kernels.cpu import conv, depthwise, fills, gemm, pooling, samplers
from teachtf.kernels.reference import convolution, philox, products
from teachtf.kernels.reference import pooling as plain_pooling
from teachtf.kernels.reference import samplers as plain_samplers

R = np.random.default_rng(0)
STREAM = np.array((123456789012345, 2**63 + 17, 5), np.uint64)


def same(got, expected, tolerance=1e-5):
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got.astype(float), expected.astype(float), rtol=tolerance, atol=4 * tolerance)


def drawn_windows():
    """A shape of images, one of a filter or window, strides, padding and dilations; some hold nothing."""
    n, height, width, channels, filters = (random.randint(*pair) for pair in ((0, 3), (1, 9), (1, 9), (0, 4), (0, 4)))
    size = random.randint(1, 4), random.randint(1, 4)
    strides, dilations = (tuple(random.randint(1, 3) for _ in range(2)) for _ in range(2))
    padding = tuple((random.randint(0, s - 1), random.randint(0, s - 1)) for s in size)
    return (n, height, width, channels), (*size, channels, filters), strides, padding, dilations


def normal(*shape, dtype=np.float32):
    return R.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("module", [conv, depthwise])
def test_convolutions(module, dtype):
    random.seed(1)
    name = "conv2d" if module is conv else "depthwise_conv2d"
    tolerance = {2: 2e-2, 4: 1e-5, 8: 1e-12}[np.dtype(dtype).itemsize]
    for _ in range(60):
        shape, filters, *how = drawn_windows()
        x, w = normal(*shape, dtype=dtype), normal(*filters, dtype=dtype)
        y = getattr(module, name)(x, w, *how)
        same(getattr(convolution, name)(x, w, *how), y, tolerance)
        dy = normal(*y.shape, dtype=dtype)
        if y.size:
            for back, given in (("input", (x.shape, w, dy)), ("filter", (x, w.shape, dy))):
                function = f"{name}_backprop_{back}"
                same(getattr(convolution, function)(*given, *how), getattr(module, function)(*given, *how), 4 * tolerance)


def test_pooling_with_ties_nan_and_infinity():
    random.seed(2)
    for _ in range(60):
        shape, filters, strides, padding, _ = drawn_windows()
        how = filters[:2], strides, padding
        x = np.round(normal(*shape))
        x[R.random(x.shape) < 0.05], x[R.random(x.shape) < 0.1] = np.nan, -np.inf
        y = pooling.max_pool(x, *how)
        dy = normal(*y.shape)
        same(plain_pooling.max_pool(x, *how), y)
        same(plain_pooling.max_pool_grad(x, y, dy, *how), pooling.max_pool_grad(x, y, dy, *how))
        same(plain_pooling.avg_pool(x, *how), pooling.avg_pool(x, *how))
        same(plain_pooling.avg_pool_grad(x.shape, dy, *how), pooling.avg_pool_grad(x.shape, dy, *how))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_products(dtype):
    tolerance = {2: 1e-2, 4: 1e-5, 8: 1e-12}[np.dtype(dtype).itemsize]
    for m, k, n in ((40, 50, 60), (1, 2000, 30), (33, 0, 5), (0, 4, 5)):
        for turned in ((False, False), (True, False), (False, True), (True, True)):
            a = normal(*((k, m) if turned[0] else (m, k)), dtype=dtype)
            b = normal(*((n, k) if turned[1] else (k, n)), dtype=dtype)
            same(products.matmul(a, b, *turned), gemm.matmul(a, b, *turned), tolerance)
            stacks = np.stack([a, a])[:, None], np.stack([b, b, b])
            same(products.batch_matmul(*stacks, *turned), gemm.batch_matmul(*stacks, *turned), tolerance)
    with pytest.raises(ValueError, match="The inner dimensions differ: 2 and 3"):
        products.matmul(np.ones((2, 2)), np.ones((3, 2)))


FILLS = [
    ("fill_uniform", np.float32, 4, (np.uint64(0x7FFFFF), np.float32(2.0**-23))),
    ("fill_uniform", np.float32, 4, (np.uint64(0x3FF), np.float32(2.0**-10))),
    ("fill_uniform64", np.float64, 2, ()),
    ("fill_normal", np.float32, 4, (False,)),
    ("fill_normal", np.float32, 4, (True,)),
    ("fill_normal64", np.float64, 2, (False,)),
    ("fill_normal64", np.float64, 2, (True,)),
    ("fill_uniform_int", np.int32, 4, (-7, np.uint64(1000))),
    ("fill_uniform_int", np.int32, 4, (-(2**31), np.uint64(2**32 - 1))),
    ("fill_uniform_int64", np.int64, 2, (-(2**63), np.uint64(2**64 - 1))),
]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 70003])
@pytest.mark.parametrize(("name", "dtype", "group", "more"), FILLS)
def test_random_numbers(name, dtype, group, more, size):
    got, expected = np.empty(size, dtype), np.empty(size, dtype)
    for module, out in ((philox, got), (fills, expected)):
        getattr(module, name)(out, STREAM, 0, -(-size // group), *more)
    if "normal" in name:
        same(got, expected, 4 * np.finfo(dtype).eps)
    else:
        np.testing.assert_array_equal(got, expected)


def test_a_part_of_the_random_numbers():
    got, whole = np.zeros(64, np.float32), np.empty(64, np.float32)
    philox.fill_normal(whole, STREAM, 0, 16, True)
    philox.fill_normal(got, STREAM, 5, 9, True)
    np.testing.assert_array_equal(got, np.where((np.arange(64) >= 20) & (np.arange(64) < 36), whole, 0))


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 1001])
def test_shuffles(size):
    got, expected = np.empty(size, np.int64), np.empty(size, np.int64)
    plain_samplers.permute(got, STREAM)
    samplers.permute(expected, STREAM)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("samples", [1, 7, 200])
def test_categories_with_impossible_ones(samples):
    logits = normal(7, 9)
    logits[1, 2], logits[2, 1], logits[3, :3], logits[4] = np.nan, np.inf, -np.inf, -np.inf
    got, expected = np.empty((7, samples), np.int64), np.empty((7, samples), np.int64)
    plain_samplers.categories(got, logits, STREAM)
    samplers.categories(expected, logits, STREAM)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("fill_gamma", [0.3, 1.0, 2.5, 40.0, 0.01, 0.0, np.inf, np.nan, -1.0]),
        ("fill_poisson", [0.5, 4.0, 12.0, 300.0, 9.99, 0.0, 1e6, np.nan, -1.0, np.inf]),
    ],
)
def test_samples_that_take_an_unforeseen_count_of_numbers(name, parameters):
    for samples in (1, 500):
        given = np.array(parameters)
        got, expected = np.empty(samples * given.size), np.empty(samples * given.size)
        getattr(plain_samplers, name)(got, given, samples, STREAM, 0, got.size)
        getattr(samplers, name)(expected, given, samples, STREAM, 0, got.size)
        same(got, expected, 1e-9)
