"""What the simulator needs to be trusted."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numba.np import numpy_support

__all__ = ["one_shared_memory"]


def one_shared_memory() -> None:
    """Threads of a block that reach `cuda.shared.array` together have one array. The simulator's own looks for it and makes it
    in two steps: now and then a thread gets an array that no other sees, and a sum lacks its part."""
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    def array(self: Any, shape: Any, dtype: Any, alignment: Any = None) -> np.ndarray:
        assert alignment is None, "the simulator has no alignment"
        caller = sys._getframe(1)
        place = caller.f_code.co_filename, caller.f_lineno
        dtype = dtype if isinstance(dtype, np.dtype | type) else numpy_support.as_dtype(dtype)
        return self._allocations.setdefault(place, np.empty(shape, dtype))  # one step: nothing comes between

    FakeCUDAShared.array = array
