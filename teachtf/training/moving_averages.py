"""Averages of variables over the steps of a training. Source: `tf.train.ExponentialMovingAverage`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, device, name_scope
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic, control_flow
from teachtf.ops.cond import cond
from teachtf.ops.variables import assign, assign_sub, is_variable_initialized
from teachtf.state.collections import global_variables, moving_average_variables, trainable_variables
from teachtf.state.initializers import Zeros
from teachtf.state.scopes import get_variable, get_variable_scope, init_scope, variable_scope
from teachtf.state.variables import Variable
from teachtf.training import slots

_AVERAGED = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)
_VARIABLE_OPS = ("Variable", "VariableV2", "VarHandleOp")


class ExponentialMovingAverage:
    """Keeps for each variable an average that follows it: `average -= (1 - decay) * (average - variable)`.

    Args:
      decay: how much of the average stays at an update, a number near 1.
      num_updates: a count of updates; the decay is then at most `(1 + num_updates) / (10 + num_updates)`, so that the first
        values count more.
      zero_debias: correct the averages of tensors, which start at zero, for that start.
      name: the last part of the averages' names, and the name scope of the operations.

    Source: `tf.train.ExponentialMovingAverage`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     v = tf.Variable(10.0, name="v")
    ...     averages = tf.train.ExponentialMovingAverage(0.5)
    ...     update = averages.apply([v])
    ...     sess.run(tf.global_variables_initializer())
    ...     v.load(20.0)
    ...     sess.run(update)
    ...     print(averages.average_name(v), sess.run(averages.average(v)))
    v/ExponentialMovingAverage 15.0
    """

    def __init__(
        self, decay: Any, num_updates: Any = None, zero_debias: bool = False, name: str = "ExponentialMovingAverage"
    ) -> None:
        self._decay, self._num_updates, self._zero_debias, self._name = decay, num_updates, zero_debias, name
        self._averages: dict[Any, Variable] = {}

    @property
    def name(self) -> str:
        """The last part of the averages' names."""
        return self._name

    def apply(self, var_list: Any = None) -> Operation:
        """An operation that updates the averages of variables and tensors; what had no average gets one.

        The average of a variable starts at the variable's initial value, that of a tensor at zero. Variables are listed in
        `GraphKeys.MOVING_AVERAGE_VARIABLES`.

        Args:
          var_list: the variables and tensors; all trainable variables by default.

        Raises:
          TypeError: one has no float type.
        """
        averaged = trainable_variables() if var_list is None else var_list
        debiased = set()
        for value in averaged:
            if value.dtype.base_dtype not in _AVERAGED:
                raise TypeError(f"The variables must be half, float, or double: {value.name}")
            if value.ref() not in self._averages:
                average = self._averages[value.ref()] = self._new_average(value)
                if self._zero_debias and not isinstance(value, Variable):
                    debiased.add(average)
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, dtypes.float32, name="decay")
            if self._num_updates is not None:
                count = arithmetic.cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = arithmetic.minimum(decay, (1.0 + count) / (10.0 + count))
            updates = []
            for value in averaged:
                average = self._averages[value.ref()]
                updates.append(assign_moving_average(average, value, decay, average in debiased))
            return control_flow.group(*updates, name=scope)

    def _new_average(self, value: Any) -> Variable:
        with init_scope():
            if not isinstance(value, Variable):
                return slots.create_zeros_slot(value, self._name, colocate=value.op.type in _VARIABLE_OPS)
            with device(value.device):
                start = cond(is_variable_initialized(value), value.read_value, lambda: value.initial_value)
            average = slots.create_slot(value, start, self._name)
            get_default_graph().add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, value)
            return average

    def average(self, var: Any) -> Variable | None:
        """The variable that holds the average of `var`; None where there is none."""
        return self._averages.get(var.ref())

    def average_name(self, var: Any) -> str:
        """The name of the average of `var` in checkpoints, also where it has not been made."""
        average = self.average(var)
        if average is not None:
            return average.op.name
        name = var.name.removesuffix(":0")
        return get_default_graph().unique_name(f"{name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """For a `tf.train.Saver` that restores averages in the place of variables: names in the checkpoint to variables.

        Args:
          moving_avg_variables: the variables that have averages; by default the trainable ones and those listed in
            `GraphKeys.MOVING_AVERAGE_VARIABLES`. All other global variables are restored by their own names.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        averaged = list(dict.fromkeys(moving_avg_variables))
        result = {self.average_name(v): v for v in averaged}
        names = {v.name for v in averaged}
        for variable in dict.fromkeys(global_variables()):
            if variable.name not in names and variable.op.name not in result:
                result[variable.op.name] = variable
        return result


def assign_moving_average(variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None) -> Tensor:
    """Move `variable` towards `value`, by `1 - decay` of their distance.

    Args:
      variable: the average.
      value: a tensor or variable of its shape.
      decay: a float tensor or number.
      zero_debias: correct for the start at zero, by two more variables.
      name: the operation's name.

    Source: TensorFlow's `moving_averages.assign_moving_average`.
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = convert_to_tensor(1.0 - decay, name="decay")
        if rate.dtype != variable.dtype.base_dtype:
            rate = arithmetic.cast(rate, variable.dtype.base_dtype)
        if zero_debias:
            return _assign_debiased(variable, value, rate)
        return assign_sub(variable, (variable - value) * rate, name=scope)


def _assign_debiased(variable: Any, value: Any, rate: Tensor) -> Tensor:
    """As `assign_moving_average`, divided by the weight of the values seen so far: `1 - (1 - rate) ** updates`."""
    with variable_scope(variable.op.name, values=[variable, value, rate]), colocate_with(variable):
        options: dict[str, Any] = {"initializer": Zeros(), "dtype": variable.dtype.base_dtype, "trainable": False}
        biased = get_variable(_free_name("biased"), variable.shape, **options)
        updates = get_variable(_free_name("local_step"), [], **options)
    new = assign_sub(biased, (biased - value) * rate)
    count = updates.assign_add(1)
    weight = 1 - arithmetic.pow(1.0 - rate, count)
    return assign(variable, new / weight, name=f"{get_default_graph().get_name_scope()}/")


def _free_name(name: str) -> str:
    """`name`, or `name_1`, ... where the scope has a variable of that name and does not share."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    taken = {v.op.name for v in scope.global_variables()}
    free, i = name, 0
    while f"{scope.name}/{free}" in taken:
        i += 1
        free = f"{name}_{i}"
    return free
