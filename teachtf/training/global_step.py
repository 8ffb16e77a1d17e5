"""The variable that counts training steps. Source: `tensorflow/python/training/training_util.py`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.state.collections import global_step as get_global_step
from teachtf.state.initializers import Zeros
from teachtf.state.scopes import get_variable


def create_global_step(graph: Graph | None = None) -> Any:
    """Make the variable `global_step`, an int64 scalar that starts at 0.

    Raises: ValueError where the graph has one. Source: `tf.train.create_global_step`.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=Zeros(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """The variable `global_step` of the graph, made where it is missing. Source: `tf.train.get_or_create_global_step`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     print(tf.train.get_or_create_global_step().name)
    global_step:0
    """
    graph = graph or get_default_graph()
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found
