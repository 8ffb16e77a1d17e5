"""`tf.compat`: text as str and bytes, sizes as numbers; `import teachtf.compat.v1 as tf` is `import teachtf as tf`."""

from __future__ import annotations

import numbers
import sys

import numpy as np

import teachtf as v1
from teachtf.core.shapes import dimension_at_index, dimension_value
from teachtf.platform.text import as_bytes, as_str, as_str_any, as_text, path_to_str

# A module that says it is a package: the line `import teachtf.compat.v1` then finds the entry below.
__path__: list[str] = []
sys.modules[f"{__name__}.v1"] = v1

integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)
bytes_or_text_types = (bytes, str)

__all__ = [
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "dimension_at_index",
    "dimension_value",
    "integral_types",
    "path_to_str",
    "real_types",
    "v1",
]
