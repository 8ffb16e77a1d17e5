"""Optimizers that give each weight a rate of its own: Adagrad, RMSProp, Adadelta, Ftrl."""

from __future__ import annotations

from typing import Any

from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import maximum
from teachtf.ops.fills import ones
from teachtf.state import initializers
from teachtf.training.optimizer import Optimizer, argument


class WithArguments(Optimizer):
    """An optimizer whose arguments become tensors, by name, before each step is built."""

    def __init__(self, use_locking: bool, name: str, **arguments: Any) -> None:
        super().__init__(use_locking, name)
        self._arguments = arguments
        self._tensors: list[Any] = []

    def _prepare(self) -> None:
        self._tensors = [argument(value, name) for name, value in self._arguments.items()]


class AdagradOptimizer(WithArguments):
    """Adagrad: rates fall as squared gradients add up. Source: `tf.train.AdagradOptimizer`; Duchi et al., 2011."""

    def __init__(
        self, learning_rate: Any, initial_accumulator_value: float = 0.1, use_locking: bool = False, name: str = "Adagrad"
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name, learning_rate=learning_rate)
        self._start = initial_accumulator_value

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            start = initializers.Constant(self._start, dtype=v.dtype.base_dtype)
            self._filled_slot(v, start, "accumulator", self._name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._step("ApplyAdagrad", var, self.get_slot(var, "accumulator"), *self._tensors, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        return self._step("SparseApplyAdagrad", var, self.get_slot(var, "accumulator"), *self._tensors, grad)


class RMSPropOptimizer(WithArguments):
    """RMSProp: rates follow a mean of squared gradients. Source: `tf.train.RMSPropOptimizer`; Tieleman and Hinton, 2012."""

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name, learning_rate=learning_rate, decay=decay, momentum=momentum, epsilon=epsilon)
        self._centered = centered

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            self._filled_slot(v, initializers.Ones(v.dtype.base_dtype), "rms", self._name)
            if self._centered:
                self._zeros_slot(v, "mg", self._name)
            self._zeros_slot(v, "momentum", self._name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._apply("Apply", grad, var)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        return self._apply("SparseApply", grad, var)

    def _apply(self, prefix: str, grad: Any, var: Any) -> Tensor:
        rms, momentum = self.get_slot(var, "rms"), self.get_slot(var, "momentum")
        if self._centered:
            mean = self.get_slot(var, "mg")
            return self._step(f"{prefix}CenteredRMSProp", var, mean, rms, momentum, *self._tensors, grad)
        return self._step(f"{prefix}RMSProp", var, rms, momentum, *self._tensors, grad)


class AdadeltaOptimizer(WithArguments):
    """Adadelta: steps in the units of the weights. Source: `tf.train.AdadeltaOptimizer`; Zeiler, 2012."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name, lr=learning_rate, rho=rho, epsilon=epsilon)

    def _create_slots(self, var_list: list[Any]) -> None:
        for v in var_list:
            self._zeros_slot(v, "accum", self._name)
            self._zeros_slot(v, "accum_update", self._name)

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        slots = [self.get_slot(var, name) for name in ("accum", "accum_update")]
        return self._step("ApplyAdadelta", var, *slots, *self._tensors, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        slots = [self.get_slot(var, name) for name in ("accum", "accum_update")]
        return self._step("SparseApplyAdadelta", var, *slots, *self._tensors, grad)


class FtrlOptimizer(WithArguments):
    """Follow the regularised leader. Source: `tf.train.FtrlOptimizer`; McMahan et al., 2013."""

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        shrinkage = l2_shrinkage_regularization_strength
        if initial_accumulator_value < 0.0:
            raise ValueError(f"initial_accumulator_value {initial_accumulator_value:f} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero")
        strengths = {"l1": l1_regularization_strength, "l2": l2_regularization_strength, "l2_shrinkage": shrinkage}
        for which, strength in strengths.items():
            if strength < 0.0:
                raise ValueError(f"{which}_regularization_strength {strength:f} needs to be positive or zero")
        super().__init__(use_locking, name)
        self._rate, self._power, self._l1, self._l2 = learning_rate, learning_rate_power, strengths["l1"], strengths["l2"]
        self._shrinkage, self._beta = shrinkage, 0.0 if beta is None else beta
        self._start, self._accum_name, self._linear_name = initial_accumulator_value, accum_name, linear_name

    def _create_slots(self, var_list: list[Any]) -> None:
        def start(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
            return ones(shape, dtype) * self._start

        for v in var_list:
            self._filled_slot(v, start, "accum", self._accum_name or self._name)
            self._zeros_slot(v, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        rate = argument(self._rate, "learning_rate")
        l1 = argument(self._l1, "l1_regularization_strength")
        l2 = argument(self._l2 + self._beta / (2.0 * maximum(self._rate, 1e-36)), "adjusted_l2_regularization_strength")
        argument(self._beta, "beta")
        shrinkage = argument(self._shrinkage, "l2_shrinkage_regularization_strength")
        power = argument(self._power, "learning_rate_power")
        self._tensors = [rate, l1, l2, shrinkage, power] if self._shrinkage > 0.0 else [rate, l1, l2, power]

    def _apply_dense(self, grad: Tensor, var: Any) -> Tensor:
        return self._apply("ApplyFtrl", grad, var)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Tensor:
        return self._apply("SparseApplyFtrl", grad, var)

    def _apply(self, op_type: str, grad: Any, var: Any) -> Tensor:
        slots = [self.get_slot(var, name) for name in ("accum", "linear")]
        return self._step(f"{op_type}V2" if self._shrinkage > 0.0 else op_type, var, *slots, grad, *self._tensors)
