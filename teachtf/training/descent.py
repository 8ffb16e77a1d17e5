"""Gradient descent: plain, with momentum, and Adam."""

from __future__ import annotations

from typing import Any

from teachtf.core.name_scope import colocate_with, control_dependencies
from teachtf.core.operation import Operation
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import control_flow
from teachtf.ops.arithmetic import cast, sqrt
from teachtf.ops.variables import assign, assign_sub, scatter_add
from teachtf.training.optimizer import Optimizer, argument


class GradientDescentOptimizer(Optimizer):
    """Plain gradient descent: `v -= learning_rate * gradient`. Source: `tf.train.GradientDescentOptimizer`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.Variable(4.0)
    ...     step = tf.train.GradientDescentOptimizer(0.25).minimize(x * x)
    ...     sess.run(tf.global_variables_initializer())
    ...     for _ in range(3):
    ...         sess.run(step)
    ...     print(x.eval())
    0.5
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._rate: Any = None

    def _prepare(self) -> None:
        self._rate = argument(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._step("ApplyGradientDescent", var, self._rate, grad)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Tensor:
        delta = grad.values * cast(self._rate, var.dtype.base_dtype)
        return var.scatter_sub(IndexedSlices(delta, grad.indices, grad.dense_shape), use_locking=self._use_locking)


class MomentumOptimizer(Optimizer):
    """Gradient descent with momentum. Source: `tf.train.MomentumOptimizer`."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._arguments = learning_rate, momentum
        self._nesterov = use_nesterov
        self._rate: Any = None
        self._momentum: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            self._zeros_slot(v, "momentum", self._name)

    def _prepare(self) -> None:
        self._rate = argument(self._arguments[0], "learning_rate")
        self._momentum = argument(self._arguments[1], "momentum")

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        slot = self.get_slot(var, "momentum")
        return self._step("ApplyMomentum", var, slot, self._rate, grad, self._momentum, use_nesterov=self._nesterov)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        slot = self.get_slot(var, "momentum")
        return self._step("SparseApplyMomentum", var, slot, self._rate, grad, self._momentum, use_nesterov=self._nesterov)


class AdamOptimizer(Optimizer):
    """Adam. Source: `tf.train.AdamOptimizer`; Kingma and Ba, 2014."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr, self._beta1, self._beta2, self._epsilon = learning_rate, beta1, beta2, epsilon
        self._tensors: list[Any] = []

    def _create_slots(self, var_list: list[Any]) -> None:
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(self._beta1, "beta1_power", first)
        self._create_non_slot_variable(self._beta2, "beta2_power", first)
        for v in var_list:
            self._zeros_slot(v, "m", self._name)
            self._zeros_slot(v, "v", self._name)

    def _prepare(self) -> None:
        names = ("learning_rate", "beta1", "beta2", "epsilon")
        values = (self._lr, self._beta1, self._beta2, self._epsilon)
        self._tensors = [argument(v, n) for v, n in zip(values, names, strict=True)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        powers = [cast(self._get_non_slot_variable(n), var.dtype.base_dtype) for n in ("beta1_power", "beta2_power")]
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        return self._step("ApplyAdam", var, m, v, *powers, *self._tensors, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Operation:
        """Averages fall in all rows; only the rows of the gradient are added to."""
        dtype, lock = var.dtype.base_dtype, self._use_locking
        powers = [cast(self._get_non_slot_variable(n), dtype) for n in ("beta1_power", "beta2_power")]
        rate, beta1, beta2, epsilon = (cast(t, dtype) for t in self._tensors)
        rate = rate * sqrt(1 - powers[1]) / (1 - powers[0])
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        scaled = grad.values * (1 - beta1)
        with control_dependencies([assign(m, m * beta1, use_locking=lock)]):
            mean = scatter_add(m, grad.indices, scaled, use_locking=lock)
        scaled = (grad.values * grad.values) * (1 - beta2)
        with control_dependencies([assign(v, v * beta2, use_locking=lock)]):
            mean_square = scatter_add(v, grad.indices, scaled, use_locking=lock)
        root = sqrt(mean_square)
        update = assign_sub(var, rate * mean / (root + epsilon), use_locking=lock)
        return control_flow.group(update, mean, mean_square)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Operation:
        with control_dependencies(update_ops):
            power1, power2 = self._get_non_slot_variable("beta1_power"), self._get_non_slot_variable("beta2_power")
            with colocate_with(power1.op):
                steps = [
                    power1.assign(power1 * self._tensors[1], use_locking=self._use_locking),
                    power2.assign(power2 * self._tensors[2], use_locking=self._use_locking),
                ]
        return control_flow.group(*update_ops, *steps, name=name_scope)
