"""Kernels that draw classes, in TensorFlow's stream of random numbers. Source: `range_sampler.cc`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from teachtf.kernels.random import generator_of
from teachtf.kernels.reference.philox import blocks
from teachtf.kernels.registry import Call, State, kernel, stateful_kernel
from teachtf.kernels.segments import invalid

Words = Callable[[int], Any]  # the first so many 32-bit words of the run's stream


class _Range:
    """Odds over 0 to `size` - 1: `draw(words, number)` gives so many values; `odds(values)` how likely each is."""

    def __init__(self, size: int) -> None:
        self.size = size

    def draw(self, words: Words, number: int) -> Any:
        """The first `number` values of the stream."""
        raise NotImplementedError

    def odds(self, values: Any) -> Any:
        """The probability of each value."""
        raise NotImplementedError

    def update(self, true_classes: Any) -> None:
        """Learn from the classes of a batch."""


def _words(stream: Any) -> Words:
    """The words of a reserved part of a generator's stream."""

    def first(count: int) -> Any:
        return np.stack(blocks(stream, np.arange(-(-count // 4))), -1).reshape(-1)[:count].astype(np.uint32)

    return first


def _doubles(words: Any) -> tuple[Any, Any]:
    return words[0::2].astype(np.uint64), words[1::2].astype(np.uint64)


class _Uniform(_Range):
    def draw(self, words: Words, number: int) -> Any:
        low, high = _doubles(words(2 * number + 64))
        return _below(low | high << np.uint64(32), self.size, 64)[:number]

    def odds(self, values: Any) -> Any:
        return np.full(values.shape, 1.0 / self.size, np.float32)


def _below(words: Any, size: int, bits: int) -> Any:
    """Words of so many bits as whole numbers below `size`; those that would favour small numbers are passed over."""
    whole = np.uint64(size)
    if size & (size - 1) == 0:
        return (words & (whole - np.uint64(1))).astype(np.int64)
    rest = np.uint64((2**bits - 1) % size + 1)
    return (words[words >= rest] % whole).astype(np.int64)


class _LogUniform(_Range):
    def draw(self, words: Words, number: int) -> Any:
        first, second = _doubles(words(2 * number))
        mantissa = (first & np.uint64(0xFFFFF)) << np.uint64(32) | second
        unit = (mantissa | np.uint64(1023 << 52)).view(np.float64) - 1.0
        values = np.exp(unit * np.log1p(np.float64(self.size))).astype(np.int64) - 1
        return values % self.size

    def odds(self, values: Any) -> Any:
        return (np.log((values + 2.0) / (values + 1.0)) / np.log1p(np.float64(self.size))).astype(np.float32)


class _Learned(_Range):
    """By counts, which begin at 1 and grow with each run."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._counts = np.ones(size, np.int64)

    def draw(self, words: Words, number: int) -> Any:
        sums = np.cumsum(self._counts)
        return np.searchsorted(sums, _below(words(number + 64).astype(np.uint64), int(sums[-1]), 32)[:number], side="right")

    def odds(self, values: Any) -> Any:
        return (self._counts[values] / np.float32(self._counts.sum())).astype(np.float32)

    def update(self, true_classes: Any) -> None:
        np.add.at(self._counts, np.ravel(true_classes), 1)


class _Fixed(_Range):
    """By given weights, through Walker's table of aliases."""

    def __init__(self, size: int, weights: list[float]) -> None:
        super().__init__(size)
        self._weights = np.array(weights, np.float32)
        self._total = np.float32(self._weights.sum(dtype=np.float32))
        self._table()

    def _table(self) -> None:
        number = len(self._weights)
        share = self._weights.astype(np.float64)
        share = share / share.sum() * number
        self._alias = np.arange(number)
        low = [i for i in range(number) if share[i] < 1.0]
        high = [i for i in range(number) if share[i] >= 1.0]
        while high and low:
            small, large = low.pop(), high.pop()
            self._alias[small] = large
            share[large] -= 1.0 - share[small]
            (low if share[large] < 1.0 else high).append(large)
        for i in high + low:
            share[i], self._alias[i] = 1.0, i
        self._share = share.astype(np.float32)

    def draw(self, words: Words, number: int) -> Any:
        count = len(self._weights)
        rest = 0 if count & (count - 1) == 0 else (2**32 - 1) % count + 1
        stream = words(2 * number + 64)
        while rest:
            wrong = np.flatnonzero(stream[1::2] < rest)
            if not wrong.size:
                break
            stream = np.delete(stream, 2 * wrong[0] + 1)  # passed over: the next word takes its place
        stream = stream[: 2 * number]
        unit = ((stream[0::2] & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)).view(np.float32) - np.float32(1)
        place = (stream[1::2] % np.uint32(count)).astype(np.int64)
        return np.where(unit < self._share[place], place, self._alias[place])

    def odds(self, values: Any) -> Any:
        inside = (values >= 0) & (values < len(self._weights))
        found = self._weights[np.where(inside, values, 0)] / self._total
        return np.where(inside, found, 0).astype(np.float32)


def _weights(op: Any) -> list[float]:
    attrs = op._attrs
    shards, shard, power = attrs["num_shards"], attrs["shard"], attrs["distortion"]
    if attrs["vocab_file"]:
        lines = Path(attrs["vocab_file"].decode()).read_text(encoding="utf-8").splitlines()
        given = [float(line.rsplit(",", 1)[1]) for line in lines if line]
    else:
        given = list(attrs["unigrams"])
    reserved = [0.0] * attrs["num_reserved_ids"]
    powered = [*reserved, *(float(np.float32(w) ** np.float32(power)) for w in given)]
    return [w for i, w in enumerate(powered) if i % shards == shard]


def _expected(odds: Any, number: int, tries: int) -> Any:
    """How often values of these odds are expected among `number` that took so many tries."""
    if tries == number:
        return odds * np.float32(number)
    return (-np.expm1(tries * np.log1p(-odds.astype(np.float64)))).astype(np.float32)


def _drawn(source: _Range, words: Words, number: int, unique: bool) -> tuple[Any, int]:
    """The values, and how many were drawn to get them."""
    if not unique:
        return source.draw(words, number), number
    ask = number
    while True:
        ask *= 2
        values = source.draw(words, ask)
        first = np.sort(np.unique(values, return_index=True)[1])
        if len(first) >= number:
            return values[first[:number]], int(first[number - 1]) + 1


_KINDS: dict[str, Callable[[Any], _Range]] = {
    "UniformCandidateSampler": lambda op: _Uniform(op._attrs["range_max"]),
    "LogUniformCandidateSampler": lambda op: _LogUniform(op._attrs["range_max"]),
    "LearnedUnigramCandidateSampler": lambda op: _Learned(op._attrs["range_max"]),
    "ThreadUnsafeUnigramCandidateSampler": lambda op: _Learned(op._attrs["range_max"]),
    "FixedUnigramCandidateSampler": lambda op: _Fixed(op._attrs["range_max"], _weights(op)),
}


def _check_classes(true_classes: Any, num_true: int, size: int) -> None:
    if np.ndim(true_classes) != 2:
        raise invalid("true_classes must be a matrix")
    if true_classes.shape[1] != num_true:
        raise invalid(f"true_classes must have num_true columns, expected: {num_true} was: {true_classes.shape[1]}")
    wrong = true_classes[(true_classes < 0) | (true_classes >= size)]
    if wrong.size:
        raise invalid(f"`true_candidate` out of range [0, {size}), received {wrong[0]}")


@stateful_kernel(*_KINDS)
def _sample(op: Any, state: State) -> Call:
    number, unique, num_true = (op._attrs[name] for name in ("num_sampled", "unique", "num_true"))
    key = f"{op.name}/candidates"

    def call(true_classes: Any) -> Any:
        source = state.resources.get(key)
        if source is None:
            source = state.resources.setdefault(key, _KINDS[op.type](op))
        if unique and number > source.size:
            raise invalid("Sampler's range is too small.")
        _check_classes(true_classes, num_true, source.size)
        words = _words(generator_of(op, state).reserve(512 * number))
        values, tries = _drawn(source, words, number, unique)
        counts = [_expected(source.odds(v), number, tries) for v in (true_classes, values)]
        source.update(true_classes)
        return values, counts[0], counts[1]

    return call


@kernel("AllCandidateSampler")
def _all(op: Any) -> Call:
    number, num_true = op._attrs["num_sampled"], op._attrs["num_true"]

    def call(true_classes: Any) -> Any:
        _check_classes(true_classes, num_true, number)
        return np.arange(number), np.ones(true_classes.shape, np.float32), np.ones(number, np.float32)

    return call


@kernel("ComputeAccidentalHits")
def _accidental_hits(op: Any) -> Call:
    num_true = op._attrs["num_true"]
    lowest = np.finfo(np.float32).min

    def call(true_classes: Any, sampled: Any) -> Any:
        if np.ndim(true_classes) != 2 or true_classes.shape[1] != num_true:
            raise invalid("true_classes must be a batch_size * num_true matrix")
        if np.ndim(sampled) != 1:
            raise invalid("sampled_candidates must be a vector, which is typically an output from CandidateSampler")
        place = {int(value): i for i, value in enumerate(sampled)}
        hits = [(row, place[int(c)]) for row, classes in enumerate(true_classes) for c in classes if int(c) in place]
        rows, places = np.array(hits, np.int64).reshape(-1, 2).T
        return rows.astype(np.int32), places.copy(), np.full(len(hits), lowest, np.float32)

    return call
