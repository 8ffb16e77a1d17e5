"""Runs in parts: `Session.partial_run_setup` and `partial_run`. Each operation runs at most once over all parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.runtime import frames

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")  # these give a place, not a value


def feed_keys(graph: Any, feeds: Iterable[Any]) -> list[Tensor]:
    """The tensors that `feeds` are: tensors, names, sparse tensors.

    Raises:
      TypeError: one of them is none, or cannot be fed.
    """
    found: list[Tensor] = []
    for key in feeds:
        parts_of = getattr(key, "_fetch_parts", None)
        try:
            parts = [key] if parts_of is None else parts_of()[0]
            found.extend(graph.as_graph_element(part, allow_operation=False) for part in parts)
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Feed argument {key!r} cannot be interpreted as Tensor: {error.args[0]}") from None
    return found


class PartialRun:
    """A run that goes on from call to call.

    Args:
      fetches: all tensors and operations that will be asked for.
      feeds: all tensors that will be fed.
    """

    def __init__(self, fetches: list[Any], feeds: list[Tensor]) -> None:
        self._fetches = dict.fromkeys(fetches, False)  # whether each has been given
        self._feeds = dict.fromkeys(feeds, False)
        self._known: dict[Tensor, Any] = {}  # values of feeds and of what parts have computed
        self._done: set[Operation] = set()

    @property
    def finished(self) -> bool:
        """Whether all has been fed and fetched."""
        return all(self._fetches.values()) and all(self._feeds.values())

    def step(self, fetches: list[Any], fed: dict[Tensor, Any], run: Callable[..., list[Any]]) -> list[Any]:
        """The values of `fetches`, computed from all that has been fed so far.

        Args:
          run: computes fetches from feeds and their values, given the operations that are done.

        Raises:
          InvalidArgumentError: a feed or fetch was not set up, comes a second time, or cannot be computed yet.
        """
        self._check(fetches, fed)
        known = self._known | {t: np.array(value) for t, value in fed.items()}
        running = frames.operations(frames.needed(fetches, set(known), self._done))
        late = [t.name for op in running for t in op.outputs if t in self._feeds and t not in known]
        if late:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Fetch {', '.join(f.name for f in fetches)} can't be computed from the feeds that have been fed so far: feed "
                f"{', '.join(late)} too.",
            )
        kept = self._wanted_later(set(running), fetches)
        wanted = list(dict.fromkeys([*fetches, *kept]))
        values = dict(zip(wanted, run(wanted, known, frozenset(self._done)), strict=True))
        self._known = known | {t: values[t] for t in kept}
        self._done.update(op for op in running if op.type not in _VARIABLES)
        self._feeds.update(dict.fromkeys(fed, True))
        self._fetches.update(dict.fromkeys(fetches, True))
        return [np.array(values[f])[()] if f in self._known else values[f] for f in fetches]

    def _check(self, fetches: list[Any], fed: dict[Tensor, Any]) -> None:
        for what, asked, known, word in (("feed", fed, self._feeds, "fed"), ("fetch", fetches, self._fetches, "fetched")):
            for element in asked:
                if element not in known:
                    raise errors.InvalidArgumentError(
                        None, None, f"The {what} {element.name} was not specified in partial_run_setup."
                    )
                if known[element]:
                    raise errors.InvalidArgumentError(None, None, f"The {what} {element.name} has already been {word}.")

    def _wanted_later(self, running: set[Operation], fetches: list[Any]) -> list[Tensor]:
        """The tensors that this part computes and later parts may need."""
        kept: dict[Tensor, None] = {}
        later = [f.op if isinstance(f, Tensor) else f for f, given in self._fetches.items() if not given]
        seen: set[Operation] = set()
        while later:
            op = later.pop()
            if op in seen or op in running or op in self._done:
                continue
            seen.add(op)
            kept.update((t, None) for t in op._inputs if t.op in running and t.op.type not in _VARIABLES)
            later.extend([*(t.op for t in op._inputs), *op._control_inputs])
        fetched_later = (f for f, given in self._fetches.items() if not given and f not in fetches)
        kept.update((f, None) for f in fetched_later if isinstance(f, Tensor) and f.op in running)
        return [t for t in kept if t not in self._feeds]
