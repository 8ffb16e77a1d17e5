"""The variables of one graph that were made by `get_variable`, by full name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from teachtf.core import dtypes, errors
from teachtf.core.dtypes import DType
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.shapes import TensorShape
from teachtf.state import initializers
from teachtf.state.variables import Variable


class VariableStore:
    """Variables by full name: the memory behind sharing."""

    def __init__(self) -> None:
        self._variables: dict[str, Variable] = {}

    def get(self, name: str, shape: TensorShape, dtype: DType, reuse: Any, custom_getter: Any = None, **options: Any) -> Any:
        """The variable `name`, made or shared as `reuse` says; through `custom_getter` where there is one."""
        if options.get("partitioner") is not None:
            raise errors.UnimplementedError(
                None, None, f"partitioned variables are not supported yet: get_variable('{name}', partitioner=...)"
            )
        options.pop("partitioner", None)
        if custom_getter is None:
            return self._get(name, shape, dtype, reuse=reuse, **options)

        def getter(name: str, shape: Any = None, dtype: Any = dtypes.float32, **changed: Any) -> Any:
            changed.pop("use_resource", None)
            changed.pop("partitioner", None)
            return self._get(name, TensorShape(shape), dtypes.as_dtype(dtype), **changed)

        return custom_getter(getter, name=name, shape=shape, dtype=dtype, reuse=reuse, **options)

    def _get(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        reuse: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        validate_shape: bool = True,
        constraint: Any = None,
    ) -> Variable:
        if initializer is not None and not callable(initializer) and shape.is_fully_defined():
            raise ValueError("If initializer is a constant, do not specify shape.")
        found = self._variables.get(name)
        if found is not None:
            return self._shared(found, name, shape, dtype, reuse)
        if reuse is True:
            raise ValueError(
                f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                f"reuse=tf.AUTO_REUSE in VarScope?{errors.did_you_mean(name, self._variables)}"
            )
        variable = Variable(
            initial_value=_initial_value(name, shape, dtype, initializer),
            name=name,
            trainable=trainable,
            collections=collections,
            caching_device=caching_device,
            dtype=dtype if callable(initializer) or initializer is None else None,
            validate_shape=validate_shape,
            constraint=constraint,
        )
        self._variables[name] = variable
        if regularizer is not None:
            self._regularize(variable, name, regularizer)
        return variable

    @staticmethod
    def _shared(found: Variable, name: str, shape: TensorShape, dtype: DType, reuse: Any) -> Variable:
        if not reuse:
            frame = found.op.user_frame
            where = "" if frame is None else f" Originally defined at:\n\n  {frame.filename}:{frame.lineno}: {frame.line}\n"
            raise ValueError(
                f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in "
                f"VarScope?{where}\nThree ways on: share it by tf.variable_scope(..., reuse=True) or scope.reuse_variables(); "
                "open a scope of another name for a new one; or, if a notebook cell ran twice, call tf.reset_default_graph() "
                "at its start."
            )
        if not shape.is_compatible_with(found.shape):
            raise ValueError(f"Trying to share variable {name}, but specified shape {shape} and found shape {found.shape}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(
                f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype {found.dtype.name}."
            )
        return found

    @staticmethod
    def _regularize(variable: Variable, name: str, regularizer: Callable[[Any], Any]) -> None:
        with colocate_with(variable.op), name_scope(f"{name}/Regularizer/"):
            loss = regularizer(variable)
        if loss is not None:
            get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def _initial_value(name: str, shape: TensorShape, dtype: DType, initializer: Any) -> Any:
    if initializer is None:
        initializer = _default_initializer(name, dtype)
    elif not callable(initializer):
        return initializer
    if inspect.isclass(initializer):
        initializer = initializer()
    if not shape.is_fully_defined():
        if _wants_no_shape(initializer):
            return initializer
        raise ValueError(f"Shape of a new variable ({name}) must be fully defined, but instead was {shape}.")
    return partial(initializer, shape.as_list(), dtype=dtype.base_dtype)


def _wants_no_shape(initializer: Any) -> bool:
    try:
        return not inspect.signature(initializer).parameters
    except (TypeError, ValueError):
        return False


def _default_initializer(name: str, dtype: DType) -> Any:
    if dtype.is_floating:
        return initializers.GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype == dtypes.string:
        return initializers.Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype!r} is required")
