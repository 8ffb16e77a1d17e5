"""`tf.py_func`: a Python function of arrays as an operation. Source: TensorFlow's `script_ops`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import unknown_shape

_count = itertools.count()
_functions: WeakKeyDictionary[Graph, dict[bytes, Callable[..., Any]]] = WeakKeyDictionary()

for _name, _stateful in (("PyFunc", True), ("PyFuncStateless", False)):
    declare(
        _name,
        inputs="input: Tin",
        outputs="output: Tout",
        attrs="token: string, Tin: list(type) >= 0, Tout: list(type) >= 0",
        shape=lambda op: [unknown_shape() for _ in op.outputs],
        stateful=_stateful,
        gradient=NOT_DIFFERENTIABLE,
    )


def function_of(graph: Graph, token: bytes) -> Callable[..., Any] | None:
    """The Python function that a node of `graph` calls; None in a graph that was read from a file."""
    return _functions.get(graph, {}).get(token)


def py_func(func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """Calls `func` with the arrays of `inp` when the graph runs.

    Args:
      func: takes numpy arrays, gives one array or a list of them.
      inp: the tensors to give it.
      Tout: the dtype of what it gives, or a list of dtypes. Shapes are not known: say them by `set_shape`.
      stateful: whether two calls with the same arrays can differ.
      name: the name of the operation.

    Returns:
      A tensor, or a list of them where `Tout` is a list; an operation where it is an empty one. No gradient flows through.

    Source: `tf.py_func`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.py_func(lambda a: a[::-1], [tf.constant([1, 2, 3])], tf.int32)))
    [3 2 1]
    """
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    several = isinstance(Tout, (list, tuple))
    types = [dtypes.as_dtype(t) for t in (Tout if several else [Tout])]
    token = f"pyfunc_{next(_count)}"
    _functions.setdefault(get_default_graph(), {})[token.encode()] = func
    op_type = "PyFunc" if stateful else "PyFuncStateless"
    result = apply_op(op_type, [convert_to_tensor(t) for t in inp], token=token, Tout=types, name=name or op_type)
    return result if several or not isinstance(result, (list, tuple)) else result[0]


def numpy_function(func: Any = None, inp: Any = None, Tout: Any = None, stateful: bool = True, name: Any = None) -> Any:
    """The same as `tf.py_func`. Source: `tf.numpy_function`."""
    return py_func(func, inp, Tout, stateful, name)
