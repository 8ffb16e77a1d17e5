"""Variable scopes: `get_variable` makes or shares variables by name, `variable_scope` says under which.

Source: `tf.get_variable`, `tf.variable_scope` and `tf.VariableScope` of TensorFlow 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import Enum
from typing import Any

from teachtf.core import dtypes, settings
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import as_shape
from teachtf.state.store import VariableStore


class Reuse(Enum):
    """How `get_variable` treats a variable that exists: AUTO_REUSE shares it, or makes it when it does not exist."""

    AUTO_REUSE = 1

    def __repr__(self) -> str:
        return "<_ReuseMode.AUTO_REUSE: 1>"


AUTO_REUSE = Reuse.AUTO_REUSE


class VariableScope:
    """What `get_variable` falls back on: the name prefix, reuse, and defaults for its other arguments."""

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._reuse = reuse
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtypes.as_dtype(dtype)
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The prefix of variable names, without a trailing slash."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was open when this scope was made, with a trailing slash."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """False, True or AUTO_REUSE."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> dtypes.DType:
        """The default dtype."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Accepted and remembered; variables are reference variables."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default caching device."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The function that `get_variable` goes through."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """From here on, `get_variable` in this scope shares variables that exist and makes none."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Set the default dtype."""
        self._dtype = dtypes.as_dtype(dtype)

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Remember the wish for resource variables."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Set the default caching device."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the function that `get_variable` goes through."""
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """The items of a collection whose name is under this scope."""
        return get_default_graph().get_collection(name, f"{self._name}/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """This scope's variables that optimizers change."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """This scope's global variables."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """This scope's local variables."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, name: str, shape: Any = None, dtype: Any = None, **options: Any) -> Any:
        """The variable `name` under this scope's prefix; arguments as of `tf.get_variable`."""
        for key in ("initializer", "regularizer", "caching_device", "partitioner", "custom_getter", "constraint"):
            if options.get(key) is None:
                options[key] = getattr(self, key)
        reuse = options.pop("reuse", None)
        full_name = f"{self._name}/{name}" if self._name else name
        given = dtype is not None
        wanted = dtypes.as_dtype(dtype) if given else self._dtype
        initializer = options["initializer"]
        if initializer is not None and not callable(initializer):
            options["initializer"], wanted = _value_and_dtype(initializer, wanted if given else None)
        with name_scope(None):
            store = _state().store
            return store.get(full_name, as_shape(shape), wanted, reuse=self._reuse if reuse is None else reuse, **options)

    def _copy(self, **changes: Any) -> VariableScope:
        copy = VariableScope.__new__(VariableScope)
        copy.__dict__.update(self.__dict__)
        for key, value in changes.items():
            setattr(copy, f"_{key}", value)
        return copy


def _value_and_dtype(initializer: Any, dtype: Any) -> Any:
    """An initial value given in the place of an initializer, as a tensor, with its dtype."""
    from teachtf.core.convert import convert_to_tensor

    value = convert_to_tensor(initializer, dtype)
    if dtype is not None and value.dtype.base_dtype != dtype.base_dtype:
        raise ValueError(f"Initializer type '{value.dtype.name}' and explicit dtype '{dtype.name}' don't match.")
    return value, value.dtype.base_dtype


class _ScopeState:
    """What one graph knows of variable scopes: the variables made by name, the current scope, and how often each was opened."""

    def __init__(self) -> None:
        self.store = VariableStore()
        self.current = VariableScope(False)
        self.opened: dict[str, int] = {}

    def open(self, name: str) -> None:
        self.opened[name] = self.opened.get(name, 0) + 1

    def forget_below(self, name: str) -> None:
        """Sub-scopes of a scope that is opened anew start their numbers anew."""
        prefix = f"{name}/"
        for key in self.opened:
            if not name or key.startswith(prefix):
                self.opened[key] = 0

    def unique(self, prefix: str) -> str:
        base = f"{self.current.name}/{prefix}" if self.current.name else prefix
        if not self.opened.get(base):
            return prefix
        i = 1
        while self.opened.get(f"{base}_{i}"):
            i += 1
        return f"{prefix}_{i}"


def _state() -> _ScopeState:
    graph = get_default_graph()
    if graph._variable_scopes is None:
        graph._variable_scopes = _ScopeState()
    return graph._variable_scopes


def get_variable_scope() -> VariableScope:
    """The current variable scope. Source: `tf.get_variable_scope`."""
    return _state().current


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
    options["trainable"] = False
    return get_variable(name, *args, collections=[*keys, GraphKeys.LOCAL_VARIABLES], **options)


def no_regularizer(_: Any) -> None:
    """Use this as a regularizer to keep the scope's from being applied. Source: `tf.no_regularizer`."""
    return None


@contextmanager
def _pure_scope(
    name_or_scope: Any, original_name_scope: str | None, reuse: Any, changes: dict[str, Any]
) -> Iterator[VariableScope]:
    """Make a variable scope current, without any name scope."""
    state = _state()
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
            return stack.enter_context(_pure_scope(_state().unique(self._default_name), full, None, self._changes))
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
