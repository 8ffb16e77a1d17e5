"""The memory of a plan, by account: what each step makes, what is given up, and the most that lives at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teachtf.core import dtypes
from teachtf.core.tensor import Tensor
from teachtf.kernels.registry import ALIASING
from teachtf.runtime.inspection.reading import Step, Value


class Account:
    """Goes through the steps of a plan and counts the bytes of their results. Loops count as one turn.

    Attributes:
      made: the bytes that each result takes, by step number; None where its shape is not known, "view" for one that lies in
        memory that was there before.
      live: the bytes of all results that are held, after each step.
      peak: the largest of these.
      is_whole: whether all shapes are known; else the sums are of those that are.

    Args:
      events: of a `reading.Reader`.
      size: the bytes of a tensor, None if unknown.
      in_place: of `Notes`.
    """

    def __init__(
        self, events: Sequence[Step | list[Value]], size: Callable[[Tensor], int | None], in_place: dict[Tensor, Tensor]
    ) -> None:
        self.made: dict[int, list[int | str | None]] = {}
        self.live: dict[int, int] = {}
        self.peak = 0
        self.is_whole = True
        self._size = size
        self._in_place = in_place
        self._sizes: list[int] = []
        self._held: dict[str, frozenset[int]] = {}  # the buffers that each name holds
        for event in events:
            if isinstance(event, Step):
                self._step(event)
                self.live[event.number] = sum(self._sizes[i] for i in frozenset().union(*self._held.values()))
                self.peak = max(self.peak, self.live[event.number])
            else:
                for value in event:
                    self._held.pop(value.name, None)

    def _step(self, step: Step) -> None:
        taken: frozenset[int] = frozenset().union(*(self._held.get(v.name, frozenset()) for v in step.inputs))
        if step.kind == "next":  # one name each, all at once
            self._held |= {o.name: self._held.get(i.name, frozenset()) for o, i in zip(step.outputs, step.inputs, strict=False)}
            return
        if step.kind in ("while", "if", "else", "until"):
            self._held |= {v.name: taken for v in step.outputs}
            return
        self.made[step.number] = made = []
        for value in step.outputs:
            found, held = self._result(step, value.tensor, taken)
            made.append(found)
            self._held[value.name] = held

    def _result(self, step: Step, tensor: Tensor | None, taken: frozenset[int]) -> tuple[int | str | None, frozenset[int]]:
        if tensor is None or tensor.dtype._is_ref_dtype:
            return 0, frozenset()  # a variable's own memory
        moved = step.kind == "call" and step.kernel != "send"
        if tensor in self._in_place or moved or step.kernel in ALIASING or step.kernel == "let":
            return "view", taken
        size = self._size(tensor)
        self.is_whole &= size is not None
        self._sizes.append(size or 0)
        return size, frozenset((len(self._sizes) - 1,))


def bytes_of(dtype: Any, elements: int | None) -> int | None:
    """The bytes of so many elements; None if their number or size is not known."""
    dtype = dtype.base_dtype
    return None if elements is None or dtype in (dtypes.string, dtypes.resource, dtypes.variant) else elements * dtype.size
