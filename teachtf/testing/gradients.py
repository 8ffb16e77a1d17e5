"""Gradients compared with differences. Source: `gradient_checker.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.convert import constant
from teachtf.core.graph import get_default_session
from teachtf.ops.arrays import identity
from teachtf.ops.gradients import gradients

_ALLOWED = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """The Jacobian of `y` by `x`: as the gradient ops compute it, and by differences.

    Args:
      x: a tensor, or a list of tensors.
      x_shape: its shape, or a list of shapes.
      y: a tensor.
      y_shape: its shape.
      x_init_value: where; random numbers by default.
      delta: how far to go to both sides for a difference.
      init_targets: operations to run first.
      extra_feed_dict: what to feed besides.

    Returns:
      Two arrays [elements of x, elements of y]; a pair for each of a list. A complex element counts as two.

    Source: `tf.test.compute_gradient`. It needs a default session.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session():
    ...     x = tf.placeholder(tf.float64, [2])
    ...     by_gradient, by_difference = tf.test.compute_gradient(x, [2], x * x, [2], np.array([1.0, 3.0]))
    >>> by_gradient
    array([[2., 0.],
           [0., 6.]])
    """
    pairs = _pairs(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    return pairs if isinstance(x, list) else pairs[0]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> float:
    """The largest difference between the two Jacobians of `compute_gradient`. Source: `tf.test.compute_gradient_error`."""
    pairs = _pairs(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    return max((float(np.fabs(one - other).max()) for one, other in pairs if one.size), default=0.0)


def _pairs(
    x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any, delta: float, init_targets: Any, extra: Any
) -> list[tuple[np.ndarray, np.ndarray]]:
    listed = isinstance(x, list)
    xs, shapes = (x, x_shape) if listed else ([x], [x_shape])
    starts = x_init_value if listed and x_init_value is not None else [x_init_value] * len(xs)
    slopes = [_slope(one, y, y_shape) for one in xs]
    for target in init_targets or []:
        target.run()
    return [
        _compare(one, list(shape), dx, y, dy, start, delta, dict(extra or {}))
        for one, shape, (dx, dy), start in zip(xs, shapes, slopes, starts, strict=True)
    ]


def _slope(x: Any, y: Any, y_shape: Any) -> tuple[Any, Any]:
    """The gradient of `y` by `x`, and the constant in it that weighs the elements of `y`."""
    with x.graph.as_default():
        weight = constant(1.0, shape=y_shape, dtype=y.dtype)
        return gradients(y, x, identity(weight))[0], weight


def _compare(
    x: Any, shape: list[int], dx: Any, y: Any, dy: Any, start: Any, delta: float, extra: dict[Any, Any]
) -> tuple[np.ndarray, np.ndarray]:
    for name, tensor in (("x", x), ("y", y)):
        assert tensor.dtype.base_dtype.name in _ALLOWED, f"Don't support type {tensor.dtype.name} for {name}"
    assert dx is not None, f"{y.name} does not depend on {x.name} in a way that has a gradient"
    kind = x.dtype.base_dtype.as_numpy_dtype
    if start is None:
        start = np.random.random_sample(shape)
        start = start + 1j * np.random.random_sample(shape) if x.dtype.is_complex else start
    else:
        assert list(np.shape(start)) == shape, f"x_shape = {shape}, init_data shape = {list(np.shape(start))}"
    at = np.asarray(start).astype(kind)
    run = get_default_session().run

    weights = np.zeros(dy.shape.as_list(), dy.dtype.as_numpy_dtype)
    columns = []
    for i in range(_reals(weights).size):
        one = weights.copy()
        _reals(one)[i] = 1
        columns.append(_reals(_dense(run(dx, {**extra, x: at, dy: one}), at)))
    by_gradient = np.stack(columns, 1) if columns else np.zeros((_reals(at).size, 0))

    rows = []
    for i in range(_reals(at).size):
        sides = []
        for sign in (1, -1):
            moved = at.copy()
            _reals(moved)[i] += sign * delta
            sides.append(_reals(np.asarray(run(y, {**extra, x: moved}))))
        rows.append((sides[0] - sides[1]) / np.asarray(2 * delta).astype(sides[0].dtype))
    by_difference = np.stack(rows) if rows else np.zeros(by_gradient.shape)
    real = dtypes.as_dtype(kind).real_dtype.as_numpy_dtype
    return by_gradient.astype(real), by_difference.astype(real)


def _reals(array: np.ndarray) -> np.ndarray:
    """A flat view in which a complex number is two."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def _dense(value: Any, like: np.ndarray) -> np.ndarray:
    """An array of a gradient that came as rows to be added."""
    if not hasattr(value, "indices"):
        return np.asarray(value)
    result = np.zeros_like(like)
    np.add.at(result, value.indices, value.values)
    return result
