"""How the ops that save and restore compute. The readers and writers themselves are imported when one first runs."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.kernels.registry import Call, kernel


def _text(value: Any) -> str:
    """A scalar string tensor as text; file names that are not UTF-8 survive."""
    item = value.item() if isinstance(value, np.ndarray) else value
    return os.fsdecode(item)


def _texts(values: Any) -> list[str]:
    return [os.fsdecode(v) for v in np.ravel(values).tolist()]


def _strings(values: list[bytes]) -> np.ndarray:
    result = np.empty(len(values), object)
    result[:] = values
    return result


@kernel("SaveV2")
def _save(op: Any) -> Call:
    def call(prefix: Any, names: Any, slices: Any, *tensors: Any) -> None:
        from teachtf.checkpoint.bundle import BundleWriter
        from teachtf.checkpoint.slices import parse_shape_and_slice

        path = _text(prefix)
        _check_counts(len(tensors), names, slices)
        _check_grandparent(path)
        with BundleWriter(path) as writer:
            for name, spec, tensor in zip(_texts(names), _texts(slices), tensors, strict=True):
                if not spec:
                    writer.add(name, tensor)
                    continue
                full_shape, part, shape = parse_shape_and_slice(spec)
                if shape != np.shape(tensor):
                    raise errors.InvalidArgumentError(
                        None,
                        None,
                        f"Slice {part} of {name} has shape {list(shape)}, but the tensor has {list(np.shape(tensor))}.",
                    )
                writer.add_slice(name, full_shape, part, tensor)

    return call


def _check_grandparent(prefix: str) -> None:
    """TensorFlow makes the folder of a checkpoint, but not the folder around it: a mistyped path leaves no tree behind."""
    outer = os.path.dirname(os.path.dirname(prefix))
    if outer and not os.path.isdir(outer):
        raise errors.NotFoundError(None, None, f"{os.path.dirname(prefix)}; No such file or directory")


def _check_counts(tensors: int, names: Any, slices: Any) -> None:
    if np.size(names) != tensors or np.size(slices) != tensors:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Got {np.size(names)} tensor names and {np.size(slices)} slices for {tensors} tensors; there must be one each.",
        )


@kernel("RestoreV2")
def _restore(op: Any) -> Call:
    wanted = op._attrs["dtypes"]

    def call(prefix: Any, names: Any, slices: Any) -> Any:
        from teachtf.checkpoint.v1 import open_checkpoint

        _check_counts(len(wanted), names, slices)
        keys, specs = _texts(names), _texts(slices)
        with open_checkpoint(_text(prefix)) as reader:
            missing = [key for key in keys if not reader.has(key)]
            if missing:
                from teachtf.checkpoint.explain import missing_keys

                raise errors.NotFoundError(None, None, missing_keys(op, keys, specs, reader))
            wrong = [
                text
                for i, (key, spec) in enumerate(zip(keys, specs, strict=True))
                if (text := _misfit(op.outputs[i], key, spec, reader, wanted[i]))
            ]
            if wrong:
                raise errors.InvalidArgumentError(None, None, "\n".join(wrong))
            whole = reader.tensors(dict.fromkeys(k for k, s in zip(keys, specs, strict=True) if not s))
            values = [whole[k] if not s else reader.slice(k, s.split(" ")[-1]) for k, s in zip(keys, specs, strict=True)]
        return values[0] if len(values) == 1 else tuple(values)

    return call


def _misfit(output: Any, key: str, spec: str, reader: Any, wanted: dtypes.DType) -> str:
    """What is wrong with restoring `key` here, or "": all is checked before the first variable changes."""
    stored = reader.shape(key)
    if reader.dtype_number(key) != wanted.as_datatype_enum:
        found = dtypes.as_dtype(reader.dtype_number(key)).name
        return (
            f"tensor_name = {key}; expected dtype {wanted.name} does not equal original dtype {found}: "
            f"the checkpoint holds {found} values. Give the variable that dtype, or restore under another name and tf.cast."
        )
    if spec:
        from teachtf.checkpoint.slices import parse_shape_and_slice

        full_shape, _, stored_part = parse_shape_and_slice(spec)
        if full_shape != stored:
            return (
                f"tensor_name = {key}; shape in shape_and_slice spec {list(full_shape)} does not match the shape stored in "
                f"checkpoint: {list(stored)}"
            )
        stored = stored_part
    for user in output._consumers:
        if user.type == "Assign" and user._attrs["validate_shape"] and user._inputs[1] is output:
            shape = user._inputs[0]._shape
            if not shape.is_compatible_with(stored):
                shown = shape.as_list()
                return (
                    f"Assign requires shapes of both tensors to match. lhs shape= {shown} rhs shape= {list(stored)}: variable "
                    f"'{user._inputs[0].op.name}' has shape {shown}, the checkpoint's '{key}' has {list(stored)}."
                )
    return ""


@kernel("ShardedFilename")
def _sharded_filename(op: Any) -> Call:
    return lambda name, shard, shards: f"{_text(name)}-{int(shard):05d}-of-{int(shards):05d}".encode(errors="surrogateescape")


@kernel("MergeV2Checkpoints")
def _merge(op: Any) -> Call:
    delete, lenient = op._attrs["delete_old_dirs"], op._attrs["allow_missing_files"]

    def call(prefixes: Any, destination: Any) -> None:
        from teachtf.checkpoint.bundle import merge
        from teachtf.checkpoint.index import index_path

        sources = [p for p in _texts(prefixes) if not lenient or os.path.exists(index_path(p))]
        merge(sources, _text(destination), delete)

    return call


@kernel("StringJoin")
def _string_join(op: Any) -> Call:
    separator = op._attrs["separator"]

    def call(*parts: Any) -> Any:
        shapes = {np.shape(p) for p in parts if np.ndim(p)}
        if len(shapes) > 1:
            raise errors.InvalidArgumentError(None, None, f"Input shapes do not match: {', '.join(map(str, sorted(shapes)))}")
        if not shapes:
            return separator.join(p.item() if isinstance(p, np.ndarray) else p for p in parts)
        shape = shapes.pop()
        columns = [np.broadcast_to(np.asarray(p, object), shape).ravel().tolist() for p in parts]
        return _strings([separator.join(row) for row in zip(*columns, strict=True)]).reshape(shape)

    return call


@kernel("StaticRegexFullMatch")
def _regex_full_match(op: Any) -> Call:
    pattern = re.compile(op._attrs["pattern"])

    def call(texts: Any) -> Any:
        if not np.ndim(texts):
            text = texts.item() if isinstance(texts, np.ndarray) else texts
            return np.bool_(pattern.fullmatch(text) is not None)
        found = [pattern.fullmatch(t) is not None for t in np.ravel(texts).tolist()]
        return np.array(found, np.bool_).reshape(np.shape(texts))

    return call
