"""`tf.case`: the first of several branches whose predicate is true. Source: TensorFlow's `control_flow_case`."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import constant
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import cast, less_equal
from teachtf.ops.assertions import Assert
from teachtf.ops.cond import cond
from teachtf.ops.joining import stack
from teachtf.ops.reductions import reduce_sum

_log = logging.getLogger("teachtf")


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the first function builds whose predicate is true when the graph runs.

    Args:
      pred_fn_pairs: (predicate, function) pairs in a list, or a dictionary of them; predicates are scalar bool tensors.
      default: builds what is given when no predicate is true; without it, that is an error when the graph runs.
      exclusive: whether it is an error, when the graph runs, that several predicates are true.
      strict: keep a list of one element a list.
      name: the name scope.

    Raises:
      TypeError: an argument is not of these kinds.

    Source: `tf.case`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant(5)
    ...     size = tf.case([(x < 3, lambda: tf.constant("small"))], default=lambda: tf.constant("large"))
    ...     print(sess.run(size).decode())
    large
    """
    pairs = _checked(pred_fn_pairs, exclusive, name)
    predicates, actions = [p for p, _ in pairs], [f for _, f in pairs]
    with name_scope(name, "case", [predicates]):
        last = default
        if last is None:
            last = partial(_last_of, predicates, actions[-1])
            pairs = pairs[:-1]
        chosen = last
        for predicate, action in reversed(pairs):
            chosen = partial(cond, predicate, true_fn=action, false_fn=chosen, strict=strict)
        if not exclusive:
            return chosen()
        asserted = predicates if default is not None else predicates[:-1]
        with control_dependencies([_at_most(asserted, 1, "Input error: exclusive=True")]):
            return chosen()


def _last_of(predicates: list[Tensor], action: Callable[[], Any]) -> Any:
    """The last action, once it is sure that its predicate is true and no other."""
    told = (
        f"Implementation error: selected default action #{len(predicates) - 1} was called, but some of other predicates "
        "are True: "
    )
    missing = ("Input error: None of conditions evaluated as True:", stack(predicates, name="preds_c"))
    with control_dependencies([_at_most(predicates[:-1], 0, told), Assert(predicates[-1], data=missing)]):
        return action()


def _at_most(predicates: list[Tensor], count: int, told: str) -> Operation:
    together = stack(predicates, name="preds_c")
    true = reduce_sum(cast(together, dtypes.int32), name="num_true_conds")
    condition = less_equal(true, constant(count, name="n_true_conds"))
    names = ", ".join(p.name for p in predicates)
    data = [f"{told}: more than {count} conditions ({names}) evaluated as True:", together]
    return Assert(condition, data=data, summarize=len(predicates))


def _checked(given: Any, exclusive: bool, name: str) -> list[tuple[Tensor, Callable[[], Any]]]:
    if not isinstance(given, (list, tuple, dict)):
        raise TypeError(f"'pred_fn_pairs' must be a list, tuple, or dict. Received: {type(given)}")
    pairs = list(given)
    if isinstance(given, OrderedDict):
        pairs = list(given.items())
    elif isinstance(given, dict):
        pairs = sorted(given.items(), key=lambda item: item[0].name)
        if not exclusive:
            _log.warning(
                "%s: An unordered dictionary of predicate/fn pairs was provided, but exclusive=False. The order of conditional "
                "tests is deterministic but not guaranteed.",
                name,
            )
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair}.")
        predicate, function = pair
        if not isinstance(predicate, Tensor):
            raise TypeError(f"pred must be a Tensor, got: {predicate}")
        if predicate.dtype != dtypes.bool:
            raise TypeError(f"pred must be Tensor of type bool: {predicate.name}")
        if not callable(function):
            raise TypeError(f"fn for pred {predicate.name} must be callable.")
    return pairs
