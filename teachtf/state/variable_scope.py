"""The variable scope object: what `get_variable` falls back on. Source: `tf.VariableScope`."""

from __future__ import annotations

import threading
from enum import Enum
from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import name_scope
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

    def get_variable(
        self, name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, reuse: Any = None, **options: Any
    ) -> Any:
        """The variable `name` under this scope's prefix; arguments as of `tf.get_variable`."""
        for key in ("regularizer", "caching_device", "partitioner", "custom_getter", "use_resource"):
            if options.get(key) is None:
                options[key] = getattr(self, key)
        full_name = f"{self._name}/{name}" if self._name else name
        store, inner = scope_state().store, f"{get_default_graph().get_name_scope()}/"
        store.passed_over = inner if inner.startswith(self._name_scope) and inner != (self._name_scope or "/") else ""
        with name_scope(None):
            _check_dtype(initializer, dtype)
            return store.get(
                full_name,
                shape,
                self._dtype if dtype is None else dtype,
                self._reuse if reuse is None else reuse,
                initializer=self._initializer if initializer is None else initializer,
                constraint=options.pop("constraint", None) or self._constraint,
                **options,
            )

    def _get_partitioned_variable(self, name: str | None, shape: Any = None, dtype: Any = None, **options: Any) -> Any:
        """The variable in parts; one without a name is called as the scope."""
        _refuse_custom_getter(self._custom_getter)
        for key in ("initializer", "regularizer", "constraint", "caching_device", "partitioner", "use_resource"):
            if options.get(key) is None:
                options[key] = getattr(self, key)
        if options["partitioner"] is None:
            raise ValueError("No partitioner was specified")
        full_name = "/".join(part for part in (self._name, name) if part)
        with name_scope(None):
            return scope_state().store.partitioned(
                full_name, shape=shape, dtype=self._dtype if dtype is None else dtype, reuse=self._reuse, **options
            )

    def _copy(self, **changes: Any) -> VariableScope:
        copy = VariableScope.__new__(VariableScope)
        copy.__dict__.update(self.__dict__)
        for key, value in changes.items():
            setattr(copy, f"_{key}", value)
        return copy


def _check_dtype(initializer: Any, dtype: Any) -> None:
    """Raise ValueError where a value given in the place of an initializer has another type than the one asked for."""
    if dtype is None or initializer is None or callable(initializer):
        return
    found = convert_to_tensor(initializer).dtype.base_dtype
    if found != dtype:
        raise ValueError(f"Initializer type '{found!r}' and explicit dtype '{dtype!r}' don't match.")


def _refuse_custom_getter(custom_getter: Any) -> None:
    if custom_getter is not None:
        raise ValueError(
            "Private access to _get_partitioned_variable is not allowed when a custom getter is set.  Current custom getter: "
            f"{custom_getter}.  It is likely that you're using create_partitioned_variables.  If so, consider instead using "
            "get_variable with a non-empty partitioner parameter instead."
        )


class ScopeState(threading.local):
    """What one thread knows of the variable scopes of one graph; the variables made by name are known to all threads."""

    def __init__(self, store: VariableStore) -> None:
        self.store = store
        self.current = VariableScope(False)
        self.opened: dict[str, int] = {}  # how often each scope was opened
        self.creators: list[Any] = []  # the functions that `tf.Variable` goes through, outermost first
        self._parents: set[str] = set()

    def open(self, name: str) -> None:
        """Count one more opening of a scope."""
        self.opened[name] = self.opened.get(name, 0) + 1
        parent = name.rpartition("/")[0]
        while parent and parent not in self._parents:
            self._parents.add(parent)
            parent = parent.rpartition("/")[0]

    def forget_below(self, name: str) -> None:
        """Sub-scopes of a scope that is opened anew start their numbers anew."""
        if name in self._parents:
            prefix = f"{name}/"
            self.opened = {key: times for key, times in self.opened.items() if not key.startswith(prefix)}

    def unique(self, prefix: str) -> str:
        """`prefix`, or `prefix_1`, `prefix_2`, ... where a scope of that name was opened."""
        base = f"{self.current.name}/{prefix}" if self.current.name else prefix
        if not self.opened.get(base):
            return prefix
        i = 1
        while self.opened.get(f"{base}_{i}"):
            i += 1
        return f"{prefix}_{i}"


def scope_state() -> ScopeState:
    """What the default graph knows of variable scopes."""
    graph = get_default_graph()
    if graph._variable_scopes is None:
        graph._variable_scopes = ScopeState(VariableStore())
    return graph._variable_scopes
