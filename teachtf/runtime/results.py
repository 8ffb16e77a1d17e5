"""What a run hands out: values that are the caller's own."""

from __future__ import annotations

from typing import Any

import numpy as np


def copied(value: Any) -> Any:
    return np.array(value) if np.ndim(value) else scalar(value)


def scalar(value: Any) -> Any:
    """What the caller gets: numpy scalars (and bytes) for rank 0, arrays for the rest."""
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else value


def plain(value: Any) -> Any:
    """The whole numbers of a quantised array."""
    return value[value.dtype.names[0]] if value.dtype.names else value
