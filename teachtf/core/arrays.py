"""From Python values to the arrays that constants hold. Source: `tf.make_tensor_proto`, which converts for `tf.constant`."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np

from teachtf.core import dtypes, shapes
from teachtf.core.dtypes import DType
from teachtf.core.tensor import Tensor

_PLAIN = (bool, int, float, complex, str, bytes, list, tuple)


def to_array(value: Any, dtype: DType | None = None, shape: Any = None, verify_shape: bool = False) -> np.ndarray:
    """`value` as a numpy array that a `Const` of this dtype holds.

    Python ints become int32 where they fit and int64 where not, floats float32, str bytes. One element that fills a larger
    `shape` is kept once: the array is a view of it whose strides are 0.

    Raises:
      TypeError: an element cannot be of `dtype`, or `verify_shape` and the shape differs.
      ValueError: None, a ragged list, or more elements than `shape` holds.
    """
    if value is None:
        raise ValueError("None values not supported.")
    if isinstance(value, Tensor) or hasattr(value, "_ref"):
        raise TypeError(f"Expected any non-tensor type, but got a tensor instead. It is {value!r}: use it as it is.")
    if isinstance(value, (np.ndarray, np.generic)):
        array = _from_numpy(value, dtype)
    elif not isinstance(value, _PLAIN) and hasattr(value, "__array__"):
        array = _from_numpy(np.asarray(value), dtype)
    else:
        if shape is not None and 0 in (dims := _sizes(shape)):
            return np.empty(dims, np.float32 if dtype is None else dtype.as_numpy_dtype)
        array = _from_python(_plain(value), dtype)
    return array if shape is None else _to_shape(array, _sizes(shape), verify_shape)


def _plain(value: Any) -> Any:
    """Nested lists of TensorShape and Dimension as plain lists and numbers."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, shapes.TensorShape):
        return value.as_list()
    return value.value if isinstance(value, shapes.Dimension) else value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


# --- from numpy ------------------------------------------------------------------------------------------------------


def _from_numpy(value: Any, dtype: DType | None) -> np.ndarray:
    array = np.asarray(value)
    if dtype is not None and dtype.base_dtype != dtypes.string:
        if not dtype.is_numpy_compatible:
            raise _unfit(dtype, value, array)
        return np.array(array).astype(dtype.as_numpy_dtype)
    if array.dtype.kind not in "USO" and dtype is None:
        return np.array(array)
    return _of_strings(array.ravel().tolist(), array.shape)


def _of_strings(items: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    flat = np.empty(len(items), dtype=object)
    flat[:] = [_bytes(item) for item in items]
    return flat.reshape(shape)


def _bytes(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, (bytes, bytearray)):
        return bytes(item)
    raise TypeError(f"Expected binary or unicode string, got {item!r}")


# --- from Python -----------------------------------------------------------------------------------------------------


def _from_python(value: Any, dtype: DType | None) -> np.ndarray:
    if dtype is not None:
        _check_leaves(value, dtype)
        if dtype.base_dtype != dtypes.string:
            return _typed(value, dtype)
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError(
            f"Argument must be a dense tensor: {value!r} - its rows have different lengths. Give every row as many elements."
        ) from None
    except NotImplementedError:  # a tensor was asked for its value
        raise TypeError(
            f"Expected any non-tensor type, but got a tensor instead. Use tf.stack to join tensors: {value!r}"
        ) from None
    if array.dtype.kind in "USO" or dtype is not None:
        return _strings(value, array)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array
    return array


def _strings(value: Any, array: np.ndarray) -> np.ndarray:
    try:
        # numpy's own strings end at the first null byte: those of the list are taken
        items = list(_leaves(value))
        return _of_strings(items, array.shape if array.size == len(items) else (len(items),))
    except TypeError:
        raise TypeError(
            f"Failed to convert elements of {value} to Tensor. Consider casting elements to a supported type: the elements "
            "of one tensor are all numbers, all bools or all strings."
        ) from None


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "string": (str, bytes),
    "integer": (numbers.Integral,),
    "floating": (numbers.Real,),
    "complex": (numbers.Complex,),
}


def _accepted(dtype: DType) -> tuple[type, ...] | None:
    """The Python types of which elements of `dtype` are made."""
    if dtype == dtypes.bool or dtype == dtypes.string:
        return _KINDS[dtype.name]
    if dtype.is_integer:
        return _KINDS["integer"]
    if dtype.is_floating:
        return _KINDS["floating"]
    return _KINDS["complex"] if dtype.is_complex else None


def _check_leaves(value: Any, dtype: DType) -> None:
    accepted = _accepted(dtype.base_dtype)
    if accepted is None:
        if not dtype.is_numpy_compatible:
            raise _unfit(dtype, value, np.asarray(value))
        return
    for item in _leaves(value):
        if isinstance(item, accepted):
            continue
        if isinstance(item, np.ndarray) and (item.size == 0 or isinstance(item.flat[0], accepted)):
            continue
        if isinstance(item, Tensor):
            raise TypeError(f"Expected {dtype.name}, but got {item!r} of type 'Tensor'. Use tf.stack to join tensors.")
        raise TypeError(f"Expected {dtype.name}, but got {item} of type '{type(item).__name__}'.")


def _typed(value: Any, dtype: DType) -> np.ndarray:
    target = dtype.as_numpy_dtype
    if dtype.is_quantized:  # a quantised dtype of numpy is a structure of one field
        plain = np.array(value)
        result = np.zeros(plain.shape, np.dtype(target))
        result[...] = plain
        return result
    try:
        return np.array(value, dtype=target)
    except OverflowError:
        return np.array(value).astype(target)  # the low bits, as TensorFlow keeps them
    except ValueError:
        raise ValueError(
            f"Argument must be a dense tensor: {value!r} - its rows have different lengths. Give every row as many elements."
        ) from None


def _unfit(dtype: DType, value: Any, array: np.ndarray) -> TypeError:
    return TypeError(f"`dtype` {dtype} is not compatible with {value} of dtype {array.dtype}.")


# --- shapes ----------------------------------------------------------------------------------------------------------


def _sizes(shape: Any) -> tuple[int, ...]:
    try:
        return tuple(int(d) for d in shape)
    except TypeError as error:
        raise TypeError(f"{error}: the shape of a constant is a list of known sizes, not {shape!r}") from None


def _to_shape(array: np.ndarray, dims: tuple[int, ...], verify_shape: bool) -> np.ndarray:
    if verify_shape and array.shape != dims:
        raise TypeError(f"Expected Tensor's shape: {dims}, but got {array.shape}.")
    size = int(np.prod(dims, dtype=np.int64))
    if array.size > size:
        raise ValueError(f"Too many elements provided. Takes at most {size}, but got {array.size}.")
    if array.size == size:
        return array.reshape(dims)
    if array.size == 0:
        return np.full(dims, b"" if array.dtype == object else np.zeros((), array.dtype), array.dtype)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), dims)
    full = np.full(size, array.ravel()[-1], dtype=array.dtype)  # TensorFlow repeats the last element
    full[: array.size] = array.ravel()
    return full.reshape(dims)
