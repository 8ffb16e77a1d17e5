"""Kernels of segments: rows summed, multiplied or compared by the segment that they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.kernels.registry import Call, kernel


def invalid(message: str) -> Exception:
    """What a kernel raises for inputs that do not fit."""
    return errors.InvalidArgumentError(None, None, message)


def reduce_by(function: Any, rows: Any, ids: Any, count: int, start: Any) -> Any:
    """`function` over the rows of each of `count` segments; `start` where there are none. The ids are in range."""
    result = np.full((count, *rows.shape[1:]), start, rows.dtype)
    if ids.size == 0:
        return result
    if np.any(ids[1:] < ids[:-1]):
        order = np.argsort(ids, kind="stable")
        rows, ids = rows[order], ids[order]
    first = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    result[ids[first]] = function.reduceat(rows, first, axis=0, dtype=rows.dtype)
    return result


def counts(ids: Any, count: int) -> Any:
    """How many ids each segment has."""
    return np.bincount(ids.astype(np.int64), minlength=count)[:count]


def along(vector: Any, ndim: int) -> Any:
    """A vector of the first axis, to be broadcast over the others of `ndim`."""
    return vector.reshape(-1, *(1,) * (ndim - 1))


_SORTED: dict[str, tuple[Any, int]] = {
    "SegmentSum": (np.add, 0),
    "SegmentMean": (np.add, 0),
    "SegmentProd": (np.multiply, 1),
    "SegmentMax": (np.maximum, 0),
    "SegmentMin": (np.minimum, 0),
}


def number_of_segments(ids: Any, rows: int) -> int:
    """How many segments sorted ids of so many rows make."""
    if np.ndim(ids) != 1 or len(ids) != rows:
        raise invalid("segment_ids should be the same size as dimension 0 of input.")
    if ids.size and ids[0] < 0:
        raise invalid("segment ids must be >= 0")
    if np.any(ids[1:] < ids[:-1]):
        raise invalid("segment ids are not increasing")
    return int(ids[-1]) + 1 if ids.size else 0


@kernel(*_SORTED)
def _segment(op: Any) -> Call:
    function, start = _SORTED[op.type]
    mean = op.type == "SegmentMean"

    def call(data: Any, ids: Any) -> Any:
        count = number_of_segments(ids, len(data))
        result = reduce_by(function, data, ids, count, start)
        return divided(result, counts(ids, count)) if mean else result

    return call


def divided(sums: Any, sizes: Any) -> Any:
    """Sums over the sizes of their segments; whole numbers where the sums are."""
    sizes = along(np.maximum(sizes, 1).astype(sums.dtype), sums.ndim)
    return sums // sizes if sums.dtype.kind in "iu" else sums / sizes


_UNSORTED = {
    "UnsortedSegmentSum": np.add,
    "UnsortedSegmentProd": np.multiply,
    "UnsortedSegmentMax": np.maximum,
    "UnsortedSegmentMin": np.minimum,
}


def empty_segment(op: Any) -> Any:
    """What a segment of no rows comes to."""
    dtype = dtypes.as_dtype(op._attrs["T"])
    start = {"Sum": 0, "Prod": 1}.get(op.type.removeprefix("UnsortedSegment"))
    return start if start is not None else dtype.min if op.type.endswith("Max") else dtype.max


def check_unsorted(shape: tuple[int, ...], ids: Any, count: int) -> None:
    """Whether ids in any order fit data of this shape, and `count` segments."""
    depth, flat = np.ndim(ids), np.ravel(ids)
    if count < 0:
        raise invalid(f"Input num_segments == {count} must not be negative.")
    if shape[:depth] != np.shape(ids):
        raise invalid(f"data.shape = {list(shape)} does not start with segment_ids.shape = {list(np.shape(ids))}")
    if flat.size and flat.max() >= count:
        at = int(np.argmax(flat >= count))
        where = ",".join(map(str, np.unravel_index(at, np.shape(ids)))) if depth else ""
        raise invalid(f"segment_ids[{where}] = {flat[at]} is out of range [0, {count})")


@kernel(*_UNSORTED)
def _unsorted_segment(op: Any) -> Call:
    function = _UNSORTED[op.type]
    start = empty_segment(op)

    def call(data: Any, ids: Any, num_segments: Any) -> Any:
        count, depth = int(num_segments), np.ndim(ids)
        check_unsorted(np.shape(data), ids, count)
        flat = np.ravel(ids)
        rows = np.asarray(data).reshape(flat.size, *np.shape(data)[depth:])
        if flat.size and flat.min() < 0:  # negative ids drop their rows
            rows, flat = rows[flat >= 0], flat[flat >= 0]
        return reduce_by(function, rows, flat, count, start)

    return call


_KINDS = ("Sum", "Mean", "SqrtN")


def number_of_sparse_segments(rows: int, indices: Any, ids: Any, num_segments: Any) -> int:
    """How many segments there are, of rows picked by indices."""
    if len(indices) != len(ids):
        raise invalid("segment_ids and indices should have same size.")
    if np.any(ids[1:] < ids[:-1]):
        raise invalid("segment ids are not increasing")
    if ids.size and ids[0] < 0:
        raise invalid("segment ids must be >= 0")
    needed = int(ids[-1]) + 1 if ids.size else 0
    count = needed if num_segments is None else int(num_segments)
    if count < needed:
        raise invalid("segment ids must be < num_segments")
    wrong = np.flatnonzero((indices < 0) | (indices >= rows))
    if wrong.size:
        raise invalid(f"Bad: indices[{wrong[0]}] == {indices[wrong[0]]} out of range [0, {rows})")
    return count


@kernel(*(f"SparseSegment{kind}{suffix}" for kind in _KINDS for suffix in ("", "WithNumSegments")))
def _sparse_segment(op: Any) -> Call:
    kind = op.type.removeprefix("SparseSegment").removesuffix("WithNumSegments")

    def call(data: Any, indices: Any, ids: Any, num_segments: Any = None) -> Any:
        count = number_of_sparse_segments(len(data), indices, ids, num_segments)
        sums = reduce_by(np.add, data[indices], ids, count, 0)
        return _scaled(kind, sums, counts(ids, count))

    return call


def _scaled(kind: str, rows: Any, sizes: Any) -> Any:
    """The rows of each segment by its size or the root of it."""
    return rows if kind == "Sum" else rows / along(divisors(kind, sizes, rows.dtype), rows.ndim)


def divisors(kind: str, sizes: Any, dtype: Any) -> Any:
    """What the sums of segments of these sizes are divided by, for a mean or one by the root."""
    sizes = np.maximum(sizes, 1).astype(dtype)
    return np.sqrt(sizes) if kind == "SqrtN" else sizes


def check_sparse_gradient(rows: int, indices: Any, ids: Any, number: int) -> None:
    """Whether indices pick from `number` rows, and ids from the `rows` of a gradient."""
    if indices.size and (indices.min() < 0 or indices.max() >= number):
        at = int(np.argmax((indices < 0) | (indices >= number)))
        raise invalid(f"Index {indices[at]} out of range [0, {number}).")
    if ids.size and (ids.min() < 0 or ids.max() >= rows):
        at = int(np.argmax((ids < 0) | (ids >= rows)))
        raise invalid(f"Segment id {ids[at]} out of range [0, {rows}).")


@kernel(*(f"SparseSegment{kind}Grad{suffix}" for kind in _KINDS for suffix in ("", "V2")))
def _sparse_segment_gradient(op: Any) -> Call:
    sparse = op.type.endswith("V2")
    kind = op.type.removeprefix("SparseSegment").removesuffix("V2").removesuffix("Grad")

    def call(grad: Any, indices: Any, ids: Any, size: Any) -> Any:
        number = int(size)
        check_sparse_gradient(len(grad), indices, ids, number)
        rows = _scaled(kind, grad, counts(ids, len(grad)))[ids]
        if not sparse:
            return reduce_by(np.add, rows, indices, number, 0)
        unique, places = np.unique(indices, return_inverse=True)
        return reduce_by(np.add, rows, places.reshape(-1), len(unique), 0), unique

    return call
