"""Kernels of tensor arrays. A handle is a `_List`, made anew in each run; a flow is a number that says no more than "done"."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel

_DONE = np.float32(0)


def _invalid(name: str, message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, f"TensorArray {name}: {message}")


class _List:
    """The elements of an array, and the arrays of the gradients by them.

    Attributes:
      adds: whether a second write to an element is added to the first: an array of gradients.
      forward: of an array of gradients, the array they belong to.
    """

    def __init__(self, name: str, dtype: Any, size: int, dynamic: bool, clear: bool, forward: _List | None = None) -> None:
        self.name, self.dtype, self.dynamic, self.clear, self.forward = name, dtype, dynamic, clear, forward
        self.elements: list[Any] = [None] * size
        self.shapes: list[Any] = [None] * size  # of what was written, though it may have been read and cleared
        self.gradients: dict[bytes, _List] = {}
        self.element_shape: Any = None if forward is None else forward.element_shape  # where all of it is known

    def write(self, index: int, value: Any) -> None:
        if index < 0 or (index >= len(self.elements) and not self.dynamic):
            fixed = "" if self.dynamic else " but array is not resizeable and size is: " + str(len(self.elements))
            raise _invalid(self.name, f"Tried to write to index {index}{fixed}")
        while index >= len(self.elements):
            self.elements.append(None)
            self.shapes.append(None)
        if self.shapes[index] is None:
            self.elements[index], self.shapes[index] = value, np.shape(value)
        elif self.forward is None:
            raise _invalid(self.name, f"Could not write to TensorArray index {index} because it has already been written to.")
        elif self.elements[index] is None:
            raise _invalid(self.name, f"Could not write to TensorArray index {index} because it has already been read.")
        else:
            self.elements[index] = np.add(self.elements[index], value)

    def _forward_shape(self, index: int) -> Any:
        assert self.forward is not None
        written = self.forward.shapes[index]
        return self.element_shape if written is None else written

    def read(self, index: int) -> Any:
        if not 0 <= index < len(self.elements):
            raise _invalid(self.name, f"Tried to read from index {index} but array size is: {len(self.elements)}")
        value = self.elements[index]
        if value is None:
            if self.shapes[index] is not None:
                raise _invalid(
                    self.name,
                    f"Could not read index {index} twice because it was cleared after a previous read (perhaps try setting "
                    "clear_after_read = false?).",
                )
            shape = self.element_shape if self.forward is None else self._forward_shape(index)
            if shape is None:
                raise _invalid(self.name, f"Could not read from TensorArray index {index}: it has not been written to.")
            return np.zeros(shape, self.dtype)  # nothing was written, or nothing depended on that element
        if self.clear:
            self.elements[index] = None
        return value


@kernel("TensorArrayV3")
def _make(op: Any) -> Call:
    name = (op._attrs["tensor_array_name"] or op.name.encode()).decode()
    dtype, dynamic, clear = op._attrs["dtype"].as_numpy_dtype, op._attrs["dynamic_size"], op._attrs["clear_after_read"]
    known = op._attrs["element_shape"]
    shape = tuple(known.as_list()) if known.is_fully_defined() else None

    def call(size: Any) -> Any:
        if size < 0:
            raise _invalid(name, f"Size should be >= 0, got {int(size)}")
        made = _List(name, dtype, int(size), dynamic, clear)
        made.element_shape = shape
        return made, _DONE

    return call


@kernel("TensorArrayGradV3")
def _grad(op: Any) -> Call:
    source = op._attrs["source"]

    def call(array: _List, flow: Any) -> Any:
        found = array.gradients.get(source)
        if found is None:
            size, name = len(array.elements), f"{array.name}@{source.decode()}"
            found = array.gradients[source] = _List(name, array.dtype, size, False, False, array)
        return found, _DONE

    return call


@kernel("TensorArrayWriteV3")
def _write(op: Any) -> Call:
    def call(array: _List, index: Any, value: Any, flow: Any) -> Any:
        array.write(int(index), value)
        return _DONE

    return call


@kernel("TensorArrayReadV3", aliasing=True)
def _read(op: Any) -> Call:
    return lambda array, index, flow: array.read(int(index))


def _row_shape(op: Any, attr: str) -> tuple[int, ...]:
    """The shape of an element, where there is none to ask."""
    return tuple(0 if d is None else d for d in op._attrs[attr].as_tuple or ())


@kernel("TensorArrayGatherV3")
def _gather(op: Any) -> Call:
    def call(array: _List, indices: Any, flow: Any) -> Any:
        if not len(indices):
            return np.zeros((0, *_row_shape(op, "element_shape")), array.dtype)
        values = [array.read(int(i)) for i in indices]
        first = np.shape(values[0])
        for i, value in zip(indices, values, strict=True):
            if np.shape(value) != first:
                raise _invalid(
                    array.name,
                    f"TensorArray has inconsistent shapes. Index {indices[0]} has shape: {list(first)} but index {i} has "
                    f"shape: {list(np.shape(value))}",
                )
        return np.stack(values)

    return call


@kernel("TensorArrayScatterV3")
def _scatter(op: Any) -> Call:
    def call(array: _List, indices: Any, value: Any, flow: Any) -> Any:
        if len(indices) != len(value):
            raise _invalid(array.name, f"Expected len(indices) == values.shape[0], but saw: {len(indices)} vs. {len(value)}")
        if array.dynamic is False and len(indices) and max(indices) >= len(array.elements):
            raise _invalid(
                array.name, f"Max scatter index must be < array size ({int(max(indices))} vs. {len(array.elements)})"
            )
        for index, row in zip(indices, value, strict=True):
            array.write(int(index), np.array(row))
        return _DONE

    return call


@kernel("TensorArrayConcatV3")
def _concat(op: Any) -> Call:
    def call(array: _List, flow: Any) -> Any:
        if not array.elements:
            return np.zeros((0, *_row_shape(op, "element_shape_except0")), array.dtype), np.zeros(0, np.int64)
        values = [array.read(i) for i in range(len(array.elements))]
        for i, value in enumerate(values):
            if np.ndim(value) == 0:
                raise _invalid(array.name, f"Concat saw a scalar shape at index {i} but requires at least vectors.")
            if np.shape(value)[1:] != np.shape(values[0])[1:]:
                raise _invalid(
                    array.name,
                    "TensorArray has inconsistent shapes. Index 0 has (excepting dimension 0) shape: "
                    f"{list(np.shape(values[0])[1:])} but index {i} has (excepting dimension 0) shape: "
                    f"{list(np.shape(value)[1:])}",
                )
        return np.concatenate(values), np.array([len(value) for value in values], np.int64)

    return call


@kernel("TensorArraySplitV3")
def _split(op: Any) -> Call:
    def call(array: _List, value: Any, lengths: Any, flow: Any) -> Any:
        if lengths.sum() != len(value):
            raise _invalid(
                array.name,
                f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {lengths.sum()} and value's "
                f"shape is: {list(value.shape)} ",
            )
        if not array.dynamic and len(array.elements) != len(lengths):
            raise _invalid(
                array.name,
                f"TensorArray's size is not equal to the size of lengths ({len(array.elements)} vs. {len(lengths)}), and the "
                "TensorArray is not marked as dynamically resizeable",
            )
        for i, piece in enumerate(np.split(value, np.cumsum(lengths)[:-1]) if len(lengths) else []):
            array.write(i, np.array(piece))
        return _DONE

    return call


@kernel("TensorArraySizeV3")
def _size(op: Any) -> Call:
    return lambda array, flow: np.int32(len(array.elements))


@kernel("TensorArrayCloseV3")
def _close(op: Any) -> Call:
    return lambda array: array.elements.clear()
