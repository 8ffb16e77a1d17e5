"""`tf.contrib.framework`: the step that training has come to. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.state.collections import global_step as get_global_step
from teachtf.training.global_step import create_global_step, get_or_create_global_step

__all__ = ["create_global_step", "get_global_step", "get_or_create_global_step"]
