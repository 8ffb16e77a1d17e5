"""What a tensor must be: a shape and a dtype, and a name. Source: `tf.TensorSpec`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from teachtf.core import dtypes, errors
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor


class TypeSpec(errors.Suggesting, ABC):
    """What a value of the graph must be; `TensorSpec` is the one for tensors. Source: `tf.TypeSpec`."""

    @property
    @abstractmethod
    def value_type(self) -> type:
        """The class of the values."""

    @abstractmethod
    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value, or all values of another spec, may be what this says."""


class TensorSpec(TypeSpec):
    """A shape, which may be known in part, a dtype and a name.

    >>> spec = tf.TensorSpec([None, 3], tf.float32)
    >>> with tf.Graph().as_default():
    ...     spec.is_compatible_with(tf.zeros([2, 3])), spec.is_compatible_with(tf.zeros([2, 4]))
    (True, False)
    """

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> None:
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: TensorSpec, name: str | None = None) -> TensorSpec:
        """A spec of the same shape and dtype, under another name where one is given."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Tensor, name: str | None = None) -> TensorSpec:
        """What a tensor is. Raises ValueError for something else."""
        if not isinstance(tensor, Tensor):
            raise ValueError(f"`tensor` should be a tf.Tensor, but got type {type(tensor)}.")
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def shape(self) -> TensorShape:
        """The shape, as far as it is known."""
        return self._shape

    @property
    def dtype(self) -> dtypes.DType:
        """The type of the elements."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    @property
    def value_type(self) -> type:
        """`tf.Tensor`."""
        return Tensor

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a tensor, or all tensors of another spec, may be what this says."""
        if not isinstance(spec_or_value, (Tensor, TensorSpec)):
            return False
        return self._dtype.is_compatible_with(spec_or_value.dtype) and self._shape.is_compatible_with(spec_or_value.shape)

    def most_specific_compatible_type(self, other: TensorSpec) -> TensorSpec:
        """The most that is true of the tensors of both. Raises ValueError where the dtypes differ."""
        if not isinstance(other, TensorSpec) or self._dtype != other._dtype:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        shape = self._shape.most_specific_compatible_shape(other._shape)
        return TensorSpec(shape, self._dtype, self._name if self._name == other._name else None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorSpec):
            return False
        return (self._shape, self._dtype, self._name) == (other._shape, other._dtype, other._name)

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"
