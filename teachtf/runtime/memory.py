"""What happens to memory between runs."""

from __future__ import annotations

import ctypes
import functools
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's <malloc.h>
_LARGEST_KEPT = 256 << 20
_MOST_KEPT = 512 << 20


@functools.cache
def keep_freed_memory() -> None:
    """Ask the C library to keep the arrays that a run frees, up to half a GiB at the end of the heap, for the next run.

    A loop makes arrays of the same sizes each turn. Given back to the system, each would come back as pages of zeros, one
    fault a page: half the time of an elementwise op on 16 MiB. Other C libraries than glibc are left as they are.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
    mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
