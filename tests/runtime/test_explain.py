"""What `tf.runtime.explain` tells of a plan."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import compiling
from teachtf.runtime.plan import Plan


def explained(fetches: Any, feeds: Any = None, **how: Any) -> Any:
    return tf.runtime.explain(fetches, feeds, **how)


def kernels(explanation: Any) -> list[str]:
    return [line.kernel for line in explanation.lines]


def chain() -> tuple[tf.Tensor, tf.Tensor]:
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    return x, tf.nn.relu(tf.tanh(x) * 2.0 + 1.0, name="y")


# --- steps -----------------------------------------------------------------------------------------------------------


def test_a_fused_group_names_its_members_and_their_formulas() -> None:
    x, y = chain()
    (line,) = explained(y, {x: np.zeros([3, 64])}).lines
    assert (line.kind, line.kernel, line.ops) == ("fused", "fused 4", ["Tanh", "mul", "add", "y"])
    told = [(member.label, member.formula) for member in line.formula]
    assert told == [("Tanh", "tanh(x)"), ("mul", "Tanh * 2.0"), ("add", "mul + 1.0"), ("y", "max(add, 0)")]
    assert [member.operands for member in line.formula] == [("x",), ("Tanh", "2.0"), ("mul", "1.0"), ("add",)]
    assert [q.name for q in line.inputs] == ["x", "2.0", "1.0"] and [q.kind for q in line.inputs] == ["fed", *["constant"] * 2]


def test_feeds_tell_shapes_and_bytes_that_the_graph_does_not_know() -> None:
    x, y = chain()
    z = tf.matmul(y, tf.ones([64, 10]))
    told = explained(z, {x: np.zeros([3, 64])})
    assert [line.results[0].shape for line in told.lines] == [[3, 64], [3, 10]]
    assert [line.results[0].bytes for line in told.lines] == [768, 120]
    assert (told.peak, told.is_whole) == (888, True)
    unfed = explained(z)
    assert [line.results[0].shape for line in unfed.lines] == [[None, 64], [None, 64], [None, 10]]
    assert (unfed.unfed, unfed.is_whole, unfed.lines[-1].results[0].bytes) == (["x"], False, None)


def test_a_fed_shape_goes_through_ops_that_compute_shapes() -> None:
    x = tf.placeholder(tf.float32, [None, None])
    y = tf.reshape(x, [tf.shape(x)[1], -1])
    assert explained(y, {x: np.zeros([4, 6])}).lines[-1].results[0].shape == [6, 4]


def test_a_fed_value_tells_a_shape_too() -> None:
    shape = tf.placeholder(tf.int32, [2])
    assert explained(tf.fill(shape, 1.0), {shape: [5, 7]}).lines[-1].results[0].shape == [5, 7]


def test_feeds_that_do_not_fit_leave_the_shapes_of_the_graph() -> None:
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    told = explained(x + y, {x: np.zeros(2), y: np.zeros(3)})
    assert told.lines[0].results[0].shape is None


def test_steps_say_where_their_inputs_come_from_and_what_is_given_up() -> None:
    x = tf.placeholder(tf.float32, [4, 4], name="x")
    first = tf.matmul(x, x, name="first")
    second = tf.matmul(first, x, name="second")
    a, b = explained(second, {x: np.zeros([4, 4])}).lines
    assert [(q.name, q.step) for q in b.inputs] == [("first", 1), ("x", None)]
    assert (a.frees, b.frees) == ([], ["first"])
    assert (a.live, b.live) == (64, 128)


def test_a_view_takes_no_memory() -> None:
    x = tf.placeholder(tf.float32, [4, 4])
    square = tf.square(x)
    told = explained(tf.matmul(tf.reshape(square, [2, 8]), tf.reshape(square, [8, 2])), {x: np.zeros([4, 4])})
    assert [line.results[0].is_view for line in told.lines] == [False, True, True, False]
    assert told.peak == 64 + 16  # the views hold the square


def test_a_variable_is_neither_made_nor_freed() -> None:
    v = tf.get_variable("v", [3])
    update = v.assign_add([1.0, 2.0, 3.0])
    told = explained(update)
    assert [q.name for q in told.variables] == ["v"]
    assert told.lines[0].results[0].kind == "variable" and told.lines[0].frees == [] and told.peak == 0


def test_folded_and_left_out_operations_are_named() -> None:
    folded = tf.add(tf.constant(1.0), 2.0, name="folded")
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.multiply(x, folded, name="y")
    near = tf.negative(y, name="near")
    tf.exp(near, name="far")
    told = explained(y, {x: 1.0})
    assert told.folded == ["folded"]
    assert told.left_out == ["near", "far"]
    assert (told.total, told.computed) == (7, 5)
    assert [q.name for q in told.lines[0].inputs] == ["x", "3.0"]


def test_a_loop_holds_its_steps() -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    last = tf.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.matmul(v, v)), [0, tf.eye(3)])[1]
    told = explained(last, {n: 4})
    assert kernels(told) == ["while", "Less", "until not", "AddV2", "MatMul", "next turn"]
    assert [line.depth for line in told.lines] == [0, 1, 1, 1, 1, 1]
    assert [line.code for line in told.lines[1:4]] == ["Python", "", "Python"]
    assert [q.kind for q in told.lines[0].results] == ["loop", "loop"] and told.lines[0].inputs[0].name == "0"


def test_loops_stand_in_loops() -> None:
    inner = lambda v: tf.while_loop(lambda j, w: j < 2, lambda j, w: (j + 1, w * 2.0), [0, v])[1]  # noqa: E731
    outer = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, inner(v)), [0, 1.0])[1]
    told = explained(outer, run=True)
    assert told.values == 64.0
    loops = [line for line in told.lines if line.kernel == "while"]
    assert [line.depth for line in loops] == [0, 1]
    assert {line.times for line in told.lines if line.depth == 2 and line.kernel == "Mul"} == {6}


def test_a_side_of_a_cond_is_marked() -> None:
    p = tf.placeholder(tf.bool, [])
    x = tf.placeholder(tf.float32, [2])
    told = explained(tf.cond(p, lambda: tf.exp(x), lambda: tf.sin(x)), {p: True, x: [1.0, 2.0]}, run=True)
    sides = {line.kernel: line for line in told.lines if line.kernel in ("Exp", "Sin")}
    assert all(line.condition for line in sides.values())
    assert (sides["Exp"].times, sides["Sin"].times) == (1, None)


# --- devices and code ------------------------------------------------------------------------------------------------


def test_devices_are_those_of_the_session() -> None:
    with tf.device("/gpu:1"):
        a = tf.matmul(tf.ones([2, 2]), tf.ones([2, 2]))
    x = tf.placeholder(tf.float32, [2, 2])
    b = tf.matmul(x, a)
    with tf.device("/gpu:1"):
        c = tf.matmul(b, x)
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 2})) as sess:
        told = explained(c, {x: np.zeros([2, 2])}, session=sess)
    assert "GPU:1" in {line.device for line in told.lines} and "device" in str(told).splitlines()[2]


def test_code_says_what_serves() -> None:
    x, y = chain()
    feeds = {x: np.zeros([517, 64])}
    with tf.Session():
        before = explained(y, feeds).lines[0].code
        small = explained(y, {x: np.zeros([1, 64])}).lines[0].code
        explained(y, feeds, run=True)
        compiling.wait()
        after = explained(y, feeds).lines[0].code
    assert before in ("to compile", "compiled") and (small, after) == ("NumPy", "compiled")


# --- runs ------------------------------------------------------------------------------------------------------------


def test_nothing_runs_unless_it_is_asked_to() -> None:
    v = tf.get_variable("v", [], initializer=tf.zeros_initializer())
    update = v.assign_add(1.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        told = explained(update)
        assert (told.values, told.lines[0].seconds) == (None, None) and sess.run(v) == 0
        told = explained(update, run=True)
        assert told.values == 1 and sess.run(v) == 1
        assert told.lines[0].times == 1 and told.lines[0].seconds > 0


def test_a_run_shows_shapes_that_only_it_can_know() -> None:
    x = tf.placeholder(tf.float32, [None])
    found = tf.boolean_mask(x, x > 0)
    assert explained(found, {x: [1.0, -1.0, 2.0]}).lines[-1].results[0].shape == [None]
    told = explained(found, {x: [1.0, -1.0, 2.0]}, run=True)
    assert told.lines[-1].results[0].shape == [2] and told.lines[-1].results[0].bytes == 8
    assert told.values.tolist() == [1.0, 2.0]


def test_values_have_the_structure_of_the_fetches() -> None:
    x = tf.constant(2.0)
    assert explained({"a": x + 1.0, "b": [x, tf.no_op()]}, run=True).values == {"a": 3.0, "b": [2.0, None]}


def test_an_error_in_a_run_names_the_operation() -> None:
    v = tf.get_variable("v", [2])
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
        explained(v * 2.0, run=True)
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        explained(tf.matmul(x, x, name="product"), {x: np.zeros([2, 3])}, run=True)
    assert caught.value.op.name == "product"


def test_the_plan_is_the_one_that_run_takes() -> None:
    x, y = chain()
    with tf.Session() as sess:
        told = explained(y, {x: np.zeros([3, 64])})
        assert told.source == Plan([y], [x], sess._state, sess._devices).source
        assert len(sess._plans) == 1
        sess.run(y, {x: np.zeros([3, 64])})
        assert len(sess._plans) == 1


def test_a_trace_has_a_row_for_each_device_and_a_bar_for_each_line() -> None:
    x = tf.placeholder(tf.float32, [64, 64], name="x")
    with tf.device("/gpu:0"):
        y = tf.matmul(x, x)
    z = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v + y), [0, x])[1]
    with tf.device("/cpu:0"):
        z = tf.exp(z)
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 1})):
        told = explained(z, {x: np.ones([64, 64])}, run=True)
        not_run = explained(z, {x: np.ones([64, 64])})
    found = json.loads(told.chrome_trace())["traceEvents"]
    rows = {e["pid"]: e["args"]["name"] for e in found if e["ph"] == "M"}
    bars = [e for e in found if e["ph"] == "X"]
    assert sorted(rows.values()) == ["CPU:0", "GPU:0"]
    assert [e["name"] for e in bars].count("Less") == 4
    assert all(e["dur"] >= 0 and e["pid"] in rows for e in bars)
    for one, other in itertools.pairwise(bars):
        assert one["ts"] + one["dur"] <= other["ts"] + 1e-6  # lines run one after another
    with pytest.raises(ValueError, match="run=True"):
        not_run.chrome_trace()


# --- sessions, wrong arguments ---------------------------------------------------------------------------------------


def test_which_session() -> None:
    v = tf.get_variable("v", [], initializer=tf.ones_initializer())
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert explained(v + 1.0, run=True).values == 2.0
        with pytest.raises(tf.errors.FailedPreconditionError):
            explained(v + 1.0, session=tf.Session(), run=True)
    with pytest.raises(tf.errors.FailedPreconditionError):  # a new one
        explained(v + 1.0, run=True)


def test_wrong_arguments_are_told_as_run_tells_them() -> None:
    x, y = chain()
    with pytest.raises(ValueError, match="'nope'"):
        explained("nope")
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
        explained(y, {"nope:0": 1})
    with pytest.raises(ValueError, match="axis 1 has size 3 and should have 64"):
        explained(y, {x: np.zeros([2, 3])})
    with pytest.raises(TypeError, match="`session` must be"):
        explained(y, session="local")
    with tf.Graph().as_default():
        with pytest.raises(RuntimeError, match="graph is empty"):
            explained(y)
        tf.constant(1.0)
        with pytest.raises(ValueError, match="is not an element of this graph"):
            explained(y)
    closed = tf.Session()
    closed.close()
    with pytest.raises(RuntimeError, match="closed"):
        explained(y, session=closed)


# --- text ------------------------------------------------------------------------------------------------------------


def test_the_table_is_aligned_and_fits_where_it_can() -> None:
    with tf.variable_scope("a_scope_with_a_rather_long_name"):
        x = tf.placeholder(tf.float32, [None, 64], name="x")
        value = x
        for i in range(4):
            value = tf.matmul(value, tf.get_variable(f"weights{i}", [64, 64]), name="a_product_with_a_long_name")
    text = str(explained(value, {x: np.zeros([5, 64])}))
    lines = text.splitlines()
    rule = next(line for line in lines if line.startswith("----"))
    assert max(map(len, lines)) <= 118
    gaps = [i for i, c in enumerate(rule) if c == " "]
    table = lines[lines.index(rule) + 1 : lines.index("", lines.index(rule))]
    assert len(table) == 4
    assert all(line[i : i + 1] in ("", " ") for line in table for i in gaps)


def test_a_long_table_is_cut_in_the_middle() -> None:
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    parts = tf.unstack(tf.placeholder(tf.float32, [9, 2, 2], name="parts"), 9, 0)
    value = x
    for _ in range(200):
        value = tf.matmul(value, x)
    told = explained([value, *parts], {x: np.eye(2), "parts:0": np.zeros([9, 2, 2])})
    assert "81 steps more: .text(most=None) shows them" in str(told) and "and 6 more" in str(told)
    whole = told.text(most=None)
    assert "more: " not in whole and f"{len(told.lines)}  MatMul" in whole and len(told.lines) == 201


def test_what_the_writer_of_plans_notes_is_told() -> None:
    """Common subexpressions and reused memory."""
    x = tf.placeholder(tf.float32, [4, 4], name="x")
    a, b = tf.matmul(x, x, name="a"), tf.matmul(x, x, name="b")
    c = tf.matmul(a, x, name="c")
    with tf.Session() as sess:
        plan = sess._plan([c], [x])
        plan.notes.merged[b.op] = a.op
        plan.notes.in_place[c] = a
        told = explained(c, {x: np.eye(4)})
    assert (told.merged, told.in_place) == ({"b": "a"}, {"c": "a"})
    assert told.lines[-1].results[0].is_view and told.peak == 64
    assert "merged    b is a" in str(told) and "in place  c in a" in str(told)


def test_a_run_tells_where_the_time_went() -> None:
    x = tf.placeholder(tf.float32, [64, 64], name="x")
    text = str(explained(tf.matmul(tf.matmul(x, x), x), {x: np.eye(64)}, run=True))
    assert "time" in text.splitlines()[2] and "MatMul (2 steps) 100%" in text


def test_everything_is_told_as_plain_data_too() -> None:
    x, y = chain()
    told = explained([y, y.op], {x: np.zeros([3, 64])}, run=True)
    data = json.loads(json.dumps(told.to_dict()))
    assert data["fetches"] == ["y", "y"] and data["lines"][0]["formula"][0] == ["Tanh", "tanh(x)", ["x"]]
    assert data["source"] == told.source and data["lines"][0]["times"] == 1


def test_a_product_and_what_follows_its_rows_are_one_step() -> None:
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    y = tf.tanh(tf.matmul(x, x, name="product") * 2.0, name="y")
    line = next(line for line in explained(y, {x: np.zeros([64, 64])}).lines if line.kind == "fused")
    assert line.kernel == "MatMul + 2"
    assert [member.formula for member in line.formula] == ["MatMul(x, x)", "product * 2.0", "tanh(mul)"]
