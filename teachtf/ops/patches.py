"""Patches of images, and slices stacked in parallel."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import expand_dims, reshape, shape
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import unstack
from teachtf.ops.rearranging import transpose


def patches_along(size: int, kernel: int, stride: int, rate: int, padding: bytes) -> int:
    """How many patches there are along an axis.

    Raises:
      ValueError: the axis lacks more than a stride.
    """
    reach = (kernel - 1) * rate + 1
    if padding == b"SAME":
        return -(-size // stride)
    if reach > size + stride:
        raise ValueError(f"Computed output size would be negative: {(size - reach + stride) // stride}")
    return (size - reach + stride) // stride


def _patches_shape(op: Any) -> list[TensorShape]:
    batch, height, width, depth = shapes.require_rank(op._inputs[0], 4)
    attrs = op._attrs
    for name in ("ksizes", "strides", "rates"):
        if len(attrs[name]) != 4:
            raise ValueError(
                f"ExtractImagePatches requires the {name} attribute to contain 4 values, but got: {len(attrs[name])}"
            )
    found: list[int | None] = []
    for axis, size in ((1, height), (2, width)):
        kernel, stride, rate = (attrs[name][axis] for name in ("ksizes", "strides", "rates"))
        found.append(None if size is None else patches_along(size, kernel, stride, rate, attrs["padding"]))
    if None in found:
        found = [None, None]
    whole = None if depth is None else depth * attrs["ksizes"][1] * attrs["ksizes"][2]
    return [shapes.shape_of([batch, *found, whole])]


def _patches_gradient(op: Any, grad: Any) -> list[Any]:
    """Each pixel's number goes through the same patches, and says where each gradient belongs."""
    from teachtf.ops.segments import dense_rows, unsorted_segment_sum

    attrs = {name: op.get_attr(name) for name in ("ksizes", "strides", "rates", "padding")}
    batch, rows, columns, channels = unstack(shape(op.inputs[0], out_type=dtypes.int64))
    out_rows, out_columns = unstack(shape(op.outputs[0], out_type=dtypes.int64)[1:3])
    _, high, wide, _ = attrs["ksizes"]
    count = rows * columns
    numbers = reshape(range_(1, count + 1, dtype=dtypes.float32), (1, rows, columns, 1))
    numbers = cast(apply_op("ExtractImagePatches", numbers, **attrs), dtypes.int64)
    apart = reshape(dense_rows(grad), (batch, out_rows, out_columns, high, wide, channels))
    flat = reshape(transpose(apart, (1, 2, 3, 4, 0, 5)), (-1, batch * channels))
    summed = unsorted_segment_sum(flat, reshape(numbers, [-1]) - 1, num_segments=count)
    return [transpose(reshape(summed, (rows, columns, batch, channels)), (2, 0, 1, 3))]


declare(
    "ExtractImagePatches",
    inputs="images: T",
    outputs="patches: T",
    attrs="ksizes: list(int) >= 4, strides: list(int) >= 4, rates: list(int) >= 4, T: {bfloat16, half, float, double, int8, "
    "int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128, bool}, padding: {'SAME', 'VALID'}",
    shape=_patches_shape,
    gradient=_patches_gradient,
)


def _parallel_shape(op: Any) -> list[TensorShape]:
    result = op._attrs["shape"]
    dims = result.as_tuple
    if dims is None or None in dims:
        raise ValueError("shape attr must be fully defined.")
    for tensor in op._inputs:
        given = tensor._shape.as_tuple
        if given is None or None in given:
            raise ValueError("All input shapes must be fully defined.")
        if given != (1, *dims[1:]):
            raise ValueError(f"All inputs must be of shape {[1, *dims[1:]]}, one is {list(given)}")
    return [result]


declare(
    "ParallelConcat",
    inputs="values: N * T",
    outputs="output: T",
    attrs="N: int >= 1, T: type, shape: shape",
    shape=_parallel_shape,
)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    sizes: Any = None,
) -> Tensor:
    """The patches of images, laid out in the channels.

    Args:
      images: [batch, height, width, channels].
      ksizes: the size of a patch: [1, rows, columns, 1]. Also called `sizes`.
      strides: how far patches are apart: [1, rows, columns, 1].
      rates: how far pixels of a patch are apart: [1, rows, columns, 1].
      padding: "SAME" or "VALID".
      name: the operation's name.
      sizes: see `ksizes`.

    Returns:
      [batch, rows of patches, columns of patches, rows * columns * channels].

    Raises:
      ValueError: a patch is too large for the images, or a list is not of length 4.

    Source: `tf.extract_image_patches`.
    """
    ksizes = list(renamed("sizes", sizes, "ksizes", ksizes))
    return apply_op(
        "ExtractImagePatches", images, ksizes=ksizes, strides=list(strides), rates=list(rates), padding=padding, name=name
    )


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """`tf.stack` along the first axis, of values whose shapes are known: each is put in place as it comes.

    Raises:
      ValueError: a shape is not known, or they differ.

    Source: `tf.parallel_stack`.
    """
    with name_scope(name):
        first = convert_to_tensor(values[0])
        whole = TensorShape([len(values)]).concatenate(first.shape)
        return apply_op("ParallelConcat", [expand_dims(value, 0) for value in values], shape=whole)
