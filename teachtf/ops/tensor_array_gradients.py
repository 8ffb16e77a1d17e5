"""The operations of tensor arrays, and their gradients: arrays of the gradients by the elements.

Source: TensorFlow's `tensor_array_grad`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teachtf.core.name_scope import control_dependencies
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, as_shape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import identity

if TYPE_CHECKING:
    from teachtf.ops.tensor_array import TensorArray


def _scalars(op: Any) -> list[TensorShape]:
    return [shapes.SCALAR] * len(op.outputs)


def _handle_and_flow(op: Any) -> list[TensorShape]:
    return [as_shape([2]), shapes.SCALAR]


def _element(op: Any) -> list[TensorShape]:
    return [unknown_shape()]


def _elements(op: Any) -> list[TensorShape]:
    return [unknown_shape()]


def _joined(op: Any) -> list[TensorShape]:
    return [unknown_shape(), as_shape([None])]


def _call_of(name: str) -> str:
    """The call of `tf.gradients` that a gradient was built by: each has its own arrays of gradients."""
    parts = name.split("/")
    places = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    if not places:
        raise ValueError(
            f"Expected op/tensor name to start with gradients (excluding scope), got: {name}. This means that a tf.gradients "
            "op with this op in its dependency path has a custom name that does not start with 'gradients'. Please make sure "
            "all calls to tf.gradients that have non-empty `name` arguments use names that start with 'gradients'."
        )
    return "/".join(parts[: places[-1] + 1])


def _gradients_of(op: Any, dtype: Any, flow: Tensor, source: str) -> TensorArray:
    from teachtf.ops.tensor_array import TensorArray

    array = TensorArray(dtype, handle=op.inputs[0], flow=flow, colocate_with_first_write_call=False)
    return array.grad(source, flow)


def _read_gradient(op: Any, grad: Tensor) -> list[Any]:
    array = _gradients_of(op, op._attrs["dtype"], op.inputs[2], _call_of(grad.name))
    return [None, None, array.write(op.inputs[1], grad).flow]


def _gather_gradient(op: Any, grad: Tensor) -> list[Any]:
    array = _gradients_of(op, op._attrs["dtype"], op.inputs[2], _call_of(grad.name))
    return [None, None, array.scatter(op.inputs[1], grad).flow]


def _concat_gradient(op: Any, grad: Tensor, _lengths: Any) -> list[Any]:
    array = _gradients_of(op, op._attrs["dtype"], op.inputs[1], _call_of(grad.name))
    return [None, array.split(grad, lengths=op.outputs[1]).flow]


def _written(op: Any, flow: Tensor) -> tuple[TensorArray, Tensor]:
    """The gradients of an array that `op` wrote to, once it has."""
    source = _call_of(flow.name)
    flow_out = identity(op.outputs[0], "flow_out")
    with control_dependencies([flow_out]):
        flow = identity(flow, "write_barrier")
    return _gradients_of(op, op._attrs["T"], flow, source), flow


def _write_gradient(op: Any, flow: Tensor) -> list[Any]:
    array, flow = _written(op, flow)
    return [None, None, array.read(op.inputs[1]), flow]


def _scatter_gradient(op: Any, flow: Tensor) -> list[Any]:
    array, flow = _written(op, flow)
    return [None, None, array.gather(op.inputs[1]), flow]


def _split_gradient(op: Any, flow: Tensor) -> list[Any]:
    array, flow = _written(op, flow)
    return [None, array.concat(), None, flow]


_HOW = (
    "dtype: type, element_shape: shape = unknown_rank, dynamic_size: bool = false, clear_after_read: bool = true, "
    "identical_element_shapes: bool = false, tensor_array_name: string = ''"
)
_ONE = "handle: resource, index: int32"
_SEVERAL = "handle: resource, indices: int32"
for _name, _inputs, _outputs, _attrs, _shape, _gradient in (
    ("", "size: int32", "handle: resource, flow: float", _HOW, _handle_and_flow, NOT_DIFFERENTIABLE),
    (
        "Grad",
        "handle: resource, flow_in: float",
        "grad_handle: resource, flow_out: float",
        "source: string",
        _handle_and_flow,
        NOT_DIFFERENTIABLE,
    ),
    ("Read", f"{_ONE}, flow_in: float", "value: dtype", "dtype: type", _element, _read_gradient),
    ("Write", f"{_ONE}, value: T, flow_in: float", "flow_out: float", "T: type", _scalars, _write_gradient),
    (
        "Gather",
        f"{_SEVERAL}, flow_in: float",
        "value: dtype",
        "dtype: type, element_shape: shape = unknown_rank",
        _elements,
        _gather_gradient,
    ),
    ("Scatter", f"{_SEVERAL}, value: T, flow_in: float", "flow_out: float", "T: type", _scalars, _scatter_gradient),
    (
        "Concat",
        "handle: resource, flow_in: float",
        "value: dtype, lengths: int64",
        "dtype: type, element_shape_except0: shape = unknown_rank",
        _joined,
        _concat_gradient,
    ),
    (
        "Split",
        "handle: resource, value: T, lengths: int64, flow_in: float",
        "flow_out: float",
        "T: type",
        _scalars,
        _split_gradient,
    ),
    ("Size", "handle: resource, flow_in: float", "size: int32", "", _scalars, NOT_DIFFERENTIABLE),
    ("Close", "handle: resource", "", "", shapes.no_outputs, NOT_DIFFERENTIABLE),
):
    declare(
        f"TensorArray{_name}V3",
        inputs=_inputs,
        outputs=_outputs,
        attrs=_attrs,
        shape=_shape,
        gradient=_gradient,
        stateful=True,
    )
