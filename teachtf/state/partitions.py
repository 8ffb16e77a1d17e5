"""Variables in several parts: which part is which, and the parts as one. Source: `tf.get_variable(partitioner=...)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from teachtf.core.convert import register_tensor_conversion_function
from teachtf.core.dtypes import DType
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import identity
from teachtf.ops.joining import concat, split


class SaveSliceInfo:
    """Which part of a larger tensor a variable holds. Source: `tf.Variable.SaveSliceInfo`.

    Args:
      full_name: the name of the whole in checkpoints.
      full_shape: the shape of the whole.
      var_offset: where the part begins, for each axis.
      var_shape: the shape of the part.
      save_slice_info_def: a `SaveSliceInfoDef` to take all that from.
      import_scope: a scope put before the name in `save_slice_info_def`.

    >>> import teachtf as tf
    >>> tf.Variable.SaveSliceInfo("w", [4, 3], [2, 0], [2, 3]).spec
    '4 3 2,2:0,3'
    """

    def __init__(
        self,
        full_name: str | None = None,
        full_shape: Any = None,
        var_offset: Any = None,
        var_shape: Any = None,
        save_slice_info_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        if save_slice_info_def is not None:
            proto = save_slice_info_def
            full_name = f"{import_scope.rstrip('/')}/{proto.full_name}" if import_scope else proto.full_name
            full_shape, var_offset, var_shape = proto.full_shape, proto.var_offset, proto.var_shape
        self.full_name: Any = full_name
        self.full_shape = [] if full_shape is None else list(full_shape)
        self.var_offset = [] if var_offset is None else list(var_offset)
        self.var_shape = [] if var_shape is None else list(var_shape)

    @property
    def spec(self) -> str:
        """The full shape, then start and length in each dimension, as `SaveV2` takes it."""
        extents = ":".join(f"{o},{s}" for o, s in zip(self.var_offset, self.var_shape, strict=True))
        return f"{' '.join(str(d) for d in self.full_shape)} {extents}"

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This as a `SaveSliceInfoDef`; None where the name is not under `export_scope`."""
        from tensorboard.compat.proto import variable_pb2

        name = self.full_name or ""
        if export_scope and not name.startswith(export_scope):
            return None
        scope = f"{export_scope.rstrip('/')}/" if export_scope else ""
        return variable_pb2.SaveSliceInfoDef(
            full_name=name.removeprefix(scope),
            full_shape=self.full_shape,
            var_offset=self.var_offset,
            var_shape=self.var_shape,
        )


class PartitionInfo:
    """What an initializer is told of the part that it fills: the shape of the whole, and where the part begins."""

    def __init__(self, full_shape: Sequence[int], var_offset: Sequence[int]) -> None:
        self.full_shape = list(full_shape)
        self.var_offset = list(var_offset)

    def single_offset(self, shape: Sequence[int]) -> int:
        """Where the part begins on the axis that is cut. Raises as `single_slice_dim`."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis that is cut, for a part of `shape`; None when the part is the whole.

        Raises:
          TypeError: `shape` is no list or tuple.
          ValueError: it has another rank, does not fit in, or is cut on two axes.
        """
        if not isinstance(shape, (tuple, list)):
            raise TypeError(f"`shape` must be a sequence (like tuple or list) instead of {type(shape)}")
        if len(shape) != len(self.full_shape):
            raise ValueError(
                f"Expected equal length, but received shape={shape} of length {len(shape)} while "
                f"self.full_shape={self.full_shape} is of length {len(self.full_shape)}."
            )
        found = None
        for axis, (size, full, offset) in enumerate(zip(shape, self.full_shape, self.var_offset, strict=True)):
            if offset + size > full:
                raise ValueError(
                    f"With self.var_offset={self.var_offset}, a partition of shape={shape} would exceed "
                    f"self.full_shape={self.full_shape} in dimension {axis}."
                )
            if size < full:
                if found is not None:
                    raise ValueError(
                        f"Cannot use single_slice_dim() with shape={shape} and self.full_shape={self.full_shape} "
                        f"since slice dim could be either dimension {axis} or {found}."
                    )
                found = axis
        return found


class PartitionedVariable:
    """The parts of a variable as one: a tensor of the whole where a tensor is wanted, and a sequence of the parts.

    Args:
      name: the name of the whole.
      shape: the shape of the whole.
      dtype: the type of the parts.
      variable_list: the parts, each with a `SaveSliceInfo`.
      partitions: for each axis, into how many parts it is cut.

    Raises:
      TypeError: `variable_list` or `partitions` is no list.
      ValueError: they do not fit one another.

    Source: `PartitionedVariable` of TensorFlow.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     w = tf.get_variable("w", [5, 2], partitioner=tf.fixed_size_partitioner(2))
    ...     print([(part.name, part.shape.as_list()) for part in w], tf.convert_to_tensor(w).name)
    [('w/part_0:0', [3, 2]), ('w/part_1:0', [2, 2])] w:0
    """

    def __init__(self, name: str, shape: Any, dtype: Any, variable_list: Any, partitions: Any) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions is not a list or tuple: {partitions}")
        if not all(p >= 1 for p in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        infos = [v._get_save_slice_info() for v in variable_list]
        if None in infos:
            raise ValueError(f"All variables must have a save_slice_info available: {[v.name for v in variable_list]}")
        if len(shape) != len(partitions):
            raise ValueError(f"len(shape) != len(partitions): {shape} vs. {partitions}")
        for info in infos:
            if TensorShape(info.full_shape) != TensorShape(shape):
                raise ValueError(
                    f"All variables' full shapes must match shape: {shape}; but full shapes were: {[info.full_shape]}"
                )
        self._variable_list = sorted(variable_list, key=lambda v: v._get_save_slice_info().var_offset)
        self._name, self._shape, self._dtype, self._partitions = name, shape, dtype, partitions

    @property
    def name(self) -> str:
        """The name of the whole, without an output number."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise ValueError(f"Cannot get a length for {len(axes)} > 1 partition axes")
        return len(self._variable_list)

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> Sequence[int]:
        return self._partitions

    def _partition_axes(self) -> list[int]:
        return [axis for axis, number in enumerate(self._partitions) if number > 1] or [0]

    def _axis(self, what: str) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(what.format(axes))
        return axes[0]

    def as_tensor(self) -> Tensor:
        """The whole, joined from the parts by new operations that wait for nothing else."""
        with control_dependencies(None):
            if len(self._variable_list) == 1:
                with name_scope(None):
                    return identity(self._variable_list[0], name=self._name)
            axis = self._axis(
                "Cannot concatenate along more than one dimension: {}.  Multi-axis partition concat is not supported"
            )
            with name_scope(f"{self._name}/ConcatPartitions/"):
                joined = concat(self._variable_list, axis)
            with name_scope(None):
                return identity(joined, name=self._name)

    def _for_each(self, change: Callable[[Any, Any], Any], value: Any) -> list[Any]:
        """Change each part by its share of `value`: a list of shares, another of the kind, or a tensor of the whole."""
        axis = self._axis(
            "Cannot do assign action along more than one dimension: {}.  Multi-axis partition assign action is not supported "
        )
        if isinstance(value, (list, PartitionedVariable)):
            shares = list(value)
            if len(shares) != len(self._variable_list):
                raise AssertionError(f"{len(self._variable_list)} values expected, one for each partition, got {len(shares)}")
        else:
            shares = split(value, [part.shape.as_list()[axis] for part in self._variable_list], axis=axis)
        return [change(part, share) for part, share in zip(self._variable_list, shares, strict=True)]

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> list[Any]:
        """Operations that give the parts their shares of `value`, a list of one for each part."""
        return self._for_each(lambda part, share: part.assign(share, use_locking, name, read_value), value)

    def assign_add(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> list[Any]:
        """Operations that add to the parts their shares of `value`."""
        return self._for_each(lambda part, share: part.assign_add(share, use_locking, name, read_value), value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> list[Any]:
        """Operations that take from the parts their shares of `value`."""
        return self._for_each(lambda part, share: part.assign_sub(share, use_locking, name, read_value), value)


def _to_tensor(value: Any, dtype: DType | None = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtype.name}' for variable of type '{value.dtype.name}'"
        )
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _to_tensor, 100)


def call_partitioner(partitioner: Any, shape: TensorShape, dtype: Any) -> Sequence[int]:
    """Into how many parts each axis is cut, checked.

    Raises:
      ValueError: the shape is not known or a scalar's, or the partitioner's answer does not fit it.
    """
    if not shape.is_fully_defined():
        raise ValueError(f"Shape of a new partitioned variable must be fully defined, but instead was {shape}.")
    if shape.as_tuple == ():
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    partitions = partitioner(shape=shape, dtype=dtype)
    if not isinstance(partitions, Sequence):
        raise ValueError(f"Partitioner must return a sequence, but saw: {partitions}")
    if len(partitions) != shape.ndims:
        raise ValueError(
            f"Partitioner returned a partition list that does not match the Variable's rank: {partitions} vs. {shape}"
        )
    if any(p < 1 for p in partitions):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {partitions}")
    if sum(p > 1 for p in partitions) > 1:
        raise ValueError(f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {partitions}")
    return partitions


def parts_of(shape: Sequence[int], partitions: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each part; where they cannot be equal, the first ones are larger by one."""
    axis = next((i for i, p in enumerate(partitions) if p > 1), 0)
    size, larger = divmod(shape[axis], partitions[axis])
    offset = [0] * len(shape)
    for i in range(partitions[axis]):
        part = list(shape)
        part[axis] = size + (i < larger)
        yield list(offset), part
        offset[axis] += part[axis]
