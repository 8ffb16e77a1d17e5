"""Blocks of space moved into the batch or into the channels, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.fills import zeros
from teachtf.ops.joining import stack

# --- blocks and channels ---------------------------------------------------------------------------------------------


def _axes(op: Any) -> tuple[list[int], int]:
    """The two axes of space, and that of the channels."""
    if op._attrs["data_format"] == b"NHWC":
        return [1, 2], 3
    if op._attrs["data_format"] == b"NCHW":
        return [2, 3], 1
    raise ValueError(f"{op.type} takes the data formats NHWC and NCHW here: NCHW_VECT_C is for quantized types on a GPU")


def _space_to_depth_shape(op: Any) -> list[TensorShape]:
    dims, block = list(shapes.require_rank(op._inputs[0], 4)), op._attrs["block_size"]
    space, channel = _axes(op)
    for axis in space:
        dims[axis] = shapes.divided(dims[axis], block)
    depth = dims[channel]
    dims[channel] = None if depth is None else depth * block * block
    return [shapes.shape_of(dims)]


def _depth_to_space_shape(op: Any) -> list[TensorShape]:
    dims, block = list(shapes.require_rank(op._inputs[0], 4)), op._attrs["block_size"]
    space, channel = _axes(op)
    for axis in space:
        size = dims[axis]
        dims[axis] = None if size is None else size * block
    dims[channel] = shapes.divided(dims[channel], block * block)
    return [shapes.shape_of(dims)]


def _inverse(op_type: str) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        return [apply_op(op_type, grad, block_size=op.get_attr("block_size"), data_format=op.get_attr("data_format"))]

    return gradient


for _name, _shape, _other in (
    ("SpaceToDepth", _space_to_depth_shape, "DepthToSpace"),
    ("DepthToSpace", _depth_to_space_shape, "SpaceToDepth"),
):
    declare(
        _name,
        inputs="input: T",
        outputs="output: T",
        attrs="T: type, block_size: int >= 2, data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'",
        shape=_shape,
        gradient=_inverse(_other),
    )


# --- blocks and batches ----------------------------------------------------------------------------------------------


def _block_input(op: Any) -> tuple[list[int | None] | None, list[int] | None, Any, int]:
    """The input's dimensions, the blocks and the borders as far as they are known, and the number of block axes."""
    blocks_dims, borders_dims = shapes.require_rank(op._inputs[1], 1), shapes.require_rank(op._inputs[2], 2)
    number = shapes.merge_dim(blocks_dims[0], borders_dims[0])
    shapes.merge_dim(borders_dims[1], 2)
    if number is None:
        raise ValueError("block_shape must have known size.")
    dims = op._inputs[0]._shape.as_tuple
    if dims is not None and len(dims) < number + 1:
        raise ValueError(f"Shape must be at least rank {number + 1} but is rank {len(dims)}")
    blocks, borders = (static.constant_value(t) for t in op._inputs[1:])
    if blocks is not None and (blocks < 1).any():
        raise ValueError(f"block_shape must be positive, is {blocks.tolist()}")
    if borders is not None and (borders < 0).any():
        raise ValueError(f"{op._inputs[2]._op.name} cannot be negative, is {borders.tolist()}")
    return None if dims is None else list(dims), None if blocks is None else blocks.tolist(), borders, number


def _space_to_batch_shape(op: Any) -> list[TensorShape]:
    dims, blocks, borders, number = _block_input(op)
    if dims is None:
        return [unknown_shape()]
    batch = dims[0]
    dims[0] = None if batch is None or blocks is None else batch * int(np.prod(blocks))
    for i in range(number):
        size = dims[i + 1]
        known = size is not None and blocks is not None and borders is not None
        dims[i + 1] = shapes.divided(size + int(borders[i].sum()), blocks[i]) if known else None  # type: ignore[operator,index]
    return [shapes.shape_of(dims)]


def _batch_to_space_shape(op: Any) -> list[TensorShape]:
    dims, blocks, borders, number = _block_input(op)
    if dims is None:
        return [unknown_shape()]
    dims[0] = None if blocks is None else shapes.divided(dims[0], int(np.prod(blocks)))
    for i in range(number):
        size = dims[i + 1]
        if size is None or blocks is None or borders is None:
            dims[i + 1] = None
            continue
        left = size * blocks[i] - int(borders[i].sum())
        if left < 0:
            raise ValueError(f"Negative dimension size caused by subtracting {borders[i].sum()} from {size * blocks[i]}")
        dims[i + 1] = left
    return [shapes.shape_of(dims)]


declare(
    "SpaceToBatchND",
    inputs="input: T, block_shape: Tblock_shape, paddings: Tpaddings",
    outputs="output: T",
    attrs="T: type, Tblock_shape: {int32, int64} = DT_INT32, Tpaddings: {int32, int64} = DT_INT32",
    shape=_space_to_batch_shape,
    gradient=lambda op, grad: [batch_to_space_nd(grad, *op.inputs[1:]), None, None],
)
declare(
    "BatchToSpaceND",
    inputs="input: T, block_shape: Tblock_shape, crops: Tcrops",
    outputs="output: T",
    attrs="T: type, Tblock_shape: {int32, int64} = DT_INT32, Tcrops: {int32, int64} = DT_INT32",
    shape=_batch_to_space_shape,
    gradient=lambda op, grad: [space_to_batch_nd(grad, *op.inputs[1:]), None, None],
)


# --- public functions ------------------------------------------------------------------------------------------------


def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Each block of `block_size` x `block_size` pixels as one pixel with the channels of all.

    Args:
      input: [batch, height, width, channels].
      block_size: at least 2; it divides height and width.
      name: the operation's name.
      data_format: "NHWC", or "NCHW" for channels second.

    Raises:
      ValueError: the blocks do not fit.

    Source: `tf.space_to_depth`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.space_to_depth([[[[1], [2]], [[3], [4]]]], 2)))
    [[[[1 2 3 4]]]]
    """
    return apply_op("SpaceToDepth", input, block_size=block_size, data_format=data_format, name=name)


def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Channels laid out as blocks of pixels: the inverse of `space_to_depth`. Source: `tf.depth_to_space`."""
    return apply_op("DepthToSpace", input, block_size=block_size, data_format=data_format, name=name)


def space_to_batch_nd(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """Every block_shape[i]-th element along axis i + 1 as an element of the batch, for each place in a block.

    Args:
      input: [batch, *space, ...].
      block_shape: a vector, the size of a block along each axis of space.
      paddings: [axes of space, 2]: how many zeros come before and behind.
      name: the operation's name.

    Raises:
      ValueError: the blocks do not fit the padded input.

    Source: `tf.space_to_batch_nd`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.space_to_batch_nd([[1, 2, 3, 4]], [2], [[0, 0]])))
    [[1 3]
     [2 4]]
    """
    return apply_op("SpaceToBatchND", input, block_shape, paddings, name=name)


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """The inverse of `space_to_batch_nd`; `crops` are cut off instead of padded. Source: `tf.batch_to_space_nd`."""
    return apply_op("BatchToSpaceND", input, block_shape, crops, name=name)


def _square(block_size: Any) -> np.ndarray:
    return np.array([block_size, block_size], dtype=np.int64)


def space_to_batch(
    input: Any, paddings: Any, block_size: Any = None, name: str | None = None, block_shape: Any = None
) -> Tensor:
    """`space_to_batch_nd` of images with square blocks. Source: `tf.space_to_batch`."""
    size = renamed("block_shape", block_shape, "block_size", block_size)
    result = space_to_batch_nd(input, _square(size), paddings, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


def batch_to_space(input: Any, crops: Any, block_size: Any, name: str | None = None, block_shape: Any = None) -> Tensor:
    """`batch_to_space_nd` of images with square blocks. Source: `tf.batch_to_space`."""
    size = renamed("block_shape", block_shape, "block_size", block_size)
    result = batch_to_space_nd(input, _square(size), crops, name=name)
    result.set_shape(result.shape.with_rank(4))
    return result


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The least paddings with which blocks fit, and the crops that undo what was added.

    Args:
      input_shape: a vector, the sizes along the axes of space.
      block_shape: a vector of that length, the size of a block.
      base_paddings: [axes of space, 2], the paddings that there must be at least; 0 by default.
      name: the operations' name scope.

    Returns:
      Paddings for `space_to_batch_nd` and crops for `batch_to_space_nd`.

    Raises:
      ValueError: the lengths are not known or differ.

    Source: `tf.required_space_to_batch_paddings`.
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        sizes: Any = convert_to_tensor(input_shape, dtypes.int32, name="input_shape")
        blocks: Any = convert_to_tensor(block_shape, dtypes.int32, name="block_shape")
        blocks.shape.assert_is_fully_defined()
        blocks.shape.assert_has_rank(1)
        number = blocks.shape.as_list()[0]
        if number == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        sizes.shape.assert_is_compatible_with([number])
        if base_paddings is None:
            base: Any = zeros([number, 2], dtypes.int32)
        else:
            base = convert_to_tensor(base_paddings, dtypes.int32, name="base_paddings")
            base.shape.assert_is_compatible_with([number, 2])
        known = [static.constant_value(t) for t in (blocks, sizes, base)]
        if all(v is not None for v in known):
            blocks, sizes, base = known
        before, behind = base[:, 0], base[:, 1]
        more = (blocks - (sizes + before + behind) % blocks) % blocks
        behind = behind + more
        paddings = stack([[before[i], behind[i]] for i in range(number)], name="paddings")
        return paddings, stack([[0, more[i]] for i in range(number)], name="crops")
