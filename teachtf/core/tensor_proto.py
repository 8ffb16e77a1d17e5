"""Arrays as `TensorProto` and back, encoded as TensorFlow does. Source: `tf.make_tensor_proto`, `tf.make_ndarray`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.dtypes import DType


def make_tensor_proto(array: np.ndarray, dtype: DType) -> Any:
    """`array` as a `TensorProto`: one element in its typed field, several as `tensor_content`, strings as `string_val`."""
    from tensorboard.compat.proto import tensor_pb2, tensor_shape_pb2

    proto = tensor_pb2.TensorProto(
        dtype=dtype.as_datatype_enum,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(
            dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=d) for d in array.shape]
        ),
    )
    if dtype == dtypes.string:
        proto.string_val.extend(array.ravel().tolist())
    elif array.size > 1 and not dtype.is_quantized:
        proto.tensor_content = np.ascontiguousarray(array).tobytes()
    elif array.size:
        _extend(proto, array.ravel(), dtype)
    return proto


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
