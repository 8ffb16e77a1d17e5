"""Record random numbers of real TensorFlow into tests/kernels/golden/random.json.

Run it with a Python that has TensorFlow: ``.venv-oracle/bin/python tests/conformance/record_random.py``. A result of up to 16
elements is kept whole; of a larger one, the first and last 8 and its sum. bfloat16 and half are kept as floats.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
OUT = Path(__file__).parents[1] / "kernels" / "golden" / "random.json"
RUNS = 3
SEEDS = [(1, 0), (0, 5), (87654321, 42), (2**31 - 1, 2**31 - 2), (-3, 7), (2**40 + 9, -(2**50))]
SIZES = [1, 3, 4, 5, 1000, 70001]


def keep(value):
    flat = np.asarray(value).reshape(-1)
    if flat.dtype.kind not in "iu":
        flat = flat.astype(np.float64)
    record = {"shape": list(np.shape(value)), "head": flat[:8].tolist(), "tail": flat[-8:].tolist()}
    if flat.size <= 16:
        return {"shape": record["shape"], "all": flat.tolist()}
    return record | {"sum": flat.sum(dtype=np.float64 if flat.dtype.kind == "f" else np.int64).item()}


def cases():
    raw = tf.raw_ops
    for number, (seed, seed2) in enumerate(SEEDS):
        seeds = {"seed": seed, "seed2": seed2}
        for size in SIZES if number in (2, 5) else SIZES[-2:]:
            for dtype in (tf.float32, tf.float64, tf.half, tf.bfloat16):
                for method in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
                    op = getattr(raw, method)
                    yield method, seeds, {"shape": [size], "dtype": dtype.name}, op(shape=[size], dtype=dtype, **seeds)
            for dtype, low, high in (
                (tf.int32, 0, 10),
                (tf.int32, -(2**31), 2**31 - 1),
                (tf.int64, -5, 2**40),
                (tf.int64, -(2**63), 2**63 - 1),
            ):
                low_, high_ = tf.constant(low, dtype), tf.constant(high, dtype)
                arguments = {"shape": [size], "minval": low, "maxval": high, "dtype": dtype.name}
                yield (
                    "RandomUniformInt",
                    seeds,
                    arguments,
                    raw.RandomUniformInt(shape=[size], minval=low_, maxval=high_, **seeds),
                )
            yield "RandomShuffle", seeds, {"size": size}, raw.RandomShuffle(value=tf.range(size), **seeds)
        logits = np.linspace(-2, 3, 21).reshape(3, 7)
        for dtype in (tf.float32, tf.float64):
            for samples in (1, 6, 50):
                op = raw.Multinomial(logits=tf.constant(logits, dtype), num_samples=samples, **seeds)
                yield "Multinomial", seeds, {"samples": samples, "dtype": dtype.name}, op
            shape = [100]
            alpha = tf.constant([0.3, 1.0, 2.5, 40.0], dtype)
            yield "RandomGamma", seeds, {"dtype": dtype.name}, raw.RandomGamma(shape=shape, alpha=alpha, **seeds)
            rate = tf.constant([0.5, 4.0, 12.0, 300.0], dtype)
            op = raw.RandomPoissonV2(shape=shape, rate=rate, dtype=dtype, **seeds)
            yield "RandomPoissonV2", seeds, {"dtype": dtype.name}, op


def main() -> None:
    listed = list(cases())
    with tf.Session() as session:
        runs = [session.run([case[3] for case in listed]) for _ in range(RUNS)]
    records = [
        {"op": op, **seeds, **arguments, "runs": [keep(run[i]) for run in runs]}
        for i, (op, seeds, arguments, _) in enumerate(listed)
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    text = ",\n".join(json.dumps(record) for record in records)
    OUT.write_text(f'{{"tensorflow": "{tf.__version__}", "cases": [\n{text}\n]}}\n')


if __name__ == "__main__":
    main()
