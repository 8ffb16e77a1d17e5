"""The kernel that calls a Python function."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops.py_func import function_of

# What TensorFlow makes of an exception of the function.
_CLASSES = (
    ((ValueError, TypeError), errors.InvalidArgumentError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (NotImplementedError, errors.UnimplementedError),
)


@kernel("PyFunc", "PyFuncStateless")
def _py_func(op: Any) -> Call:
    token = op._attrs["token"]
    function = function_of(op.graph, token)
    types = [t.as_numpy_dtype for t in op._attrs["Tout"]]

    def call(*inputs: Any) -> Any:
        if function is None:
            raise errors.InvalidArgumentError(None, None, f"callback {token.decode()} is not found")
        try:
            given = function(*[np.array(x) if np.ndim(x) else np.asarray(x)[()] for x in inputs])
        except Exception as error:
            kind = next((made for caught, made in _CLASSES if isinstance(error, caught)), errors.UnknownError)
            told = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
            raise kind(None, None, told) from error  # type: ignore[call-arg]
        if not types:
            return None
        values = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(values) != len(types):
            raise errors.InvalidArgumentError(
                None, None, f"{token.decode()} returns {len(values)} values, but expects to see {len(types)} values."
            )
        results = tuple(
            _checked(i, value, kind, token.decode()) for i, (value, kind) in enumerate(zip(values, types, strict=True))
        )
        return results if len(results) > 1 else results[0]

    return call


def _checked(index: int, value: Any, kind: Any, token: str) -> Any:
    if kind is np.object_ or kind is object:
        texts = np.asarray(value, object)
        return np.array([t.encode() if isinstance(t, str) else bytes(t) for t in texts.ravel()], object).reshape(texts.shape)
    array = np.asarray(value)
    if array.dtype != np.dtype(kind):
        if not isinstance(value, (int, float, bool, list, tuple)):
            names = {"float32": "float", "float64": "double"}
            got, wanted = (names.get(n, n) for n in (array.dtype.name, np.dtype(kind).name))
            raise errors.InvalidArgumentError(
                None, None, f"{index}-th value returned by {token} is {got}, but expects {wanted}"
            )
        array = array.astype(kind)
    return np.array(array)
