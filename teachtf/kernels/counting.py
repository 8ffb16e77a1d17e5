"""Kernels of counts in bins and of edit distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import counting

assert counting  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


@kernel("HistogramFixedWidth")
def _histogram(op: Any) -> Call:
    target = op._attrs["dtype"].as_numpy_dtype

    def call(values: Any, ends: Any, bins: Any) -> Any:
        number = int(bins)
        if number <= 0:
            raise _invalid(f"nbins should be a positive number, but got '{number}'")
        low, high = float(ends[0]), float(ends[1])
        if not low < high:
            raise _invalid(f"value_range should satisfy value_range[0] < value_range[1], but got '[{low}, {high}]'")
        places = np.floor((np.ravel(values).astype(np.float64) - low) / ((high - low) / number))
        return np.bincount(np.clip(places, 0, number - 1).astype(np.int64), minlength=number).astype(target)

    return call


@kernel("DenseBincount")
def _bincount(op: Any) -> Call:
    target = op._attrs["T"].as_numpy_dtype
    binary = op._attrs["binary_output"]

    def row(values: Any, number: int, weights: Any) -> Any:
        inside = values < number
        if binary:
            result = np.zeros(number, target)
            result[values[inside]] = 1
            return result
        if weights.size == 0:
            return np.bincount(values[inside], minlength=number).astype(target)
        result = np.zeros(number, target)
        np.add.at(result, values[inside], weights[inside])
        return result

    def call(values: Any, size: Any, weights: Any) -> Any:
        number = int(size)
        if number < 0:
            raise _invalid(f"size ({number}) must be non-negative")
        if values.size and values.min() < 0:
            raise _invalid("Input arr must be non-negative!")
        if weights.size and weights.shape != values.shape:
            raise _invalid(f"`weights` must be the same shape as `arr` or a length-0 `Tensor`. Received {list(weights.shape)}.")
        if values.ndim <= 1:
            return row(np.ravel(values), number, np.ravel(weights))
        rows = [row(v, number, weights[i] if weights.size else weights) for i, v in enumerate(values)]
        return np.array(rows, target).reshape(len(values), number)

    return call


def _distance(a: Any, b: Any) -> int:
    """Levenshtein's distance, a row of its table at a time."""
    steps = np.arange(len(b) + 1)
    row = steps.copy()
    for i, value in enumerate(a):
        row = np.concatenate([[i + 1], np.minimum(row[1:] + 1, row[:-1] + (b != value))])
        row = np.minimum.accumulate(row - steps) + steps  # what is put in
    return int(row[-1])


def _sequences(indices: Any, values: Any) -> dict[tuple[int, ...], Any]:
    """The elements of each sequence, by its place."""
    if len(values) == 0:
        return {}
    groups, starts = np.unique(indices[:, :-1], axis=0, return_index=True)
    order = np.argsort(starts)
    parts = np.split(values, np.sort(starts)[1:])
    return {tuple(groups[i].tolist()): part for i, part in zip(order, parts, strict=True)}


@kernel("EditDistance")
def _edit_distance(op: Any) -> Call:
    normalize = op._attrs["normalize"]

    def call(h_indices: Any, h_values: Any, h_shape: Any, t_indices: Any, t_values: Any, t_shape: Any) -> Any:
        if len(h_shape) != len(t_shape):
            raise _invalid(f"hypothesis_shape and truth_shape must be of one length: {len(h_shape)} and {len(t_shape)}")
        result = np.zeros(np.maximum(h_shape, t_shape)[:-1].tolist(), np.float32)
        guesses, truths = _sequences(h_indices, h_values), _sequences(t_indices, t_values)
        for place in {*guesses, *truths}:
            guess, truth = guesses.get(place, h_values[:0]), truths.get(place, t_values[:0])
            distance = float(_distance(guess, truth))
            if normalize:
                distance = distance / len(truth) if len(truth) else np.inf if distance else 0.0
            result[place] = distance
        return result

    return call
