"""One stream of TensorFlow's random numbers: what a random op's kernel keeps from run to run. NumPy draws them
(`reference.philox`, `reference.samplers`) until `fills` and `samplers` are compiled.

>>> from teachtf.kernels.cpu.philox import Generator
>>> generator = Generator(seed=1, seed2=2)
>>> [round(float(x), 4) for x in generator.uniform([3], "float32")]
[0.4064, 0.8576, 0.0554]
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from teachtf.kernels.compiling import Served
from teachtf.kernels.prepared import served
from teachtf.kernels.reference import philox, samplers

__all__ = ["BLOCKS_PER_OUTPUT", "UNIFORM", "Generator", "blocks_of_classes", "scrambled"]

BLOCKS_PER_OUTPUT = 256  # TensorFlow moves its counter by so many blocks for each number, needed or not
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
# The bits that a uniform number keeps, as a mask, and their unit.
UNIFORM = {
    np.dtype(np.float32): (np.uint64(0x7FFFFF), np.float32(2.0**-23)),
    np.dtype(np.float16): (np.uint64(0x3FF), np.float32(2.0**-10)),
    _BFLOAT16: (np.uint64(0x7F), np.float32(2.0**-7)),
}
_GRAIN = 16384  # groups worth a thread
_SAMPLER_GRAIN = 4096


def _dtype(dtype: DTypeLike) -> np.dtype:
    found = np.dtype(dtype)
    if found != np.float64 and found not in UNIFORM:
        raise TypeError(f"random numbers come as float16, bfloat16, float32 or float64, not {found.name}")
    return found


def _fills(name: str, dtype: DTypeLike) -> Served:
    return served("fills", name, np.dtype(dtype), getattr(philox, name))


def _samplers(name: str, dtype: DTypeLike) -> Served:
    return served("samplers", name, np.dtype(dtype), getattr(samplers, name))


# Each with the seconds that NumPy takes for a number.
_FILL_UNIFORM = _fills("fill_uniform", np.float32), 5e-8
_FILL_UNIFORM64 = _fills("fill_uniform64", np.float64), 5e-8
_FILL_NORMAL = _fills("fill_normal", np.float32), 1e-7
_FILL_NORMAL64 = _fills("fill_normal64", np.float64), 1e-7
_FILL_INT = _fills("fill_uniform_int", np.int32), 5e-8
_FILL_INT64 = _fills("fill_uniform_int64", np.int64), 5e-8
_FILL_GAMMA = _samplers("fill_gamma", np.float64), 5e-7
_FILL_POISSON = _samplers("fill_poisson", np.float64), 6e-7
_PERMUTE = _samplers("permute", np.int64), 5e-7
_CATEGORIES = {np.dtype(kind): (_samplers("categories", kind), 1e-7) for kind in (np.float32, np.float64)}
_Fill = tuple[Served, float]


def _in_parts(versions: Served, seconds: float, fill: Callable[[Any, int, int], None], count: int, grain: int) -> None:
    """``fill(kernel, start, stop)`` over ranges that cover range(count), of at least `grain` where several threads serve."""
    kernel = versions.version(seconds)
    if count <= grain or not versions.compiled:
        if count:
            fill(kernel, 0, count)
        return
    from teachtf.kernels.cpu.threads import parallel_for  # itself compiled code: not to be imported before

    parallel_for(lambda start, stop: fill(kernel, start, stop), count, grain)


_SCRAMBLING_KEY = 0x02461E293EC8F720


def scrambled(seed: Any) -> tuple[int, int]:
    """The key, and the high half of the counter, of the stream of two integers. Source: TensorFlow's stateless ops."""
    low, high = (int(s) % 2**64 for s in seed)
    a, b, c, d = philox.blocks(np.array((_SCRAMBLING_KEY, high, low), np.uint64), 0)
    return int(b) << 32 | int(a), int(d) << 32 | int(c)


def blocks_of_classes(rows: int, samples: int) -> int:
    """By how many blocks the drawing of classes moves the counter."""
    return rows * (-(-samples // 4) * 4) * 2 * BLOCKS_PER_OUTPUT


class Generator:
    """TensorFlow's generator for an op with the attributes `seed` and `seed2`.

    Each call moves on, as each run of the op does. Both seeds zero: the numbers differ from generator to generator.
    Calls from several threads get parts of the stream that do not overlap. Source: `GuardedPhiloxRandom`.
    """

    def __init__(self, seed: int, seed2: int) -> None:
        if seed == 0 and seed2 == 0:
            seed, seed2 = (int.from_bytes(os.urandom(8), "little") for _ in range(2))
        self._key, self._high, self._low = seed % 2**64, seed2 % 2**64, 0
        self._lock = threading.Lock()

    @classmethod
    def at(cls, key: int, high: int, low: int) -> Generator:
        """A generator that starts from this key and counter."""
        made = cls(1, 1)
        made._key, made._high, made._low = key, high, low
        return made

    def reserve(self, blocks: int) -> np.ndarray:
        """Where a fill of so many blocks starts, as `fills` takes it; the next one starts after them."""
        with self._lock:
            stream = np.array((self._key, self._high, self._low), np.uint64)
            self._low += blocks
        return stream

    def _fill(self, shape: Sequence[int], dtype: DTypeLike, group: int, how: _Fill, *args: Any) -> Any:
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        stream = self.reserve(out.size * BLOCKS_PER_OUTPUT)
        groups = -(-out.size // group)
        versions, cost = how
        _in_parts(versions, out.size * cost, lambda kernel, a, b: kernel(flat, stream, a, b, *args), groups, _GRAIN)
        return out

    def uniform(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> np.ndarray:
        """Numbers from [0, 1). Source: RandomUniform."""
        dtype = _dtype(dtype)
        if dtype == np.float64:
            return self._fill(shape, dtype, 2, _FILL_UNIFORM64)
        return self._fill(shape, np.float32, 4, _FILL_UNIFORM, *UNIFORM[dtype]).astype(dtype, copy=False)

    def _normal(self, shape: Sequence[int], dtype: DTypeLike, truncated: bool) -> np.ndarray:
        dtype = _dtype(dtype)
        if dtype == np.float64:
            return self._fill(shape, dtype, 2, _FILL_NORMAL64, truncated)
        return self._fill(shape, np.float32, 4, _FILL_NORMAL, truncated).astype(dtype, copy=False)

    def normal(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> np.ndarray:
        """Normal numbers of mean 0 and deviation 1. Source: RandomStandardNormal."""
        return self._normal(shape, dtype, False)

    def truncated_normal(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> np.ndarray:
        """As `normal`, but each number of size 2 or more is drawn again. Source: TruncatedNormal."""
        return self._normal(shape, dtype, True)

    def uniform_int(self, shape: Sequence[int], minval: int, maxval: int, dtype: DTypeLike | None = None) -> np.ndarray:
        """Whole numbers from [minval, maxval), int32 or int64; by default minval's dtype. Source: RandomUniformInt.

        Raises:
          ValueError: the interval is empty (and the output is not).
        """
        low, high = int(minval), int(maxval)
        if low >= high:
            raise ValueError(f"Need minval < maxval, got {low} >= {high}")
        whole = np.dtype(getattr(minval, "dtype", np.int32) if dtype is None else dtype)
        small = whole == np.int32
        return self._fill(shape, whole, 4 if small else 2, _FILL_INT if small else _FILL_INT64, low, np.uint64(high - low))

    def shuffle(self, array: np.ndarray) -> np.ndarray:
        """A copy with the first axis in random order. Source: RandomShuffle."""
        if array.size <= 1 or array.shape[0] <= 1:
            return array.copy()
        order = np.empty(array.shape[0], np.int64)
        versions, cost = _PERMUTE
        versions.version(order.size * cost)(order, self.reserve((order.size + 2) // 4))
        return array[order]

    def multinomial(self, logits: np.ndarray, num_samples: int, output_dtype: DTypeLike = np.int64) -> np.ndarray:
        """Classes [batch, num_samples], drawn with odds exp(logits[batch, class]). Source: Multinomial."""
        rows = logits.shape[0]
        out = np.empty((rows, num_samples), np.int64)
        if out.size:
            stream = self.reserve(blocks_of_classes(rows, num_samples))
            wide = logits if logits.dtype in (np.float32, np.float64) else logits.astype(np.float32)
            versions, cost = _CATEGORIES[wide.dtype]
            versions.version((out.size + wide.size) * cost)(out, np.ascontiguousarray(wide), stream)
        return out.astype(output_dtype, copy=False)

    def _sample(self, how: _Fill, shape: Sequence[int], values: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        out = np.empty((*shape, *values.shape))
        if out.size:
            flat, given = out.reshape(-1), np.ascontiguousarray(values.reshape(-1), np.float64)
            samples = out.size // given.size
            versions, cost = how
            stream = self.reserve(out.size * BLOCKS_PER_OUTPUT)
            _in_parts(
                versions,
                out.size * cost,
                lambda kernel, a, b: kernel(flat, given, samples, stream, a, b),
                out.size,
                _SAMPLER_GRAIN,
            )
        with np.errstate(all="ignore"):
            return out.astype(dtype, copy=False)

    def gamma(self, shape: Sequence[int], alpha: np.ndarray) -> np.ndarray:
        """Gamma numbers [*shape, *alpha.shape] of rate 1. Source: RandomGamma."""
        return self._sample(_FILL_GAMMA, shape, np.asarray(alpha), np.asarray(alpha).dtype)

    def poisson(self, shape: Sequence[int], rate: np.ndarray, dtype: DTypeLike | None = None) -> np.ndarray:
        """Poisson counts [*shape, *rate.shape], by default in rate's dtype. Source: RandomPoissonV2."""
        return self._sample(_FILL_POISSON, shape, np.asarray(rate), np.asarray(rate).dtype if dtype is None else dtype)
