"""Recurrent networks over a tensor of inputs, by a loop: one copy of the cell, as many steps as the inputs have.

Source: `tf.nn.dynamic_rnn` and its kin.
"""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, nest, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.rnn import cache_reads, copied_through, initial_state_of, opened, state_dtype, step
from teachtf.modeling.rnn_cells import joined_shape
from teachtf.modeling.rnn_wrappers import assert_like_rnncell
from teachtf.ops.arithmetic import cast, equal, logical_not, logical_or, maximum, minimum
from teachtf.ops.arrays import identity, rank, shape
from teachtf.ops.fills import range, zeros
from teachtf.ops.joining import concat, stack
from teachtf.ops.rearranging import reverse, transpose
from teachtf.ops.reductions import reduce_all, reduce_max, reduce_min
from teachtf.ops.sorting import reverse_sequence
from teachtf.ops.tensor_array import TensorArray
from teachtf.ops.while_loop import while_loop
from teachtf.state.scopes import variable_scope


def _batch_and_time_swapped(x: Tensor) -> Tensor:
    dims = x.shape.as_tuple
    if dims is not None and len(dims) < 2:
        return x
    count = rank(x)
    result = transpose(x, concat([[1, 0], range(2, count)], 0))
    if dims is not None:
        result.set_shape([dims[1], dims[0], *dims[2:]])
    return result


def _batch_size(inputs: list[Tensor]) -> Any:
    """The second dimension of the inputs, as a number where one of them knows it."""
    for input_ in inputs:
        dims = input_.shape.as_tuple
        if dims is None:
            continue
        if len(dims) < 2:
            raise ValueError(f"Input tensor should have rank >= 2. Received input={input_} of rank {len(dims)}")
        if dims[1] is not None:
            return dims[1]
    return shape(inputs[0])[1]


def _caches() -> bool:
    """Whether a variable may be read ahead: not from within a loop."""
    return get_default_graph()._get_control_flow_context() is None


def _checked_lengths(lengths: Tensor, batch_size: Any) -> Tensor:
    """The lengths, after a check that there is one for each sequence."""
    found, wanted = shape(lengths), stack([batch_size])
    told = [f"Expected shape for Tensor {lengths.name} is ", wanted, " but saw shape: ", found]
    condition = reduce_all(equal(found, wanted))
    with name_scope(None, "Assert", [condition]):
        for item in told:
            convert_to_tensor(item)  # TensorFlow looks at their types, and leaves the nodes
        check = apply_op("Assert", condition, told, name="Assert")
    with control_dependencies([check]):
        return identity(lengths, name="CheckSeqLen")


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """A recurrent network over a tensor of inputs.

    Args:
      cell: a cell of `tf.nn.rnn_cell`.
      inputs: [batch, time, size], or nested tuples of such tensors.
      sequence_length: [batch]: how many steps each sequence has; beyond, outputs are zeros and the state stays.
      initial_state: the state before the first step; the cell's zero state by default.
      dtype: of the zero state, needed without `initial_state`.
      parallel_iterations, swap_memory: kept in the graph.
      time_major: whether inputs and outputs are [time, batch, size].
      scope: the variable scope; "rnn" by default.

    Returns:
      `(outputs, state)`: [batch, time, output size], and the state after the last step of each sequence.

    Raises:
      TypeError: `cell` is no cell.
      ValueError: there is neither a state nor a dtype, or the size of an input is not known.
      InvalidArgumentError: when run: `sequence_length` is not one number a sequence.

    Source: `tf.nn.dynamic_rnn`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.zeros([5, 7, 3]), dtype=tf.float32)
    ...     print(outputs.shape, state.shape)
    (5, 7, 2) (5, 2)
    """
    assert_like_rnncell("cell", cell)
    with opened(scope, "rnn") as variables:
        if _caches():
            cache_reads(variables)
        flat_inputs = nest.flatten(inputs)
        if not time_major:
            flat_inputs = [convert_to_tensor(x) for x in flat_inputs]
            flat_inputs = [_batch_and_time_swapped(x) for x in flat_inputs]
        lengths: Any = None
        if sequence_length is not None:
            lengths = cast(sequence_length, dtypes.int32)
            if lengths.shape.ndims not in (None, 1):
                raise ValueError(
                    f"Argument sequence_length must be a vector of length batch_size. Received sequence_length={lengths} of "
                    f"shape: {lengths.shape}"
                )
            lengths = identity(lengths, name="sequence_length")
        batch_size = _batch_size(flat_inputs)
        state = initial_state_of(cell, initial_state, batch_size, dtype)
        if lengths is not None:
            lengths = _checked_lengths(lengths, batch_size)
        loop = {"parallel_iterations": parallel_iterations or 32, "swap_memory": swap_memory}
        outputs, state = _loop(cell, nest.pack(inputs, flat_inputs), state, lengths, dtype, loop)
        return (outputs if time_major else nest.map_structure(_batch_and_time_swapped, outputs)), state


def _check_inputs(inputs: list[Tensor]) -> list[TensorShape]:
    shapes = [x.shape.with_rank_at_least(3) for x in inputs]
    for x, found in zip(inputs, shapes, strict=True):
        if not found[2:].is_fully_defined():
            raise ValueError(
                f"Input size (depth of inputs) must be accessible via shape inference, but saw value None for input={x}."
            )
        for what, axis in (("Time steps", 0), ("Batch_size", 1)):
            if found.as_list()[axis] != shapes[0].as_list()[axis]:
                raise ValueError(f"{what} is not the same for all the elements in the input. Received {found} for input={x}.")
    return shapes


def _loop(cell: Any, inputs: Any, state: Any, lengths: Any, dtype: Any, how: dict[str, Any]) -> tuple[Any, Any]:
    flat_inputs, sizes = nest.flatten(inputs), nest.flatten(cell.output_size)
    steps = shape(flat_inputs[0])[0]
    batch_size = _batch_size(flat_inputs)
    shapes = _check_inputs(flat_inputs)
    known_steps, known_batch = shapes[0].as_list()[:2]
    kind = state_dtype(dtype, state)
    zero_outputs = [zeros(stack(joined_shape(batch_size, size)), kind) for size in sizes]
    zero_output = nest.pack(cell.output_size, zero_outputs)
    shortest: Any = None if lengths is None else reduce_min(lengths)
    longest = steps if lengths is None else reduce_max(lengths)
    time = constant(0, dtypes.int32, name="time")
    with name_scope("dynamic_rnn") as base:
        pass
    written = tuple(
        TensorArray(
            kind,
            size=steps,
            element_shape=TensorShape([known_batch]).concatenate(_known_size(size)),
            tensor_array_name=f"{base}output_{i}",
        )
        for i, size in enumerate(sizes)
    )
    arrays = tuple(
        TensorArray(x.dtype, size=steps, element_shape=x.shape[1:], tensor_array_name=f"{base}input_{i}")
        for i, x in enumerate(flat_inputs)
    )
    arrays = tuple(array.unstack(x) for array, x in zip(arrays, flat_inputs, strict=True))

    def turn(time: Any, written: Any, state: Any) -> Any:
        leaves = [array.read(time) for array in arrays]
        for leaf, found in zip(leaves, shapes, strict=True):
            leaf.set_shape(found[1:])
        input_ = nest.pack(inputs, leaves)
        if lengths is None:
            output, new_state = cell(input_, state)
        else:
            output, new_state = step(
                time, lengths, shortest, longest, zero_output, state, lambda: cell(input_, state), conditional=False
            )
        parts = zip(written, nest.flatten(output), strict=True)
        written = tuple(array.write(time, part) for array, part in parts)
        return time + 1, written, new_state

    bound = minimum(steps, maximum(1, longest))
    _, written, state = while_loop(lambda time, *_: time < bound, turn, (time, written, state), maximum_iterations=steps, **how)
    outputs = [array.stack() for array in written]
    for output, size in zip(outputs, sizes, strict=True):
        output.set_shape(joined_shape([known_steps, known_batch], size, known_only=True))
    return nest.pack(cell.output_size, outputs), state


def _known_size(size: Any) -> TensorShape:
    if isinstance(size, Tensor):
        return as_shape(static.constant_value(size))
    return as_shape([size] if isinstance(size, int) else size)


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Two networks over a tensor of inputs, one from the start of each sequence and one from its end.

    Args:
      cell_fw, cell_bw: the cells.
      inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major: as of `dynamic_rnn`.
      initial_state_fw, initial_state_bw: the states before the first steps.
      scope: the variable scope; "bidirectional_rnn" by default.

    Returns:
      `((outputs_fw, outputs_bw), (state_fw, state_bw))`.

    Source: `tf.nn.bidirectional_dynamic_rnn`.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turned(x: Any) -> Tensor:
        if sequence_length is None:
            return reverse(x, axis=[time_axis])
        return reverse_sequence(x, sequence_length, seq_axis=time_axis, batch_axis=batch_axis)

    how = (dtype, parallel_iterations, swap_memory, time_major)
    with opened(scope, "bidirectional_rnn"):
        with variable_scope("fw") as fw:
            output_fw, state_fw = dynamic_rnn(cell_fw, inputs, sequence_length, initial_state_fw, *how, scope=fw)
        with variable_scope("bw") as bw:
            backwards = nest.map_structure(turned, inputs)
            output_bw, state_bw = dynamic_rnn(cell_bw, backwards, sequence_length, initial_state_bw, *how, scope=bw)
    return (output_fw, turned(output_bw)), (state_fw, state_bw)


def raw_rnn(
    cell: Any,
    loop_fn: Any,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """A recurrent network whose inputs, end and outputs a function decides step by step.

    Args:
      cell: a cell of `tf.nn.rnn_cell`.
      loop_fn: a function of `(time, cell_output, cell_state, loop_state)` that gives `(elements_finished, next_input,
        next_cell_state, emit_output, next_loop_state)`. Before the first step all but `time` are None; what it gives then as
        `emit_output` is the structure of an output, or None for that of the cell's.
      parallel_iterations, swap_memory: kept in the graph.
      scope: the variable scope; "rnn" by default.

    Returns:
      `(emit_ta, final_state, final_loop_state)`: tensor arrays of what was given out, and the last states.

    Raises:
      TypeError: `cell` is no cell, or `loop_fn` no function.

    Source: `tf.nn.raw_rnn`.
    """
    assert_like_rnncell("cell", cell)
    if not callable(loop_fn):
        raise TypeError(f"Argument `loop_fn` must be a callable. Received: {loop_fn}.")
    with opened(scope, "rnn") as variables:
        if _caches():
            cache_reads(variables)
        time = constant(0, dtypes.int32)
        finished, next_input, state, emit, first_loop_state = loop_fn(time, None, None, None)
        flat_input = nest.flatten(next_input)
        loop_state = constant(0, dtypes.int32) if first_loop_state is None else first_loop_state
        known_batch = flat_input[0].shape.as_list()[0]
        batch_size = shape(flat_input[0])[0] if known_batch is None else known_batch
        nest.assert_same(state, cell.state_size)
        state = nest.pack(state, [convert_to_tensor(s) for s in nest.flatten(state)])
        if emit is None:
            emit = cell.output_size
            sizes = nest.flatten(emit)
            kinds = [nest.flatten(state)[0].dtype] * len(sizes)
        else:
            leaves = nest.flatten(emit)
            sizes = [leaf.shape if leaf.shape.is_fully_defined() else shape(leaf) for leaf in leaves]
            kinds = [leaf.dtype for leaf in leaves]
        arrays = [
            TensorArray(
                kind,
                dynamic_size=True,
                element_shape=TensorShape([known_batch]).concatenate(_known_size(size)),
                size=0,
                name=f"rnn_output_{i}",
            )
            for i, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
        ]
        zero_emit = nest.pack(
            emit, [zeros(joined_shape(batch_size, size), kind) for size, kind in zip(sizes, kinds, strict=True)]
        )

        def turn(time: Any, finished: Any, input_: Any, arrays: Any, state: Any, loop_state: Any) -> Any:
            output, cell_state = cell(input_, state)
            nest.assert_same(state, cell_state)
            nest.assert_same(cell.output_size, output)
            next_time = time + 1
            next_finished, next_input, next_state, emitted, next_loop_state = loop_fn(next_time, output, cell_state, loop_state)
            nest.assert_same(state, next_state)
            nest.assert_same(input_, next_input)
            nest.assert_same(arrays, emitted)
            loop_state = loop_state if next_loop_state is None else next_loop_state
            emitted = nest.map_structure(lambda a, b: copied_through(finished, a, b), zero_emit, emitted)
            next_state = nest.map_structure(lambda a, b: copied_through(finished, a, b), state, next_state)
            arrays = nest.map_structure(lambda array, part: array.write(time, part), arrays, emitted)
            return next_time, logical_or(finished, next_finished), next_input, arrays, next_state, loop_state

        *_, written, state, loop_state = while_loop(
            lambda time, finished, *_: logical_not(reduce_all(finished)),
            turn,
            [time, finished, next_input, nest.pack(emit, arrays), state, loop_state],
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
        return written, state, None if first_loop_state is None else loop_state
