"""Building large graphs: teachtf and TensorFlow turn about, and how the time grows from 10,000 nodes to 100,000.

    python tests/benchmarks/building.py --oracle .venv-oracle/bin/python [--rounds 5] [--nodes 100000]

A figure is the median of fresh processes. Growth is the time of a node in the large graph over that of one in a graph a tenth
as large: 1 where the time is linear.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

Pattern = Callable[[Any, int], None]


def same_names(tf: Any, count: int) -> None:
    for _ in range(count):
        tf.no_op()


def names_that_clash(tf: Any, count: int) -> None:
    for _ in range(count // 2):
        tf.no_op("a")
        tf.no_op("a_1")


def nested_scopes(tf: Any, count: int) -> None:
    def go_down(depth: int) -> None:
        if depth:
            with tf.name_scope("s"):
                tf.no_op()
                go_down(depth - 1)

    for _ in range(count // 20):
        go_down(20)


def a_chain(tf: Any, count: int) -> None:
    x = tf.constant(1.0)
    for _ in range(count):
        x = tf.negative(x)


def under_control_dependencies(tf: Any, count: int) -> None:
    with tf.control_dependencies([tf.no_op()]):
        same_names(tf, count)


def scoped_variables(tf: Any, count: int) -> None:
    """Five nodes a variable of zeros: 2,000 variables are 10,000 nodes."""
    for i in range(count // 250):
        with tf.variable_scope(f"layer{i}"):
            for j in range(25):
                with tf.variable_scope(f"unit{j}"):
                    tf.get_variable("weights", [3, 3], initializer=tf.zeros_initializer())
                    tf.get_variable("biases", [3], initializer=tf.zeros_initializer())


def export_and_import(tf: Any, count: int) -> None:
    same_names(tf, count)
    definition = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        tf.import_graph_def(definition, name="")


PATTERNS: dict[str, Pattern] = {
    f.__name__.replace("_", " "): f
    for f in (
        same_names,
        names_that_clash,
        nested_scopes,
        a_chain,
        under_control_dependencies,
        scoped_variables,
        export_and_import,
    )
}


def time_one(library: str, pattern: str, count: int) -> None:
    """In a process of its own: build, and print the seconds."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if library == "teachtf":
        import teachtf as tf
    else:
        import tensorflow.compat.v1 as tf

        tf.disable_v2_behavior()
        tf.logging.set_verbosity(tf.logging.ERROR)
    with tf.Graph().as_default():
        tf.no_op()
        start = time.perf_counter()
        PATTERNS[pattern](tf, count)
        print(json.dumps(time.perf_counter() - start))


def measured(python: str, library: str, pattern: str, count: int) -> float:
    command = [python, __file__, "--one", library, pattern, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", help="a Python that has TensorFlow; without it, teachtf alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        library, pattern, count = arguments.one
        time_one(library, pattern, int(count))
        return
    sides = {"teachtf": sys.executable, **({"tensorflow": arguments.oracle} if arguments.oracle else {})}
    print("| pattern | teachtf, s | growth | TensorFlow, s | TensorFlow / teachtf |\n|---|--:|--:|--:|--:|")
    for pattern in PATTERNS:
        times: dict[tuple[str, int], list[float]] = {}
        for _ in range(arguments.rounds):
            for library, python in sides.items():
                for count in (arguments.nodes // 10, arguments.nodes):
                    times.setdefault((library, count), []).append(measured(python, library, pattern, count))
        medians = {key: statistics.median(values) for key, values in times.items()}
        ours, small = medians["teachtf", arguments.nodes], medians["teachtf", arguments.nodes // 10]
        theirs = medians.get(("tensorflow", arguments.nodes))
        rest = f"{theirs:.2f} | {theirs / ours:.2f}" if theirs else "| "
        print(f"| {pattern} | {ours:.2f} | {ours / small / 10:.2f} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
