"""Where in the user's own code something was made."""

from __future__ import annotations

import linecache

import teachtf as tf
from teachtf.core import source


def test_the_first_frame_is_the_users() -> None:
    op = tf.zeros([2]).op
    frame = op.user_frame
    assert frame is not None and frame.filename == __file__ and frame.function == "test_the_first_frame_is_the_users"


def test_frames_of_the_engine_are_left_out() -> None:
    files = [f.filename for f in tf.zeros([2]).op.traceback]
    assert __file__ in files and not [f for f in files if "/teachtf/" in f and "/tests/" not in f]


def test_a_cell_is_known_by_its_number() -> None:
    """A notebook's cell has a file of its own, of which only the text is kept."""
    text = "op = tf.no_op()\n"
    linecache.cache["<cell 1>"] = (len(text), None, [text], "<cell 1>")
    names = {"tf": tf, "__name__": "__main__"}
    exec(compile(text, "<cell 1>", "exec"), names)
    frame = names["op"].user_frame
    assert (frame.filename, frame.lineno, frame.line) == ("<cell 1>", 1, "op = tf.no_op()")


def test_no_stack_no_frame() -> None:
    assert source.first_frame(()) is None and list(source.summary(())) == []
