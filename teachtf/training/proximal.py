"""Optimizers that pull weights towards zero as they learn: proximal descent and dual averaging."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.name_scope import colocate_with, device
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import identity
from teachtf.training.adaptive import WithArguments


class ProximalGradientDescentOptimizer(WithArguments):
    """Gradient descent, then a step towards zero.

    Source: `tf.train.ProximalGradientDescentOptimizer`; Duchi and Singer, 2009.
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(
            use_locking,
            name,
            learning_rate=learning_rate,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
        )

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._plain_step("ApplyProximalGradientDescent", var, *self._tensors, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        return self._plain_step("SparseApplyProximalGradientDescent", var, *self._tensors, grad.values, grad.indices)

    def _plain_step(self, op_type: str, *inputs: Any) -> Tensor:
        """An `Apply...` node that takes its numbers as they are: TensorFlow casts none of these optimizers'."""
        refs = [v._ref() if hasattr(v, "_ref") else v for v in inputs]
        return apply_op(op_type, *refs, use_locking=self._use_locking)


class ProximalAdagradOptimizer(ProximalGradientDescentOptimizer):
    """Adagrad, then a step towards zero. Source: `tf.train.ProximalAdagradOptimizer`; Duchi and Singer, 2009."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name)
        self._start = initial_accumulator_value

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            with colocate_with(v.op):
                start = constant(self._start, v.dtype.base_dtype, v.shape)
            self._filled_slot(v, start, "accumulator", self._name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        slot = self.get_slot(var, "accumulator")
        return self._plain_step("ApplyProximalAdagrad", var, slot, *self._tensors, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        slot = self.get_slot(var, "accumulator")
        return self._plain_step("SparseApplyProximalAdagrad", var, slot, *self._tensors, grad.values, grad.indices)


class AdagradDAOptimizer(WithArguments):
    """Adagrad with dual averaging, for sparse weights. Source: `tf.train.AdagradDAOptimizer`; Duchi et al., 2011."""

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: Any = 0.0,
        l2_regularization_strength: Any = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        start = initial_gradient_squared_accumulator_value
        if start <= 0.0:
            raise ValueError(f"initial_gradient_squared_accumulator_value must be positive: {start}")
        super().__init__(use_locking, name, learning_rate=learning_rate)
        self._start, self._strengths = start, (l1_regularization_strength, l2_regularization_strength)
        self._global_step = global_step
        self._next_step: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            with colocate_with(v.op):
                zeros = constant(0.0, v.dtype.base_dtype, v.shape)
                start = constant(self._start, v.dtype.base_dtype, v.shape)
            self._filled_slot(v, zeros, "gradient_accumulator", self._name)
            self._filled_slot(v, start, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        super()._prepare()
        with colocate_with(self._tensors[0].op):
            self._next_step = identity(self._global_step) + 1

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._apply("ApplyAdagradDA", var, [grad])

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        return self._apply("SparseApplyAdagradDA", var, [grad.values, grad.indices])

    def _apply(self, op_type: str, var: Any, grad: list[Any]) -> Tensor:
        names = ("gradient_accumulator", "gradient_squared_accumulator")
        slots = [self.get_slot(var, name)._ref() for name in names]
        with device(var.device):
            step = identity(self._next_step)
        numbers = [cast(value, var.dtype.base_dtype) for value in (*self._tensors, *self._strengths)]
        return apply_op(op_type, var._ref(), *slots, *grad, *numbers, step, use_locking=self._use_locking)
