"""Functions that share their variables between calls. Source: `tf.make_template`."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import Any

from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import get_collection
from teachtf.platform import log
from teachtf.state.scopes import pure_variable_scope, variable_scope
from teachtf.state.variable_scope import VariableScope, scope_state


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """`func_` as a function whose first call makes variables, and whose later calls share them.

    Args:
      name_: the variable scope of the calls; made unique.
      func_: a function that makes its variables by `tf.get_variable`.
      create_scope_now_: make the name unique now, not at the first call.
      unique_name_: the scope as it is, in the place of `name_`.
      custom_getter_: a custom getter for the variables.
      **kwargs: arguments that each call of `func_` gets.

    Returns:
      A function with the arguments of `func_` that are left, and with the variables as properties.

    Raises:
      ValueError: `name_` is None; or, in a later call, `func_` made a trainable variable by `tf.Variable`.

    Source: `tf.make_template`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     scale = tf.make_template("scale", lambda x: x * tf.get_variable("factor", []))
    ...     a, b = scale(1.0), scale(2.0)
    ...     print([v.name for v in scale.variables])
    ['scale/factor:0']
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What `make_template` gives: call it as the function that it wraps."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self._func, self._name, self._unique_name, self._custom_getter = func, name, unique_name, custom_getter
        self._stack = traceback.format_stack()[:-2]
        self._variable_scope: VariableScope | None = None
        if create_scope_now:
            scope_name = unique_name or scope_state().unique(name)
            with pure_variable_scope(scope_name, changes={"custom_getter": custom_getter}) as scope:
                self._variable_scope = scope
        self._variables_created = False  # once the first call is over
        self._first_call = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, its variables made or shared."""
        if self._variable_scope is not None:
            with variable_scope(self._variable_scope, reuse=not self._first_call, auxiliary_name_scope=True):
                return self._call(args, kwargs)
        with variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        try:
            if self._variables_created:
                return self._later_call(args, kwargs)
            if not self._first_call:  # the function calls its own template
                return self._func(*args, **kwargs)
            self._first_call = False
            try:
                result = self._func(*args, **kwargs)
            except BaseException:
                self._first_call = True
                raise
            self._variables_created = True
            return result
        except Exception as error:
            text = str(error.args[0]) if error.args else ""
            where = "".join(_own_part(self._stack, traceback.format_stack()))
            error.args = (f"{text}\n\noriginally defined at:\n{where}", *error.args[1:])
            raise

    def _later_call(self, args: Any, kwargs: Any) -> Any:
        graph = get_default_graph()
        trainable = len(graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES))
        every = len(graph.get_collection_ref(GraphKeys.GLOBAL_VARIABLES))
        result = self._func(*args, **kwargs)
        told = "when calling a template after the first time, perhaps you used tf.Variable when you meant tf.get_variable:"
        new = graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)[trainable:]
        if new:
            raise ValueError(f"Trainable variable created {told} {new}")
        new = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)[every:]
        if new:
            log.info("New variables created %s %s", told, new)
        return result

    @property
    def name(self) -> str:
        """The name that was asked for."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope of the variables; None before it is known."""
        return self._variable_scope

    @property
    def var_scope(self) -> VariableScope | None:
        """Old name of `variable_scope`."""
        return self._variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the scope, with a trailing slash; None before it is known."""
        if self._variable_scope is None:
            return None
        name = self._variable_scope.name
        return name if not name or name[-1] == "/" else f"{name}/"

    def _collection(self, key: str) -> list[Any]:
        return get_collection(key, self.variable_scope_name) if self._variables_created else []

    @property
    def global_variables(self) -> list[Any]:
        """Its global variables."""
        return self._collection(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """Its local variables."""
        return self._collection(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """Its global and local variables."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """Its variables that optimizers change."""
        return self._collection(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """Its global variables that optimizers leave alone."""
        trainable = set(self.trainable_variables)
        return [v for v in self.global_variables if v not in trainable]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables


def _own_part(stack: list[str], now: list[str]) -> list[str]:
    """The lines of `stack` from where it parts from `now`."""
    for i, (line, other) in enumerate(zip(stack, now, strict=False)):
        if line != other:
            return stack[i:]
    return stack[-1:]
