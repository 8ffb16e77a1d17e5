"""`tf.app`: how scripts of TensorFlow 1 start: `tf.app.flags` defines their options, `tf.app.run` parses them and calls `main`.

The flags are those of Abseil, which TensorFlow used too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import app as absl_app
from absl import flags

__all__ = ["flags", "run"]


def _parse_known(arguments: Sequence[str]) -> list[str]:
    """Parse the flags that are defined; the others are left in the result for `main`."""
    return flags.FLAGS(list(arguments), known_only=True)


def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Parse the command line and call `main(argv)`, by default the one of the script that runs; then exit.

    Args:
      main: takes the arguments that are no flags, the program's name first.
      argv: the command line, by default `sys.argv`.

    Source: `tf.app.run`.
    """
    main = main or sys.modules["__main__"].main
    absl_app.run(main=main, argv=None if argv is None else list(argv), flags_parser=_parse_known)
