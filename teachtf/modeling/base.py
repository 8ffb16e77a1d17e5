"""What layers share: variables made at the first call, under a variable scope of the layer's own. Source: `tf.layers.Layer`."""

from __future__ import annotations

import re
import weakref
from collections import Counter
from typing import Any

import numpy as np

from teachtf.core import dtypes, nest
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.input_spec import InputSpec, check_inputs
from teachtf.ops.arithmetic import cast, truediv
from teachtf.ops.arrays import shape
from teachtf.state.collections import global_variables, trainable_variables
from teachtf.state.scopes import get_variable, variable_scope
from teachtf.state.variable_scope import VariableScope

# How many layers of each kind a graph has: their names are numbered.
_named: weakref.WeakKeyDictionary[Any, Counter[str]] = weakref.WeakKeyDictionary()


def _unique_name(base: str) -> str:
    counts = _named.setdefault(get_default_graph(), Counter())
    counts[base] += 1
    return f"{base}_{counts[base]}"


def snake_case(name: str) -> str:
    """The name of a class as layers are called.

    >>> snake_case("MaxPooling2D"), snake_case("BasicLSTMCell")
    ('max_pooling2d', 'basic_lstm_cell')
    """
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _add_new(key: str, items: list[Any]) -> None:
    """Append to a collection what it does not list yet; the collection stands from here on."""
    found = get_default_graph().get_collection_ref(key)
    known = {id(item) for item in found}
    found.extend(item for item in items if id(item) not in known)


class Layer:
    """A function of tensors that keeps variables.

    Subclasses make their variables in `build(input_shape)` by `add_weight`, and compute in `call(inputs, ...)`. The first call
    of the layer builds it, under a variable scope of the layer's name; later calls share the variables.

    Args:
      trainable: whether optimizers change its variables by default.
      name: the layer's name; by default that of the class, numbered.
      dtype: the dtype of its variables; that of the first input by default.
      activity_regularizer: a function of the output whose result, divided by the batch size, becomes a regularization loss.

    Source: `tf.layers.Layer`.
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any) -> None:
        scope, self._reuse = kwargs.pop("_scope", None), kwargs.pop("_reuse", None)
        self._activity_regularizer = kwargs.pop("activity_regularizer", None)
        if kwargs:
            raise TypeError(f"Keyword argument not understood: {', '.join(kwargs)}")
        self.trainable, self.built = trainable, False
        self.input_spec: InputSpec | None = None
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype)
        base = name.name if isinstance(name, VariableScope) else name
        self._base_name = base or snake_case(type(self).__name__)
        self._name = name if name and not isinstance(name, VariableScope) else _unique_name(self._base_name)
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._updates: list[Any] = []
        self._losses: list[Any] = []
        self._scope: VariableScope | None = None
        self._current_scope: VariableScope | None = None
        if scope:
            with variable_scope(scope, auxiliary_name_scope=True) as self._scope:
                pass

    # --- what subclasses define ----------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables. Subclasses do it here, at the first call."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs for `inputs`. Subclasses say which."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output for inputs of a shape."""
        raise NotImplementedError(f"{type(self).__name__} does not say the shape of its output")

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The layer's name."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The name of the dtype of its variables; None before the first call unless it was given."""
        return None if self._dtype is None else self._dtype.name

    @property
    def scope_name(self) -> str:
        """The variable scope of the layer.

        Raises:
          ValueError: the layer has not been called.
        """
        if self._scope is None:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been used yet. Call the layer '
                "first."
            )
        return self._scope.name

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that optimizers change."""
        return self._trainable_weights if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        return self._non_trainable_weights if self.trainable else self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All variables."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that optimizers change."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The other variables."""
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """All variables."""
        return self.weights

    @property
    def updates(self) -> list[Any]:
        """The operations that a training step must run as well."""
        return self._updates

    @property
    def losses(self) -> list[Any]:
        """The regularization losses."""
        return self._losses

    def count_params(self) -> int:
        """The number of elements in all variables."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer {self.name}, but the layer isn't built. Call it first."
            )
        return sum(v.shape.num_elements() for v in self.weights)

    # --- building ------------------------------------------------------------------------------------------------

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is None:
            if self._reuse:
                with variable_scope(self._base_name if scope is None else scope, auxiliary_name_scope=True) as self._scope:
                    pass
            else:
                with variable_scope(scope, default_name=self._base_name, auxiliary_name_scope=True) as self._scope:
                    pass

    def _name_scope(self) -> str:
        assert self._current_scope is not None
        return self._current_scope.original_name_scope

    def add_weight(
        self,
        name: str,
        shape: Any = (),
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """A variable of the layer, by `tf.get_variable` in the layer's scope; arguments as there."""
        before = set(global_variables())
        self._set_scope()
        assert self._scope is not None
        reuse = self.built or self._reuse
        asked = True if trainable is None else trainable
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with name_scope(self._name_scope()):
                variable = get_variable(
                    name,
                    shape,
                    dtypes.as_dtype(dtype or self._dtype or dtypes.float32),
                    scope.initializer if initializer is None else initializer,
                    trainable=asked and self.trainable,
                    constraint=constraint,
                    partitioner=partitioner,
                )
                if regularizer is not None and variable not in before:
                    with name_scope(f"{name}/Regularizer"):
                        loss = regularizer(variable)
                    if loss is not None:
                        self.add_loss(loss)
        trained = asked and (not self.trainable or variable in trainable_variables())
        known = self._trainable_weights if trained else self._non_trainable_weights
        if all(v is not variable for v in known):
            known.append(variable)
        return variable

    add_variable = add_weight

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses to the layer's and to `GraphKeys.REGULARIZATION_LOSSES`."""
        new = [loss for loss in nest.flatten(losses) if loss is not None]
        self._losses.extend(new)
        _add_new(GraphKeys.REGULARIZATION_LOSSES, new)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Add operations that a training step must run; after the call they are in `GraphKeys.UPDATE_OPS`."""
        for update in nest.flatten(updates):
            self._updates.append(getattr(update, "op", update))

    # --- calling -------------------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs for `inputs`; the first call makes the variables.

        Raises:
          ValueError: the inputs do not have the rank or size that the layer takes.
        """
        self._set_scope(kwargs.pop("scope", None))
        assert self._scope is not None
        reuse = True if self.built else self._reuse
        with variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as self._current_scope:
            if isinstance(inputs, (np.ndarray, float, int)):
                inputs = convert_to_tensor(inputs)
            check_inputs(self.input_spec, inputs, self._name)
            with name_scope(self._name_scope()):
                self._maybe_build(inputs)
                outputs = self.call(inputs, *args, **kwargs)
                self._regularize_activity(outputs)
        _add_new(GraphKeys.UPDATE_OPS, self._updates)
        return outputs

    apply = __call__

    def _maybe_build(self, inputs: Any) -> None:
        if self.built:
            return
        leaves = [leaf for leaf in nest.flatten(inputs) if isinstance(leaf, Tensor) or hasattr(leaf, "_ref")]
        if leaves and self._dtype is None:
            self._dtype = leaves[0].dtype.base_dtype
        shapes = [as_shape(leaf.shape) for leaf in leaves]
        self.build(shapes if isinstance(inputs, (list, tuple)) else shapes[0] if shapes else None)
        self.built = True

    def _regularize_activity(self, outputs: Any) -> None:
        if self._activity_regularizer is None:
            return
        with name_scope("ActivityRegularizer"):
            for output in nest.flatten(outputs):
                loss = convert_to_tensor(self._activity_regularizer(output))
                self.add_loss(truediv(loss, cast(shape(output)[0], loss.dtype)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} layer '{self._name}'>"
