"""`tf.bitwise`: whole numbers as bits. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.ops.bits import bitwise_and, bitwise_or, bitwise_xor, invert, left_shift, right_shift

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift"]
