"""Array operations: masks, diagonals, scatters and gathers by index, blocks, sorts, counts; with gradients and vague shapes."""

from __future__ import annotations

from functools import partial

import numpy as np
import programs_ops
from harness import Programs, error
from programs_ops import ints, ramp

programs = Programs()
case = partial(programs_ops.case, into=programs)

# --- masks -----------------------------------------------------------------------------------------------------------

ROWS = np.array([True, False, True])
case("boolean_mask", lambda tf, x: tf.boolean_mask(x, ROWS), ramp(3, 4))
case("boolean_mask_fed", lambda tf, x, m: tf.boolean_mask(x, m), ramp(3, 4), ramp(3, 4) > 0, vague=False)
case("boolean_mask_axis", lambda tf, x: tf.boolean_mask(x, ROWS, axis=1), ramp(2, 3, 2))
case("boolean_mask_ints", lambda tf, x, m: tf.boolean_mask(x, m, name="chosen"), ints(4), np.array([False] * 4), vague=False)
case(
    "sequence_mask", lambda tf, n: [tf.sequence_mask(n), tf.sequence_mask(n, 4), tf.sequence_mask(n, dtype=tf.float32)], ints(5)
)
case("sequence_mask_of_many", lambda tf, n: tf.sequence_mask(n, 3, tf.int32, name="m"), ints(2, 2, high=5))


@programs
def boolean_mask_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    return [
        error(tf, lambda: tf.boolean_mask(x, True), "mask cannot be scalar."),
        error(tf, lambda: tf.boolean_mask(x, tf.placeholder(tf.bool)), "Number of mask dimensions must be specified"),
        error(tf, lambda: tf.boolean_mask(x, [True, False])),
        error(tf, lambda: tf.boolean_mask(x, ROWS, axis=1)),
        error(tf, lambda: tf.sequence_mask([1], [3])),
    ]
