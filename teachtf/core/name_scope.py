"""`tf.name_scope` and its kin: blocks that act on the default graph."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from teachtf.core.apply import graph_of
from teachtf.core.graph import get_default_graph


class name_scope:
    """A block whose operations are named under a scope.

    Args:
      name: the scope; None takes `default_name`. A trailing slash opens a scope that stands already, as it is.
      default_name: the scope when `name` is None.
      values: the tensors of the block; their graph becomes the default one.

    Gives the full scope name with a trailing slash. Source: `tf.name_scope`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.name_scope("layer"):
    ...     print(tf.constant(1.0).name)
    layer/Const:0
    """

    __slots__ = ("_name", "_stack", "_values")

    def __init__(self, name: str | None, default_name: str | None = None, values: Any = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name for name_scope must be a string, got {type(name).__name__}")
        if name is None and default_name is None and values is not None:
            raise ValueError("At least one of name (None) and default_name (None) must be provided.")
        if default_name is not None and not isinstance(default_name, str):
            raise TypeError(
                f"`default_name` type ({type(default_name)}) is not a string type. You likely meant to pass this into the "
                "`values` kwarg."
            )
        self._name = default_name if name is None else name
        self._values = values
        self._stack: ExitStack | None = None

    @property
    def name(self) -> str | None:
        """The name that was asked for."""
        return self._name

    def __enter__(self) -> str:
        graph = graph_of(self._values) if self._values else get_default_graph()
        self._stack = ExitStack()
        if graph is not get_default_graph():
            self._stack.enter_context(graph.as_default())
        return self._stack.enter_context(graph.name_scope(self._name))

    def __exit__(self, *exception: Any) -> None:
        assert self._stack is not None
        self._stack.__exit__(*exception)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """A block whose operations ask for a device. Source: `tf.device`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.device("/gpu:1"):
    ...     print(tf.constant(1.0).device)
    /device:GPU:1
    """
    return get_default_graph().device(device_name_or_function)


def control_dependencies(control_inputs: Any) -> AbstractContextManager[Any]:
    """A block whose operations wait for `control_inputs`. Source: `tf.control_dependencies`."""
    return get_default_graph().control_dependencies(control_inputs)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """A block whose operations go where `op` goes. Source: `tf.colocate_with`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """A block whose variables, queues and tables live in a resource container. Source: `tf.container`."""
    return get_default_graph().container(container_name)


@contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Iterator[str]:
    """`tf.name_scope` with the arguments of 2015, in the order of 2015. Source: `tf.op_scope`."""
    logging.getLogger("tensorflow").warning(
        "tf.op_scope(values, name, default_name) is deprecated, use tf.name_scope(name, default_name, values)"
    )
    with name_scope(name, default_name, values) as scope:
        yield scope


def add_to_collection(name: Any, value: Any) -> None:
    """Append `value` to a collection of the default graph. Source: `tf.add_to_collection`."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Append `value` to several collections of the default graph. Source: `tf.add_to_collections`."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """The items of a collection of the default graph. Source: `tf.get_collection`."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """A collection of the default graph itself, to change. Source: `tf.get_collection_ref`."""
    return get_default_graph().get_collection_ref(key)
