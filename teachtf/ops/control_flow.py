"""What runs when: groups, and branches chosen by a value (`tf.cond`). Source: TensorFlow's `control_flow_ops`, version 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import identity


def _both(op: Any) -> list[TensorShape]:
    return [op._inputs[0]._shape] * 2


def _switch_gradient(op: Any, *grads: Any) -> list[Any]:
    from teachtf.ops.fills import zeros_like

    data, pred = op.inputs
    zero = None
    sides: list[Any] = []
    for grad in grads:
        if grad is None:
            zero = zeros_like(data) if zero is None else zero
            index = len(sides)
            sides.append(apply_op("Switch", zero, pred)[index])
        else:
            sides.append(grad)
    return [merge(sides, name="cond_grad")[0], None]


def _merge_gradient(op: Any, grad: Any, _index: Any) -> list[Any]:
    context = op.inputs[0].op._control_flow_context
    pred = getattr(context, "pred", None)
    if pred is None:
        raise NotImplementedError(f"the gradient of '{op.name}' needs the tf.cond that built it")
    return list(apply_op("Switch", grad, pred))


_SWITCH = "T: type"
declare("NoOp", shape=shapes.no_outputs)
declare(
    "Switch",
    inputs="data: T, pred: bool",
    outputs="output_false: T, output_true: T",
    attrs=_SWITCH,
    shape=_both,
    gradient=_switch_gradient,
)
declare(
    "RefSwitch",
    inputs="data: Ref(T), pred: bool",
    outputs="output_false: Ref(T), output_true: Ref(T)",
    attrs=_SWITCH,
    shape=_both,
    gradient=_switch_gradient,
)


def _merge_shape(op: Any) -> list[TensorShape]:
    shape = op._inputs[0]._shape
    for tensor in op._inputs[1:]:
        shape = shape.most_specific_compatible_shape(tensor._shape)
    return [shape, shapes.SCALAR]


declare(
    "Merge",
    inputs="inputs: N * T",
    outputs="output: T, value_index: int32",
    attrs="T: type, N: int >= 1",
    shape=_merge_shape,
    gradient=_merge_gradient,
)
declare(
    "Assert",
    inputs="condition: bool, data: T",
    attrs="T: list(type) >= 1, summarize: int = 3",
    shape=shapes.no_outputs,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "Print",
    inputs="input: T, data: U",
    outputs="output: T",
    attrs="T: type, U: list(type) >= 0, message: string = '', first_n: int = -1, summarize: int = 3",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [grad, *[None] * (len(op.inputs) - 1)],
    stateful=True,
)


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing, to hang control dependencies on. Source: `tf.no_op`."""
    return apply_op("NoOp", name=name)


def _op_of(item: Any) -> Operation:
    element = get_default_graph().as_graph_element(item)
    return element.op if isinstance(element, Tensor) else element


def group(*inputs: Any, name: str | None = None) -> Operation:
    """One operation that is done when all `inputs` are. Source: `tf.group`."""

    def flat(items: Any) -> Any:
        for item in items:
            if isinstance(item, (list, tuple)):
                yield from flat(item)
            elif item is not None:
                yield item

    with name_scope(name, "group_deps", list(inputs)) as scope:
        by_device: dict[str, list[Operation]] = {}
        for item in flat(inputs):
            if not hasattr(item, "device"):
                raise TypeError(
                    f"'inputs' should be zero or more (nested) Tensors. Received '{item!r}' with type '{type(item)}'"
                )
            by_device.setdefault(item.device, []).append(_op_of(item))
        graph = get_default_graph()
        if len(by_device) <= 1:
            for device, ops in by_device.items():
                with graph.device(device), control_dependencies(ops):
                    return no_op(name=scope)
            return no_op(name=scope)
        deps = []
        for device in sorted(by_device):
            with graph.device(device), control_dependencies(by_device[device]):
                deps.append(no_op())
        with control_dependencies(deps):
            return no_op(name=scope)


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """The tensors again, none of them ready before all are. Source: `tf.tuple`."""
    with name_scope(name, "tuple", tensors):
        gates = [t.op for t in tensors if t is not None]
        gates += [_op_of(c) for c in control_inputs or []]
        if not gates:
            raise ValueError(f"`tensors` must have at least one Tensor. Received: {tensors}.")
        gate = group(*gates)
        return [None if t is None else with_dependencies([gate], t) for t in tensors]


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """`output_tensor`, once `dependencies` are done."""
    scoped = name_scope(name, "control_dependency", [*dependencies, output_tensor])
    with scoped as scope, colocate_with(output_tensor), control_dependencies(dependencies):
        if isinstance(output_tensor, IndexedSlices):
            values = identity(output_tensor.values, name=scope)
            return IndexedSlices(values, output_tensor.indices, output_tensor.dense_shape)
        return identity(convert_to_tensor(output_tensor), name=scope)


def switch(data: Any, pred: Any, name: str | None = None) -> list[Tensor]:
    """`data` on the output that `pred` chooses; nothing on the other."""
    with name_scope(name, "Switch", [data, pred]) as scope:
        data = convert_to_tensor(data, name="data", as_ref=True)
        op_type = "RefSwitch" if data.dtype._is_ref_dtype else "Switch"
        return apply_op(op_type, data, convert_to_tensor(pred, name="pred"), name=scope)


def merge(inputs: Any, name: str | None = None) -> list[Tensor]:
    """The one of `inputs` that has a value, and its index."""
    with name_scope(name, "Merge", inputs) as scope:
        return apply_op("Merge", [convert_to_tensor(i) for i in inputs], name=scope)


class CondContext:
    """What surrounds the building of one branch of a `tf.cond`: inputs from outside are switched in."""

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int) -> None:
        self.pred = pred
        self.pivot = pivot
        self.branch = branch
        graph = pred.graph
        self.outer = graph._control_flow_context
        self.name = graph.unique_name("cond_text")
        self._inside: set[Tensor] = {pred, pivot}
        self._external: dict[Tensor, Tensor] = {pred: pred, pivot: pivot}
        self.nested: list[Any] = []
        if isinstance(self.outer, CondContext):
            self.outer.nested.append(self)

    @classmethod
    def restored(
        cls,
        name: str,
        pred: Tensor,
        pivot: Tensor,
        branch: int,
        inside: set[Tensor],
        external: dict[Tensor, Tensor],
        outer: Any,
    ) -> CondContext:
        """A branch of a graph that was imported: all its parts stand already."""
        context = cls.__new__(cls)
        context.name, context.pred, context.pivot, context.branch = name, pred, pivot, branch
        context._inside, context._external, context.outer, context.nested = inside, external, outer, []
        if isinstance(outer, CondContext):
            outer.nested.append(context)
        return context

    def __enter__(self) -> CondContext:
        self.pred.graph._control_flow_context = self
        return self

    def __exit__(self, *exception: Any) -> None:
        self.pred.graph._control_flow_context = self.outer

    def _note(self, tensors: Any) -> None:
        context: CondContext | None = self
        while context is not None:
            context._inside.update(tensors)
            context = context.outer

    def AddValue(self, value: Tensor) -> Tensor:
        """`value` as this branch sees it: itself from inside, through a Switch from outside."""
        if value in self._inside:
            return self._external.get(value, value)
        self._inside.add(value)
        result = value
        if self.outer is not None:
            result = self.outer.AddValue(value)
            self._inside.add(result)
            self._external[result] = result
        graph = value.graph
        with graph.control_dependencies(None), graph.colocate_with(result.op, ignore_existing=True):
            result = switch(result, self.pred)[self.branch]
        result.op._control_flow_context = self
        graph.prevent_fetching(result.op)
        self._note([result])
        self._external[value] = result
        return result

    def AddOp(self, op: Operation) -> None:
        """Take in an operation made in this branch: it runs only when the branch is chosen."""
        if not op._inputs:
            inside = any(c._control_flow_context is self for c in op._control_inputs)
            if not inside:
                op._add_control_input(self.pivot.op)
        else:
            for index, value in enumerate(op._inputs):
                seen = self.AddValue(value)
                if seen is not value:
                    op._update_input(index, seen)
        self._note(op.outputs)
        op.graph.prevent_fetching(op)

    def result(self, value: Any) -> Tensor:
        """A branch's result, switched in where it comes from outside."""
        if isinstance(value, Operation):
            return with_dependencies([value], self.pivot)  # an operation has no value: the branch's pivot stands for it
        tensor = convert_to_tensor(value, as_ref=False)
        if tensor in self._inside:
            return self._external.get(tensor, tensor)
        return self.AddValue(tensor)


def _flatten(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in _flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in _flatten(item)]
    return [structure]


def _rebuild(structure: Any, leaves: list[Any]) -> Any:
    if isinstance(structure, dict):
        values = {key: _rebuild(structure[key], leaves) for key in sorted(structure)}
        return type(structure)((key, values[key]) for key in structure)
    if isinstance(structure, (list, tuple)):
        items = [_rebuild(item, leaves) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return leaves.pop(0)


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """What `true_fn` builds if `pred` is true when the graph runs, else what `false_fn` builds.

    Args:
      pred: a scalar bool tensor.
      true_fn: builds the branch for true; gives a tensor, an operation, or a structure of them.
      false_fn: builds the branch for false, in the same structure with the same types.
      strict: keep a list of one element a list.
      name: the name scope.
      fn1: old name of `true_fn`; `fn2` of `false_fn`.

    Raises:
      TypeError: `pred` is a Python bool, or a branch is no function.
      ValueError: the branches give different structures or types.

    Source: `tf.cond`.
    """
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if not callable(true_fn):
        raise TypeError("'true_fn' must be callable.")
    if not callable(false_fn):
        raise TypeError("'false_fn' must be callable.")
    if isinstance(pred, bool):
        raise TypeError("'pred' must not be a Python bool.")
    with name_scope(name, "cond", [pred]):
        graph = get_default_graph()
        pred = convert_to_tensor(pred)
        on_false, on_true = switch(pred, pred)
        pivot_true, pivot_false = identity(on_true, name="switch_t"), identity(on_false, name="switch_f")
        pred = identity(pred, name="pred_id")
        for tensor in (on_true, on_false, pivot_true, pivot_false, pred):
            graph.prevent_fetching(tensor.op)
        context_true = CondContext(pred, pivot_true, 1)
        original_true, result_true = _branch(context_true, true_fn, "true_fn")
        context_false = CondContext(pred, pivot_false, 0)
        original_false, result_false = _branch(context_false, false_fn, "false_fn")
        if len(result_true) != len(result_false) or _shape_of(original_true) != _shape_of(original_false):
            raise ValueError(
                f"Outputs of true_fn and false_fn must have the same structure, got {original_true!r} and {original_false!r}"
            )
        merges = []
        for t, f in zip(result_true, result_false, strict=True):
            if t.dtype.base_dtype != f.dtype.base_dtype:
                raise ValueError(
                    "Outputs of true_fn and false_fn must have the same type(s). "
                    f"Received {t.dtype.name} from true_fn and {f.dtype.name} from false_fn."
                )
            merges.append(merge([f, t])[0])
        if context_true.outer is None:  # a nested one is kept by the one around it
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_true)
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_false)
        result = _rebuild(original_true, merges)
        if not strict and isinstance(result, (list, tuple)) and len(result) == 1:
            return result[0]
        return result


def _branch(context: CondContext, function: Callable[[], Any], what: str) -> Any:
    with context:
        original = function()
        if original is None:
            raise ValueError(f"'{what}' must have a return value.")
        results = [context.result(leaf) for leaf in _flatten(original)]
    return original, results


def _shape_of(structure: Any) -> Any:
    leaves = _flatten(structure)
    return _rebuild(structure, [0] * len(leaves))
