"""Kernels of sparse tensors: rows of indices found, ordered, grouped and cut."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.segments import invalid, reduce_by


def order_of(indices: Any) -> Any:
    """What puts rows of indices in order."""
    return np.lexsort(indices.T[::-1]) if indices.shape[1] else np.arange(len(indices))


def grouped(indices: Any) -> tuple[Any, Any]:
    """The distinct rows in order, and for each row the number of its like among them."""
    if not indices.shape[1]:  # of a scalar, all are the same
        return indices[:1], np.zeros(len(indices), np.int64)
    order = order_of(indices)
    ordered = indices[order]
    new = np.ones(len(ordered), bool)
    new[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(new) - 1
    return ordered[new], numbers


def found_in(rows: Any, table: Any) -> Any:
    """For each row its place in `table`, -1 where it is not there."""
    distinct, numbers = grouped(np.concatenate([table, rows]))
    places = np.full(len(distinct), -1)
    places[numbers[: len(table)]] = np.arange(len(table))
    return places[numbers[len(table) :]]


@kernel("SparseReorder")
def _reorder(op: Any) -> Call:
    def call(indices: Any, values: Any, dense_shape: Any) -> Any:
        order = order_of(indices)
        return indices[order], values[order]

    return call


@kernel("SparseReshape")
def _reshape(op: Any) -> Call:
    def call(indices: Any, old: Any, new: Any) -> Any:
        elements = int(np.prod(old))
        if np.sum(new == -1) > 1:
            raise invalid("only one output dimension may be -1, not both")
        if np.any(new < -1):
            raise invalid(f"size {np.argmax(new < -1)} must be non-negative, not {new[new < -1][0]}")
        wanted = new.copy()
        if np.any(new == -1):
            rest = int(np.prod(new[new != -1]))
            if rest == 0 or elements % rest:
                raise invalid(
                    f"Input to reshape is a SparseTensor with {elements} dense values, but the requested shape requires a "
                    f"multiple of {rest}. input_shape={list(old)} output_shape={list(new)}"
                )
            wanted[new == -1] = elements // rest
        if int(np.prod(wanted)) != elements:
            raise invalid(
                f"Input to reshape is a tensor with {elements} dense values, but the requested shape has "
                f"{int(np.prod(wanted))}. input_shape={list(old)} output_shape={list(wanted)}"
            )
        places = np.zeros(len(indices), np.int64)
        for column, size in zip(indices.T, old, strict=True):
            places = places * size + column
        result = np.empty((len(indices), len(wanted)), np.int64)
        for axis in range(len(wanted) - 1, -1, -1):
            places, result[:, axis] = np.divmod(places, max(int(wanted[axis]), 1))
        return result, wanted

    return call


@kernel("SparseConcat")
def _concat(op: Any) -> Call:
    number, axis = op._attrs["N"], op._attrs["concat_dim"]

    def call(*inputs: Any) -> Any:
        indices, values, dense_shapes = inputs[:number], inputs[number : 2 * number], inputs[2 * number :]
        rank = len(dense_shapes[0])
        if not -rank <= axis < rank:
            raise invalid(f"Concat dimension must be in range [{-rank}, {rank}), got {axis}")
        at = axis % rank
        offset, moved = 0, list[Any]()
        for part, dense in zip(indices, dense_shapes, strict=True):
            for i in range(rank):
                if i != at and dense[i] != dense_shapes[0][i]:
                    raise invalid(
                        f"Input shapes must match: expected {dense_shapes[0][i]} for dimension {i} but got {dense[i]} at "
                        f"position {len(moved)}"
                    )
            part = part.copy()
            part[:, at] += offset
            offset += int(dense[at])
            moved.append(part)
        joined = np.concatenate(moved)
        order = order_of(joined)
        whole = dense_shapes[0].copy()
        whole[at] = offset
        return joined[order], np.concatenate(values)[order], whole

    return call


def _box(indices: Any, values: Any, dense_shape: Any, start: Any, size: Any) -> tuple[Any, Any, Any]:
    inside = np.all((indices >= start) & (indices < start + size), axis=1)
    return indices[inside] - start, values[inside], np.clip(np.minimum(dense_shape - start, size), 0, None)


@kernel("SparseSplit")
def _split(op: Any) -> Call:
    number = op._attrs["num_split"]

    def call(axis: Any, indices: Any, values: Any, dense_shape: Any) -> Any:
        rank = len(dense_shape)
        if not -rank <= axis < rank:
            raise invalid(f"Input axis should be in range [{-rank}, {rank}), got {axis}")
        at = int(axis) % rank
        if not 1 <= number <= dense_shape[at]:
            raise invalid(
                f"Input num_split should be between 1 and the splitting dimension size ({dense_shape[at]}), got {number}"
            )
        each, more = divmod(int(dense_shape[at]), number)
        start, size = np.zeros(rank, np.int64), dense_shape.copy()
        parts = []
        for i in range(number):
            size[at] = each + (i < more)
            parts.append(_box(indices, values, dense_shape, start, size))
            start = start.copy()
            start[at] += size[at]
        return tuple(part[j] for j in range(3) for part in parts)

    return call


@kernel("SparseSlice")
def _slice(op: Any) -> Call:
    return _box


@kernel("SparseSliceGrad")
def _slice_gradient(op: Any) -> Call:
    def call(grad: Any, indices: Any, start: Any, kept: Any) -> Any:
        places = found_in(indices - start, kept)
        result = np.zeros(len(indices), grad.dtype)
        result[places >= 0] = grad[places[places >= 0]]
        return result

    return call


@kernel("SparseFillEmptyRows")
def _fill_empty_rows(op: Any) -> Call:
    def call(indices: Any, values: Any, dense_shape: Any, default: Any) -> Any:
        if not len(dense_shape):
            raise invalid("Dense shape cannot be empty.")
        number = int(dense_shape[0])
        rows = indices[:, 0]
        wrong = np.flatnonzero((rows < 0) | (rows >= number))
        if wrong.size and number:
            raise invalid(f"indices({wrong[0]}, 0) is invalid: {rows[wrong[0]]} >= {number}")
        if wrong.size:
            raise invalid(f"Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = {len(indices)}")
        empty = np.ones(number, bool)
        empty[rows] = False
        added = np.zeros((int(empty.sum()), indices.shape[1]), np.int64)
        added[:, 0] = np.flatnonzero(empty)
        order = np.argsort(np.concatenate([rows, added[:, 0]]), kind="stable")
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        filled = np.concatenate([values, np.full(len(added), default, values.dtype)])
        return np.concatenate([indices, added])[order], filled[order], empty, places[: len(rows)]

    return call


@kernel("SparseFillEmptyRowsGrad")
def _fill_empty_rows_gradient(op: Any) -> Call:
    def call(places: Any, grad: Any) -> Any:
        if places.size and (places.min() < 0 or places.max() >= len(grad)):
            raise invalid(f"Elements in reverse index must be in [0, {len(grad)}) but got {places.max()}")
        default = np.ones(len(grad), bool)
        default[places] = False
        return grad[places], np.sum(grad[default], dtype=grad.dtype)

    return call


@kernel("SparseAdd")
def _add(op: Any) -> Call:
    def call(a: Any, a_values: Any, a_shape: Any, b: Any, b_values: Any, b_shape: Any, least: Any) -> Any:
        if not np.array_equal(a_shape, b_shape):
            raise invalid(f"operands' shapes do not match: {list(a_shape)} vs. {list(b_shape)}")
        rows, numbers = grouped(np.concatenate([a, b]))
        sums = reduce_by(np.add, np.concatenate([a_values, b_values]), numbers, len(rows), 0)
        kept = np.abs(sums) >= least
        return rows[kept], sums[kept], a_shape.copy()

    return call


@kernel("SparseAddGrad")
def _add_gradient(op: Any) -> Call:
    def call(grad: Any, a: Any, b: Any, summed: Any) -> Any:
        padded = np.append(grad, np.zeros(1, grad.dtype))  # what the threshold left out has no slope
        return padded[found_in(a, summed)], padded[found_in(b, summed)]

    return call


@kernel("SparseSparseMaximum", "SparseSparseMinimum")
def _larger_or_smaller(op: Any) -> Call:
    function = np.maximum if op.type == "SparseSparseMaximum" else np.minimum

    def call(a: Any, a_values: Any, a_shape: Any, b: Any, b_values: Any, b_shape: Any) -> Any:
        if not np.array_equal(a_shape, b_shape):
            raise invalid(f"Operands' shapes do not match: {list(a_shape)} vs. {list(b_shape)}")
        rows, numbers = grouped(np.concatenate([a, b]))
        sides = np.zeros((2, len(rows)), a_values.dtype)
        sides[0, numbers[: len(a)]] = a_values
        sides[1, numbers[len(a) :]] = b_values
        return rows, function(sides[0], sides[1])

    return call
