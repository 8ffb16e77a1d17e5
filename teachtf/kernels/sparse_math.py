"""Kernels in which sparse tensors meet dense ones: laid out, multiplied, summed along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.segments import invalid, reduce_by
from teachtf.kernels.sparse import grouped


def _check(indices: Any, dense_shape: Any) -> None:
    """Rows lie inside the shape, in order, each once."""
    outside = np.any((indices < 0) | (indices >= dense_shape), axis=1)
    repeated = np.zeros(len(indices), bool)
    falling = np.zeros(len(indices), bool)
    if len(indices) > 1:
        step = indices[1:] - indices[:-1]
        first = np.argmax(step != 0, axis=1) if step.shape[1] else np.zeros(len(step), int)
        at = step[np.arange(len(step)), first] if step.shape[1] else np.zeros(len(step), int)
        repeated[1:], falling[1:] = at == 0, at < 0
    wrong = np.flatnonzero(outside | repeated | falling)
    if not wrong.size:
        return
    i = int(wrong[0])
    row = ",".join(map(str, indices[i]))
    if outside[i]:
        raise invalid(f"indices[{i}] = [{row}] is out of bounds: need 0 <= index < [{','.join(map(str, dense_shape))}]")
    if repeated[i]:
        raise invalid(f"indices[{i}] = [{row}] is repeated")
    raise invalid(f"indices[{i}] = [{row}] is out of order. Many sparse ops require sorted indices; see tf.sparse.reorder.")


@kernel("SparseToDense")
def _to_dense(op: Any) -> Call:
    validate = op._attrs["validate_indices"]

    def call(indices: Any, dense_shape: Any, values: Any, default: Any) -> Any:
        if np.ndim(indices) > 2:
            raise invalid(f"sparse_indices should be a scalar, vector, or matrix, got shape {list(indices.shape)}")
        rows = indices if np.ndim(indices) == 2 else np.reshape(indices, (-1, 1))
        if rows.shape[1] != len(dense_shape):
            raise invalid(f"output_shape has incorrect number of elements: {len(dense_shape)} should be: {rows.shape[1]}")
        if np.ndim(values) and len(values) != len(rows):
            raise invalid(f"sparse_values has incorrect shape [{len(values)}], should be [] or [{len(rows)}]")
        if validate:
            _check(rows, dense_shape)
        elif np.any((rows < 0) | (rows >= dense_shape)):
            raise invalid(f"Indices are not valid (out of bounds).  Shape: [{','.join(map(str, dense_shape))}]")
        result = np.full(tuple(dense_shape), default, np.asarray(values).dtype)
        if rows.shape[1]:
            result[tuple(rows.T)] = values
        elif len(rows):  # of a scalar
            result[()] = np.ravel(values)[0]
        return result

    return call


@kernel("SparseTensorDenseMatMul")
def _matmul(op: Any) -> Call:
    adjoint_a, adjoint_b = op._attrs["adjoint_a"], op._attrs["adjoint_b"]

    def call(indices: Any, values: Any, dense_shape: Any, b: Any) -> Any:
        rows, columns = indices[:, 0], indices[:, 1]
        count, inner = (int(d) for d in dense_shape)
        if adjoint_a:
            rows, columns, count, inner = columns, rows, inner, count
            values = np.conj(values)
        if adjoint_b:
            b = np.conj(b.T)
        if b.shape[0] != inner:
            raise invalid(
                f"Cannot multiply A and B because inner dimension does not match: {inner} vs. {b.shape[0]}.  Did you forget a "
                "transpose?  Dimensions of A: "
                f"[{count}, {inner}).  Dimensions of B: {list(b.shape)}"
            )
        for name, found, limit in (("k", columns, inner), ("m", rows, count)):
            wrong = np.flatnonzero((found < 0) | (found >= limit))
            if wrong.size:
                side = int(adjoint_a) ^ (name == "k")
                raise invalid(f"{name} ({found[wrong[0]]}) from index[{wrong[0]},{side}] out of bounds (>={limit})")
        return reduce_by(np.add, values[:, None] * b[columns], rows, count, 0)

    return call


@kernel("SparseTensorDenseAdd")
def _add(op: Any) -> Call:
    def call(indices: Any, values: Any, dense_shape: Any, b: Any) -> Any:
        if tuple(dense_shape) != b.shape:
            raise invalid(f"Dimensions {list(dense_shape)} and {list(b.shape)} do not match")
        if indices.size and (indices.min() < 0 or np.any(indices >= dense_shape)):
            raise invalid("Sparse tensor has an index that is out of bounds.")
        result = b.copy()
        np.add.at(result, tuple(indices.T), values)
        return result

    return call


_REDUCTIONS = {"Sum": np.add, "Max": np.maximum}


def _reduced(function: Any, indices: Any, values: Any, rank: int, axes: Any) -> tuple[list[int], Any, Any]:
    """The axes that stay, the groups along them, and the result of each group."""
    if np.any((axes < -rank) | (axes >= rank)):
        raise invalid(f"Invalid reduction dimension {np.ravel(axes)[0]}, for input with {rank} dimensions.")
    gone = {int(a) % rank for a in np.ravel(axes)}
    stay = [i for i in range(rank) if i not in gone]
    rows, numbers = grouped(indices[:, stay])
    return stay, rows, reduce_by(function, values, numbers, len(rows), 0)


@kernel("SparseReduceSum", "SparseReduceMax")
def _reduce(op: Any) -> Call:
    function, keep = _REDUCTIONS[op.type.removeprefix("SparseReduce")], op._attrs["keep_dims"]

    def call(indices: Any, values: Any, dense_shape: Any, axes: Any) -> Any:
        rank = len(dense_shape)
        stay, rows, found = _reduced(function, indices, values, rank, axes)
        result = np.zeros(tuple(dense_shape[stay]), values.dtype)
        result[tuple(rows.T)] = found if len(stay) else (found[0] if len(found) else 0)
        return result.reshape([int(d) if i in stay else 1 for i, d in enumerate(dense_shape)]) if keep else result

    return call


@kernel("SparseReduceSumSparse", "SparseReduceMaxSparse")
def _reduce_sparse(op: Any) -> Call:
    function, keep = _REDUCTIONS[op.type.removeprefix("SparseReduce").removesuffix("Sparse")], op._attrs["keep_dims"]

    def call(indices: Any, values: Any, dense_shape: Any, axes: Any) -> Any:
        rank = len(dense_shape)
        stay, rows, found = _reduced(function, indices, values, rank, axes)
        if not keep:
            return rows, found, dense_shape[stay]
        whole = np.zeros((len(rows), rank), np.int64)
        whole[:, stay] = rows
        return whole, found, np.where(np.isin(np.arange(rank), stay), dense_shape, 1)

    return call


_ELEMENTWISE = {"SparseDenseCwiseAdd": np.add, "SparseDenseCwiseMul": np.multiply, "SparseDenseCwiseDiv": np.true_divide}


@kernel(*_ELEMENTWISE)
def _elementwise(op: Any) -> Call:
    function = _ELEMENTWISE[op.type]
    whole = op._attrs["T"].is_integer and function is np.true_divide

    def call(indices: Any, values: Any, dense_shape: Any, dense: Any) -> Any:
        shape = tuple(int(d) for d in dense_shape)
        fits = np.ndim(dense) <= len(shape) and all(
            d in (1, s) for d, s in zip(reversed(np.shape(dense)), reversed(shape), strict=False)
        )
        if not fits:
            raise invalid(
                "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
                f"[{','.join(map(str, shape))}] vs. [{','.join(map(str, np.shape(dense)))}]"
            )
        other = np.broadcast_to(dense, shape)[tuple(indices.T)]
        if whole:
            return np.trunc(values / other).astype(values.dtype)
        return np.asarray(function(values, other), values.dtype)

    return call


@kernel("SparseSoftmax")
def _softmax(op: Any) -> Call:
    def call(indices: Any, values: Any, dense_shape: Any) -> Any:
        if len(dense_shape) < 2:
            raise invalid("Input should have rank >= 2.")
        rows, numbers = grouped(indices[:, :-1])
        largest = reduce_by(np.maximum, values, numbers, len(rows), 0)
        powers = np.exp(values - largest[numbers])
        return powers / reduce_by(np.add, powers, numbers, len(rows), 0)[numbers]

    return call
