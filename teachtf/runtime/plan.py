"""A plan: what one set of fetches and feeds needs, worked out once, as Python that calls kernels.

Making a plan prunes the graph to what the fetches need (`frames.py`), places it (`placement.py`), computes what is constant and
writes one line of Python an op (`writer.py`). The line number of an error is then the op that met it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Set
from typing import Any

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels import library
from teachtf.kernels.registry import State
from teachtf.runtime import frames
from teachtf.runtime.gpu_plan import gpu_calls
from teachtf.runtime.memory import keep_freed_memory
from teachtf.runtime.placement import Devices
from teachtf.runtime.writer import Writer

assert library  # fills the registry

_numbers = itertools.count()


class Plan:
    """The compiled form of `session.run(fetches, feeds)` for one choice of fetches and fed tensors.

    Attributes:
      ops: the operations that run, in order; those of a loop stand together.
      placement: the device of each.
      source: the generated Python.
      run: the function of the fed values that it defines; it gives the values of the fetches. That of a traced plan also takes
        `seen`, and calls `seen(op, start, values)` after each op: `start` in nanoseconds of `time.perf_counter_ns`.
      notes: what was decided on the way.

    Args:
      fetches: tensors and operations.
      feeds: the tensors whose values `run` takes.
      state: what the session keeps.
      devices: the devices of the session.
      done: operations that ran before, in a run that goes on (`Session.partial_run`).
      traced: whether to tell `seen` of each op.
    """

    def __init__(
        self,
        fetches: Sequence[Any],
        feeds: Sequence[Tensor],
        state: State,
        devices: Devices,
        done: Set[Operation] = frozenset(),
        traced: bool = False,
    ) -> None:
        keep_freed_memory()
        root = frames.needed(fetches, set(feeds), done)
        self.ops = frames.operations(root)
        self.placement = devices.place(self.ops)
        writer = Writer(root, fetches, feeds, state, traced, gpu_calls(self.ops, self.placement, devices.gpus, state))
        self.source = writer.source
        self._op_at = writer.op_at
        self.notes = writer.notes
        self._cells = writer.cells
        self._filename = f"<teachtf plan {next(_numbers)}>"
        exec(compile(self.source, self._filename, "exec"), writer.space)
        self.run = writer.space["run"]

    def failed_op(self, error: BaseException) -> Operation | None:
        """The operation whose line raised `error`."""
        if hasattr(error, "teachtf_op"):  # one of several that a line computes
            return error.teachtf_op
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                return self._op_at[traceback.tb_lineno]
            traceback = traceback.tb_next
        return None

    def uninitialized(self) -> list[Operation]:
        """The variables of this plan that have no value."""
        return [op for op, cell in self._cells.items() if cell.value is None]
