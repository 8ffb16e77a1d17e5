"""Values passed on once they have been looked at: finite numbers, expected shapes."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.op_def import declare
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import check_numerics
from teachtf.ops.control_flow import group
from teachtf.ops.switching import with_dependencies


def _ensured(op: Any) -> list[TensorShape]:
    return [op._inputs[0]._shape.merge_with(op._attrs["shape"])]


declare(
    "EnsureShape",
    inputs="input: T",
    outputs="output: T",
    attrs="shape: shape, T: type",
    shape=_ensured,
    gradient=lambda op, grad: grad,
)
declare(
    "IdentityN",
    inputs="input: T",
    outputs="output: T",
    attrs="T: list(type) >= 1",
    shape=lambda op: [t._shape for t in op._inputs],
    gradient=lambda op, *grads: list(grads),
)


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """`x`, whose static shape is known better from here on.

    Args:
      x: a tensor.
      shape: the shape that it must have, as far as it is known.
      name: the name of the operation.

    Raises:
      ValueError: what is known of the shape of `x` contradicts `shape`.
      tf.errors.InvalidArgumentError: when it runs, `x` has another shape.

    Source: `tf.ensure_shape`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     print(tf.ensure_shape(tf.placeholder(tf.float32), [None, 3]).shape)
    (?, 3)
    """
    return apply_op("EnsureShape", x, shape=as_shape(shape), name=name)


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """The tensors of a list again, none of them ready before all are. Source: `tf.identity_n`."""
    return apply_op("IdentityN", list(input), name=name)


def verify_tensor_all_finite(
    t: Any = None, msg: str | None = None, name: str | None = None, x: Any = None, message: str | None = None
) -> Tensor:
    """`t`; an InvalidArgumentError with `msg` when the graph runs and there is a NaN or an infinity in it.

    `x` and `message` are other names of `t` and `msg`. Source: `tf.verify_tensor_all_finite`.
    """
    given, text = (x if t is None else t), (message if msg is None else msg)
    with name_scope(name, "VerifyFinite", [given]):
        tensor = convert_to_tensor(given, name="t")
        with colocate_with(tensor):
            checked = check_numerics(tensor, message=text or "")
            return with_dependencies([checked], tensor)


def add_check_numerics_ops() -> Operation:
    """One operation that looks for NaN and infinity in every floating tensor of the graph, in the order they were made.

    Raises (when it runs):
      tf.errors.InvalidArgumentError: the first tensor that has one, by name.

    Source: `tf.add_check_numerics_ops`.
    """
    checks: list[Tensor] = []
    graph = get_default_graph()
    for op in graph.get_operations():
        for output in op.outputs:
            if output.dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
                if op._control_flow_context is not None:
                    raise ValueError(
                        "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow operations such as "
                        "`tf.cond()` or `tf.while_loop()`."
                    )
                with control_dependencies(checks):
                    checks = [check_numerics(output, message=f"{op.name}:{output.value_index}")]
    return group(*checks)
