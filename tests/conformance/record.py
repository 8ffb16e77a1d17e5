"""Record the facts of every program under real TensorFlow into `golden/`.

Run it with a Python that has TensorFlow: `.venv-oracle/bin/python tests/conformance/record.py [--out FOLDER] [MODULE ...]`, a
module as `programs_ops`. Without names it records all, and the op definitions.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # plain kernels, whose rounding is the same on every CPU
os.environ["TF_USE_LEGACY_KERAS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))
import harness


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=harness.GOLDEN)
    parser.add_argument("modules", nargs="*")
    arguments = parser.parse_args()
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    arguments.out.mkdir(parents=True, exist_ok=True)
    failed = []
    for module in arguments.modules or [*harness.MODULES, "op_defs"]:
        if module == "op_defs":
            import record_op_defs

            harness.write_json(arguments.out / "op_defs.json", record_op_defs.op_defs())
            continue
        facts = {}
        for name, program in harness.load(module).items():
            try:
                facts[name] = harness.run(tf, program)
            except Exception as raised:  # a slip in the program itself
                failed.append(f"{module}: {name}: {type(raised).__name__}: {raised}")
        harness.write_json(arguments.out / f"{module}.json", facts)
        print(f"{module}: {len(facts)} programs")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
