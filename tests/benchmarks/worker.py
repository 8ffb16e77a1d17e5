"""One side of the comparison: builds a row when told to, and times it as often as it is told.

    python worker.py teachtf|tensorflow|gpu|torch

`gpu` is teachtf on a GPU. It reads lines of JSON, `["build", row]`, `["settle", null]` or `["time", repetitions]`, and answers
each by a line: seconds. "settle" ends when the formulas that the row's first runs asked for are compiled.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

import gpu_rows
import rows

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

ROWS = {"teachtf": rows.ROWS, "tensorflow": rows.ROWS, "gpu": gpu_rows.TEACHTF, "torch": gpu_rows.TORCH}
SETTLING = 3, 0.2  # times; seconds of runs, after which nothing more is asked for


def module(name: str) -> Any:
    if name in ("teachtf", "gpu"):
        import teachtf as tf

        return tf
    if name == "torch":
        import torch

        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark = True
        return torch
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def main() -> None:
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not mix with the answers
    start = time.perf_counter()
    side = sys.argv[1]
    library = module(side)
    importing = time.perf_counter() - start
    step: Any = None
    for line in sys.stdin:
        what, value = json.loads(line)
        start = time.perf_counter()
        result: Any = importing
        if what == "build":
            step = None
            if side != "torch":
                library.reset_default_graph()
            try:
                step = ROWS[side][value](library)
                step()
                result = time.perf_counter() - start
            except Exception as error:
                result = f"{type(error).__name__}: {error}"
        elif what == "settle" and side in ("teachtf", "gpu"):
            from teachtf.kernels import compiling

            times, seconds = SETTLING
            for _ in range(times):
                while time.perf_counter() - start < seconds:
                    step()
                compiling.wait()
                start = time.perf_counter()
        elif what == "time":
            result = []
            for _ in range(value):
                start = time.perf_counter()
                step()
                result.append(time.perf_counter() - start)
        elif what == "memory":
            result = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(result), file=answer, flush=True)


if __name__ == "__main__":
    main()
