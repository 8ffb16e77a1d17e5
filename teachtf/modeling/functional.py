"""A function for a class of layers: make one and call it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from teachtf.core.tensor import Tensor


def functional(layer_class: Any, name: str, *, shares: bool = True) -> Callable[..., Tensor]:
    """`tf.layers.<name>`: takes inputs, the arguments of the class and, where layers can share variables, `reuse`.

    >>> from teachtf.modeling.core_layers import Dense
    >>> list(inspect.signature(functional(Dense, "dense")).parameters)[:3]
    ['inputs', 'units', 'activation']
    """
    own = [p for p in inspect.signature(layer_class).parameters.values() if p.kind is not p.VAR_KEYWORD]
    ends = [inspect.Parameter("reuse", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)] if shares else []
    inputs = inspect.Parameter("inputs", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.Signature([inputs, *own, *ends])

    def function(*args: Any, **kwargs: Any) -> Tensor:
        given = dict(signature.bind(*args, **kwargs).arguments)
        tensor, reuse = given.pop("inputs"), given.pop("reuse", None)
        sharing = {"_scope": given.get("name"), "_reuse": reuse} if shares else {}
        return layer_class(**given, **sharing)(tensor)

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = f"""A `{layer_class.__name__}` layer, made and called; the arguments are those of the class.

    Args:
      inputs: the tensor.{" reuse: whether to share the variables of the layer `name`." if shares else ""}

    Source: `tf.layers.{name}`.
    """
    return function
