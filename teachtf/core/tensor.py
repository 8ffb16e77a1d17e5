"""A tensor: one output of an operation, before any value exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teachtf.core import shapes
from teachtf.core.dtypes import DType
from teachtf.core.errors import Suggesting
from teachtf.core.shapes import TensorShape

if TYPE_CHECKING:
    from teachtf.core.graph import Graph
    from teachtf.core.operation import Operation


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked a tensor for a value that it does not have before a session runs."""


class Tensor(Suggesting):
    """The symbolic result of an operation: a name, a dtype and as much of a shape as is known.

    A tensor holds no value. `session.run(tensor)` or `tensor.eval()` computes one. Source: `tf.Tensor`.
    """

    # `assign` is there for slices of variables alone: `v[1:3].assign(x)`
    __slots__ = ("__weakref__", "_consumers", "_dtype", "_op", "_shape", "_value_index", "assign")
    __array_priority__ = 100  # numpy hands `array + tensor` to the tensor
    OVERLOADABLE_OPERATORS: set[str] = {"__eq__", "__ne__"}  # and those that `teachtf.ops.operators` adds

    def __init__(self, op: Operation, value_index: int, dtype: DType) -> None:
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._shape = shapes.unknown_shape()
        self._consumers: list[Operation] = []

    @property
    def op(self) -> Operation:
        """The operation that produces this tensor."""
        return self._op

    @property
    def dtype(self) -> DType:
        """The type of the elements; a reference type for a reference variable's own output."""
        return self._dtype

    @property
    def graph(self) -> Graph:
        """The graph that holds this tensor."""
        return self._op.graph

    @property
    def name(self) -> str:
        """`"op_name:output_index"`."""
        return f"{self._op.name}:{self._value_index}"

    @property
    def value_index(self) -> int:
        """Which output of its operation this is."""
        return self._value_index

    @property
    def device(self) -> str:
        """The device that the operation was asked to run on, or `""`."""
        return self._op.device

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape before a run."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """What is known of the shape before a run; same as `shape`."""
        return self._shape

    @property
    def ndim(self) -> int | None:
        """The rank, or None where it is not known."""
        return self._shape.ndims

    def set_shape(self, shape: Any) -> None:
        """Tell the graph more about this tensor's shape.

        Raises:
          ValueError: `shape` contradicts what is known.
        """
        shape = shapes.as_shape(shape)
        try:
            self._shape = self._shape.merge_with(shape)
        except ValueError:
            raise ValueError(f"{shapes.difference(self._shape, shape)} The tensor is {self!r}.{_made_at(self._op)}") from None

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as input, as often as they take it."""
        return list(self._consumers)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Compute this tensor in `session`, or in the default session.

        Returns:
          A numpy array or scalar of this tensor's dtype.

        Raises:
          ValueError: there is no default session, or it holds another graph.
        """
        return _session_for(self, session, "evaluate tensor", "eval").run(self, feed_dict)

    def experimental_ref(self) -> Any:
        """A hashable stand-in for this tensor; same as `ref()`."""
        return self.ref()

    def ref(self) -> Any:
        """A hashable stand-in for this tensor, for sets and dictionaries."""
        return Reference(self)

    def _as_node_def_input(self) -> str:
        return f"{self._op.name}:{self._value_index}" if self._value_index else self._op.name

    def __str__(self) -> str:
        shape = "" if self._shape.ndims is None else f", shape={self._shape}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self._dtype.name}{device})'

    def __repr__(self) -> str:
        shape = "<unknown>" if self._shape.ndims is None else str(self._shape)
        return f"<tf.Tensor '{self.name}' shape={shape} dtype={self._dtype.name}>"

    def __copy__(self) -> Tensor:
        return self

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle 'Tensor' object: save the graph by `graph.as_graph_def()`, values by `session.run`")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __bool__(self) -> bool:
        raise OperatorNotAllowedInGraphError(
            "Using a symbolic `tf.Tensor` as a Python `bool` is not allowed. A tensor has no value until a session runs. "
            "Use `if t is not None:` to test whether a tensor is defined, `tf.cond` to choose by its value in the graph, "
            f"or `session.run` to compute it first. The tensor is {self!r}.{_made_at(self._op)}"
        )

    __nonzero__ = __bool__

    def __iter__(self) -> Any:
        raise OperatorNotAllowedInGraphError(
            "Iterating over a symbolic `tf.Tensor` is not allowed. Its length is not known until a session runs. "
            f"Use `tf.unstack` or `tf.map_fn`. The tensor is {self!r}.{_made_at(self._op)}"
        )

    def __len__(self) -> int:
        raise TypeError(
            f"len is not well defined for a symbolic Tensor ({self.name}). Please call `x.shape` rather than `len(x)` "
            "for shape information."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. It has no value until a session runs: "
            "use `session.run(tensor)` or `tensor.eval()`."
        )

    if TYPE_CHECKING:  # what `teachtf.ops.operators` adds
        __add__: Callable[[Tensor, Any], Tensor]
        __radd__: Callable[[Tensor, Any], Tensor]
        __sub__: Callable[[Tensor, Any], Tensor]
        __rsub__: Callable[[Tensor, Any], Tensor]
        __mul__: Callable[[Tensor, Any], Tensor]
        __rmul__: Callable[[Tensor, Any], Tensor]
        __truediv__: Callable[[Tensor, Any], Tensor]
        __rtruediv__: Callable[[Tensor, Any], Tensor]
        __floordiv__: Callable[[Tensor, Any], Tensor]
        __rfloordiv__: Callable[[Tensor, Any], Tensor]
        __mod__: Callable[[Tensor, Any], Tensor]
        __rmod__: Callable[[Tensor, Any], Tensor]
        __pow__: Callable[[Tensor, Any], Tensor]
        __rpow__: Callable[[Tensor, Any], Tensor]
        __matmul__: Callable[[Tensor, Any], Tensor]
        __rmatmul__: Callable[[Tensor, Any], Tensor]
        __and__: Callable[[Tensor, Any], Tensor]
        __or__: Callable[[Tensor, Any], Tensor]
        __xor__: Callable[[Tensor, Any], Tensor]
        __lt__: Callable[[Tensor, Any], Tensor]
        __le__: Callable[[Tensor, Any], Tensor]
        __gt__: Callable[[Tensor, Any], Tensor]
        __ge__: Callable[[Tensor, Any], Tensor]
        __neg__: Callable[[Tensor], Tensor]
        __abs__: Callable[[Tensor], Tensor]
        __invert__: Callable[[Tensor], Tensor]
        __getitem__: Callable[[Tensor, Any], Tensor]

    @classmethod
    def _override_operator(cls, operator: str, function: Callable[..., Any]) -> None:
        setattr(cls, operator, function)
        cls.OVERLOADABLE_OPERATORS.add(operator)

    def __getattr__(self, name: str) -> Any:
        if name in _NUMPY_METHODS:
            raise AttributeError(
                f"'Tensor' object has no attribute '{name}'. A tensor is no array: use {_NUMPY_METHODS[name]}.",
                name=name,
                obj=self,
            )
        return super().__getattr__(name)


_VALUE = "`session.run(x)` or `x.eval()`, which give a numpy array"
_NUMPY_METHODS = {
    **dict.fromkeys(("numpy", "tolist", "item", "data", "tobytes"), _VALUE),
    "T": "`tf.transpose(x)`",
    "transpose": "`tf.transpose(x, perm)`",
    "reshape": "`tf.reshape(x, shape)`",
    "ravel": "`tf.reshape(x, [-1])`",
    "flatten": "`tf.reshape(x, [-1])`",
    "astype": "`tf.cast(x, dtype)`",
    "size": "`tf.size(x)`, or `x.shape.num_elements()` where the shape is known",
    "copy": "`tf.identity(x)`",
    "clip": "`tf.clip_by_value(x, low, high)`",
    **{name: f"`tf.reduce_{name}(x)`" for name in ("sum", "mean", "max", "min", "prod", "all", "any")},
    **{name: f"`tf.{name}(x)`" for name in ("argmax", "argmin", "cumsum", "round")},
}


class Reference:
    """A tensor or variable compared by identity."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def deref(self) -> Any:
        """The tensor or variable itself."""
        return self._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reference):
            raise TypeError("Cannot compare wrapped object with unwrapped object")
        return other._wrapped is self._wrapped

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


def is_tensor(x: Any) -> bool:
    """Whether `x` is of the graph's own kinds: a tensor, variable, `SparseTensor` or `IndexedSlices`. Source: `tf.is_tensor`.

    >>> tf.is_tensor(tf.constant(1)), tf.is_tensor(tf.constant(1).op), tf.is_tensor(1)
    (True, False, False)
    """
    return isinstance(x, Tensor) or (hasattr(type(x), "graph") and hasattr(type(x), "dtype"))


def is_symbolic_tensor(tensor: Any) -> bool:
    """Whether `tensor` is a `tf.Tensor`: all here are symbolic. Source: `tf.is_symbolic_tensor`."""
    return isinstance(tensor, Tensor)


def _made_at(op: Operation) -> str:
    frame = op.user_frame
    return f" It was made at {frame.filename}:{frame.lineno}: {frame.line}" if frame else ""


def _session_for(item: Any, session: Any, what: str, method: str) -> Any:
    """The session that `eval` and `run` use, checked to hold the graph of `item`."""
    from teachtf.core import graph as graphs

    kind = what.split()[-1]
    if session is None:
        session = graphs.get_default_session()
        if session is None:
            raise ValueError(
                f"Cannot {what} using `{method}()`: No default session is registered. Use `with sess.as_default()` or pass an "
                f"explicit session to `{method}(session=sess)`"
            )
        if session.graph is not item.graph:
            raise ValueError(
                f"Cannot use the default session to {what}: the {kind}'s graph is different from the session's graph. "
                f"Pass an explicit session to `{method}(session=sess)`."
            )
    elif session.graph is not item.graph:
        raise ValueError(f"Cannot use the given session to {what}: the {kind}'s graph is different from the session's graph.")
    return session


def check_same_graph(graph: Graph, tensor: Tensor, name: str) -> None:
    """Raise TensorFlow's ValueError when `tensor` does not belong to `graph`."""
    if tensor.graph is not graph:
        raise ValueError(
            f"Tensor {tensor} must be from the same graph as {name} (graphs are {tensor.graph} and {graph})."
            f"{_made_at(tensor.op)} Build both in one graph, or run `with graph.as_default():` around the code that adds to it."
        )
