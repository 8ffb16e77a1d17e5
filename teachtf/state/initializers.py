"""How variables start: functions from a shape to a tensor. Source: `tf.initializers`, `tf.*_initializer`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.convert import constant
from teachtf.core.dtypes import DType
from teachtf.core.shapes import as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import fills, random
from teachtf.ops.arithmetic import sign
from teachtf.ops.arrays import reshape
from teachtf.ops.decompositions import qr
from teachtf.ops.diagonals import diag_part, eye, matrix_transpose
from teachtf.ops.slicing import slice_


class Initializer:
    """A function `initializer(shape, dtype=None, partition_info=None)` that can be saved as a dictionary."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A tensor of `shape`. Subclasses say with what in it."""
        raise NotImplementedError("Initializer subclasses define __call__")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The initializer of a `get_config`."""
        return cls(**config)


def _floating(dtype: Any) -> DType:
    wanted = dtypes.as_dtype(dtype)
    if not wanted.is_floating:
        raise ValueError(f"Argument `dtype` is expected to be floating point. Received: {wanted!r}.")
    return wanted


class Zeros(Initializer):
    """Zeros. Source: `tf.zeros_initializer`."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Zeros of `shape`."""
        return fills.zeros(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"dtype": self.dtype.name}


class Ones(Zeros):
    """Ones. Source: `tf.ones_initializer`."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Ones of `shape`."""
        return fills.ones(shape, self.dtype if dtype is None else dtype)


class Constant(Initializer):
    """A value, or a list of values laid out in the shape. Source: `tf.constant_initializer`."""

    def __init__(self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value={value} of type: {type(value).__name__}. Expected Python scalar, list or "
                "tuple of values, or numpy.ndarray."
            )
        self.value, self.dtype, self._verify_shape = value, dtypes.as_dtype(dtype), verify_shape

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None, verify_shape: Any = None) -> Tensor:
        """The value in `shape`."""
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, self.dtype if dtype is None else dtype, shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"value": self.value, "dtype": self.dtype.name}


class RandomUniform(Initializer):
    """Evenly distributed. Source: `tf.random_uniform_initializer`."""

    def __init__(self, minval: Any = 0.0, maxval: Any = None, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.minval, self.maxval, self.seed, self.dtype = minval, maxval, seed, dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Numbers in [minval, maxval)."""
        return random.random_uniform(shape, self.minval, self.maxval, self.dtype if dtype is None else dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed, "dtype": self.dtype.name}


class RandomNormal(Initializer):
    """Normally distributed. Source: `tf.random_normal_initializer`."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Numbers round `mean`."""
        return random.random_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed, "dtype": self.dtype.name}


class TruncatedNormal(RandomNormal):
    """Normally distributed within two standard deviations. Source: `tf.truncated_normal_initializer`."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Numbers near `mean`."""
        return random.truncated_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, self.seed)


class VarianceScaling(Initializer):
    """Spread by the number of inputs and outputs. Source: `tf.variance_scaling_initializer`."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be a positive float. Received: {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Argument `mode` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: {mode}")
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "Argument `distribution` should be one of ('normal', uniform', 'truncated_normal', 'untruncated_normal'). "
                f"Received: {distribution}"
            )
        self.scale, self.mode, self.distribution, self.seed, self.dtype = scale, mode, distribution, seed, _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Numbers with variance `scale` over the fan."""
        wanted = self.dtype if dtype is None else dtype
        fan_in, fan_out = fans(_whole(shape, partition_info))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        scale = self.scale / max(1.0, fan)
        if self.distribution in ("normal", "truncated_normal"):
            stddev = math.sqrt(scale) / 0.87962566103423978  # what truncation at two deviations takes from the spread
            return random.truncated_normal(shape, 0.0, stddev, wanted, self.seed)
        if self.distribution == "untruncated_normal":
            return random.random_normal(shape, 0.0, math.sqrt(scale), wanted, self.seed)
        limit = math.sqrt(3.0 * scale)
        return random.random_uniform(shape, -limit, limit, wanted, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


def fans(shape: Any) -> tuple[int, int]:
    """The number of inputs and outputs of a layer whose weights have this shape."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    receptive = math.prod(shape[:-2])
    return int(shape[-2] * receptive), int(shape[-1] * receptive)


class GlorotUniform(VarianceScaling):
    """Glorot's uniform start, the default of `tf.get_variable`; `dtype` is accepted alone, as in TensorFlow.

    Source: `tf.glorot_uniform_initializer`.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotNormal(VarianceScaling):
    """Glorot's normal start; `dtype` as in `GlorotUniform`. Source: `tf.glorot_normal_initializer`."""

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"seed": self.seed, "dtype": self.dtype.name}


class UniformUnitScaling(Initializer):
    """Evenly distributed, so wide that a layer keeps the spread of its inputs. Deprecated in TensorFlow for
    `tf.variance_scaling_initializer(distribution="uniform")`. Source: `tf.uniform_unit_scaling_initializer`.
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.factor, self.seed, self.dtype = factor, seed, _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """Numbers within `factor * sqrt(3 / inputs)`."""
        whole = _whole(shape, partition_info)
        limit = math.sqrt(3 / max(float(math.prod(whole[:-1])), 1.0)) * self.factor
        return random.random_uniform(shape, -limit, limit, self.dtype if dtype is None else dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


class Orthogonal(Initializer):
    """A random matrix whose rows or columns, those that are fewer, are at right angles; all axes but the last make the rows.

    Source: `tf.orthogonal_initializer`.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        self.gain, self.seed, self.dtype = gain, seed, _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A matrix of `gain` times unit vectors, in `shape`. Raises ValueError for less than two axes."""
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. Received "
                f"shape={shape}"
            )
        rows, columns = math.prod(_whole(shape[:-1], None)), int(shape[-1])
        wanted = self.dtype if dtype is None else dtype
        normal = random.random_normal((max(rows, columns), min(rows, columns)), dtype=wanted, seed=self.seed)
        q, r = qr(normal)
        q = q * sign(diag_part(r))  # of the two factorings that differ in sign, one: all matrices are as likely
        if rows < columns:
            q = matrix_transpose(q)
        return self.gain * reshape(q, shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


class Identity(Initializer):
    """The identity matrix. Source: `tf.initializers.identity`."""

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32) -> None:
        self.gain, self.dtype = gain, _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """`gain` times the identity. Raises ValueError for other than two axes."""
        whole = _whole(shape, partition_info)
        if len(whole) != 2:
            raise ValueError(
                "The tensor to initialize, specified by argument `shape` must be at least two-dimensional. Received "
                f"shape={shape}"
            )
        matrix = eye(whole[0], whole[1], dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            matrix = slice_(matrix, partition_info.var_offset, shape)
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"gain": self.gain, "dtype": self.dtype.name}


def _whole(shape: Any, partition_info: Any) -> Any:
    """The shape of all partitions together."""
    return as_shape(shape if partition_info is None else partition_info.full_shape).as_list()


def he_normal(seed: int | None = None) -> VarianceScaling:
    """He's normal start. Source: `tf.initializers.he_normal`."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """He's uniform start. Source: `tf.initializers.he_uniform`."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """LeCun's normal start. Source: `tf.initializers.lecun_normal`."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """LeCun's uniform start. Source: `tf.initializers.lecun_uniform`."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)
