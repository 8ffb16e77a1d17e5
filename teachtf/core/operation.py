"""An operation: one node of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from teachtf.core import errors, source
from teachtf.core.dtypes import DType
from teachtf.core.op_def import OpDef
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor, _session_for

if TYPE_CHECKING:
    from teachtf.core.graph import Graph


class Operation(errors.Suggesting):
    """A node: a type, a name, inputs, attributes and outputs. Source: `tf.Operation`.

    Graphs make operations; programs use the functions of `tf`.
    """

    __slots__ = (
        "__weakref__",
        "_attrs",
        "_control_flow_context",
        "_control_inputs",
        "_device",
        "_graph",
        "_id",
        "_inputs",
        "_name",
        "_op_def",
        "_original_op",
        "_outputs",
        "_stack",
    )

    def __init__(
        self,
        graph: Graph,
        op_def: OpDef,
        name: str,
        inputs: Sequence[Tensor],
        control_inputs: Sequence[Operation],
        attrs: dict[str, Any],
        output_dtypes: Sequence[DType],
        op_id: int,
    ) -> None:
        self._graph = graph
        self._op_def = op_def
        self._name = name
        self._inputs = list(inputs)
        self._control_inputs = list(control_inputs)
        self._attrs = attrs
        self._device = ""
        self._id = op_id
        self._stack = source.user_stack()
        self._control_flow_context: Any = None
        self._original_op: Operation | None = None
        self._outputs = [Tensor(self, i, dtype) for i, dtype in enumerate(output_dtypes)]
        for tensor in inputs:
            tensor._consumers.append(self)

    @property
    def name(self) -> str:
        """The full name, scopes included."""
        return self._name

    @property
    def type(self) -> str:
        """The op type, as `"MatMul"`."""
        return self._op_def.name

    @property
    def op_def(self) -> Any:
        """The `OpDef` proto of this op's type."""
        from teachtf.core.op_def_proto import op_def_proto

        return op_def_proto(self._op_def)

    @property
    def graph(self) -> Graph:
        """The graph that holds this operation."""
        return self._graph

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors this operation computes from."""
        return tuple(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors this operation produces."""
        return self._outputs

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must run before this one."""
        return list(self._control_inputs)

    @property
    def device(self) -> str:
        """The device that this operation was asked to run on, or `""`."""
        return self._device

    def values(self) -> tuple[Tensor, ...]:
        """The tensors this operation produces."""
        return tuple(self._outputs)

    @property
    def user_frame(self) -> source.Frame | None:
        """The line of the user's code that built this operation."""
        return source.first_frame(self._stack)

    @property
    def traceback(self) -> Any:
        """The stack when this operation was built, as `traceback.StackSummary`, without the engine's own frames."""
        return source.summary(self._stack)

    def get_attr(self, name: str) -> Any:
        """The attribute `name`, as TensorFlow gives it: a dtype, number, bytes, list, or a proto for shapes and tensors.

        Raises:
          ValueError: there is no such attribute.
        """
        try:
            value = self._attrs[name]
        except KeyError:
            raise ValueError(
                f"Operation '{self._name}' has no attr named '{name}'.{errors.did_you_mean(name, self._attrs)}"
            ) from None
        if isinstance(value, (TensorShape, np.ndarray)):
            from teachtf.core import graph_def

            return graph_def.attr_to_proto_value(value)
        return list(value) if isinstance(value, list) else value

    def colocation_groups(self) -> list[bytes]:
        """The groups that this operation must share a device with: `loc:@name` entries."""
        own = [b"loc:@" + self._name.encode()]
        return [c for c in self._attrs.get("_class", []) if c.startswith(b"loc:@")] or own

    @property
    def node_def(self) -> Any:
        """This operation as a `NodeDef` proto."""
        from teachtf.core import graph_def

        return graph_def.node_to_proto(self)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run this operation in `session`, or in the default session."""
        _session_for(self, session, "execute operation", "run").run(self, feed_dict)

    def _set_attr(self, name: str, value: Any) -> None:
        self._graph._touch()
        if hasattr(value, "WhichOneof"):  # an AttrValue, as TensorFlow takes it
            from teachtf.core import graph_def

            value = graph_def.attr_from_proto(value)
        self._attrs[name] = value

    def _set_device(self, device: Any) -> None:
        self._graph._touch()
        self._device = device if isinstance(device, str) else device.to_string()

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    def _add_control_input(self, op: Operation) -> None:
        if op not in self._control_inputs:
            self._graph._touch()
            self._control_inputs.append(op)

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            self._add_control_input(op)

    def _remove_control_inputs(self, ops: Sequence[Operation]) -> None:
        self._graph._touch()
        self._control_inputs = [c for c in self._control_inputs if c not in ops]

    def _remove_all_control_inputs(self) -> None:
        self._remove_control_inputs(self._control_inputs)

    def _update_input(self, index: int, tensor: Tensor) -> None:
        if index >= len(self._inputs):
            raise errors.OutOfRangeError(
                None,
                None,
                f"Cannot update edge. Input index [{index}] is greater than the number of total inputs [{len(self._inputs)}].",
            )
        if tensor.graph is not self._graph:
            raise ValueError(f"{tensor!r} must be from the same graph as operation '{self._name}'.")
        self._graph._touch()
        self._inputs[index]._consumers.remove(self)
        self._inputs[index] = tensor
        tensor._consumers.append(self)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)
