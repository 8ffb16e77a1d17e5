"""Functions over the rows of tensors, as loops: `tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`.

They stand beside variables because a variable made inside is cached where the loop runs.
Source: TensorFlow's `map_fn` and `functional_ops`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core import nest
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import Dimension, TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import shape
from teachtf.ops.tensor_array import TensorArray
from teachtf.ops.while_loop import while_loop
from teachtf.state.scopes import get_variable_scope


@contextmanager
def _cached_variables() -> Iterator[None]:
    """Variables that are made in the loop are read once, not every turn."""
    scope = get_variable_scope()
    alone = scope.caching_device is None
    if alone:
        scope.set_caching_device(lambda op: op.device)
    try:
        yield
    finally:
        if alone:
            scope.set_caching_device(None)


def _rows(tensors: list[Tensor]) -> Dimension:
    """How many rows all `tensors` have, as far as it is known before a run."""
    first = [t.shape.with_rank_at_least(1)[0] for t in tensors]
    for other in first[1:]:
        first[0].assert_is_compatible_with(other)
    return first[0]


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(f"{getattr(fn, '__name__', fn)} is not callable. Please provide a callable function.")


def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """`fn` of each row of `elems`, the results one above the other.

    Args:
      fn: takes a row (in the structure of `elems`), gives a tensor or a structure of them.
      elems: a tensor or a structure of tensors of equally many rows.
      dtype: the dtypes of what `fn` gives, in its structure; by default those of `elems`.
      parallel_iterations: kept in the graph.
      back_prop: whether gradients go through the loop.
      swap_memory: kept in the graph.
      infer_shape: whether all results have one shape.
      name: the name scope, "map" by default.
      fn_output_signature: the same as `dtype`.

    Raises:
      TypeError: `fn` is no function, or gives another structure.
      ValueError: `elems` is a scalar or empty.

    Source: `tf.map_fn`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.map_fn(lambda row: row * row, tf.constant([1, 2, 3]))))
    [1 4 9]
    """
    _check_callable(fn)
    wanted = dtype if fn_output_signature is None else fn_output_signature
    given = nest.flatten(elems)
    if not given:
        raise ValueError(
            f"elems must be a Tensor or (possibly nested) sequence of Tensors. Got {elems}, which does not contain any Tensors."
        )
    with name_scope(name, "map", given), _cached_variables():
        tensors = [convert_to_tensor(t, name="elem") for t in given]
        if tensors[0].shape.ndims == 0:
            raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars")
        known = _rows(tensors)
        count: Any = known.value or shape(tensors[0])[0]
        rows = [TensorArray(t.dtype, size=count, dynamic_size=False, infer_shape=True) for t in tensors]
        rows = [array.unstack(t) for array, t in zip(rows, tensors, strict=True)]
        start = constant(0)
        kinds = [t.dtype for t in tensors] if wanted is None else nest.flatten(wanted)
        results = [TensorArray(kind, size=count, dynamic_size=False, infer_shape=infer_shape) for kind in kinds]

        def turn(i: Tensor, arrays: list[TensorArray]) -> Any:
            value = fn(nest.pack(elems, [array.read(i) for array in rows]))
            nest.assert_same(elems if wanted is None else wanted, value)
            arrays = [array.write(i, v) for array, v in zip(arrays, nest.flatten(value), strict=True)]
            return i + 1, arrays

        how: dict[str, Any] = {
            "parallel_iterations": parallel_iterations or 10,
            "back_prop": back_prop,
            "swap_memory": swap_memory,
        }
        _, done = while_loop(lambda i, _: i < count, turn, (start, results), maximum_iterations=count, **how)
        stacked = [array.stack() for array in done]
        for result in stacked:
            result.set_shape(TensorShape([known]).concatenate(result.shape[1:]))
        return nest.pack(elems if wanted is None else wanted, stacked)


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """What `fn(result so far, row)` gives after each row of `elems`, all of them one above the other.

    Args:
      fn: takes the result so far and a row, gives the next result in the same structure.
      elems: a tensor or a structure of tensors of equally many rows.
      initializer: the first result; by default the first row.
      parallel_iterations: kept in the graph.
      back_prop: whether gradients go through the loop.
      swap_memory: kept in the graph.
      infer_shape: whether all results have one shape.
      reverse: begin with the last row.
      name: the name scope, "scan" by default.

    Raises:
      TypeError: `fn` is no function, or gives another structure.

    Source: `tf.scan`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.scan(lambda total, row: total + row, tf.constant([1, 2, 3]))))
    [1 3 6]
    """
    _check_callable(fn)
    given = nest.flatten(elems)
    form = elems if initializer is None else initializer
    with name_scope(name, "scan", given), _cached_variables():
        tensors = [convert_to_tensor(t, name="elem") for t in given]
        count: Any = tensors[0].shape.as_list()[0]
        if count is None:
            count = shape(tensors[0])[0]
        rows = [
            TensorArray(t.dtype, size=count, dynamic_size=False, element_shape=t.shape[1:], infer_shape=True) for t in tensors
        ]
        rows = [array.unstack(t) for array, t in zip(rows, tensors, strict=True)]
        if initializer is None:
            first, begun = [array.read(count - 1 if reverse else 0) for array in rows], 1
        else:
            first, begun = [convert_to_tensor(v) for v in nest.flatten(initializer)], 0
        results = [
            TensorArray(
                v.dtype,
                size=count,
                element_shape=v.shape if infer_shape else None,
                dynamic_size=False,
                infer_shape=infer_shape,
            )
            for v in first
        ]
        if initializer is None:
            results = [a.write(count - 1 if reverse else 0, v) for a, v in zip(results, first, strict=True)]

        def turn(i: Tensor, so_far: list[Tensor], arrays: list[TensorArray]) -> Any:
            row = nest.pack(elems, [array.read(i) for array in rows])
            value = fn(nest.pack(form, so_far), row)
            nest.assert_same(form, value)
            flat = nest.flatten(value)
            arrays = [array.write(i, v) for array, v in zip(arrays, flat, strict=True)]
            return i - 1 if reverse else i + 1, flat, arrays

        start = count - 1 - begun if reverse else begun
        how: dict[str, Any] = {"parallel_iterations": parallel_iterations, "back_prop": back_prop, "swap_memory": swap_memory}
        condition = (lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < count)
        _, _, done = while_loop(condition, turn, (start, first, results), maximum_iterations=count, **how)
        stacked = [array.stack() for array in done]
        known = _rows(tensors)
        for result in stacked:
            result.set_shape(TensorShape([known]).concatenate(result.shape[1:]))
        return nest.pack(form, stacked)


def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """What `fn(result so far, row)` gives after the last row of `elems`; the arguments are those of `tf.scan`.

    Source: `tf.foldl`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.foldl(lambda total, row: total + row, tf.constant([1, 2, 3]))))
    6
    """
    return _fold(fn, elems, initializer, parallel_iterations, back_prop, swap_memory, name, "foldl")


def foldr(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """As `tf.foldl`, from the last row to the first. Source: `tf.foldr`."""
    return _fold(fn, elems, initializer, parallel_iterations, back_prop, swap_memory, name, "foldr")


def _fold(
    fn: Any, elems: Any, initializer: Any, parallel: int, back_prop: bool, swap: bool, name: str | None, default: str
) -> Any:
    _check_callable(fn)
    back = default == "foldr"
    with name_scope(name, default, [elems]), _cached_variables():
        tensors = [convert_to_tensor(t, name="elem") for t in nest.flatten(elems)]
        count: Any = tensors[0].shape.as_list()[0] or shape(tensors[0])[0]

        def rows_of(tensor: Any) -> TensorArray:
            tensor = tensor if isinstance(tensor, Tensor) else convert_to_tensor(tensor)
            return TensorArray(tensor.dtype, size=count, dynamic_size=False, infer_shape=True).unstack(tensor)

        rows = nest.map_structure(rows_of, elems)
        if initializer is None:
            index: Any = count - 1 if back else 0
            value = nest.map_structure(lambda array: array.read(index), rows)
            index = index if back else constant(1)
        else:
            index, value = (count if back else constant(0)), initializer

        def turn(i: Tensor, so_far: Any) -> Any:
            if back:
                i = i - 1
            so_far = fn(so_far, nest.map_structure(lambda array: array.read(i), rows))
            return [i if back else i + 1, so_far]

        how: dict[str, Any] = {"parallel_iterations": parallel, "back_prop": back_prop, "swap_memory": swap}
        condition = (lambda i, _: i > 0) if back else (lambda i, _: i < count)
        return while_loop(condition, turn, [index, value], maximum_iterations=count, **how)[1]
