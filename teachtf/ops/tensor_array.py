"""`tf.TensorArray`: a list of tensors that loops read and write. Source: TensorFlow's `tensor_array_ops`, version 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import colocate_with, control_dependencies, device, name_scope
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import fills, tensor_array_gradients
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import identity, shape

assert tensor_array_gradients  # the declarations


class TensorArray:
    """A list of tensors of one dtype, written element by element and read again, in loops above all.

    A write gives a new TensorArray, which stands for the array after the write: go on with that one.

    Args:
      dtype: of the elements.
      size: how many elements: an int or a scalar int32 tensor.
      dynamic_size: whether writes can make it longer.
      clear_after_read: whether an element can be read once only.
      tensor_array_name: a name for the array when the graph runs.
      handle, flow: those of an array that is there already.
      infer_shape: whether all elements have one shape, known from the first write.
      element_shape: the shape of the elements, as far as it is known.
      colocate_with_first_write_call: put it beside what is written first.
      name: the name of the operation.

    Raises:
      ValueError: neither `size` nor `handle`, or arguments that contradict each other.

    Source: `tf.TensorArray`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     squares = tf.TensorArray(tf.float32, size=3).unstack([1.0, 2.0, 3.0])
    ...     print(sess.run(squares.read(1)))
    2.0
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Tensor | None = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        _check_arguments(size, dynamic_size, clear_after_read, tensor_array_name, handle, element_shape)
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._dynamic_size = dynamic_size or False
        self._size = size
        self._infer_shape = infer_shape
        self._beside: list[Any] | None = [] if colocate_with_first_write_call else None
        self._element_shape = [as_shape(element_shape)]  # in a list: all states of the array learn together
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is not None:
                if flow is None:
                    raise ValueError("flow must not be None if handle is not None.")
                self._handle, self._flow = handle, flow
                return
            how = {
                "dtype": self._dtype,
                "element_shape": as_shape(element_shape),
                "identical_element_shapes": infer_shape,
                "dynamic_size": self._dynamic_size,
                "clear_after_read": True if clear_after_read is None else clear_after_read,
                "tensor_array_name": tensor_array_name or "",
            }
            if self._beside is None:
                self._handle, self._flow = apply_op("TensorArrayV3", size, **how, name=scope)
                return
            with device(None), colocate_with(None, ignore_existing=True):
                self._handle, self._flow = apply_op("TensorArrayV3", size, **how, name=scope)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """What names the array when the graph runs."""
        return self._handle

    @property
    def flow(self) -> Tensor:
        """A scalar that is there once the writes so far are done."""
        return self._flow

    @property
    def dynamic_size(self) -> bool:
        """Whether writes can make it longer."""
        return self._dynamic_size

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the shape of the elements."""
        return self._element_shape[0]

    def _parts(self) -> list[Tensor]:
        return [self._flow]

    def _with_parts(self, flow: Tensor) -> TensorArray:
        """The array after what `flow` stands for."""
        array = TensorArray.__new__(TensorArray)
        array.__dict__.update(self.__dict__)
        array._flow = flow
        return array

    def _check_element(self, shape: TensorShape) -> None:
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape} ")
        if self._infer_shape:
            self._element_shape[0] = self.element_shape.merge_with(shape)

    def _value(self, value: Any) -> Tensor:
        tensor = convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
        if tensor.dtype.base_dtype != self._dtype:
            raise ValueError(f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype {tensor.dtype.name} ")
        return tensor

    @contextmanager
    def _beside_first(self, value: Tensor) -> Iterator[None]:
        if self._beside is None:
            yield
            return
        if not self._beside:
            self._beside.append(value)
        with colocate_with(self._beside[0]):
            yield

    def identity(self) -> TensorArray:
        """The array again, behind an Identity."""
        return self._with_parts(identity(self._flow))

    def grad(self, source: str, flow: Tensor | None = None, name: str | None = None) -> TensorArray:
        """The array of the gradients by its elements, of the call of `tf.gradients` called `source`."""
        flow = self._flow if flow is None else flow
        with name_scope(name, "TensorArrayGrad", [self._handle]), colocate_with(self._handle):
            handle, _ = apply_op("TensorArrayGradV3", self._handle, flow, source=source, name=name)
            with control_dependencies([handle]):
                flow = identity(flow, name="gradient_flow")
            array = TensorArray(
                self._dtype, handle=handle, flow=flow, infer_shape=self._infer_shape, colocate_with_first_write_call=False
            )
            array._element_shape = self._element_shape
            return array

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """Element `index`, a scalar int32."""
        value: Tensor = apply_op("TensorArrayReadV3", self._handle, index, self._flow, dtype=self._dtype, name=name)
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with `value` as element `index`."""
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            tensor = self._value(value)
            self._check_element(tensor.shape)
            with self._beside_first(tensor):
                flow = apply_op("TensorArrayWriteV3", self._handle, index, tensor, self._flow, name=name)
            return self._with_parts(flow)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, one above the other."""
        with colocate_with(self._handle), name_scope(name, "TensorArrayStack", [self._handle]):
            value = self.gather(fills.range(0, self.size()), name=name)
            if self.element_shape.ndims is not None and not self._dynamic_size and self._size is not None:
                count = static.constant_value(self._size) if isinstance(self._size, Tensor) else self._size
                value.set_shape([None if count is None else int(count), *self.element_shape.as_list()])
            return value

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements `indices`, one above the other."""
        value: Tensor = apply_op(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            dtype=self._dtype,
            element_shape=self.element_shape,
            name=name,
        )
        if self.element_shape.ndims is not None:
            value.set_shape([None, *self.element_shape.as_list()])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements joined along their first axis, in which they may differ."""
        known = self.element_shape
        value, _ = apply_op(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            dtype=self._dtype,
            element_shape_except0=known[1:],
            name=name,
        )
        if known.ndims is not None:
            size = static.constant_value(self.size()) if self._infer_shape else None
            first = known.as_list()[0]
            rows = None if size is None or first is None else int(size) * first
            value.set_shape([rows, *known.as_list()[1:]])
        return value

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array with the rows of `value` as its elements."""
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = shape(value)[0]
            return self.scatter(indices=fills.range(0, count), value=value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with the rows of `value` as its elements `indices`."""
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            tensor = self._value(value)
            self._check_element(tensor.shape[1:])
            with self._beside_first(tensor):
                flow = apply_op("TensorArrayScatterV3", self._handle, indices, tensor, self._flow, name=name)
            return self._with_parts(flow)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array with pieces of `value`, of these lengths, as its elements."""
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            tensor = convert_to_tensor(value, dtype=self._dtype, name="value")
            with self._beside_first(tensor):
                sizes = cast(lengths, dtypes.int64)
                known = static.constant_value(sizes)
                if tensor.shape.ndims is not None and known is not None and known.shape and known.max() == known.min():
                    self._check_element(as_shape([int(known[0])]).concatenate(tensor.shape[1:]))
                flow = apply_op("TensorArraySplitV3", self._handle, tensor, sizes, self._flow, name=name)
            return self._with_parts(flow)

    def size(self, name: str | None = None) -> Tensor:
        """How many elements there are, a scalar int32."""
        if not self._dynamic_size and self._size is not None:
            return convert_to_tensor(self._size, dtype=dtypes.int32)
        return apply_op("TensorArraySizeV3", self._handle, self._flow, name=name)

    def close(self, name: str | None = None) -> Any:
        """An operation that gives up the elements."""
        return apply_op("TensorArrayCloseV3", self._handle, name=name)


def _check_arguments(size: Any, dynamic: Any, clear: Any, array_name: Any, handle: Any, element_shape: Any) -> None:
    if handle is None:
        if size is None:
            raise ValueError("Argument `size` must be provided if handle is not provided.")
        return
    if array_name:
        raise ValueError("Cannot provide both `handle` and `tensor_array_name` arguments at the same time.")
    if not isinstance(handle, Tensor):
        raise TypeError(f"Expected `handle` to be a Tensor, but got `{handle}` of type `{type(handle)}` instead.")
    given = {"size": size, "element_shape": element_shape, "dynamic_size": dynamic, "clear_after_read": clear}
    for argument, value in given.items():
        if value is not None:
            raise ValueError(f"Cannot provide both `handle` and `{argument}` arguments at the same time.")
