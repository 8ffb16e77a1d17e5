"""Claims about tensors, checked when the graph is built where that can be, else when it runs.

Source: TensorFlow's `check_ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.name_scope import name_scope
from teachtf.core.operation import Operation
from teachtf.core.sparse import SparseTensor
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import rank as rank_of
from teachtf.ops.arrays import reshape, shape, size
from teachtf.ops.cond import cond
from teachtf.ops.control_flow import no_op
from teachtf.ops.reductions import reduce_all
from teachtf.ops.slicing import strided_slice
from teachtf.ops.switching import with_dependencies

_ON_HOST = (dtypes.string, dtypes.int32)


def Assert(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Operation:
    """An operation that fails unless `condition` is true, and then shows `data`.

    Args:
      condition: a scalar bool tensor.
      data: a list of tensors and texts to show.
      summarize: elements of each to show, 3 by default.
      name: the name of the operation.

    Raises (when it runs):
      tf.errors.InvalidArgumentError: `condition` is false.

    Source: `tf.Assert`.
    """
    shown = 3 if summarize is None else summarize
    with name_scope(name, "Assert", [condition, data]):
        tensors = [convert_to_tensor(d) for d in data]
        if all(t.dtype in _ON_HOST for t in tensors):
            return apply_op("Assert", condition, list(data), summarize=shown, name="Assert")
        condition = convert_to_tensor(condition, name="Condition")

        def guarded() -> Operation:
            return apply_op("Assert", condition, list(data), summarize=shown, name="Assert")

        return cond(condition, no_op, guarded, name="AssertGuard").op


def _prefix(message: str | None) -> str:
    return f"{message}.  " if message else ""


def _check_now(holds: Any, data: list[Any]) -> None:
    if holds:
        return
    known = [static.constant_value(d) if isinstance(d, Tensor) else d for d in data]
    raise errors.InvalidArgumentError(
        None, None, "\n".join(str(d if k is None else k) for d, k in zip(data, known, strict=True))
    )


def _binary(name: str, sign: str, compare: Callable[..., Any], with_numpy: Callable[..., Any], doc: str) -> Callable[..., Any]:
    def check(
        x: Any, y: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
    ) -> Operation:
        if sign == "==":
            with name_scope(name, check.__name__, [x, y, data]):  # TensorFlow uses up this name to look whether they are one
                if x is y:
                    return no_op()
        with name_scope(name, check.__name__, [x, y, data]):
            left, right = convert_to_tensor(x, name="x"), convert_to_tensor(y, name="y")
            if data is None:
                data = [
                    f"Condition x {sign} y did not hold element-wise:",
                    f"x ({left.name}) = ",
                    left,
                    f"y ({right.name}) = ",
                    right,
                ]
            if message is not None:
                data = [message, *data]
            condition = reduce_all(compare(left, right))
            known = static.constant_value(left), static.constant_value(right)
            if known[0] is not None and known[1] is not None:
                _check_now(np.all(with_numpy(*known)), list(data))
            return Assert(condition, data, summarize=summarize)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""An operation that fails unless {doc}, element by element; `data` is shown then, after `message`.

    Raises:
      tf.errors.InvalidArgumentError: now, where both values are constant and it does not hold; else when it runs.

    Source: `tf.{name}`.
    """
    return check


assert_equal = _binary("assert_equal", "==", m.equal, np.equal, "x equals y")
assert_none_equal = _binary("assert_none_equal", "!=", m.not_equal, np.not_equal, "x differs from y")
assert_less = _binary("assert_less", "<", m.less, np.less, "x is less than y")
assert_less_equal = _binary("assert_less_equal", "<=", m.less_equal, np.less_equal, "x is at most y")
assert_greater = _binary("assert_greater", ">", m.greater, np.greater, "x is greater than y")
assert_greater_equal = _binary("assert_greater_equal", ">=", m.greater_equal, np.greater_equal, "x is at least y")


def _unary(name: str, sign: str, compare: Callable[..., Any], swapped: bool, doc: str) -> Callable[..., Any]:
    def check(
        x: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
    ) -> Operation:
        with name_scope(name, check.__name__, [x, data]):
            tensor = convert_to_tensor(x, name="x")
            if data is None:
                told = f"Condition x {sign} 0 did not hold element-wise:"
                shown = f"x ({tensor.name}) = "
                texts = [told + shown] if sign == "<=" else [told, shown]  # a comma is missing in TensorFlow
                data = [_prefix(message), *texts, tensor]
            zero = convert_to_tensor(0, dtype=tensor.dtype)
            return compare(*((zero, tensor) if swapped else (tensor, zero)), data=data, summarize=summarize)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""An operation that fails unless every element of `x` is {doc}. Source: `tf.{name}`."""
    return check


assert_negative = _unary("assert_negative", "<", assert_less, False, "negative")
assert_positive = _unary("assert_positive", ">", assert_less, True, "positive")
assert_non_negative = _unary("assert_non_negative", ">=", assert_less_equal, True, "zero or more")
assert_non_positive = _unary("assert_non_positive", "<=", assert_less_equal, False, "zero or less")


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless |x - y| < atol + rtol |y|, element by element; both are 10 roundings by default.

    Source: `tf.assert_near`.
    """
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        left = convert_to_tensor(x, name="x")
        right = convert_to_tensor(y, name="y", dtype=left.dtype)
        dtype = left.dtype.real_dtype if left.dtype.is_complex else left.dtype
        rounding = 10 * np.finfo(dtype.as_numpy_dtype).eps
        relative = convert_to_tensor(rounding if rtol is None else rtol, name="rtol", dtype=dtype)
        absolute = convert_to_tensor(rounding if atol is None else atol, name="atol", dtype=dtype)
        if data is None:
            told = f"x and y not equal to tolerance rtol = {relative}, atol = {absolute}"
            data = [_prefix(message), told, f"x ({left.name}) = ", left, f"y ({right.name}) = ", right]
        tolerance = absolute + relative * m.abs(right)
        return Assert(reduce_all(m.less(m.abs(left - right), tolerance)), data, summarize=summarize)


def _as_input(x: Any) -> Any:
    return x if isinstance(x, SparseTensor) else convert_to_tensor(x, name="x")


def _rank_check(
    x: Any,
    ranks: tuple[Tensor, ...],
    holds: Callable[[int, tuple[int, ...]], bool],
    when_run: Callable[..., Tensor],
    said: str,
    data: list[Any],
    summarize: int | None,
) -> Operation:
    for rank in ranks:
        assert_type(rank, dtypes.int32)
    known = [static.constant_value(rank) for rank in ranks]
    if all(k is not None for k in known):
        if any(k.ndim != 0 for k in known if k is not None):
            raise ValueError("Rank must be a scalar.")
        wanted = tuple(int(k) for k in known if k is not None)
        found = x.get_shape().ndims
        if found is not None:
            if not holds(found, wanted):
                told = wanted if len(wanted) > 1 or " in" in said else wanted[0]
                raise ValueError(f"{said} {told}.  Received rank {found}, shape {x.get_shape()}")
            return no_op(name="static_checks_determined_all_ok")
    condition = when_run(rank_of(x), ranks)
    for rank, value in zip(ranks, known, strict=True):
        if value is None:
            scalar = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
            condition = with_dependencies([scalar], condition)
    return Assert(condition, data, summarize=summarize)


def _name_of(x: Any) -> str:
    return "" if isinstance(x, SparseTensor) else x.name


def assert_rank(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> Operation:
    """An operation that fails unless `x` has this rank, a scalar int32; nothing is left to do where the rank is known.

    Raises:
      ValueError: the rank is known, and another.

    Source: `tf.assert_rank`.
    """
    with name_scope(name, "assert_rank", [x, rank, *(data or [])]):
        x, wanted = _as_input(x), convert_to_tensor(rank, name="rank")
        said = f"{_prefix(message)}Tensor {_name_of(x)} must have rank"
        shown = data or [_prefix(message), f"Tensor {_name_of(x)} must have rank", wanted, "Received shape: ", shape(x)]
        how = (lambda found, ranks: found == ranks[0]), (lambda found, ranks: m.equal(found, ranks[0]))
        return _rank_check(x, (wanted,), *how, said, shown, summarize)


def assert_rank_at_least(
    x: Any, rank: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> Operation:
    """As `tf.assert_rank`, for this rank or a higher one. Source: `tf.assert_rank_at_least`."""
    with name_scope(name, "assert_rank_at_least", [x, rank, *(data or [])]):
        x, wanted = _as_input(x), convert_to_tensor(rank, name="rank")
        said = f"{_prefix(message)}Tensor {_name_of(x)} must have rank at least"
        start = f"Tensor {_name_of(x)} must have rank at least"
        shown = data or [_prefix(message), start, wanted, "Received shape: ", shape(x)]
        how = (lambda found, ranks: found >= ranks[0]), (lambda found, ranks: m.greater_equal(found, ranks[0]))
        return _rank_check(x, (wanted,), *how, said, shown, summarize)


def assert_rank_in(
    x: Any, ranks: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> Operation:
    """As `tf.assert_rank`, for one of several ranks. Source: `tf.assert_rank_in`."""
    with name_scope(name, "assert_rank_in", [x, *ranks, *(data or [])]):
        x = _as_input(x)
        wanted = tuple(convert_to_tensor(rank, name="rank") for rank in ranks)
        said = f"{_prefix(message)}Tensor {_name_of(x)} must have rank in"
        shown = data or [_prefix(message), f"Tensor {_name_of(x)} must have rank in", *wanted, "Received shape: ", shape(x)]

        def when_run(found: Tensor, ranks: tuple[Tensor, ...]) -> Tensor:
            condition = m.equal(found, ranks[0])
            for rank in ranks[1:]:
                condition = m.logical_or(condition, m.equal(found, rank))
            return condition

        return _rank_check(x, wanted, lambda found, ranks: found in ranks, when_run, said, shown, summarize)


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Nothing to do if `x` is of whole numbers. Raises TypeError now if it is not. Source: `tf.assert_integer`."""
    with name_scope(name, "assert_integer", [x]):
        tensor = convert_to_tensor(x, name="x")
        if not tensor.dtype.is_integer:
            raise TypeError(f'{_prefix(message)}Expected "x" to be integer type.  Found: {tensor.name} of dtype {tensor.dtype}')
        return no_op("statically_determined_was_integer")


def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Nothing to do if `tensor` is of this dtype. Raises TypeError now if it is not. Source: `tf.assert_type`."""
    wanted = dtypes.as_dtype(tf_type)
    with name_scope(name, "assert_type", [tensor]):
        if not isinstance(tensor, SparseTensor):
            tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != wanted:
            raise TypeError(
                f"{_prefix(message)}{getattr(tensor, 'name', 'tensor')} must be of type {wanted!r}; got {tensor.dtype!r}"
            )
        return no_op("statically_determined_correct_type")


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """`tensor`. Raises ValueError now unless it is known to be a scalar. Source: `tf.assert_scalar`."""
    with name_scope(name, "assert_scalar", [tensor]) as scope:
        given = convert_to_tensor(tensor, name=scope)
        if given.shape.ndims != 0:
            raise ValueError(f"{_prefix(message)}Expected scalar shape for {given.name}, saw shape: {given.shape}.")
        return given


def assert_proper_iterable(values: Any) -> None:
    """Raises TypeError if `values` cannot be gone through, or is one tensor, array or text.

    Source: `tf.assert_proper_iterable`.
    """
    if isinstance(values, (Tensor, SparseTensor, np.ndarray, str, bytes)):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """The one floating dtype of all `tensors` (and of `dtype`, if given); float32 if there are none.

    Raises:
      ValueError: they differ, or the dtype is not a floating one.

    Source: `tf.assert_same_float_dtype`.
    """
    found = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    first = None
    for item in tensors or []:
        if item is None:
            continue
        kind = item.dtype.base_dtype
        if found is None:
            found, first = kind, item
        elif found != kind:
            than = f" as {first.name}" if first is not None else ""
            raise ValueError(f"Tensor type mismatch, expected {found.name}{than}, got {kind.name} ({item.name}).")
    if found is None:
        return dtypes.float32
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found.name}.")
    return found


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether `tensor` is a tensor of numbers. Source: `tf.is_numeric_tensor`."""
    return isinstance(tensor, Tensor) and (tensor.dtype.base_dtype.is_numeric or tensor.dtype.is_quantized)


def _neighbours(x: Any, name: str | None, default: str, compare: Callable[..., Tensor]) -> Tensor:
    """Whether every element compares so with the one before it, in the order of the rows."""
    with name_scope(name, default, [x]):
        flat = reshape(x, [-1])
        if not is_numeric_tensor(flat):
            raise TypeError(f"Expected x to be numeric, instead found: {flat}")
        short = m.less(size(flat), 2)
        last = shape(flat) - 1

        def compared() -> Tensor:
            end = [1] + last  # noqa: RUF005  (a tensor: the list becomes a constant)
            return compare(strided_slice(flat, [1], end), strided_slice(flat, [0], last))

        return reduce_all(cond(short, lambda: convert_to_tensor([], dtype=dtypes.bool), compared))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element of `x` is less than the one before it, a scalar bool. Source: `tf.is_non_decreasing`."""
    return _neighbours(x, name, "is_non_decreasing", m.greater_equal)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every element of `x` is greater than the one before it, a scalar bool. Source: `tf.is_strictly_increasing`."""
    return _neighbours(x, name, "is_strictly_increasing", m.greater)
