"""From Python values to arrays, and from values to tensors. Source: `tf.convert_to_tensor`, `tf.make_tensor_proto`."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes, shapes
from teachtf.core.dtypes import DType
from teachtf.core.graph import get_default_graph
from teachtf.core.tensor import Tensor

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (numbers.Integral,),
    "floating": (numbers.Real,),
    "complex": (numbers.Complex,),
    "bool": (bool, np.bool_),
    "string": (str, bytes, np.bytes_, np.str_),
}


def _kind(dtype: DType) -> str | None:
    if dtype == dtypes.bool:
        return "bool"
    if dtype == dtypes.string:
        return "string"
    if dtype.is_integer:
        return "integer"
    if dtype.is_floating:
        return "floating"
    return "complex" if dtype.is_complex else None


def _first_misfit(value: Any, accepted: tuple[type, ...], kind: str) -> Any:
    """The first leaf of nested lists that cannot become `kind`, as a one-element list; or []."""
    if isinstance(value, (list, tuple)):
        for item in value:
            found = _first_misfit(item, accepted, kind)
            if found:
                return found
        return []
    if isinstance(value, np.ndarray):
        return []
    if isinstance(value, accepted) and not (isinstance(value, (bool, np.bool_)) and kind not in ("bool",)):
        return []
    if isinstance(value, (shapes.Dimension,)) and kind == "integer":
        return []
    return [value]


def _plain(value: Any) -> Any:
    """Nested lists of TensorShape and Dimension as plain lists and numbers."""
    if isinstance(value, shapes.TensorShape):
        return value.as_list()
    if isinstance(value, shapes.Dimension):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def to_array(value: Any, dtype: DType | None = None, shape: Any = None) -> np.ndarray:
    """`value` as a numpy array that a `Const` of this dtype holds.

    Python ints become int32 where they fit and int64 where not, floats float32, str bytes.

    Raises:
      TypeError: an element cannot be of `dtype`.
      ValueError: None, a ragged list, or more elements than `shape` holds.
    """
    if value is None:
        raise ValueError("None values not supported.")
    from_numpy = isinstance(value, (np.ndarray, np.generic))
    if not from_numpy:
        if not isinstance(value, (int, float, complex, str, bytes, list, tuple)) and hasattr(value, "__array__"):
            value, from_numpy = np.asarray(value), True
        else:
            value = _plain(value)
    if dtype is not None and not from_numpy:
        kind = _kind(dtype)
        if kind is not None:
            misfit = _first_misfit(value, _PYTHON_TYPES[kind], kind)
            if misfit:
                got = misfit[0]
                if got is None:
                    raise ValueError("None values not supported.")
                raise TypeError(f"Expected {dtype.name}, got {got!r} of type '{type(got).__name__}' instead.")
    array = _raw_array(value, dtype, from_numpy)
    if shape is not None:
        array = _to_shape(array, shapes.as_shape(shape))
    return array


def _raw_array(value: Any, dtype: DType | None, from_numpy: bool) -> np.ndarray:
    if dtype is not None and dtype.base_dtype != dtypes.string:
        target = dtype.as_numpy_dtype
        if dtype.is_quantized and not from_numpy:
            return np.array(value, dtype=np.dtype(target)[0]).astype(target) if np.ndim(value) else _quantized(value, target)
        try:
            return np.array(value).astype(target) if from_numpy else np.array(value, dtype=target)
        except (OverflowError, TypeError) as error:
            raise ValueError(f"cannot make a {dtype.name} of {value!r}: {error}") from None
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError(
            f"Argument must be a dense tensor: {value!r} - its rows have different lengths. Give every row as many elements."
        ) from None
    if array.dtype == object and not _all_strings(array):
        raise TypeError(f"Failed to convert elements of {value!r} to Tensor: elements of one tensor have one type and shape.")
    if array.dtype.kind in "USO":
        return _bytes_array(array)
    if dtype is not None:
        raise TypeError(f"Expected string, got {value!r} of type '{type(value).__name__}' instead.")
    if from_numpy:
        return array
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array
    return array


def _quantized(value: Any, target: Any) -> np.ndarray:
    array = np.zeros((), np.dtype(target))
    array[...] = value
    return array


def _all_strings(array: np.ndarray) -> bool:
    return all(isinstance(x, (str, bytes)) for x in array.ravel())


def _bytes_array(array: np.ndarray) -> np.ndarray:
    flat = [x.encode() if isinstance(x, str) else bytes(x) for x in array.ravel().tolist()]
    result = np.empty(len(flat), dtype=object)
    result[:] = flat
    return result.reshape(array.shape)


def _to_shape(array: np.ndarray, shape: shapes.TensorShape) -> np.ndarray:
    size = shape.num_elements()
    if size is None:
        raise ValueError(f"Cannot convert a partially known TensorShape {shape} to a Tensor.")
    dims = tuple(int(d or 0) for d in shape.as_list())
    if array.size == size:
        return array.reshape(dims)
    if array.size > size:
        raise ValueError(f"Too many elements provided. Needed at most {size}, but received {array.size}")
    if array.size == 0:
        raise ValueError(f"Cannot fill a tensor of shape {shape} from no elements")
    full = np.full(size, array.ravel()[-1], dtype=array.dtype)  # TensorFlow 1 repeats the last element
    full[: array.size] = array.ravel()
    return full.reshape(dims)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Tensor:
    """A tensor that always has the same value.

    Args:
      value: a number, string, nested list or numpy array.
      dtype: the element type; by default float32, int32, bool, string, or the array's.
      shape: dimensions to lay `value` out in; a shorter value repeats its last element.
      name: the operation's name.

    Raises:
      TypeError: an element cannot be of `dtype`.
      ValueError: `value` is ragged, or has too many elements for `shape`.

    Source: `tf.constant`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.constant([1, 2, 3]) * 2))
    [2 4 6]
    """
    array = to_array(value, None if dtype is None else dtypes.as_dtype(dtype), shape)
    return constant_of(array, None if dtype is None else dtypes.as_dtype(dtype), name)


def constant_of(array: np.ndarray, dtype: DType | None = None, name: str = "Const") -> Tensor:
    """A `Const` that holds `array` itself; the caller gives it away."""
    array.flags.writeable = False
    dtype = dtypes.as_dtype(array.dtype) if dtype is None else dtype.base_dtype
    return get_default_graph().create_op("Const", (), {"value": array, "dtype": dtype}, name).outputs[0]


Converter = Callable[..., Any]
_converters: list[tuple[int, Any, Converter]] = []


def register_tensor_conversion_function(base_type: Any, conversion_func: Converter, priority: int = 100) -> None:
    """Teach `convert_to_tensor` a type; lower priorities are asked first.

    `conversion_func(value, dtype=None, name=None, as_ref=False)` gives a tensor, or NotImplemented to pass.
    Source: `tf.register_tensor_conversion_function`.
    """
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _converters.append((priority, base_type, conversion_func))
    _converters.sort(key=lambda entry: entry[0])


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
    for _, base_type, function in _converters:
        if not isinstance(value, base_type):
            continue
        if wanted is None and hint is not None:
            try:
                result = function(value, dtype=dtypes.as_dtype(hint), name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
            if result is not NotImplemented:
                return result
        result = function(value, dtype=wanted, name=name, as_ref=as_ref)
        if result is not NotImplemented:
            return result
    raise TypeError(f"Cannot convert {value!r} of type {type(value).__name__} to Tensor: no conversion function registered.")


def _from_constant(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return constant(value, dtype, name=name or "Const")


def _from_shape(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
    if dtype is not None and dtype not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype {dtype.name}")
    return constant(value.as_list(), dtype or dtypes.int32, name=name or "shape_as_tensor")


def _from_dimension(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if value.value is None:
        raise ValueError("Cannot convert an unknown Dimension to a Tensor: ?")
    return constant(value.value, dtype or dtypes.int32, name=name or "shape_as_tensor")


register_tensor_conversion_function(shapes.TensorShape, _from_shape, 100)
register_tensor_conversion_function(shapes.Dimension, _from_dimension, 100)
register_tensor_conversion_function(object, _from_constant, 200)
