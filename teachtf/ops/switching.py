"""What `tf.cond` and `tf.while_loop` are made of: Switch and Merge choose, Enter, NextIteration and Exit go round.

Source: TensorFlow's `control_flow_ops` and `control_flow_grad`, version 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import identity


def _both(op: Any) -> list[TensorShape]:
    return [op._inputs[0]._shape] * 2


def _merge_shape(op: Any) -> list[TensorShape]:
    shape = op._inputs[0]._shape
    for tensor in op._inputs[1:]:
        shape = shape.most_specific_compatible_shape(tensor._shape)
    return [shape, shapes.SCALAR]


def _enter_shape(op: Any) -> list[TensorShape]:
    return [op._inputs[0]._shape if op._attrs["is_constant"] else unknown_shape()]


# --- gradients -------------------------------------------------------------------------------------------------------


def _switch_gradient(op: Any, *grads: Any) -> list[Any]:
    """A Merge. That of a loop is met twice: from its Exit, and, with what came round the loop backwards, from its body."""
    from teachtf.ops.contexts import CondContext, WhileContext

    context = op._control_flow_context
    if isinstance(context, WhileContext):
        merges = get_default_graph()._control_flow_context.grad_state.switch_map
        if op in merges:
            if grads[1] is not None:
                close_loop(merges[op], grads[1])
            return [None, None]
        if grads[0] is None:
            return [None, None]
        merges[op] = merge([grads[0], grads[0]], name="b_switch")[0]
        return [merges[op], None]
    if isinstance(context, CondContext):
        if grads[1 - context.branch] is None:
            return [None, None]
        return [merge(grads, name="cond_grad")[0], None]
    on_false, on_true = switch(grads[0], op.inputs[1])[0], switch(grads[1], op.inputs[1])[1]
    return [merge([on_false, on_true])[0], None]


def _merge_gradient(op: Any, grad: Any, _index: Any) -> list[Any]:
    """A Switch: in a loop on the loop's condition, after a `tf.cond` on its predicate, as it was in the same turn."""
    from teachtf.ops.arithmetic import equal
    from teachtf.ops.contexts import CondContext, WhileContext, context_of

    context = context_of(op.inputs[0].op)
    building = get_default_graph()._control_flow_context
    if isinstance(context, WhileContext):
        return list(switch_beside(grad, building.pivot))
    if isinstance(context, CondContext):
        pred = context.pred
        if building is not None and building.grad_state is not None:
            pred = building.grad_state.real_predicate(pred)
        return list(switch_beside(grad, pred, name="cond_grad"))
    conditions = [equal(op.outputs[1], i) for i in range(len(op.inputs))]
    return [switch_beside(grad, condition)[1] for condition in conditions]


def _exit_gradient(op: Any, grad: Any) -> Any:
    """An Enter of the loop backwards."""
    building = get_default_graph()._control_flow_context
    if not building.back_prop:
        return None
    if op._control_flow_context.grad_state is not None:
        raise TypeError("Second-order gradient for while loops not supported.")
    if isinstance(grad, IndexedSlices):
        building.add(grad._parts())
    else:
        building.add([grad])
    with building:
        result = _each(grad, lambda part: building.enter(part, name="b_exit"))
    building.loop_enters.append(result)
    return result


def _enter_gradient(op: Any, grad: Any) -> Any:
    """An Exit of the loop backwards; for a value that does not change in the loop, the sum over all turns."""
    building = get_default_graph()._control_flow_context
    if building is None or not building.back_prop or building.grad_state is None:
        return grad
    if op._attrs["is_constant"]:
        from teachtf.ops.loop_gradients import accumulated

        return accumulated(building, op, grad)
    result = _each(grad, exit_loop)
    building.loop_exits.append(result)
    building.leave(result._parts() if isinstance(result, IndexedSlices) else [result])
    return result


def _each(value: Any, function: Any) -> Any:
    """`function` of a tensor, or of each part of slices."""
    if not isinstance(value, IndexedSlices):
        return function(value)
    shape = None if value.dense_shape is None else function(value.dense_shape)
    return IndexedSlices(function(value.values), function(value.indices), shape)


for _ref in (False, True):
    _prefix, _t = ("Ref", "Ref(T)") if _ref else ("", "T")
    declare(
        f"{_prefix}Switch",
        inputs=f"data: {_t}, pred: bool",
        outputs=f"output_false: {_t}, output_true: {_t}",
        attrs="T: type",
        shape=_both,
        gradient=_switch_gradient,
    )
    declare(
        f"{_prefix}Merge",
        inputs=f"inputs: N * {_t}",
        outputs=f"output: {_t}, value_index: int32",
        attrs="T: type, N: int >= 1",
        shape=_merge_shape,
        gradient=_merge_gradient,
    )
    declare(
        f"{_prefix}Enter",
        inputs=f"data: {_t}",
        outputs=f"output: {_t}",
        attrs="T: type, frame_name: string, is_constant: bool = false, parallel_iterations: int = 10",
        shape=_enter_shape,
        gradient=_enter_gradient,
    )
    declare(
        f"{_prefix}Exit",
        inputs=f"data: {_t}",
        outputs=f"output: {_t}",
        attrs="T: type",
        shape=shapes.unchanged,
        gradient=_exit_gradient,
    )
    declare(
        f"{_prefix}NextIteration",
        inputs=f"data: {_t}",
        outputs=f"output: {_t}",
        attrs="T: type",
        shape=shapes.unchanged,
        gradient=lambda op, grad: grad,  # the way round is closed by the gradient of the Switch
    )
declare("LoopCond", inputs="input: bool", outputs="output: bool", shape=shapes.unchanged, gradient=NOT_DIFFERENTIABLE)
declare("ControlTrigger", shape=shapes.no_outputs, gradient=NOT_DIFFERENTIABLE)


# --- building them ---------------------------------------------------------------------------------------------------


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """`output_tensor`, once `dependencies` are done."""
    scoped = name_scope(name, "control_dependency", [*dependencies, output_tensor])
    with scoped as scope, colocate_with(output_tensor), control_dependencies(dependencies):
        if isinstance(output_tensor, IndexedSlices):
            values = identity(output_tensor.values, name=scope)
            return IndexedSlices(values, output_tensor.indices, output_tensor.dense_shape)
        return identity(convert_to_tensor(output_tensor), name=scope)


def switch(data: Any, pred: Any, name: str | None = None) -> list[Any]:
    """`data`, a tensor or slices, on the output that `pred` chooses; nothing on the other."""
    with name_scope(name, "Switch", [data, pred]) as scope:
        pred = convert_to_tensor(pred, name="pred")
        if isinstance(data, IndexedSlices):
            sides = [apply_op("Switch", part, pred) for part in data._parts()]
            return [_slices([side[i] for side in sides]) for i in (0, 1)]
        return apply_op("Switch", convert_to_tensor(data, name="data", as_ref=True), pred, name=scope)


def _slices(parts: list[Tensor]) -> IndexedSlices:
    return IndexedSlices(*parts)


def switch_beside(data: Any, pred: Tensor, name: str = "Switch") -> list[Any]:
    """A Switch on the device of `data`, which passes on a reference as one."""
    if not isinstance(data, IndexedSlices):
        data = convert_to_tensor(data, name="data", as_ref=True)
    with colocate_with(data, ignore_existing=True):
        if isinstance(data, Tensor) and data.dtype._is_ref_dtype:
            return apply_op("RefSwitch", data, pred, name=name)
        return switch(data, pred, name=name)


def merge(inputs: Sequence[Any], name: str | None = None) -> list[Any]:
    """The one of `inputs` that has a value, and its index.

    Raises:
      ValueError: one of `inputs` is None.
    """
    if any(i is None for i in inputs):
        raise ValueError(f"At least one of the merge inputs is None: {inputs}")
    with name_scope(name, "Merge", inputs) as scope:
        given = [i if isinstance(i, IndexedSlices) else convert_to_tensor(i, as_ref=True) for i in inputs]
        if not any(isinstance(i, IndexedSlices) for i in given):
            return apply_op("RefMerge" if all(t.dtype._is_ref_dtype for t in given) else "Merge", given, name=scope)
        from teachtf.ops.aggregation import as_slices

        parts = [as_slices(i)._parts() for i in given]
        merged = [apply_op("Merge", list(alike)) for alike in zip(*parts, strict=True)]
        return [_slices([m[0] for m in merged]), merged[0][1]]


def enter(
    value: Tensor, frame: str, is_constant: bool, parallel_iterations: int, keep_shape: bool = True, name: str | None = None
) -> Tensor:
    """`value` inside the loop `frame`."""
    op_type = "RefEnter" if value.dtype._is_ref_dtype else "Enter"
    how = {"frame_name": frame, "is_constant": is_constant, "parallel_iterations": parallel_iterations}
    result: Tensor = apply_op(op_type, value, **how, name=name)
    if keep_shape:
        result.set_shape(value.shape)
    return result


def exit_loop(value: Tensor, name: str | None = None) -> Tensor:
    """`value` outside the loop that it is in."""
    return apply_op("RefExit" if value.dtype._is_ref_dtype else "Exit", value, name=name)


def next_iteration(value: Any, name: str | None = None) -> Tensor:
    """`value` in the next turn of the loop."""
    value = convert_to_tensor(value, as_ref=True)
    return apply_op("RefNextIteration" if value.dtype._is_ref_dtype else "NextIteration", value, name=name)


def close_loop(merged: Any, value: Any) -> Any:
    """Let `value` be what `merged`, the loop variable, is in the next turn."""
    if isinstance(merged, IndexedSlices):
        from teachtf.ops.aggregation import as_slices

        again = [next_iteration(part) for part in as_slices(value)._parts()]
        for m, v in zip(merged._parts(), again, strict=True):
            m.op._update_input(1, v)
        return _slices(again)
    again_one = next_iteration(value)
    merged.op._update_input(1, again_one)
    return again_one


def loop_cond(condition: Tensor, name: str = "LoopCond") -> Tensor:
    """The condition of a loop: a scalar bool."""
    return apply_op("LoopCond", condition, name=name)


def control_trigger(name: str | None = None) -> Operation:
    """An operation that does nothing, and runs in a branch that is not taken too."""
    return apply_op("ControlTrigger", name=name)
