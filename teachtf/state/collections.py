"""The variables of a graph, listed and initialised together. Source: `tf.global_variables` and its kin."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, device, get_collection, name_scope
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic, control_flow
from teachtf.ops.joining import stack
from teachtf.ops.masking import boolean_mask
from teachtf.ops.variables import is_variable_initialized
from teachtf.platform import log
from teachtf.state.variables import Variable


def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that live across runs and machines. Source: `tf.global_variables`."""
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """Old name of `global_variables`. Source: `tf.all_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """The variables that are not saved. Source: `tf.local_variables`."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """The variables that inference needs. Source: `tf.model_variables`."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change. Source: `tf.trainable_variables`."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables that have a moving average. Source: `tf.moving_average_variables`."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """An operation that initialises the given variables.

    Source: `tf.variables_initializer`.
    """
    if var_list:
        return control_flow.group(*[v.initializer for v in var_list], name=name)
    return control_flow.group(name=name)


def global_variables_initializer() -> Operation:
    """An operation that initialises all global variables. Make it when all variables stand.

    Source: `tf.global_variables_initializer`.
    """
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that initialises all local variables. Source: `tf.local_variables_initializer`."""
    return variables_initializer(local_variables())


def initialize_all_variables() -> Operation:
    """Old name of `global_variables_initializer`. Source: `tf.initialize_all_variables`."""
    return global_variables_initializer()


def initialize_variables(var_list: Any, name: str = "init") -> Operation:
    """Old name of `variables_initializer`. Source: `tf.initialize_variables`."""
    return variables_initializer(var_list, name)


def initialize_local_variables() -> Operation:
    """Old name of `local_variables_initializer`. Source: `tf.initialize_local_variables`."""
    return local_variables_initializer()


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """An operation that initialises all look-up tables of the default graph. Source: `tf.tables_initializer`."""
    initializers = get_collection(GraphKeys.TABLE_INITIALIZERS)
    return control_flow.group(*initializers, name=name) if initializers else control_flow.no_op(name=name)


def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """Old name of `tables_initializer`. Source: `tf.initialize_all_tables`."""
    return tables_initializer(name)


def _all_or_references(var_list: Any) -> list[Any]:
    """The global and local variables; in a graph that lists none, the nodes that hold them."""
    found = global_variables() + local_variables() if var_list is None else list(var_list)
    if not found and var_list is None:
        ops = get_default_graph()._operations.values()
        found = [op.outputs[0] for op in ops if op.type in ("Variable", "VariableV2")]
    return found


def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Tensor:
    """A 1-D string tensor with the names of the variables that have no value.

    Args:
      var_list: the variables to look at; all global and local ones by default.
      name: the name scope of the operations.

    Source: `tf.report_uninitialized_variables`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    ...     report = tf.report_uninitialized_variables()
    ...     sess.run(v.initializer)
    ...     print(sess.run(report))
    [b'w']
    """
    variables = _all_or_references(var_list)
    with name_scope(name):
        checks = [is_variable_initialized(v) for v in variables]
        with device("/cpu:0"):  # where the checks come together, so that it knows of all of them
            if not variables:
                return constant([], "string")
            mask = arithmetic.logical_not(stack(checks))
            return boolean_mask(constant([v.op.name for v in variables]), mask)


def assert_variables_initialized(var_list: Any = None) -> Any:
    """A tensor whose run fails when a variable has no value; None where there is no variable.

    Source: `tf.assert_variables_initialized`. `tf.report_uninitialized_variables` says which ones.
    """
    ranks = []
    for variable in _all_or_references(var_list):
        with colocate_with(variable.op):
            ranks.append(apply_op("Rank", variable))
    if not ranks:
        return None
    return ranks[0] if len(ranks) == 1 else stack(ranks)


def global_step(graph: Any = None) -> Any:
    """The variable that counts training steps, or None. Raises as `assert_global_step`. Source: `tf.train.get_global_step`."""
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        log.error("Multiple tensors in global_step collection.")
        return None
    try:
        step = found[0] if found else graph.get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    assert_global_step(step)
    return step


def assert_global_step(global_step_tensor: Any) -> None:
    """Raise TypeError where this is no variable or tensor of a single integer. Source: `tf.train.assert_global_step`."""
    if not isinstance(global_step_tensor, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.')
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {global_step_tensor.dtype!r}')
    shape = global_step_tensor.shape
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')
