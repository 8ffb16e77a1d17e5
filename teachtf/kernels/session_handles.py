"""What a session stores between runs under handles: `GetSessionHandle;0;/job:.../device:CPU:0`."""

from __future__ import annotations

from typing import Any

from teachtf.core import errors
from teachtf.kernels.registry import Call, State, stateful_kernel

_STORE = "session handles"


def stored(state: State) -> dict[str, Any]:
    """The values that a session stores, by handle without the device."""
    return state.resources.setdefault(_STORE, {})


def key_of(handle: Any) -> str:
    """The part of a handle under which its value is stored."""
    text = handle.decode() if isinstance(handle, bytes) else str(handle)
    return text.rpartition(";")[0] if text.count(";") > 1 else text


@stateful_kernel("GetSessionHandle")
def _put(op: Any, state: State) -> Call:
    def call(value: Any) -> bytes:
        values = stored(state)
        number = state.resources[_STORE + " given"] = state.resources.get(_STORE + " given", -1) + 1
        key = f"{op.name};{number}"
        values[key] = value
        return key.encode()

    return call


@stateful_kernel("GetSessionTensor", aliasing=True)
def _get(op: Any, state: State) -> Call:
    def call(handle: Any) -> Any:
        key = key_of(_text(handle))
        if key not in stored(state):
            raise errors.InvalidArgumentError(
                None, None, f"The tensor with handle '{key}' is not in the session store: it was deleted, or never put there."
            )
        return stored(state)[key]

    return call


@stateful_kernel("DeleteSessionTensor")
def _delete(op: Any, state: State) -> Call:
    def call(handle: Any) -> None:
        key = key_of(_text(handle))
        if stored(state).pop(key, None) is None:
            raise errors.InvalidArgumentError(
                None, None, f"Failed to delete a tensor with handle '{key}' in the session store."
            )

    return call


def _text(handle: Any) -> Any:
    return handle.item() if hasattr(handle, "item") else handle
