"""Products summed over named axes, and small ones: trace, cross product, norms."""

from __future__ import annotations

import collections
import re
import string
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import abs as absolute
from teachtf.ops.arithmetic import conj, pow, sqrt
from teachtf.ops.arrays import expand_dims, reshape, shape, squeeze
from teachtf.ops.diagonals import matrix_diag_part
from teachtf.ops.fills import broadcast_to
from teachtf.ops.joining import concat, stack
from teachtf.ops.linalg import matmul
from teachtf.ops.reductions import reduce_max, reduce_sum

_DOTS = "..."

# --- einsum ----------------------------------------------------------------------------------------------------------


def _named(labels: str, dims: tuple[int | None, ...]) -> tuple[list[tuple[str, int | None]], tuple[int | None, ...]]:
    """Each letter of an input's labels with its size, and the sizes under the dots."""
    before, _, after = labels.partition(_DOTS)
    if _DOTS not in labels:
        if len(dims) != len(labels):
            raise ValueError(f"Shape must be rank {len(labels)} but is rank {len(dims)}: subscripts '{labels}'")
        return list(zip(labels, dims, strict=True)), ()
    if len(dims) < len(before) + len(after):
        raise ValueError(f"Shape must be at least rank {len(before) + len(after)} but is rank {len(dims)}")
    end = len(dims) - len(after)
    return [*zip(before, dims, strict=False), *zip(after, dims[end:], strict=True)], dims[len(before) : end]


def _einsum_shape(op: Any) -> list[TensorShape]:
    left, _, right = op._attrs["equation"].decode().partition("->")
    sizes: dict[str, int | None] = {}
    batch: tuple[int | None, ...] | None = ()
    for labels, tensor in zip(left.split(","), op._inputs, strict=True):
        dims = tensor._shape.as_tuple
        if dims is None:
            batch = None if _DOTS in labels else batch
            continue
        named, between = _named(labels, dims)
        for label, size in named:
            sizes[label] = shapes.merge_dim(sizes.get(label), size)
        batch = shapes.broadcast_dims(batch, between)
    if _DOTS not in right:
        return [shapes.shape_of([sizes.get(c) for c in right])]
    if batch is None:
        return [unknown_shape()]
    before, _, after = right.partition(_DOTS)
    return [shapes.shape_of([*(sizes.get(c) for c in before), *batch, *(sizes.get(c) for c in after)])]


def _einsum(inputs: list[Any], equation: str) -> Any:
    return apply_op("Einsum", inputs, equation=equation)


def _axis(labels: str, label: str) -> int:
    """The first axis of a label, from the end where it stands behind the dots."""
    before, _, after = labels.partition(_DOTS)
    return before.index(label) if label in before else after.index(label) - len(after)


def _spread(grad: Any, out: str, labels: str, lengths: Any, summed: set[str]) -> Any:
    """The gradient of `labels->out` where some labels were summed: repeated along these."""
    order = "".join(sorted(summed))
    axes = [_axis(labels, label) for label in order]
    dims = stack([lengths[axis] for axis in axes])
    repeats = len(set(labels)) + len(set(out)) < len(labels) + len(out)
    if not repeats and "".join(c for c in labels if c not in summed) == out:
        from teachtf.ops.reductions import kept_shape

        return broadcast_to(reshape(grad, kept_shape(lengths, convert_to_tensor(axes))), lengths)
    wide = concat([dims, shape(grad)], 0)
    with name_scope(None, "ones") as scope:
        count = convert_to_tensor(TensorShape([len(summed)]))
        thin_axes = apply_op("Fill", count, convert_to_tensor(1, dtypes.int32), name=scope)
    thin = concat([thin_axes, shape(grad)], 0)
    return _einsum([broadcast_to(reshape(grad, thin), wide)], f"{order + out}->{labels}")


def _side_gradient(grad: Any, other: Any, lengths: Any, labels: str, other_labels: str, out: str) -> Any:
    summed = set(labels) - set(out + other_labels + ".")
    left = "".join(c for c in labels if c not in summed)
    part = _einsum([grad, other], f"{out},{other_labels}->{left}")
    return _spread(part, left, labels, lengths, summed) if summed else part


def _dots_range(labels: str) -> tuple[int, int | None]:
    start = labels.find(_DOTS)
    if start < 0:
        return 0, 0
    behind = len(labels) - start - len(_DOTS)
    return start, -behind if behind else None


def _einsum_gradient(op: Any, grad: Any) -> list[Any]:
    """The equation turned round, once for each input. Source: `tf.einsum`'s gradient, whose nodes these are."""
    left, _, out = op.get_attr("equation").decode().partition("->")
    if len(op.inputs) == 1:
        lengths = shape(op.inputs[0])
        summed = set(left) - set(out + _DOTS)
        return [_spread(grad, out, left, lengths, summed) if summed else _einsum([grad], f"{out}->{left}")]
    xs, ys = left.split(",")
    if _DOTS in out:
        xs, ys = (s if _DOTS in s else s + _DOTS for s in (xs, ys))
    x, y = op.inputs
    if grad.dtype.is_complex:
        x, y = conj(x), conj(y)
    sx, sy = shape(x), shape(y)
    gx = _side_gradient(grad, y, sx, xs, ys, out)
    gy = _side_gradient(grad, x, sy, ys, xs, out)
    if _DOTS not in out:
        return [gx, gy]
    (x_start, x_end), (y_start, y_end) = _dots_range(xs), _dots_range(ys)
    known = x.shape.is_fully_defined() and y.shape.is_fully_defined()
    if known and x.shape[x_start:x_end] == y.shape[y_start:y_end]:
        return [gx, gy]
    rx, ry = apply_op("BroadcastGradientArgs", sx[x_start:x_end], sy[y_start:y_end])
    return [reshape(reduce_sum(gx, x_start + rx), sx), reshape(reduce_sum(gy, y_start + ry), sy)]


declare(
    "Einsum",
    inputs="inputs: N * T",
    outputs="output: T",
    attrs="equation: string, N: int >= 1, T: type",
    shape=_einsum_shape,
    gradient=_einsum_gradient,
)


def einsum(equation: str, *inputs: Any, name: str | None = None, optimize: str = "greedy") -> Tensor:
    """The products of the inputs' elements, summed over the axes whose letters stand on the left of `->` only.

    Args:
      equation: a letter for each axis of each input, as `"ij,jk->ik"`; `...` for any other axes, which broadcast.
      inputs: tensors of one dtype.
      name: the operations' name scope.
      optimize: how to pair more than two inputs.

    Raises:
      ValueError: the equation is malformed, or does not fit the inputs.

    Source: `tf.einsum`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.einsum("i,i->", [1.0, 2.0], [3.0, 4.0])))
    11.0
    """
    with name_scope(name, "einsum", [equation, inputs]):
        tensors = list(inputs)
        dims = [_dims_of(t) for t in tensors]
        left, out = _resolved(equation, len(tensors))
        if len(tensors) <= 2:
            return _einsum(tensors, f"{','.join(left)}->{out}")
        for places, pair in _pairs(left, out, dims, optimize):
            tensors.append(_einsum([tensors.pop(i) for i in places], pair))
        return tensors[0]


def _dims_of(value: Any) -> list[int | None] | None:
    dims = getattr(value, "shape", None)
    if isinstance(dims, TensorShape):
        return dims.as_list() if dims.ndims is not None else None
    return list(np.shape(value))


def _resolved(equation: str, count: int) -> tuple[list[str], str]:
    """The labels of each input, and of the output."""
    compact = equation.replace(" ", "")
    if not re.fullmatch(r"(?:[a-zA-Z,]|\.\.\.)*(?:->(?:[a-zA-Z]|\.\.\.)*)?", compact):
        raise ValueError(f"Subscripts have incorrect format: {compact}")
    left, arrow, out = compact.partition("->")
    parts = left.split(",")
    if len(parts) != count:
        raise ValueError(f'Got {count} inputs for equation "{equation}", expecting {len(parts)}')
    if not arrow:
        marked = left.replace(_DOTS, "0")
        counts = collections.Counter(marked)
        out = "".join(c for c in sorted(counts) if c != "," and counts[c] == 1).replace("0", _DOTS)
    letters = out.replace(_DOTS, "")
    if len(set(letters)) != len(letters) or out.count(_DOTS) > 1:
        raise ValueError(f"Output subscripts contain a label appearing more than once: {equation}")
    for label in letters:
        if label not in left:
            raise ValueError(f"Output subscripts contain the label {label} not present in the input subscripts.")
    return parts, out


def _pairs(left: list[str], out: str, dims: list[Any], optimize: str) -> list[tuple[tuple[int, ...], str]]:
    """Which inputs to contract in turn, and by which equation."""
    spare = next(c for c in string.ascii_letters if not any(c in labels for labels in left))
    parts, result = [labels.replace(_DOTS, spare) for labels in left], out.replace(_DOTS, spare)
    sizes: dict[str, int] = collections.defaultdict(lambda: 1)
    for labels, known in zip(left, dims, strict=True):
        if known is not None:
            named, between = _named(labels, tuple(known))
            for label, size in [*named, (spare, int(np.prod([b or 1 for b in between])))]:
                sizes[label] = max(sizes[label], size or 1)
    dummies = [np.broadcast_to(np.float32(0), [sizes[c] for c in labels]) for labels in parts]
    path = np.einsum_path(f"{','.join(parts)}->{result}", *dummies, optimize=optimize)[0][1:]
    found = []
    for step, chosen in enumerate(path):
        places = tuple(sorted(chosen, reverse=True))
        taken = [parts.pop(i) for i in places]
        wanted = set(result).union(*parts)
        joined = "".join(taken)
        kept = "".join(sorted(set(joined) & wanted, key=joined.find)) if step < len(path) - 1 else result
        parts.append(kept)
        found.append((places, f"{','.join(taken)}->{kept}".replace(spare, _DOTS)))
    return found


# --- small products --------------------------------------------------------------------------------------------------


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal, of each matrix in the last two dimensions. Source: `tf.trace`."""
    with name_scope(name, "Trace", [x]) as scope:
        return reduce_sum(matrix_diag_part(convert_to_tensor(x, name="x")), [-1], name=scope)


def _cross_shape(op: Any) -> list[TensorShape]:
    merged = op._inputs[0]._shape.merge_with(op._inputs[1]._shape)
    dims = merged.as_tuple
    if dims is None:
        return [unknown_shape()]
    if not dims:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    shapes.merge_dim(dims[-1], 3)
    return [merged]


declare(
    "Cross",
    inputs="a: T, b: T",
    outputs="product: T",
    attrs="T: realnumbertype",
    shape=_cross_shape,
    gradient=lambda op, grad: [cross(op.inputs[1], grad), cross(grad, op.inputs[0])],
)


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The cross product of vectors of three elements, in the last dimension. Source: `tf.cross`."""
    return apply_op("Cross", a, b, name=name)


def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, name: str | None = None) -> Tensor:
    """The matrix `a` times the vector `b`. Source: `tf.linalg.matvec`."""
    with name_scope(name, "MatVec", [a, b]):
        product = matmul(a, expand_dims(b, axis=-1), transpose_a=transpose_a, adjoint_a=adjoint_a)
        return squeeze(product, axis=-1)


_EUCLIDEAN = ("euclidean", "fro", 2, 2.0)


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The norm of vectors (along an axis, or of all elements) or matrices (along a pair of axes).

    Args:
      tensor: float or complex tensor.
      ord: "euclidean", "fro" (of matrices), 1, `np.inf`, or for vectors any number above 0.
      axis: an axis, a pair of axes, or None for the vector of all elements.
      keepdims: whether the axes stay, with length 1; `keep_dims` is its old name.
      name: the operations' name scope.

    Raises:
      ValueError: `ord` or `axis` is none of these.

    Source: `tf.norm`.
    """
    keep = bool(keep_dims if keepdims is None else keepdims)
    of_matrix = isinstance(axis, (list, tuple)) and len(axis) == 2
    if of_matrix:
        axis = list(axis)
        if not all(isinstance(a, int) for a in axis) or axis[0] == axis[1]:
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        if ord not in ("euclidean", "fro", 1, 2, np.inf):
            raise ValueError(f"'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got {ord}")
        if ord == 2:
            raise NotImplementedError("The largest singular value: tf.reduce_max(tf.svd(x, compute_uv=False), -1) gives it.")
    else:
        if not (axis is None or isinstance(axis, int)):
            raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
        if ord != "euclidean" and (isinstance(ord, str) or not np.isreal(ord) or ord <= 0):
            raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
        axis = None if axis is None else [axis]
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        if ord in _EUCLIDEAN:
            result = sqrt(reduce_sum(tensor * conj(tensor), axis, keepdims=True))
        else:
            result = _other_norm(absolute(tensor), ord, axis, of_matrix)
        return result if keep else squeeze(result, axis)


def _other_norm(sizes: Any, ord: Any, axis: Any, of_matrix: bool) -> Any:
    first = None if axis is None else axis[0]
    if ord == 1:
        result = reduce_sum(sizes, first, keepdims=True)
        return reduce_max(result, axis[-1], keepdims=True) if of_matrix else result
    if ord == np.inf:
        result = reduce_sum(sizes, axis[1], keepdims=True) if of_matrix else sizes
        return reduce_max(result, first, keepdims=True)
    return pow(reduce_sum(pow(sizes, ord), axis, keepdims=True), 1.0 / ord)
