"""`python graphs_program.py FOLDER`: import each GraphDef of a folder into real TensorFlow, and print what it made of them.

The answer is one JSON object: file name -> the lines of `harness.describe_graph`, or the error as a string.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import harness
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    answers: dict[str, object] = {}
    for path in sorted(Path(sys.argv[1]).glob("*.pb")):
        definition = tf.GraphDef.FromString(path.read_bytes())
        with tf.Graph().as_default():
            try:
                tf.import_graph_def(definition, name="")
                answers[path.stem] = harness.describe_graph(tf)
            except Exception as raised:
                answers[path.stem] = f"{type(raised).__name__}: {raised}"
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
