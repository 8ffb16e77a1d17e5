"""`tf.train.Saver`: what it writes, what it restores, and what it says when graph and files do not fit."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return str(tmp_path / "model")


def _started() -> Any:
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def _saved(prefix: str, **values: Any) -> str:
    """A checkpoint of variables by name."""
    with tf.Graph().as_default():
        for name, value in values.items():
            tf.Variable(value, name=name)
        path = tf.train.Saver().save(_started(), prefix)
    assert path is not None
    return path


# --- the graph ---------------------------------------------------------------------------------------------------


def _lines(graph: Any) -> list[str]:
    return [
        f"{op.type} {op.name} {[t.name for t in op.inputs]} {[c.name for c in op.control_inputs]} {op.device}"
        for op in graph.get_operations()
        if op.name.startswith("save")
    ]


def test_the_ops_are_tensorflows() -> None:
    """Recorded from TensorFlow 2.21."""
    v = tf.Variable([1, 2], name="v")
    saver = tf.train.Saver({"mine": v})
    assert _lines(v.graph) == [
        "Const save/filename/input [] [] ",
        "PlaceholderWithDefault save/filename ['save/filename/input:0'] [] ",
        "PlaceholderWithDefault save/Const ['save/filename:0'] [] ",
        "Const save/SaveV2/tensor_names [] [] ",
        "Const save/SaveV2/shape_and_slices [] [] ",
        "SaveV2 save/SaveV2 ['save/Const:0', 'save/SaveV2/tensor_names:0', 'save/SaveV2/shape_and_slices:0', 'v:0'] [] ",
        "Identity save/control_dependency ['save/Const:0'] ['save/SaveV2'] ",
        "Const save/RestoreV2/tensor_names [] [] /device:CPU:0",
        "Const save/RestoreV2/shape_and_slices [] [] /device:CPU:0",
        "RestoreV2 save/RestoreV2 ['save/Const:0', 'save/RestoreV2/tensor_names:0', 'save/RestoreV2/shape_and_slices:0'] "
        "[] /device:CPU:0",
        "Assign save/Assign ['v:0', 'save/RestoreV2:0'] [] ",
        "NoOp save/restore_all [] ['save/Assign'] ",
    ]
    proto = saver.as_saver_def()
    assert (proto.filename_tensor_name, proto.save_tensor_name, proto.restore_op_name, proto.max_to_keep, proto.version) == (
        "save/Const:0",
        "save/control_dependency:0",
        "save/restore_all",
        5,
        tf.train.SaverDef.V2,
    )


def test_the_sharded_ops_are_tensorflows() -> None:
    v = tf.Variable([1.0], name="v")
    tf.train.Saver(sharded=True)
    assert _lines(v.graph)[3:-5] == [
        "StaticRegexFullMatch save/StaticRegexFullMatch ['save/Const:0'] [] /device:CPU:*",
        "Const save/Const_1 [] [] /device:CPU:*",
        "Const save/Const_2 [] [] /device:CPU:*",
        "Select save/Select ['save/StaticRegexFullMatch:0', 'save/Const_1:0', 'save/Const_2:0'] [] /device:CPU:*",
        "StringJoin save/StringJoin ['save/Const:0', 'save/Select:0'] [] /device:CPU:*",
        "Const save/num_shards [] [] ",
        "Const save/ShardedFilename/shard [] [] /device:CPU:0",
        "ShardedFilename save/ShardedFilename ['save/StringJoin:0', 'save/ShardedFilename/shard:0', 'save/num_shards:0'] [] "
        "/device:CPU:0",
        "Const save/SaveV2/tensor_names [] [] /device:CPU:0",
        "Const save/SaveV2/shape_and_slices [] [] /device:CPU:0",
        "SaveV2 save/SaveV2 ['save/ShardedFilename:0', 'save/SaveV2/tensor_names:0', 'save/SaveV2/shape_and_slices:0', 'v:0'] "
        "[] /device:CPU:0",
        "Identity save/control_dependency ['save/ShardedFilename:0'] ['save/SaveV2'] /device:CPU:0",
        "Pack save/MergeV2Checkpoints/checkpoint_prefixes ['save/ShardedFilename:0'] ['save/control_dependency'] /device:CPU:0",
        "MergeV2Checkpoints save/MergeV2Checkpoints ['save/MergeV2Checkpoints/checkpoint_prefixes:0', 'save/Const:0'] [] "
        "/device:CPU:0",
        "Identity save/Identity ['save/Const:0'] ['save/control_dependency', 'save/MergeV2Checkpoints'] /device:CPU:0",
        "Const save/RestoreV2/tensor_names [] [] /device:CPU:0",
    ]


@pytest.mark.parametrize(
    ("var_list", "error", "message"),
    [
        (lambda v: [tf.constant(1)], TypeError, "Variable to save is not a Variable"),
        (lambda v: ["v"], TypeError, "Variable to save is not a Variable: 'v'"),
        (lambda v: "v", TypeError, "Variables to save should be passed in a dict or a list. Got v"),
        (lambda v: [v, v], ValueError, "At least two variables have the same name: v"),
        (lambda v: {"x": v, "y": v}, ValueError, "The same saveable will be restored with two names: y"),
        (lambda v: {3: v}, TypeError, "Name is not a string: 3"),
        (lambda v: {"x": 3}, TypeError, "Not a variable: 3"),
    ],
)
def test_senseless_variables_are_refused(var_list: Any, error: type[Exception], message: str) -> None:
    v = tf.Variable(1, name="v")
    with pytest.raises(error, match=message):
        tf.train.Saver(var_list(v))


def test_senseless_arguments_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    empty = tf.train.Saver(allow_empty=True)
    tf.constant(1)
    assert empty.save(tf.Session(), prefix) is None and os.path.exists(f"{prefix}.meta")
    v = tf.Variable(1)
    with pytest.raises(ValueError, match="build cannot be deferred"):
        tf.train.Saver([v], defer_build=True)
    with pytest.raises(NotImplementedError, match="Leave builder out"):
        tf.train.Saver(builder=object())
    with pytest.raises(NotImplementedError, match="V2 format only"):
        tf.train.Saver(write_version=tf.train.SaverDef.V1)
    deferred = tf.train.Saver(defer_build=True)
    with pytest.raises(RuntimeError, match="should be called before save"):
        deferred.save(tf.Session(), prefix)
    deferred.build()
    assert deferred.save(_started(), prefix) == prefix


# --- there and back ----------------------------------------------------------------------------------------------

VALUES = {
    "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
    "scalar": np.float64(2.5),
    "counts": np.array([1, -2], np.int64),
    "flags": np.array([True, False]),
    "halves": np.array([0.5], np.float16),
    "complex": np.array([1 + 2j], np.complex64),
    "texts": np.array([b"a", b"longer"], object),
    "none": np.zeros([0, 3], np.float32),
}


@pytest.mark.parametrize("sharded", [False, True])
def test_values_come_back(prefix: str, sharded: bool) -> None:
    variables = {name: tf.Variable(value, name=name) for name, value in VALUES.items()}
    saver = tf.train.Saver(sharded=sharded)
    path = saver.save(_started(), prefix, global_step=12)
    assert path == f"{prefix}-12" and tf.train.latest_checkpoint(os.path.dirname(prefix)) == path
    other = tf.Session()
    saver.restore(other, path)
    for name, variable in variables.items():
        value = other.run(variable)
        np.testing.assert_array_equal(value, VALUES[name])
        assert np.asarray(value).dtype == VALUES[name].dtype
    assert not [name for name in os.listdir(os.path.dirname(prefix)) if "temp" in name]


def test_names_of_the_dictionary_are_those_of_the_file(prefix: str) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    path = tf.train.Saver({"old/name": v}).save(_started(), prefix)
    assert tf.train.list_variables(prefix) == [("old/name", [2])]
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable([0.0, 0.0], name="w")
        tf.train.Saver({"old/name": w}).restore(sess, path)
        assert sess.run(w).tolist() == [1.0, 2.0]


def test_shards_by_device(prefix: str) -> None:
    with tf.device("/cpu:0"):
        a = tf.Variable(1.0, name="a")
    b = tf.Variable(2.0, name="b")
    saver = tf.train.Saver(sharded=True)
    path = saver.save(_started(), prefix)
    assert os.path.exists(f"{prefix}.data-00001-of-00002") and not os.path.exists(f"{prefix}_temp")
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert sess.run([a, b]) == [1.0, 2.0]


def test_slices_are_one_tensor_of_the_file(prefix: str) -> None:
    from teachtf.state.variables import SaveSliceInfo

    full = np.arange(12, dtype=np.float32).reshape(4, 3)
    parts = []
    for i, rows in enumerate((slice(0, 3), slice(3, 4))):
        part = tf.Variable(full[rows], name=f"big/part_{i}")
        part._set_save_slice_info(SaveSliceInfo("big", [4, 3], [rows.start, 0], list(full[rows].shape)))
        parts.append(part)
    path = tf.train.Saver().save(_started(), prefix)
    assert tf.train.list_variables(prefix) == [("big", [4, 3])]
    with tf.Graph().as_default(), tf.Session() as sess:
        whole = tf.Variable(np.zeros([4, 3], np.float32), name="big")
        tf.train.Saver().restore(sess, path)
        np.testing.assert_array_equal(sess.run(whole), full)
        right = tf.Variable(np.zeros([4, 1], np.float32), name="right")
        right._set_save_slice_info(SaveSliceInfo("big", [4, 3], [0, 2], [4, 1]))
        tf.train.Saver([right]).restore(sess, path)
        np.testing.assert_array_equal(sess.run(right), full[:, 2:])


def test_reshape(prefix: str) -> None:
    path = _saved(prefix, v=[[1.0, 2.0]])
    v = tf.Variable([0.0, 0.0], name="v")
    with tf.Session() as sess:
        tf.train.Saver(reshape=True).restore(sess, path)
        assert sess.run(v).tolist() == [1.0, 2.0]


def test_what_was_saved_does_not_change_with_the_variable(prefix: str) -> None:
    v = tf.Variable([1.0], name="v")
    saver = tf.train.Saver()
    sess = _started()
    path = saver.save(sess, prefix)
    sess.run(v.assign_add([5.0]))
    saver.restore(sess, path)
    sess.run(v.assign_add([5.0]))
    saver.restore(sess, path)
    assert sess.run(v).tolist() == [1.0]


# --- which checkpoints stay ----------------------------------------------------------------------------------------


def test_max_to_keep(prefix: str) -> None:
    tf.Variable(1, name="v")
    saver = tf.train.Saver(max_to_keep=2)
    sess = _started()
    for step in range(4):
        saver.save(sess, prefix, global_step=step)
    folder = os.path.dirname(prefix)
    assert sorted(os.listdir(folder)) == sorted(
        ["checkpoint", *(f"model-{s}.{e}" for s in (2, 3) for e in ("index", "meta", "data-00000-of-00001"))]
    )
    assert saver.last_checkpoints == [f"{prefix}-2", f"{prefix}-3"]
    state = tf.train.get_checkpoint_state(folder)
    assert list(state.all_model_checkpoint_paths) == saver.last_checkpoints
    again = tf.train.Saver(max_to_keep=2)
    again.recover_last_checkpoints([f"{prefix}-0", *state.all_model_checkpoint_paths])
    assert again.last_checkpoints == saver.last_checkpoints
    again.save(sess, prefix, global_step=4)
    assert not tf.train.checkpoint_exists(f"{prefix}-2") and tf.train.checkpoint_exists(f"{prefix}-3")


def test_keep_checkpoint_every_n_hours(prefix: str) -> None:
    tf.Variable(1, name="v")
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1e-9)
    sess = _started()
    for step in range(3):
        saver.save(sess, prefix, global_step=step)
    assert all(tf.train.checkpoint_exists(f"{prefix}-{step}") for step in range(3))


def test_steps_and_state_files(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = tf.train.get_or_create_global_step()
    saver = tf.train.Saver(pad_step_number=True, save_relative_paths=True)
    sess = _started()
    sess.run(step.assign(7))
    assert tf.train.global_step(sess, step) == 7
    assert saver.save(sess, prefix, global_step=step, latest_filename="latest", write_meta_graph=False) == f"{prefix}-00000007"
    folder = Path(prefix).parent
    assert not list(folder.glob("*.meta"))
    assert folder.joinpath("latest").read_text().startswith('model_checkpoint_path: "model-00000007"\n')
    saver.save(sess, prefix, write_state=False)
    assert not folder.joinpath("checkpoint").exists()
    monkeypatch.chdir(folder)
    assert saver.save(sess, "here") == "here"
    with pytest.raises(ValueError, match="must not contain path components"):
        saver.save(sess, prefix, latest_filename="a/b")
    with pytest.raises(ValueError, match="collides with 'save_path'"):
        saver.save(sess, "checkpoint")
    with pytest.raises(TypeError, match="'sess' must be a Session"):
        saver.save(3, prefix)


# --- errors ------------------------------------------------------------------------------------------------------


def test_saving_into_nowhere(tmp_path: Path) -> None:
    tf.Variable(1, name="v")
    with pytest.raises(ValueError, match=r"Parent directory of .*/no/where/model doesn't exist, can't save\. Make it first"):
        tf.train.Saver().save(_started(), tmp_path / "no" / "where" / "model")
    assert list(tmp_path.iterdir()) == []


def test_saving_without_values(prefix: str) -> None:
    tf.Variable(1, name="v")
    with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value v") as info:
        tf.train.Saver().save(tf.Session(), prefix)
    assert info.value.op.name == "save/SaveV2"
    assert os.listdir(os.path.dirname(prefix)) == []


def test_no_such_checkpoint(prefix: str) -> None:
    path = _saved(prefix, v=1)
    tf.Variable(1, name="v")
    saver = tf.train.Saver()
    with pytest.raises(ValueError, match=f"The passed save_path is not a valid checkpoint: {prefix}x.*{prefix}"):
        saver.restore(tf.Session(), prefix + "x")
    with pytest.raises(ValueError, match="when it is None"):
        saver.restore(tf.Session(), None)
    with pytest.raises(TypeError, match="'sess' must be a Session"):
        saver.restore("sess", path)


def test_a_missing_key_names_missing_extra_and_closest(prefix: str) -> None:
    path = _saved(prefix, v1=[1.0], weights=[[1.0, 2.0]])
    tf.Variable([0.0], name="v1")
    tf.Variable([[0.0, 0.0]], name="wieghts")
    with pytest.raises(tf.errors.NotFoundError, match="Key wieghts not found in checkpoint") as info:
        tf.train.Saver().restore(tf.Session(), path)
    message = info.value.message
    assert message.startswith("Restoring from checkpoint failed. This is most likely due to a Variable name")
    assert "Missing from the checkpoint: wieghts [1, 2]." in message
    assert "Closest names in the checkpoint: wieghts ~ weights [1, 2]." in message
    assert "In the checkpoint but not asked for: weights [1, 2]." in message
    assert info.value.op.type == "RestoreV2"


def test_drifted_names_are_told_on_restore(prefix: str) -> None:
    path = _saved(prefix, **{"layer/w": [1.0], "b": [2.0]})
    tf.Variable([0.0], name="layer_1/w")
    tf.Variable([0.0], name="b")
    with pytest.raises(tf.errors.NotFoundError) as info:
        tf.train.Saver().restore(tf.Session(), path)
    assert "Drifted names: layer_1/w (was layer/w [1])" in info.value.message
    assert "tf.train.Saver({'layer/w': layer_1/w})" in info.value.message


def test_drifted_names_are_told_on_save(prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):  # a cell that runs again is compiled again
        exec(compile("tf.Variable([1.0], name='w')", "<cell 1>", "exec"), {"tf": tf})
    for _ in range(2):  # a loop numbers its layers, and is right to
        tf.Variable([1.0], name="layer")
    saver = tf.train.Saver()
    with caplog.at_level(logging.WARNING, "teachtf"):
        saver.save(_started(), prefix)
        saver.save(_started(), prefix)
    assert len(caplog.records) == 1 and "ran again: w_1 (was w)." in caplog.text and "layer" not in caplog.text


@pytest.mark.parametrize("sharded", [False, True])
def test_restoring_is_all_or_nothing(prefix: str, sharded: bool) -> None:
    path = _saved(prefix, a=[1.0], b=[[2.0]])
    a = tf.Variable([10.0], name="a")
    with tf.device("/cpu:0"):
        b = tf.Variable([20.0, 20.0], name="b")
    sess = _started()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"lhs shape= \[2\] rhs shape= \[1, 1\]: variable 'b'") as info:
        tf.train.Saver(sharded=sharded).restore(sess, path)
    assert info.value.op.type == "RestoreV2"
    assert sess.run(a).tolist() == [10.0] and sess.run(b).tolist() == [20.0, 20.0]


def test_another_dtype(prefix: str) -> None:
    path = _saved(prefix, a=[1.0])
    tf.Variable([1], name="a")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected dtype int32 does not equal original dtype float32"):
        tf.train.Saver().restore(tf.Session(), path)


def test_damage(prefix: str) -> None:
    path = _saved(prefix, a=[1.0, 2.0])
    data = Path(f"{path}.data-00000-of-00001")
    data.write_bytes(b"\x01" + data.read_bytes()[1:])
    a = tf.Variable([0.0, 0.0], name="a")
    sess = _started()
    with pytest.raises(tf.errors.DataLossError, match="damaged at bytes 0 to 8, where tensor a stands"):
        tf.train.Saver().restore(sess, path)
    assert sess.run(a).tolist() == [0.0, 0.0]


def test_a_failed_save_leaves_the_old_checkpoint(prefix: str) -> None:
    v = tf.Variable([1.0], name="v")
    w = tf.Variable([1.0], name="w", collections=[])
    path = tf.train.Saver([v]).save(_started(), prefix)
    before = {p.name: p.read_bytes() for p in Path(prefix).parent.iterdir()}
    sess = tf.Session()
    sess.run(v.initializer)
    with pytest.raises(tf.errors.FailedPreconditionError):
        tf.train.Saver([v, w]).save(sess, path)
    assert {p.name: p.read_bytes() for p in Path(prefix).parent.iterdir()} == before


# --- readers -----------------------------------------------------------------------------------------------------


def test_readers(prefix: str, golden: Path) -> None:
    path = _saved(prefix, a=[1.0, 2.0], n=3, s=b"text")
    reader = tf.train.NewCheckpointReader(path)
    assert reader.get_variable_to_shape_map() == {"a": [2], "n": [], "s": []}
    assert reader.get_variable_to_dtype_map() == {"a": tf.float32, "n": tf.int32, "s": tf.string}
    assert reader.debug_string() == b"a (DT_FLOAT) [2]\nn (DT_INT32) []\ns (DT_STRING) []\n"
    assert reader.has_tensor("a") and not reader.has_tensor("b")
    assert (reader.get_tensor("n"), reader.get_tensor("s")) == (3, b"text")
    folder = os.path.dirname(prefix)
    assert tf.train.load_variable(folder, "a:0").tolist() == [1.0, 2.0]
    assert tf.train.list_variables(str(golden / "plain"))
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints in given directory"):
        tf.train.list_variables(golden.parent)
    with pytest.raises(tf.errors.NotFoundError, match="Key q not found in checkpoint"):
        tf.train.load_variable(path, "q")
    tf.train.remove_checkpoint(path)
    assert os.listdir(folder) == ["checkpoint"] and tf.train.get_checkpoint_mtimes([path]) == []


def test_importing_the_library_reads_no_file_layer() -> None:
    modules = ("google.protobuf", "google_crc32c", "teachtf.checkpoint.saver")
    text = f"import sys, teachtf\nprint([m for m in {modules!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
