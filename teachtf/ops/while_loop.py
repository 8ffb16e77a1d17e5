"""`tf.while_loop`. Source: TensorFlow's `while_loop`, version 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teachtf.core import nest
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.sparse import IndexedSlices, SparseTensor
from teachtf.core.tensor import Tensor
from teachtf.ops import composites
from teachtf.ops.arithmetic import logical_and
from teachtf.ops.arrays import identity
from teachtf.ops.contexts import WhileContext, enters_as_constant
from teachtf.ops.switching import close_loop, exit_loop, loop_cond, merge, switch_beside


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Repeats what `body` builds while what `cond` builds is true when the graph runs. Both are called once, to build.

    Args:
      cond: takes the loop variables, gives a scalar bool tensor.
      body: takes the loop variables, gives their next values in the same structure.
      loop_vars: the first values: a list or tuple, nested or not, of tensors, sparse tensors and tensor arrays.
      shape_invariants: what stays true of the shape of each variable, in the structure of `loop_vars`; by default its shape.
      parallel_iterations: kept in the graph; turns run one after the other here.
      back_prop: whether gradients go through the loop.
      swap_memory: kept in the graph.
      name: the name scope, "while" by default.
      maximum_iterations: a scalar integer: more turns than this are not taken.
      return_same_structure: give a structure like `loop_vars` even for one variable.

    Returns:
      The last values of the loop variables; a single one by itself.

    Raises:
      TypeError: `cond` or `body` is no function.
      ValueError: there are no loop variables, or a shape changes from turn to turn and `shape_invariants` does not allow it.

    Source: `tf.while_loop`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.while_loop(lambda i: i < 10, lambda i: i * 2, [tf.constant(3)])))
    12
    """
    if not callable(cond):
        raise TypeError("'cond' must be callable.")
    if not callable(body):
        raise TypeError("'body' must be callable.")
    if parallel_iterations < 1:
        raise TypeError("'parallel_iterations' must be a positive integer.")
    with name_scope(name, "while", loop_vars if isinstance(loop_vars, (list, tuple)) else [loop_vars]):
        if not loop_vars:
            raise ValueError("'loop_vars' must be provided.")
        counted = maximum_iterations is not None
        if counted:
            cond, body, loop_vars, maximum_iterations = _counted(
                cond, body, loop_vars, maximum_iterations, return_same_structure
            )
            if shape_invariants is not None:
                shape_invariants = (TensorShape([]), shape_invariants)
        context = WhileContext(maximum_iterations, parallel_iterations, back_prop, swap_memory)
        if context.outer is None:  # a nested one is kept by the one around it
            get_default_graph().add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result = _build(context, cond, body, loop_vars, shape_invariants, return_same_structure)
        return result[1] if counted else result


def _counted(cond: Any, body: Any, loop_vars: Any, maximum: Any, same_structure: bool) -> tuple[Any, Any, Any, Tensor]:
    """The loop with a counter before its variables, which also ends it."""
    most = convert_to_tensor(maximum, name="maximum_iterations")
    if most.shape.ndims != 0:
        raise ValueError(f"'maximum_iterations' must be a scalar. Received shape: {most.shape}")
    counter = constant(0, dtype=most.dtype, name="iteration_counter")
    if len(loop_vars) == 1 and not same_structure:
        one = lambda i, v: logical_and(i < most, cond(v)), lambda i, v: (i + 1, body(v))
        return *one, (counter, loop_vars[0]), most
    several = lambda i, v: logical_and(i < most, cond(*v)), lambda i, v: (i + 1, body(*v))
    return *several, (counter, loop_vars), most


def _build(context: WhileContext, cond: Any, body: Any, loop_vars: Any, invariants: Any, same_structure: bool) -> Any:
    given = nest.map_structure(lambda v: v if hasattr(v, "_parts") else convert_to_tensor(v), loop_vars)
    flat = composites.flatten(given)
    if invariants is None:
        shapes = [s for leaf in nest.flatten(given) for s in _shapes_of(leaf, None)]
    else:
        nest.assert_same(given, nest.map_up_to(given, lambda v, s: v, given, invariants))
        pairs = zip(nest.flatten(given), _flat_up_to(given, invariants), strict=True)
        shapes = [s for leaf, invariant in pairs for s in _shapes_of(leaf, invariant)]
    with context:
        result, exits = _turns(context, cond, body, given, flat, shapes)
    packed = composites.pack(result, exits)
    return packed if same_structure or len(exits) != 1 else nest.flatten(packed)[0]


def _flat_up_to(structure: Any, invariants: Any) -> list[Any]:
    found: list[Any] = []
    nest.map_up_to(structure, lambda leaf, invariant: found.append(invariant), structure, invariants)
    return found


def _shapes_of(leaf: Any, invariant: Any) -> list[TensorShape]:
    """What stays true of the shapes of the parts of a loop variable."""
    if isinstance(leaf, SparseTensor):
        rank = (leaf.dense_shape.shape if invariant is None else as_shape(invariant)).as_list()[0]
        return [as_shape([None, rank]), as_shape([None]), as_shape([rank])]
    if isinstance(leaf, IndexedSlices):
        values = leaf.values.shape if invariant is None else as_shape(invariant)
        count = None if values.ndims is None else values.as_list()[0]
        rest = [] if leaf.dense_shape is None else [as_shape([values.ndims])]
        return [values, as_shape([count]), *rest]
    if not isinstance(leaf, Tensor):
        return [part.shape if invariant is None else as_shape(invariant) for part in composites.parts_of(leaf)]
    if invariant is None:
        return [leaf.shape]
    if not isinstance(invariant, TensorShape):
        raise TypeError(f"'shape' must be one of TypeSpec, TensorShape or None. Received: {type(invariant)}")
    return [invariant]


def _at_most(shape: TensorShape, general: TensorShape) -> bool:
    """Whether every tensor of `shape` is one of `general`."""
    if general.ndims is None:
        return True
    if shape.ndims != general.ndims:
        return False
    return all(b is None or a == b for a, b in zip(shape.as_list(), general.as_list(), strict=True))


def _turns(
    context: WhileContext, cond: Any, body: Any, given: Any, flat: Sequence[Tensor], shapes: Sequence[TensorShape]
) -> tuple[Any, list[Tensor]]:
    """Builds the loop: what body gave, and the Exits."""
    enters = _enter(context, flat, shapes)
    merges = [merge([e, e])[0] for e in enters]
    context.pivot_for_pred = merges[0]
    condition = convert_to_tensor(cond(*composites.pack(given, merges)))
    context.pivot = loop_cond(condition)
    switches = [switch_beside(m, context.pivot) for m in merges]
    inside = [identity(s[1]) for s in switches]
    context.pivot_for_body = inside[0]
    packed = composites.pack(given, inside)
    result = _with_summaries(lambda: body(*packed))
    if not nest.is_nested(result):
        result = [result]
    nest.assert_same(list(packed), list(result))
    again = [convert_to_tensor(v) for v in composites.flatten(result)]
    if len(merges) != len(again):
        raise ValueError(
            f"Number of inputs and outputs of 'body' must match 'loop_vars'. Got {len(merges)} for the number of "
            f"inputs/outputs, and {len(again)} for 'loop_vars'."
        )
    for merged, value in zip(merges, again, strict=True):
        _check_shape(merged, value)
        close_loop(merged, value)
    exits = [exit_loop(s[0]) for s in switches]
    context.loop_exits = exits
    context.leave(exits)
    return result, exits


def _enter(context: WhileContext, flat: Sequence[Tensor], shapes: Sequence[TensorShape]) -> list[Tensor]:
    context._inside = set(flat)
    graph = get_default_graph()
    real = flat if context.outer is None else [context.outer.AddValue(v) for v in flat]
    enters = []
    with control_dependencies(None):
        for value, shape in zip(real, shapes, strict=True):
            entered = context.enter(value, keep_shape=False)
            if not _at_most(value.shape, shape):
                raise ValueError(
                    f"The shape invariant specified for {value.name} is not compatible with the initial shape of the loop "
                    f"variable. It enters the loop with shape {value.shape}, but the specified shape invariant is {shape}."
                )
            entered.set_shape(shape)
            graph.prevent_feeding(entered)
            if context.outer is not None:
                context.outer.AddInnerOp(entered.op)
            enters.append(entered)
    outer, pivot = context.outer, None
    while outer is not None and pivot is None:
        pivot, outer = outer.control_pivot(), outer.outer
    if pivot is not None:
        for entered in enters:
            if enters_as_constant(entered.op._inputs[0].op):
                entered.op._add_control_input(pivot.op)
    context.adopt(enters)
    context._inside = set(enters)
    context.loop_enters = enters
    return enters


def _with_summaries(build: Callable[[], Any]) -> Any:
    """What `build` gives, waiting for the summaries that it made: they could not be fetched from inside a loop."""
    graph = get_default_graph()
    before = graph.get_collection(GraphKeys._SUMMARY_COLLECTION)
    result = build()
    made = graph.get_collection(GraphKeys._SUMMARY_COLLECTION)[len(before) :]
    if not made:
        return result
    graph.get_collection_ref(GraphKeys._SUMMARY_COLLECTION)[:] = before
    with control_dependencies(made):
        return nest.map_structure(lambda leaf: leaf if hasattr(leaf, "_parts") else identity(leaf), result)


def _check_shape(merged: Tensor, value: Tensor) -> None:
    if not _at_most(value.shape, merged.shape):
        first = merged.op._inputs[0].op._inputs[0]
        raise ValueError(
            f"Input tensor '{first.name}' enters the loop with shape {first.shape}, but has shape {value.shape} after one "
            "iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of tf.while_loop to "
            "specify a less-specific shape."
        )
