"""A graph: the operations of a program, and the state that surrounds the making of the next one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from teachtf.core import elements, errors, op_def, surroundings
from teachtf.core.collections import Collections
from teachtf.core.context import DefaultStack
from teachtf.core.names import Names, check_op_name
from teachtf.core.operation import Operation
from teachtf.core.surroundings import Colocation, ControlDependencies, Devices
from teachtf.core.tensor import Tensor, check_same_graph


class Graph(errors.Suggesting, Collections):
    """A set of operations, run by a `Session`. Source: `tf.Graph`.

    >>> import teachtf as tf
    >>> g = tf.Graph()
    >>> with g.as_default():
    ...     total = tf.constant(1.0) + 2.0
    >>> [op.name for op in g.get_operations()]
    ['Const', 'add/y', 'add']
    """

    def __init__(self) -> None:
        Collections.__init__(self)
        self._lock = threading.RLock()
        self._operations: dict[str, Operation] = {}
        self._names = Names()
        self._devices = Devices()
        self._controls = ControlDependencies()
        self._colocation = Colocation()
        self._attr_scopes: dict[str, Any] = {}
        self._unfetchable: set[Operation] = set()
        self._unfeedable: set[Tensor] = set()
        self._control_flow_context: Any = None
        self._gradient_overrides: dict[str, str] = {}
        self._container = ""
        self._variable_scopes: Any = None  # kept by teachtf.state.scopes
        self._finalized = False
        self._next_id = 0
        self._changes = 0  # how often something other than a new operation changed; plans look at it
        self.seed: int | None = None
        self._unseeded_ops = 0  # how many random ops took their seed from the graph's

    # --- what is in it -------------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """All operations, in the order they were made."""
        return list(self._operations.values())

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The tensor or operation that `obj` is or names.

        Raises:
          TypeError: `obj` is neither, and no name.
          ValueError: `obj` is of the wrong kind, or of another graph.
          KeyError: nothing of that name is here.
        """
        return elements.as_graph_element(self, obj, allow_tensor, allow_operation)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation called `name`. Raises TypeError, ValueError or KeyError as `as_graph_element`."""
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor called `name`, as `"op:0"`. Raises TypeError, ValueError or KeyError as `as_graph_element`."""
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_operation=False)

    @property
    def version(self) -> int:
        """A number that grows with every operation."""
        return self._next_id

    @property
    def building_function(self) -> bool:
        """Whether this graph is the body of a function: never, here."""
        return False

    @property
    def graph_def_versions(self) -> Any:
        """The `VersionDef` that `as_graph_def` writes."""
        from teachtf.core import graph_def

        return graph_def.versions()

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """This graph as a `GraphDef` proto that TensorFlow reads too."""
        from teachtf.core import graph_def

        return graph_def.graph_to_proto(self, from_version, add_shapes)

    def op_def_for_type(self, type: str) -> Any:
        """The `OpDef` proto of an op type. Raises NotFoundError for one that is not known here."""
        from teachtf.core.op_def_proto import op_def_proto

        return op_def_proto(op_def.lookup(type))

    # --- adding to it --------------------------------------------------------------------------------------------

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[Tensor],
        attrs: dict[str, Any],
        name: str | None = None,
    ) -> Operation:
        """Add one operation; `attrs` is complete and checked. Public functions of `tf` are the way to call this.

        A name that ends in a slash is used as it is; any other goes under the current scope and is made unique.
        """
        self._check_not_finalized()
        definition = op_def.lookup(op_type)
        for tensor in inputs:
            if tensor.graph is not self:
                check_same_graph(self, tensor, f"operation '{name or op_type}'")
        if name is None:
            name = op_type
        check_op_name(name, self._names.scope)
        if name[-1:] == "/":
            name = name[:-1]
        else:
            name = self._names.unique(name)
        if name in self._operations:
            raise ValueError(f"Duplicate node name in graph: '{name}'. A name that ends in a slash is taken as it is.")
        if self._attr_scopes:
            attrs = {**attrs, **self._attr_scopes}
        op = self._insert(definition, inputs, self._controls.for_inputs(inputs), attrs, name)
        self._controls.saw(op)
        self._devices.apply(op)
        self._colocation.apply(op)
        if self._container and definition.is_stateful and attrs.get("container") == b"":
            op._attrs["container"] = self._container.encode()
        override = self._gradient_overrides.get(op_type) if self._gradient_overrides else None
        if override is not None:
            op._attrs["_gradient_op_type"] = override.encode()
        self._join_context(op)
        return op

    def _insert(
        self, definition: op_def.OpDef, inputs: Sequence[Tensor], controls: list[Operation], attrs: dict[str, Any], name: str
    ) -> Operation:
        """Add one operation of a name that is free, whatever blocks are open."""
        with self._lock:
            op = Operation(self, definition, name, inputs, controls, attrs, definition.output_dtypes(attrs), self._next_id)
            shapes = _infer_shapes(op)
            for tensor, shape in zip(op._outputs, shapes, strict=True):
                tensor._shape = shape
            self._next_id += 1
            self._operations[name] = op
        return op

    def _join_context(self, op: Operation) -> None:
        """Make `op` part of the `cond` or loop that is being built."""
        context = self._control_flow_context
        for tensor in op._inputs:
            if tensor._op._control_flow_context is not None:
                tensor._op._control_flow_context.check_use(op, tensor._op, context)
        if context is not None:
            op._control_flow_context = context
            context.AddOp(op)

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError(
                "Graph is finalized and cannot be modified. Build every operation before the training loop, or before "
                "`graph.finalize()` is called."
            )

    def _touch(self) -> None:
        self._check_not_finalized()
        self._changes += 1

    @property
    def finalized(self) -> bool:
        """True when nothing can be added any more."""
        return self._finalized

    def finalize(self) -> None:
        """Refuse all further operations: a graph that grows inside a training loop is then an error with a line."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name that no operation has, under the current name scope."""
        return self._names.unique(name, mark_as_used)

    # --- what surrounds the next operation -----------------------------------------------------------------------

    def as_default(self) -> AbstractContextManager[Graph]:
        """A block in which this graph is the default one."""
        return _graph_stack.pushed(self, "Graph")

    def name_scope(self, name: str | None) -> AbstractContextManager[str]:
        """A block whose operations are named under `name`."""
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name for name_scope must be a string, got {type(name).__name__}")
        return self._names.opened(name)

    def get_name_scope(self) -> str:
        """The current name scope, without a trailing slash."""
        return self._names.scope

    def device(self, device_name_or_function: Any) -> AbstractContextManager[None]:
        """A block whose operations ask for this device: a string, a DeviceSpec, a function of the op, or None."""
        return self._devices.opened(device_name_or_function)

    def control_dependencies(self, control_inputs: Any) -> AbstractContextManager[Any]:
        """A block whose operations wait for `control_inputs`; None forgets all outer ones."""
        if control_inputs is None:
            return surroundings.ControlBlock(self, None)
        ops: list[Operation] = []
        for item in control_inputs:
            item = getattr(item, "op", None) if hasattr(item, "values") and hasattr(item, "indices") else item
            element = self.as_graph_element(item)
            op = element.op if isinstance(element, Tensor) else element
            if op not in ops:
                ops.append(op)
        return surroundings.ControlBlock(self, ops)

    def colocate_with(self, op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
        """A block whose operations go to the device of `op`."""
        if op is not None and not isinstance(op, Operation):
            element = self.as_graph_element(op)
            op = element.op if isinstance(element, Tensor) else element
        return surroundings.colocated(self, op, ignore_existing)

    @contextmanager
    def _attr_scope(self, attrs: dict[str, Any]) -> Iterator[None]:
        old = self._attr_scopes
        self._attr_scopes = {**old, **attrs}
        try:
            yield
        finally:
            self._attr_scopes = old

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """A block whose operations take the gradient registered under another name.

        Raises:
          TypeError: `op_type_map` maps something else than strings to strings.
        """
        if not (isinstance(op_type_map, dict) and all(isinstance(s, str) for pair in op_type_map.items() for s in pair)):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        old = self._gradient_overrides
        self._gradient_overrides = {**old, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = old

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """A block whose variables, queues and tables live in this resource container."""
        old, self._container = self._container, container_name
        try:
            yield container_name
        finally:
            self._container = old

    def switch_to_thread_local(self) -> None:
        """Let each thread have its own open device, control dependency and colocation blocks from now on.

        A thread begins with those that are open now. Name scopes are a thread's own anyway.
        """
        for name in ("_devices", "_controls", "_colocation"):
            setattr(self, name, surroundings.thread_local(getattr(self, name)))

    # --- feeding and fetching ------------------------------------------------------------------------------------

    def prevent_fetching(self, op: Operation) -> None:
        """Say that `op` cannot be fetched."""
        self._unfetchable.add(op)

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Say that `tensor` cannot be fed."""
        self._unfeedable.add(tensor)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether `session.run` can fetch this."""
        return (tensor_or_op._op if isinstance(tensor_or_op, Tensor) else tensor_or_op) not in self._unfetchable

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether `session.run` can feed this."""
        return tensor not in self._unfeedable

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context


def _infer_shapes(op: Operation) -> list[Any]:
    try:
        return op._op_def.shape(op)
    except ValueError as error:
        for tensor in op._inputs:  # the operation never was: leave no trace of it
            tensor._consumers.remove(op)
        given = ", ".join(t._shape._brief() for t in op._inputs)
        message = str(error)
        if "for '" not in message:
            message = f"{message} for '{op.name}' (op: '{op.type}') with input shapes: {given}."
        raise ValueError(message) from None


_graph_stack: DefaultStack[Graph] = DefaultStack()
_session_stack: DefaultStack[Any] = DefaultStack()
_global_default: Graph | None = None


def get_default_graph() -> Graph:
    """The graph that new operations go to."""
    global _global_default
    graph = _graph_stack.top()
    if graph is not None:
        return graph
    if _global_default is None:
        _global_default = Graph()
    return _global_default


def reset_default_graph() -> None:
    """Forget the global default graph and start an empty one.

    Raises:
      AssertionError: called inside a `with graph.as_default():` block.
    """
    global _global_default
    if _graph_stack.items:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting and "
            "create a new graph."
        )
    _global_default = None


def get_default_session() -> Any:
    """The session of the innermost `with session.as_default():` block, or None."""
    return _session_stack.top()
