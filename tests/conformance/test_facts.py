"""Line by line: what graphs, operations, tensors, values and imports say, here and in TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import facts
import pytest

import teachtf as tf

ORACLE = os.environ.get("TEACHTF_ORACLE")
GOLDEN = json.loads(facts.GOLDEN.read_text(encoding="utf-8"))
# Lines to which teachtf answers otherwise on purpose: a part of the line -> why.
ON_PURPOSE = {
    "as_graph_element(a.op)": "an operation is named in one line, not by its whole NodeDef",
    "colocate_with('nope')": "a name of nothing is an error, not passed over in silence",
    "colocate_with(3)": "a number is an error, not passed over in silence",
    "colocate_with('Const')": "a name stands for its operation, as elsewhere",
    ".device(3)": "says what a device may be",
    "'/foo:0'": "says how devices read",
    "d = h.as_default()": "the class is named without its module",
    "name_scope(3": "says what a name must be",
    "constant(1, name=3)": "says what a name must be",
    "import_graph_def(GD, name=3)": "says what a name must be",
    "'nope:0': tf.constant(1.0), 'zip:3'": "TensorFlow loses the first name",
    "NoSuchOp": "all unknown ops are listed, and where they stand",
    "node('n', 'Const')": "ops are written in the grammar of their declarations",
    "without(GD, 'y', 'T')": "ops are written in the grammar of their declarations",
    "versions(9999, 9999)": "there is no later TensorFlow to ask for",
    "as_graph_def(from_version=v)": "does what its documentation says; TensorFlow 2 gives all nodes",
    "x[-5]": "the index is told as it was written",
    "x[tf.Dimension(": "dimensions are numbers in a list too, as in TensorFlow 1",
    "[tf.Dimension(": "dimensions are numbers in a list too, as in TensorFlow 1",
    "tf.constant(tf.TensorShape(": "shapes and dimensions are constants too, as in TensorFlow 1",
    "a.ndim": "an unknown rank is None, not -1",
    "round(tf.constant": "Python says that there is no rounding; TensorFlow fails inside it",
    "tf.constant('a') * 2": "the allowed dtypes stand in another order",
    **dict.fromkeys(("a.reshape", "a.T", "a.astype", "a.ravel", "a.size", "a.tolist", "a.data"), "says which function does it"),
    "copy.copy(a)": "a copy of a tensor is the tensor",
    "[[1], [2, 3]]": "says in words of tensors that rows differ in length",
    "[1, [2]]": "says in words of tensors that rows differ in length",
    "[[1, 2], [3]]": "says in words of tensors that rows differ in length",
    "qint8": "quantised values are plain numbers outside",
    "'__array__'": "what numpy makes an array of is one",
    "shape='a'": "the text is Python's own, which TensorFlow passes through numpy",
    "tf.make_tensor_proto([1, 2], shape=[3])": "elements that repeat are written out",
    "make_ndarray(3)": "another attribute of the proto is asked for first",
    "tf.constant(1.0) | 2.0": "a float has no bits",
}


def reason(line: str) -> str | None:
    return next((why for part, why in ON_PURPOSE.items() if part in line), None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", facts.FAMILIES)
def test_as_tensorflow(family: str) -> None:
    assert list(GOLDEN[family]) == facts.lines(family), "record the lines again: record_facts.py"
    wrong = []
    for line, theirs in GOLDEN[family].items():
        ours = facts.told(tf, family, line)
        if not facts.agree(theirs, ours) and reason(line) is None:
            wrong.append(f"{line}\n    TensorFlow: {theirs[:300]}\n    teachtf:    {facts.plain(ours)[:300]}")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(GOLDEN[family])} lines differ", *wrong])


@pytest.mark.filterwarnings("ignore")
def test_each_difference_on_purpose_is_one() -> None:
    lines = [(family, line) for family in facts.FAMILIES for line in GOLDEN[family]]
    for part in ON_PURPOSE:
        matching = [(family, line) for family, line in lines if part in line and reason(line) == ON_PURPOSE[part]]
        assert matching, f"no line holds {part!r}"
        differ = [not facts.agree(GOLDEN[family][line], facts.told(tf, family, line)) for family, line in matching]
        assert any(differ), f"all lines with {part!r} agree with TensorFlow now: take it out of ON_PURPOSE"


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
def test_golden_facts_are_what_tensorflow_says_today(tmp_path: Path) -> None:
    script = Path(__file__).with_name("record_facts.py")
    done = subprocess.run([ORACLE, script, "--out", tmp_path / "facts.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "facts.json").read_text(encoding="utf-8")) == GOLDEN
