"""Cells made of cells: stacked, with dropout, with a shortcut, on a device. Source: `tf.nn.rnn_cell`."""

from __future__ import annotations

import hashlib
import numbers
from typing import Any

from teachtf.core import nest, static
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import device as on_device
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.rnn_cells import LSTMStateTuple, RNNCell
from teachtf.ops.activations import dropout
from teachtf.ops.arithmetic import divide, floor
from teachtf.ops.joining import concat
from teachtf.ops.random import random_uniform
from teachtf.ops.slicing import slice_
from teachtf.state.scopes import variable_scope


def assert_like_rnncell(name: str, cell: Any) -> None:
    """Raises TypeError where `cell` is no recurrent cell."""
    missing = [f"'{a}' property is missing" for a in ("output_size", "state_size") if not hasattr(cell, a)]
    if not (hasattr(cell, "get_initial_state") or hasattr(cell, "zero_state")):
        missing.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        missing.append("is not callable")
    if missing:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")


class MultiRNNCell(RNNCell):
    """Cells one above the other: the output of each is the input of the next.

    Args:
      cells: the cells, each an object of its own.
      state_is_tuple: whether the state is a tuple of the cells' states, or all in one tensor.

    Source: `tf.nn.rnn_cell.MultiRNNCell`.
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but received: {cells}.")
        self._cells, self._state_is_tuple = cells, state_is_tuple
        if not state_is_tuple and any(nest.is_nested(c.state_size) for c in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set. State sizes are: "
                f"{[c.state_size for c in cells]}"
            )

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return self._cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The cells' zero states."""
        with name_scope(f"{type(self).__name__}ZeroState"):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables of the cells that optimizers change."""
        return [v for cell in self._cells for v in cell.trainable_weights] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The cells' other variables."""
        others = [v for cell in self._cells for v in cell.non_trainable_weights]
        return others if self.trainable else [v for cell in self._cells for v in cell.trainable_weights] + others

    def call(self, inputs: Any, state: Any) -> Any:
        """The step."""
        at, states = 0, []
        for i, cell in enumerate(self._cells):
            with variable_scope(f"cell_{i}"):
                if self._state_is_tuple:
                    if not nest.is_nested(state):
                        raise ValueError(f"Expected state to be a tuple of length {len(self._cells)}, but received: {state}")
                    current = state[i]
                else:
                    current = slice_(state, [0, at], [-1, cell.state_size])
                    at += cell.state_size
                inputs, new = cell(inputs, current)
                states.append(new)
        return inputs, tuple(states) if self._state_is_tuple else concat(states, 1)


class _Wrapper(RNNCell):
    """A cell around a cell."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert_like_rnncell("cell", cell)
        self.cell = cell

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """One step: `(output, new_state)`."""
        raise NotImplementedError

    @property
    def wrapped_cell(self) -> Any:
        """The cell within."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """That of the cell within."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell within."""
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """That of the cell within."""
        with name_scope(f"{type(self).__name__}ZeroState"):
            return self.cell.zero_state(batch_size, dtype)


def _drops(keep_prob: Any) -> bool:
    return not isinstance(keep_prob, float) or keep_prob < 1


def _all_but_cells(state: Any) -> Any:
    """Which parts of a state dropout may touch: not the memory of an LSTM."""
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    if nest.is_nested(state):
        return [_all_but_cells(part) for part in state]
    return True


class DropoutWrapper(_Wrapper):
    """A cell with dropout on its inputs, outputs and state.

    Args:
      cell: the cell within.
      input_keep_prob, output_keep_prob, state_keep_prob: the probabilities to keep an element; numbers or scalar tensors.
      variational_recurrent: whether the choices are the same at each step. Paper: Gal and Ghahramani 2015, arXiv:1512.05287.
      input_size: the size of the inputs, needed where those are dropped by the same choices.
      dtype: needed for `variational_recurrent`.
      seed: makes the choices repeatable.
      dropout_state_filter_visitor: a function of a part of the state that says whether dropout may touch it; by default all but
        the memory of LSTMs.

    Source: `tf.nn.rnn_cell.DropoutWrapper`.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError(f"dropout_state_filter_visitor must be callable. Received: {dropout_state_filter_visitor}")
        self._filter = dropout_state_filter_visitor or _all_but_cells
        with name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _probability(input_keep_prob, "input_keep_prob")
            self._state_keep_prob = _probability(state_keep_prob, "state_keep_prob")
            self._output_keep_prob = _probability(output_keep_prob, "output_keep_prob")
        self._variational, self._seed = variational_recurrent, seed
        self._noise: dict[str, Any] = {}
        if variational_recurrent:
            if dtype is None:
                raise ValueError("When variational_recurrent=True, dtype must be provided")
            if not isinstance(self._input_keep_prob, numbers.Real) or float(self._input_keep_prob) < 1.0:
                if input_size is None:
                    raise ValueError(
                        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided"
                    )
                self._noise["input"] = self._noise_of(input_size, "input", dtype)
            self._noise["state"] = self._noise_of(cell.state_size, "state", dtype)
            self._noise["output"] = self._noise_of(cell.output_size, "output", dtype)

    def _noise_of(self, sizes: Any, what: str, dtype: Any) -> Any:
        def noise(i: int, size: Any) -> Tensor:
            dims = concat([[1], as_shape(size).as_list() if not isinstance(size, int) else [size]], 0)
            return random_uniform(dims, seed=self._seed_of(what, i), dtype=dtype)

        return nest.pack(sizes, [noise(i, size) for i, size in enumerate(nest.flatten(sizes))])

    def _seed_of(self, what: str, index: int) -> int | None:
        if self._seed is None:
            return None
        return int(hashlib.md5(f"{self._seed}{what}_{index}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _dropped(self, values: Any, what: str, keep_prob: Any, wanted: Any = True) -> Any:
        flags = nest.flatten(wanted if nest.is_nested(wanted) else nest.map_structure(lambda _: wanted, values))
        leaves, noise = nest.flatten(values), nest.flatten(self._noise.get(what))
        result = []
        for i, (value, flag) in enumerate(zip(leaves, flags, strict=True)):
            if isinstance(flag, bool) and not flag:
                result.append(value)
            elif self._variational:
                choice = floor(keep_prob + noise[i])
                kept = divide(value, keep_prob) * choice
                kept.set_shape(value.shape)
                result.append(kept)
            else:
                result.append(dropout(value, rate=1.0 - keep_prob, seed=self._seed_of(what, i)))
        return nest.pack(values, result)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """One step: `(output, new_state)`."""
        if _drops(self._input_keep_prob):
            inputs = self._dropped(inputs, "input", self._input_keep_prob)
        output, new_state = self.cell(inputs, state, scope=scope)
        if _drops(self._state_keep_prob):
            new_state = self._dropped(new_state, "state", self._state_keep_prob, self._filter(new_state))
        if _drops(self._output_keep_prob):
            output = self._dropped(output, "output", self._output_keep_prob)
        return output, new_state


def _probability(value: Any, name: str) -> Any:
    tensor = convert_to_tensor(value)
    known = static.constant_value(tensor)
    if known is None:
        return tensor
    if known < 0 or known > 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1. Received {known}")
    return float(known)


class ResidualWrapper(_Wrapper):
    """A cell whose inputs are added to its outputs.

    Args:
      cell: the cell within.
      residual_fn: a function of (inputs, outputs) in the place of the sum.

    Source: `tf.nn.rnn_cell.ResidualWrapper`.
    """

    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn or _sum

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """One step: `(output, new_state)`."""
        outputs, new_state = self.cell(inputs, state, scope=scope)
        return self._residual_fn(inputs, outputs), new_state


def _sum(inputs: Any, outputs: Any) -> Any:
    def added(a: Tensor, b: Tensor) -> Tensor:
        a.shape.assert_is_compatible_with(b.shape)
        return a + b

    return nest.map_structure(added, inputs, outputs)


class DeviceWrapper(_Wrapper):
    """A cell that runs on a device. Source: `tf.nn.rnn_cell.DeviceWrapper`."""

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """That of the cell within, on the device."""
        with name_scope(f"{type(self).__name__}ZeroState"), on_device(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """One step: `(output, new_state)`."""
        with on_device(self._device):
            return self.cell(inputs, state, scope=scope)
