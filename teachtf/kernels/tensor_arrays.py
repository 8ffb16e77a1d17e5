"""Kernels of tensor arrays. A handle is a `List`, made anew in each run; a flow is a number that says no more than "done"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel

DONE = np.float32(0)


def _invalid(name: str, message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, f"TensorArray {name}: {message}")


class List:
    """The elements of an array, and the arrays of the gradients by them.

    Attributes:
      adds: whether a second write to an element is added to the first: an array of gradients.
      forward: of an array of gradients, the array they belong to.
    """

    def __init__(self, name: str, dtype: Any, size: int, dynamic: bool, clear: bool, forward: List | None = None) -> None:
        self.name, self.dtype, self.dynamic, self.clear, self.forward = name, dtype, dynamic, clear, forward
        self.elements: list[Any] = [None] * size
        self.shapes: list[Any] = [None] * size  # of what was written, though it may have been read and cleared
        self.gradients: dict[bytes, List] = {}
        self.element_shape: Any = None if forward is None else forward.element_shape  # where all of it is known

    def write(self, index: int, value: Any, add: Callable[[Any, Any], Any] = np.add) -> None:
        """Put an element at its place; `add` is for a second one in an array of gradients."""
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
            self.elements[index] = add(self.elements[index], value)

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

    def read_alike(self, indices: Any) -> list[Any]:
        """Elements of one shape."""
        values = [self.read(int(i)) for i in indices]
        first = np.shape(values[0])
        for i, value in zip(indices, values, strict=True):
            if np.shape(value) != first:
                raise _invalid(
                    self.name,
                    f"TensorArray has inconsistent shapes. Index {indices[0]} has shape: {list(first)} but index {i} has "
                    f"shape: {list(np.shape(value))}",
                )
        return values

    def read_to_join(self) -> list[Any]:
        """All elements, which differ in their first axis at most."""
        values = [self.read(i) for i in range(len(self.elements))]
        for i, value in enumerate(values):
            if np.ndim(value) == 0:
                raise _invalid(self.name, f"Concat saw a scalar shape at index {i} but requires at least vectors.")
            if np.shape(value)[1:] != np.shape(values[0])[1:]:
                raise _invalid(
                    self.name,
                    "TensorArray has inconsistent shapes. Index 0 has (excepting dimension 0) shape: "
                    f"{list(np.shape(values[0])[1:])} but index {i} has (excepting dimension 0) shape: "
                    f"{list(np.shape(value)[1:])}",
                )
        return values

    def check_scatter(self, indices: Any, rows: int) -> None:
        """Refuse to write `rows` elements at the indices."""
        if len(indices) != rows:
            raise _invalid(self.name, f"Expected len(indices) == values.shape[0], but saw: {len(indices)} vs. {rows}")
        if self.dynamic is False and len(indices) and max(indices) >= len(self.elements):
            raise _invalid(self.name, f"Max scatter index must be < array size ({int(max(indices))} vs. {len(self.elements)})")

    def check_split(self, lengths: Any, shape: tuple[int, ...]) -> None:
        """Refuse to write pieces of these lengths of a value of this shape."""
        if lengths.sum() != shape[0]:
            raise _invalid(
                self.name,
                f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {lengths.sum()} and value's "
                f"shape is: {list(shape)} ",
            )
        if not self.dynamic and len(self.elements) != len(lengths):
            raise _invalid(
                self.name,
                f"TensorArray's size is not equal to the size of lengths ({len(self.elements)} vs. {len(lengths)}), and the "
                "TensorArray is not marked as dynamically resizeable",
            )


@kernel("TensorArrayV3")
def _make(op: Any) -> Call:
    name = (op._attrs["tensor_array_name"] or op.name.encode()).decode()
    dtype, dynamic, clear = op._attrs["dtype"].as_numpy_dtype, op._attrs["dynamic_size"], op._attrs["clear_after_read"]
    known = op._attrs["element_shape"]
    shape = tuple(known.as_list()) if known.is_fully_defined() else None

    def call(size: Any) -> Any:
        if size < 0:
            raise _invalid(name, f"Size should be >= 0, got {int(size)}")
        made = List(name, dtype, int(size), dynamic, clear)
        made.element_shape = shape
        return made, DONE

    return call


@kernel("TensorArrayGradV3")
def _grad(op: Any) -> Call:
    source = op._attrs["source"]

    def call(array: List, flow: Any) -> Any:
        found = array.gradients.get(source)
        if found is None:
            size, name = len(array.elements), f"{array.name}@{source.decode()}"
            found = array.gradients[source] = List(name, array.dtype, size, False, False, array)
        return found, DONE

    return call


@kernel("TensorArrayWriteV3")
def _write(op: Any) -> Call:
    def call(array: List, index: Any, value: Any, flow: Any) -> Any:
        array.write(int(index), value)
        return DONE

    return call


@kernel("TensorArrayReadV3", aliasing=True)
def _read(op: Any) -> Call:
    return lambda array, index, flow: array.read(int(index))


def row_shape(op: Any, attr: str) -> tuple[int, ...]:
    """The shape of an element, where there is none to ask."""
    return tuple(0 if d is None else d for d in op._attrs[attr].as_tuple or ())


@kernel("TensorArrayGatherV3")
def _gather(op: Any) -> Call:
    def call(array: List, indices: Any, flow: Any) -> Any:
        if not len(indices):
            return np.zeros((0, *row_shape(op, "element_shape")), array.dtype)
        return np.stack(array.read_alike(indices))

    return call


@kernel("TensorArrayScatterV3")
def _scatter(op: Any) -> Call:
    def call(array: List, indices: Any, value: Any, flow: Any) -> Any:
        array.check_scatter(indices, len(value))
        for index, row in zip(indices, value, strict=True):
            array.write(int(index), np.array(row))
        return DONE

    return call


@kernel("TensorArrayConcatV3")
def _concat(op: Any) -> Call:
    def call(array: List, flow: Any) -> Any:
        if not array.elements:
            return np.zeros((0, *row_shape(op, "element_shape_except0")), array.dtype), np.zeros(0, np.int64)
        values = array.read_to_join()
        return np.concatenate(values), np.array([len(value) for value in values], np.int64)

    return call


@kernel("TensorArraySplitV3")
def _split(op: Any) -> Call:
    def call(array: List, value: Any, lengths: Any, flow: Any) -> Any:
        array.check_split(lengths, value.shape)
        for i, piece in enumerate(np.split(value, np.cumsum(lengths)[:-1]) if len(lengths) else []):
            array.write(i, np.array(piece))
        return DONE

    return call


@kernel("TensorArraySizeV3")
def _size(op: Any) -> Call:
    return lambda array, flow: np.int32(len(array.elements))


@kernel("TensorArrayCloseV3")
def _close(op: Any) -> Call:
    return lambda array: array.elements.clear()
