"""What an op looks like before anyone uses it: its signature, shape function and gradient, declared once.

The signature is written in the grammar of TensorFlow's own `REGISTER_OP`, so a declaration can be read beside TensorFlow's and
compared with it by machine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.core.dtypes import DType
from teachtf.core.shapes import TensorShape, unknown_shape

REQUIRED: Any = object()  # the default of an attribute that has none


def NOT_DIFFERENTIABLE(op: Any, *gradients: Any) -> list[None]:
    """The gradient of an op through which no gradient flows, said out loud."""
    return [None] * len(op.inputs)


def NO_GRADIENT(op: Any, *gradients: Any) -> list[None]:
    """The gradient of an op whose gradient nobody has written: to pass over it in silence would give wrong slopes.

    Raises:
      LookupError: always.
    """
    raise LookupError(
        f"No gradient defined for operation '{op.name}' (op type: {op.type}). Put tf.stop_gradient behind it if none should "
        f'flow, or give one by @tf.RegisterGradient("{op.type}").'
    )


@dataclass(frozen=True, slots=True)
class Arg:
    """One input or output: its type is fixed (`dtype`), named by an attribute (`type_attr`), or a list of types."""

    name: str
    dtype: DType | None = None
    type_attr: str | None = None
    type_list_attr: str | None = None
    number_attr: str | None = None
    is_ref: bool = False


@dataclass(frozen=True, slots=True)
class Attr:
    """One attribute: its kind ("type", "int", "list(int)", ...), default, allowed values and minimum."""

    name: str
    kind: str
    default: Any = REQUIRED
    allowed: tuple[Any, ...] | None = None
    minimum: int | None = None


_GROUPS = {
    "numbertype": [
        "float",
        "double",
        "int32",
        "uint8",
        "int16",
        "int8",
        "complex64",
        "int64",
        "qint8",
        "quint8",
        "qint32",
        "bfloat16",
        "qint16",
        "quint16",
        "uint16",
        "complex128",
        "half",
        "uint32",
        "uint64",
    ],
    "realnumbertype": [
        "float",
        "double",
        "int32",
        "uint8",
        "int16",
        "int8",
        "int64",
        "bfloat16",
        "uint16",
        "half",
        "uint32",
        "uint64",
    ],
    "quantizedtype": ["qint8", "quint8", "qint32", "qint16", "quint16"],
}


def _parse_dtype(text: str) -> DType:
    return dtypes.as_dtype(text.strip().removeprefix("DT_").lower())


def _split(text: str) -> list[str]:
    """Split at the commas that stand outside brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "{[(":
            depth += 1
        elif c in "}])":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]


def _parse_arg(text: str, attrs: Mapping[str, Attr]) -> Arg:
    name, _, spec = text.partition(":")
    spec, name = spec.strip(), name.strip()
    number_attr = None
    if "*" in spec:
        number_attr, spec = (s.strip() for s in spec.split("*"))
    is_ref = spec.startswith("Ref(")
    if is_ref:
        spec = spec[4:-1]
    if spec in attrs:
        if attrs[spec].kind == "list(type)":
            return Arg(name, type_list_attr=spec, is_ref=is_ref)
        return Arg(name, type_attr=spec, number_attr=number_attr, is_ref=is_ref)
    return Arg(name, dtype=_parse_dtype(spec), number_attr=number_attr, is_ref=is_ref)


_ATTR = re.compile(r"^(\w+)\s*:\s*(.*?)(?:\s*>=\s*(-?\d+))?(?:\s*=\s*([^=]+))?$", re.S)


def _parse_attr(text: str) -> Attr:
    match = _ATTR.match(text)
    if match is None:
        raise ValueError(f"cannot read the attribute declaration {text!r}")
    name, spec, minimum, default_text = match.groups()
    spec = spec.strip()
    allowed: tuple[Any, ...] | None = None
    kind = spec
    is_list = spec.startswith("list(")
    inner = spec[5:-1].strip() if is_list else spec
    if inner in _GROUPS:
        kind, allowed = "type", tuple(_parse_dtype(t) for t in _GROUPS[inner])
    elif inner.startswith("{"):
        items = _split(inner[1:-1])
        if items[0][0] in "'\"":
            kind, allowed = "string", tuple(ast.literal_eval(i).encode() for i in items)
        else:
            kind, allowed = "type", tuple(_parse_dtype(i) for i in items)
    else:
        kind = inner
    default = REQUIRED if default_text is None else _parse_default(kind, is_list, default_text.strip())
    return Attr(name, f"list({kind})" if is_list else kind, default, allowed, None if minimum is None else int(minimum))


def _parse_default(kind: str, is_list: bool, text: str) -> Any:
    if is_list:
        return [_parse_default(kind, False, item) for item in _split(text[1:-1])]
    if kind == "type":
        return _parse_dtype(text)
    if kind == "bool":
        return text == "true"
    if kind == "shape":
        return unknown_shape() if "unknown_rank" in text else TensorShape([])
    if kind == "tensor":  # as uint8[255, 0]
        dtype, _, values = text.partition("[")
        return np.array(ast.literal_eval(f"[{values}"), dtype)
    value = ast.literal_eval(text)
    return value.encode() if isinstance(value, str) else value


ShapeFunction = Callable[[Any], list[TensorShape]]


class OpDef:
    """The declaration of one op type.

    `shape(op)` gives one TensorShape for each output; `gradient(op, *grads)` gives one tensor or None for each input.
    """

    def __init__(
        self,
        name: str,
        inputs: str,
        outputs: str,
        attrs: str,
        shape: ShapeFunction,
        gradient: Callable[..., Any],
        formula: str | None,
        stateful: bool,
        commutative: bool,
    ) -> None:
        self.name = name
        self._text = inputs, outputs, attrs
        self.shape = shape
        self.gradient = gradient
        self.formula = formula
        self.is_stateful = stateful
        self.is_commutative = commutative

    # Parsed at the first use: the import of the library pays for no op that a program does not use.
    @cached_property
    def attrs(self) -> dict[str, Attr]:
        return {a.name: a for a in map(_parse_attr, _split(self._text[2]))}

    @cached_property
    def inputs(self) -> tuple[Arg, ...]:
        return tuple(_parse_arg(t, self.attrs) for t in _split(self._text[0]))

    @cached_property
    def outputs(self) -> tuple[Arg, ...]:
        return tuple(_parse_arg(t, self.attrs) for t in _split(self._text[1]))

    @cached_property
    def inferred_attrs(self) -> frozenset[str]:
        """The attributes that follow from the inputs, so no caller gives them."""
        names: set[str] = set()
        for arg in self.inputs:
            names.update(n for n in (arg.type_attr, arg.type_list_attr, arg.number_attr) if n)
        return frozenset(names)

    def input_dtypes(self, attrs: Mapping[str, Any]) -> list[DType]:
        """The dtype of each input of a node with these attributes."""
        return self._dtypes(self.inputs, attrs)

    def output_dtypes(self, attrs: Mapping[str, Any]) -> list[DType]:
        """The dtype of each output of a node with these attributes."""
        return self._dtypes(self.outputs, attrs)

    @staticmethod
    def _dtypes(args: tuple[Arg, ...], attrs: Mapping[str, Any]) -> list[DType]:
        result: list[DType] = []
        for arg in args:
            if arg.type_list_attr:
                result.extend(attrs[arg.type_list_attr])
                continue
            dtype = arg.dtype if arg.dtype is not None else attrs[arg.type_attr or ""]
            if arg.is_ref:
                dtype = dtype._as_ref
            result.extend([dtype] * (attrs[arg.number_attr] if arg.number_attr else 1))
        return result

    def __repr__(self) -> str:
        inputs, outputs, attrs = self._text
        return f"<OpDef {self.name}({inputs}) -> ({outputs}) {{{attrs}}}>"


_registry: dict[str, OpDef] = {}


def registry() -> Mapping[str, OpDef]:
    """Every declared op type, by name."""
    return _registry


def lookup(name: str) -> OpDef:
    """The declaration of op type `name`.

    Raises:
      NotFoundError: no such op is declared here; the message gives the closest names.
    """
    found = _registry.get(name)
    if found is None:
        raise errors.NotFoundError(
            None, None, f"Op type not registered '{name}' in teachtf.{errors.did_you_mean(name, _registry)}"
        )
    return found


def declare(
    name: str,
    *,
    inputs: str = "",
    outputs: str = "",
    attrs: str = "",
    shape: ShapeFunction,
    gradient: Callable[..., Any] = NO_GRADIENT,
    formula: str | None = None,
    stateful: bool = False,
    commutative: bool = False,
) -> OpDef:
    """Declare an op type; see `docs/architecture.md` for an example.

    Raises:
      ValueError: the name is taken.
    """
    if name in _registry:
        raise ValueError(f"op type {name!r} is declared twice")
    op_def = OpDef(name, inputs, outputs, attrs, shape, gradient, formula, stateful, commutative)
    _registry[name] = op_def
    return op_def
