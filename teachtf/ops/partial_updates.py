"""Changes of some elements of a variable: at indices into several axes, in batches, and in slices."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import expand_dims, reshape, shape
from teachtf.ops.fills import ones_like
from teachtf.ops.joining import concat
from teachtf.ops.variables import check_mutable
from teachtf.platform import log


def _scatter_nd_shape(op: Any) -> list[TensorShape]:
    """The variable's shape, after a look at whether `updates` is what `indices` ask for."""
    ref, indices, updates = (t._shape for t in op._inputs)
    dims, index, given = ref.as_tuple, indices.as_tuple, updates.as_tuple
    if dims is None or index is None or given is None:
        return [ref]
    if not index:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    outer, depth = index[:-1], index[-1]
    if 0 in dims and 0 not in index and 0 not in given:
        raise ValueError(
            f"Indices and updates specified for empty output. indices shape: {indices._brief()}, updates shape: "
            f"{updates._brief()}"
        )
    if depth is None:
        return [ref]
    head, tail, inner = given[: len(outer)], given[len(outer) :], dims[depth:]
    if len(given) < len(outer) or any(None not in (a, b) and a != b for a, b in zip(outer, head, strict=False)):
        raise ValueError(
            f"Dimensions [0,{len(outer)}) of indices[shape={indices._brief()}] = {TensorShape(outer)._brief()} must match "
            f"dimensions [0,{len(outer)}) of updates[shape={updates._brief()}] = {TensorShape(head)._brief()}"
        )
    if len(tail) != len(inner) or any(None not in (a, b) and a != b for a, b in zip(inner, tail, strict=True)):
        raise ValueError(
            f"Dimensions [{depth},{len(dims)}) of input[shape={ref._brief()}] = {TensorShape(inner)._brief()} must match "
            f"dimensions [{len(outer)},{len(given)}) of updates[shape={updates._brief()}] = {TensorShape(tail)._brief()}"
        )
    return [ref]


for _name in ("ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub", "ScatterNdMin", "ScatterNdMax"):
    _types, _lock = ("type", "true") if _name == "ScatterNdUpdate" else ("numbertype", "false")
    declare(
        _name,
        inputs="ref: Ref(T), indices: Tindices, updates: T",
        outputs="output_ref: Ref(T)",
        attrs=f"T: {_types}, Tindices: {{int32, int64}}, use_locking: bool = {_lock}, bad_indices_policy: string = ''",
        shape=_scatter_nd_shape,
        gradient=NO_GRADIENT,
    )
declare(
    "StridedSliceAssign",
    inputs="ref: Ref(T), begin: Index, end: Index, strides: Index, value: T",
    outputs="output_ref: Ref(T)",
    attrs="T: type, Index: {int32, int64}, begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, "
    "new_axis_mask: int = 0, shrink_axis_mask: int = 0",
    shape=shapes.unchanged,
    gradient=NO_GRADIENT,
)


def scatter_nd_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Tensor:
    """Put `updates` into variable `ref`.

    Args:
      ref: a variable of rank P.
      indices: int32 or int64, of shape [..., K]: the last axis is an index into the first K axes of `ref`.
      updates: of shape `indices.shape[:-1] + ref.shape[K:]`.
      use_locking: accepted; an update is always whole here.
      name: the operation's name.

    Returns:
      The variable after the change, as a reference.

    Raises:
      ValueError: the shapes do not fit.
      tf.errors.InvalidArgumentError: in a run, an index is out of bounds.

    Source: `tf.scatter_nd_update`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     v = tf.Variable([1, 2, 3, 4])
    ...     changed = tf.scatter_nd_update(v, [[3], [1]], [9, 7])
    ...     sess.run(v.initializer)
    ...     print(sess.run(changed))
    [1 7 3 9]
    """
    check_mutable(ref, "scatter_nd_update")
    return apply_op("ScatterNdUpdate", ref, indices, updates, use_locking=use_locking, name=name)


def scatter_nd_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Add `updates` to elements of variable `ref`; arguments as of `scatter_nd_update`. Source: `tf.scatter_nd_add`."""
    check_mutable(ref, "scatter_nd_add")
    return apply_op("ScatterNdAdd", ref, indices, updates, use_locking=use_locking, name=name)


def scatter_nd_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """Take `updates` from elements of variable `ref`; arguments as of `scatter_nd_update`. Source: `tf.scatter_nd_sub`."""
    check_mutable(ref, "scatter_nd_sub")
    return apply_op("ScatterNdSub", ref, indices, updates, use_locking=use_locking, name=name)


def batch_scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Tensor:
    """Put `updates` into variable `ref`, batch by batch.

    Args:
      ref: a variable.
      indices: int32 or int64; all axes but the last count in the first axes of `ref`, and what stands there in the next.
      updates: of shape `indices.shape + ref.shape[indices.ndim:]`.
      use_locking: accepted.
      name: the name scope of the operations.

    Raises:
      ValueError: the rank of `indices` is not known, or the shapes do not fit.

    Source: `tf.batch_scatter_update`.
    """
    log.log_first_n(
        log.WARN,
        "batch_scatter_update is deprecated and will be removed after 2018-11-29. Use the batch_scatter_update method of "
        "Variable instead.",
        1,
    )
    with name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        sizes = shape(indices)
        ndims = indices.shape.ndims
        if ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        last = expand_dims(indices, axis=-1)
        columns = []
        for axis in range(ndims - 1):
            size = sizes[axis]
            layout: list[Any] = [1] * (ndims + 1)
            layout[axis] = size
            along = reshape(apply_op("Range", 0, size, 1), layout)
            if along.dtype.base_dtype != last.dtype:
                along = cast(along, last.dtype)
            columns.append(along * ones_like(last))
        return scatter_nd_update(ref, concat([*columns, last], axis=-1), updates, use_locking)
