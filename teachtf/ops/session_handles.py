"""Tensors that stay in the session from run to run: stored by one run, used by a later one, without passing through Python."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.name_scope import colocate_with, device
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import placeholder

_HANDLE = {"shape": lambda op: [TensorShape([])], "gradient": NOT_DIFFERENTIABLE, "stateful": True}
declare("GetSessionHandle", inputs="value: T", outputs="handle: string", attrs="T: type", **_HANDLE)  # type: ignore[arg-type]
declare(
    "GetSessionTensor",
    inputs="handle: string",
    outputs="value: dtype",
    attrs="dtype: type",
    shape=lambda op: [unknown_shape()],
    gradient=NOT_DIFFERENTIABLE,
    stateful=True,
)
declare(
    "DeleteSessionTensor",
    inputs="handle: string",
    outputs="",
    attrs="",
    shape=lambda op: [],
    gradient=NOT_DIFFERENTIABLE,
    stateful=True,
)


def get_session_handle(data: Tensor, name: str | None = None) -> Tensor:
    """Store `data` in the session; `sess.run` of the result gives a handle to it.

    Returns:
      A scalar string tensor. Fetched, it gives a `TensorHandle`, whose `handle` is the string, and which can be fed in the
      place of a value.

    Raises:
      TypeError: `data` is no tensor.

    Source: `tf.get_session_handle`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     stored = sess.run(tf.get_session_handle(tf.constant([1.0, 2.0]) * 10.0))
    ...     holder, value = tf.get_session_tensor(stored.handle, tf.float32)
    ...     print(sess.run(value + 1.0, {holder: stored.handle}))
    [11. 21.]
    """
    if not isinstance(data, Tensor):
        raise TypeError("`data` must be of type Tensor.")
    with colocate_with(data):
        return apply_op("GetSessionHandle", data, name=name)


def get_session_tensor(handle: Any, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """A placeholder for the string of a handle, and the tensor of type `dtype` that is stored under what it is fed.

    Source: `tf.get_session_tensor`.
    """
    with device(_device_of(handle)):
        holder = placeholder("string")
        return holder, apply_op("GetSessionTensor", holder, dtype=dtype, name=name)


def delete_session_tensor(handle: Any, name: str | None = None) -> tuple[Tensor, Any]:
    """A placeholder for the string of a handle, and the operation that forgets what is stored under what it is fed.

    Source: `tf.delete_session_tensor`.
    """
    with device(_device_of(handle)):
        holder = placeholder("string")
        return holder, apply_op("DeleteSessionTensor", holder, name=name)


def _device_of(handle: Any) -> str:
    text = handle.decode() if isinstance(handle, bytes) else str(handle)
    return text.rpartition(";")[2]
