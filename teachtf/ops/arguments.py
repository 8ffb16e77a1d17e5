"""Arguments that changed their name in TensorFlow's life, and keep answering to both."""

from __future__ import annotations

from typing import Any


def renamed(new_name: str, new: Any, old_name: str, old: Any) -> Any:
    """The value given under the new or the old name.

    Raises:
      ValueError: both are given.
    """
    if new is None:
        return old
    if old is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'.")
    return new
