"""Recurrent networks over a list of inputs, one copy of the cell a step. Source: `tf.nn.static_rnn` and its kin."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, nest
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import colocate_with
from teachtf.core.tensor import Tensor
from teachtf.modeling.rnn_cells import joined_shape
from teachtf.modeling.rnn_wrappers import assert_like_rnncell
from teachtf.ops.arithmetic import cast, where
from teachtf.ops.arrays import shape
from teachtf.ops.cond import cond
from teachtf.ops.fills import zeros
from teachtf.ops.joining import concat, stack
from teachtf.ops.reductions import reduce_max, reduce_min
from teachtf.state.scopes import variable_scope


def opened(scope: Any, default: str) -> variable_scope:
    """The variable scope of a network."""
    return variable_scope(scope or default, auxiliary_name_scope=True)


def cache_reads(scope: Any) -> None:
    """Read each variable once a run, on the device that uses it: a network uses it at each step."""
    if scope.caching_device is None:
        scope.set_caching_device(lambda op: op.device)


def initial_state_of(cell: Any, initial_state: Any, batch_size: Any, dtype: Any) -> Any:
    """The given state, or the cell's zero state.

    Raises:
      ValueError: neither a state nor a dtype is given.
    """
    if initial_state is not None:
        return initial_state
    if not dtype:
        raise ValueError("If no initial_state is provided, argument `dtype` must be specified")
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def state_dtype(dtype: Any, state: Any) -> Any:
    """The given dtype, or that of the parts of the state.

    Raises:
      ValueError: those differ.
    """
    if dtype is not None:
        return dtype
    found = [part.dtype for part in nest.flatten(state)]
    if not found:
        raise ValueError(f"Unable to infer dtype from argument state={state}.")
    if any(d != found[0] for d in found):
        raise ValueError(f"Argument state={state} has tensors of different inferred dtypes: {found}. Give dtype.")
    return found[0]


def copied_through(finished: Tensor, old: Any, new: Any) -> Any:
    """Of each sequence the old value where it has ended, the new one where not."""
    if not isinstance(new, Tensor) or not isinstance(old, Tensor) or old.shape.ndims == 0:
        return new
    with colocate_with(new.op):
        return where(finished, old, new)


def step(
    time: Any,
    sequence_length: Tensor,
    shortest: Tensor,
    longest: Tensor,
    zero_output: Any,
    state: Any,
    call_cell: Any,
    conditional: bool = True,
) -> tuple[Any, Any]:
    """A step of sequences of different lengths: those that have ended keep their state and give zeros."""
    old = nest.flatten(zero_output) + nest.flatten(state)
    finished = time >= sequence_length

    def called() -> list[Any]:
        output, new_state = call_cell()
        nest.assert_same(zero_output, output)
        nest.assert_same(state, new_state)
        return nest.flatten(output) + nest.flatten(new_state)

    def copied(new: list[Any]) -> list[Any]:
        return [copied_through(finished, a, b) for a, b in zip(old, new, strict=True)]

    def maybe_copied() -> Any:
        new = called()
        return cond(time < shortest, lambda: new, lambda: copied(new))

    new = cond(time >= longest, lambda: old, maybe_copied) if conditional else copied(called())
    for a, b in zip(new, old, strict=True):
        if isinstance(a, Tensor):
            a.set_shape(b.shape)
    count = len(nest.flatten(zero_output))
    return nest.pack(zero_output, new[:count]), nest.pack(state, new[count:])


def _zero_output(batch_size: Any, known_batch: Any, size: Any, dtype: Any) -> Tensor:
    output = zeros(stack(joined_shape(batch_size, size)), dtype)
    output.set_shape(joined_shape(known_batch, size, known_only=True))
    return output


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A recurrent network over a list of inputs.

    Args:
      cell: a cell of `tf.nn.rnn_cell`.
      inputs: a list of tensors [batch, size], one a step; or of nested tuples of them.
      initial_state: the state before the first step; the cell's zero state by default.
      dtype: of the zero state, needed without `initial_state`.
      sequence_length: [batch]: how many steps each sequence has; beyond, outputs are zeros and the state stays.
      scope: the variable scope; "rnn" by default.

    Returns:
      `(outputs, state)`: the list of outputs, and the state after the last step.

    Raises:
      TypeError: `cell` is no cell, or `inputs` no list.
      ValueError: there is no input, or an input's size is not known.

    Source: `tf.nn.static_rnn`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     steps = [tf.zeros([5, 3])] * 4
    ...     outputs, state = tf.nn.static_rnn(tf.nn.rnn_cell.GRUCell(2), steps, dtype=tf.float32)
    ...     print(len(outputs), state.shape)
    4 (5, 2)
    """
    assert_like_rnncell("cell", cell)
    if not nest.is_nested(inputs):
        raise TypeError(f"Argument `inputs` must be a sequence. Received: {inputs}")
    if not inputs:
        raise ValueError("Argument `inputs` must not be empty.")
    outputs = []
    with opened(scope, "rnn") as variables:
        cache_reads(variables)
        known_batch = _batch_size(inputs)
        batch_size = known_batch or shape(nest.flatten(inputs)[0])[0]
        state = initial_state_of(cell, initial_state, batch_size, dtype)
        ends: Any = None
        if sequence_length is not None:
            lengths = convert_to_tensor(sequence_length, name="sequence_length")
            if lengths.shape.ndims not in (None, 1):
                raise ValueError(f"Argument `sequence_length` must be a vector of length {batch_size}. Received {lengths}.")
            kind = state_dtype(dtype, state)
            sizes = cell.output_size
            zero = nest.pack(sizes, [_zero_output(batch_size, known_batch, size, kind) for size in nest.flatten(sizes)])
            lengths = cast(lengths, dtypes.int32)
            ends = {
                "sequence_length": lengths,
                "shortest": reduce_min(lengths),
                "longest": reduce_max(lengths),
                "zero_output": zero,
            }
        for time, input_ in enumerate(inputs):
            if time > 0:
                variables.reuse_variables()
            if ends is None:
                output, state = cell(input_, state)
            else:
                output, state = step(time, state=state, call_cell=lambda i=input_, s=state: cell(i, s), **ends)
            outputs.append(output)
    return outputs, state


def _batch_size(inputs: Any) -> int | None:
    """The first dimension of all inputs, as far as it is known."""
    found: int | None = None
    for input_ in nest.flatten(inputs):
        dims = input_.shape.with_rank_at_least(1).as_list()
        if found is not None and dims[0] is not None and dims[0] != found:
            raise ValueError(f"Dimensions {found} and {dims[0]} are not compatible: the inputs have different batch sizes")
        found = dims[0] if found is None else found
        for i, size in enumerate(dims[1:]):
            if size is None:
                raise ValueError(
                    f"Input size (dimension {i} of input {input_}) must be accessible via shape inference, but saw value None."
                )
    return nest.flatten(inputs)[0].shape.as_list()[0]


def reversed_steps(steps: Any, lengths: Any) -> list[Any]:
    """A list of steps from its end; of each sequence only its own steps change places."""
    if lengths is None:
        return list(reversed(steps))
    from teachtf.core.apply import apply_op
    from teachtf.ops.joining import unstack

    results: list[list[Any]] = [[] for _ in steps]
    for sequence in zip(*(nest.flatten(s) for s in steps), strict=True):
        joined = stack(list(sequence))
        turned = apply_op("ReverseSequence", joined, lengths, seq_dim=0, batch_dim=1)
        for result, part in zip(results, unstack(turned), strict=True):
            part.set_shape(sequence[0].shape)
            result.append(part)
    return [nest.pack(s, result) for s, result in zip(steps, results, strict=True)]


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """Two networks over a list of inputs, one from its start and one from its end; outputs of both stand side by side.

    Args:
      cell_fw, cell_bw: the cells.
      inputs, dtype, sequence_length: as of `static_rnn`.
      initial_state_fw, initial_state_bw: the states before the first steps.
      scope: the variable scope; "bidirectional_rnn" by default.

    Returns:
      `(outputs, state_fw, state_bw)`.

    Source: `tf.nn.static_bidirectional_rnn`.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    if not nest.is_nested(inputs):
        raise TypeError(f"Argument `inputs` must be a sequence. Received: {inputs}")
    if not inputs:
        raise ValueError("Argument `inputs` must not be empty.")
    with opened(scope, "bidirectional_rnn"):
        with variable_scope("fw") as fw:
            output_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, fw)
        with variable_scope("bw") as bw:
            turned = reversed_steps(inputs, sequence_length)
            output_bw, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, bw)
    output_bw = reversed_steps(output_bw, sequence_length)
    both = zip(nest.flatten(output_fw), nest.flatten(output_bw), strict=True)
    return nest.pack(output_fw, [concat([f, b], 1) for f, b in both]), state_fw, state_bw
