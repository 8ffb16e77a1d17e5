"""Quantised numbers, casts and angles: graphs, gradients and values."""

from __future__ import annotations

import numpy as np
from harness import Programs
from programs_ops import case, ramp

programs = Programs()
X = ramp(3, 4, low=-3.0, high=5.0)
QUANTIZED = ("qint8", "quint8")
for _mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
    for _type in QUANTIZED:

        def _there_and_back(tf, x, mode=_mode, kind=_type):
            parts = tf.quantize(x, -3.0, 5.0, getattr(tf, kind), mode=mode)
            back = tf.dequantize(*parts, mode=mode)
            return [tf.cast(parts[0], tf.int32), parts[1], parts[2], back]

        case(f"quantize {_mode} {_type}", _there_and_back, X, gradient=False, vague=False, into=programs)
case("fake_quant_args", lambda tf, x: tf.fake_quant_with_min_max_args(x, -2, 3), X, into=programs)
case("fake_quant_narrow", lambda tf, x: tf.fake_quant_with_min_max_args(x, -2, 3, 4, True), X, into=programs)
case(
    "fake_quant_vars",
    lambda tf, x, a, b: tf.fake_quant_with_min_max_vars(x, a, b),
    X,
    np.float32(-1.5),
    np.float32(2.2),
    vague=False,
    into=programs,
)
case("angle", lambda tf, x: tf.angle(tf.complex(x, x * x)), X, gradient=False, into=programs)
case("angle_of_reals", lambda tf, x: tf.angle(x), X, gradient=False, into=programs)
case("to_types", lambda tf, x: [tf.to_complex64(x), tf.to_complex128(x)], X, gradient=False, into=programs)
