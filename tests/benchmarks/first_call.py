"""How long a learner waits: import, the first `Session.run`, and the first image filter, with a cold and a warm compile cache.

    python tests/benchmarks/first_call.py [--rounds 5]

Each figure is the median of fresh processes. A cold process has an empty compile cache; a warm one shares a filled one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

PROGRAM = """
import json, time
start = time.perf_counter()
import teachtf as tf
times = {"import teachtf": time.perf_counter() - start}

start = time.perf_counter()
with tf.Session() as sess:
    sess.run(tf.constant(2.0) + tf.constant(3.0))
times["first run, two constants"] = time.perf_counter() - start

import numpy as np
def conv_relu(x):
    weights = tf.get_variable("weights", [5, 5, 32, 32], initializer=tf.random_normal_initializer())
    biases = tf.get_variable("biases", [32], initializer=tf.constant_initializer(0.0))
    return tf.nn.relu(tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding="SAME") + biases)

images = tf.placeholder(tf.float32, [None, 160, 240, 32])
with tf.variable_scope("conv1"):
    relu1 = conv_relu(images)
with tf.variable_scope("conv2"):
    result = conv_relu(relu1)
photo = np.random.default_rng(0).random((1, 160, 240, 32), np.float32)
with tf.Session() as sess:
    start = time.perf_counter()
    sess.run(tf.global_variables_initializer())
    times["image filter: initialise"] = time.perf_counter() - start
    for name in ("first run", "second run"):
        start = time.perf_counter()
        sess.run(result, {images: photo})
        times[f"image filter: {name}"] = time.perf_counter() - start
    for _ in range(20):
        start = time.perf_counter()
        sess.run(result, {images: photo})
        times["image filter: steady"] = time.perf_counter() - start
print(json.dumps(times))
"""


def measure(cache: str) -> dict[str, float]:
    """The times of one fresh process."""
    environment = {**os.environ, "TEACHTF_CACHE_DIR": cache}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    results: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
    with tempfile.TemporaryDirectory() as shared:
        measure(shared)
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as fresh:
                results["cold"].append(measure(fresh))
            results["warm"].append(measure(shared))
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, median of {rounds}\n")
    print("| | cold cache, s | warm cache, s |\n|---|---|---|")
    for name in results["cold"][0]:
        cells = [f"{statistics.median(r[name] for r in results[kind]):.3f}" for kind in ("cold", "warm")]
        print(f"| {name} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
