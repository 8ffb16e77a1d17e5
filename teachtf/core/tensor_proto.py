"""Arrays as `TensorProto` and back, encoded as TensorFlow does. Source: `tf.make_tensor_proto`, `tf.make_ndarray`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.arrays import to_array
from teachtf.core.dtypes import DType

_CONTENT = {
    *("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"),
    *("qint8", "qint16", "qint32", "quint8", "quint16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e4m3b11fnuz", "float8_e5m2fnuz", "float4_e2m1fn"),
}  # the dtypes whose bytes a proto holds as they are; of the others it holds numbers


def array_to_proto(array: np.ndarray, dtype: DType) -> Any:
    """`array` as a `TensorProto`: several elements as bytes, one element (also one that fills the shape) in a typed field."""
    from tensorboard.compat.proto import tensor_pb2, tensor_shape_pb2

    proto = tensor_pb2.TensorProto(
        dtype=dtype.as_datatype_enum,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(
            dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=d) for d in array.shape]
        ),
    )
    if array.size > 1 and not any(array.strides):
        array = array.ravel()[:1]
    if dtype == dtypes.string:
        proto.string_val.extend(array.ravel().tolist())
    elif array.size > 1 and dtype.name in _CONTENT:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
    elif array.size:
        _extend(proto, array.ravel(), dtype)
    return proto


def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False, allow_broadcast: bool = False
) -> Any:
    """`values` as a `TensorProto`. Source: `tf.make_tensor_proto`.

    Args:
      values: a number, string, nested list, array, or a `TensorProto`, which is given back.
      dtype: the element type; by default that of `tf.constant`.
      shape: the shape, which `values` may fill in part.
      verify_shape: whether `values` must have just this shape.
      allow_broadcast: whether `values` must fill it, where they are not one element.

    Raises:
      TypeError: an element cannot be of `dtype`, or the shape is another than it must be.
      ValueError: None, a ragged list, or too many elements for `shape`.

    >>> tf.make_tensor_proto([1.5]).float_val
    [1.5]
    """
    if allow_broadcast and verify_shape:
        raise ValueError("allow_broadcast and verify_shape are not both allowed.")
    if getattr(values, "DESCRIPTOR", None) is not None and values.DESCRIPTOR.name == "TensorProto":
        return values
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if allow_broadcast and shape is not None:
        own = to_array(values, wanted)
        if own.size != 1 and own.size != np.prod(shape, dtype=np.int64):
            raise TypeError(f"Expected Tensor's shape: {tuple(shape)}, but got {own.shape}.")
    array = to_array(values, wanted, shape, verify_shape)
    return array_to_proto(array, dtypes.as_dtype(array.dtype) if wanted is None else wanted)


def _extend(proto: Any, flat: np.ndarray, dtype: DType) -> None:
    if dtype in (dtypes.float16, dtypes.bfloat16):
        proto.half_val.extend(flat.view(np.uint16).tolist())
    elif dtype.is_complex:
        field = proto.scomplex_val if dtype == dtypes.complex64 else proto.dcomplex_val
        field.extend(np.stack([flat.real, flat.imag], -1).ravel().tolist())
    elif dtype.is_quantized:
        proto.int_val.extend(int(np.asarray(x).item()[0] if np.asarray(x).dtype.names else x) for x in flat)
    else:
        getattr(proto, _FIELDS.get(dtype, "int_val")).extend(flat.tolist())


_FIELDS = {
    dtypes.float32: "float_val",
    dtypes.float64: "double_val",
    dtypes.int64: "int64_val",
    dtypes.uint32: "uint32_val",
    dtypes.uint64: "uint64_val",
    dtypes.bool: "bool_val",
}


def holds_one_value(proto: Any) -> bool:
    """Whether a `TensorProto` holds a single element, which fills its shape."""
    if proto.tensor_content:
        return False
    stored = sum(len(values) for field, values in proto.ListFields() if field.name.endswith("_val"))
    return stored == (2 if proto.dcomplex_val or proto.scomplex_val else 1)


def make_ndarray(proto: Any) -> np.ndarray:
    """The array that a `TensorProto` holds; a shorter list of values repeats its last one.

    Raises:
      TypeError: the proto's dtype has no numpy form.
      ValueError: `tensor_content` does not have the length that shape and dtype ask for.
    """
    dtype = dtypes.as_dtype(proto.dtype).base_dtype
    shape = tuple(d.size for d in proto.tensor_shape.dim)
    size = int(np.prod(shape, dtype=np.int64))
    if dtype == dtypes.string:
        values: list[Any] = list(proto.string_val)
        flat = np.empty(size, dtype=object)
        if size:
            flat[:] = (values or [b""]) + [(values or [b""])[-1]] * (size - max(len(values), 1))
        return flat.reshape(shape)
    target = np.dtype(dtype.as_numpy_dtype)
    if proto.tensor_content:
        if len(proto.tensor_content) != size * target.itemsize:
            raise ValueError(
                f"tensor_content has {len(proto.tensor_content)} bytes; {dtype.name} {shape} needs {size * target.itemsize}"
            )
        return np.frombuffer(proto.tensor_content, target).reshape(shape).copy()
    if dtype in (dtypes.float16, dtypes.bfloat16):
        stored = np.array(list(proto.half_val), np.uint16).view(target)
    elif dtype.is_complex:
        parts = np.array(list(proto.scomplex_val if dtype == dtypes.complex64 else proto.dcomplex_val))
        stored = (parts[0::2] + 1j * parts[1::2]).astype(target)
    elif dtype.is_quantized:
        stored = np.zeros(len(proto.int_val), target)
        stored[:] = [(v,) for v in proto.int_val] if target.names else list(proto.int_val)
    else:
        stored = np.array(list(getattr(proto, _FIELDS.get(dtype, "int_val"))), target)
    if stored.size == 0:
        return np.zeros(shape, target)
    if stored.size < size:
        stored = np.concatenate([stored, np.repeat(stored[-1:], size - stored.size)])
    return stored[:size].reshape(shape)
