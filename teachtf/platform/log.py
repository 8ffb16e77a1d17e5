"""Log lines as TensorFlow 1 prints them (`INFO:tensorflow:...`), by Python's `logging`. Source: `tf.logging`.

The logger is called "tensorflow": programs that quieten TensorFlow by `logging.getLogger("tensorflow")` quieten this.
"""

from __future__ import annotations

import logging
import sys
from functools import cache
from itertools import count
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Any

__all__ = ["DEBUG", "ERROR", "FATAL", "INFO", "WARN"]
_counters: dict[tuple[str, int], Any] = {}


@cache
def get_logger() -> logging.Logger:
    """The logger that all lines go through. Source: `tf.get_logger`."""
    logger = logging.getLogger("tensorflow")
    if not logging.getLogger().handlers:  # the program has not said yet where its lines go
        interactive = hasattr(sys, "ps1")
        if interactive:
            logger.setLevel(INFO)
        handler = logging.StreamHandler(sys.stdout if interactive else sys.stderr)
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        logger.addHandler(handler)
    return logger


def get_verbosity() -> int:
    """The lowest level that is printed. Source: `tf.logging.get_verbosity`."""
    return get_logger().getEffectiveLevel()


def set_verbosity(v: Any) -> None:
    """Print lines of level `v` (`tf.logging.INFO`, ...) and above. Source: `tf.logging.set_verbosity`."""
    get_logger().setLevel(v)


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """A line of `level`; `args` are put into `msg` by `%`. Source: `tf.logging.log`."""
    get_logger().log(level, msg, *args, stacklevel=2, **kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """As `log`. Source: `tf.logging.vlog`."""
    get_logger().log(level, msg, *args, stacklevel=2, **kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """A line for who looks for a fault. Source: `tf.logging.debug`."""
    get_logger().debug(msg, *args, stacklevel=2, **kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """A line of news. Source: `tf.logging.info`."""
    get_logger().info(msg, *args, stacklevel=2, **kwargs)


def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """A warning. Source: `tf.logging.warn`."""
    get_logger().warning(msg, *args, stacklevel=2, **kwargs)


warning = warn


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """An error, in words; nothing is raised. Source: `tf.logging.error`."""
    get_logger().error(msg, *args, stacklevel=2, **kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """The gravest level; the program goes on, as in TensorFlow 1. Source: `tf.logging.fatal`."""
    get_logger().fatal(msg, *args, stacklevel=2, **kwargs)


def TaskLevelStatusMessage(msg: Any) -> None:
    """An error. Source: `tf.logging.TaskLevelStatusMessage`."""
    error(msg)


def flush() -> None:
    """Write out what handlers still hold. Source: `tf.logging.flush`."""
    for handler in get_logger().handlers:
        handler.flush()


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """A line of `level` when `condition` holds. Source: `tf.logging.log_if`."""
    if condition:
        get_logger().log(level, msg, *args, stacklevel=2)


def _turn() -> int:
    """How often the line of the program that calls the caller has come by."""
    frame = sys._getframe(2)
    return next(_counters.setdefault((frame.f_code.co_filename, frame.f_lineno), count()))


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """A line the first time and every `n` times this line of the program runs. Source: `tf.logging.log_every_n`."""
    if _turn() % n == 0:
        get_logger().log(level, msg, *args, stacklevel=2)


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """A line the first `n` times this line of the program runs. Source: `tf.logging.log_first_n`."""
    if _turn() < n:
        get_logger().log(level, msg, *args, stacklevel=2)
