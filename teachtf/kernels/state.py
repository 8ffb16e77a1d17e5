"""Kernels that hold and change variables, and those that choose between values.

A variable's array is written to only where nobody else holds it (`Cell.own`), so a value that was read or fetched stays
what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.static import strided_slice_index
from teachtf.kernels.registry import Call, Cell, State, kernel, stateful_kernel


class _Dead:
    """The value on the side of a Switch that was not taken."""

    def read(self) -> _Dead:
        """Itself: a reference that no branch gave reads as no value."""
        return self

    def __repr__(self) -> str:
        return "DEAD"


DEAD = _Dead()


@stateful_kernel("VariableV2", "Variable")
def _variable(op: Any, state: State) -> Call:
    name = (op._attrs["shared_name"] or op.name.encode()).decode()
    cell = state.cell(name)
    return lambda: cell


@kernel("IsVariableInitialized")
def _is_initialized(op: Any) -> Call:
    return lambda cell: np.bool_(cell.value is not None)


@kernel("Assign", aliasing=True)
def _assign(op: Any) -> Call:
    validate = op._attrs["validate_shape"]
    shape = op.inputs[0].shape

    def call(cell: Cell, value: Any) -> Cell:
        if validate and not shape.is_compatible_with(np.shape(value)):
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Assign requires shapes of both tensors to match. lhs shape= {shape} rhs shape= {list(np.shape(value))}",
            )
        cell.value = np.asarray(value)
        return cell

    return call


_IN_PLACE = 1 << 10  # elements from which it pays to ask whether an array may be written to


def _update(function: Callable[..., Any]) -> Callable[[Any], Call]:
    def factory(op: Any) -> Call:
        def call(cell: Cell, value: Any) -> Cell:
            old = cell.read()
            if np.shape(old) != np.shape(value):
                raise errors.InvalidArgumentError(
                    None, None, f"Incompatible shapes: variable {list(old.shape)}, value {list(np.shape(value))}"
                )
            if old.size < _IN_PLACE:
                cell.value = np.asarray(function(old, value))
                return cell
            del old
            new = cell.own()
            cell.value = function(new, value, out=new)
            return cell

        return call

    return factory


kernel("AssignAdd", aliasing=True)(_update(np.add))
kernel("AssignSub", aliasing=True)(_update(np.subtract))


def _true_divide(x: Any, indices: Any, updates: Any) -> None:
    np.divide.at(x, indices, updates) if x.dtype.kind in "fc" else np.floor_divide.at(x, indices, updates)


def _put(x: Any, indices: Any, updates: Any) -> None:
    x[indices] = updates


_SCATTER: dict[str, Callable[[Any, Any, Any], None]] = {
    "ScatterUpdate": _put,
    "ScatterAdd": np.add.at,
    "ScatterSub": np.subtract.at,
    "ScatterMul": np.multiply.at,
    "ScatterDiv": _true_divide,
    "ScatterMin": np.minimum.at,
    "ScatterMax": np.maximum.at,
}


@kernel(*_SCATTER, aliasing=True)
def _scatter(op: Any) -> Call:
    function = _SCATTER[op.type]

    def call(cell: Cell, indices: Any, updates: Any) -> Cell:
        old = cell.read()
        flat = np.ravel(indices)
        if flat.size and (flat.min() < 0 or flat.max() >= old.shape[0]):
            at = int(np.argmax((flat < 0) | (flat >= old.shape[0])))
            raise errors.InvalidArgumentError(None, None, f"indices[{at}] = {flat[at]} is not in [0, {old.shape[0]})")
        del old
        new = cell.own()
        function(new, indices, updates)
        cell.value = new
        return cell

    return call


_SCATTER_ND: dict[str, Callable[[Any, Any, Any], None]] = {
    "ScatterNdUpdate": _put,
    "ScatterNdAdd": np.add.at,
    "ScatterNdSub": np.subtract.at,
    "ScatterNdMin": np.minimum.at,
    "ScatterNdMax": np.maximum.at,
}


@kernel(*_SCATTER_ND, aliasing=True)
def _scatter_nd(op: Any) -> Call:
    function = _SCATTER_ND[op.type]

    def call(cell: Cell, indices: Any, updates: Any) -> Cell:
        old = cell.read()
        indices = np.asarray(indices)
        depth = indices.shape[-1]
        if not depth and indices.shape[0]:
            raise errors.InvalidArgumentError(
                None, None, f"Indices and updates specified for empty output.  indices shape: {list(indices.shape)}"
            )
        limits = np.array(old.shape[:depth], indices.dtype)
        outside = ((indices < 0) | (indices >= limits)).any(axis=-1)
        if outside.any():
            at = np.unravel_index(int(outside.argmax()), outside.shape)
            raise errors.InvalidArgumentError(
                None,
                None,
                f"indices{[int(i) for i in at]} = {indices[at].tolist()} does not index into shape {list(old.shape)}",
            )
        del old
        new = cell.own()
        function(new, tuple(np.moveaxis(indices, -1, 0)), updates)
        cell.value = new
        return cell

    return call


@kernel("StridedSliceAssign", aliasing=True)
def _strided_slice_assign(op: Any) -> Call:
    def call(cell: Cell, begin: Any, end: Any, strides: Any, value: Any) -> Cell:
        new = cell.own()
        index = strided_slice_index(op, begin, end, strides)
        try:
            part = new[index]
            if np.shape(value) != part.shape:
                np.broadcast_to(value, part.shape)
            new[index] = value
        except (IndexError, ValueError) as error:
            raise errors.InvalidArgumentError(None, None, f"slice of a variable cannot be assigned: {error}") from None
        cell.value = new
        return cell

    return call


@kernel("CountUpTo")
def _count_up_to(op: Any) -> Call:
    limit = op._attrs["limit"]

    def call(cell: Cell) -> Any:
        old = cell.read()
        if old >= limit:
            raise errors.OutOfRangeError(None, None, f"Reached limit of {limit}")
        cell.value = np.asarray(old + old.dtype.type(1))
        return old

    return call


@kernel("NoOp", "ControlTrigger")
def _no_op(op: Any) -> Call:
    return lambda: None


@kernel("Switch", "RefSwitch", aliasing=True)
def _switch(op: Any) -> Call:
    return lambda data, pred: (DEAD, data) if pred else (data, DEAD)


@kernel("Merge", "RefMerge", aliasing=True)
def _merge(op: Any) -> Call:
    def call(*inputs: Any) -> Any:
        for i, value in enumerate(inputs):
            if value is not DEAD:
                return value, np.int32(i)
        return DEAD, DEAD

    return call


def _shown(values: Any, summarize: int) -> str:
    flat = np.ravel(values)
    text = " ".join(repr(v.decode()) if isinstance(v, bytes) else str(v) for v in flat[:summarize].tolist())
    return f"[{text}{'...' if flat.size > summarize >= 0 else ''}]"


@kernel("Assert")
def _assert(op: Any) -> Call:
    summarize = op._attrs["summarize"]

    def call(condition: Any, *data: Any) -> None:
        if not condition:
            shown = " ".join(_shown(d, summarize) for d in data)
            raise errors.InvalidArgumentError(None, None, f"assertion failed: {shown}")

    return call


@stateful_kernel("Print", aliasing=True)
def _print(op: Any, state: State) -> Call:
    import sys

    message, first, summarize = op._attrs["message"].decode(), op._attrs["first_n"], op._attrs["summarize"]

    def call(value: Any, *data: Any) -> Any:
        count = state.resources.get(op.name, 0)
        if first < 0 or count < first:
            state.resources[op.name] = count + 1
            print(message + "".join(_shown(d, summarize) for d in data), file=sys.stderr)
        return value

    return call
