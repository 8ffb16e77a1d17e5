"""Functions with a gradient of their own. Source: `tf.custom_gradient` and `tf.grad_pass_through`."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from teachtf.core import nest
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import identity
from teachtf.ops.checking import identity_n
from teachtf.ops.gradients import RegisterGradient, is_differentiable
from teachtf.state.collections import global_variables
from teachtf.state.scopes import get_variable_scope

_serial = itertools.count()


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """`f`, whose gradient is the one that it gives along with its result.

    Args:
      f: a function of tensors that returns `(y, grad_fn)`: the tensor or nested tensors that it computes, and a function
        that takes one gradient for each tensor of `y` and returns one for each argument. A function that reads variables
        has a `grad_fn(*grads, variables=None)` that returns `(gradients of the arguments, gradients of the variables)`;
        `variables` are those that it read, by name.

    Returns:
      A function of the same arguments that returns `y`. It takes no keyword arguments.

    Raises (when it is called):
      TypeError: `f` makes variables, which it cannot give a gradient; or it reads some and `grad_fn` has no `variables`.
      ValueError: keyword arguments; outputs of several graphs; or, when the gradient is taken, not one for each variable.

    Source: `tf.custom_gradient`.

    >>> import teachtf as tf
    >>> @tf.custom_gradient
    ... def log1pexp(x):
    ...     e = tf.exp(x)
    ...     return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant(100.0)
    ...     print(sess.run(tf.gradients(log1pexp(x), x)[0]))
    1.0
    """
    return custom_gradient if f is None else _WithGradient(f)


def grad_pass_through(f: Callable[..., Any]) -> Any:
    """`f`, whose gradient is that of the identity: what comes back goes to the arguments as it is.

    Args:
      f: a function of tensors that returns a tensor for each.

    Source: `tf.grad_pass_through`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant([0.2, 1.7])
    ...     y = tf.grad_pass_through(tf.round)(x)
    ...     print(sess.run([y, tf.gradients(3 * y, x)[0]]))
    [array([0., 2.], dtype=float32), array([3., 3.], dtype=float32)]
    """

    @functools.wraps(f)
    def passed(*args: Any) -> Any:
        def back(*grads: Any, variables: Any = None) -> Any:
            return grads if variables is None else (grads, [None] * len(variables))

        return f(*args), back

    return _WithGradient(passed)


class _WithGradient:
    """What `custom_gradient` gives: a function, also as a method."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self._f = f

    def __get__(self, instance: Any, owner: Any = None) -> _WithGradient:
        return self if instance is None else _WithGradient(self._f.__get__(instance, owner))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the function, behind an operation that has its gradient."""
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when eager execution is enabled. "
                f"Give {', '.join(kwargs)} by position, or bind it with functools.partial before you decorate."
            )
        args = tuple(nest.map_structure(convert_to_tensor, arg) for arg in args)
        old = _variables_of_scope()
        result, grad_fn = self._f(*args)
        _refuse([v for v in _variables_of_scope() if v not in old])
        arguments = nest.flatten(args)
        outputs = nest.flatten(result)
        variables = _variables_between(arguments, outputs)
        _check_takes(grad_fn, variables)

        name = f"CustomGradient-{next(_serial)}"
        RegisterGradient(name)(_gradient(grad_fn, len(outputs), variables))
        with get_default_graph().gradient_override_map({"IdentityN": name}):
            held = identity_n([*outputs, *arguments, *variables])
        return nest.pack(result, held[: len(outputs)])


def _variables_of_scope() -> list[Any]:
    scope = get_variable_scope()
    return [*scope.global_variables(), *scope.local_variables()]


def _refuse(made: list[Any]) -> None:
    if made:
        raise TypeError(
            "All variables used by a function wrapped with @custom_gradient must be `ResourceVariable`s, and "
            f"{', '.join(v.op.name for v in made)} (made by the function) cannot be one here. Make the variables before the "
            "call; the function may read them."
        )


def _variables_between(arguments: list[Tensor], outputs: list[Any]) -> list[Any]:
    """The trainable variables that the outputs depend on other than by the arguments, by name."""
    if len({output.graph for output in outputs if isinstance(output, Tensor)}) > 1:
        raise ValueError("All custom_gradient outputs should be from the same graph")
    stop = set(arguments)
    wave = [identity(output).op for output in outputs]  # TensorFlow's names: an argument may itself be an output
    seen: set[Operation] = set(wave)
    while wave:
        op = wave.pop()
        if not is_differentiable(op):
            continue
        for tensor in op.inputs:
            if tensor not in stop and tensor.op not in seen:
                seen.add(tensor.op)
                wave.append(tensor.op)
    found = [_variable_of(op) for op in seen if op.type == "VariableV2"]
    return sorted((v for v in found if v is not None), key=lambda v: v.name)


def _variable_of(op: Operation) -> Any:
    """The variable that an op holds; None where it is not trainable."""
    named = [v for v in global_variables() if getattr(v, "op", None) is op]
    if not named:
        raise ValueError(f"Unsuccessful at finding variable {op.name}. List it in GraphKeys.GLOBAL_VARIABLES.")
    return next((v for v in named if v.trainable), None)


def _check_takes(grad_fn: Callable[..., Any], variables: list[Any]) -> None:
    takes = inspect.getfullargspec(grad_fn)
    if variables and not ("variables" in takes.args or "variables" in takes.kwonlyargs or takes.varkw):
        raise TypeError(
            f"@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: {variables}"
        )


def _gradient(grad_fn: Callable[..., Any], outputs: int, variables: list[Any]) -> Callable[..., list[Any]]:
    """The gradient of the IdentityN that holds the outputs, the arguments and the variables."""

    def gradient(op: Operation, *grads: Any) -> list[Any]:
        if not variables:
            return [None] * outputs + nest.flatten(grad_fn(*grads[:outputs]))
        back, of_variables = grad_fn(*grads[:outputs], variables=variables)
        if len(of_variables) != len(variables):
            raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
        return [None] * outputs + nest.flatten(back) + list(of_variables)

    return gradient
