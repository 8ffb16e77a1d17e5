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
from teachtf.core.name_scope import name_scope
from teachtf.state.variable_scope import VariableScope, scope_state


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
      partitioner: not supported yet.
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
    if not isinstance(name, str) or (not name and initializer is None):
        raise ValueError(f"a variable needs a name, got {name!r}")
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
        custom_getter=custom_getter,
        constraint=constraint,
    )


def get_local_variable(name: str, *args: Any, collections: Any = None, **options: Any) -> Any:
    """A variable that is neither saved nor trained; arguments as of `tf.get_variable`. Source: `tf.get_local_variable`."""
    keys = list(collections) if collections else []
    options.update(trainable=False, collections=[*keys, GraphKeys.LOCAL_VARIABLES])
    return get_variable(name, *args, **options)


def no_regularizer(_: Any) -> None:
    """Use this as a regularizer to keep the scope's from being applied. Source: `tf.no_regularizer`."""
    return None


@contextmanager
def _pure_scope(
    name_or_scope: Any, original_name_scope: str | None, reuse: Any, changes: dict[str, Any]
) -> Iterator[VariableScope]:
    """Make a variable scope current, without any name scope."""
    state = scope_state()
    old = state.current
    counts = dict(state.opened)
    captured = isinstance(name_or_scope, VariableScope)
    base = name_or_scope if captured else old
    name = base.name if captured else (f"{old.name}/{name_or_scope}" if old.name else name_or_scope)
    # reuse is inherited: from the scope around a new one, from the captured scope itself
    inherited = base.reuse if reuse is None else reuse
    if not captured and old.reuse and not inherited:
        inherited = old.reuse
    kept = {key: value for key, value in changes.items() if value is not None}
    getter = kept.get("custom_getter")
    if getter is not None and base.custom_getter is not None:
        kept["custom_getter"] = _composed(getter, base.custom_getter)
    if "dtype" in kept:
        kept["dtype"] = dtypes.as_dtype(kept["dtype"])
    state.open(name)
    state.current = base._copy(name=name, reuse=inherited, name_scope=original_name_scope or f"{name}/", **kept)
    try:
        yield state.current
    finally:
        state.forget_below(name)
        if captured:
            state.opened = counts
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
        if name_or_scope is not None and not isinstance(name_or_scope, (str, VariableScope)):
            raise TypeError(f"name_or_scope must be a string or a VariableScope, got {name_or_scope!r}")
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
        if isinstance(target, VariableScope):
            opens = settings.captured_scope_opens_name_scope if self._auxiliary is None else self._auxiliary
            last = target.name.rpartition("/")[2]
            if opens and last:
                stack.enter_context(name_scope(last))
            return stack.enter_context(_pure_scope(target, target.original_name_scope, self._reuse, self._changes))
        opens = self._auxiliary is not False
        if target is None:
            assert self._default_name is not None
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            full = stack.enter_context(_auxiliary(self._default_name, opens))
            return stack.enter_context(_pure_scope(scope_state().unique(self._default_name), full, None, self._changes))
        full = stack.enter_context(_auxiliary(target, opens)) if target or not opens else ""
        return stack.enter_context(_pure_scope(target, full, self._reuse, self._changes))

    def __exit__(self, *exception: Any) -> Any:
        assert self._stack is not None
        return self._stack.__exit__(*exception)


def _auxiliary(name: str, opens: bool) -> AbstractContextManager[str]:
    """The name scope for ops in a variable scope: `name`, or the current one again."""
    if opens:
        return name_scope(name)
    current = get_default_graph().get_name_scope()
    return name_scope(f"{current}/" if current else None)
