"""Graphs that TensorFlow wrote (`tests/conformance/record_graphs.py`) compute here what they compute there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import teachtf as tf

FOLDER = Path(__file__).parent / "golden" / "graphs"
VALUES = json.loads((FOLDER / "values.json").read_text(encoding="utf-8"))


def read(name: str) -> Any:
    return text_format.Parse((FOLDER / f"{name}.pbtxt").read_text(encoding="utf-8"), tf.GraphDef())


@pytest.mark.parametrize("name", [n for n in VALUES if n != "functions"])
def test_value(name: str) -> None:
    definition = read(name)
    (out,) = tf.import_graph_def(definition, return_elements=["out:0"], name="")
    graph = tf.get_default_graph()
    assert {op.name for op in graph.get_operations()} == {n.name for n in definition.node}
    again = {n.name: n for n in graph.as_graph_def().node}
    for node in definition.node:
        node.attr.pop("_has_manual_control_dependencies", None)  # TensorFlow 2 marks ops that something waits for
        assert again[node.name] == node
    with tf.Session() as sess:
        value = sess.run(out)
    np.testing.assert_allclose(value, VALUES[name], rtol=1e-6)
    assert out.shape.is_compatible_with(np.shape(value))


def test_functions_are_refused_with_the_way_on() -> None:
    with pytest.raises(tf.errors.NotFoundError, match=r"Its library has functions \(cond_false.*, cond_true"):
        tf.import_graph_def(read("functions"))
    assert tf.get_default_graph().get_operations() == []
