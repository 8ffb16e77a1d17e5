"""`tf.errors`: the classes of errors that runs raise."""

from __future__ import annotations

from teachtf.core.errors import *  # noqa: F403
from teachtf.core.errors import did_you_mean

__all__ = ["did_you_mean"]
