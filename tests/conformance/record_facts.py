"""Record what TensorFlow says to the lines of `facts/*.txt`.

Run it with a Python that has TensorFlow: `.venv-oracle/bin/python tests/conformance/record_facts.py [--out FILE]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).parent))
import facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=facts.GOLDEN)
    out = parser.parse_args().out
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    found = {
        family: {line: facts.plain(facts.told(tf, family, line)) for line in facts.lines(family)} for family in facts.FAMILIES
    }
    out.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    print({family: len(told) for family, told in found.items()})


if __name__ == "__main__":
    main()
