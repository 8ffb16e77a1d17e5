"""`tf.cond`: branches chosen by a value when the graph runs. Source: TensorFlow's `cond`, version 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import nest
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import name_scope
from teachtf.ops import composites
from teachtf.ops.arrays import identity
from teachtf.ops.contexts import CondContext
from teachtf.ops.switching import merge, switch


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """What `true_fn` builds if `pred` is true when the graph runs, else what `false_fn` builds.

    Args:
      pred: a scalar bool tensor.
      true_fn: builds the branch for true; gives a tensor, an operation, or a structure of them.
      false_fn: builds the branch for false, in the same structure with the same types.
      strict: keep a list of one element a list.
      name: the name scope.
      fn1: old name of `true_fn`; `fn2` of `false_fn`.

    Raises:
      TypeError: `pred` is a Python bool, or a branch is no function.
      ValueError: the branches give different structures or types.

    Source: `tf.cond`.
    """
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if not callable(true_fn):
        raise TypeError("'true_fn' must be callable.")
    if not callable(false_fn):
        raise TypeError("'false_fn' must be callable.")
    if isinstance(pred, bool):
        raise TypeError("'pred' must not be a Python bool.")
    with name_scope(name, "cond", [pred]):
        graph = get_default_graph()
        pred = convert_to_tensor(pred)
        on_false, on_true = switch(pred, pred)
        pivot_true, pivot_false = identity(on_true, name="switch_t"), identity(on_false, name="switch_f")
        pred = identity(pred, name="pred_id")
        for tensor in (on_true, on_false, pivot_true, pivot_false, pred):
            graph.prevent_fetching(tensor.op)
        context_true = CondContext(pred, pivot_true, 1)
        original_true, result_true = _branch(context_true, true_fn, "true_fn")
        context_false = CondContext(pred, pivot_false, 0)
        original_false, result_false = _branch(context_false, false_fn, "false_fn")
        if len(result_true) != len(result_false) or _shape_of(original_true) != _shape_of(original_false):
            raise ValueError(
                f"Outputs of true_fn and false_fn must have the same structure, got {original_true!r} and {original_false!r}"
            )
        merges = []
        for t, f in zip(result_true, result_false, strict=True):
            if t.dtype.base_dtype != f.dtype.base_dtype:
                raise ValueError(
                    "Outputs of true_fn and false_fn must have the same type(s). "
                    f"Received {t.dtype.name} from true_fn and {f.dtype.name} from false_fn."
                )
            merges.append(merge([f, t])[0])
        if context_true.outer is None:  # a nested one is kept by the one around it
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_true)
            graph.add_to_collection(GraphKeys.COND_CONTEXT, context_false)
        result = composites.pack(original_true, merges)
        if not strict and isinstance(result, (list, tuple)) and len(result) == 1:
            return result[0]
        return result


def _branch(context: CondContext, function: Callable[[], Any], what: str) -> Any:
    with context:
        original = function()
        if original is None:
            raise ValueError(f"'{what}' must have a return value.")
        results = [context.result(leaf) for leaf in composites.flatten(original)]
    return original, results


def _shape_of(structure: Any) -> Any:
    return nest.map_structure(lambda leaf: None, structure)
