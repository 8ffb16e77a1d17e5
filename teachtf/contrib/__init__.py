"""`tf.contrib`: the parts that old programs use most. TensorFlow 1 kept here what was not settled; TensorFlow 2 has none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HERE = ("framework", "layers", "rnn")


def __getattr__(name: str) -> Any:
    if name in _HERE:
        return import_module(f"teachtf.contrib.{name}")
    raise AttributeError(
        f"module 'teachtf.contrib' has no attribute '{name}'. Of tf.contrib, teachtf has {', '.join(_HERE)}; write the part of "
        f"tf.contrib.{name} that you use with tf.layers, tf.nn or tf.train."
    )


def __dir__() -> list[str]:
    return sorted(_HERE)
