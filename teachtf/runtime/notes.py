"""What was decided when a plan was made, for those who look at it later (`tf.runtime.explain`)."""

from __future__ import annotations

from typing import Any

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor


class Notes:
    """What a plan's Python does not say of itself.

    Attributes:
      groups: the `fusion.Group` that each call `g12` of the Python computes, by that name.
      folded: the operations whose values were computed when the plan was made.
      merged: operations of which another computes the same value, and that other one.
      in_place: results that are written into memory of another, given up or the sum so far, and that other one.
    """

    def __init__(self) -> None:
        self.groups: dict[str, Any] = {}
        self.folded: list[Operation] = []
        self.merged: dict[Operation, Operation] = {}
        self.in_place: dict[Tensor, Tensor] = {}
