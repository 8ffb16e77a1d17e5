"""The ops that hold and change state: a variable is an op whose output is a reference. Source: TensorFlow's `state_ops`."""

from __future__ import annotations

from typing import Any

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes


def _variable_shape(op: Any) -> list[TensorShape]:
    return [op._attrs["shape"]]


for _name in ("VariableV2", "Variable"):
    declare(
        _name,
        outputs="ref: Ref(dtype)",
        attrs="shape: shape, dtype: type, container: string = '', shared_name: string = ''",
        shape=_variable_shape,
        stateful=True,
    )
declare(
    "IsVariableInitialized",
    inputs="ref: Ref(dtype)",
    outputs="is_initialized: bool",
    attrs="dtype: type",
    shape=shapes.scalar,
)


def _assign_shape(op: Any) -> list[TensorShape]:
    ref, value = op._inputs[0]._shape, op._inputs[1]._shape
    return [ref.merge_with(value) if op._attrs["validate_shape"] else value]


declare(
    "Assign",
    inputs="ref: Ref(T), value: T",
    outputs="output_ref: Ref(T)",
    attrs="T: type, validate_shape: bool = true, use_locking: bool = true",
    shape=_assign_shape,
    gradient=NOT_DIFFERENTIABLE,
)
for _name in ("AssignAdd", "AssignSub"):
    declare(
        _name,
        inputs="ref: Ref(T), value: T",
        outputs="output_ref: Ref(T)",
        attrs="T: numbertype, use_locking: bool = false",
        shape=shapes.merged,
        gradient=NOT_DIFFERENTIABLE,
    )


def _scatter_shape(op: Any) -> list[TensorShape]:
    ref, indices, updates = (t._shape for t in op._inputs)
    if ref.ndims is not None and indices.ndims is not None and updates.ndims:
        indices.concatenate(ref[1:]).assert_is_compatible_with(updates)
    return [ref]


for _name in ("ScatterUpdate", "ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv", "ScatterMin", "ScatterMax"):
    _types = "type" if _name == "ScatterUpdate" else "numbertype"
    if _name in ("ScatterMin", "ScatterMax"):
        _types = "{half, bfloat16, float, double, int32, int64}"
    declare(
        _name,
        inputs="ref: Ref(T), indices: Tindices, updates: T",
        outputs="output_ref: Ref(T)",
        attrs=f"T: {_types}, Tindices: {{int32, int64}}, use_locking: bool = {'true' if _name == 'ScatterUpdate' else 'false'}",
        shape=_scatter_shape,
        gradient=NOT_DIFFERENTIABLE if _types == "numbertype" else NO_GRADIENT,
    )
declare("CountUpTo", inputs="ref: Ref(T)", outputs="output: T", attrs="limit: int, T: {int32, int64}", shape=shapes.scalar)


def variable_op(shape: Any, dtype: Any, name: str = "Variable", container: str = "", shared_name: str = "") -> Tensor:
    """A `VariableV2` node: a buffer of this shape and type that lives in a session."""
    return apply_op("VariableV2", shape=shape, dtype=dtype, container=container, shared_name=shared_name, name=name)


def check_mutable(ref: Any, function_name: str) -> None:
    """Raise AttributeError, as TensorFlow does, where `ref` is no variable, nor a reference to one."""
    dtype = getattr(ref, "dtype", None)
    if not getattr(dtype, "_is_ref_dtype", False):
        raise AttributeError(
            f"tf.{function_name} changes a variable, not {ref!r}: '{type(ref).__name__}' object has no attribute 'assign'. "
            "Pass the tf.Variable itself."
        )


def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Give variable `ref` a new value.

    Raises:
      ValueError: the shapes differ and `validate_shape` is not False.

    Source: `tf.assign`.
    """
    check_mutable(ref, "assign")
    check = True if validate_shape is None else validate_shape
    lock = True if use_locking is None else use_locking
    return apply_op("Assign", ref, value, validate_shape=check, use_locking=lock, name=name)


def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Tensor:
    """Add `value` to variable `ref`. Source: `tf.assign_add`."""
    check_mutable(ref, "assign_add")
    return apply_op("AssignAdd", ref, value, use_locking=bool(use_locking), name=name)


def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Tensor:
    """Take `value` from variable `ref`. Source: `tf.assign_sub`."""
    check_mutable(ref, "assign_sub")
    return apply_op("AssignSub", ref, value, use_locking=bool(use_locking), name=name)


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """Count variable `ref` up by one; OutOfRangeError at `limit`. Source: `tf.count_up_to`."""
    check_mutable(ref, "count_up_to")
    return apply_op("CountUpTo", ref, limit=limit, name=name)


def is_variable_initialized(variable: Any) -> Tensor:
    """Whether a variable has a value, as a scalar bool tensor. Source: `tf.is_variable_initialized`."""
    check_mutable(variable, "is_variable_initialized")
    ref = variable._ref() if hasattr(variable, "_ref") else variable
    return apply_op("IsVariableInitialized", ref, name="IsVariableInitialized")


def _scatter(function_name: str, op_type: str, what: str, lock: bool = False) -> Any:
    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = lock, name: str | None = None) -> Tensor:
        check_mutable(ref, function_name)
        return apply_op(op_type, ref, indices, updates, use_locking=use_locking, name=name)

    scatter.__name__ = scatter.__qualname__ = function_name
    scatter.__doc__ = f"{what} the rows of variable `ref` at `indices`.\n\n    Source: `tf.{function_name}`."
    return scatter


scatter_update = _scatter("scatter_update", "ScatterUpdate", "Put `updates` in", lock=True)
scatter_add = _scatter("scatter_add", "ScatterAdd", "Add `updates` to")
scatter_sub = _scatter("scatter_sub", "ScatterSub", "Take `updates` from")
scatter_mul = _scatter("scatter_mul", "ScatterMul", "Multiply by `updates`")
scatter_div = _scatter("scatter_div", "ScatterDiv", "Divide by `updates`")
scatter_min = _scatter("scatter_min", "ScatterMin", "Take the smaller of `updates` and")
scatter_max = _scatter("scatter_max", "ScatterMax", "Take the larger of `updates` and")

# --- state in files ------------------------------------------------------------------------------------------------


def _restore_shape(op: Any) -> list[TensorShape]:
    """Known where `shape_and_slices` says it."""
    specs = static.constant_value(op._inputs[2])
    if specs is None or len(specs) != len(op._outputs):
        return shapes.unknown(op)
    return [_slice_dims(spec.decode()) for spec in specs.tolist()]


def _slice_dims(spec: str) -> TensorShape:
    if not spec:
        return unknown_shape()
    *dims, extents = spec.split()
    parts = zip(dims, extents.split(":"), strict=True)
    return TensorShape([int(d) if e == "-" else int(e.split(",")[1]) for d, e in parts])


declare(
    "SaveV2",
    inputs="prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes",
    attrs="dtypes: list(type) >= 1",
    shape=shapes.no_outputs,
    stateful=True,
)
declare(
    "RestoreV2",
    inputs="prefix: string, tensor_names: string, shape_and_slices: string",
    outputs="tensors: dtypes",
    attrs="dtypes: list(type) >= 1",
    shape=_restore_shape,
    stateful=True,
)
declare(
    "ShardedFilename",
    inputs="basename: string, shard: int32, num_shards: int32",
    outputs="filename: string",
    shape=shapes.scalar,
)
declare(
    "MergeV2Checkpoints",
    inputs="checkpoint_prefixes: string, destination_prefix: string",
    attrs="delete_old_dirs: bool = true, allow_missing_files: bool = false",
    shape=shapes.no_outputs,
    stateful=True,
)
declare(
    "StringJoin",
    inputs="inputs: N * string",
    outputs="output: string",
    attrs="N: int >= 0, separator: string = ''",
    shape=lambda op: [_joined_shape(op)],
    gradient=NOT_DIFFERENTIABLE,
)


def _joined_shape(op: Any) -> TensorShape:
    for tensor in op._inputs:
        if tensor._shape.ndims != 0:
            return tensor._shape
    return shapes.SCALAR


declare(
    "StaticRegexFullMatch",
    inputs="input: string",
    outputs="output: bool",
    attrs="pattern: string",
    shape=shapes.unchanged,
)
