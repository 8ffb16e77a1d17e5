"""`tf.strings`: tensors of strings. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.ops.strings import as_string, reduce_join, regex_full_match, regex_replace, substr
from teachtf.ops.strings import string_join as join
from teachtf.ops.strings import string_length as length
from teachtf.ops.strings import string_lower as lower
from teachtf.ops.strings import string_strip as strip
from teachtf.ops.strings import string_to_number as to_number
from teachtf.ops.strings import string_upper as upper

__all__ = [
    "as_string",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "strip",
    "substr",
    "to_number",
    "upper",
]
