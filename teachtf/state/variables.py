"""Variables: tensors whose value stays from one run to the next. Source: `tf.Variable`, as a reference variable."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from teachtf.core.convert import convert_to_tensor, register_tensor_conversion_function
from teachtf.core.dtypes import DType
from teachtf.core.errors import Suggesting
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, control_dependencies, device, name_scope
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Reference, Tensor, _session_for
from teachtf.ops import variables as state_ops
from teachtf.ops.arrays import identity
from teachtf.ops.cond import cond
from teachtf.ops.operators import OPERATORS, slice_tensor
from teachtf.state.modes import VariableAggregation, VariableSynchronization, checked_modes
from teachtf.state.partitions import SaveSliceInfo
from teachtf.state.updates import Updates


class _MadeByCreators(type):
    """What makes `tf.Variable(...)` go through the functions of `tf.variable_creator_scope`."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        from teachtf.state.variable_scope import scope_state

        creators = scope_state().creators
        if not creators or cls is not Variable:
            return super().__call__(*args, **kwargs)
        make = super().__call__
        named = _SIGNATURE.bind(None, *args, **kwargs)
        named.apply_defaults()
        arguments = dict(list(named.arguments.items())[1:])

        def make_last(**arguments: Any) -> Any:
            return make(**arguments)

        creator: Callable[..., Any] = make_last
        for outer in creators:
            creator = partial(outer, creator)
        return creator(**arguments)


class Variable(Suggesting, Updates, metaclass=_MadeByCreators):
    """A buffer that keeps a tensor's value between runs; a session gives it its value when its initializer runs.

    Args:
      initial_value: a tensor, array, number, list, or a function without arguments that makes one.
      trainable: whether optimizers change it by default.
      collections: the graph collections that list it; `[GraphKeys.GLOBAL_VARIABLES]` by default.
      validate_shape: whether the initial value's shape must be known; it is then the variable's for good.
      caching_device: where reads are cached.
      name: the variable's name; made unique.
      variable_def: a `VariableDef` proto to recreate the variable from; the graph holds its nodes already.
      dtype: converts the initial value.
      expected_shape: deprecated in TensorFlow, not used.
      import_scope: a scope put before the names in `variable_def`.
      constraint: a function of the variable, applied by optimizers after an update.
      use_resource: accepted; variables are reference variables.
      synchronization, aggregation: a `tf.VariableSynchronization` and a `tf.VariableAggregation`, remembered.
      shape: the shape, where it is to be less than the initial value says.

    Raises:
      ValueError: both or neither of `initial_value` and `variable_def` are given, or the shape is not known.

    Source: `tf.Variable`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     w = tf.Variable([1.0, 2.0], name="w")
    ...     sess.run(tf.global_variables_initializer())
    ...     print(w.name, w.eval())
    w:0 [1. 2.]
    """

    __array_priority__ = 100

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        self._save_slice_info: SaveSliceInfo | None = None
        self._constraint = constraint
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._from_proto(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
        if not isinstance(keys, (list, tuple, set)):
            raise ValueError(
                f"collections argument to Variable constructor must be a list, tuple, or set. Got {keys} of type {type(keys)}"
            )
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._synchronization, self._aggregation, self._trainable = checked_modes(synchronization, aggregation, trainable, name)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
            keys = [*keys, GraphKeys.TRAINABLE_VARIABLES]
        graph = get_default_graph()
        with control_dependencies(None):
            self._build(initial_value, dtype, name, validate_shape, caching_device, shape)
        graph.add_to_collections(keys, self)

    def _build(
        self, initial_value: Any, dtype: Any, name: str | None, validate_shape: bool, caching_device: Any, shape: Any
    ) -> None:
        graph = get_default_graph()
        deferred = callable(initial_value)
        with name_scope(name, "Variable", [] if deferred else [initial_value]) as scope:
            if deferred:
                group = b"loc:@" + scope[:-1].encode()  # the variable does not stand yet; its name does
                with graph._attr_scope({"_class": [group]}):
                    with name_scope("Initializer"), device(None):
                        value = convert_to_tensor(initial_value(), dtype, name="initial_value")
                    self._variable = _variable_node(value, validate_shape, shape, scope)
            else:
                value = convert_to_tensor(initial_value, dtype, name="initial_value")
                if value.op._control_flow_context is not None:
                    raise ValueError(
                        f"Initializer for variable {scope} is from inside a control-flow construct, such as a loop or "
                        "conditional. When creating a variable inside a loop or conditional, use a lambda as the initializer."
                    )
                self._variable = _variable_node(value, validate_shape, shape, scope)
            if validate_shape and not value.shape.is_fully_defined():
                raise ValueError(
                    f"initial_value must have a shape specified: {value}. Give every dimension a size, or pass "
                    "validate_shape=False."
                )
            self._initial_value = value
            from teachtf.state.initial_values import guarded

            self._initializer_op = state_ops.assign(self._variable, guarded(scope, value), validate_shape=validate_shape).op
            place = device(caching_device) if caching_device is not None else colocate_with(self._variable.op)
            self._caching_device = caching_device
            with place:
                self._snapshot = identity(self._variable, name="read")

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name, as `"w:0"`."""
        return self._variable.name

    @property
    def _shared_name(self) -> str:
        return self.name[: self.name.index(":")]

    @property
    def dtype(self) -> DType:
        """The type, as a reference type."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._variable.shape

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self._variable.shape

    @property
    def op(self) -> Operation:
        """The `VariableV2` operation."""
        return self._variable.op

    @property
    def graph(self) -> Graph:
        """The graph that holds the variable."""
        return self._variable.graph

    @property
    def device(self) -> str:
        """The device that the variable was asked to live on."""
        return self._variable.device

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it by default."""
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        """When copies of it would be brought together."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How copies of it would be brought together."""
        return self._aggregation

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function that optimizers apply after an update."""
        return self._constraint

    @property
    def initializer(self) -> Operation:
        """The operation that gives the variable its first value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        """The tensor that the initializer takes the value from."""
        return self._initial_value

    def set_shape(self, shape: Any) -> None:
        """Tell the graph more about the shape."""
        self._ref().set_shape(shape)
        self.value().set_shape(shape)

    # --- reading it ----------------------------------------------------------------------------------------------

    def value(self) -> Tensor:
        """The value as a tensor: the snapshot `name/read`."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new read of the value, after the control dependencies that are in force."""
        return identity(self._variable, name="read")

    def initialized_value(self) -> Tensor:
        """The value, or the initial value while the variable has none: to initialise another variable from this one."""
        with control_dependencies(None):
            return cond(state_ops.is_variable_initialized(self), self.read_value, lambda: self.initial_value)

    def eval(self, session: Any = None) -> Any:
        """The value in `session`, or in the default session, as an array."""
        return self._variable.eval(session=session)

    def _ref(self) -> Tensor:
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def ref(self) -> Any:
        """A hashable stand-in for this variable."""
        return Reference(self)

    experimental_ref = ref  # its name in TensorFlow 1.15

    def load(self, value: Any, session: Any = None) -> None:
        """Put an array in, without adding anything to the graph."""
        session = _session_for(self._variable, session, "load a value", "load")
        session.run(self._initializer_op, {self._initializer_op.inputs[1]: value})

    # --- keeping it ----------------------------------------------------------------------------------------------

    def _set_save_slice_info(self, info: SaveSliceInfo) -> None:
        self._save_slice_info = info

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        return self._save_slice_info

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This variable as a `VariableDef`; None when it is not under `export_scope`."""
        from teachtf.state.protos import variable_to_proto

        return variable_to_proto(self, export_scope)

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable that a `VariableDef` describes; the default graph holds its nodes already."""
        return type.__call__(Variable, variable_def=variable_def, import_scope=import_scope)

    def _from_proto(self, proto: Any, import_scope: str | None) -> None:
        from teachtf.state.protos import variable_from_proto

        variable_from_proto(self, proto, import_scope)

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")

    def __getitem__(self, indices: Any) -> Tensor:
        return slice_tensor(self.value(), indices, var=self)


def _variable_node(value: Tensor, validate_shape: bool, shape: Any, scope: str) -> Tensor:
    """The `VariableV2` node for a variable that starts as `value`."""
    if shape is None and validate_shape:
        shape = value.shape
    return state_ops.variable_op(TensorShape(shape), value.dtype.base_dtype, name=scope or "VariableV2")


Variable.SaveSliceInfo = SaveSliceInfo  # type: ignore[attr-defined]
_SIGNATURE = inspect.signature(Variable.__init__)


def _install_operator(name: str) -> None:
    on_tensor = getattr(Tensor, name)

    def on_variable(self: Variable, *args: Any) -> Any:
        return on_tensor(self.value(), *args)

    on_variable.__name__ = name
    setattr(Variable, name, on_variable)


for _operator in OPERATORS:
    if _operator != "__getitem__":
        _install_operator(_operator)


def _to_tensor(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Any:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for variable of type '{value.dtype.name}'"
        )
    return value._ref() if as_ref else value.value()


register_tensor_conversion_function(Variable, _to_tensor, 50)
