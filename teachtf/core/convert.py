"""From values of any kind to tensors. Source: `tf.constant`, `tf.convert_to_tensor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes, shapes
from teachtf.core.arrays import to_array
from teachtf.core.dtypes import DType
from teachtf.core.graph import get_default_graph
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False) -> Tensor:
    """A tensor that always has the same value.

    Args:
      value: a number, string, nested list or numpy array.
      dtype: the element type; by default float32, int32, bool, string, or the array's.
      shape: dimensions to lay `value` out in; a shorter value repeats its last element.
      name: the operation's name.
      verify_shape: whether `value` must have just this shape.

    Raises:
      TypeError: an element cannot be of `dtype`, or the shape differs from one to verify.
      ValueError: `value` is ragged, or has too many elements for `shape`.

    Source: `tf.constant`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.constant([1, 2, 3]) * 2))
    [2 4 6]
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    return constant_of(to_array(value, wanted, shape, verify_shape), wanted, name)


def constant_of(array: np.ndarray, dtype: DType | None = None, name: str = "Const") -> Tensor:
    """A `Const` that holds `array` itself; the caller gives it away."""
    array.flags.writeable = False
    dtype = dtypes.as_dtype(array.dtype) if dtype is None else dtype.base_dtype
    return get_default_graph().create_op("Const", (), {"value": array, "dtype": dtype}, name).outputs[0]


Converter = Callable[..., Any]
_converters: list[tuple[int, Any, Converter]] = []
_converters_of: dict[type, list[tuple[Any, Converter]]] = {}  # those of a type, in the order in which they are asked
_NO_OTHER = (int, float, complex, bool, np.number, np.ndarray)


def register_tensor_conversion_function(base_type: Any, conversion_func: Converter, priority: int = 100) -> None:
    """Teach `convert_to_tensor` a type; lower priorities are asked first, those of one priority in the order they came.

    `conversion_func(value, dtype=None, name=None, as_ref=False)` gives a tensor, or NotImplemented to pass.
    Source: `tf.register_tensor_conversion_function`.

    Raises:
      TypeError: `base_type` is no type or tuple of types, or the type of plain numbers or arrays; the function is none.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(t, type) for t in types):
        raise TypeError(f"Argument `base_type` must be a type or a tuple of types. Obtained: {base_type}")
    if any(issubclass(t, _NO_OTHER) for t in types):
        raise TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func}.")
    _converters.append((priority, base_type, conversion_func))
    _converters.sort(key=lambda entry: entry[0])
    _converters_of.clear()


def _asked(kind: type) -> list[tuple[Any, Converter]]:
    found = _converters_of.get(kind)
    if found is None:
        found = _converters_of[kind] = [(base, function) for _, base, function in _converters if issubclass(kind, base)]
    return found


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
    as_ref: bool = False,
) -> Tensor:
    """`value` as a tensor: itself if it is one, else a constant or what its registered conversion makes.

    Raises:
      TypeError: there is no conversion to `dtype`.
      ValueError: a tensor of another dtype, or a bad value.
      RuntimeError: a registered conversion gave something else than a tensor of `dtype`.

    Source: `tf.convert_to_tensor`.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(value, Tensor):
        if wanted is not None and not wanted.is_compatible_with(value._dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype {value._dtype.name}: {value!r}. "
                "Use tf.cast to change a tensor's dtype."
            )
        return value
    hint = preferred_dtype if preferred_dtype is not None else dtype_hint
    for base_type, function in _asked(type(value)):
        if wanted is None and hint is not None:
            try:
                result = function(value, dtype=dtypes.as_dtype(hint), name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
            if result is not NotImplemented:
                return result
        result = function(value, dtype=wanted, name=name, as_ref=as_ref)
        if result is not NotImplemented:
            return _checked(result, wanted, base_type, function)
    raise TypeError(f"Cannot convert {value!r} with type {type(value)} to Tensor: no conversion function registered.")


def _checked(result: Any, wanted: DType | None, base_type: Any, function: Converter) -> Tensor:
    who = f"Conversion function {function!r} for type {base_type} returned"
    if not isinstance(result, Tensor):
        raise RuntimeError(f"{who} non-Tensor: {result!r}")
    if wanted is not None and not wanted.is_compatible_with(result._dtype):
        raise RuntimeError(f"{who} incompatible dtype: requested = {wanted.name}, actual = {result._dtype.name}")
    return result


def _from_constant(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return constant(value, dtype, name=name or "Const")


def _from_shape(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
    large = any(d >= 2**31 for d in value.as_tuple)
    if dtype is None:
        dtype = dtypes.int64 if large else dtypes.int32
    elif dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert TensorShape {value} to dtype {dtype}. Allowed dtypes are tf.int32 and tf.int64.")
    elif large and dtype == dtypes.int32:
        raise ValueError(f"Cannot convert TensorShape {value} to dtype int32; a dimension is too large. Consider tf.int64.")
    return constant(value.as_list(), dtype, name=name or "shape_as_tensor")


def _from_dimension(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if value.value is None:
        raise ValueError(f"Cannot convert unknown Dimension {value} to a Tensor.")
    if dtype is not None and dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert Dimension {value} to dtype {dtype}. Allowed dtypes are tf.int32 and tf.int64.")
    return constant(value.value, dtype or dtypes.int32, name=name or "shape_as_tensor")


def _from_operation(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    raise TypeError(f"can't convert Operation '{value.name}' to Tensor. Its results are `operation.outputs`.")


register_tensor_conversion_function(shapes.TensorShape, _from_shape, 100)
register_tensor_conversion_function(shapes.Dimension, _from_dimension, 100)
register_tensor_conversion_function(Operation, _from_operation, 100)
register_tensor_conversion_function(object, _from_constant, 200)
