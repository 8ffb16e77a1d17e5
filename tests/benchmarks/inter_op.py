"""What could be gained by running independent branches of a plan at once, instead of one after the other on all threads.

    python tests/benchmarks/inter_op.py [--rounds 7]

A program of two equal branches runs as it does here: each kernel on all threads. Against it stand two runs at once, of a branch
each, in two threads of one process: each kernel has one thread. That is what a scheduler of branches could reach, if it cost
nothing. Two processes show what is left once the interpreter's lock does not count either.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import rows

BURST = 0.5  # seconds of runs between two looks at the clock


def dense_layers(tf: Any) -> Any:
    x = rows.variable(tf, 128, 784)
    for units in (256, 256, 10):
        x = tf.nn.relu(rows.dense(tf, x, units))
    return tf.reduce_sum(x)


def recurrent_layer(tf: Any) -> Any:
    cell = tf.nn.rnn_cell.BasicLSTMCell(128)
    outputs, _ = tf.nn.static_rnn(cell, tf.unstack(rows.variable(tf, 64, 28, 28), axis=1), dtype=tf.float32)
    return tf.reduce_sum(outputs[-1])


def small_products(tf: Any) -> Any:
    x, weights = rows.variable(tf, 32, 64), rows.variable(tf, 64, 64)
    for _ in range(30):
        x = tf.tanh(tf.matmul(x, weights))
    return tf.reduce_sum(x)


def convolutions(tf: Any) -> Any:
    return tf.reduce_sum(rows.image_filter(tf, rows.variable(tf, 4, 64, 64, 32)))


PROGRAMS = {
    "three dense layers and their gradients, batch of 128": dense_layers,
    "LSTM of 128 over 28 steps and its gradients, batch of 64": recurrent_layer,
    "30 products of 32x64 and 64x64, and their gradients": small_products,
    "image filter 4x64x64 and its gradients": convolutions,
}


def serve(name: str, branches: int, at_once: bool) -> None:
    """Builds the program with so many branches; then times a burst of runs for each line that comes in. `at_once`, each branch
    has runs and a thread of its own."""
    import teachtf as tf
    from teachtf.kernels import compiling

    slopes: list[list[Any]] = []
    for number in range(branches):
        with tf.variable_scope(f"branch{number}"):
            loss = PROGRAMS[name](tf)
        slopes.append([slope for slope in tf.gradients(loss, tf.trainable_variables()) if slope is not None])
    sess = rows.ready(tf)
    fetches = slopes if at_once else [[slope for branch in slopes for slope in branch]]

    def burst(wanted: list[Any], seconds: float) -> float:
        start, runs = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            sess.run(wanted)
            runs += 1
        return (time.perf_counter() - start) / runs

    with ThreadPoolExecutor(len(fetches)) as threads:

        def bursts(seconds: float) -> float:
            return max(threads.map(burst, fetches, [seconds] * len(fetches)))

        for _ in range(3):
            bursts(0.2)
            compiling.wait()
        print("ready", flush=True)
        for _ in sys.stdin:
            print(bursts(BURST), flush=True)


class Server:
    def __init__(self, name: str, branches: int, threads: int, at_once: bool = False) -> None:
        command = [sys.executable, __file__, "--serve", name, str(branches), "at once" if at_once else ""]
        environment = {**os.environ, "TEACHTF_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.stdout.readline()

    def start(self) -> None:
        self.stdin.write("go\n")
        self.stdin.flush()

    def seconds(self) -> float:
        return float(self.stdout.readline())

    def close(self) -> None:
        self.stdin.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve[0], int(arguments.serve[1]), bool(arguments.serve[2]))
        return
    threads = os.cpu_count() or 1
    print("| two branches of | one after the other | at once | gain | in two processes | gain |\n|---|--:|--:|--:|--:|--:|")
    for name in PROGRAMS:
        ways = [[Server(name, 2, threads)], [Server(name, 2, 1, at_once=True)], [Server(name, 1, 1) for _ in range(2)]]
        times: list[list[float]] = [[], [], []]
        for _ in range(arguments.rounds):
            for servers, seconds in zip(ways, times, strict=True):
                for server in servers:
                    server.start()
                seconds.append(max([server.seconds() for server in servers]))
        for server in (server for servers in ways for server in servers):
            server.close()
        after, at_once, apart = (statistics.median(seconds) * 1e3 for seconds in times)
        print(
            f"| {name} | {after:.2f} ms | {at_once:.2f} ms | {after / at_once:.2f} | {apart:.2f} ms | {after / apart:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
