"""Reverse-mode differentiation: `tf.gradients` adds to the graph the operations that compute the slopes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Any

from teachtf.core import errors, op_def
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.operation import Operation
from teachtf.core.sparse import IndexedSlices, SparseTensor, convert_to_tensor_or_indexed_slices
from teachtf.core.tensor import Tensor
from teachtf.ops import arrays, control_flow, fills
from teachtf.ops.aggregation import aggregated, check_method
from teachtf.ops.contexts import loop_switch
from teachtf.ops.loop_gradients import LoopGradients, zeros_for

_overrides: dict[str, Callable[..., Any]] = {}


class RegisterGradient:
    """Register the gradient of an op type, or a gradient for `Graph.gradient_override_map`.

    Args:
      op_type: the name that the decorated `gradient(op, *grads)` goes by.

    Source: `tf.RegisterGradient`.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Register `function`. Raises KeyError when the name is taken."""
        if self._op_type in _overrides:
            raise KeyError(f"Registering two gradient with name '{self._op_type}'!")
        _overrides[self._op_type] = function
        return function


def NotDifferentiable(op_type: str) -> None:
    """Say that no gradient flows through an op type. Source: `tf.NotDifferentiable`."""
    _overrides[op_type] = op_def.NOT_DIFFERENTIABLE


NoGradient = NotDifferentiable


def _gradient_function(op: Operation) -> Callable[..., Any]:
    override = op._attrs.get("_gradient_op_type")
    if override is not None:
        name = override.decode()
        if name not in _overrides:
            raise LookupError(f"No gradient registered under '{name}'.{errors.did_you_mean(name, _overrides)}")
        return _overrides[name]
    return _overrides.get(op.type, op._op_def.gradient)


def is_differentiable(op: Operation) -> bool:
    """Whether a gradient is registered for the type of an operation, and lets something through."""
    return _overrides.get(op.type, op._op_def.gradient) not in (op_def.NO_GRADIENT, op_def.NOT_DIFFERENTIABLE)


class UnconnectedGradients(Enum):
    """What `tf.gradients` gives for an x that no y depends on. Source: `tf.UnconnectedGradients`."""

    NONE = "none"
    ZERO = "zero"


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _differentiable(tensor: Tensor) -> bool:
    dtype = tensor._dtype.base_dtype
    return dtype.is_floating or dtype.is_complex


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = "none",
) -> list[Any]:
    """The slopes of the sum of `ys` with respect to each of `xs`.

    Args:
      ys: a tensor, or a list of them.
      xs: a tensor or variable, or a list of them.
      grad_ys: gradients to start from, one for each of `ys`; ones by default.
      name: the name scope of the new operations.
      colocate_gradients_with_ops: put each gradient on the device of its operation.
      gate_gradients: wait for all gradients of an op before any is used.
      aggregation_method: how gradients from several users are added; one of `tf.AggregationMethod`.
      stop_gradients: tensors to treat as constants.
      unconnected_gradients: of `tf.UnconnectedGradients`: None or zeros for an x that no y depends on.

    Returns:
      A list of tensors of the shapes of `xs`, or `tf.IndexedSlices` where `tf.gather` took rows of one; None where nothing
      connects.

    Raises:
      LookupError: an op on the way has no gradient.
      ValueError: `grad_ys` does not fit `ys`, or there is no such `aggregation_method`.
      TypeError: a complex y without a `grad_y`.

    Source: `tf.gradients`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant(3.0)
    ...     print(sess.run(tf.gradients(x * x, x)[0]))
    6.0
    """
    ys, xs = _as_list(ys), _as_list(xs)
    starts = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    stops = _as_list(stop_gradients) if stop_gradients is not None else []
    try:
        unconnected = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(f"Unknown value for unconnected_gradients: '{unconnected_gradients}'") from None
    for v in (*ys, *xs):
        if isinstance(v, (SparseTensor, IndexedSlices)):
            kind = type(v).__name__
            raise ValueError(f"Type {kind} is not supported as a gradient source or gradient target. Use its `values`.")
    with name_scope(name, "gradients", [*ys, *xs, *stops, *starts]) as scope:
        get_default_graph().unique_name("uid")  # TensorFlow uses up this name too
        y_tensors = [convert_to_tensor(y, name="y") for y in ys]
        x_tensors = [convert_to_tensor(x, name="x", as_ref=True) for x in xs]
        beginnings = _start_gradients(starts, y_tensors, colocate_gradients_with_ops)
        method = check_method(aggregation_method)
        walk = _Walk(scope, y_tensors, x_tensors, [t.op for t in stops], colocate_gradients_with_ops, gate_gradients, method)
        walk.start(beginnings)
        walk.run()
    walk.finish()
    return [walk.result(x, unconnected) for x in x_tensors]


def _start_gradients(starts: list[Any], ys: list[Tensor], colocate: bool) -> list[Any]:
    if len(starts) != len(ys):
        raise ValueError(f"Length mismatch. Passed {len(starts)} grad_ys for {len(ys)} ys")
    given = [
        None if start is None else convert_to_tensor_or_indexed_slices(start, name=f"grad_y_{i}")
        for i, start in enumerate(starts)
    ]
    result: list[Any] = []
    for i, (y, start) in enumerate(zip(ys, given, strict=True)):
        with _beside(y.op, colocate):
            if start is None:
                if y.dtype.is_complex:
                    raise TypeError(f"Gradients of complex tensors ({y!r}) must set grad_ys (y.dtype = {y.dtype.name})")
                result.append(fills.ones(arrays.shape(y), y.dtype, name=f"grad_ys_{i}"))
                continue
            _check_start(y, start)
            result.append(_named(start, f"grad_ys_{i}"))
    return result


def _check_start(y: Tensor, start: Any) -> None:
    """A gradient is of the kind of numbers that its tensor is of."""
    text = f"Gradient type {start.dtype.base_dtype.name} generated for"
    if y.dtype.is_floating or y.dtype.is_integer:
        if not start.dtype.is_floating and not start.dtype.is_integer:
            raise TypeError(
                f"{text} real or integer-valued tensor {y} with type {y.dtype.base_dtype.name} must be real or integer"
            )
    elif y.dtype.is_complex:
        if not start.dtype.is_complex:
            raise TypeError(f"{text} complex-valued tensor {y} with type {y.dtype.base_dtype.name} must be real")
    else:
        raise TypeError(f"Tensor {y} with type {y.dtype.base_dtype.name} must be numeric to obtain a default gradient")


def _named(start: Any, name: str) -> Any:
    if not isinstance(start, IndexedSlices):
        return arrays.identity(start, name=name)
    indices = arrays.identity(start.indices, name=f"{name}_indices")
    values = arrays.identity(start.values, name=f"{name}_values")
    known = start.dense_shape
    return IndexedSlices(values, indices, None if known is None else arrays.identity(known, name=f"{name}_shape"))


def _beside(op: Operation, colocate: bool) -> AbstractContextManager[Any]:
    return colocate_with(op) if colocate else nullcontext()


class _Walk:
    """One walk back from ys to xs, each operation once all its users have been."""

    def __init__(
        self, scope: str, ys: list[Tensor], xs: list[Tensor], stops: list[Operation], colocate: bool, gate: bool, method: int
    ) -> None:
        self._scope, self._ys, self._xs = scope, ys, xs
        self._colocate, self._gate, self._method = colocate, gate, method
        self._gradients: dict[Tensor, list[Any]] = {}
        self._between = self._ops_between()
        self._loops = LoopGradients.of(self._between, lambda op: _beside(op, colocate))
        self._pending = self._count_users()
        self._stop_ops = set(stops) | self._ends()

    def _ops_between(self) -> dict[Operation, None]:
        """The ops that depend on an x and that a y depends on, those near the ys first."""
        x_set = set(self._xs)
        forward: set[Operation] = set()
        pending = deque(x.op for x in self._xs)
        while pending:
            op = pending.popleft()
            if op in forward:
                continue
            forward.add(op)
            for tensor in op.outputs:
                if _differentiable(tensor) or tensor in x_set:
                    pending.extend(tensor.consumers())
        reachable: dict[Operation, None] = {}
        backward = deque(y.op for y in self._ys)
        while backward:
            op = backward.popleft()
            if op in reachable or op not in forward:
                continue
            reachable[op] = None
            backward.extend(t.op for t in op._inputs)
        return reachable

    def _count_users(self) -> dict[Operation, int]:
        pending: dict[Operation, int] = dict.fromkeys(self._between, 0)
        for op in self._between:
            for tensor in op._inputs:
                if tensor.op in pending:
                    pending[tensor.op] += 1
        return pending

    def _ends(self) -> set[Operation]:
        """The ops of xs that no other x lies behind: the walk ends there."""
        return {x.op for x in self._xs if all(t.op not in self._between for t in x.op._inputs)}

    def start(self, gradients: list[Any]) -> None:
        """Begin with the gradients of ys."""
        for y, gradient in zip(self._ys, gradients, strict=True):
            self._gradients.setdefault(y, []).append(gradient)

    def run(self) -> None:
        """Walk until nothing is left."""
        ends = dict.fromkeys(y.op for y in self._ys)
        ready = deque(op for op in ends if self._pending.get(op) == 0)
        if self._loops is not None:
            for value in self._loops.unused_exits(self._pending, set(ends)):
                self._start_from_zeros(value)
                ready.append(value.op)
        while ready:
            op = ready.popleft()
            with _beside(op, self._colocate):
                self._visit(op)
            for tensor in op._inputs:
                ready.extend(self._next(tensor))

    def finish(self) -> None:
        """Close the loops that go back; done at the top of the graph, not under the name of the gradients."""
        if self._loops is not None:
            self._loops.finish()

    def _next(self, tensor: Tensor) -> list[Operation]:
        """Where the walk can go on to, once a user of `tensor` has been visited."""
        op = tensor.op
        if op not in self._pending:
            return []
        self._pending[op] -= 1
        left = self._pending[op]
        if left and not (left > 0 and self._loops is not None and loop_switch(op)):
            return []  # the Switch of a loop is visited twice
        if self._loops is None or op.type not in ("Exit", "RefExit"):
            return [op]
        exits, unused = self._loops.met_exit(tensor, lambda e: any(self._gradients.get(t) for t in e.outputs))
        for value in unused:
            self._start_from_zeros(value)
        return [value.op for value in exits]

    def _start_from_zeros(self, value: Tensor) -> None:
        assert self._loops is not None
        if _differentiable(value):
            self._gradients.setdefault(value, []).append(self._loops.zeros_for_exit(value))

    def _backwards(self, op: Operation, before: bool) -> AbstractContextManager[Any]:
        """Inside the loop that goes back through the loop of `op`."""
        return nullcontext() if self._loops is None else self._loops.backwards(op, before)

    def _visit(self, op: Operation) -> None:
        with self._backwards(op, before=True):
            out = [self._summed(t) for t in op.outputs]
        if all(g is None for g in out) or op in self._stop_ops:
            return
        function = _gradient_function(op)
        if function is op_def.NOT_DIFFERENTIABLE:
            return
        with self._backwards(op, before=False):
            out = [self._filled(op, i, g) for i, g in enumerate(out)]
            incoming = self._incoming(op, function, out)
        for tensor, gradient in zip(op._inputs, incoming, strict=True):
            if gradient is None or not (_differentiable(tensor) or tensor in self._xs):
                continue
            if isinstance(gradient, Tensor) and not tensor._dtype.is_quantized:
                gradient.set_shape(tensor.shape.merge_with(gradient.shape))
            self._gradients.setdefault(tensor, []).append(gradient)

    def _incoming(self, op: Operation, function: Callable[..., Any], out: list[Any]) -> list[Any]:
        """The gradients by the inputs of `op`."""
        with name_scope(f"{op.name}_grad"):
            incoming = _as_list(function(op, *out))
            if len(incoming) != len(op._inputs):
                raise ValueError(
                    f"Num gradients {len(incoming)} generated for op {op.name!r} ({op.type}) do not match num inputs "
                    f"{len(op._inputs)}"
                )
            if self._gate and sum(g is not None for g in incoming) > 1:
                incoming = control_flow.tuple_(incoming)
        return incoming

    def _filled(self, op: Operation, index: int, gradient: Any) -> Any:
        """Zeros for an output whose value nobody used but whose siblings were used."""
        if gradient is not None or not _differentiable(op.outputs[index]):
            return gradient
        loop = None if self._loops is None else self._loops.loop(op, before=False)
        return zeros_for(op, index) if loop is None else loop.zeros_for(op, index)

    def _summed(self, tensor: Tensor) -> Any:
        parts = self._gradients.get(tensor)
        if not parts:
            return None
        if len(parts) > 1:
            with name_scope(self._scope):
                parts[:] = [aggregated(parts, tensor.op, self._method)]
        return parts[0]

    def result(self, x: Tensor, unconnected: UnconnectedGradients) -> Any:
        """The gradient of `x`."""
        total = self._summed(x)
        if total is None and unconnected is UnconnectedGradients.ZERO:
            return fills.zeros_like(x)
        return total
