"""Which TensorFlow's names these are, and the switches between TensorFlow's ways of working.

Here there is one way: graphs, sessions and reference variables. A switch that asks for it does nothing; one that asks for
another way says that there is none.
"""

from __future__ import annotations

from typing import Any

VERSION = "1.15.5"  # the TensorFlow whose names and behaviour stand here; its last 1.x
GIT_VERSION = "unknown"
COMPILER_VERSION = "none"
GRAPH_DEF_VERSION = 134
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0


def executing_eagerly() -> bool:
    """False: operations are built into graphs and run by sessions. Source: `tf.executing_eagerly`."""
    return False


def executing_eagerly_outside_functions() -> bool:
    """False. Source: `tf.executing_eagerly_outside_functions`."""
    return False


def _as_it_is(name: str) -> Any:
    def switch() -> None:
        pass

    switch.__name__ = switch.__qualname__ = name
    switch.__doc__ = f"Accepted: teachtf works this way. Source: `tf.{name}`."
    return switch


disable_v2_behavior = _as_it_is("disable_v2_behavior")
disable_eager_execution = _as_it_is("disable_eager_execution")
disable_resource_variables = _as_it_is("disable_resource_variables")
disable_control_flow_v2 = _as_it_is("disable_control_flow_v2")
disable_v2_tensorshape = _as_it_is("disable_v2_tensorshape")
disable_tensor_equality = _as_it_is("disable_tensor_equality")


def _another_way(name: str, instead: str) -> Any:
    def switch(*args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"tf.{name}: teachtf is TensorFlow 1's graph mode. {instead}")

    switch.__name__ = switch.__qualname__ = name
    switch.__doc__ = f"Raises NotImplementedError: teachtf does not work this way. Source: `tf.{name}`."
    return switch


_RUN = "Build a graph and run it in a tf.Session."
enable_eager_execution = _another_way("enable_eager_execution", _RUN)
enable_v2_behavior = _another_way("enable_v2_behavior", _RUN)
enable_v2_tensorshape = _another_way("enable_v2_tensorshape", "Dimensions of a shape are tf.Dimension: read them by `.value`.")
enable_tensor_equality = _another_way("enable_tensor_equality", "Compare tensors by tf.equal.")
enable_control_flow_v2 = _another_way("enable_control_flow_v2", "tf.cond and tf.while_loop make Switch and Merge nodes.")
enable_resource_variables = _another_way(
    "enable_resource_variables", "Variables are reference variables; leave the line out, or use tf.Variable.read_value()."
)


def resource_variables_enabled() -> bool:
    """False. Source: `tf.resource_variables_enabled`."""
    return False


def control_flow_v2_enabled() -> bool:
    """False. Source: `tf.control_flow_v2_enabled`."""
    return False
