"""The types that tensor elements have. Source: `tf.DType`."""

from __future__ import annotations

import builtins
from typing import Any, NoReturn

import numpy as np

from teachtf.core.errors import did_you_mean

_REF = 100  # a reference type's number is its base type's plus this

# The names of types.proto, in the order of their numbers, from 1.
_NAMES = """
float32 float64 int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16 uint16
complex128 float16 resource variant uint32 uint64 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz
float8_e5m2fnuz int4 uint4 int2 uint2 float4_e2m1fn
""".split()  # noqa: SIM905
_QUANTIZED = ("qint8", "quint8", "qint16", "quint16", "qint32")
# Types that numpy knows only through ml_dtypes, which is imported when one of them is first used (it takes 5 ms).
_SMALL = {"bfloat16", "int4", "uint4", "int2", "uint2", *(n for n in _NAMES if n.startswith(("float4_", "float8_")))}
_IMAGE_HIGHEST: dict[str, Any] = {"bool": True, "float32": 1, "float64": 1}
_IMAGE_HIGHEST |= {f"{sign}int{n}": 2 ** (n - (not sign)) - 1 for sign in ("", "u") for n in (8, 16, 32, 64)}


class DType:
    """The type of the elements of a tensor. There is one object for each type.

    >>> import teachtf as tf
    >>> tf.float32.size, tf.int32.max, tf.as_dtype("int64")
    (4, 2147483647, tf.int64)
    >>> tf.float32 == "float32", tf.float32 == np.float32, tf.DType(1) is tf.float32
    (True, True, True)
    """

    __slots__ = ("_base", "_enum", "_name", "_numpy")

    _base: DType
    _enum: int
    _name: str
    _numpy: Any  # None until ml_dtypes is asked

    def __new__(cls, type_enum: Any) -> DType:
        """The type with this number.

        Raises:
          TypeError: no type has it.
        """
        found = _BY_NUMBER.get(int(type_enum))
        if found is None:
            raise TypeError(f"{type_enum} does not correspond to a valid tensorflow::DataType")
        return found

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
        return self._base

    @property
    def real_dtype(self) -> DType:
        """The type of the real part."""
        return float32 if self._base is complex64 else float64 if self._base is complex128 else self

    @property
    def as_numpy_dtype(self) -> Any:
        """The numpy type of the elements: a class, or a structured dtype for quantised types."""
        if self._numpy is None:
            import ml_dtypes

            self._numpy = getattr(ml_dtypes, self._base._name)
        return self._numpy

    @property
    def is_bool(self) -> builtins.bool:
        """Whether this is bool."""
        return self._base is bool

    @property
    def is_integer(self) -> builtins.bool:
        """Whether this is a whole-number type that is not quantised."""
        return self._base._name.startswith(("int", "uint"))

    @property
    def is_unsigned(self) -> builtins.bool:
        """Whether this is an unsigned whole-number type."""
        return self._base._name.startswith("uint")

    @property
    def is_floating(self) -> builtins.bool:
        """Whether this is a real floating-point type."""
        return self._base._name.startswith(("float", "bfloat"))

    @property
    def is_complex(self) -> builtins.bool:
        """Whether this is a complex type."""
        return self._base._name.startswith("complex")

    @property
    def is_quantized(self) -> builtins.bool:
        """Whether this is a quantised type."""
        return self._base._name in _QUANTIZED

    @property
    def is_numeric(self) -> builtins.bool:
        """Whether elements are numbers that ops compute with; the types of 8 bits and less that TF added late are not."""
        name = self._base._name
        return name not in ("bool", "string", "resource", "variant") and (name not in _SMALL or name == "bfloat16")

    @property
    def is_numpy_compatible(self) -> builtins.bool:
        """Whether numpy can hold the elements."""
        return self._base._name not in ("resource", "variant")

    @property
    def size(self) -> int:
        """Bytes an element; 0 for types whose elements have no fixed size."""
        return 0 if self._base._name in ("string", "variant", "resource") else np.dtype(self.as_numpy_dtype).itemsize

    def _limit(self, which: str) -> Any:
        base, problem = self._base, f"Cannot find {which}imum value of {self}"
        if self.is_quantized or base in (bool, string, complex64, complex128):
            raise TypeError(f"{problem} with {'quantized type' if self.is_quantized else 'type'} {base}.")
        if not (self.is_integer or self.is_floating):
            raise TypeError(f"{problem}.")
        if base._name in _SMALL:
            import ml_dtypes

            info: Any = (ml_dtypes.finfo if self.is_floating else ml_dtypes.iinfo)(self.as_numpy_dtype)
        else:
            info = (np.finfo if self.is_floating else np.iinfo)(self.as_numpy_dtype)
        return getattr(info, which)

    @property
    def min(self) -> Any:
        """The lowest finite value.

        Raises:
          TypeError: the type is not ordered, or not numeric.
        """
        return self._limit("min")

    @property
    def max(self) -> Any:
        """The highest finite value.

        Raises:
          TypeError: the type is not ordered, or not numeric.
        """
        return self._limit("max")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The range of intensities that images of this type use: (0, high).

        Raises:
          ValueError: images do not use this type.
        """
        if self._base._name not in _IMAGE_HIGHEST:
            raise ValueError(f"{self} does not have defined limits.")
        return 0, _IMAGE_HIGHEST[self._base._name]

    def is_compatible_with(self, other: Any) -> builtins.bool:
        """Whether a tensor of type `other` serves where this type is asked for.

        >>> float32.is_compatible_with(float32._as_ref), float32._as_ref.is_compatible_with(float32)
        (True, False)
        """
        other = as_dtype(other)
        return self is other or self is other._base

    def __eq__(self, other: object) -> builtins.bool:
        if self is other:
            return True
        if other is None or type(other) is DType:
            return False
        return self is _find(other)

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


def _numpy_type(name: str) -> Any:
    if name in _SMALL:
        return None
    if name in _QUANTIZED:
        return np.dtype([(name, name.replace("q", "", 1))])
    if name in ("string", "resource", "variant"):  # elements of no fixed size, and handles
        return np.object_
    return getattr(np, "bool_" if name == "bool" else name)


def _make() -> dict[int, DType]:
    made: dict[int, DType] = {}
    for number, name in enumerate(_NAMES, start=1):
        base = object.__new__(DType)
        for dtype, enum, own_name in (base, number, name), (object.__new__(DType), number + _REF, name + "_ref"):
            dtype._enum, dtype._name, dtype._base, dtype._numpy = enum, own_name, base, _numpy_type(name)
            made[enum] = dtype
    return made


_BY_NUMBER = _make()
_BY_NAME = {dtype._name: dtype for dtype in _BY_NUMBER.values()}
globals().update({name: dtype for name, dtype in _BY_NAME.items() if dtype._is_ref_dtype})
for _name, _of in {"half": "float16", "float": "float32", "double": "float64"}.items():
    _BY_NAME[_name], _BY_NAME[_name + "_ref"] = _BY_NAME[_of], _BY_NAME[_of + "_ref"]

float16 = half = _BY_NAME["float16"]
float32 = _BY_NAME["float32"]
float64 = double = _BY_NAME["float64"]
bfloat16 = _BY_NAME["bfloat16"]
float8_e5m2 = _BY_NAME["float8_e5m2"]
float8_e4m3fn = _BY_NAME["float8_e4m3fn"]
float8_e4m3fnuz = _BY_NAME["float8_e4m3fnuz"]
float8_e4m3b11fnuz = _BY_NAME["float8_e4m3b11fnuz"]
float8_e5m2fnuz = _BY_NAME["float8_e5m2fnuz"]
float4_e2m1fn = _BY_NAME["float4_e2m1fn"]
int2 = _BY_NAME["int2"]
int4 = _BY_NAME["int4"]
int8 = _BY_NAME["int8"]
int16 = _BY_NAME["int16"]
int32 = _BY_NAME["int32"]
int64 = _BY_NAME["int64"]
uint2 = _BY_NAME["uint2"]
uint4 = _BY_NAME["uint4"]
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

QUANTIZED_DTYPES = frozenset(dtype for dtype in _BY_NUMBER.values() if dtype.is_quantized)

# By numpy class, as `np.dtype(...).type` gives it. C's own types are classes of their own on some platforms.
_FROM_NUMPY: dict[Any, DType] = {
    dtype._numpy: dtype
    for dtype in _BY_NUMBER.values()
    if dtype._numpy not in (None, np.object_) and not dtype._is_ref_dtype and not dtype.is_quantized
}
_FROM_NUMPY |= {np.object_: string, np.bytes_: string, np.str_: string}
for _c_type in (np.intc, np.uintc, np.int_, np.uint, np.longlong, np.ulonglong):
    _FROM_NUMPY.setdefault(_c_type, _BY_NAME[np.dtype(_c_type).name])
_ANY: dict[Any, DType] = {**_BY_NUMBER, **_BY_NAME, **_FROM_NUMPY, float: float32, builtins.bool: bool, object: string}
_ANY |= {dtype._numpy: dtype for dtype in QUANTIZED_DTYPES if not dtype._is_ref_dtype}
_ANY[np.dtypes.StringDType()] = string
_HINTS: dict[Any, str] = {
    int: "tf.int32 or tf.int64",
    complex: "tf.complex64 or tf.complex128",
    str: "tf.string",
    bytes: "tf.string",
}
_HINTS |= {kind.__name__: hint for kind, hint in _HINTS.items()}


def _find(type_value: Any) -> DType | None:
    """The DType that a value other than a DType means, or None."""
    if isinstance(type_value, np.dtype) and (found := _from_class(type_value.type)) is not None:
        return found
    try:
        if (found := _ANY.get(type_value)) is not None:
            return found
    except TypeError:  # unhashable, as arrays are
        pass
    if isinstance(type_value, type):
        return _from_class(type_value)
    try:
        return _from_class(np.dtype(type_value.dtype).type)
    except (AttributeError, TypeError):
        return None


def _from_class(kind: type) -> DType | None:
    found = _FROM_NUMPY.get(kind)
    if found is None and kind.__name__ in _SMALL and kind.__module__ == "ml_dtypes":
        found = _FROM_NUMPY[kind] = _BY_NAME[kind.__name__]
    return found


def as_dtype(type_value: Any) -> DType:
    """The DType that `type_value` means: a DType, its number or name, a numpy type or array, or a Python type.

    Raises:
      TypeError: it means none.

    >>> as_dtype("float"), as_dtype(np.int64), as_dtype(2), as_dtype(bool), as_dtype(np.zeros(3))
    (tf.float32, tf.int64, tf.float64, tf.bool, tf.float64)
    """
    if type(type_value) is DType:
        return type_value
    found = _find(type_value)
    return _refuse(type_value) if found is None else found


def _refuse(type_value: Any) -> NoReturn:
    hint = did_you_mean(type_value, _BY_NAME) if isinstance(type_value, str) else ""
    if isinstance(type_value, (type, str)) and type_value in _HINTS:
        hint = f" Did you mean {_HINTS[type_value]}?"
    raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.{hint}")
