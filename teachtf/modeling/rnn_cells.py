"""Recurrent cells: one step from an input and a state to an output and a state. Source: `tf.nn.rnn_cell`."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from teachtf.core import dtypes, nest, static
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.base import Layer
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops.activations import bias_add
from teachtf.ops.arithmetic import add, multiply, sigmoid, tanh
from teachtf.ops.arrays import expand_dims, shape
from teachtf.ops.clipping import clip_by_value
from teachtf.ops.fills import zeros
from teachtf.ops.joining import concat, split
from teachtf.ops.linalg import matmul
from teachtf.ops.slicing import slice_
from teachtf.platform import log
from teachtf.state.collections import trainable_variables
from teachtf.state.initializers import Constant, Zeros
from teachtf.state.scopes import get_variable_scope, variable_scope


def _part(value: Any) -> tuple[Tensor | None, list[Any] | None]:
    """Part of a shape, as a tensor and as far as it is known."""
    if isinstance(value, Tensor):
        known = static.constant_value(value)
        if value.shape.ndims == 0:
            return expand_dims(value, 0), [None if known is None else int(known)]
        return value, None if known is None else [int(k) for k in known]
    dims = as_shape([value] if isinstance(value, int) else value)
    if dims.ndims is None:
        return None, None
    return (constant(dims.as_list(), dtypes.int32) if dims.is_fully_defined() else None), dims.as_list()


def joined_shape(first: Any, second: Any, known_only: bool = False) -> Any:
    """A batch size and the size of a state as one shape: a tensor, or the dimensions that are known."""
    a, b = _part(first), _part(second)
    if known_only:
        return None if a[1] is None or b[1] is None else a[1] + b[1]
    if a[0] is None or b[0] is None:
        raise ValueError(f"Prefix or suffix can't be None. Received prefix = {first} and suffix = {second}")
    return concat([a[0], b[0]], 0)


def _check_floating(dtype: Any) -> None:
    if dtype is not None and not (dtypes.as_dtype(dtype).is_floating or dtypes.as_dtype(dtype).is_complex):
        raise ValueError(f"RNN cell only supports floating point inputs, but received dtype: {dtype}")


def _check_inputs(*values: Any) -> None:
    for value in nest.flatten(values):
        _check_floating(value.dtype)


class RNNCell(Layer):
    """A step of a recurrent network: `output, new_state = cell(inputs, state)`.

    Subclasses give `state_size`, `output_size` and `call(inputs, state)`; variables come of `tf.get_variable` or `add_weight`.

    Source: `tf.nn.rnn_cell.RNNCell`.
    """

    _rnncell_scope: Any = None

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        """One step: `(output, new_state)`."""
        if scope is not None:
            with variable_scope(scope, custom_getter=self._noting, auxiliary_name_scope=True) as opened:
                return super().__call__(inputs, state, scope=opened)
        if self._rnncell_scope is None:
            current = get_variable_scope()
            self._rnncell_scope = variable_scope(current, custom_getter=self._noting, auxiliary_name_scope=True)
        with self._rnncell_scope:
            return super().__call__(inputs, state)

    def _noting(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        """`tf.get_variable` that adds what it gives to the cell's variables."""
        variable = getter(*args, **kwargs)
        known = self._trainable_weights if variable in trainable_variables() else self._non_trainable_weights
        if all(v is not variable for v in known):
            known.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """The size of the state: a number, a shape, or nested tuples of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        raise NotImplementedError("Abstract method")

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """The zero state for a batch, given itself or by its size and dtype."""
        if inputs is not None:
            inputs = convert_to_tensor(inputs, name="inputs")
            batch_size, dtype = inputs.shape.as_list()[0] or shape(inputs)[0], inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                f"batch_size and dtype cannot be None while constructing initial state: batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros of `[batch_size, size]` in the form of `state_size`."""
        with name_scope(f"{type(self).__name__}ZeroState"):
            return map_sizes(lambda size: _zeros(batch_size, size, dtype), self.state_size)


def map_sizes(function: Any, sizes: Any) -> Any:
    """The results of `function` on each size; a TensorShape is one."""
    return nest.pack(sizes, [function(size) for size in nest.flatten(sizes)])


def _zeros(batch_size: Any, size: Any, dtype: Any) -> Tensor:
    result = zeros(joined_shape(batch_size, size), dtype)
    result.set_shape(joined_shape(batch_size, size, known_only=True))
    return result


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in `build`, as layers do."""

    def __init__(self, num_units: int, activation: Any, reuse: Any, name: Any, dtype: Any, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        _check_floating(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or tanh

    def __call__(self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any) -> Any:
        """One step: `(output, new_state)`."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)

    def _depth(self, input_shape: Any) -> int:
        depth = as_shape(input_shape).as_list()[-1]
        if depth is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, received shape: {input_shape}")
        _check_floating(self.dtype)
        return depth

    @property
    def state_size(self) -> Any:
        """The number of units."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """The number of units."""
        return self._num_units


class BasicRNNCell(LayerRNNCell):
    """`output = new_state = activation([inputs, state] · kernel + bias)`.

    Args:
      num_units: the size of the state.
      activation: `tanh` by default.
      reuse: whether to share the variables of the scope.
      name, dtype: as of a layer.

    Source: `tf.nn.rnn_cell.BasicRNNCell`.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        n = self._num_units
        self._kernel = self.add_weight("kernel", [self._depth(input_shape) + n, n])
        self._bias = self.add_weight("bias", [n], initializer=Zeros())

    def call(self, inputs: Any, state: Any) -> Any:
        """The step."""
        _check_inputs(inputs, state)
        output = self._activation(bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias))
        return output, output


class GRUCell(LayerRNNCell):
    """A gated recurrent unit: a reset gate and an update gate. Paper: Cho et al. 2014, arXiv:1406.1078.

    Args:
      num_units: the size of the state.
      activation: `tanh` by default.
      reuse: whether to share the variables of the scope.
      kernel_initializer, bias_initializer: how the variables start; biases of the gates at 1 by default.
      name, dtype: as of a layer.

    Source: `tf.nn.rnn_cell.GRUCell`.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        n, bias = self._num_units, self._bias_initializer
        rows = self._depth(input_shape) + n
        self._gate_kernel = self.add_weight("gates/kernel", [rows, 2 * n], initializer=self._kernel_initializer)
        self._gate_bias = self.add_weight("gates/bias", [2 * n], initializer=Constant(1.0) if bias is None else bias)
        self._candidate_kernel = self.add_weight("candidate/kernel", [rows, n], initializer=self._kernel_initializer)
        self._candidate_bias = self.add_weight("candidate/bias", [n], initializer=Zeros() if bias is None else bias)

    def call(self, inputs: Any, state: Any) -> Any:
        """The step."""
        _check_inputs(inputs, state)
        gates = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        reset, update = split(sigmoid(gates), 2, 1)
        kept = reset * state
        candidate = bias_add(matmul(concat([inputs, kept], 1), self._candidate_kernel), self._candidate_bias)
        new = self._activation(candidate)
        output = update * state + (1 - update) * new
        return output, output


class LSTMStateTuple(namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: the cell `c` and the output `h`. Source: `tf.nn.rnn_cell.LSTMStateTuple`."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The dtype of both."""
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent dtypes for internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


class BasicLSTMCell(LayerRNNCell):
    """Long short-term memory. Paper: Zaremba et al. 2014, arXiv:1409.2329.

    Args:
      num_units: the size of the cell and of the output.
      forget_bias: added to the forget gate, so that a new network remembers.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or both parts in one tensor.
      activation: `tanh` by default.
      reuse: whether to share the variables of the scope.
      name, dtype: as of a layer.

    Source: `tf.nn.rnn_cell.BasicLSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple
        if not state_is_tuple:
            log.warning("%s: Using a concatenated state is slower and will soon be deprecated.  Use state_is_tuple=True.", self)

    @property
    def state_size(self) -> Any:
        """The sizes of both parts of the state."""
        return LSTMStateTuple(self._num_units, self._num_units) if self._state_is_tuple else 2 * self._num_units

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        n = self._num_units
        self._kernel = self.add_weight("kernel", [self._depth(input_shape) + n, 4 * n])
        self._bias = self.add_weight("bias", [4 * n], initializer=Zeros())

    def call(self, inputs: Any, state: Any) -> Any:
        """The step."""
        _check_inputs(inputs, state)
        one = constant(1, dtypes.int32)
        c, h = state if self._state_is_tuple else split(state, 2, one)
        gates = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, one)
        forget_bias = constant(self._forget_bias, f.dtype)
        remembered = multiply(c, sigmoid(add(f, forget_bias)))
        new_c = add(remembered, multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else concat([new_c, new_h], 1)


class LSTMCell(LayerRNNCell):
    """Long short-term memory with peepholes, clipping and a projection. Paper: Sak et al. 2014.

    Args:
      num_units: the size of the cell.
      use_peepholes: whether the gates see the cell.
      cell_clip: the largest absolute value in the cell.
      initializer: how the kernels start.
      num_proj: the size of the output; that of the cell by default.
      proj_clip: the largest absolute value in the projected output.
      num_unit_shards, num_proj_shards: not supported.
      forget_bias: added to the forget gate.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or both parts in one tensor.
      activation: `tanh` by default.
      reuse: whether to share the variables of the scope.
      name, dtype: as of a layer.

    Source: `tf.nn.rnn_cell.LSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        if num_unit_shards is not None or num_proj_shards is not None:
            raise NotImplementedError("LSTMCell(num_unit_shards=...): leave it out, or give a variable scope a partitioner")
        self._use_peepholes, self._cell_clip, self._initializer = use_peepholes, cell_clip, initializer
        self._num_proj, self._proj_clip = num_proj, proj_clip
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple

    @property
    def state_size(self) -> Any:
        """The sizes of both parts of the state."""
        sizes = self._num_units, self.output_size
        return LSTMStateTuple(*sizes) if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_proj or self._num_units

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        n, initializer = self._num_units, self._initializer
        rows = self._depth(input_shape) + (n if self._num_proj is None else self._num_proj)
        self._kernel = self.add_weight("kernel", [rows, 4 * n], initializer=initializer)
        self._bias = self.add_weight("bias", [4 * n], initializer=Zeros())
        if self._use_peepholes:
            self._w_f_diag, self._w_i_diag, self._w_o_diag = (
                self.add_weight(f"w_{gate}_diag", [n], initializer=initializer) for gate in "fio"
            )
        if self._num_proj is not None:
            self._proj_kernel = self.add_weight("projection/kernel", [n, self._num_proj], initializer=initializer)

    def call(self, inputs: Any, state: Any) -> Any:
        """The step."""
        _check_inputs(inputs, state)
        n, act = self._num_units, self._activation
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev, m_prev = slice_(state, [0, 0], [-1, n]), slice_(state, [0, n], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, m_prev], 1), self._kernel), self._bias)
        i, j, f, o = split(gates, 4, 1)
        if self._use_peepholes:
            remembered = sigmoid(f + self._forget_bias + self._w_f_diag * c_prev) * c_prev
            c = remembered + sigmoid(i + self._w_i_diag * c_prev) * act(j)
        else:
            remembered = sigmoid(f + self._forget_bias) * c_prev
            c = remembered + sigmoid(i) * act(j)
        if self._cell_clip is not None:
            c = clip_by_value(c, -self._cell_clip, self._cell_clip)
        m = sigmoid(o + self._w_o_diag * c) * act(c) if self._use_peepholes else sigmoid(o) * act(c)
        if self._num_proj is not None:
            m = matmul(m, self._proj_kernel)
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)
