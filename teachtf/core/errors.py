"""The errors of TensorFlow, by class and code, with the user's own line in the message. Source: `tf.errors`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """An error that an operation met while a graph ran.

    Args:
      node_def: the NodeDef of the operation, or None.
      op: the operation, or None.
      message: what went wrong.
      error_code: one of the codes of this module.
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int = UNKNOWN) -> None:
        super().__init__(node_def, op, message, error_code)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    @property
    def message(self) -> str:
        """What went wrong."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def error_code(self) -> int:
        """The code of the error."""
        return self._error_code

    @property
    def node_def(self) -> Any:
        """The NodeDef of the operation that failed, or None."""
        if self._node_def is None and self._op is not None:
            return getattr(self._op, "node_def", None)
        return self._node_def

    def __str__(self) -> str:
        if self._op is None:
            return self._message
        frame = getattr(self._op, "user_frame", None)
        where = ""
        if frame is not None:
            filename, lineno, function, line = frame
            where = f" was created at {filename}:{lineno} in {function}:  {line}"
        return f"{self._message}\n\nOp '{self._op.name}' ({self._op.type}){where}"

    def __reduce__(self) -> Any:
        return type(self), (None, None, str(self)) if type(self) is not OpError else (
            None,
            None,
            str(self),
            self._error_code,
        )


def _subclass(name: str, code: int, what: str) -> type[OpError]:
    def init(self: OpError, node_def: Any, op: Any, message: str, *_: Any) -> None:
        OpError.__init__(self, node_def, op, message, code)

    return type(name, (OpError,), {"__init__": init, "__doc__": what, "__module__": __name__})


CancelledError = _subclass("CancelledError", CANCELLED, "An operation was cancelled.")
UnknownError = _subclass("UnknownError", UNKNOWN, "An error of no other class.")
InvalidArgumentError = _subclass("InvalidArgumentError", INVALID_ARGUMENT, "An operation received an invalid argument.")
DeadlineExceededError = _subclass("DeadlineExceededError", DEADLINE_EXCEEDED, "A deadline passed.")
NotFoundError = _subclass("NotFoundError", NOT_FOUND, "A file, key or op was not found.")
AlreadyExistsError = _subclass("AlreadyExistsError", ALREADY_EXISTS, "What was to be created exists already.")
PermissionDeniedError = _subclass("PermissionDeniedError", PERMISSION_DENIED, "The caller may not do this.")
UnauthenticatedError = _subclass("UnauthenticatedError", UNAUTHENTICATED, "The caller is not known.")
ResourceExhaustedError = _subclass("ResourceExhaustedError", RESOURCE_EXHAUSTED, "Memory or another resource ran out.")
FailedPreconditionError = _subclass(
    "FailedPreconditionError", FAILED_PRECONDITION, "The system is not in the state that the operation needs."
)
AbortedError = _subclass("AbortedError", ABORTED, "An operation was aborted.")
OutOfRangeError = _subclass("OutOfRangeError", OUT_OF_RANGE, "An operation went past the valid range.")
UnimplementedError = _subclass("UnimplementedError", UNIMPLEMENTED, "The operation is not implemented.")
InternalError = _subclass("InternalError", INTERNAL, "The library itself is broken.")
UnavailableError = _subclass("UnavailableError", UNAVAILABLE, "The runtime is not available.")
DataLossError = _subclass("DataLossError", DATA_LOSS, "Data was lost or is corrupt.")

_CLASSES: dict[int, type[OpError]] = {
    c(None, None, "").error_code: c
    for c in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        UnauthenticatedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalError,
        UnavailableError,
        DataLossError,
    )
}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of errors with this code."""
    return _CLASSES[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int | None:
    """The code of this class of errors, or None."""
    return next((code for code, c in _CLASSES.items() if c is cls), None)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the candidate nearest to `name`, or `""`.

    >>> did_you_mean("Varibale", ["Variable", "constant"])
    " Did you mean 'Variable'?"
    """
    close = difflib.get_close_matches(name, [str(c) for c in candidates], n=1, cutoff=0.7)
    return f" Did you mean '{close[0]}'?" if close else ""
