"""What `session.run` takes and gives: fetch structures flattened and put together again, and feeds turned into arrays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.core.convert import to_array
from teachtf.core.graph import Graph
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor, _made_at
from teachtf.runtime.gpus import late_error
from teachtf.runtime.handles import TensorHandle

Rebuild = Callable[[Any], Any]


def flatten(graph: Graph, fetches: Any) -> tuple[list[Any], Rebuild]:
    """The tensors and operations in a fetch structure, each once, and the function from their values to the structure.

    Raises:
      TypeError: something in it cannot be fetched.
      ValueError: it belongs to another graph, or does not exist.
    """
    order: dict[Any, int] = {}
    rebuild = _flatten(graph, fetches, order)
    return list(order), rebuild


def _flatten(graph: Graph, fetch: Any, order: dict[Any, int]) -> Rebuild:
    if isinstance(fetch, Tensor | Operation):
        return _one(graph, fetch, order)
    if fetch is None:
        raise TypeError("Argument `fetch` = None has invalid type 'NoneType'. Cannot be None")
    if isinstance(fetch, Mapping):
        parts = {key: _flatten(graph, value, order) for key, value in fetch.items()}
        return lambda values: _mapping(fetch, {key: part(values) for key, part in parts.items()})
    if isinstance(fetch, (list, tuple)):
        items = [_flatten(graph, item, order) for item in fetch]
        if hasattr(fetch, "_fields"):
            named = type(fetch)
            return lambda values: named(*(item(values) for item in items))
        sequence = list if isinstance(fetch, list) else tuple
        return lambda values: sequence(item(values) for item in items)
    attributes = getattr(type(fetch), "__attrs_attrs__", None)
    if attributes is not None:  # a class made by the attrs package
        items = [_flatten(graph, getattr(fetch, a.name), order) for a in attributes]
        made = type(fetch)
        return lambda values: made(*(item(values) for item in items))
    if isinstance(fetch, np.ndarray) and fetch.dtype == object:
        return _flatten(graph, fetch.tolist(), order)
    parts_of = getattr(fetch, "_fetch_parts", None)
    if parts_of is not None:  # sparse tensors and the like say what they are made of
        pieces, join = parts_of()
        items = [_flatten(graph, piece, order) for piece in pieces]
        return lambda values: join(*(item(values) for item in items))
    return _one(graph, fetch, order)


def _one(graph: Graph, fetch: Any, order: dict[Any, int]) -> Rebuild:
    element = _element(graph, fetch)
    index = order.setdefault(element, len(order))
    if isinstance(element, Operation):
        return lambda values: None
    return lambda values: values[index]


def _mapping(like: Any, values: dict[Any, Any]) -> Any:
    """`values` as a mapping of the class of `like`."""
    if type(like) is dict:
        return values
    if isinstance(like, defaultdict):
        return type(like)(like.default_factory, values)
    return type(like)(values)


def _element(graph: Graph, fetch: Any) -> Any:
    try:
        element = graph.as_graph_element(fetch)
    except TypeError as error:
        raise TypeError(
            f'Argument `fetch` = {fetch!r} has invalid type "{type(fetch).__name__}" must be a string or Tensor. ({error})'
        ) from None
    except (ValueError, KeyError) as error:
        text = error.args[0] if error.args else error
        raise ValueError(f"Argument `fetch` = {fetch!r} cannot be interpreted as a Tensor. ({text})") from None
    if not graph.is_fetchable(element):
        op = element.op if isinstance(element, Tensor) else element
        raise errors.InaccessibleTensorError(
            f"Operation {op.name} has been marked as not fetchable. It belongs to one branch of a tf.cond or to the body of a "
            "loop, which may not run: return it from the branch or the body, and fetch what tf.cond or tf.while_loop gives."
        )
    return element


def feeds(graph: Graph, feed_dict: Any) -> dict[Tensor, Any]:
    """The tensors and arrays of a feed dictionary.

    Raises:
      TypeError: a key is no tensor here, or a value is one.
      ValueError: a value's shape does not fit; the message names the axis.
    """
    if not feed_dict:
        return {}
    if not isinstance(feed_dict, Mapping):
        raise TypeError(f"feed_dict is a dictionary from tensors to values, not {type(feed_dict).__name__}")
    result: dict[Tensor, Any] = {}
    for key, value in feed_dict.items():
        if isinstance(key, tuple):
            for k, v in zip(key, value, strict=True):
                _add(graph, result, k, v)
            continue
        parts = None if type(key) is Tensor else getattr(key, "_feed_parts", None)
        if parts is not None:
            for k, v in parts(value):
                _add(graph, result, k, v)
        else:
            _add(graph, result, key, value)
    return result


def _add(graph: Graph, result: dict[Tensor, Any], key: Any, value: Any) -> None:
    if type(key) is Tensor and key._op._graph is graph:
        tensor = key
    else:
        try:
            tensor = graph.as_graph_element(key, allow_operation=False)
        except Exception as error:
            text = error.args[0] if error.args else error
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {text}") from None
    if not graph.is_feedable(tensor):
        raise ValueError(f"Tensor {tensor.name} may not be fed.")
    if isinstance(value, Tensor):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, lists, "
            f"numpy ndarrays, or TensorHandles. For reference, the tensor object was {value!r} which was passed to the "
            f"argument `feed_dict` with key {key!r}."
        )
    if isinstance(value, TensorHandle):
        value = value.eval()
    dtype = tensor._dtype.base_dtype
    array = _array(tensor, dtype, value)
    given, wanted = array.shape, tensor._shape._dims
    if wanted is not None and given != wanted:
        _check_shape(tensor, given, wanted)
    result[tensor] = array


def _array(tensor: Tensor, dtype: dtypes.DType, value: Any) -> np.ndarray:
    target = dtype.as_numpy_dtype
    if type(value) is np.ndarray and value.dtype == target and target is not np.object_:  # a matrix would multiply otherwise
        return value
    if isinstance(value, int) and not _holds(dtype, value):
        raise TypeError(
            f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type {target}. Try explicitly "
            f"setting the type of the feed tensor to a larger type (e.g. int64).{_made_at(tensor.op)}"
        )
    try:
        if dtype.is_quantized:
            quantized = np.zeros(np.shape(value), target)
            quantized[quantized.dtype.names[0]] = value  # type: ignore[index]
            return quantized
        if dtype == dtypes.string:
            array = to_array(value, None)
            if array.dtype != np.object_:
                raise TypeError(f"expected text, got {type(value).__name__} {value!r}")
            return array
        with np.errstate(over="ignore"):
            try:
                return np.asarray(value, dtype=target)
            except OverflowError:  # numbers in a list wrap round, as those of an array do
                return np.asarray(value).astype(target)
    except (ValueError, TypeError) as error:
        raise type(error)(f"Cannot feed {tensor.name} ({dtype.name}): {error}.{_made_at(tensor.op)}") from None


def _holds(dtype: dtypes.DType, value: int) -> bool:
    """Whether a Python integer keeps its value as `dtype`."""
    if dtype.is_quantized:
        return bool(dtype.min <= value <= dtype.max)
    try:
        return dtype != dtypes.string and bool(np.asarray(value).astype(dtype.as_numpy_dtype) == value)
    except OverflowError:
        return False


def _check_shape(tensor: Tensor, given: tuple[int, ...], wanted: tuple[int | None, ...]) -> None:
    if len(given) == len(wanted):
        wrong = [i for i, (g, w) in enumerate(zip(given, wanted, strict=True)) if w is not None and g != w]
        if not wrong:
            return
        axes = ", ".join(f"axis {i} has size {given[i]} and should have {wanted[i]}" for i in wrong)
    else:
        axes = f"it has {len(given)} dimension{'s' * (len(given) != 1)} and should have {len(wanted)}"
    raise ValueError(
        f"Cannot feed value of shape {given} for Tensor {tensor.name}, which has shape {str(tensor._shape)!r}: {axes}."
        f"{_made_at(tensor.op)}"
    )


def run_error(error: Exception, op: Operation | None) -> BaseException:
    """TensorFlow's error for what a kernel raised."""
    if isinstance(error, errors.OpError):
        return error if error.op is not None else type(error)(None, op, error.message)
    shapes = "" if op is None else ", ".join(str(t.shape) for t in op.inputs)
    if isinstance(error, MemoryError):
        return errors.ResourceExhaustedError(None, op, f"OOM when computing with inputs of shape {shapes}: {error}")
    if isinstance(error, (ValueError, IndexError, ZeroDivisionError, OverflowError)):
        told, _, listed = str(error).partition("could not be broadcast together with shapes ")
        if listed:  # NumPy's words: "operands could not be ... (3,) (2,)"
            told = "Incompatible shapes: " + " vs. ".join(f"[{s.rstrip(',')}]" for s in re.findall(r"\(([\d,]*)\)", listed))
        return errors.InvalidArgumentError(None, op, told)
    if type(error).__name__ == "CudaAPIError":
        return errors.InternalError(None, op, late_error(error))
    return errors.InternalError(None, op, f"{type(error).__name__} in a kernel of teachtf: {error}")
