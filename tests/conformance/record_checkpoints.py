"""Writes checkpoints with real TensorFlow, and reads others with it, for tests to compare with.

    $TEACHTF_ORACLE tests/conformance/record_checkpoints.py record FOLDER          # the golden files
    $TEACHTF_ORACLE tests/conformance/record_checkpoints.py record FOLDER --large  # and an index of several blocks
    $TEACHTF_ORACLE tests/conformance/record_checkpoints.py read PREFIX...         # JSON of what TensorFlow reads

The committed files under tests/checkpoint/golden/ came from TensorFlow 2.21. Tests import the values from here.
"""

import json
import os
import sys

import ml_dtypes
import numpy as np


def golden_tensors():
    """Returns the tensors of the golden checkpoint by name: every dtype, ranks 0 to 4, empty, prefix-sharing names."""
    tensors = {
        "scalar": np.float32(1.5),
        "empty": np.zeros((0, 3), np.float32),
        "layer/bool": np.array([True, False, True]),
        "layer/rank4": np.arange(2 * 3 * 1 * 2, dtype=np.float32).reshape(2, 3, 1, 2),
        "layer/bfloat16": np.array([1, -2.5, 3e38], ml_dtypes.bfloat16),
        "strings": np.array([[b"", b"teach"], ["\u00fc".encode(), b"\0\xff" * 100]], object),
        "strings/empty": np.zeros((0,), object),
        "unicode/\u00fc": np.int64(-7),
    }
    for dtype in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"):
        tensors[f"number/{dtype}"] = np.array([[0, 1, 2], [100, 50, 25]], dtype)
    tensors["number/uint64"] = np.array([0, 2**64 - 1], np.uint64)
    tensors["number/int64_low"] = np.array([-(2**63), -1], np.int64)
    tensors["number/complex64"] = np.array([1 + 2j, -0.5j], np.complex64)
    tensors["number/complex128"] = np.array([[1 + 2j, -0.5j]], np.complex128)
    for base in ("int8", "uint8", "int16", "uint16", "int32"):
        tensors[f"quantized/q{base}"] = np.array([0, 1, 100], base).view([(f"q{base}", base)])
    return tensors


def golden_parts():
    """Returns (full name, full shape, slice, values) of partitioned variables, first and second axis."""
    table = np.arange(130 * 3, dtype=np.float32).reshape(130, 3)
    wide = np.arange(8, dtype=np.int32).reshape(2, 4)
    return [
        ("emb", (130, 3), "0,70:-", table[:70]),
        ("emb", (130, 3), "70,60:-", table[70:]),
        ("wide", (2, 4), "-:0,1", wide[:, :1]),
        ("wide", (2, 4), "-:1,3", wide[:, 1:]),
        ("whole", (2, 4), "-:-", wide),
        ("whole2", (2, 4), "0,2:0,4", wide),
    ]


def large_tensors():
    """Returns so many small tensors that the index needs several blocks."""
    return {f"scope_{i % 97}/layer_{i}/{'kernel' * (i % 5)}": np.float32(i) for i in range(9000)}


def v1_tensors():
    """Returns the golden tensors that TensorFlow's V1 writer can write, and one that snappy makes smaller."""
    refused = ("uint32", "uint64", "bfloat16", "qint16", "quint16")
    tensors = {name: value for name, value in golden_tensors().items() if not name.endswith(refused)}
    tensors["zeros"] = np.zeros(5000, np.float32)
    tensors["pattern"] = np.tile(np.arange(7, dtype=np.int32), 300)
    return tensors


def _constant(tf, value):
    if value.dtype.names:
        # A quantized constant cannot be made from NumPy's records.
        base = tf.constant(value.view(value.dtype[0]))
        return tf.bitcast(base, tf.as_dtype(value.dtype.names[0]))
    return tf.constant(value)


def _save(tf, prefix, items, op=None):
    """Runs a save op: `items` are (name, shape and slice, values)."""
    names, specs, values = zip(*items, strict=True)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = [_constant(tf, np.asarray(value)) for value in values]
        if op == "V1":
            session.run(
                tf.raw_ops.SaveSlices(filename=prefix, tensor_names=list(names), shapes_and_slices=list(specs), data=tensors)
            )
        else:
            session.run(
                tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(names), shape_and_slices=list(specs), tensors=tensors)
            )


def _parts():
    return [(name, " ".join(map(str, shape)) + " " + part, value) for name, shape, part, value in golden_parts()]


def record(folder, large):
    """Writes the golden checkpoints to `folder`."""
    import tensorflow.compat.v1 as tf

    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)  # noqa: E731
    plain = [(name, "", value) for name, value in golden_tensors().items()]
    _save(tf, at("plain"), plain)
    _save(tf, at("parts"), _parts())
    _save(tf, at("v1"), [(name, "", value) for name, value in v1_tensors().items()], "V1")
    _save(tf, at("v1parts"), _parts(), "V1")
    _save(tf, at("shard_a"), plain[:5] + _parts()[:1])
    _save(tf, at("shard_b"), plain[5:] + _parts()[1:])
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(
            tf.raw_ops.MergeV2Checkpoints(
                checkpoint_prefixes=[at("shard_a"), at("shard_b")],
                destination_prefix=at("merged"),
                delete_old_dirs=True,
            )
        )
    if large:
        _save(tf, at("large"), [(name, "", value) for name, value in large_tensors().items()])
    states = {
        "relative": ("run", "run/m-2", ["run/m-1", "run/m-2"], {}),
        "absolute": ("/run", "/run/m-2", None, {}),
        "times": (
            "/run",
            "/run/m-2",
            ["/run/m-1", "/run/m-2"],
            {"all_model_checkpoint_timestamps": [1.5, 1600000000.123], "last_preserved_timestamp": 1.25},
        ),
        "escaped": ("/run", '/run/"\u00fc"-2', None, {}),
    }
    texts = {}
    for name, (save_dir, latest, paths, more) in states.items():
        texts[name] = [
            save_dir,
            latest,
            paths,
            more,
            str(tf.train.generate_checkpoint_state_proto(save_dir, latest, paths and list(paths), **more)),
        ]
    with open(at("states.json"), "w") as file:
        json.dump(texts, file, indent=1)


def described(value):
    """Returns an array as JSON can hold it: shape, and the bytes in hexadecimal."""
    value = np.asarray(value)
    if value.dtype == object:
        return [list(value.shape), [text.hex() for text in value.reshape(-1)]]
    return [list(value.shape), np.ascontiguousarray(value).tobytes().hex()]


def read(prefixes):
    """Prints what TensorFlow reads from each checkpoint: name to (DataType number, shape, values)."""
    import tensorflow.compat.v1 as tf

    answers = {}
    for prefix in prefixes:
        reader = tf.train.load_checkpoint(prefix)
        types = reader.get_variable_to_dtype_map()
        answers[prefix] = {name: [types[name].as_datatype_enum, *described(reader.get_tensor(name))] for name in sorted(types)}
    print(json.dumps(answers))


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(sys.argv[2], "--large" in sys.argv)
    else:
        read(sys.argv[2:])
