"""Names of operations and scopes: never given twice, and found in linear time."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import teachtf as tf
from teachtf.core.names import Names

SOME = st.sampled_from(["a", "A", "a_1", "a_2", "b", "a/b", "a_1_1", "B"])


class Counting(dict[str, int]):
    """A dictionary that counts how often it is asked."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        self.asked += 1
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


@given(st.lists(SOME, max_size=40))
def test_no_name_is_given_twice_whatever_its_case(asked: list[str]) -> None:
    names = Names()
    given_ = [names.unique(name).lower() for name in asked]
    assert len(set(given_)) == len(asked)


@given(st.lists(SOME, max_size=20))
def test_looking_at_a_name_does_not_take_it(asked: list[str]) -> None:
    names = Names()
    for name in asked:
        seen = names.unique(name, mark_as_used=False)
        assert seen == names.unique(name)


def test_names_that_are_free_stay_as_they_are() -> None:
    names = Names()
    assert [names.unique(n) for n in ("x", "y", "x/y", "X")] == ["x", "y", "x/y", "X_1"]


@pytest.mark.parametrize("asked", [["a"] * 3000, ["a", "a_1"] * 1500, ["a", "A", "a_1", "a_1_1"] * 750])
def test_linear(asked: list[str]) -> None:
    """A quadratic search would ask a million times and more."""
    names = Names()
    names._in_use = Counting()
    for name in asked:
        names.unique(name)
    assert names._in_use.asked < 4 * len(asked)


def test_linear_in_nested_scopes() -> None:
    graph = tf.Graph()
    graph._names._in_use = counting = Counting()

    def go_down(depth: int) -> None:
        if depth:
            with tf.name_scope("s"):
                tf.no_op()
                go_down(depth - 1)

    with graph.as_default():
        for _ in range(50):
            go_down(20)
    assert graph.version == 1000 and counting.asked < 4 * 2000


def test_each_thread_has_its_own_scope() -> None:
    graph, seen = tf.Graph(), []
    with graph.name_scope("mine"):
        thread = threading.Thread(target=lambda: seen.append(graph.get_name_scope()))
        thread.start()
        thread.join()
        assert (seen, graph.get_name_scope()) == ([""], "mine")


@pytest.mark.parametrize("name", ["_a", "a b", "", "a:0", "é", "/a", "-a"])
def test_a_bad_name_is_refused_at_the_top(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a valid node name. It starts with a letter, digit or dot"):
        tf.constant(1, name=name)
    assert tf.get_default_graph().get_operations() == []


def test_inner_names_may_begin_with_an_underscore() -> None:
    with tf.name_scope("s"):
        assert tf.no_op("_b").name == "s/_b"
        with pytest.raises(ValueError, match="`s/c d` is not a valid node name"):
            tf.no_op("c d")


def test_a_name_that_is_no_string() -> None:
    with pytest.raises(TypeError, match="the name of an operation is a string, not 3"):
        tf.constant(1, name=3)  # type: ignore[arg-type]
