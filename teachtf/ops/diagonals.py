"""Diagonals of matrices: built, taken out, set; bands, transposes and identity matrices."""

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
from teachtf.ops.arithmetic import minimum
from teachtf.ops.arrays import rank, reshape, shape
from teachtf.ops.fills import ones, zeros, zeros_like
from teachtf.ops.joining import concat
from teachtf.ops.rearranging import transpose

# --- of a tensor of any rank -----------------------------------------------------------------------------------------


def _diag_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 1)
    return [unknown_shape() if dims is None else shapes.shape_of(dims * 2)]


def _diag_part_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    if dims is None:
        return [unknown_shape()]
    if len(dims) % 2 or not dims:
        raise ValueError(f"Input must have even and non-zero rank, input rank is {len(dims)}")
    half = len(dims) // 2
    return [shapes.shape_of([shapes.merge_dim(a, b) for a, b in zip(dims[:half], dims[half:], strict=True)])]


_DIAG_TYPES = "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"
declare(
    "Diag",
    inputs="diagonal: T",
    outputs="output: T",
    attrs=_DIAG_TYPES,
    shape=_diag_shape,
    gradient=lambda op, grad: [diag_part(grad)],
)
declare(
    "DiagPart",
    inputs="input: T",
    outputs="diagonal: T",
    attrs=_DIAG_TYPES,
    shape=_diag_part_shape,
    gradient=lambda op, grad: [diag(grad)],
)


# --- of the matrices in the last two axes ------------------------------------------------------------------------------


def _bounds(tensor: Any) -> tuple[int, int] | None:
    """The lowest and the highest diagonal that the input `k` names, where it is known."""
    dims = tensor._shape.as_tuple
    if dims is not None and len(dims) > 1:
        raise ValueError(f"Shape must be at most rank 1 but is rank {len(dims)}")
    value = static.constant_value(tensor)
    if value is None:
        return None
    flat = np.ravel(value).tolist()
    if len(flat) not in (1, 2):
        raise ValueError(f"diag_index must have one or two elements. It has {len(flat)} elements.")
    if flat[0] > flat[-1]:
        raise ValueError(f"lower_diag_index is greater than upper_diag_index: {flat[0]} > {flat[-1]}")
    return flat[0], flat[-1]


def _check_bounds(low: int, high: int, rows: int | None, columns: int | None) -> None:
    if rows is None or columns is None:
        return
    for word, k in (("lower", low), ("upper", high)):
        if not (-rows < k < columns or k == 0):
            raise ValueError(f"{word}_diag_index {k} is out of bound. It must be between {-rows} and {columns}.")


def _matrix_diag_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 1)
    bounds = _bounds(op._inputs[1])
    for tensor in op._inputs[2:]:
        shapes.require_rank(tensor, 0)
    if dims is None or bounds is None:
        return [unknown_shape()]
    low, high = bounds
    batch, longest = dims[:-1], dims[-1]
    if low < high:
        batch = dims[:-2]
        if len(dims) < 2 or (dims[-2] is not None and dims[-2] != high - low + 1):
            raise ValueError(f"The number of diagonals provided in the input does not match k: expected {high - low + 1}")
    rows, columns = (static.static_scalar(t) for t in op._inputs[2:4])
    if longest is None or rows is None or columns is None:
        return [shapes.shape_of([*batch, None, None])]
    least_rows, least_columns = longest - min(high, 0), longest + max(low, 0)
    if rows == -1 and columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows, columns = least_rows if rows == -1 else rows, least_columns if columns == -1 else columns
    if rows < least_rows or columns < least_columns:
        raise ValueError(f"num_rows and num_cols must be at least {least_rows} and {least_columns}, are {rows} and {columns}")
    if rows != least_rows and columns != least_columns:
        raise ValueError("num_rows and num_cols are not consistent with diag_index and the length of the given diagonals.")
    return [shapes.shape_of([*batch, rows, columns])]


def _matrix_diag_part_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 2)
    bounds = _bounds(op._inputs[1])
    shapes.require_rank(op._inputs[2], 0)
    if dims is None or bounds is None:
        return [unknown_shape()]
    low, high = bounds
    rows, columns = dims[-2:]
    _check_bounds(low, high, rows, columns)
    longest = None
    if rows is not None and columns is not None:
        longest = min(rows + min(high, 0), columns - max(low, 0))
    return [shapes.shape_of([*dims[:-2], *([high - low + 1] if low < high else []), longest])]


def _matrix_set_diag_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 2)
    given = shapes.require_rank_at_least(op._inputs[1], 1)
    bounds = _bounds(op._inputs[2])
    if bounds is None:
        return [shapes.shape_of(dims)]
    low, high = bounds
    behind = 1 if low == high else 2
    if dims is not None and given is not None:
        if len(given) != len(dims) - 2 + behind:
            raise ValueError(f"Shape must be rank {len(dims) - 2 + behind} but is rank {len(given)}")
        _check_bounds(low, high, dims[-2], dims[-1])
        if behind == 2 and given[-2] is not None and given[-2] != high - low + 1:
            raise ValueError(f"The number of diagonals does not match k: {given[-2]} given, {high - low + 1} expected")
        if None not in dims:
            return [op._inputs[0]._shape]
        batch = [shapes.merge_dim(a, b) for a, b in zip(dims[:-2], given[:-behind], strict=True)]
        return [shapes.shape_of([*batch, *dims[-2:]])]
    if dims is None and given is not None:
        return [shapes.shape_of([*given[:-behind], None, None])]
    return [shapes.shape_of(dims)]


_ALIGN = "T: type, align: {'LEFT_RIGHT', 'RIGHT_LEFT', 'LEFT_LEFT', 'RIGHT_RIGHT'} = 'RIGHT_LEFT'"


def _matrix_diag_part_gradient(op: Any, grad: Any) -> list[Any]:
    x, k = op.inputs[:2]
    align, matrix = op.get_attr("align"), x.shape[-2:]
    if matrix.is_fully_defined():
        rows, columns = matrix.as_list()
        return [matrix_diag(grad, k=k, num_rows=rows, num_cols=columns, align=align), None, None]
    return [matrix_set_diag(zeros_like(x), grad, k=k, align=align), None, None]


def _matrix_set_diag_gradient(op: Any, grad: Any) -> list[Any]:
    k, align = op.inputs[2], op.get_attr("align")
    dims: Any = op.inputs[1].shape
    if not dims.is_fully_defined():
        dims = _diagonals_shape(shape(grad), k)
    cleared = matrix_set_diag(grad, zeros(dims, grad.dtype), k=k, align=align)
    return [cleared, matrix_diag_part(grad, k=k, align=align), None]


def _diagonals_shape(grad_shape: Any, k: Any) -> Tensor:
    """The shape of the diagonals `k` of matrices of this shape, worked out when the graph runs."""
    from teachtf.ops.cond import cond

    batch, matrix = grad_shape[:-2], grad_shape[-2:]
    index = reshape(k, [-1])
    low, high = index[0], index[-1]
    down = cond(apply_op("Less", high, 0), lambda: high, lambda: 0)
    right = cond(apply_op("Greater", low, 0), lambda: -low, lambda: 0)
    longest = minimum(matrix[0] + down, matrix[1] + right)
    behind = cond(
        apply_op("Equal", low, high),
        lambda: convert_to_tensor([longest]),
        lambda: convert_to_tensor([high - low + 1, longest]),
    )
    return concat([batch, behind], 0)


declare(
    "MatrixDiagV3",
    inputs="diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T",
    outputs="output: T",
    attrs=_ALIGN,
    shape=_matrix_diag_shape,
    gradient=lambda op, grad: [matrix_diag_part(grad, k=op.inputs[1], align=op.get_attr("align")), *[None] * 4],
)
declare(
    "MatrixDiagPartV3",
    inputs="input: T, k: int32, padding_value: T",
    outputs="diagonal: T",
    attrs=_ALIGN,
    shape=_matrix_diag_part_shape,
    gradient=_matrix_diag_part_gradient,
)
declare(
    "MatrixSetDiagV3",
    inputs="input: T, diagonal: T, k: int32",
    outputs="output: T",
    attrs=_ALIGN,
    shape=_matrix_set_diag_shape,
    gradient=_matrix_set_diag_gradient,
)
declare(
    "MatrixBandPart",
    inputs="input: T, num_lower: Tindex, num_upper: Tindex",
    outputs="band: T",
    attrs="T: type, Tindex: {int32, int64} = DT_INT64",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [matrix_band_part(grad, *op.inputs[1:]), None, None],
)


# --- public functions ------------------------------------------------------------------------------------------------


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """`diagonal` on the diagonal of zeros: the result has its axes twice. Source: `tf.diag`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.diag([1, 2])))
    [[1 0]
     [0 2]]
    """
    return apply_op("Diag", diagonal, name=name)


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of a tensor whose axes stand there twice: the inverse of `diag`. Source: `tf.diag_part`."""
    return apply_op("DiagPart", input, name=name)


def matrix_diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
    align: Any = "RIGHT_LEFT",
) -> Tensor:
    """Matrices with the given diagonals.

    Args:
      diagonal: [..., length], or [..., diagonals, length] where there are several.
      name: the operation's name.
      k: which diagonal: 0 the main one, positive above it, negative below; or the pair (lowest, highest).
      num_rows: how many rows; -1 for as few as fit.
      num_cols: how many columns; -1 for as few as fit.
      padding_value: what stands elsewhere.
      align: on which side the diagonals above and below the main one are padded to the longest.

    Raises:
      ValueError: the numbers do not fit together.

    Source: `tf.matrix_diag`.
    """
    if getattr(diagonal, "dtype", None) == dtypes.bool:
        padding_value = bool(padding_value)
    return apply_op("MatrixDiagV3", diagonal, k, num_rows, num_cols, padding_value, align=align, name=name)


def matrix_diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: Any = "RIGHT_LEFT"
) -> Tensor:
    """The diagonals of the matrices in the last two axes; `k` and `align` as in `matrix_diag`.

    Source: `tf.matrix_diag_part`.
    """
    if getattr(input, "dtype", None) == dtypes.bool:
        padding_value = bool(padding_value)
    return apply_op("MatrixDiagPartV3", input, k, padding_value, align=align, name=name)


def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: Any = "RIGHT_LEFT") -> Tensor:
    """`input` with other diagonals; `k` and `align` as in `matrix_diag`. Source: `tf.matrix_set_diag`."""
    return apply_op("MatrixSetDiagV3", input, diagonal, k, align=align, name=name)


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The band of each matrix: so many diagonals below and above the main one; -1 for all, zeros elsewhere.

    Source: `tf.matrix_band_part`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.matrix_band_part([[1, 2], [3, 4]], -1, 0)))
    [[1 0]
     [3 4]]
    """
    return apply_op("MatrixBandPart", input, num_lower, num_upper, name=name)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """`a` with its last two axes exchanged, and conjugated if asked for.

    Raises:
      ValueError: the rank is known and less than 2.

    Source: `tf.matrix_transpose`.
    """
    with name_scope(name, values=[a]):
        a = convert_to_tensor(a, name="a")
        ndims = a.shape.ndims
        if ndims is None:
            number = rank(a)
            perm: Any = concat((apply_op("Range", 0, number - 2, 1), [number - 1, number - 2]), 0)
        elif ndims < 2:
            raise ValueError(f"Argument `a` should be a (batch) matrix with rank >= 2. Received `a` of shape {a.shape}")
        else:
            perm = [*range(ndims - 2), ndims - 1, ndims - 2]
        return transpose(a, perm=perm, conjugate=conjugate)


def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """An identity matrix, or one for each place of `batch_shape`; ones on the main diagonal where it is not square.

    Raises:
      TypeError: a number of rows or columns is neither a whole number nor a tensor.

    Source: `tf.eye`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.eye(2)))
    [[1. 0.]
     [0. 1.]]
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        square = num_columns is None
        columns = num_rows if square else num_columns
        batch: Any = [] if batch_shape is None else batch_shape
        if isinstance(num_rows, Tensor) or isinstance(columns, Tensor):
            length: Any = minimum(num_rows, columns)
        else:
            if not isinstance(num_rows, (int, np.integer)) or not isinstance(columns, (int, np.integer)):
                raise TypeError(
                    "Arguments `num_rows` and `num_columns` must be positive integer values. Received: "
                    f"num_rows={num_rows}, num_columns={columns}"
                )
            square = num_rows == columns
            length = np.minimum(num_rows, columns)
        whole: Any = None
        if isinstance(batch, Tensor) or isinstance(length, Tensor):
            batch = convert_to_tensor(batch, dtypes.int32, name="shape")
            diagonal_shape: Any = concat((batch, [length]), 0)
            if not square:
                whole = concat((batch, [num_rows, columns]), 0)
        else:
            diagonal_shape, whole = [*batch, length], [*batch, num_rows, columns]
        diagonal = ones(diagonal_shape, dtype)
        return matrix_diag(diagonal) if square else matrix_set_diag(zeros(whole, dtype), diagonal)
