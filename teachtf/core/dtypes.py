"""The types that tensor elements have. Source: `tf.DType`."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from teachtf.core.errors import did_you_mean

_REF = 100  # a reference type's number is its base type's plus this


class DType:
    """The type of the elements of a tensor.

    >>> import teachtf as tf
    >>> tf.float32.size, tf.int32.max, tf.as_dtype("int64")
    (4, 2147483647, tf.int64)
    """

    __slots__ = ("_enum", "_name")

    def __init__(self, type_enum: int) -> None:
        number = int(type_enum)
        if number not in _NAMES and number - _REF not in _NAMES:
            raise TypeError(f"{type_enum!r} is not a valid DataType")
        self._enum = number
        self._name = _NAMES[number] if number in _NAMES else f"{_NAMES[number - _REF]}_ref"

    @property
    def name(self) -> str:
        """The name, as `"float32"`, or `"float32_ref"` for a reference type."""
        return self._name

    @property
    def as_datatype_enum(self) -> int:
        """The number in TensorFlow's protos."""
        return self._enum

    @property
    def _is_ref_dtype(self) -> builtins.bool:
        return self._enum > _REF

    @property
    def _as_ref(self) -> DType:
        return self if self._enum > _REF else _BY_NUMBER[self._enum + _REF]

    @property
    def base_dtype(self) -> DType:
        """The type without the reference."""
        return _BY_NUMBER[self._enum - _REF] if self._enum > _REF else self

    @property
    def real_dtype(self) -> DType:
        """The type of the real part."""
        base = self.base_dtype
        return {complex64: float32, complex128: float64}.get(base, self)

    @property
    def as_numpy_dtype(self) -> Any:
        """The numpy type of the elements."""
        name = self.base_dtype._name
        found = _NUMPY.get(name)
        if found is None:
            found = _NUMPY[name] = _lazy_numpy(name)
        return found

    @property
    def is_integer(self) -> builtins.bool:
        """Whether this is a whole-number type that is not quantised."""
        return self.base_dtype._name in _INTEGERS

    @property
    def is_floating(self) -> builtins.bool:
        """Whether this is a real floating-point type."""
        return self.base_dtype._name in _FLOATS

    @property
    def is_complex(self) -> builtins.bool:
        """Whether this is a complex type."""
        return self.base_dtype._name.startswith("complex")

    @property
    def is_quantized(self) -> builtins.bool:
        """Whether this is a quantised type."""
        return self.base_dtype._name in _QUANTIZED

    @property
    def is_bool(self) -> builtins.bool:
        """Whether this is bool."""
        return self.base_dtype._name == "bool"

    @property
    def is_unsigned(self) -> builtins.bool:
        """Whether this is an unsigned whole-number type."""
        return self.base_dtype._name.startswith("uint")

    @property
    def is_numeric(self) -> builtins.bool:
        """Whether elements are numbers."""
        return self.is_integer or self.is_floating or self.is_complex or self.is_quantized

    @property
    def is_numpy_compatible(self) -> builtins.bool:
        """Whether numpy can hold the elements."""
        return self.base_dtype._name not in ("resource", "variant")

    @property
    def size(self) -> int:
        """Bytes an element; 1 for types that have no fixed size."""
        if self.base_dtype._name in ("string", "variant", "resource"):
            return 1
        return np.dtype(self.as_numpy_dtype).itemsize

    def _limit(self, which: str) -> Any:
        base = self.base_dtype
        if base.is_bool:
            return which == "max"
        if base.is_quantized:
            info: Any = np.iinfo(np.dtype(base.as_numpy_dtype)[0])
        elif base.is_integer and not base._name.endswith(("int4", "int2")):
            info = np.iinfo(base.as_numpy_dtype)
        elif base.is_floating or base.is_integer:
            import ml_dtypes

            info = (ml_dtypes.finfo if base.is_floating else ml_dtypes.iinfo)(base.as_numpy_dtype)
        elif base.is_complex:
            info = np.finfo(base.real_dtype.as_numpy_dtype)
        else:
            raise TypeError(f"Cannot find {which}imum value of {self}.")
        return getattr(info, which)

    @property
    def min(self) -> Any:
        """The lowest value.

        Raises:
          TypeError: the type has no order.
        """
        return self._limit("min")

    @property
    def max(self) -> Any:
        """The highest value.

        Raises:
          TypeError: the type has no order.
        """
        return self._limit("max")

    @property
    def limits(self, clip_negative: builtins.bool = True) -> tuple[Any, Any]:
        """The range of intensities that images of this type use: (low, high)."""
        low, high = _RANGES.get(self.base_dtype._name, (None, None))
        if low is None:
            raise ValueError(f"{self.name} has no image intensity limits")
        return (0, high) if clip_negative else (low, high)

    def is_compatible_with(self, other: Any) -> builtins.bool:
        """Whether a tensor of type `other` serves where this type is asked for."""
        other = as_dtype(other)
        return self._enum in (other._enum, other.base_dtype._enum)

    def __eq__(self, other: object) -> builtins.bool:
        if self is other:
            return True
        if other is None:
            return False
        if not isinstance(other, DType):
            try:
                other = as_dtype(other)
            except TypeError:
                return False
        return self._enum == other._enum

    def __ne__(self, other: object) -> builtins.bool:
        return not self == other

    def __hash__(self) -> int:
        return self._enum

    def __int__(self) -> int:
        return self._enum

    def __str__(self) -> str:
        return f"<dtype: '{self._name}'>"

    def __repr__(self) -> str:
        return f"tf.{self._name}"

    def __reduce__(self) -> Any:
        return as_dtype, (self._name,)


_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    29: "int4",
    30: "uint4",
}
_INTEGERS = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int4", "uint4"}
_FLOATS = {"float16", "float32", "float64", "bfloat16", "float8_e5m2", "float8_e4m3fn"}
_QUANTIZED = {"qint8", "quint8", "qint16", "quint16", "qint32"}
_NUMPY: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        [
            "float16",
            "float32",
            "float64",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "complex64",
            "complex128",
        ]
    )
}
_NUMPY["bool"] = np.bool_
_NUMPY["string"] = _NUMPY["resource"] = _NUMPY["variant"] = np.object_
for _q in _QUANTIZED:
    _NUMPY[_q] = np.dtype([(_q, getattr(np, _q.removeprefix("q") if _q[1] == "i" else _q[1:]))])
_RANGES = {
    "bool": (False, True),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "float32": (-1, 1),
    "float64": (-1, 1),
}


def _lazy_numpy(name: str) -> Any:
    import ml_dtypes

    return getattr(ml_dtypes, name)


_BY_NUMBER: dict[int, DType] = {n: DType(n) for n in (*_NAMES, *(k + _REF for k in _NAMES))}
_BY_NAME: dict[str, DType] = {d._name: d for d in _BY_NUMBER.values()}
for _alias, _of in {"half": "float16", "float": "float32", "double": "float64"}.items():
    _BY_NAME[_alias] = _BY_NAME[_of]
    _BY_NAME[_alias + "_ref"] = _BY_NAME[_of + "_ref"]

float16 = half = _BY_NAME["float16"]
float32 = _BY_NAME["float32"]
float64 = double = _BY_NAME["float64"]
bfloat16 = _BY_NAME["bfloat16"]
int8 = _BY_NAME["int8"]
int16 = _BY_NAME["int16"]
int32 = _BY_NAME["int32"]
int64 = _BY_NAME["int64"]
uint8 = _BY_NAME["uint8"]
uint16 = _BY_NAME["uint16"]
uint32 = _BY_NAME["uint32"]
uint64 = _BY_NAME["uint64"]
complex64 = _BY_NAME["complex64"]
complex128 = _BY_NAME["complex128"]
bool = _BY_NAME["bool"]
string = _BY_NAME["string"]
qint8 = _BY_NAME["qint8"]
qint16 = _BY_NAME["qint16"]
qint32 = _BY_NAME["qint32"]
quint8 = _BY_NAME["quint8"]
quint16 = _BY_NAME["quint16"]
resource = _BY_NAME["resource"]
variant = _BY_NAME["variant"]

QUANTIZED_DTYPES = frozenset(_BY_NAME[q] for q in _QUANTIZED)
_PYTHON: dict[Any, DType] = {float: float32, builtins.bool: bool, object: string, str: string, bytes: string}
_FROM_NUMPY: dict[Any, DType] = {np.dtype(t): _BY_NAME[n] for n, t in _NUMPY.items() if n not in ("resource", "variant")}


def as_dtype(type_value: Any) -> DType:
    """The DType that `type_value` means: a DType, its number or name, a numpy type, or a Python type.

    Raises:
      TypeError: it means none.

    >>> as_dtype("float32"), as_dtype(np.int64), as_dtype(1)
    (tf.float32, tf.int64, tf.float32)
    """
    if isinstance(type_value, DType):
        return type_value
    try:
        if isinstance(type_value, str):
            return _BY_NAME[type_value]
        if isinstance(type_value, int) and not isinstance(type_value, builtins.bool):
            return _BY_NUMBER[type_value]
        if type_value in _PYTHON:
            return _PYTHON[type_value]
    except (KeyError, TypeError):
        pass
    else:
        try:
            array_type = np.dtype(type_value)
        except TypeError:
            array_type = np.dtype(getattr(type_value, "dtype", np.void)) if type_value is not None else np.dtype(np.void)
        found = _FROM_NUMPY.get(array_type)
        if found is not None:
            return found
        if array_type.kind in "SU":
            return string
        if array_type.name in _BY_NAME and type_value is not None:
            return _BY_NAME[array_type.name]
    hint = did_you_mean(type_value, _BY_NAME) if isinstance(type_value, str) else ""
    raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.{hint}")
