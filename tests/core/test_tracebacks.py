"""In a notebook an error shows the reader's own lines."""

from __future__ import annotations

import subprocess
import sys
import traceback

import pytest

import teachtf as tf
from teachtf.core.tracebacks import shorten_in_notebooks, users_part

CELLS = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)
cells = ["import teachtf as tf", "def build():\\n    return tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))", "build()"]
cells += ["with tf.name_scope('bad name'):\\n    pass", "x = tf.placeholder(tf.float32, [2], name='x')"]
cells += ["tf.Session().run(x * 2.0)", "tf.Session().run(x, {x: [1.0]})", "1 / 0", "%tb"]
for cell in cells:
    print("=== " + cell.splitlines()[-1].strip())
    shell.run_cell(cell, store_history=True)
"""


def names(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(users_part(error.__traceback__))]


def test_frames_of_the_engine_are_left_out() -> None:
    def build() -> object:
        return tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))

    with pytest.raises(ValueError) as raised:
        build()
    assert names(raised.value) == ["test_frames_of_the_engine_are_left_out", "build"]
    assert len(traceback.extract_tb(raised.value.__traceback__)) > 4


def test_errors_of_others_stay_whole() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        1 / 0  # noqa: B018
    assert users_part(raised.value.__traceback__) is raised.value.__traceback__


def test_there_is_nothing_to_do_without_a_shell() -> None:
    assert shorten_in_notebooks() is False


def test_cells_show_the_readers_lines() -> None:
    done = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, check=True)
    shown = {part.partition("\n")[0]: part for part in done.stdout.split("=== ")[1:]}
    for cell, words in {
        "build()": ["Cell In[3], line 1", "Cell In[2], line 2, in build()", "ValueError: Dimensions must be equal"],
        "tf.Session().run(x * 2.0)": ["Cell In[6], line 1", "You must feed a value for placeholder tensor 'x'", "Cell In[5]:1"],
        "tf.Session().run(x, {x: [1.0]})": ["Cell In[7], line 1", "axis 0 has size 1 and should have 2"],
        "1 / 0": ["Cell In[8], line 1", "ZeroDivisionError"],
    }.items():
        assert all(word in shown[cell] for word in words), shown[cell]
        assert "teachtf/" not in shown[cell], shown[cell]
