"""Variable scopes: `get_variable` makes or shares variables by name, `variable_scope` says under which.

Source: `tf.get_variable`, `tf.variable_scope` and `tf.VariableScope` of TensorFlow 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from teachtf.core import dtypes, settings
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.platform import log
from teachtf.state.variable_scope import AUTO_REUSE, VariableScope, scope_state


def get_variable_scope() -> VariableScope:
    """The current variable scope. Source: `tf.get_variable_scope`."""
    return scope_state().current


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """The variable `name` of the current scope: made, or shared, as the scope's `reuse` says.

    Args:
      name: the name under the scope's prefix.
      shape: the shape of a new variable.
      dtype: the type; the scope's by default, which is float32.
      initializer: a function of the shape, or a value; by default Glorot's uniform for floats and zeros for integers.
      regularizer: a function of the variable whose result is added to `GraphKeys.REGULARIZATION_LOSSES`.
      trainable: whether optimizers change it by default.
      collections: the collections that list it.
      caching_device: where reads are cached.
      partitioner: a function of shape and dtype that says into how many parts each axis is cut; the result is then a
        `PartitionedVariable`.
      validate_shape: whether the shape must be known.
      use_resource: accepted; variables are reference variables.
      custom_getter: a function that is called in the place of this one, with this one as its first argument.
      constraint: a function of the variable, applied by optimizers after an update.

    Raises:
      ValueError: it exists and the scope does not reuse, or the other way round; or the shape or type differs.

    Source: `tf.get_variable`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.variable_scope("layer"):
    ...     print(tf.get_variable("weights", [2, 3]).name)
    layer/weights:0
    """
    return get_variable_scope().get_variable(
        name,
        shape,
        dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    *args: Any,
    **options: Any,
) -> Any:
    """A variable that is neither saved nor trained; arguments as of `tf.get_variable`, `trainable` not used.

    Source: `tf.get_local_variable`.
    """
    keys = [*(collections or []), GraphKeys.LOCAL_VARIABLES]
    return get_variable(name, shape, dtype, initializer, regularizer, False, keys, *args, **options)


def get_partitioned_variable(name: str | None, **options: Any) -> Any:
    """The variable `name` of the current scope in parts. Raises ValueError as `tf.get_variable`."""
    return get_variable_scope()._get_partitioned_variable(name, **options)


def no_regularizer(_: Any) -> None:
    """Use this as a regularizer to keep the scope's from being applied. Source: `tf.no_regularizer`."""
    return None


@contextmanager
def pure_variable_scope(
    name_or_scope: Any, original_name_scope: str | None = None, reuse: Any = None, changes: dict[str, Any] | None = None
) -> Iterator[VariableScope]:
    """Make a variable scope current, without any name scope.

    Raises:
      RuntimeError: at its end, another scope is open.
    """
    state = scope_state()
    old = state.current
    captured = isinstance(name_or_scope, VariableScope)
    kept = {key: value for key, value in (changes or {}).items() if value is not None}
    base = name_or_scope if captured else old
    getter = kept.get("custom_getter")
    if getter is not None and base.custom_getter is not None:
        kept["custom_getter"] = _composed(getter, base.custom_getter)
    if "dtype" in kept:
        kept["dtype"] = dtypes.as_dtype(kept["dtype"])
    kept.setdefault("constraint", None)  # the one thing that inner scopes do not inherit
    if captured:
        name = base.name
        scope = base._copy(reuse=reuse or base.reuse, **kept)
    else:
        name = f"{old.name}/{name_or_scope}" if old.name else name_or_scope
        name_scope = name_or_scope if original_name_scope is None else original_name_scope
        scope = base._copy(name=name, reuse=reuse or old.reuse, name_scope=name_scope, **kept)
    state.open(name)
    counts = dict(state.opened)
    state.current = scope
    try:
        yield scope
    finally:
        if state.current is not scope:
            raise RuntimeError("Improper nesting of variable_scope.")
        if captured:
            state.opened = counts
        else:
            state.forget_below(name)
        state.current = old


def _composed(inner: Callable[..., Any], outer: Callable[..., Any]) -> Callable[..., Any]:
    """Two custom getters, the inner scope's called first."""
    return lambda getter, *args, **kwargs: inner(lambda *a, **k: outer(getter, *a, **k), *args, **kwargs)


class variable_scope:
    """A block whose variables are made and shared under a name.

    Args:
      name_or_scope: a name, opened under the current scope; or a captured VariableScope, opened again as it is.
      default_name: the name when `name_or_scope` is None; made unique.
      values: the tensors of the block; their graph becomes the default one.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, constraint: defaults for `get_variable`.
      reuse: True, AUTO_REUSE, or None to inherit.
      use_resource: accepted; variables are reference variables.
      auxiliary_name_scope: whether a name scope of the same name is opened for ops. By default one is for a name, and none for
        a captured scope, as the notes have it; `True` is TensorFlow 1's behaviour for captured scopes.

    Raises:
      ValueError: neither a name nor a default name, or `reuse=False` inside a scope that reuses.

    Source: `tf.variable_scope`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     with tf.variable_scope("foo") as scope:
    ...         v = tf.get_variable("v", [1])
    ...     with tf.variable_scope(scope, reuse=True):
    ...         print(tf.get_variable("v", [1]) is v, tf.identity(v).name)
    True Identity:0
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool | None = None,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if reuse not in (None, False, True, AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if auxiliary_name_scope is not None and not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope!r}")
        self._name_or_scope, self._default_name, self._values = name_or_scope, default_name, values
        self._reuse = reuse or None  # a False reuse still inherits: a scope inside a reusing one reuses
        self._auxiliary = auxiliary_name_scope
        self._changes = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "use_resource": use_resource,
            "constraint": constraint,
        }
        self._stack: ExitStack | None = None
        self._entered: tuple[str, str | None] | None = None

    def __enter__(self) -> VariableScope:
        self._stack = ExitStack()
        try:
            return self._enter(self._stack)
        except BaseException:
            self._stack.close()
            raise

    def _enter(self, stack: ExitStack) -> VariableScope:
        from teachtf.core.apply import graph_of

        if self._values:
            graph = graph_of(self._values)
            if graph is not get_default_graph():
                stack.enter_context(graph.as_default())
        target = self._name_or_scope
        if target is not None and not isinstance(target, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        if isinstance(target, VariableScope):
            opens = settings.captured_scope_opens_name_scope if self._auxiliary is None else self._auxiliary
            last = target.name.rpartition("/")[2]
            if opens and last:
                stack.enter_context(name_scope(last))
            return stack.enter_context(pure_variable_scope(target, target.original_name_scope, self._reuse, self._changes))
        if target is None and self._reuse:
            raise ValueError("reuse=True cannot be used without a name_or_scope")
        opens = self._auxiliary is not False
        wanted = self._default_name if target is None else target
        inside = stack.enter_context(_auxiliary(wanted or "", opens)) if wanted or not opens else None
        if self._entered is None:  # entered again, the block is the same variable scope under another name scope
            self._entered = scope_state().unique(wanted or "") if target is None else target, inside
        return stack.enter_context(pure_variable_scope(*self._entered, self._reuse, self._changes))

    def __exit__(self, *exception: Any) -> Any:
        assert self._stack is not None
        return self._stack.__exit__(*exception)


def _auxiliary(name: str, opens: bool) -> AbstractContextManager[str]:
    """The name scope for ops in a variable scope: `name`, or the current one again."""
    if opens:
        return name_scope(name)
    current = get_default_graph().get_name_scope()
    return name_scope(f"{current}/" if current else None)


@contextmanager
def variable_op_scope(
    values: Any, name_or_scope: Any, default_name: str | None = None, *args: Any, **options: Any
) -> Iterator[VariableScope]:
    """`tf.variable_scope` with the arguments of 2015, in the order of 2015. Source: `tf.variable_op_scope`."""
    log.warn(
        "tf.variable_op_scope(values, name, default_name) is deprecated, use tf.variable_scope(name, default_name, values)"
    )
    with variable_scope(name_or_scope, default_name, values, *args, **options) as scope:
        yield scope


@contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """A block whose variables are made by `variable_creator(next_creator, **kwargs)`; inner blocks' creators come first.

    Args:
      variable_creator: a function of the next creator and of the arguments of `tf.Variable`, by name. It calls the next
        creator with these or others, or makes the variable by itself.

    Source: `tf.variable_creator_scope`.

    >>> import teachtf as tf
    >>> def frozen(next_creator, **kwargs):
    ...     return next_creator(**{**kwargs, "trainable": False})
    >>> with tf.Graph().as_default(), tf.variable_creator_scope(frozen):
    ...     print(tf.Variable(1.0).trainable)
    False
    """
    state = scope_state()
    old = state.creators
    state.creators = [*old, variable_creator]
    try:
        yield
    finally:
        state.creators = old


@contextmanager
def init_scope() -> Iterator[None]:
    """A block out of all control dependencies, `tf.cond` branches and loops, under the same name scope.

    Source: `tf.init_scope`, in graph mode.
    """
    scope = get_default_graph().get_name_scope()
    with name_scope(f"{scope}/" if scope else None), control_dependencies(None):
        yield
