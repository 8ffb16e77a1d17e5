"""Meta graphs: a graph, its collections and its saver, out to a file and back."""

from __future__ import annotations

import re
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


def _model() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.variable_scope("layer"), tf.device("/cpu:0"):
        w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer(2.0))
    with tf.name_scope("out"):
        h = tf.matmul(x, w, name="h")
        flag = tf.placeholder_with_default(True, [], name="flag")
        y = tf.cond(flag, lambda: tf.cond(flag, lambda: h * 2.0, lambda: h), lambda: h - 1.0, name="choose")
    loss = tf.reduce_mean(y * y, name="loss")
    train = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=tf.train.get_or_create_global_step(), name="train")
    for key, item in (("train_op", train), ("losses", loss), ("nums", 3), ("floats", 2.5), ("texts", "hello")):
        tf.add_to_collection(key, item)
    return train


X = {"x:0": np.array([[1.0, 2.0]], np.float32)}


def _saved(tmp_path: Path) -> tuple[str, list[float]]:
    """A trained model's checkpoint, and the losses of two more steps."""
    with tf.Graph().as_default(), tf.Session() as sess:
        train = _model()
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        sess.run(train, X)
        path = saver.save(sess, tmp_path / "model")
        assert path is not None
        losses = []
        for _ in range(2):
            sess.run(train, X)
            losses.append(sess.run("loss:0", X))
    return path, losses


def _train_on(sess: Any, scope: str = "") -> list[float]:
    feed = {f"{scope}{k}": v for k, v in X.items()}
    losses = []
    for _ in range(2):
        sess.run(tf.get_collection("train_op")[0], feed)
        losses.append(sess.run(f"{scope}loss:0", feed))
    return losses


def test_training_goes_on_from_the_file(tmp_path: Path) -> None:
    path, losses = _saved(tmp_path)
    saver = tf.train.import_meta_graph(f"{path}.meta")
    assert saver is not None
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert _train_on(sess) == losses


def test_collections_come_back(tmp_path: Path) -> None:
    path, _ = _saved(tmp_path)
    tf.train.import_meta_graph(f"{path}.meta")
    graph = tf.get_default_graph()
    assert tf.global_variables()[0] is tf.trainable_variables()[0]
    assert [v.name for v in tf.global_variables()] == [
        "layer/w:0",
        "global_step:0",
        "beta1_power:0",
        "beta2_power:0",
        "layer/w/Adam:0",
        "layer/w/Adam_1:0",
    ]
    assert [v.trainable for v in tf.global_variables()] == [True] + [False] * 5
    assert tf.train.get_global_step().name == "global_step:0"
    assert set(tf.get_collection("train_op")) == {graph.get_operation_by_name("train")}  # minimize() put it there too
    assert tf.get_collection("losses") == [graph.get_tensor_by_name("loss:0")]
    assert [tf.get_collection(k) for k in ("nums", "floats", "texts")] == [[3], [2.5], [b"hello"]]


def test_gradients_go_through_an_imported_cond(tmp_path: Path) -> None:
    path, _ = _saved(tmp_path)
    saver = tf.train.import_meta_graph(f"{path}.meta")
    assert saver is not None
    graph = tf.get_default_graph()
    grad = tf.gradients(graph.get_tensor_by_name("loss:0"), graph.get_tensor_by_name("x:0"))[0]
    with tf.Session() as sess:
        saver.restore(sess, path)
        w, step = sess.run("layer/w:0"), 1e-3
        for flag, factor in ((True, 2.0), (False, 1.0)):
            y = X["x:0"] @ w * factor - (0.0 if flag else 1.0)
            wanted = (2 * y / y.size * factor) @ w.T
            np.testing.assert_allclose(sess.run(grad, {**X, "out/flag:0": flag}), wanted, rtol=step)


def test_under_a_scope_twice(tmp_path: Path) -> None:
    path, losses = _saved(tmp_path)
    savers = [tf.train.import_meta_graph(f"{path}.meta", import_scope="in", clear_devices=True) for _ in range(2)]
    graph = tf.get_default_graph()
    assert [v.name for v in tf.trainable_variables()] == ["in/layer/w:0", "in_1/layer/w:0"]
    assert {op.device for op in graph.get_operations()} == {""}
    with tf.Session() as sess:
        for saver in savers:
            assert saver is not None
            saver.restore(sess, path)
        assert savers[1] is not None and savers[1].as_saver_def().restore_op_name == "in_1/save/restore_all"
        assert _train_on(sess, "in/") == losses


def test_part_of_a_graph(tmp_path: Path) -> None:
    _model()
    meta = tf.train.export_meta_graph(tmp_path / "part.meta", export_scope="out", as_text=True)
    unbound = list(meta.collection_def["unbound_inputs"].bytes_list.value)
    assert unbound and all(name.decode().lstrip("^").startswith("$unbound_inputs_") for name in unbound)
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match="Graph contains unbound inputs"):
            tf.train.import_meta_graph(tmp_path / "part.meta")
        constant = tf.ones([2, 2])
        given = {name.decode(): constant for name in unbound}
        assert tf.train.import_meta_graph(tmp_path / "part.meta", import_scope="new", input_map=given) is None
        assert tf.Session().run("new/h:0").tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_only_this_saver_and_no_defaults() -> None:
    _model()
    tf.train.Saver(name="other")
    saver = tf.train.Saver()
    tf.add_to_collection("savers", saver)
    meta = saver.export_meta_graph(clear_extraneous_savers=True, strip_default_attrs=True)
    names = [n.name for n in meta.graph_def.node]
    assert "save/SaveV2" in names and not [n for n in names if n.startswith("other/")]
    assert meta.meta_info_def.stripped_default_attrs
    assert "transpose_a" not in next(n for n in meta.graph_def.node if n.op == "MatMul").attr
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta)
        assert tf.get_collection("savers")[0].as_saver_def() == saver.as_saver_def()
        matmul = next(o for o in tf.get_default_graph().get_operations() if o.type == "MatMul")
        assert matmul.get_attr("transpose_a") is False


def test_the_op_list_has_the_declarations() -> None:
    tf.Variable([1.0], name="v")
    ops = {op.name: op for op in tf.train.export_meta_graph().meta_info_def.stripped_op_list.op}
    assert sorted(ops) == ["Assign", "Const", "Identity", "VariableV2"]
    assign = ops["Assign"]
    assert [(a.name, a.type_attr, a.is_ref) for a in assign.input_arg] == [("ref", "T", True), ("value", "T", False)]
    assert {a.name: a.default_value.b for a in assign.attr if a.type == "bool"} == {"validate_shape": True, "use_locking": True}
    assert ops["VariableV2"].is_stateful and assign.allows_uninitialized_input


def test_a_saver_is_made_where_the_file_has_none() -> None:
    v = tf.Variable([1.0], name="v")
    meta = tf.train.export_meta_graph(graph=v.graph)
    assert not meta.HasField("saver_def") and meta.meta_info_def.tensorflow_version
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(meta)
        assert saver is not None and saver.as_saver_def().restore_op_name == "save/restore_all"


def test_files_that_are_none(tmp_path: Path) -> None:
    path, _ = _saved(tmp_path)
    with pytest.raises(
        OSError, match=re.escape(f"File does not exist. Received: {tmp_path}/no.meta. Meta graphs there: {path}")
    ):
        tf.train.import_meta_graph(tmp_path / "no.meta")
    (tmp_path / "bad.meta").write_bytes(b"\xff\xfenonsense")
    with pytest.raises(OSError, match="Cannot parse file"):
        tf.train.import_meta_graph(tmp_path / "bad.meta")
    with pytest.raises(TypeError, match="takes a file name or a MetaGraphDef, not int"):
        tf.train.import_meta_graph(3)


def test_unknown_ops_are_listed() -> None:
    meta = tf.MetaGraphDef()
    for name, op in (("a", "VarHandleOp"), ("b", "Frobnicate"), ("c", "Frobnicate"), ("d", "NoOp")):
        meta.graph_def.node.add(name=name, op=op)
    with pytest.raises(
        ValueError, match=r"does not have: Frobnicate \(2, as 'b'\); VarHandleOp \(1, as 'a'\)\. .*use_resource=False"
    ):
        tf.train.import_meta_graph(meta)
    assert tf.get_default_graph().get_operations() == []


def test_unwritable_collections_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    tf.constant(1.0)
    tf.add_to_collection("things", object())
    assert "things" not in tf.train.export_meta_graph().collection_def
    assert "Collection 'things' is not in the meta graph" in caplog.text


def test_write_graph(tmp_path: Path) -> None:
    tf.constant(1.0, name="one")
    path = tf.train.write_graph(tf.get_default_graph(), tmp_path / "new", "g.pbtxt")
    assert 'name: "one"' in Path(path).read_text()
    path = tf.train.write_graph(tf.get_default_graph().as_graph_def(), tmp_path, "g.pb", as_text=False)
    assert [n.name for n in tf.GraphDef.FromString(Path(path).read_bytes()).node] == ["one"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["g.pb", "new"]
