"""Tensors known by their parts: some rows of a larger tensor (`IndexedSlices`), or its elements that are not zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from teachtf.core import dtypes, shapes, static
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor, _session_for

if TYPE_CHECKING:
    from teachtf.core.graph import Graph
    from teachtf.core.operation import Operation


class IndexedSlicesValue(NamedTuple):
    """What a run gives for an `IndexedSlices`. Source: TensorFlow's `IndexedSlicesValue`."""

    values: Any
    indices: Any
    dense_shape: Any


class SparseTensorValue(NamedTuple):
    """What a run gives for a `SparseTensor`, and what may be fed for one. Source: `tf.SparseTensorValue`."""

    indices: Any
    values: Any
    dense_shape: Any


class _Composite:
    """What tensors in parts have in common: the run knows them by these parts."""

    def _parts(self) -> list[Tensor]:
        raise NotImplementedError

    @property
    def values(self) -> Tensor:
        raise NotImplementedError

    @property
    def op(self) -> Operation:
        """The operation that produces `values`."""
        return self.values.op

    @property
    def dtype(self) -> dtypes.DType:
        """The type of the elements of `values`."""
        return self.values.dtype

    @property
    def graph(self) -> Graph:
        """The graph that holds the parts."""
        return self.values.graph

    def consumers(self) -> list[Operation]:
        """The operations that take any of the parts, each once."""
        return list(dict.fromkeys(op for part in self._parts() for op in part.consumers()))

    def _feed_parts(self, value: Any) -> Iterator[tuple[Tensor, Any]]:
        return zip(self._parts(), value, strict=False)


class IndexedSlices(_Composite):
    """Some rows of a larger tensor: row `indices[i]` is `values[i]`, and a row named twice is their sum.

    Gradients of `tf.gather` come so, since most of their rows are zero.

    Args:
      values: a tensor, of shape [n, ...].
      indices: int32 or int64, of shape [n].
      dense_shape: the shape of the larger tensor as a 1-D integer tensor, or None.

    Source: `tf.IndexedSlices`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     table = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    ...     slope = tf.gradients(tf.gather(table, [2, 0]), table)[0]
    ...     print(type(slope).__name__, sess.run(slope.indices))
    IndexedSlices [2 0]
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Tensor:
        """The rows."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Where each row belongs."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the larger tensor, if it was given."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the larger tensor's shape before a run."""
        return shapes.unknown_shape() if self._dense_shape is None else static.constant_value_as_shape(self._dense_shape)

    @property
    def name(self) -> str:
        """The name of `values`."""
        return self.values.name

    @property
    def device(self) -> str:
        """The device that `values` was asked to be computed on."""
        return self.values.device

    def _parts(self) -> list[Tensor]:
        return [self._values, self._indices] + ([] if self._dense_shape is None else [self._dense_shape])

    def _fetch_parts(self) -> tuple[list[Tensor], Callable[..., IndexedSlicesValue]]:
        return self._parts(), lambda values, indices, dense_shape=None: IndexedSlicesValue(values, indices, dense_shape)

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    __repr__ = __str__


class SparseTensor(_Composite):
    """A tensor by its elements that are not zero.

    Args:
      indices: int64, of shape [n, rank]: where each element is; in order of rows, as most operations want it.
      values: of shape [n].
      dense_shape: int64, of shape [rank].

    Raises:
      ValueError: the shapes of the parts do not fit.

    Source: `tf.SparseTensor`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.SparseTensor([[0, 0], [1, 2]], [1, 2], [2, 3])
    ...     print(sess.run(tf.sparse.to_dense(x)))
    [[1 0 0]
     [0 0 2]]
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert_to_tensor(indices, dtypes.int64, name="indices")
            self._values = convert_to_tensor(values, name="values")
            self._dense_shape = convert_to_tensor(dense_shape, dtypes.int64, name="dense_shape")
            self._static_shape = static.constant_value_as_shape(self._dense_shape)
        indices_shape = self._indices.shape.with_rank(2)
        values_shape, rank_shape = self._values.shape.with_rank(1), self._dense_shape.shape.with_rank(1)
        indices_shape[0].assert_is_compatible_with(values_shape[0])
        indices_shape[1].assert_is_compatible_with(rank_shape[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A `SparseTensor` of constant parts. Raises TypeError for anything but a `SparseTensorValue` or a `SparseTensor`."""
        if not is_sparse(sparse_tensor_value):
            raise TypeError(
                f"Argument sparse_tensor_value={sparse_tensor_value} is neither a SparseTensor nor SparseTensorValue."
            )
        return SparseTensor(sparse_tensor_value.indices, sparse_tensor_value.values, sparse_tensor_value.dense_shape)

    @property
    def indices(self) -> Tensor:
        """Where each element is: int64, of shape [n, rank]."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements, of shape [n]."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the whole, as an int64 tensor."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape before a run."""
        return self._static_shape

    def get_shape(self) -> TensorShape:
        """What is known of the shape before a run; same as `shape`."""
        return self._static_shape

    def set_shape(self, shape: Any) -> None:
        """Tell more about the shape. Raises ValueError when it contradicts what is known."""
        self._static_shape = self._static_shape.merge_with(shapes.as_shape(shape))

    def with_values(self, new_values: Any) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self._indices, new_values, self._dense_shape)

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """The value in `session`, or in the default session. Raises ValueError when there is none."""
        parts = [self._indices, self._values, self._dense_shape]
        return SparseTensorValue(*_session_for(self._values, session, "evaluate tensor", "eval").run(parts, feed_dict))

    def _parts(self) -> list[Tensor]:
        return [self._indices, self._values, self._dense_shape]

    def _fetch_parts(self) -> tuple[list[Tensor], Callable[..., SparseTensorValue]]:
        return self._parts(), SparseTensorValue

    @staticmethod
    def _override_operator(operator: str, function: Callable[..., Any]) -> None:
        setattr(SparseTensor, operator, function)

    def __str__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"

    __repr__ = __str__


def is_sparse(x: Any) -> bool:
    """Whether `x` is a `SparseTensor` or the value of one."""
    return isinstance(x, (SparseTensor, SparseTensorValue))


def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """`value` itself if it is a tensor in parts, else `value` as a tensor.

    Raises:
      ValueError: it has another dtype than `dtype`.

    Source: `tf.convert_to_tensor_or_indexed_slices`.
    """
    if not isinstance(value, (Tensor, _Composite)):
        return convert_to_tensor(value, dtype, name=name, as_ref=as_ref)
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if wanted is not None and not wanted.is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible tensor conversion requested to `dtype` {wanted.name} for `value` ({value}) with dtype "
            f"{value.dtype.name}."
        )
    return value


def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A `SparseTensor` of a sparse `value`, else `value` as a tensor.

    Raises:
      RuntimeError: a sparse value has another dtype than `dtype`.

    Source: `tf.convert_to_tensor_or_sparse_tensor`.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        return convert_to_tensor(value, wanted, name=name)
    if wanted is not None and not wanted.is_compatible_with(value.dtype):
        raise RuntimeError(f"Sparse dtype mismatch. Requested: {wanted.name},  Actual: {value.dtype.name}")
    return value


def convert_to_sparse_tensor(value: Any) -> SparseTensor:
    """`value` as a `SparseTensor`. Raises TypeError when it is none, nor the value of one."""
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor, got {value!r}. tf.sparse.from_dense makes one of a tensor.")
    return value
