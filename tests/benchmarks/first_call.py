"""How long a learner waits: import, and the first runs of programs of a lesson's size, with a cold and a warm compile cache.

    python tests/benchmarks/first_call.py [--rounds 3] [--only LeNet]

A cold process has an empty compile cache; a warm one has one that `teachtf warm` has filled. Each program runs in fresh
processes, and each figure is their median. No run may wait for the compiler: the longest run stays under 0.3 s, cold too.
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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

RUNS = 20
LIMIT = 0.3  # seconds
PROGRAMS = [
    "image filter forward, 1x64x64",
    "image filter with gradients, 1x64x64",
    "softmax regression, SGD step of 100",
    "784-256-256-10, Adam step of 128",
    "LeNet, Adam step of 64",
    "LSTM of 128, 28 steps, Adam step of 64",
    "one feed, one fetch",
    "dropout and batch normalization",
    "samples",
    "separable convolution",
]


def _programs() -> dict[str, Any]:
    import numpy as np
    import rows

    @rows.row("dropout and batch normalization")
    def _normalized(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [64, 32, 32, 16])
        scale, offset = tf.Variable(tf.ones([16])), tf.Variable(tf.zeros([16]))
        y, _, _ = tf.nn.fused_batch_norm(x, scale, offset)
        loss = tf.reduce_mean(tf.square(tf.nn.dropout(tf.nn.relu(y), keep_prob=0.5, seed=1)))
        return rows.train(tf, loss, tf.train.MomentumOptimizer(0.1, 0.9), {x: rows.random(64, 32, 32, 16)})

    @rows.row("samples")
    def _samples(tf: Any) -> Any:
        drawn = [
            tf.random_normal([1000, 100], seed=1),
            tf.random_uniform([1000, 100], seed=2),
            tf.random_shuffle(tf.range(1000), seed=3),
            tf.multinomial(tf.zeros([100, 10]), 10, seed=4),
            tf.random_gamma([1000], 2.0, seed=5),
            tf.random_poisson(3.0, [1000], seed=6),
        ]
        sess = tf.Session()
        return lambda: sess.run(drawn)

    @rows.row("separable convolution")
    def _separable(tf: Any) -> Any:
        x = tf.placeholder(tf.float32, [8, 32, 32, 16])
        depthwise = tf.Variable(tf.truncated_normal([3, 3, 16, 1], stddev=0.1))
        pointwise = tf.Variable(tf.truncated_normal([1, 1, 16, 32], stddev=0.1))
        y = tf.nn.avg_pool(tf.nn.separable_conv2d(x, depthwise, pointwise, [1, 1, 1, 1], "SAME"), *[[1, 2, 2, 1]] * 2, "SAME")
        loss = tf.reduce_mean(tf.square(y))
        return rows.train(tf, loss, tf.train.AdamOptimizer(), {x: np.abs(rows.random(8, 32, 32, 16))})

    return rows.ROWS


def work(name: str) -> None:
    """Run one program in this process, and print its times."""
    start = time.perf_counter()
    import teachtf as tf

    times = {"import": time.perf_counter() - start}
    runs: list[float] = []
    run = tf.Session.run

    def timed(self: Any, *arguments: Any, **more: Any) -> Any:
        start = time.perf_counter()
        try:
            return run(self, *arguments, **more)
        finally:
            runs.append(time.perf_counter() - start)

    tf.Session.run = timed  # type: ignore[method-assign]
    step = _programs()[name](tf)
    initializers = len(runs)
    for _ in range(RUNS):
        step()
    times |= {"first run": runs[initializers], "longest run": max(runs)}

    from teachtf.kernels import compiling

    compiling.wait()
    for _ in range(RUNS):
        step()
    print(json.dumps({**times, "steady": statistics.median(runs[-RUNS // 2 :])}))


def measure(name: str, cache: str) -> dict[str, float]:
    """The times of one fresh process."""
    environment = {**os.environ, "TEACHTF_CACHE_DIR": cache}
    command = [sys.executable, __file__, "--work", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def table(names: list[str], rounds: int) -> Iterator[str]:
    """The lines of a Markdown table, as they are measured."""
    yield "| | import | first run | longest run | first run, warm | longest run, warm | steady |\n|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as filled:
        warm = [sys.executable, "-m", "teachtf.tools.cli", "warm"]
        subprocess.run(warm, env={**os.environ, "TEACHTF_CACHE_DIR": filled}, check=True, capture_output=True)
        for name in names:
            results: dict[str, list[dict[str, float]]] = {"cold": [], "warm": []}
            for _ in range(rounds):
                with tempfile.TemporaryDirectory() as fresh:
                    results["cold"].append(measure(name, fresh))
                results["warm"].append(measure(name, filled))
            shown = [("cold", "import"), ("cold", "first run"), ("cold", "longest run"), ("warm", "first run")]
            cells = []
            for kind, what in [*shown, ("warm", "longest run"), ("warm", "steady")]:
                seconds = statistics.median(r[what] for r in results[kind])
                cells.append(f"{seconds * 1000:.1f}" + (" !" if what != "import" and seconds > LIMIT else ""))
            yield f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure and print a table, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="programs whose name holds this")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.work:
        work(parsed.work)
        return
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, ms, median of {parsed.rounds}\n")
    for line in table([name for name in PROGRAMS if parsed.only in name], parsed.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
