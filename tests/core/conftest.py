"""What TensorFlow says (recorded by `tests/conformance/record_core_facts.py`) beside what teachtf says."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import teachtf as tf
from teachtf.core import devices, dtypes, errors, shapes

Facts = list[tuple[str, str, str]]


class Node:
    """As much of an operation as a device function looks at."""

    def __init__(self, device: str) -> None:
        self.device = device


NAMES = {"tf": tf, "np": np, "ml_dtypes": ml_dtypes, "pickle": pickle, "copy": copy, "Node": Node}
NAMES |= {"dtypes": dtypes, "shapes": shapes, "devices": devices, "errors": errors}


def told(expression: str) -> str:
    """What an expression gives: the `repr` of its value, or the class and text of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(expression, dict[str, Any](NAMES)))
        except Exception as raised:
            return f"{type(raised).__name__}: {raised}"


@pytest.fixture(scope="session")
def differences() -> Callable[[str], Facts]:
    """A function that gives the (expression, TensorFlow's answer, ours) of a family in which the answers differ."""

    def find(family: str) -> Facts:
        path = Path(__file__).parent / "golden" / f"{family}.json"
        facts = json.loads(path.read_text(encoding="utf-8"))
        answers = ((expression, theirs, told(expression)) for expression, theirs in facts.items())
        return [(expression, theirs, ours) for expression, theirs, ours in answers if theirs != ours]

    return find
