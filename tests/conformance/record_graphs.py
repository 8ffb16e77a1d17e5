"""Record graphs that TensorFlow wrote, and what they compute, into `tests/core/golden/graphs/`.

Run it with a Python that has TensorFlow: `.venv-oracle/bin/python tests/conformance/record_graphs.py`. Each graph is a text
proto; `values.json` keeps what its node `out` gives.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
OUT = Path(__file__).parents[1] / "core" / "golden" / "graphs"


def cond(tf: Any) -> Any:
    x = tf.constant(3.0)
    return tf.cond(x > 2.0, lambda: x * 2.0, lambda: x * 3.0)


def loop(tf: Any) -> Any:
    def body(i: Any, total: Any) -> Any:
        return i + 1, total + tf.cast(i, tf.float32)

    return tf.while_loop(lambda i, total: i < 5, body, [tf.constant(0), tf.constant(0.0)])[1]


def nested_loops(tf: Any) -> Any:
    def body(i: Any, total: Any) -> Any:
        inner = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + 1.0), [tf.constant(0), total])
        return i + 1, inner[1]

    return tf.while_loop(lambda i, total: i < 4, body, [tf.constant(0), tf.constant(0.0)])[1]


def growing(tf: Any) -> Any:
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    start = [tf.constant(0), tf.ones([1])]
    return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.concat([x, x], 0)), start, shape_invariants=shapes)[1]


def network(tf: Any) -> Any:
    x = tf.constant([[1.0, 2.0]])
    w = tf.constant([[0.5, -1.0], [0.25, 2.0]])
    with tf.name_scope("layer"), tf.device("/cpu:0"):
        hidden = tf.nn.relu(tf.matmul(x, w) + tf.constant([0.5, -0.5]))
    return tf.gradients(tf.reduce_sum(hidden * hidden), w)[0]


def functions(tf: Any) -> Any:
    tf.enable_control_flow_v2()
    try:
        return cond(tf)
    finally:
        tf.disable_control_flow_v2()


def main() -> None:
    import tensorflow.compat.v1 as tf
    from google.protobuf import text_format

    tf.disable_v2_behavior()
    tf.disable_control_flow_v2()
    OUT.mkdir(parents=True, exist_ok=True)
    values = {}
    for build in (cond, loop, nested_loops, growing, network, functions):
        with tf.Graph().as_default() as graph, tf.Session() as sess:
            values[build.__name__] = sess.run(tf.identity(build(tf), name="out")).tolist()
            definition = graph.as_graph_def()
        (OUT / f"{build.__name__}.pbtxt").write_text(text_format.MessageToString(definition), encoding="utf-8")
    (OUT / "values.json").write_text(json.dumps(values) + "\n", encoding="utf-8")
    print(values)


if __name__ == "__main__":
    main()
