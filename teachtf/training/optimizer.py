"""Optimizers: gradients of a loss, and the steps that lower it. Source: `tf.train.Optimizer` and its kin."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.operation import Operation
from teachtf.core.sparse import IndexedSlices, convert_to_tensor_or_indexed_slices
from teachtf.core.tensor import Tensor
from teachtf.ops import control_flow
from teachtf.ops import training as training_ops
from teachtf.ops import unique as unique_ops
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import shape
from teachtf.ops.gradients import gradients
from teachtf.ops.segments import unsorted_segment_sum
from teachtf.ops.variables import assign_add
from teachtf.state.collections import trainable_variables
from teachtf.state.variables import Variable
from teachtf.training import slots

assert training_ops, unique_ops  # the declarations of the Apply... ops and of Unique


class Optimizer:
    """Base of the optimizers.

    Subclasses give `_prepare` (tensors of arguments), `_create_slots` (variables beside each variable) and `_apply_dense`.

    Args:
      use_locking: accepted; a step is always whole here.
      name: the name of the operations it makes.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Variable]] = {}
        self._non_slot: dict[Any, Variable] = {}

    def get_name(self) -> str:
        """The optimizer's name."""
        return self._name

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """An operation that moves the variables one step down the slope of `loss`.

        Args:
          loss: a float tensor.
          global_step: a variable to count up by one each step.
          var_list: the variables to change; all trainable ones by default.
          gate_gradients: GATE_NONE, GATE_OP or GATE_GRAPH: what waits for what.
          aggregation_method: accepted.
          colocate_gradients_with_ops: put gradients on the devices of their operations.
          name: the name of the operation.
          grad_loss: the gradient to start from.

        Raises:
          ValueError: there is nothing to change, or nothing depends on it.
        """
        pairs = self.compute_gradients(
            loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops, grad_loss
        )
        if all(g is None for g, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, between "
                f"variables {[str(v) for _, v in pairs]} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Pairs (gradient, variable) for each variable; the gradient is None where `loss` does not depend on it."""
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH. "
                f"Not {gate_gradients}"
            )
        _check_types([loss] + ([] if grad_loss is None else [grad_loss]))
        variables = trainable_variables() if var_list is None else _flat(var_list)
        for v in variables:
            if not hasattr(v, "_ref"):
                raise NotImplementedError(f"Trying to optimize unsupported type {v!r}: an optimizer changes variables.")
        if not variables:
            raise ValueError("No variables to optimize.")
        found = gradients(
            loss,
            [v._ref() for v in variables],
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            found = control_flow.tuple_(found)
        pairs = list(zip(found, variables, strict=True))
        _check_types([v for g, v in pairs if g is not None])
        return pairs

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """An operation that changes each variable by its gradient.

        Raises:
          ValueError: no variable has a gradient.
          TypeError: a gradient is no tensor.
        """
        pairs = [(_gradient(g), v) for g, v in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        with_gradient = [v for g, v in pairs if g is not None]
        if not with_gradient:
            raise ValueError(f"No gradients provided for any variable: {[str(v) for _, v in pairs]}.")
        with control_dependencies(None):
            self._create_slots(with_gradient)
        updates = []
        with name_scope(name, self._name) as scope:
            self._prepare()
            for gradient, variable in pairs:
                if gradient is None:
                    continue
                with name_scope("update_" + variable.op.name), colocate_with(variable.op):
                    updates.append(self._updated(gradient, variable))
            if global_step is None:
                train_op = self._finish(updates, scope)
            else:
                with control_dependencies([self._finish(updates, "update")]), colocate_with(global_step.op):
                    train_op = assign_add(global_step, 1, name=scope).op
            collection = get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
            if train_op not in collection:
                collection.append(train_op)
            return train_op

    def _updated(self, gradient: Any, variable: Any) -> Any:
        if isinstance(gradient, IndexedSlices):
            if variable.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            return _op(self._apply_sparse_duplicate_indices(gradient, variable))
        update = self._apply_dense(gradient, variable)
        if variable.constraint is None:
            return _op(update)
        with control_dependencies([update]):
            return variable.assign(variable.constraint(variable.value())).op

    # --- what subclasses give ------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Make tensors of the arguments."""

    def _create_slots(self, var_list: list[Any]) -> None:
        """Make the variables that a step needs beside each variable."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        """The operation that changes `var`."""
        raise NotImplementedError("Optimizer subclasses define _apply_dense")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """The operation that changes rows of `var`; a row may come more than once."""
        unique, places = apply_op("Unique", grad.indices)
        summed = unsorted_segment_sum(grad.values, places, shape(unique)[0])
        return self._apply_sparse(IndexedSlices(summed, unique, grad.dense_shape), var)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """The operation that changes rows of `var`, each of which comes once."""
        raise NotImplementedError("Optimizer subclasses define _apply_sparse for gradients of gathers")

    def _finish(self, update_ops: list[Any], name_scope: str) -> Operation:
        """What is done when all variables are updated."""
        return control_flow.group(*update_ops, name=name_scope)

    def _step(self, op_type: str, var: Any, *rest: Any, **attrs: Any) -> Tensor:
        """One `Apply...` node: references and rows as they are, numbers as tensors of the variable's type."""
        dtype = var.dtype.base_dtype
        inputs: list[Any] = []
        for value in rest:
            if isinstance(value, IndexedSlices):
                inputs += [value.values, value.indices]
            else:
                inputs.append(value._ref() if hasattr(value, "_ref") else cast(value, dtype))
        return apply_op(op_type, var._ref(), *inputs, use_locking=self._use_locking, **attrs)

    # --- slots ---------------------------------------------------------------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot variable `name` beside `var`, or None."""
        return self._slots.get(name, {}).get((var.op.graph, var.op.name))

    def get_slot_names(self) -> list[str]:
        """The names of the slots that this optimizer made."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """The variables that this optimizer made in the default graph."""
        graph = get_default_graph()
        made = [v for v in self._non_slot.values() if v.graph is graph]
        made += [v for slot in self._slots.values() for v in slot.values() if v.graph is graph]
        return sorted(made, key=lambda v: v.name)

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        return self._slot(var, slot_name, lambda: slots.create_zeros_slot(var, op_name))

    def _filled_slot(self, var: Any, initializer: Any, slot_name: str, op_name: str) -> Any:
        return self._slot(var, slot_name, lambda: slots.create_slot(var, initializer, op_name))

    def _slot(self, var: Any, slot_name: str, make: Any) -> Any:
        named = self._slots.setdefault(slot_name, {})
        key = var.op.graph, var.op.name
        if key not in named:
            named[key] = make()
        return named[key]

    def _create_non_slot_variable(self, initial_value: Any, name: str, beside: Any) -> Any:
        key = name, beside.graph
        if key not in self._non_slot:
            with colocate_with(beside.op):
                self._non_slot[key] = Variable(initial_value, name=name, trainable=False)
        return self._non_slot[key]

    def _get_non_slot_variable(self, name: str) -> Any:
        return self._non_slot[name, get_default_graph()]


def _gradient(value: Any) -> Any:
    if value is None:
        return None
    try:
        found = convert_to_tensor_or_indexed_slices(value)
    except TypeError:
        raise TypeError(f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {value}") from None
    if not isinstance(found, (Tensor, IndexedSlices)):
        raise TypeError(f"Gradient must be a Tensor, IndexedSlices, or None: {found}")
    return found


def _op(update: Any) -> Operation:
    return update if isinstance(update, Operation) else update.op


def argument(value: Any, name: str) -> Tensor:
    """A constructor argument as a tensor; a function of nothing is called."""
    return convert_to_tensor(value() if callable(value) else value, name=name)


def _flat(items: Any) -> list[Any]:
    if isinstance(items, (list, tuple)):
        return [leaf for item in items for leaf in _flat(item)]
    return [items]


def _check_types(values: list[Any]) -> None:
    for value in values:
        dtype = value.dtype.base_dtype
        if not dtype.is_floating:
            raise ValueError(
                f"Invalid type {dtype!r} for {value.name}, expected: {['float16', 'float32', 'float64', 'bfloat16']}."
            )
