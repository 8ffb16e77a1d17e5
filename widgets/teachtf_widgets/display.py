"""Registers the cards with IPython, by the names of types, so that nothing is imported before it is shown."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

#: Module and name of each type, and the function of `cards` that draws it.
CARDS = (
    ("teachtf.core.graph", "Graph", "graph_card"),
    ("teachtf.core.operation", "Operation", "operation_card"),
    ("teachtf.core.tensor", "Tensor", "tensor_card"),
    ("teachtf.state.variables", "Variable", "variable_card"),
    ("teachtf.runtime.inspection.explanation", "Explanation", "plan_card"),
)


def _formatter(function: str) -> Callable[[Any], str]:
    def show(thing: Any) -> str:
        cards = importlib.import_module("teachtf_widgets.cards")
        return str(getattr(cards, function)(thing))

    return show


def running_shell() -> Any:
    """Returns the IPython shell that this code runs in, or None. Does not import IPython: a shell already has."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def register_rich_display(ip: Any = None) -> bool:
    """Makes a notebook draw graphs, operations, tensors, variables and plans left as a cell's last line.

    Args:
        ip: the IPython shell; the running one when left out.

    Returns:
        True when there was a shell to register with.
    """
    ip = ip or running_shell()
    if ip is None:
        return False
    formatter = ip.display_formatter.formatters["text/html"]
    for module, name, function in CARDS:
        formatter.for_type_by_name(module, name, _formatter(function))
    return True


def load_ipython_extension(ip: Any) -> None:
    """`%load_ext teachtf_widgets`."""
    register_rich_display(ip)
