"""Handles: what `sess.run(tf.get_session_handle(x))` gives. Source: `session_ops.TensorHandle`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.dtypes import DType
from teachtf.kernels.registry import State
from teachtf.kernels.session_handles import key_of, stored


class TensorHandle(errors.Suggesting):
    """A value that stays in its session; it is forgotten with this handle. It can be fed in the place of the value."""

    def __init__(self, handle: str, dtype: DType, state: State) -> None:
        self._handle, self._dtype, self._state = handle, dtype, state
        self._collected = True  # whether the value goes with this object

    @property
    def handle(self) -> str:
        """The string, for the placeholder of `tf.get_session_tensor`."""
        return self._handle

    def eval(self) -> Any:
        """The value.

        Raises:
          TypeError: it was deleted, or its life was taken over by `get_raw_handle`.
        """
        self._check()
        return np.array(stored(self._state)[key_of(self._handle)])[()]

    def delete(self) -> None:
        """Forget the value now.

        Raises:
          TypeError: it was deleted, or its life was taken over by `get_raw_handle`.
        """
        self._check()
        self._collected = False
        stored(self._state).pop(key_of(self._handle), None)

    def get_raw_handle(self) -> str:
        """The string of a value that from now on stays until `tf.delete_session_tensor`."""
        self._collected = False
        return self._handle

    def _check(self) -> None:
        if not self._collected:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")

    def __str__(self) -> str:
        return self._handle

    def __del__(self) -> None:
        if self.__dict__.get("_collected"):
            stored(self._state).pop(key_of(self._handle), None)


def handed_out(values: Any, plan: Any, state: State) -> list[Any]:
    """The values of a run in which fetches of `GetSessionHandle` are handles, with the device that the value is on."""
    given = list(values)
    for i, op in plan.handles:
        given[i] = TensorHandle(f"{values[i].decode()};{plan.placement[op]}", op.inputs[0].dtype.base_dtype, state)
    return given
