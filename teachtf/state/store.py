"""The variables of one graph that were made by `get_variable`, by full name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from teachtf.core import dtypes, errors
from teachtf.core.convert import convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.shapes import as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops.slicing import slice_
from teachtf.state import initializers
from teachtf.state.modes import checked_modes
from teachtf.state.partitions import PartitionedVariable, PartitionInfo, SaveSliceInfo, call_partitioner, parts_of
from teachtf.state.variables import Variable


class VariableStore:
    """Variables by full name: the memory behind sharing."""

    def __init__(self) -> None:
        self._variables: dict[str, Variable] = {}
        self._partitioned: dict[str, PartitionedVariable] = {}
        self.passed_over = ""  # the name scope that was open when a variable was asked for, which did not count

    @property
    def by_name(self) -> Mapping[str, Variable]:
        """Variables by full name; those in parts, part by part."""
        return self._variables

    def get(self, name: str, shape: Any, dtype: Any, reuse: Any, custom_getter: Any = None, **options: Any) -> Any:
        """The variable `name`, made or shared as `reuse` says; through `custom_getter` where there is one.

        Raises:
          ValueError: `custom_getter` is no function, or as `tf.get_variable`.
        """
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        if isinstance(dtype, DType):
            dtype = dtype.base_dtype
        options["synchronization"], options["aggregation"], options["trainable"] = checked_modes(
            options.get("synchronization"), options.get("aggregation"), options.get("trainable"), name
        )
        if custom_getter is None:
            return self._get(name, shape, dtype, reuse=reuse, **options)
        if not _takes(custom_getter, "constraint"):  # an old getter that does not know of it
            options.pop("constraint", None)
        return custom_getter(self._get, name=name, shape=shape, dtype=dtype, reuse=reuse, **options)

    def _get(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
    ) -> Any:
        """What custom getters get as their first argument."""
        options = {
            "regularizer": regularizer,
            "reuse": reuse,
            "trainable": trainable,
            "collections": collections,
            "caching_device": caching_device,
            "validate_shape": validate_shape,
            "use_resource": use_resource,
            "constraint": constraint,
            "synchronization": synchronization,
            "aggregation": aggregation,
        }
        is_scalar = isinstance(shape, Sequence) and not shape
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with name_scope(None):
                return self.partitioned(name, partitioner, shape, dtype, initializer, **options)
        if reuse is True and partitioner is None and name in self._partitioned:
            return self.partitioned(name, None, shape, dtype, initializer, **options)
        if f"{name}/part_0" in self._variables:
            raise ValueError(
                f"No partitioner was provided, but a partitioned version of the variable was found: {name}/part_0. Perhaps a "
                "variable of the same name was already created with partitioning?"
            )
        return self._single(name, shape, dtype, initializer, **options)

    def partitioned(
        self, name: str, partitioner: Any, shape: Any, dtype: Any, initializer: Any, reuse: Any = None, **options: Any
    ) -> PartitionedVariable:
        """The variable `name` in parts, made or shared.

        Raises:
          ValueError: as `tf.get_variable`, or it exists in other parts.
        """
        from_value = isinstance(initializer, Tensor)
        if name in self._variables:
            raise ValueError(
                f"A partitioner was provided, but an unpartitioned version of the variable was found: {name}.  Perhaps a "
                "variable of the same name was already created without partitioning?"
            )
        shape, dtype = as_shape(shape), dtypes.as_dtype(dtype)
        if from_value:
            shape = shape.merge_with(initializer.shape)
        partitions = call_partitioner(partitioner, shape, dtype) if not reuse or partitioner else None
        found = self._partitioned.get(name)
        if found is not None:
            return _shared_parts(found, name, shape, dtype, partitions, reuse)
        if reuse is True:
            raise ValueError(
                f"PartitionedVariable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                f"reuse=False or reuse=tf.AUTO_REUSE in VarScope?{errors.did_you_mean(name, self._partitioned)}"
            )
        assert partitions is not None
        full_shape = shape.as_list()
        parts = list(parts_of(full_shape, partitions))
        self._check_parts(name, len(parts))
        variables = []
        for i, (offset, part_shape) in enumerate(parts):
            part_name = f"{name}/part_{i}"
            init: Any = initializer
            init_shape: Any = part_shape
            with name_scope(f"{part_name}/PartitionedInitializer"):
                if initializer is not None and not callable(initializer):
                    whole = initializer if from_value else convert_to_tensor(initializer, dtype)
                    init, init_shape = slice_(whole, offset, part_shape), None
                    dtype = init.dtype.base_dtype
            with name_scope(None):
                info = PartitionInfo(full_shape, offset)
                part = self._single(part_name, init_shape, dtype, init, reuse=reuse, partition_info=info, **options)
            part._set_save_slice_info(SaveSliceInfo(name, full_shape, offset, part_shape))
            variables.append(part)
        whole_variable = PartitionedVariable(name, shape, dtype, variables, partitions)
        self._partitioned[name] = whole_variable
        return whole_variable

    def _check_parts(self, name: str, number: int) -> None:
        """Parts that stand already, made one by one, must be these."""
        if f"{name}/part_0" not in self._variables:
            return
        start = (
            f"Partitioner returned a different partitioning than what was already found.  Partitioner returned {number} "
            f"shards, and shard {name}/part_0 was found, but "
        )
        if f"{name}/part_{number - 1}" not in self._variables:
            raise ValueError(f"{start}{name}/part_{number - 1} was not.")
        if f"{name}/part_{number}" in self._variables:
            raise ValueError(f"{start}so was the extra shard {name}/part_{number}.")

    def _single(
        self,
        name: str,
        shape: Any,
        dtype: Any,
        initializer: Any,
        reuse: Any = None,
        regularizer: Any = None,
        partition_info: PartitionInfo | None = None,
        **options: Any,
    ) -> Variable:
        if initializer is not None and not callable(initializer) and shape is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        shape = None if shape is None else as_shape(shape)
        found = self._variables.get(name)
        if found is not None:
            return _shared(found, name, shape, dtype, reuse, self.passed_over)
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                f"reuse=tf.AUTO_REUSE in VarScope?{errors.did_you_mean(name, self._variables)}"
            )
        if initializer is None:
            if shape is None:
                raise ValueError(f"Variable {name} did not get an initializer, so its `shape` argument must be specified.")
            initializer = _default_initializer(name, dtype)
        value, value_dtype = _initial_value(name, shape, dtype, initializer, partition_info)
        variable = Variable(initial_value=value, name=name, dtype=value_dtype, shape=shape, **options)
        self._variables[name] = variable
        if regularizer is not None and regularizer is not False:
            _regularize(variable, name, regularizer)
        return variable


def _takes(function: Callable[..., Any], argument: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return argument in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _shared(found: Variable, name: str, shape: Any, dtype: DType, reuse: Any, passed_over: str) -> Variable:
    if reuse is False:
        frame = found.op.user_frame
        where = "" if frame is None else f" Originally defined at:\n\n  {frame.filename}:{frame.lineno}: {frame.line}\n"
        raise ValueError(
            f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in "
            f"VarScope?{where}\nThree ways on: share it by tf.variable_scope(..., reuse=True) or scope.reuse_variables(); "
            "open a scope of another name for a new one; or, if a notebook cell ran twice, call tf.reset_default_graph() "
            f"at its start.{_on_name_scopes(passed_over)}"
        )
    if shape is not None and not shape.is_compatible_with(found.shape):
        raise ValueError(f"Trying to share variable {name}, but specified shape {shape} and found shape {found.shape}.")
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype {found.dtype.name}."
        )
    return found


def _on_name_scopes(passed_over: str) -> str:
    """What to tell one who opened a name scope and expected it to tell variables apart."""
    if not passed_over:
        return ""
    return (
        f"\nThe name scope '{passed_over}' is open here, but tf.name_scope names operations alone; tf.variable_scope names the "
        "variables of tf.get_variable and operations."
    )


def _shared_parts(
    found: PartitionedVariable, name: str, shape: Any, dtype: DType, partitions: Any, reuse: Any
) -> PartitionedVariable:
    if reuse is False:
        raise ValueError(
            f"Partitioned variable with name {name} already exists. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in "
            "VarScope?"
        )
    start = f"Trying to reuse partitioned variable {name}, but specified"
    if not shape.is_compatible_with(found.shape):
        raise ValueError(f"{start} shape {shape} and found shape {found.shape}.")
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(f"{start} dtype {dtype.name} and found dtype {found.dtype.name}.")
    if partitions is not None and found._get_partitions() != partitions:
        raise ValueError(f"{start} partitions {partitions} and found partitions {found._get_partitions()}.")
    return found


def _regularize(variable: Variable, name: str, regularizer: Callable[[Any], Any]) -> None:
    with colocate_with(variable.op), name_scope(f"{name}/Regularizer/"), control_dependencies(None):
        loss = regularizer(variable)
    if loss is not None:
        get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def _initial_value(
    name: str, shape: Any, dtype: DType, initializer: Any, partition_info: PartitionInfo | None
) -> tuple[Any, DType | None]:
    """What the variable starts from, a value or a function without arguments; and the dtype to make it."""
    if not callable(initializer):
        return initializer, None
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape is not None and shape.is_fully_defined():
        more: dict[str, Any] = {}
        known = isinstance(initializer, initializers.Initializer)
        if partition_info is not None if known else _names(initializer, "partition_info"):
            more["partition_info"] = partition_info
        return partial(initializer, shape.as_list(), dtype=dtype.base_dtype, **more), dtype.base_dtype
    if _wants_no_argument(initializer):
        return initializer, None
    raise ValueError(
        f"Shape of a new variable ({name}) must be fully defined, but instead was {shape}. The initializer passed is not "
        "valid: it should be a callable with no arguments and the shape should not be provided, or `shape` should be fully "
        "defined."
    )


def _names(function: Callable[..., Any], argument: str) -> bool:
    try:
        return argument in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _wants_no_argument(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _default_initializer(name: str, dtype: DType) -> Any:
    if dtype.is_floating:
        return initializers.GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype == dtypes.string:
        return initializers.Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype!r} is required")
