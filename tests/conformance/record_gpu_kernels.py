"""Which ops TensorFlow can compute on a GPU, for virtual GPUs: writes `teachtf/runtime/gpu_kernels.txt`.

Run it with a Python that has a TensorFlow built for GPUs (PyPI's `tensorflow` for Linux is; it needs no GPU for this):
`.venv-oracle/bin/python tests/conformance/record_gpu_kernels.py`.
"""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TARGET = Path(__file__).parents[2] / "teachtf" / "runtime" / "gpu_kernels.txt"
HEAD = """\
# The ops that TensorFlow has GPU kernels for, by the types that these take: `attribute=types, ...: ops`.
# An op with no attribute listed takes all types. Recorded by tests/conformance/record_gpu_kernels.py.
"""


def constraints() -> dict[str, dict[str, set[str]]]:
    """The types that the GPU kernels of each op take, by type attribute."""
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import kernels

    found: dict[str, list[dict[str, set[str]]]] = defaultdict(list)
    for kernel in kernels.get_all_registered_kernels().kernel:
        if kernel.device_type in ("GPU", "DEFAULT") and not kernel.label:
            types = {c.name: {tf.as_dtype(t).name for t in c.allowed_values.list.type} for c in kernel.constraint}
            found[kernel.op].append({name: names for name, names in types.items() if names})
    result: dict[str, dict[str, set[str]]] = {}
    for op, rows in found.items():
        named = set(rows[0]).intersection(*rows)  # what one kernel leaves open is open
        result[op] = {name: set(itertools.chain(*(row[name] for row in rows))) for name in named}
    return result


def text(found: dict[str, dict[str, set[str]]]) -> str:
    groups: dict[str, list[str]] = defaultdict(list)
    for op, types in found.items():
        if not op.startswith(("_", "Xla", "TPU", "Nccl")):
            groups[", ".join(f"{name}={' '.join(sorted(types[name]))}" for name in sorted(types))].append(op)
    return HEAD + "".join(f"{key}: {' '.join(sorted(ops))}\n" for key, ops in sorted(groups.items()))


def main(target: Any = TARGET) -> None:
    Path(target).write_text(text(constraints()), encoding="utf-8")


if __name__ == "__main__":
    main()
