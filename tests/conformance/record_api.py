"""Record TensorFlow 1's public names into `golden/api.json`.

Run it with a Python that has TensorFlow: `.venv-oracle/bin/python tests/conformance/record_api.py [--out FILE]`. The file is
`{namespace: {name: kind}}`; "" is the namespace `tf` itself. Classes that `docs/make_api.py` goes through are there with their
members.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"
GOLDEN = Path(__file__).parent / "golden" / "api.json"

# Namespaces of other products, of TensorFlow 2 alone, or of every op once more.
LEFT_OUT = """
autograph compat config data distribute distributions estimator experimental feature_column keras lite lookup mixed_precision
mlir nest profiler quantization ragged raw_ops resource_loader saved_model signal sysconfig test tpu types user_ops xla
"""
# Members of classes that came with TensorFlow 2, or that leak out of its C++.
MEMBERS_LEFT_OUT = """
Dismantle cast experimental_as_proto experimental_from_proto experimental_set_type experimental_type_proto flatten from_node_def
from_tensors get is_subtype_of most_specific_common_supertype new_operations num_operations operations placeholder_value
to_tensors
"""
DEEPER = ["nn.rnn_cell", "random.experimental"]
CLASSES = """
Graph Operation Tensor GraphKeys Variable VariableScope Session InteractiveSession DType TensorShape Dimension DeviceSpec
OpError SparseTensor SparseTensorValue IndexedSlices RegisterGradient train.Saver train.ExponentialMovingAverage
"""


def kind(value: Any) -> str:
    """What a public name stands for."""
    if isinstance(value, ModuleType):
        return "namespace"
    if inspect.isclass(value):
        return "class"
    return "function" if callable(value) else "value"


def names(space: Any) -> dict[str, str]:
    """The public names of a module or class, and their kinds."""
    found = {n: getattr(space, n) for n in sorted(dir(space)) if not n.startswith("_")}
    return {n: kind(v) for n, v in found.items() if not isinstance(v, ModuleType)}


def api(tf: Any) -> dict[str, dict[str, str]]:
    """Every namespace with its names, and every class with its members."""
    spaces = {"": names(tf)}
    modules = [n for n in sorted(dir(tf)) if isinstance(getattr(tf, n), ModuleType) and not n.startswith("_")]
    for path in [*(m for m in modules if m not in LEFT_OUT.split()), *DEEPER]:
        space = tf
        for part in path.split("."):
            space = getattr(space, part)
        spaces[path] = names(space)
    for path in CLASSES.split():
        owner = tf
        for part in path.split("."):
            owner = getattr(owner, part)
        if path == "Tensor":  # the class of the tensors of a graph is not public
            with tf.Graph().as_default():
                owner = type(tf.constant(1))
        members = {n: getattr(owner, n) for n in names(owner) if n not in MEMBERS_LEFT_OUT.split()}
        spaces[path] = {n: "method" if callable(v) else "property" for n, v in members.items()}
    return spaces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=GOLDEN)
    out = parser.parse_args().out
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    found = api(tf)
    out.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    print({space or "tf": len(members) for space, members in found.items()})


if __name__ == "__main__":
    main()
