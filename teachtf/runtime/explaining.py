"""What errors of a run say besides what happened: who lacks a value, which graph the session has and why."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, errors, source
from teachtf.core.graph import get_default_graph
from teachtf.runtime.structures import run_error

_LONG_NAMES = {"float16": "half", "float32": "float", "float64": "double"}  # as TensorFlow's runtime says them


def explained(plan: Any, error: Exception) -> BaseException:
    """TensorFlow's error for what a run of `plan` met, with the operation, and with the variables that lack a value."""
    op = plan.failed_op(error)
    if isinstance(error, MemoryError) and getattr(error, "shape", None) is not None:  # NumPy's says what found no room
        return _out_of_memory(plan, error, op)
    told = run_error(error, op)
    if isinstance(told, errors.FailedPreconditionError) and "uninitialized" in told.message:
        missing = plan.uninitialized()
        reads = (r for v in missing for r in v.outputs[0].consumers() if r.name == f"{v.name}/read")
        direct = told.op is not None and any(v.outputs[0] in told.op.inputs for v in missing)  # as SaveV2 takes them
        return type(told)(
            None,
            told.op if direct else next(reads, told.op),
            f"{told.message}\nWithout a value: {', '.join(v.name for v in missing)}. Run an initializer first: "
            "sess.run(tf.global_variables_initializer()), or restore a checkpoint with tf.train.Saver.",
        )
    if type(told) is errors.InternalError:
        told.__cause__ = error
    return told


def _out_of_memory(plan: Any, error: Any, op: Any) -> errors.ResourceExhaustedError:
    shape = ",".join(map(str, error.shape))
    name = "string" if error.dtype == object else dtypes.as_dtype(error.dtype).name
    size = str(error).partition("Unable to allocate ")[2].partition(" for ")[0]
    return errors.ResourceExhaustedError(
        None,
        op,
        f"OOM when allocating tensor with shape[{shape}] and type {_LONG_NAMES.get(name, name)} on "
        f"{plan.placement.get(op, 'this machine')} by allocator cpu" + (f": {size} are not to be had." if size else ""),
    )


def tell_of_graphs(error: Exception, graph: Any, made: source.Stack, given: bool) -> None:
    """Add to an error about an element of another graph how the session came by its own.

    Args:
      graph: the session's graph.
      made: where the session was made.
      given: whether the graph was given to it.
    """
    text = str(error.args[0]) if error.args else ""
    if "is not an element of this graph" not in text:
        return
    frame = source.first_frame(made)
    where = "" if frame is None else f" at {frame.filename}:{frame.lineno}"
    how = "was given its graph" if given else "took the graph that was the default one then"
    story = f"\nThe session was made{where} and {how}."
    if not given and graph is not get_default_graph():
        story += (
            " Another one is the default now (tf.reset_default_graph() or a `with graph.as_default():` block changed it): make "
            "a new session after building the graph."
        )
    error.args = (text + story, *error.args[1:])
