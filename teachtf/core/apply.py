"""From a call with Python values to a node: converts the inputs, infers the type attributes, checks, and names."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, op_def, shapes
from teachtf.core.arrays import to_array
from teachtf.core.convert import convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.names import check_op_name
from teachtf.core.op_def import REQUIRED, Arg, Attr, OpDef
from teachtf.core.tensor import Tensor


def graph_of(values: Any) -> Graph:
    """The graph that the tensors among `values` belong to, else the default graph.

    Raises:
      ValueError: they belong to different graphs.
    """
    found: Graph | None = None
    first: Any = None
    for value in values:
        if isinstance(value, (list, tuple)):
            value = next((v for v in value if hasattr(v, "graph")), None)
        graph = getattr(value, "graph", None)
        if isinstance(graph, Graph):
            if found is None:
                found, first = graph, value
            elif found is not graph:
                raise ValueError(f"{value} must be from the same graph as {first} (graphs are {graph} and {found}).")
    return found or get_default_graph()


def apply_op(op_type: str, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
    """Add an `op_type` node computing from `inputs`.

    Returns:
      One tensor, a list of tensors for an op of several outputs, or the operation itself for one of none.

    Raises:
      TypeError: an input or attribute has a type that the op does not take.
      ValueError: shapes do not fit, or a value is not allowed.
    """
    definition = op_def.lookup(op_type)
    graph = graph_of(inputs)
    if name is None:
        name = op_type
    names = graph._names
    outer_scope = names.scope
    check_op_name(name, outer_scope)
    scope = name[:-1] if name[-1:] == "/" else names.unique(name)
    names.scope = scope
    try:
        if graph is get_default_graph():
            op = _apply(graph, definition, inputs, attrs, scope)
        else:
            with graph.as_default():
                op = _apply(graph, definition, inputs, attrs, scope)
    finally:
        names.scope = outer_scope
    outputs = op._outputs
    if not outputs and not any(arg.number_attr for arg in definition.outputs):
        return op
    if len(definition.outputs) == 1:
        only = definition.outputs[0]
        return list(outputs) if only.number_attr or only.type_list_attr else outputs[0]
    return list(outputs)


def _apply(graph: Graph, definition: OpDef, inputs: tuple[Any, ...], given: dict[str, Any], scope: str) -> Any:
    if len(inputs) != len(definition.inputs):
        raise TypeError(f"{definition.name} takes {len(definition.inputs)} inputs, got {len(inputs)}")
    attrs: dict[str, Any] = {}
    inferred_from: dict[str, str] = {}
    for key, value in given.items():
        attr = definition.attrs.get(key)
        if attr is None:
            raise TypeError(f"{definition.name} has no attribute '{key}'; it has {', '.join(definition.attrs)}")
        if value is not None:
            attrs[key] = attr_value(definition, attr, value)
    tensors: list[Tensor] = []
    references: list[Tensor] = []
    for arg, value in zip(definition.inputs, inputs, strict=True):
        got = _convert_arg(definition, arg, value, attrs, inferred_from)
        if arg.is_ref:
            references.extend(got)
        tensors.extend(got)
    for key, attr in definition.attrs.items():
        if key not in attrs:
            if attr.default is REQUIRED:
                raise TypeError(f"{definition.name} needs a value for '{key}'")
            attrs[key] = attr.default
    if not references:
        return graph.create_op(definition.name, tensors, attrs, scope + "/")
    with graph.colocate_with(references[0].op):  # what changes a variable runs where the variable is
        return graph.create_op(definition.name, tensors, attrs, scope + "/")


def _convert_arg(definition: OpDef, arg: Arg, value: Any, attrs: dict[str, Any], inferred_from: dict[str, str]) -> list[Tensor]:
    if arg.number_attr or arg.type_list_attr:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for '{arg.name}' argument to '{definition.name}' Op, not {value!r}.")
        values = list(value)
        label = arg.name + "_{}"
    else:
        values = [value]
        label = arg.name
    type_attr = arg.type_attr
    dtype = arg.dtype if type_attr is None else attrs.get(type_attr)
    hint = None
    if type_attr is not None and dtype is None:
        default = definition.attrs[type_attr].default
        hint = default if default is not REQUIRED else None
        for v in values:  # one tensor in a list settles the type of the plain values around it
            if isinstance(v, Tensor) or hasattr(v, "_ref"):
                dtype = v.dtype.base_dtype
                break
    if hint is not None and not arg.number_attr:
        hint = _own_dtype(values[0], definition.attrs[type_attr or ""]) or hint
    result = []
    for i, v in enumerate(values):
        try:
            if isinstance(v, Tensor):
                tensor = v
            else:
                tensor = convert_to_tensor(v, dtype, name=label.format(i), preferred_dtype=hint, as_ref=arg.is_ref)
        except (TypeError, ValueError) as error:
            raise _unconverted(definition, arg, v, values, dtype, attrs, error) from None
        if arg.number_attr and dtype is not None and tensor._dtype.base_dtype != dtype:
            raise _unmatched(definition, arg, values, dtype, attrs)
        _check_type(definition, arg, tensor, dtype, inferred_from)
        if dtype is None and not arg.type_list_attr:
            dtype = tensor._dtype.base_dtype
        if arg.is_ref and not tensor._dtype._is_ref_dtype:
            raise TypeError(
                f"'{definition.name}' Op requires that input '{arg.name}' be a mutable tensor (e.g.: a tf.Variable)"
            )
        result.append(tensor)
    if arg.number_attr:
        minimum = definition.attrs[arg.number_attr].minimum or 1
        if len(result) < minimum:
            raise ValueError(
                f"List argument '{arg.name}' to '{definition.name}' Op with length {len(result)} shorter than minimum length "
                f"{minimum}."
            )
        attrs[arg.number_attr] = len(result)
    if arg.type_list_attr:
        attrs[arg.type_list_attr] = [t._dtype.base_dtype for t in result]
    elif type_attr is not None and type_attr not in attrs:
        if dtype is None:
            dtype = hint
        attr = definition.attrs[type_attr]
        if attr.allowed and dtype not in attr.allowed:
            raise TypeError(
                f"Value passed to parameter '{arg.name}' has DataType {dtype.name if dtype else None} not in list of allowed "
                f"values: {', '.join(d.name for d in attr.allowed)}"
            )
        attrs[type_attr] = dtype
        inferred_from[type_attr] = arg.name
    return result


def _unconverted(
    definition: OpDef, arg: Arg, value: Any, values: list[Any], dtype: DType | None, attrs: dict[str, Any], error: Exception
) -> Exception:
    """What to raise for a value that is no tensor of the dtype that the op takes."""
    if arg.number_attr or arg.type_list_attr:
        return _unmatched(definition, arg, values, dtype, attrs)
    if isinstance(error, ValueError):
        return ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: {error}")
    if dtype is None:
        return error
    return TypeError(
        f"Expected {dtype.name} passed to parameter '{arg.name}' of op '{definition.name}', got {value!r} of type "
        f"'{type(value).__name__}' instead. Error: {error}"
    )


def _unmatched(definition: OpDef, arg: Arg, values: list[Any], dtype: DType | None, attrs: dict[str, Any]) -> TypeError:
    """What to raise for a list whose elements have not the dtype that they must share."""
    found = []
    for value in values:
        try:
            found.append(
                value.dtype.base_dtype.name if hasattr(value, "dtype") else dtypes.as_dtype(to_array(value).dtype).name
            )
        except (TypeError, ValueError):
            found.append("<NOT CONVERTIBLE TO TENSOR>")
    text = f"Tensors in list passed to '{arg.name}' of '{definition.name}' Op have types [{', '.join(found)}]"
    if not arg.number_attr:
        return TypeError(f"{text} that are invalid. Tensors: {values}")
    if arg.dtype is not None:
        return TypeError(f"{text} that do not match expected type {arg.dtype.name}.")
    if arg.type_attr in attrs and dtype is not None:
        return TypeError(f"{text} that do not match type {dtype.name} inferred from earlier arguments.")
    return TypeError(f"{text} that don't all match.")


def _own_dtype(value: Any, attr: Attr) -> DType | None:
    """The dtype of a plain value, where the attribute allows it: it goes before the attribute's default."""
    if attr.allowed is None or isinstance(value, Tensor) or hasattr(value, "_ref"):
        return None
    tensor = _first_tensor(value)
    try:
        found = dtypes.as_dtype(to_array(value).dtype) if tensor is None else tensor.dtype.base_dtype
    except (TypeError, ValueError):
        return None
    return found if found in attr.allowed else None


def _first_tensor(value: Any) -> Any:
    """The first tensor in a nested list, which settles the dtype of all; None where there is none."""
    if isinstance(value, (list, tuple)):
        return next((found for v in value if (found := _first_tensor(v)) is not None), None)
    return value if isinstance(value, Tensor) or hasattr(value, "_ref") else None


def _check_type(definition: OpDef, arg: Arg, tensor: Tensor, dtype: DType | None, inferred_from: dict[str, str]) -> None:
    if dtype is None or tensor._dtype.base_dtype == dtype:
        return
    head = f"Input '{arg.name}' of '{definition.name}' Op has type {tensor._dtype.base_dtype.name} that does not match"
    if arg.type_attr in inferred_from:
        raise TypeError(f"{head} type {dtype.name} of argument '{inferred_from[arg.type_attr]}'.")
    raise TypeError(f"{head} expected type of {dtype.name}.")


def _string(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError(f"expected a string, got {value!r}")


def _int(value: Any) -> int:
    if isinstance(value, shapes.Dimension):
        value = value.value
    if isinstance(value, float) and not value.is_integer():
        raise TypeError(f"expected an int, got {value!r}")
    return int(value)


_CONVERSIONS: dict[str, Any] = {
    "int": _int,
    "float": lambda v: float(np.float32(v)),  # the width that the protocol and TensorFlow's kernels have
    "bool": bool,
    "string": _string,
    "type": lambda v: dtypes.as_dtype(v).base_dtype,
    "shape": shapes.as_shape,
    "tensor": lambda v: v if isinstance(v, np.ndarray) else to_array(v),
    "func": lambda v: v,
}


def attr_value(definition: OpDef, attr: Attr, value: Any) -> Any:
    """`value` as the plain Python form of an attribute of this kind, checked against what is allowed."""
    try:
        if attr.kind.startswith("list("):
            if not isinstance(value, (list, tuple)):
                raise TypeError(f"expected a list, got {value!r}")
            convert = _CONVERSIONS[attr.kind[5:-1]]
            result = [convert(v) for v in value]
            singles = result
        else:
            result = _CONVERSIONS[attr.kind](value)
            singles = [result]
    except TypeError as error:
        raise TypeError(f"attribute '{attr.name}' of {definition.name}: {error}") from None
    if attr.allowed:
        for single in singles:
            if single not in attr.allowed:
                allowed = ", ".join(f'"{a.decode()}"' if isinstance(a, bytes) else a.name for a in attr.allowed)
                shown = f'"{single.decode()}"' if isinstance(single, bytes) else single.name
                error_class = ValueError if isinstance(single, bytes) else TypeError
                raise error_class(
                    f"Value for attr '{attr.name}' of {shown} is not in the list of allowed values: {allowed} "
                    f"(op '{definition.name}')"
                )
    if attr.minimum is not None and attr.kind == "int" and singles[0] < attr.minimum:
        raise ValueError(f"Attr '{attr.name}' of '{definition.name}' Op passed {result} less than minimum {attr.minimum}.")
    return result
