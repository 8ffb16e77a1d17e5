"""Variable scopes: what is shared, inherited, and kept apart by threads; errors that say the way on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import teachtf as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_missing_variable_names_the_nearest() -> None:
    with tf.variable_scope("layer"):
        tf.get_variable("weights", [2])
    with tf.variable_scope("layer", reuse=True), pytest.raises(ValueError) as raised:
        tf.get_variable("weigths", [2])
    message = str(raised.value)
    assert message.startswith(
        "Variable layer/weigths does not exist, or was not created with tf.get_variable(). Did you mean to set "
        "reuse=tf.AUTO_REUSE in VarScope?"
    )
    assert "layer/weights" in message


def test_existing_variable_names_the_line_and_three_ways_on() -> None:
    tf.get_variable("v", [1])
    with pytest.raises(ValueError) as raised:
        tf.get_variable("v", [1])
    message = str(raised.value)
    assert "Variable v already exists, disallowed." in message and "test_scopes.py" in message
    for way in ("reuse=True", "another name", "tf.reset_default_graph()"):
        assert way in message


def test_captured_scope_opens_no_name_scope_unless_asked() -> None:
    with tf.variable_scope("a") as scope:
        pass
    with tf.variable_scope(scope):
        assert tf.no_op(name="x").name == "x"
    with tf.variable_scope(scope, auxiliary_name_scope=True):
        assert tf.no_op(name="x").name == "a_1/x"


def test_each_thread_begins_at_the_top_and_shares_variables(graph: tf.Graph) -> None:
    seen: list[Any] = []

    def work() -> None:
        with graph.as_default():
            seen.append(tf.get_variable_scope().name)
            with tf.variable_scope("outer", reuse=True):
                seen.append(tf.get_variable("v", [1]))

    with tf.variable_scope("outer"):
        v = tf.get_variable("v", [1])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert tf.get_variable_scope().name == "outer"
    assert seen == ["", v]


def test_creators_hold_inside_their_block_alone() -> None:
    made = []

    def creator(next_creator: Any, **kwargs: Any) -> Any:
        variable = next_creator(**kwargs)
        made.append(variable.name)
        return variable

    with tf.variable_creator_scope(creator):
        tf.Variable(1.0, name="a")
        with tf.variable_scope("s"):
            tf.get_variable("b", [1])
        tf.Variable.from_proto(tf.global_variables()[0].to_proto())  # a variable that stands already
    tf.Variable(1.0, name="c")
    assert made == ["a:0", "s/b:0"]


def test_creator_may_make_something_else() -> None:
    with tf.variable_creator_scope(lambda next_creator, **kwargs: kwargs["name"]):
        assert tf.Variable(1.0, name="a") == "a"


def test_failed_enter_leaves_no_scope_open() -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        tf.variable_scope("bad name").__enter__()
    assert (tf.get_variable_scope().name, tf.get_default_graph().get_name_scope()) == ("", "")


def test_default_names_start_anew_in_a_scope_that_is_opened_anew() -> None:
    names = []
    for _ in range(2):
        with tf.variable_scope("outer"):
            for _ in range(2):
                with tf.variable_scope(None, "inner") as scope:
                    names.append(scope.name)
    assert names == ["outer/inner", "outer/inner_1"] * 2


def test_old_forms_say_the_new_ones(caplog: Any) -> None:
    with tf.variable_op_scope([], None, "default"), tf.op_scope([], None, "op"):
        pass
    assert [r.getMessage().partition(" is deprecated, use ")[2] for r in caplog.records] == [
        "tf.variable_scope(name, default_name, values)",
        "tf.name_scope(name, default_name, values)",
    ]


def test_template_may_call_itself() -> None:
    def count(n: int) -> Any:
        v = tf.get_variable("v", [], initializer=tf.ones_initializer())
        return v if n == 0 else shared(n - 1) + v

    shared: Any = tf.make_template("count", count)
    total = shared(2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(total) == 3.0
    assert [v.name for v in shared.variables] == ["count/v:0"]
