"""The errors of TensorFlow, by class and code, with the user's own line in the message. Source: `tf.errors`."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

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
      op: the operation, or None. It has a `name` and a `type`; its `user_frame`, a tuple (file name, line number,
        function name, source line) or None, puts the line that built it into `str(error)`.
      message: what went wrong.
      error_code: one of the codes of this module.
      *payloads: at most one dictionary of details.

    >>> error = OpError(None, None, "The disk is full", RESOURCE_EXHAUSTED)
    >>> error.message, error.error_code, error.op
    ('The disk is full', 8, None)
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None, *payloads: Any) -> None:
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self._experimental_payloads = payloads[0] if payloads else {}

    @property
    def message(self) -> str:
        """What went wrong, without the operation and its line."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def error_code(self) -> int | None:
        """The code of the error."""
        return self._error_code

    @property
    def node_def(self) -> Any:
        """The NodeDef of the operation that failed, or None."""
        # Made when somebody looks: most errors are only printed.
        return getattr(self._op, "node_def", None) if self._node_def is None else self._node_def

    @property
    def experimental_payloads(self) -> Any:
        """Details of the error, by name."""
        return self._experimental_payloads

    def __str__(self) -> str:
        return self._message if self._op is None else f"{self._message}\n{_origin(self._op)}"

    def __reduce__(self) -> Any:
        # Operations do not travel between processes; what they add to the text does.
        code = (self._error_code,) if type(self).__init__ is OpError.__init__ else ()
        return type(self), (None, None, str(self), *code)


def _origin(op: Any) -> str:
    """The lines that say which op failed, where the user made it, and which op it was made for (as gradients are)."""
    lines, seen = f"\nOp '{op.name}' ({op.type}){_made_at(op)}", {id(op)}
    while (op := getattr(op, "_original_op", None)) is not None and id(op) not in seen:
        seen.add(id(op))
        made = _made_at(op)
        lines += f"\n...made for op '{op.name}' ({op.type}){', which' if made else ''}{made}"
    return lines


def _made_at(op: Any) -> str:
    frame = getattr(op, "user_frame", None)
    if frame is None:
        return ""
    filename, lineno, function, line = frame
    return f" was created at {filename}:{lineno} in {function}" + (f":  {line}" if line else "")


_CLASSES: dict[int, type[OpError]] = {}


def _with_code(code: int) -> Callable[[type[OpError]], type[OpError]]:
    """Fix the code of a class of errors: its instances are made from (node_def, op, message)."""

    def fix(cls: type[OpError]) -> type[OpError]:
        def init(self: OpError, node_def: Any, op: Any, message: str, *payloads: Any) -> None:
            OpError.__init__(self, node_def, op, message, code, *payloads)

        init.__name__, init.__qualname__ = "__init__", f"{cls.__qualname__}.__init__"
        cls.__init__ = init  # type: ignore[method-assign, assignment]
        _CLASSES[code] = cls
        return cls

    return fix


@_with_code(CANCELLED)
class CancelledError(OpError):
    """An operation was cancelled."""


@_with_code(UNKNOWN)
class UnknownError(OpError):
    """An error of no other class."""


@_with_code(INVALID_ARGUMENT)
class InvalidArgumentError(OpError):
    """An operation received an invalid argument."""


@_with_code(DEADLINE_EXCEEDED)
class DeadlineExceededError(OpError):
    """A deadline passed before an operation was done."""


@_with_code(NOT_FOUND)
class NotFoundError(OpError):
    """A file, key or op was not found."""


@_with_code(ALREADY_EXISTS)
class AlreadyExistsError(OpError):
    """What was to be created exists already."""


@_with_code(PERMISSION_DENIED)
class PermissionDeniedError(OpError):
    """The caller may not do this."""


@_with_code(UNAUTHENTICATED)
class UnauthenticatedError(OpError):
    """The caller is not known."""


@_with_code(RESOURCE_EXHAUSTED)
class ResourceExhaustedError(OpError):
    """Memory or another resource ran out."""


@_with_code(FAILED_PRECONDITION)
class FailedPreconditionError(OpError):
    """The system is not in the state that the operation needs, as when a variable has no value yet."""


@_with_code(ABORTED)
class AbortedError(OpError):
    """An operation was aborted."""


@_with_code(OUT_OF_RANGE)
class OutOfRangeError(OpError):
    """An operation went past the valid range, as past the end of a file or a data set."""


@_with_code(UNIMPLEMENTED)
class UnimplementedError(OpError):
    """The operation is not implemented."""


@_with_code(INTERNAL)
class InternalError(OpError):
    """The library itself is broken."""


@_with_code(UNAVAILABLE)
class UnavailableError(OpError):
    """The runtime is not available now."""


@_with_code(DATA_LOSS)
class DataLossError(OpError):
    """Data was lost or is corrupt."""


class InaccessibleTensorError(ValueError):
    """What was asked for can be reached in a part of the graph alone, as a branch of `tf.cond`."""


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of errors with this code.

    Raises:
      KeyError: no class has it.

    >>> exception_type_from_error_code(NOT_FOUND).__name__
    'NotFoundError'
    """
    return _CLASSES[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> Any:
    """The code of this class of errors. For a class without one it warns and gives an UnknownError, as TensorFlow does.

    >>> error_code_from_exception_type(NotFoundError)
    5
    """
    for code, known in _CLASSES.items():
        if known is cls:
            return code
    warnings.warn("Unknown class exception", stacklevel=2)
    return UnknownError(None, None, "Unknown class exception")


def raise_error(error_code: int, message: str, op: Any = None, node_def: Any = None) -> NoReturn:
    """Raise the error that has this code; an unknown code raises UnknownError.

    >>> raise_error(OUT_OF_RANGE, "End of sequence")
    Traceback (most recent call last):
    ...
    teachtf.core.errors.OutOfRangeError: End of sequence
    """
    raise _CLASSES.get(error_code, UnknownError)(node_def, op, message)


class raise_exception_on_not_ok_status:
    """A block that gives a status to fill in, and raises its error at the end where it is not OK.

    >>> with raise_exception_on_not_ok_status() as status:
    ...     status.code, status.message = NOT_FOUND, "No such file"
    Traceback (most recent call last):
    ...
    teachtf.core.errors.NotFoundError: No such file
    """

    def __init__(self) -> None:
        self.code = OK
        self.message = ""

    def __enter__(self) -> raise_exception_on_not_ok_status:
        return self

    def __exit__(self, kind: Any, *exception: Any) -> None:
        if kind is None and self.code != OK:
            raise_error(self.code, self.message)


def did_you_mean(name: Any, candidates: Iterable[Any]) -> str:
    """`" Did you mean 'x'?"` for the candidate nearest to `name`, or `""`.

    Slips of the shift key count least. Private candidates are offered only for private names.

    >>> did_you_mean("Varibale", ["Variable", "constant"])
    " Did you mean 'Variable'?"
    >>> did_you_mean("RELU", ["relu", "elu"]), did_you_mean("flot", [])
    (" Did you mean 'relu'?", '')
    """
    name = str(name)
    names = [c for c in map(str, candidates) if c != name and (not c.startswith("_") or name.startswith("_"))]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    folded = {c.casefold(): c for c in reversed(names)}
    if name.casefold() in folded:
        close = [folded[name.casefold()]]
    elif not close:
        close = [folded[c] for c in difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.7)]
    return f" Did you mean '{close[0]}'?" if close else ""


# What `tf.errors` offers: the codes, the classes and the two look-ups.
__all__ = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
    "OpError",
    "CancelledError",
    "UnknownError",
    "InvalidArgumentError",
    "DeadlineExceededError",
    "NotFoundError",
    "AlreadyExistsError",
    "PermissionDeniedError",
    "UnauthenticatedError",
    "ResourceExhaustedError",
    "FailedPreconditionError",
    "AbortedError",
    "OutOfRangeError",
    "UnimplementedError",
    "InternalError",
    "UnavailableError",
    "DataLossError",
    "exception_type_from_error_code",
    "error_code_from_exception_type",
    "raise_exception_on_not_ok_status",
]


class _NoAttribute(AttributeError):
    """An AttributeError that looks for the nearest name when it is read: `hasattr` asks often, and looking takes 30
    microseconds."""

    def __str__(self) -> str:
        asked = str(self.name)
        names = (n for n in dir(type(self.obj)) if not n.startswith("_") and n != asked)
        nearest = "" if asked.startswith("_") else did_you_mean(asked, names)
        return f"'{type(self.obj).__name__}' object has no attribute '{asked}'.{nearest}"


_NoAttribute.__name__ = _NoAttribute.__qualname__ = "AttributeError"  # as tracebacks are to say
_NoAttribute.__module__ = "builtins"


class Suggesting:
    """A base for what users hold in their hands: a misspelt attribute is answered with the nearest one."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise _NoAttribute(name=name, obj=self)
