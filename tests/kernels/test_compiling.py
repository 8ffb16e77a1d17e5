"""Nobody waits for a compiler: what serves meanwhile, in what order code is compiled, and who may leave while it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from teachtf.kernels import compiling, prepared

HEAD = """
import os, sys, threading
import numpy as np
import teachtf as tf
from teachtf.kernels import compiling

begin = threading.Event()
def occupy(): compiling._asked("something that takes long", begin.wait, 0.0)
"""

# Every op that compiled code serves, at a size that wakes the compiler and does not wait for it.
MEANWHILE = """
compiling._WORTHWHILE = 0.0
occupy()
images = np.random.default_rng(0).normal(size=(2, 16, 16, 8)).astype(np.float32)
x = tf.placeholder(tf.float32, images.shape)
w, depthwise = tf.Variable(tf.random_normal([3, 3, 8, 8], seed=1)), tf.Variable(tf.truncated_normal([3, 3, 8, 2], seed=2))
dense = tf.Variable(tf.random_uniform([8 * 8 * 8, 100], seed=3))
y = tf.nn.max_pool(tf.nn.relu(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
z = tf.nn.avg_pool(tf.nn.depthwise_conv2d(x, depthwise, [1, 1, 1, 1], "SAME"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
logits = tf.matmul(tf.reshape(y, [2, -1]), dense) + tf.reduce_sum(tf.matmul(z, z, transpose_b=True))
loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.nn.softmax(tf.ones_like(logits)), logits=logits))
slopes = tf.gradients(loss, [w, depthwise, dense, x])
gammas, whole = tf.random_gamma([9], [0.5, 2.0], seed=4), tf.random_uniform([9], 0, 50, tf.int32, seed=5)
samples = [gammas, whole, tf.random_poisson([4.0, 40.0], [9], seed=6),
           tf.random_shuffle(tf.range(100), seed=7), tf.multinomial(tf.zeros([2, 5]), 9, seed=8),
           tf.cast(tf.random_normal([9], seed=9, dtype=tf.float64), tf.float32)]

def values(sess):
    sess.run(tf.global_variables_initializer())
    for _ in range(2):
        got = sess.run([loss, *slopes, *samples], {x: images})
    return got

with tf.Session() as sess:
    first = values(sess)
running = [key for key, job in compiling._jobs.items() if not job.done()]
assert len(running) == len(compiling._jobs) > 15, compiling._jobs.keys()
assert "numba" not in sys.modules

begin.set()
compiling.wait()
from numba.core.dispatcher import Dispatcher
compile, compilers = Dispatcher.compile, set()
def noted(self, signature):
    compilers.add(threading.current_thread().name)
    return compile(self, signature)
Dispatcher.compile = noted
for _ in range(2):  # code may ask for more code
    with tf.Session() as sess:
        then = values(sess)
    compiling.wait()
assert compilers <= {"teachtf-compiler"}, compilers
for a, b in zip(first, then, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * np.abs(b).max())
print("done")
"""

LEAVE = """
def fall_to_work():
    import teachtf.kernels.cpu.winograd
compiling.ready("work", fall_to_work)
x = tf.constant(np.ones(3, np.float32))
print(tf.Session().run(x + x))
"""

FORK = """
begin.set()
def fall_to_work():
    begin.clear()
    started.set()
    begin.wait(1.0)
started = threading.Event()
compiling.ready("work", fall_to_work)
x = tf.placeholder(tf.float32, [None])
with tf.Session() as sess:
    sess.run(tf.exp(x) + x, {x: np.ones(9)})
    started.wait()
    child = os.fork()
    if child == 0:
        big = np.ones(100_000, np.float32)
        for _ in range(2):
            assert np.allclose(sess.run(tf.exp(x) + x, {x: big}), np.e + 1)
            compiling.wait()
        assert compiling._jobs["work"].done() and len(compiling._jobs) > 1 and not compiling._cut_off
        os._exit(42)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run(program, cache, **environment):
    environment = {**os.environ, "TEACHTF_CACHE_DIR": str(cache), "TEACHTF_COMPILER": "behind", **environment}
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", HEAD + program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_runs_are_served_while_nothing_is_compiled_and_give_the_same_values_then(tmp_path):
    assert run(MEANWHILE, tmp_path) == "done\n"


def test_an_exit_does_not_wait_for_the_compiler(tmp_path):
    assert run(LEAVE, tmp_path) == "[2. 2. 2.]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that cannot fork")
def test_a_child_forked_amid_a_compilation_compiles_for_itself(tmp_path):
    assert run(FORK, tmp_path) == "42\n"


def test_off_means_that_nothing_is_compiled(tmp_path):
    program = """
x = tf.constant(np.ones((300, 300), np.float32))
print(tf.Session().run(tf.reduce_sum(tf.matmul(x, x) + tf.random_uniform([300, 300]) * 0)), "numba" in sys.modules)
"""
    assert run(program, tmp_path, TEACHTF_COMPILER="off") == "2.7e+07 False\n"


def test_a_wrong_setting_is_told(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "later")
    with pytest.raises(ValueError, match="TEACHTF_COMPILER is 'later'; it can be 'behind'"):
        compiling.ready(object(), int)


def served(plain=lambda: "plain", load=lambda: lambda: "compiled"):
    return compiling.Served(object(), plain, load)


def test_small_work_does_not_wake_the_compiler(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    versions = served()
    for _ in range(9):
        assert versions.version(compiling._WORTHWHILE / 10)() == "plain"
    assert versions.key not in compiling._jobs
    versions.version(compiling._WORTHWHILE)
    compiling._jobs[versions.key].result()
    assert versions.version(0.0)() == "compiled"


def test_what_many_operations_wait_for_is_asked_for_sooner(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    key = object()
    operations = [compiling.Served(key, lambda: "plain", lambda: lambda: "compiled") for _ in range(12)]
    for versions in operations:
        versions.version(compiling._WORTHWHILE / 10)
    compiling._jobs[key].result()
    assert {versions.version(0.0)() for versions in operations} == {"compiled"}


def test_large_work_waits_for_the_compiler(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    begin = threading.Event()
    threading.Timer(0.2, begin.set).start()
    assert served(load=lambda: begin.wait() and (lambda: "compiled")).version(60.0)() == "compiled"


def test_nobody_waits_for_what_stands_in_a_queue(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    begin = threading.Event()
    key = object()
    assert not compiling.ready(key, lambda: begin.wait(60))
    start = time.monotonic()
    assert served().version(60.0)() == "plain"
    assert time.monotonic() - start < 30
    begin.set()
    compiling.wait()


def test_the_compiler_gives_way_to_runs(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "first")
    before, key = sys.getswitchinterval(), object()
    compiling.ready(key, lambda: (sys.getswitchinterval(), os.getpriority(os.PRIO_PROCESS, 0)))
    interval, priority = compiling._jobs[key].result()
    assert interval <= compiling._TURN * 1.01
    with compiling._at_work:  # what was compiled is over
        assert sys.getswitchinterval() == before
    if sys.platform == "linux":
        assert priority == min(19, os.getpriority(os.PRIO_PROCESS, 0) + compiling._BEHIND)


def test_code_that_cannot_be_compiled_leaves_numpy_serving():
    def load():
        raise RuntimeError("no compiler here")

    versions = served(load=load)
    assert versions.version(9.0)() == "plain"
    assert versions.version(9.0)() == "plain"
    del compiling._jobs[versions.key]  # `wait` would raise it


def test_what_is_asked_first_is_compiled_first(monkeypatch):
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    order: list[int] = []
    keys = [object() for _ in range(5)]
    for i, key in enumerate(keys):
        compiling.ready(key, lambda i=i: order.append(i))
    compiling._jobs[keys[-1]].result()
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("mode", ["first", "behind"])
def test_what_is_made_ready_may_ask_for_more(mode, monkeypatch):
    """The compiler's thread waits for no other job: that one stands behind it. Whoever runs next waits, if all are to."""
    monkeypatch.setenv("TEACHTF_COMPILER", mode)
    inner = object()
    outer = served(load=lambda: compiling.ready(inner, int, patience=60.0) or (lambda: "compiled"))
    assert outer.version(60.0)() == "compiled"
    compiling._jobs[inner].result(60.0)
    assert compiling.ready(inner, int)


def test_first_waits_for_what_another_run_has_asked_for(monkeypatch):
    begin, key = threading.Event(), object()
    monkeypatch.setenv("TEACHTF_COMPILER", "behind")
    assert not compiling.ready(key, begin.wait)
    monkeypatch.setenv("TEACHTF_COMPILER", "first")
    threading.Timer(0.1, begin.set).start()
    assert compiling.ready(key, begin.wait)


def test_all_that_is_served_can_be_made_ready():
    """`teachtf warm` goes through these: each runs."""
    names = [name for name, make_ready in prepared.steps() if make_ready() is not None]
    assert len(names) == len(set(names)) > 30
