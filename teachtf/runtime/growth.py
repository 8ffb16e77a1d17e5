"""A warning for graphs that grow inside a training loop, the commonest leak of TensorFlow 1 programs."""

from __future__ import annotations

import warnings
from itertools import islice
from typing import Any

from teachtf.core.source import first_frame

_PATIENCE = 10  # runs in a row before each of which the same line added the same kinds of nodes


class GrowthWatch:
    """Looks at a session's graph before each run."""

    def __init__(self) -> None:
        self.size: int | None = None
        self._last: Any = None
        self._times = 0
        self._warned = False

    def look(self, graph: Any) -> None:
        """Warn when the same line of the program has added the same operations before each of the last runs."""
        size, before = len(graph._operations), self.size
        self.size = size
        if before is None or size <= before or self._warned:
            self._times = 0
            return
        new = list(islice(reversed(graph._operations.values()), size - before))
        op = new[-1]  # the first of them
        added = (op._stack[:1], [o.type for o in new])
        self._times = self._times + 1 if added == self._last else 1
        self._last = added
        frame = first_frame(op._stack)
        if self._times < _PATIENCE or frame is None:
            return
        self._warned = True
        code = f":  {frame.line}" if frame.line else ""
        warnings.warn_explicit(
            f"The graph grows in a loop: {frame.filename}:{frame.lineno} in {frame.function} has added operations before each "
            f"of the last {_PATIENCE} runs, and there are {size} now{code}\n"
            "Each of them stays for ever and makes runs slower. Build every operation once, before the loop, and run it in the "
            "loop; feed what changes through a tf.placeholder. tf.get_default_graph().finalize() before the loop turns this "
            "into an error at the line.",
            UserWarning,
            op._stack[0][0].co_filename,
            op._stack[0][1],
        )
